"""From labels to the codes 0 .. K-1 that the losses read, and from weights of classes to weights of rows."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from sk_gd._array import Array, double_sum, in_place, is_foreign, namespace, on_host, there
from sk_gd._pieces import in_pieces, of_pieces, rows_where, sum_in_pieces
from sk_gd.estimators._data import follow, weigh

CLOSE = 2**10  # whole numbers in a range that are counted at once
TINY = float(np.finfo(np.float64).tiny)


def labels_in(y: Any, weights: Any = None) -> Array:
    """The distinct labels, sorted, as an array of NumPy; rows of weight zero count as left out."""
    y = in_place(y)
    if is_foreign(y):
        y = y if weights is None else rows_where(y, in_pieces(lambda some: some > 0, weights))
        return np.unique(on_host(namespace(y).unique_values(y)))

    def counted(y: Array, weights: Any) -> Array:
        return distinct(y if weights is None else y[on_host(weights > 0)])

    return np.unique(np.concatenate([y[:0], *of_pieces(counted, y, weights)]))


def distinct(y: Array) -> Array:
    """``numpy.unique``, for which whole numbers that are close together need not be sorted."""
    if y.dtype.kind in "iu" and y.size:
        least = y.min()
        if int(y.max()) - int(least) < CLOSE:
            return np.flatnonzero(np.bincount((y - least).astype(np.intp, copy=False))).astype(y.dtype) + least
    return np.unique(y)


def check_labels(y: Any) -> None:
    """Refuse what scikit-learn calls no labels; it would sort them all in one go, so of many it gets each three times."""
    y = shown = in_place(y)
    if isinstance(y, np.ndarray) and y.ndim == 1:
        try:
            distinct = labels_in(y)
        except TypeError:
            kinds = sorted({type(label).__name__ for label in y.tolist()})
            raise ValueError(
                f"Labels in y must be of one kind that sorts, got {', '.join(kinds)}: make them all strings or all numbers, and "
                "leave out the rows without one."
            ) from None
        shown = np.tile(distinct, 3) if 3 * len(distinct) < len(y) else y
    check_classification_targets(shown)


def codes_among(y: Any, classes: Array, X: Any) -> Any:
    """The code of every label, beside X; of a label that is no class it means nothing."""
    y = in_place(y)
    if is_foreign(y):
        labels, rows = namespace(y).unique_inverse(y)
        codes = namespace(y).take(there(np.searchsorted(classes, on_host(labels)).clip(max=len(classes) - 1), y), rows)
    elif is_foreign(X):
        codes = in_pieces(lambda some: np.searchsorted(classes, some).clip(max=len(classes) - 1), y)
    else:
        codes = codes_like(X, y, classes)
    return follow(codes, X)


def codes_like(X: Any, y: Array, classes: Array) -> Array:
    """The code of every label as the passes over X read them: in its dtype, and y itself where that is what they are."""
    dtype, last = X.dtype if X.dtype in (np.float32, np.float64) else np.dtype(np.float64), len(classes) - 1
    coded = y.dtype == dtype and np.array_equal(classes, np.arange(last + 1))
    if coded and all(of_pieces(lambda some: bool(((some >= 0) & (some <= last)).all()), y)):
        return y
    return in_pieces(lambda some: np.searchsorted(classes, some).clip(max=last).astype(dtype), y)


def encode_labels(y: Any, weights: Any, X: Any) -> tuple[Array, Any]:
    """Sorted classes, and the code of every row; rows of weight zero count as left out, so their code means nothing."""
    check_labels(y)
    y = column_or_1d(y, warn=True)
    classes = labels_in(y, weights)
    if len(classes) < 2:
        raise ValueError(
            f"A classifier needs samples of at least 2 classes, got data that contain only one class: {first_of(classes)}."
        )
    return classes, codes_among(y, classes, X)


def first_of(classes: Array) -> str:
    """The only class of too few, as Python writes it."""
    return repr(classes[:1].tolist()[0])


def join_classes(known: Array | None, announced: Any, y: Any, weights: Array | None) -> Array:
    """All classes so far: known before, announced by the user, or met in these rows."""
    check_labels(y)
    y = column_or_1d(y, warn=True)
    met = [labels_in(np.asarray(part)) for part in (known, announced) if part is not None]
    classes = np.unique(np.concatenate([*met, labels_in(y, weights)]))
    if len(classes) < 2:
        raise ValueError(
            f"These rows have only one class, {first_of(classes)}: name all that may come by partial_fit(..., classes=...)."
        )
    return classes


def grow_classes(theta: Array, known: Array, classes: Array) -> Array:
    """Theta with rows of zeros for new classes; the one row of two classes becomes two, half of it for and half against."""
    grown = np.zeros((len(classes), theta.shape[1]))
    grown[np.searchsorted(classes, known)] = np.vstack([-theta, theta]) / 2 if len(known) == 2 else theta
    return grown


def codes_of(y: Any, classes: Array, X: Any) -> Any:
    """The code of every row of later labels, all of which have to be known."""
    y = column_or_1d(y, warn=True)
    unknown = np.setdiff1d(labels_in(y), classes)
    if len(unknown):
        raise ValueError(unknown_labels(unknown, classes))
    return codes_among(y, classes, X)


def unknown_labels(unknown: Array, classes: Array) -> str:
    """Why labels of later rows are refused."""
    return f"Labels must be among those of the fit, {classes[:20].tolist()}, got {unknown[:5].tolist()} besides: leave those out."


def class_weights(class_weight: Any, classes: Array, counts: Array) -> Array | None:
    """The weight of every class, given the weights that its rows sum to; None where all count the same."""
    if class_weight is None:
        return None
    if class_weight == "balanced":
        present = counts > 0
        return np.divide(counts.sum(), present.sum() * counts, out=np.zeros(len(counts)), where=present)
    of_class: Array = compute_class_weight(class_weight, classes=classes, y=classes)
    if not (np.isfinite(of_class).all() and (of_class >= 0).all() and (of_class > TINY * of_class.max()).sum() > 1):
        raise ValueError(f"class_weight must be positive and finite for two classes or more, got {class_weight!r}.")
    return of_class


def weigh_rows(of_class: Array | None, codes: Any, weights: Any) -> Any:
    """Sample weights times the weights of the rows' classes."""
    shares = beside_codes(of_class, codes, weights)
    return weights if shares is None else in_pieces(partial(weigh, shares), codes, weights)


def beside_codes(of_class: Array | None, codes: Any, weights: Any) -> Any:
    """The weights of classes where the codes are; refused if their products with those of rows are too large."""
    if of_class is None:
        return None
    shares = there(of_class, codes)
    with np.errstate(over="ignore"):
        whole = sum_in_pieces(lambda *some: double_sum(weigh(shares, *some)), codes, weights)
    if weights is not None and not namespace(whole).isfinite(whole):
        raise ValueError(
            f"sample_weight of up to {float(namespace(weights).max(weights)):.3g} times class_weight of up to {of_class.max():.3g} "
            "is more than a float can hold: divide them by their maxima, as only their ratios matter."
        )
    return shares


def refuse_other_classes(known: Array, classes: Array) -> None:
    """A warm start cannot change what the outputs mean."""
    if not np.array_equal(known, classes):
        raise ValueError(f"warm_start continues a model of the classes {known}, but y has {classes}: set warm_start=False.")
