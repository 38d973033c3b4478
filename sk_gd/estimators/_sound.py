"""What scikit-learn and scipy let pass although it is no rows of numbers: refused at the door, before anything is converted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from scipy.sparse import issparse

from sk_gd._array import is_foreign, namespace
from sk_gd._compat import coordinates
from sk_gd._threads import apart
from sk_gd.sources.files import StoredRows, in_large_file

DATES = ("date", "time", "duration", "period")  # as dtypes of NumPy, pandas and polars spell them


def refuse_what_is_lost(values: Any, name: str) -> None:
    """Masked entries and dates would become numbers in silence: what is under the mask, nanoseconds since 1970."""
    if isinstance(values, str) or (type(values) is np.ndarray and values.dtype.kind in "biuf"):
        return  # no y, or plain numbers: to look closer took a sixth of a prediction for one row
    if np.ma.is_masked(values):
        raise ValueError(
            f"{name} has {int(values.mask.sum())} masked entries, which are missing values: fill them in, or leave out "
            "their rows."
        )
    dtypes = getattr(values, "dtypes", None)
    kinds = [getattr(values, "dtype", None)] if dtypes is None else dtypes
    for kind in np.atleast_1d(np.asarray(kinds, dtype=object)):
        if any(word in str(kind).lower() for word in DATES):
            raise ValueError(f"{name} holds {kind}, which is no number: make it one, such as the days since a date of your choice.")
    refuse_odd_tensors(values, name)


def refuse_odd_tensors(values: Any, name: str) -> None:
    """Recorded gradients and sparse tensors cannot be lent to NumPy; imaginary parts would be lost in silence."""
    if getattr(values, "requires_grad", False):
        raise ValueError(f"{name} records gradients (requires_grad=True), which would grow with every epoch: pass {name}.detach().")
    if "sparse" in str(getattr(values, "layout", "")):
        raise ValueError(f"{name} is a tensor of layout {values.layout}, which cannot be read row by row: pass {name}.to_dense().")
    if is_foreign(values) and namespace(values).isdtype(values.dtype, "complex floating"):
        raise ValueError(f"Complex data not supported, but {name} holds {values.dtype}: pass real and imaginary parts as columns.")


@contextmanager
def words_named(X: Any, targets: Any = None) -> Iterator[None]:
    """Say where the words are that a conversion to numbers met, and what makes numbers of them; its own error tells one of them."""
    try:
        yield
    except ValueError as error:
        if not str(error).startswith("could not convert string"):
            raise
        table = np.asarray(X, dtype=object)
        if table.ndim < 2:  # several, or X itself is one
            texts = f"{table.size} {'text' if table.size == 1 else 'texts'}"
            raise ValueError(f"{error}. X holds {texts}: make them numbers by a vectorizer, such as TfidfVectorizer.") from error
        names = getattr(X, "columns", range(table.shape[-1]))
        found = [repr(name) for name, column in zip(names, table.T, strict=True) if any(map(is_word, column))]
        if not found:
            word = next(filter(is_word, np.ravel(np.asarray(targets, dtype=object))), None)
            if word is None:
                raise
            raise ValueError(f"y must hold numbers for a regressor, got {word!r}: labels are for GDLogisticClassifier.") from error
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        raise ValueError(
            f"{error}. X holds words in column{'s' * (len(found) > 1)} {', '.join(found[:3])}{more}: make them numbers, such as by "
            "a OneHotEncoder in a ColumnTransformer before this."
        ) from error


def is_word(value: Any) -> bool:
    """Whether something is a string that is no number."""
    if not isinstance(value, str):
        return False
    try:
        float(value)
    except ValueError:
        return True
    return False


def refuse_corrupt(X: Any) -> None:
    """A wrong index of a sparse matrix would be a wild pointer in compiled code; scipy looks only if it is asked to."""
    if not issparse(X):
        return
    if X.format in ("csr", "csc", "bsr"):
        integers = X.indices.dtype.kind == X.indptr.dtype.kind == "i"
        if integers:
            stays = in_large_file(X)
            apart(X.check_format, not stays, 0 if stays else 4 * (len(X.indices) + len(X.indptr)))
            problem = wrong_indices(X) if in_large_file(X) else ""
        else:
            problem = f"indices of dtype {X.indices.dtype} and indptr of {X.indptr.dtype}, not integers"
    elif X.format == "coo":
        inside = all(
            len(at) == len(X.data) and at.dtype.kind == "i" and (not len(at) or (at.min() >= 0 and at.max() < size))
            for at, size in zip(coordinates(X), X.shape, strict=True)
        )
        problem = "" if inside else f"coordinates outside of its shape, {X.shape}, or not one for each of its {len(X.data)} values"
    elif X.format == "lil":
        wrong = [i for i, (columns, values) in enumerate(zip(X.rows, X.data, strict=True)) if len(columns) != len(values)]
        problem = f"another number of columns than of values in row {wrong[0]}" if wrong else ""
    else:
        return
    if problem:
        raise ValueError(f"The {X.format} matrix is corrupt, with {problem}: build it anew from its values.")


def wrong_indices(X: Any) -> str:
    """What scipy's full check looks at, of a CSR matrix in a large file, block by block."""
    if (np.diff(X.indptr) < 0).any():
        return "an indptr that descends"
    for indices in StoredRows(X).indices():
        if len(indices) and not 0 <= indices.min() <= indices.max() < X.shape[1]:
            return f"indices from {indices.min()} to {indices.max()}, not from 0 to {X.shape[1] - 1}"
    return ""
