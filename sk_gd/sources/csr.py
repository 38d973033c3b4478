"""Rows in a compressed sparse row matrix."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from sk_gd._array import Array
from sk_gd._compat import cached_property
from sk_gd._pieces import added, as_rows, rows_of, spans
from sk_gd.kernels import add_products_csr, columns_csr, multiply_csr, pass_csr
from sk_gd.losses import Cost
from sk_gd.preconditioners import Coordinates
from sk_gd.sources._base import BLOCK, SHARED
from sk_gd.sources._block import Block
from sk_gd.sources._compiled import PRODUCT, TILE, CompiledSource

T = TypeVar("T")

FAR = 1e15  # a column's largest value up to which, and from one over it, products with it stay in the range of single precision
FEATURES = 2**18  # coefficients that a thread turns from rows into columns, or back, at a time


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
        if len(theta) > 1 or loss.pointwise is None:
            return self.of_outputs(loss, theta, slopes)
        number, hyper, theta = loss.pointwise, loss.hyper(), as_rows(theta, self.dtype)

        def of_rows(rows: slice, sums: Array) -> float:
            some = self.product_tiles(rows, 2 * BLOCK)
            return sum(self.fused_pass(number, hyper, theta, slopes, sums, tile) for tile in some)

        totals, parts = self.in_parts(of_rows, 1, theta.shape)
        gradient = added(parts)
        self.spare[:] = parts
        return sum(totals), gradient

    def of_outputs(self, loss: Cost, theta: Array, slopes: Array) -> tuple[float, Array]:
        """Those of many outputs have all coefficients of a feature side by side, where a stored value meets them together."""
        d, K = self.n_features, len(theta)
        u, gradient = np.empty((d, K), self.dtype), np.empty(theta.shape)
        features = spans(d, max(1, FEATURES // K))

        def turn(some: slice) -> None:
            u[some] = theta[:, some].T

        def turn_back(some: slice) -> None:
            gradient[:, some] = added([part[some] for part in parts]).T

        self.map(turn, features)
        intercept = theta[:, d:].sum(axis=1, dtype=self.dtype)  # 0 where there is none
        at_start = not u.any()  # there X has no say

        def of_rows(rows: slice, sums: Array) -> tuple[float, Array]:
            total, of_intercept, raw = 0.0, np.zeros(K), np.empty((0, K), self.dtype)
            for tile in self.product_tiles(rows, min(TILE, PRODUCT // K)):
                X = self.take(tile).X
                n = X.shape[0]
                raw = raw if len(raw) >= n else np.empty((n, K), self.dtype)
                z = raw[:n]
                if at_start:
                    z[:] = intercept
                else:
                    multiply_csr(X.data, X.indices, X.indptr, u, z)
                    z += intercept
                value, slope = self.loss_of(loss, z, tile, slopes)
                add_products_csr(X.data, X.indices, X.indptr, slope, sums)
                total, of_intercept = total + value, of_intercept + slope.sum(axis=0, dtype=np.float64)
            return total, of_intercept

        answers, parts = self.in_parts(of_rows, K, (d, K))
        values, of_intercept = zip(*answers, strict=True)
        self.map(turn_back, features)
        self.spare[:] = parts
        gradient[:, d:] = sum(of_intercept)[:, None]
        return sum(values), gradient

    @cached_property
    def spare(self) -> list[Array]:
        """Sums of parts that a pass is done with."""
        return []

    def in_parts(self, of_rows: Callable[[slice, Array], T], K: int, shape: tuple[int, ...]) -> tuple[list[T], list[Array]]:
        """What ``of_rows`` says of parts of the rows, and the arrays of this shape, zero before, that it adds to.

        As many parts as have sums that are small beside the data. Their memory is ``spare`` from the pass before: new memory, given
        page by page, may take as long as the pass.
        """

        def of_part(rows: slice) -> tuple[T, Array]:
            try:
                sums = self.spare.pop()
            except IndexError:
                sums = np.empty(0)
            if sums.shape == shape:
                sums.fill(0)
            else:
                sums = np.zeros(shape)
            return of_rows(rows, sums), sums

        n_parts = min(len(self.ranges(K)), max(SHARED, self.n_stored // (8 * math.prod(shape))))
        answers, parts = zip(*self.map(of_part, spans(self.n_samples, -(-self.n_samples // n_parts))), strict=True)
        return list(answers), list(parts)

    def retarget(self, y: Array, weights: Array | None) -> CSRSource:
        model = type(self)(self.X, y, weights)
        model.spare = self.spare
        return model

    @cached_property
    def single(self) -> CSRSource:
        """The same rows in single precision, or themselves where numbers would get out of its range."""
        largest = self.largest()
        within = (largest == 0) | ((largest > 1 / FAR) & (largest < FAR))
        if self.dtype == np.float32 or not within.all():
            return self
        X = self.X
        return CSRSource(type(X)((X.data.astype(np.float32), X.indices, X.indptr), shape=X.shape), self.y, self.weights)

    def moments_of_outputs(self, h: Array) -> tuple[Array, Array]:
        """Sums over the rows of h times X, and times its squares, both of shape (n_outputs, n_features)."""

        def of_power(power: int) -> Array:
            def of_rows(rows: slice, sums: Array) -> None:
                for tile in self.product_tiles(rows, TILE):
                    X = self.take(tile).X
                    add_products_csr(X.data**power, X.indices, X.indptr, h[tile], sums)

            _, parts = self.in_parts(of_rows, h.shape[1], (self.n_features, h.shape[1]))
            self.spare[:] = parts
            return np.ascontiguousarray(added(parts).T)

        return of_power(1), of_power(2)

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

    def squared_norms(self, coordinates: Coordinates) -> tuple[Callable[[Block], Array], int]:
        if coordinates.into.ndim == 2 or coordinates.center.any():
            return super().squared_norms(coordinates)
        weights = (coordinates.into**2)[:, None]

        def of_block(block: Block) -> Array:
            X, sizes = canonical(block.X), np.empty((block.X.shape[0], 1))
            multiply_csr(np.square(X.data, dtype=np.float64), X.indices, X.indptr, weights, sizes)
            return sizes[:, 0]

        return of_block, 1

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
