"""Predictions for Dask collections, each partition's when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import wraps
from typing import Any, TypeVar

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from sk_gd._array import Array
from sk_gd._compat import settings_kept
from sk_gd.sources.dask import counted, is_collection

M = TypeVar("M", bound=Callable[..., Any])

OF_A_FIT = ("_state", "history_", "coef_path_", "path_epochs_", "_sizes")  # what predictions do without


def lazily(method: M) -> M:
    """A method of rows, which of a collection of rows gives a lazy one of predictions."""

    at_once = settings_kept(method)

    @wraps(method)
    def call(model: Any, X: Any) -> Any:
        return predict_later(model, method.__name__, X) if is_collection(X) else at_once(model, X)

    wrapped: Any = call
    return wrapped


def predictor_for(model: Any, X: Any) -> Any:
    """What of the model predictions for the partitions of X need, which are of the features that it knows."""
    check_is_fitted(model)
    validate_data(model, np.empty((0, X.shape[1])) if hasattr(X, "chunks") else X._meta, reset=False, skip_check_array=True)
    predictor = copy(model)
    for attribute in (*OF_A_FIT, "feature_names_in_"):  # the names have been looked at
        vars(predictor).pop(attribute, None)
    return predictor


def predict_later(model: Any, name: str, X: Any) -> Any:
    """The method of this name for every partition, once the result is computed: a Dask array.

    A fit that shows its model to callbacks says of its own rows how many are in each partition, where Dask does not know.
    """
    predictor, frame = predictor_for(model, X), not hasattr(X, "chunks")
    dtype = np.result_type(*X.dtypes) if frame else X.dtype
    like = getattr(predictor, name)(np.zeros((1, X.shape[1]), dtype if dtype.kind == "f" else np.float64))[:0]
    sizes = vars(model).get("_sizes", {}).get(X._name)
    if frame:
        later = X.map_partitions(of_block, predictor, name, like, meta=like)
    else:
        X = X.rechunk({1: -1})
        chunks = (X.chunks[0], *((size,) for size in like.shape[1:]))
        dropped = [1] if like.ndim == 1 else []
        later = X.map_blocks(of_block, predictor, name, like, chunks=chunks, drop_axis=dropped, dtype=like.dtype, meta=like)
    return later if sizes is None else counted(later, sizes)


def of_block(X: Any, model: Any, name: str, like: Array) -> Array:
    """Predictions for one partition."""
    predicted: Array = getattr(model, name)(X.to_numpy() if hasattr(X, "to_numpy") else X) if X.shape[0] else like
    return predicted
