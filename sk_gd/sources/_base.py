"""What a source has to answer, and the passes that every source shares."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any, TypeVar

import numpy as np

from sk_gd._array import Array, double, double_sum, namespace, on_host, together_on_host, zeros
from sk_gd._pieces import as_rows, rows_of, spans
from sk_gd._threads import breathe, in_threads
from sk_gd.losses import Cost
from sk_gd.preconditioners import Coordinates
from sk_gd.sources._block import Block
from sk_gd.sources._sums import InOrder, Scratch

S = TypeVar("S")
T = TypeVar("T")

BLOCK = 2**20  # most stored values a thread works on at a time: large beside the cost of a dispatch, small beside the data
SHARED = 4  # work for several threads is in a multiple of this many equal parts: two, and mostly three or four, end together


class Source(ABC):
    """Rows, their targets and weights; the weights are scaled to mean 1, None means that all are.

    Sums over all rows are taken over fixed blocks and added in their order, so they have the same bits for any number of
    threads. They are NumPy's, in double precision; what belongs to rows is in X's library.

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
    given: Any  # X as it was, where an array of another library is read as one of NumPy
    y: Array
    weights: Array | None
    in_file = False  # whether rows have to be brought into memory
    run, mixed = 1, 1  # rows in succession that should be visited at about the same time, and how many such runs together
    chunk = 1024  # rows brought into other coordinates at a time: enough for a matrix product, few enough for the cache

    def __init__(self, X: Any, y: Array, weights: Array | None) -> None:
        self.X, self.y, self.weights = X, as_rows(y, X.dtype), None if weights is None else as_rows(weights, X.dtype)
        self.n_samples, self.n_features = X.shape
        self.given = X
        self.dtype = X.dtype

    @property
    @abstractmethod
    def n_stored(self) -> int:
        """Number of values that one pass reads."""

    @abstractmethod
    def take(self, rows: Array | slice) -> Block:
        """The named rows."""

    def bare(self, rows: Array | slice) -> Block:
        """The named rows, without their features."""
        y = rows_of(self.y, rows)
        return Block(zeros((y.shape[0], 0), y), y, None if self.weights is None else rows_of(self.weights, rows))

    def without_features(self, loss: Cost, intercept: Array, rows: slice) -> float:
        """Sum of the weighted losses of some rows with intercepts, shape (n_outputs, 1), for predictions."""
        bare = self.bare(rows)
        return float(double_sum(bare.weigh(loss.value_and_slope(bare.y, bare.raw(intercept))[0])))

    @abstractmethod
    def value_and_gradient(self, loss: Cost, theta: Array, slopes: Array) -> tuple[float, Array]:
        """Sums over all rows of the weighted loss, and of its gradient in theta.

        ``slopes`` of shape (n_samples, n_outputs) receives the weighted derivative of every row; an empty array is left alone.
        """

    def ranges(self, n_outputs: int = 1) -> list[slice]:
        """Consecutive ranges of rows that are worth a thread's while, with ``n_outputs`` numbers to be made of each.

        They are the same for any number of threads.
        """
        parts = -(-max(self.n_stored, self.n_samples * n_outputs) // BLOCK)
        parts = parts if parts <= 1 else -(-parts // SHARED) * SHARED
        return spans(self.n_samples, max(64, -(-self.n_samples // max(parts, 1))))

    def tiles(self, width: int) -> list[slice]:
        """Consecutive ranges of rows of which a dense copy is small beside the data, yet large enough for a matrix product."""
        return spans(self.n_samples, max(64, BLOCK // (8 * width)))

    def map(self, function: Callable[[S], T], items: list[S]) -> list[T]:
        """``function`` of every item, in order; by threads where there is more than one."""
        return in_threads(function, items)

    def map_blocks(self, of_block: Callable[[Block], T], n_outputs: int = 1) -> list[T]:
        """``of_block`` of every block of rows, in order."""
        return self.map(lambda rows: of_block(self.take(rows)), self.ranges(n_outputs))

    def per_row(self, of_block: Callable[[Block], Array], n_outputs: int = 1) -> Array:
        """What ``of_block`` says of each of its rows, for all rows."""
        whole: list[Array] = []  # its shape is that of the part that is first known
        known = Lock()

        def fill(rows: slice) -> None:
            for some in self.portions(rows):
                part = of_block(self.take(some))
                with known:
                    if not whole:
                        whole.append(zeros((self.n_samples, *part.shape[1:]), part))
                whole[0][some, ...] = part

        self.map(fill, self.ranges(n_outputs))
        return whole[0]

    def max_over_blocks(self, of_block: Callable[[Block], float], width: int = 1) -> float:
        """The largest of what ``of_block`` says of blocks of rows, of which it makes as many numbers as if a row had ``width``."""
        parts = [some for rows in self.ranges(width) for some in self.portions(rows)]
        return max(self.map(lambda rows: of_block(self.take(rows)), parts))

    def portions(self, rows: slice) -> Iterable[slice]:
        """Parts of some rows that are taken at a time."""
        return [rows]

    def sum_over_blocks(self, of_block: Callable[[Block], tuple[Array, ...]], width: int = 0) -> tuple[Array, ...]:
        """Sums over all rows of the sums that ``of_block`` takes over some, for which it may want copies ``width`` numbers wide."""

        def of_tiles(tiles: list[slice]) -> list[Array]:
            sums = [double(part) + 0.0 for part in of_block(self.take(tiles[0]))]  # copies: the next tile may use their memory
            for rows in tiles[1:]:
                breathe()
                for i, part in enumerate(of_block(self.take(rows))):
                    sums[i] += part  # in place where that can be: second moments may be large
            return sums

        tiles = self.tiles(max(width, self.n_features))
        n_groups = min(len(tiles), 8 if self.n_samples < 80 * self.n_features else 32)
        groups, total = [slice(i * len(tiles) // n_groups, (i + 1) * len(tiles) // n_groups) for i in range(n_groups)], InOrder()
        self.map(lambda i: total.add(i, of_tiles(tiles[groups[i]])), list(range(n_groups)))
        return tuple(together_on_host(total.sums))

    def moments(self, curvature_of: Callable[[Block], Array], full: bool, centred: bool) -> tuple[Array, Array, Array]:
        """Sums for :class:`~sk_gd.preconditioners.Curvature`: total per output, center, and central second moments.

        ``curvature_of(block)`` gives the weighted second derivatives of its rows, shape (n, n_outputs).
        """
        total, center, second = self.moments_and_sums(lambda block: (curvature_of(block),), full, centred)
        return total, center, second

    def moments_and_sums(self, of_rows: Callable[[Block], tuple[Array, ...]], full: bool, centred: bool) -> tuple[Array, ...]:
        """The same, and the sums that ``of_rows`` gives after the second derivatives of its rows: X is read once for all."""
        # a first guess of the center keeps the digits that an offset in X would cost
        scratch, few = Scratch(), self.take(slice(0, min(64, self.n_samples))).dense()
        shift = namespace(few).mean(few, axis=0) if centred else namespace(few).zeros_like(few[0, ...])

        def of_block(block: Block) -> tuple[Array, ...]:
            h, *sums = of_rows(block)
            xp = namespace(block.y)
            mean = xp.mean(h, axis=1)
            if full:
                return double_sum(h, axis=0), *scratch.products(block.dense(), mean, shift), *sums
            moved = scratch.difference(block.dense(), shift)
            first = mean @ moved
            moved *= moved
            return double_sum(h, axis=0), first, mean @ moved, *sums

        total, first, second, *sums = self.sum_over_blocks(of_block)
        if not centred:
            return total, np.zeros(self.n_features), second, *sums
        mean = first / total.mean()
        return total, on_host(shift) + mean, second - (np.outer(first, mean) if full else first * mean), *sums

    def blur(self, full: bool) -> float:
        """Rounding of the central second moments, as a share of the center: what makes a constant column look as if it varied."""
        return 4 * float(np.finfo(self.dtype).eps)

    def squares(self) -> Array:
        """Sum of squares of every column, in the arithmetic of X."""
        return self.sum_over_blocks(lambda block: (namespace(block.y).sum(block.dense() ** 2, axis=0),))[0]

    def squared_norms(self, coordinates: Coordinates) -> tuple[Callable[[Block], Array], int]:
        """What finds the squared length of every row of a block in these coordinates, and the width for blocks that suit it."""

        def of_block(block: Block) -> Array:
            sizes: Array = namespace(block.y).sum(coordinates.rows(block.dense()) ** 2, axis=1)
            return sizes

        return of_block, 8 * self.n_features  # of so few rows at a time that the copies stay in the caches

    def zeros(self, n_outputs: int) -> Array:
        """A number for every row and output."""
        numbers: Array = zeros((self.n_samples, n_outputs), self.y)
        return numbers

    def exact(self) -> Source:
        """The same rows in double precision."""
        return type(self)(self.X.astype(np.float64, copy=False), self.y, self.weights)

    def retarget(self, y: Array, weights: Array | None) -> Source:
        """The same rows with other targets and weights."""
        return type(self)(self.X, y, weights)
