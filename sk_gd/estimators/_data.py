"""From what a user passes to what the engine reads; everything is refused here, before anything changes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from operator import methodcaller
from typing import Any, NoReturn

import numpy as np
from scipy.sparse import issparse
from sklearn import config_context  # type: ignore[attr-defined]
from sklearn.base import BaseEstimator
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import validate_data

from sk_gd._array import Array, beside, double, double_sum, is_foreign, namespace, on_host
from sk_gd._compat import check_sample_weight, device_of, finest_dtype, get_namespace_and_device, move_to
from sk_gd._pieces import as_rows, in_pieces, numbers_where, of_pieces, picked, pieces, rows_of, sum_in_pieces
from sk_gd._threads import apart
from sk_gd.estimators._sound import refuse_corrupt, refuse_what_is_lost, words_named
from sk_gd.sources.chunked import Chunked
from sk_gd.sources.dask import is_collection
from sk_gd.sources.dense import TALL, PickedRows, is_large
from sk_gd.sources.files import StoredRows, in_large_file


def follow(values: Any, X: Any) -> Any:
    """Values in X's array library and on its device; left alone where both are NumPy's or have yet to be."""
    if not (is_foreign(X) or is_foreign(values)):
        return values
    xp, _, device = get_namespace_and_device(X)
    return move_to(values if is_foreign(values) else np.asarray(values), xp=xp, device=device)


def refuse_collection(X: Any) -> NoReturn:
    """Say where Dask collections are taken."""
    raise ValueError(
        f"X must be in memory here, got {type(X).__name__} of Dask: collections are taken by fit, beside one as X_val, too, by "
        "partial_fit, the predictions and diagnose. Give some of the rows, X.partitions[0].compute()."
    )


def check_rows(estimator: BaseEstimator, X: Any, y: Any = "no_validation", *, reset: bool, **check_params: Any) -> Any:
    """X, and y if given, as float32 or float64: dense in C order or CSR whose indices are sound, or an array of another library.

    Numbers in y come to where X is; strings do so once they are codes. A dense X in large files stays as it is, whatever its order
    and numbers; whether those are finite is seen when they are read.
    """
    if is_collection(X):
        refuse_collection(X)
    refuse_what_is_lost(X, "X")
    refuse_what_is_lost(y, "y")
    refuse_corrupt(X)
    if issparse(y):
        raise ValueError(f"y must be dense, got a {y.format} matrix of shape {y.shape}: pass y.toarray() or its ravel().")
    xp, dispatched, device = get_namespace_and_device(X)
    if is_foreign(X) and not dispatched and str(device_of(X)) != "cpu":
        raise ValueError(
            f"X is an array of {type(X).__module__} on {device_of(X)}, where NumPy cannot read it: fit within "
            "sklearn.config_context(array_api_dispatch=True), in a process that was started with SCIPY_ARRAY_API=1."
        )
    if check_params.get("y_numeric") or is_foreign(y) or (isinstance(y, np.ndarray) and y.dtype.kind in "biuf"):
        y = follow(y, X)
    form: dict[str, Any] = {"dtype": [finest_dtype(xp, device), xp.float32], "order": "C"}
    stays, table, mixed = isinstance(X, Chunked) or in_large_file(X), is_table(X), is_mixed(X)
    if mixed:
        form |= {"ensure_all_finite": False, "order": None}
    elif stays or table:
        form |= {"ensure_all_finite": False} if issparse(X) else {"ensure_all_finite": False, "dtype": "numeric", "order": None}
    known = config_context(assume_finite=True) if (stays or table or mixed) and all_finite(y) else nullcontext()
    # scikit-learn sums the largest floats to see whether they are finite
    with words_named(X, y if check_params.get("y_numeric") else None), np.errstate(over="ignore", invalid="ignore"), known:
        shown: Any = X.stand_in() if isinstance(X, Chunked) else X
        if issparse(X) and X.ndim == 2 and X.format != "csr" and X.dtype.kind in "biuf":
            shown = apart(methodcaller("tocsr"), X, 4 * X.nnz)
        if issparse(shown) and shown.format == "csr" and shown.dtype not in (np.float32, np.float64) and shown.dtype.kind in "biuf":
            shown = with_floats(shown)
        checked = validate_data(estimator, shown, y, reset=reset, accept_sparse="csr", **form, **check_params)
        rows, *targets = checked if isinstance(checked, tuple) else (checked,)
        if check_params.get("y_numeric"):  # of text scikit-learn converts objects alone
            targets = [y.astype(np.float64) if isinstance(y, np.ndarray) and y.dtype.kind in "US" else y for y in targets]
        if isinstance(X, Chunked):
            rows = X
        elif (table or mixed) and not stays:
            rows = readable(rows, type(estimator).__name__)
    if rows is not X:
        refuse_corrupt(rows)
    return (rows, *targets) if targets else rows


def all_finite(y: Any) -> bool:
    """Whether targets of NumPy's, so many that scikit-learn is spared to look at them in one go, hold neither NaN nor infinity."""
    if not isinstance(y, np.ndarray) or y.ndim == 0 or len(pieces(y)) <= 1:
        return False
    try:
        of_pieces(assert_all_finite, y)
    except ValueError:  # of a piece: scikit-learn names what is first of all
        return False
    return True


def with_floats(X: Any) -> Any:
    """A CSR matrix of other numbers in float64, piece by piece; its structure is shared."""
    floats = type(X)(X.shape, dtype=np.float64)
    floats.data, floats.indices, floats.indptr = as_rows(X.data, np.float64), X.indices, X.indptr
    return floats


def is_table(X: Any) -> bool:
    """Whether X is a matrix of numbers of NumPy's, or a frame of such columns of one kind."""
    if isinstance(X, np.ndarray):
        return X.ndim == 2 and X.dtype.kind in "biuf"
    kinds = set(np.atleast_1d(np.asarray(getattr(X, "dtypes", ()), dtype=object)))
    return len(kinds) == 1 and all(isinstance(kind, np.dtype) and kind.kind in "iuf" for kind in kinds)


def is_mixed(X: Any) -> bool:
    """Whether X is a frame of pandas with columns of numbers of several kinds."""
    kinds = set(np.atleast_1d(np.asarray(getattr(X, "dtypes", ()), dtype=object)))
    return len(kinds) > 1 and all(getattr(kind, "kind", "O") in "biuf" and "Sparse" not in str(kind) for kind in kinds)


def readable(X: Array, name: str) -> Array:
    """A table as the kernels read it, copied if it is not so yet, and all of it finite; Ctrl-C waits for a piece of it at most."""
    dtype = X.dtype if X.dtype in (np.float32, np.float64) else np.dtype(np.float64)
    rows = as_rows(X, dtype)
    try:
        for piece in pieces(rows):
            assert_all_finite(rows[piece])
    except ValueError:  # of a piece; of the whole table, NaN is named before infinity
        assert_all_finite(rows, estimator_name=name, input_name="X")
        raise
    return rows


def check_weights(sample_weight: Any, X: Any) -> Array | None:
    """Weights as float32 or float64, or None where all rows count the same; they come to where X is, copied only if need be."""
    if sample_weight is None:
        return None
    if isinstance(sample_weight, str):
        raise ValueError(
            f"sample_weight must hold a number for every row, got {sample_weight!r}: words are for a classifier's class_weight."
        )
    refuse_what_is_lost(sample_weight, "sample_weight")
    xp, _, device = get_namespace_and_device(X)
    sample_weight = follow(sample_weight, X)
    with np.errstate(over="ignore"):
        weights = as_weights(sample_weight, X, finest_dtype(xp, device))
        whole, largest = sum_in_pieces(double_sum, weights), max(of_pieces(xp.max, weights))
    if not largest > 0:
        raise ValueError(f"Sample weights must contain at least one non-zero number, got none above {float(largest)}.")
    if not xp.isfinite(whole):
        raise ValueError(
            f"Sample weights of up to {float(largest):.3g} sum to more than a float can hold: divide them by their maximum, "
            "as only their ratios matter."
        )
    arithmetic = X if xp.isdtype(X.dtype, "real floating") else weights  # of the rows: whole numbers of a file become as fine ones
    least = largest * xp.finfo(arithmetic.dtype).smallest_normal  # what is less is zero beside the largest there
    if not is_foreign(weights) and not any(of_pieces(lambda some: bool(((some < least) & (some > 0)).any()), weights)):
        return weights
    return in_pieces(lambda some: xp.where(some >= least, some, xp.zeros_like(some)), weights)


def as_weights(sample_weight: Any, X: Any, dtype: Any) -> Array:
    """A weight for every row of X, finite and not below zero, in scikit-learn's words; of NumPy's piece by piece."""
    check: Callable[..., Array] = partial(check_sample_weight, dtype=dtype, ensure_non_negative=True)
    if isinstance(sample_weight, np.ndarray) and sample_weight.shape == X.shape[:1] and sample_weight.dtype.kind in "biuf":
        try:
            of_pieces(lambda some: check(some, some), sample_weight)
            return as_rows(sample_weight, sample_weight.dtype if sample_weight.dtype == np.float32 else np.dtype(np.float64))
        except ValueError:  # of a piece; of all, NaN is named before infinity
            pass
    return check(sample_weight, X)


def weigh(of_class: Any, codes: Any, weights: Any) -> Any:
    """Weights of some rows: their own, None where all are one, times those of their classes, if they have any."""
    if of_class is None:
        return weights
    xp = namespace(codes)
    own = xp.take(of_class, xp.astype(codes, xp.int64, copy=False))
    return own if weights is None else weights * own


def keep_weighted(X: Any, y: Array, weights: Array | None, of_class: Any = None) -> tuple[Any, Array, Array | None]:
    """Leave out rows of weight zero and scale the other weights, times those of classes, to mean 1; None where all are the same."""
    if weights is None and of_class is None:
        return X, y, None
    rows, of_rows = (y[:, 0], weights), partial(weigh, of_class)  # piece by piece: the product is held nowhere
    if min(of_pieces(lambda *some: namespace(some[0]).min(of_rows(*some)), *rows)) == 0:
        return some_rows(X, y, weights, of_class, numbers_where(in_pieces(lambda *some: of_rows(*some) > 0, *rows)))
    return X, y, of_mean_one(of_rows, y, X.dtype, *rows)


def some_rows(X: Any, y: Array, weights: Array | None, of_class: Any, numbers: Any) -> tuple[Any, Array, Array | None]:
    """The rows of these numbers, and their weights scaled to mean 1; X stays where it is if copies of it would be large."""

    def of_rows(numbers: Any) -> Any:
        return weigh(of_class, rows_of(y[:, 0], numbers), None if weights is None else rows_of(weights, numbers))

    known = weights is not None or of_class is not None
    scaled = of_mean_one(of_rows, y, X.dtype, numbers) if known else None
    y = picked(y, on_host(numbers), X.dtype) if isinstance(y, np.ndarray) and not is_foreign(X) else rows_of(y, numbers)
    if isinstance(X, StoredRows | PickedRows):
        return X.of(numbers), y, scaled
    here = type(X) is np.ndarray and X.flags.c_contiguous and is_large(X) and len(numbers) > TALL
    return PickedRows(X, numbers) if here else rows_of(X, numbers), y, scaled


def of_mean_one(of_rows: Callable[..., Any], y: Array, dtype: Any, *rows: Any) -> Array | None:
    """What a function says of rows, divided by its mean; None where that is the same of all, and it itself if the mean is 1."""
    xp, count = namespace(y), rows[0].shape[0]
    largest = max(of_pieces(lambda *some: xp.max(of_rows(*some)), *rows))
    if min(of_pieces(lambda *some: xp.min(of_rows(*some)), *rows)) == largest:
        return None
    mean = sum_in_pieces(lambda *some: double_sum(double(of_rows(*some)) / largest), *rows) / count  # a sum that cannot overflow
    return in_pieces(lambda *some: beside(double(of_rows(*some)) / largest / mean, y, dtype), *rows)


def check_alpha(alpha: Any, n_features: int) -> Any:
    """The strength of the penalty: a number, or an array with one for each feature."""
    if np.ndim(alpha) == 0 and not isinstance(alpha, dict):
        return alpha
    try:
        strengths = np.asarray(alpha, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"alpha must be a number or hold one for each of the {n_features} features, got {alpha!r}.") from None
    if strengths.shape != (n_features,):
        raise ValueError(f"alpha must be a number or hold one for each of the {n_features} features, got shape {strengths.shape}.")
    if not (np.isfinite(strengths).all() and (strengths >= 0).all()):
        raise ValueError(f"alpha must hold finite numbers from 0 up, got {strengths.min()} to {strengths.max()}.")
    return strengths


def check_initial(coef_init: Any, intercept_init: Any, theta: Array, n_features: int) -> Array:
    """The start: theta with the user's coefficients and intercept in place of its own."""
    theta = theta.copy()
    coef, intercept = theta[:, :n_features], theta[:, n_features:]
    for name, given, part in (("coef_init", coef_init, coef), ("intercept_init", intercept_init, intercept)):
        if given is None:
            continue
        given = on_host(given)
        if given.dtype.kind not in "biufO":
            raise ValueError(f"{name} must hold real numbers, got {given.dtype}: make it float64.")
        given = given.astype(np.float64)
        if name == "intercept_init" and not part.size:  # intercept_ of such a model is 0
            if given.any():
                raise ValueError(f"intercept_init={given} has no place in a model without an intercept: set fit_intercept=True.")
            continue
        if given.size != part.size or not np.isfinite(given).all():
            found = f"shape {given.shape}" if given.size != part.size else f"{given[~np.isfinite(given)][0]} among them"
            raise ValueError(f"{name} must hold {part.size} finite numbers, of shape {part.shape}, got {found}.")
        part[:] = given.reshape(part.shape)
    return theta
