"""What a source has to answer, and the passes that every source shares."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from sk_gd._compat import n_threads
from sk_gd.kernels import pointwise
from sk_gd.losses import Cost
from sk_gd.preconditioners import Coordinates

Array = NDArray[Any]
S = TypeVar("S")
T = TypeVar("T")

BLOCK = 2**20  # stored values a thread works on at a time: large beside the cost of a dispatch, small beside the data
TILE = 2**18  # stored values of a dense working copy or a matrix product: few calls, yet within the caches


@dataclass(frozen=True)
class Block:
    """Some rows: X (dense or CSR), y of shape (n, n_targets), weights of shape (n,) or None where all are one."""

    X: Any
    y: Array
    weights: Array | None

    def raw(self, theta: Array) -> Array:
        """Raw predictions of the rows, shape (n, n_outputs)."""
        coef, intercept = split(theta, self.X.shape[1])
        z: Array = self.X @ coef.T.astype(self.X.dtype) + intercept.T.astype(self.X.dtype)
        return z

    def gradient(self, slopes: Array, fit_intercept: bool) -> Array:
        """Sum over the rows of slope * (x, 1), shape (n_outputs, n_features + fit_intercept)."""
        coef = np.asarray((self.X.T @ slopes).T, dtype=np.float64)
        return np.hstack([coef, slopes.sum(axis=0, dtype=np.float64)[:, None]]) if fit_intercept else coef

    def weigh(self, values: Array) -> Array:
        """Rows of ``values`` times their weights."""
        return values if self.weights is None else values * self.weights.reshape(-1, *[1] * (values.ndim - 1))


def split(theta: Array, n_features: int) -> tuple[Array, Array]:
    """Coefficients (n_outputs, n_features) and intercepts (n_outputs, 1), which are zero where theta has none."""
    coef, intercept = theta[:, :n_features], theta[:, n_features:]
    return coef, intercept if intercept.size else np.zeros((len(theta), 1), theta.dtype)


class Source(ABC):
    """Rows, their targets and weights; the weights are scaled to mean 1, None means that all are.

    Sums over all rows are taken over fixed blocks and added in their order, so they have the same bits for any number of
    threads.
    """

    X: Any
    y: Array
    weights: Array | None

    def __init__(self, X: Any, y: Array, weights: Array | None) -> None:
        self.X, self.y, self.weights = X, y, weights
        self.n_samples, self.n_features = X.shape
        self.dtype = X.dtype
        self.kernel_weights = np.empty(0, X.dtype) if weights is None else weights  # how the kernels spell None

    @property
    @abstractmethod
    def n_stored(self) -> int:
        """Number of values that one pass reads."""

    @abstractmethod
    def take(self, rows: Array | slice) -> Block:
        """The named rows."""

    @abstractmethod
    def dense_rows(self, rows: Array | slice) -> Array:
        """The named rows as a C-ordered dense array."""

    @abstractmethod
    def fused_pass(self, loss: int, hyper: Array, theta: Array, slopes: Array, gradient: Array, rows: slice) -> float:
        """Compiled value and gradient of a loss with one output, summed over the rows."""

    def ranges(self, size: int) -> Iterator[slice]:
        """Consecutive ranges of rows that store about ``size`` values each."""
        step = max(64, size * self.n_samples // max(self.n_stored, 1))
        return (slice(start, min(start + step, self.n_samples)) for start in range(0, self.n_samples, step))

    def tiles(self) -> Iterator[slice]:
        """Consecutive ranges of rows of which a dense copy is small beside the data, yet large enough for a matrix product."""
        step = max(64, BLOCK // (8 * self.n_features))
        return (slice(start, min(start + step, self.n_samples)) for start in range(0, self.n_samples, step))

    @staticmethod
    def map(function: Callable[[S], T], items: list[S]) -> list[T]:
        """``function`` of every item, in order; by threads where there is more than one."""
        threads = min(n_threads(), len(items))
        if threads == 1:
            return [function(item) for item in items]
        with ThreadPoolExecutor(threads) as pool:  # made here, so that no pool outlives a fork
            return list(pool.map(function, items))

    def map_blocks(self, of_rows: Callable[[slice], T], size: int = BLOCK) -> list[T]:
        """``of_rows`` of every block of rows, in order."""
        return self.map(of_rows, list(self.ranges(size)))

    def value_and_gradient(self, loss: Cost, theta: Array, slopes: Array) -> tuple[float, Array]:
        """Sums over all rows of the weighted loss, and of its gradient in theta.

        ``slopes`` of shape (n_samples, n_outputs) receives the weighted derivative of every row; an empty array is left alone.
        """

        def of_rows(rows: slice) -> tuple[float, Array]:
            gradient = np.zeros(theta.shape)
            if loss.pointwise is not None and len(theta) == 1:
                return self.fused_pass(loss.pointwise, loss.hyper(), theta, slopes, gradient, rows), gradient
            return self.blas_pass(loss, theta, slopes, gradient, rows), gradient

        parts = self.map_blocks(of_rows)
        return sum(value for value, _ in parts), np.sum([gradient for _, gradient in parts], axis=0)

    def blas_pass(self, loss: Cost, theta: Array, slopes: Array, gradient: Array, rows: slice) -> float:
        """Value and gradient for several outputs: two matrix products a tile, with the loss between them."""
        total, step = 0.0, max(64, TILE * self.n_samples // max(self.n_stored, 1))
        for start in range(rows.start, rows.stop, step):
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

    def moments(self, curvature_of: Callable[[Block], Array], full: bool, centred: bool) -> tuple[Array, Array, Array]:
        """Sums for :class:`~sk_gd.preconditioners.Curvature`: total per output, center, and central second moments.

        ``curvature_of(block)`` gives the weighted second derivatives of its rows, shape (n, n_outputs).
        """
        # a first guess of the center keeps the digits that an offset in X would cost
        shift = self.dense_rows(slice(0, 64)).mean(axis=0) if centred else np.zeros(self.n_features, self.dtype)

        def of_rows(rows: slice) -> tuple[Array, Array, Array]:
            h = curvature_of(self.take(rows))
            root = np.sqrt(h.mean(axis=1, dtype=np.float64)).astype(self.dtype)
            scaled = self.dense_rows(rows) - shift
            scaled *= root[:, None]
            second = scaled.T @ scaled if full else np.einsum("ij,ij->j", scaled, scaled)
            return h.sum(axis=0, dtype=np.float64), root @ scaled, second

        def of_tiles(tiles: list[slice]) -> list[Array]:
            sums = [part.astype(np.float64) for part in of_rows(tiles[0])]
            for rows in tiles[1:]:
                for whole, part in zip(sums, of_rows(rows), strict=True):
                    whole += part  # in place: the second moments may be large
            return sums

        # a few groups of tiles whose sums are added in their order, as many as need little memory beside X
        tiles = list(self.tiles())
        n_groups = min(len(tiles), 8 if full and self.n_samples < 80 * self.n_features else 32)
        groups = [tiles[i * len(tiles) // n_groups : (i + 1) * len(tiles) // n_groups] for i in range(n_groups)]
        total, first, second = (sum(parts[1:], parts[0]) for parts in zip(*self.map(of_tiles, groups), strict=True))
        if not centred:
            return total, np.zeros(self.n_features), second
        mean = first / total.mean()
        return total, shift + mean, second - (np.outer(first, mean) if full else first * mean)

    def squared_norms(self, coordinates: Coordinates) -> Array:
        """Squared length of every row in these coordinates."""
        tiles = (coordinates.rows(self.dense_rows(rows)) for rows in self.tiles())
        return np.concatenate([np.einsum("ij,ij->i", X, X) for X in tiles])

    def retarget(self, y: Array, weights: Array | None) -> Source:
        """The same rows with other targets and weights."""
        return type(self)(self.X, y, weights)
