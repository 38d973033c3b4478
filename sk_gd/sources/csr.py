"""Rows in a compressed sparse row matrix."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sk_gd._array import Array, added, rows_of, spans
from sk_gd._compat import cached_property
from sk_gd.kernels import add_products_csr, columns_csr, multiply_csr, pass_csr
from sk_gd.losses import Cost
from sk_gd.preconditioners import Coordinates
from sk_gd.sources._base import BLOCK, SHARED, Block
from sk_gd.sources._compiled import PRODUCT, CompiledSource


class CSRSource(CompiledSource):
    """A CSR matrix or array with indices of 32 or 64 bits.

    Parameters
    ----------
    X : CSR matrix or array of shape (n_samples, n_features)
        The rows.
    y : array of shape (n_samples, n_targets)
        Targets, or codes of classes.
    weights : array of shape (n_samples,) or None
        Of mean 1; None where all are one.
    """

    def __init__(self, X: Any, y: Array, weights: Array | None) -> None:
        X = X.tocsr()
        aligned = all(part.flags.aligned for part in (X.data, X.indices, X.indptr))
        super().__init__(X if aligned else X.copy(), y, weights)

    @property
    def n_stored(self) -> int:
        return int(self.X.nnz)

    def take(self, rows: Array | slice) -> Block:
        y, weights = rows_of(self.y, rows), None if self.weights is None else rows_of(self.weights, rows)
        if isinstance(rows, slice) and self.X.has_canonical_format:
            return Block(self.in_place(rows), y, weights)
        return Block(rows_of(self.X, rows), y, weights)

    def in_place(self, rows: slice) -> Any:
        """Consecutive rows of a matrix in canonical format, without the copy that SciPy makes, nor will SciPy sort them."""
        X = self.X
        start, stop, _ = rows.indices(self.n_samples)
        ends = X.indptr[start : stop + 1]
        values = slice(ends[0], ends[-1])
        part = type(X)((stop - start, self.n_features), dtype=X.dtype)  # given parts of large arrays, it would copy them, too
        part.data, part.indices, part.indptr = X.data[values], X.indices[values], ends - ends[0]
        part.has_canonical_format = True
        return part

    def fused_pass(self, loss: int, hyper: Array, theta: Array, slopes: Array, gradient: Array, rows: slice) -> float:
        X = self.X
        return pass_csr(X.data, X.indices, X.indptr, self.n_features, self.y, self.kernel_weights, theta, loss, hyper,
                        slopes, gradient, rows.start, rows.stop)  # fmt: skip

    def value_and_gradient(self, loss: Cost, theta: Array, slopes: Array) -> tuple[float, Array]:
        """Those of many outputs have all coefficients of a feature side by side, where a stored value meets them together."""
        if len(theta) == 1 and loss.pointwise is not None:
            return super().value_and_gradient(loss, theta, slopes)
        d, K = self.n_features, len(theta)
        u = np.ascontiguousarray(theta[:, :d].T, self.dtype)
        intercept = theta[:, d:].sum(axis=1, dtype=self.dtype)  # 0 where there is none
        at_start = not u.any()  # there X has no say

        def of_rows(rows: slice) -> tuple[float, Array, Array]:
            total, of_intercept, sums = 0.0, np.zeros(K), np.zeros((d, K))
            for tile in self.product_tiles(rows, PRODUCT // K):
                X = self.take(tile).X
                z = (np.zeros if at_start else np.empty)((X.shape[0], K), self.dtype)
                if not at_start:
                    multiply_csr(X.data, X.indices, X.indptr, u, z)
                z += intercept
                value, slope = self.loss_of(loss, z, tile, slopes)
                add_products_csr(X.data, X.indices, X.indptr, slope, sums)
                total, of_intercept = total + value, of_intercept + slope.sum(axis=0, dtype=np.float64)
            return total, of_intercept, sums

        # as many parts as have sums that are small beside the data
        ranges = self.ranges(K)
        n_parts = min(len(ranges), max(SHARED, self.n_stored // (8 * K * d)))
        values, of_intercept, sums = zip(*self.map(of_rows, spans(self.n_samples, -(-self.n_samples // n_parts))), strict=True)
        gradient = np.empty(theta.shape)
        gradient[:, :d] = added(list(sums)).T
        gradient[:, d:] = sum(of_intercept)[:, None]
        return sum(values), gradient

    def moments(self, curvature_of: Callable[[Block], Array], full: bool, centred: bool) -> tuple[Array, Array, Array]:
        if full:
            return super().moments(curvature_of, full, centred)

        def of_block(block: Block) -> tuple[Array, Array]:
            h = curvature_of(block)
            return h.sum(axis=0, dtype=np.float64), columns_of(canonical(block.X), h.mean(axis=1, dtype=np.float64))[0]

        total, sums = (added(list(parts)) for parts in zip(*self.map_blocks(of_block), strict=True))
        first, second = sums.T
        center = first / total.mean() if centred else np.zeros(self.n_features)
        return total, center, np.maximum(second - first * center, 0)

    def blur(self, full: bool) -> float:
        return super().blur(full) if full else 2 * float(np.finfo(self.dtype).eps) ** 0.5  # moments less the square of the center

    def squares(self) -> Array:
        return self.columns[0][:, 1]

    def scaled(self, scale: Array) -> CSRSource:
        """The same rows with every column multiplied by its scale; the structure is shared."""
        X, scale, data = self.X, scale.astype(self.dtype), np.empty_like(self.X.data)

        def of_piece(piece: slice) -> None:
            np.multiply(X.data[piece], scale[X.indices[piece]], out=data[piece])

        self.map(of_piece, spans(len(data), BLOCK))
        return CSRSource(type(X)((data, X.indices, X.indptr), shape=X.shape), self.y, self.weights)

    @cached_property
    def support(self) -> Array:
        """n_samples over the number of rows that store a column; 0 where none does."""
        count = added(self.map_blocks(lambda block: np.bincount(block.X.indices, minlength=self.n_features)))
        return np.divide(self.n_samples, count, out=np.zeros(self.n_features), where=count > 0)

    def squared_norms(self, coordinates: Coordinates) -> Array:
        if coordinates.into.ndim == 2 or coordinates.center.any():
            return super().squared_norms(coordinates)
        weights = (coordinates.into**2)[:, None]

        def of_block(block: Block) -> Array:
            X, sizes = canonical(block.X), np.empty((block.X.shape[0], 1))
            multiply_csr(np.square(X.data, dtype=np.float64), X.indices, X.indptr, weights, sizes)
            return sizes[:, 0]

        return self.per_row(of_block)

    def largest(self) -> Array:
        """The largest absolute value of every column."""
        return self.columns[1]

    @cached_property
    def columns(self) -> tuple[Array, Array]:
        """Sums of the values and of their squares, shape (n_features, 2), and largest absolute values, of every column."""
        parts = self.map_blocks(lambda block: columns_of(block.X, np.ones(block.X.shape[0])))
        return added([sums for sums, _ in parts]), np.max([largest for _, largest in parts], axis=0)


def canonical(X: Any) -> Any:
    """The matrix, or a copy with one entry at most for every place."""
    if X.has_canonical_format:
        return X
    X = X.copy()
    X.sum_duplicates()
    return X


def columns_of(X: Any, weights: Array) -> tuple[Array, Array]:
    """Sums of the weighted values and squares of every column, shape (n_features, 2), and its largest absolute value."""
    sums = np.zeros((X.shape[1], 3))
    columns_csr(X.data, X.indices, X.indptr, weights, sums)
    return sums[:, :2], sums[:, 2]
