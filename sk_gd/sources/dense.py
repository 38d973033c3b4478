"""Rows in a NumPy array."""

from __future__ import annotations

import numpy as np

from sk_gd._array import Array, added, as_rows, rows_of
from sk_gd.kernels import MOST_OUTPUTS, pass_dense
from sk_gd.sources._base import Block
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
