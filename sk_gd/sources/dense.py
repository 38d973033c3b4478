"""Rows in a NumPy array."""

from __future__ import annotations

import numpy as np

from sk_gd._array import Array
from sk_gd.kernels import MOST_OUTPUTS, pass_dense
from sk_gd.sources._base import Block
from sk_gd.sources._compiled import CompiledSource, in_order


class DenseSource(CompiledSource):
    """A C-ordered float32 or float64 array; in any other order, or at odd places in memory, it is copied once, at the door."""

    most_outputs = MOST_OUTPUTS

    def __init__(self, X: Array, y: Array, weights: Array | None) -> None:
        super().__init__(in_order(X), y, weights)

    @property
    def n_stored(self) -> int:
        return int(self.X.size)

    def take(self, rows: Array | slice) -> Block:
        return Block(self.X[rows], self.y[rows], None if self.weights is None else self.weights[rows])

    def fused_pass(self, loss: int, hyper: Array, theta: Array, slopes: Array, gradient: Array, rows: slice) -> float:
        return pass_dense(self.X, self.y, self.kernel_weights, theta, loss, hyper, slopes, gradient, rows.start, rows.stop)

    def squares(self) -> Array:
        """At the speed of reading X: the squares are held nowhere."""
        sums: Array = np.sum(self.map_blocks(lambda block: np.einsum("ij,ij->j", block.X, block.X)), axis=0)
        return sums
