"""A partition of Dask collections, on the worker that holds it: checked, encoded, and then a part of the objective."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import assert_all_finite, check_array
from sklearn.utils.extmath import safe_sparse_dot

from sk_gd._array import Array
from sk_gd._pieces import weigh_codes
from sk_gd.descent import Objective, Part
from sk_gd.estimators._data import check_weights
from sk_gd.estimators._held_out import LEAST, fingerprints
from sk_gd.estimators._labels import check_labels, codes_among, labels_in, weigh_rows
from sk_gd.estimators._range import refuse_out_of_range
from sk_gd.estimators._sound import words_named
from sk_gd.losses import Loss
from sk_gd.penalties import ElasticNet
from sk_gd.sources import source_of

Weighed = tuple[int, float, float, float]


class Partition:
    """Rows of one partition.

    Parameters
    ----------
    number : int
        Of the partition.
    rows : tuple of (X, y, sample_weight or None)
        As they come from Dask: arrays, frames or sparse matrices.

    Raises
    ------
    ValueError
        If they are not usable; the message names the partition.
    """

    def __init__(self, number: int, rows: tuple[Any, Any, Any]) -> None:
        self.number = number
        try:
            self.check(*rows)
        except ValueError as error:
            raise ValueError(f"In partition {number}: {error}") from None

    def check(self, X: Any, y: Any, sample_weight: Any) -> None:
        """Take the rows in, as :func:`check_rows` does."""
        if issparse(X):
            X.check_format(full_check=True)
        dtype = [np.float64, np.float32]
        how = {"accept_sparse": "csr", "dtype": dtype, "order": "C", "ensure_min_samples": 0, "input_name": "X"}
        with words_named(X):
            self.X = check_array(X, ensure_all_finite=False, **how)
        self.squares = self.sums_of_squares()
        self.y = check_array(y, ensure_2d=False, dtype=None, ensure_min_samples=0, input_name="y")
        if len(self.y) != self.X.shape[0]:
            raise ValueError(f"X has {self.X.shape[0]} rows, but y has {len(self.y)}: give both the same.")
        self.weights = self.sample_weight = None
        if sample_weight is not None:
            self.weights = np.asarray(sample_weight, dtype=np.float64)
            if len(self.y) and self.weights.any():
                self.weights = check_weights(self.weights, self.X)
            elif self.weights.shape != (len(self.y),):
                raise ValueError(f"sample_weight must have shape ({len(self.y)},), got {self.weights.shape}.")
            self.sample_weight = self.weights  # the user's own, as long as classes have theirs
        self.sides: dict[str, Part | None] = {}
        self.held, self.coded = np.zeros(len(self.y), dtype=bool), False

    def sums_of_squares(self) -> Array | None:
        """Of every column, in one read with the search for what is not finite: that makes them so, too."""
        squares = None
        if not issparse(self.X) and self.X.size:
            with np.errstate(all="ignore"):
                squares = source_of(self.X, np.zeros((len(self.X), 1)), None).squares()
        if squares is None or not np.isfinite(squares).all():
            assert_all_finite(self.X, input_name="X")
        return squares

    def cast(self, dtype: str) -> None:
        """Take X in the precision that all partitions have."""
        if self.X.dtype != dtype:
            self.X, self.squares = self.X.astype(dtype), None

    def facts(self, labelled: bool) -> tuple[int, int, str, tuple[int, ...], Array | None]:
        """Rows, columns, and precision of X, shape of a row of y, and what labels there are."""
        return len(self.y), self.X.shape[1], self.X.dtype.str, self.y.shape[1:], self.labels() if labelled else None

    def numbers(self, dtype: str) -> Weighed:
        """Take y as numbers, X and y in the precision that all partitions have."""
        self.cast(dtype)
        self.targets = self.y.astype(dtype)[:, None] if self.y.ndim == 1 else self.y.astype(dtype)
        self.targets = check_array(self.targets, ensure_min_samples=0, input_name="y", dtype=dtype)
        return self.weighed("train")

    def labels(self) -> Array:
        """The distinct labels of rows that count."""
        check_labels(self.y.ravel() if self.y.ndim == 2 and self.y.shape[1] == 1 else self.y)
        if self.y.ndim > 1 and self.y.shape[1] > 1:
            raise ValueError(f"Labels must have one dimension, got an array of shape {self.y.shape}.")
        return labels_in(self.y.ravel(), self.weights)

    def encode(self, dtype: str, classes: Array) -> tuple[Array, Weighed]:
        """Take y as the codes of classes; the weights that the rows of each sum to, and all together."""
        self.cast(dtype)
        self.y = self.y.ravel()
        codes = codes_among(self.y, classes, self.X) if len(self.y) else np.empty(0, dtype=np.intp)
        self.targets, self.coded = codes.astype(dtype)[:, None], True
        return weigh_codes(codes, self.weights, len(classes)), self.weighed("train")

    def weigh(self, of_class: Array) -> Weighed:
        """Multiply the weights of their classes into those of the rows."""
        self.weights = weigh_rows(of_class, self.targets[:, 0].astype(np.intp), self.weights)
        return self.weighed("train")

    def split(self, fraction: float, seed: int) -> tuple[Weighed, Weighed]:
        """Hold out rows by their values: about a fraction of them, wherever they lie."""
        if len(self.y):
            self.held = fingerprints(self.X, seed) < int(fraction * 2**64) - 1 + LEAST
        return self.weighed("train"), self.weighed("held out")

    def chosen(self, side: str) -> Array:
        """The rows of a side that count."""
        here = self.held if side == "held out" else ~self.held
        return here if self.weights is None else here & (self.weights > 0)

    def weighed(self, side: str) -> Weighed:
        """Number of the rows of a side, the sum of their weights in units of the largest, the least weight, and the largest."""
        chosen = self.chosen(side)
        count = int(chosen.sum())
        if not count or self.weights is None:
            return count, float(count), 1.0 if count else np.inf, 1.0 if count else 0.0
        weights = self.weights[chosen]
        largest = float(weights.max())
        return count, float((weights / largest).sum()), float(weights.min()), largest

    def distinct(self, side: str, by_mean: bool) -> tuple[Array, Array] | None:
        """Targets of a side with their weights, equal ones together; or their mean."""
        chosen = self.chosen(side)
        if not chosen.any():
            return None
        targets = self.targets if chosen.all() else self.targets[chosen]
        weights = None if self.weights is None else self.weights[chosen]
        if self.coded and not by_mean:  # classes need not be sorted
            sums = np.bincount(targets[:, 0].astype(np.intp), weights=weights).astype(np.float64)
            return np.flatnonzero(sums).astype(np.float64)[:, None], sums[sums > 0]
        targets, weights = targets.astype(np.float64), np.ones(len(targets)) if weights is None else weights
        if by_mean:
            return np.average(targets, axis=0, weights=weights)[None], weights.sum(keepdims=True)
        if targets.shape[1] == 1:  # which is sorted much faster than rows are
            values, group = np.unique(targets.ravel(), return_inverse=True)
            return values[:, None], np.bincount(group, weights=weights)
        values, group = np.unique(targets, axis=0, return_inverse=True)
        return values, np.bincount(group.ravel(), weights=weights)

    def for_scorer(self, side: str) -> tuple[Array, Array | None]:
        """What the user gave as y and as weights, of the rows of a side."""
        chosen = self.chosen(side)
        return self.y[chosen], None if self.sample_weight is None else self.sample_weight[chosen]

    def rows(self, side: str) -> Any:
        """X of a side."""
        chosen = self.chosen(side)
        return self.X if chosen.all() else self.X[chosen]

    def raw(self, side: str, coef: Array, intercept: Any) -> Array:
        """What a model of these coefficients says of the rows of a side."""
        raw: Array = safe_sparse_dot(self.rows(side), coef.T, dense_output=True) + intercept
        return raw

    def aim(self, side: str, loss: Loss, positive: bool, n_outputs: int, fit_intercept: bool, unit: float | None) -> Any:
        """Become a part of an objective; what it says of itself, and its targets, of which a quadratic loss needs the mean.

        Weights are in a unit that makes their mean over all partitions one, None if all are.
        """
        chosen = self.chosen(side)
        self.sides[side] = None
        if not chosen.any():
            return None
        whole = bool(chosen.all())
        X, targets = (self.X, self.targets) if whole else (self.X[chosen], self.targets[chosen])
        weights = None if unit is None or self.weights is None else self.weights[chosen] / unit
        source, penalty = source_of(X, targets, weights), ElasticNet(0.0, 0.0, positive)
        refuse_out_of_range(source, self.squares if whole else None)
        part = self.sides[side] = Part(self.number, Objective(loss, penalty, source, n_outputs, fit_intercept))
        return part.facts(), self.distinct(side, loss.quadratic)

    def beside(self, side: str, name: str, how: str, *arguments: Any) -> Any:
        """Keep what the part makes of itself as a side of another name; what that says of itself."""
        self.sides[name] = self.of(side, how, *arguments)
        return self.of(name, "facts")

    def of(self, side: str, name: str, *arguments: Any) -> Any:
        """What the part says; None where no row is on this side."""
        part = self.sides[side]
        return None if part is None else getattr(part, name)(*arguments)
