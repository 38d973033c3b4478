"""Passes over rows that compiled kernels can read."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from sk_gd._array import Array, added, as_rows
from sk_gd._threads import breathe
from sk_gd.kernels import pointwise
from sk_gd.losses import Cost
from sk_gd.sources._base import Source

TILE = 2**18  # stored values of a matrix product: few calls, yet within the caches
PRODUCT = 2**25  # multiplications of one with many outputs: some hundredths of a second


class CompiledSource(Source):
    """Rows in memory, held by NumPy: a pass is one call of a kernel for every block of rows."""

    most_outputs = 1  # that ``fused_pass`` takes

    def __init__(self, X: Any, y: Array, weights: Array | None) -> None:
        super().__init__(X, y, weights)
        self.kernel_weights = np.empty(0, X.dtype) if self.weights is None else self.weights  # how the kernels spell None

    @abstractmethod
    def fused_pass(self, loss: int, hyper: Array, theta: Array, slopes: Array, gradient: Array, rows: slice) -> float:
        """Compiled value and gradient of a loss with few outputs, summed over the rows."""

    def value_and_gradient(self, loss: Cost, theta: Array, slopes: Array) -> tuple[float, Array]:
        theta = as_rows(theta, theta.dtype)

        def of_rows(rows: slice) -> tuple[float, Array]:
            gradient = np.zeros(theta.shape)
            if loss.pointwise is not None and len(theta) <= self.most_outputs:
                return self.fused_pass(loss.pointwise, loss.hyper(), theta, slopes, gradient, rows), gradient
            return self.blas_pass(loss, theta, slopes, gradient, rows), gradient

        parts = self.map(of_rows, self.ranges())
        return sum(value for value, _ in parts), added([gradient for _, gradient in parts])

    def blas_pass(self, loss: Cost, theta: Array, slopes: Array, gradient: Array, rows: slice) -> float:
        """Value and gradient for many outputs: two matrix products a tile, with the loss between them."""
        tile = min(TILE, max(PRODUCT // len(theta), 4 * self.n_features))  # the gradient is added to once for each
        total, step = 0.0, max(64, tile * self.n_samples // max(self.n_stored, 1))
        for start in range(rows.start, rows.stop, step):
            breathe()
            visited = slice(start, min(start + step, rows.stop))
            block = self.take(visited)
            z = block.raw(theta)
            slope = slopes[visited] if len(slopes) else np.empty_like(z)
            if loss.pointwise is not None:
                weights = self.kernel_weights if block.weights is None else block.weights
                total += pointwise(block.y, z, weights, loss.pointwise, loss.hyper(), slope)
            else:
                value, raw_slope = loss.value_and_slope(block.y, z)
                slope[:] = block.weigh(raw_slope)
                total += float(block.weigh(value).sum(dtype=np.float64))
            gradient += block.gradient(slope, theta.shape[1] > self.n_features)
        return total
