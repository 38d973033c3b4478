"""Scores of collections: from sums over each partition, whose rows stay where they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from sk_gd._array import Array
from sk_gd._compat import optional
from sk_gd.estimators._dask import packed
from sk_gd.estimators._docs import with_shared_docs
from sk_gd.estimators._lazy import predictor_for
from sk_gd.sources.dask import is_collection

Sums = tuple[float, Array, Array, Array]


class ScoreMixin:
    """``score`` of scikit-learn's mixins, for Dask collections, too."""

    @with_shared_docs
    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Accuracy of a classifier, or coefficient of determination of a regressor (the mean of those of several targets).

        Parameters
        ----------
        {X}
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            True labels or targets; of a Dask collection in the same partitions.
        {sample_weight}

        Returns
        -------
        score : float
            At most 1.
        """
        if not is_collection(X):
            found: float = super().score(X, y, sample_weight)  # type: ignore[misc]  # of scikit-learn's mixin
            return found
        model, dask = predictor_for(self, X), optional("dask", "dask")
        parts = dask.compute(*(dask.delayed(sums_of)(rows, model) for rows in packed(X, y, sample_weight)))
        return joined_score([part for part in parts if part is not None], "classes_" in vars(self))


def sums_of(rows: tuple[Any, Any, Any], model: Any) -> Sums | None:
    """Weight of a partition's rows; means of the targets, squares about them, and squared errors; or the share that is right."""
    X, y, sample_weight = rows
    y = np.asarray(y)
    if len(y) != X.shape[0]:
        raise ValueError(f"A partition of X has {X.shape[0]} rows, but that of y has {len(y)}: give both the same.")
    weights = np.ones(len(y)) if sample_weight is None else np.ravel(np.asarray(sample_weight, dtype=np.float64))
    if not weights.any():
        return None
    predicted, mass = model.predict(X.to_numpy() if hasattr(X, "to_numpy") else X), float(weights.sum())
    if "classes_" in vars(model):
        share = np.average(predicted == np.ravel(y), weights=weights, keepdims=True)
        return mass, share, share, share
    y, predicted = y.reshape(len(y), -1).astype(np.float64), predicted.reshape(len(y), -1)
    mean = np.average(y, axis=0, weights=weights)
    return mass, mean, weights @ (y - mean) ** 2, weights @ (y - predicted) ** 2


def joined_score(parts: list[Sums], classifies: bool) -> float:
    """The score of all rows."""
    if not parts:
        raise ValueError(f"Found {len(parts)} samples of a weight above 0 in all partitions: give at least one.")
    masses, means, spreads, errors = (np.array(column) for column in zip(*parts, strict=True))
    mean = np.average(means, axis=0, weights=masses)
    if classifies:
        return float(mean[0])
    spread, error = spreads.sum(axis=0) + masses @ (means - mean) ** 2, errors.sum(axis=0)
    share = np.divide(error, spread, out=(error > 0).astype(np.float64), where=spread > 0)  # of a constant target: right or wrong
    return float(1 - share.mean())
