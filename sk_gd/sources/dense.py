"""Rows in a NumPy array."""

from __future__ import annotations

import numpy as np

from sk_gd._array import Array
from sk_gd._pieces import added, as_rows, rows_of
from sk_gd.kernels import MOST_OUTPUTS, pass_dense
from sk_gd.sources._block import Block
from sk_gd.sources._compiled import CompiledSource


class DenseSource(CompiledSource):
    """A C-ordered float32 or float64 array; in any other order, or at odd places in memory, it is copied once, at the door.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The rows.
    y : array of shape (n_samples, n_targets)
        Targets, or codes of classes.
    weights : array of shape (n_samples,) or None
        Of mean 1; None where all are one.
    """

    most_outputs = MOST_OUTPUTS

    def __init__(self, X: Array, y: Array, weights: Array | None) -> None:
        super().__init__(as_rows(X, X.dtype), y, weights)

    @property
    def n_stored(self) -> int:
        return int(self.X.size)

    def take(self, rows: Array | slice) -> Block:
        weights = None if self.weights is None else rows_of(self.weights, rows)
        return Block(rows_of(self.X, rows), rows_of(self.y, rows), weights)

    def fused_pass(self, loss: int, hyper: Array, theta: Array, slopes: Array, gradient: Array, rows: slice) -> float:
        return pass_dense(self.X, self.y, self.kernel_weights, theta, loss, hyper, slopes, gradient, rows.start, rows.stop)

    def squares(self) -> Array:
        """At the speed of reading X: the squares are held nowhere."""
        return added(self.map_blocks(lambda block: np.einsum("ij,ij->j", block.X, block.X)))


class PickedDense(DenseSource):
    """Some rows of an array, brought together block by block: they take no memory beside it.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        The array.
    rows : ndarray of shape (n_samples,)
        Which of its rows.
    y : array of shape (n_samples, n_targets)
        Their targets, or codes of classes.
    weights : array of shape (n_samples,) or None
        Theirs, of mean 1; None where all are one.
    """

    def __init__(self, X: Array, rows: Array, y: Array, weights: Array | None) -> None:
        super().__init__(X, y, weights)
        self.rows, self.n_samples = rows, len(rows)

    @property
    def n_stored(self) -> int:
        return self.n_samples * self.n_features

    def take(self, rows: Array | slice) -> Block:
        weights = None if self.weights is None else rows_of(self.weights, rows)
        return Block(rows_of(self.X, self.rows[rows]), rows_of(self.y, rows), weights)

    def fused_pass(self, loss: int, hyper: Array, theta: Array, slopes: Array, gradient: Array, rows: slice) -> float:
        block = self.take(rows)
        near, seen = DenseSource(block.X, block.y, block.weights), slopes[rows] if len(slopes) else slopes
        return near.fused_pass(loss, hyper, theta, seen, gradient, slice(0, near.n_samples))

    def exact(self) -> DenseSource:
        return DenseSource(rows_of(self.X, self.rows).astype(np.float64, copy=False), self.y, self.weights)

    def retarget(self, y: Array, weights: Array | None) -> PickedDense:
        return PickedDense(self.X, self.rows, y, weights)
