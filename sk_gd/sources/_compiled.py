"""Passes over rows that compiled kernels can read."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np

from sk_gd._array import Array
from sk_gd._pieces import added, as_rows, rows_of
from sk_gd._threads import breathe
from sk_gd.kernels import pointwise
from sk_gd.losses import Cost
from sk_gd.sources._base import Source
from sk_gd.sources._block import Block

TILE = 2**18  # stored values of a matrix product: few calls, yet within the caches
PRODUCT = 2**25  # multiplications of one with many outputs: some hundredths of a second


class CompiledSource(Source):
    """Rows in memory, held by NumPy: a pass is one call of a kernel for every block of rows.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n_samples, n_features)
        The rows.
    y : array of shape (n_samples, n_targets)
        Targets, or codes of classes.
    weights : array of shape (n_samples,) or None
        Of mean 1; None where all are one.
    """

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
            return self.many_outputs(loss, theta, slopes, gradient, rows), gradient

        parts = self.map(of_rows, self.ranges())
        return sum(value for value, _ in parts), added([gradient for _, gradient in parts])

    def many_outputs(self, loss: Cost, theta: Array, slopes: Array, gradient: Array, rows: slice) -> float:
        """Value and gradient for many outputs: two matrix products a tile, with the loss between them."""
        total, most = 0.0, min(TILE, max(PRODUCT // len(theta), 4 * self.n_features))  # gradient is added to for each tile
        for visited in self.product_tiles(rows, most):
            block = self.take(visited)
            value, slope = self.loss_of(loss, block.raw(theta), visited, slopes)
            gradient += block.gradient(slope, theta.shape[1] > self.n_features)
            total += value
        return total

    def product_tiles(self, rows: slice, most: int) -> Iterator[slice]:
        """Parts of some rows with about ``most`` stored values each."""
        step = max(64, most * self.n_samples // max(self.n_stored, 1))
        for start in range(rows.start, rows.stop, step):
            breathe()
            yield slice(start, min(start + step, rows.stop))

    def without_features(self, loss: Cost, intercept: Array, rows: slice) -> float:
        return self.loss_of(loss, self.bare(rows).raw(intercept), rows, np.empty((0, 0)))[0]

    def loss_of(self, loss: Cost, z: Array, rows: slice, slopes: Array) -> tuple[float, Array]:
        """Sum of the weighted losses of some rows with raw predictions z, and their slopes, which go to ``slopes``, if anywhere."""
        slope, block = slopes[rows] if len(slopes) else np.empty_like(z), self.bare(rows)
        if loss.pointwise is not None:
            weights = self.kernel_weights if block.weights is None else block.weights
            return pointwise(block.y, z, weights, loss.pointwise, loss.hyper(), slope), slope
        value, raw_slope = loss.value_and_slope(block.y, z)
        slope[:] = block.weigh(raw_slope)
        return float(block.weigh(value).sum(dtype=np.float64)), slope


class BroughtSource(CompiledSource):
    """Rows that are brought block by block, of which a pass is that of the rows in memory there.

    Parameters
    ----------
    X : StoredRows or PickedRows of shape (n_samples, n_features)
        What brings them.
    y : array of shape (n_samples, n_targets)
        Targets, or codes of classes.
    weights : array of shape (n_samples,) or None
        Of mean 1; None where all are one.
    """

    near: type[CompiledSource]  # what knows how to read a block

    def __init__(self, X: Any, y: Array, weights: Array | None) -> None:
        CompiledSource.__init__(self, X, y, weights)

    def take(self, rows: Array | slice) -> Block:
        weights = None if self.weights is None else rows_of(self.weights, rows)
        return Block(self.X[rows], rows_of(self.y, rows), weights)

    def fused_pass(self, loss: int, hyper: Array, theta: Array, slopes: Array, gradient: Array, rows: slice) -> float:
        total = 0.0
        for part in self.portions(rows):
            block = self.take(part)
            near, seen = self.near(block.X, block.y, block.weights), slopes[part] if len(slopes) else slopes
            total += near.fused_pass(loss, hyper, theta, seen, gradient, slice(0, near.n_samples))
            del block, near  # before others are brought
        return total

    def exact(self) -> Source:
        return type(self)(self.X.astype(np.float64), self.y, self.weights)
