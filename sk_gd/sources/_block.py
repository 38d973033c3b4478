"""Some rows, as everything that is said of rows sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import issparse

from sk_gd._array import Array, beside, cross_product, double, double_sum, namespace


@dataclass(frozen=True)
class Block:
    """Some rows: X (dense or CSR), y of shape (n, n_targets), weights of shape (n,) or None where all are one.

    They are arrays of one library, and so is what is said of every row.

    Parameters
    ----------
    X : array or CSR matrix of shape (n_samples, n_features)
        The rows.
    y : array of shape (n_samples, n_targets)
        Targets, or codes of classes.
    weights : array of shape (n_samples,) or None
        Of mean 1; None where all are one.
    """

    X: Any
    y: Array
    weights: Array | None

    def raw(self, theta: Array) -> Array:
        """Raw predictions of the rows, shape (n, n_outputs)."""
        n_features = self.X.shape[1]
        if isinstance(theta, np.ndarray) and not theta[:, :n_features].any():  # as at the start: X has no say
            return self.constant(0.0, len(theta)) + beside(theta[:, n_features:].sum(axis=1), self.y)
        theta = beside(theta, self.y)
        z: Array = self.X @ theta[:, :n_features].T
        return z if theta.shape[1] == n_features else z + theta[:, n_features:].T

    def double(self) -> Block:
        """The same in double precision."""
        X = self.X.astype(np.float64, copy=False) if issparse(self.X) else double(self.X)
        return Block(X, double(self.y), self.weights)

    def constant(self, value: float, n_outputs: int) -> Array:
        """One number for every row and output."""
        filled: Array = namespace(self.y).full_like(self.y[:, :1], value)
        return namespace(self.y).broadcast_to(filled, (self.y.shape[0], n_outputs))

    def dense(self) -> Array:
        """X as a dense array."""
        return self.X.toarray() if issparse(self.X) else self.X

    def gradient(self, slopes: Array, fit_intercept: bool) -> Array:
        """Sum over the rows of slope * (x, 1), shape (n_outputs, n_features + fit_intercept), in double precision."""
        coef = cross_product(slopes, self.X)
        return namespace(slopes).concat([coef, double_sum(slopes, axis=0)[:, None]], axis=1) if fit_intercept else coef

    def weigh(self, values: Array) -> Array:
        """Rows of ``values`` times their weights."""
        if self.weights is None:
            return values
        return values * (self.weights if values.ndim == 1 else self.weights[:, None])
