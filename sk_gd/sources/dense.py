"""Rows in a NumPy array."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from sk_gd._array import Array
from sk_gd._pieces import added, as_rows, rows_of
from sk_gd.kernels import MOST_OUTPUTS, pass_dense
from sk_gd.sources._base import Source
from sk_gd.sources._block import Block
from sk_gd.sources._compiled import TILE, BroughtSource, CompiledSource

LARGE = 2**24  # bytes from which on rows are picked where they are: a copy of fewer takes less time than the look-ups of every pass
TALL = 2**14  # rows from which on they are


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

    def exact(self) -> Source:
        """Large tables are brought in double precision block by block."""
        if self.X.dtype == np.float64 or not is_large(self.X):
            return DenseSource(as_rows(self.X, np.dtype(np.float64)), self.y, self.weights)
        return PickedDense(PickedRows(self.X, dtype=np.float64), self.y, self.weights)


def is_large(X: Array) -> bool:
    """Whether a copy of a table should be spared; there are ways down of few rows that want it whole."""
    return X.nbytes > LARGE and len(X) > TALL


class PickedRows:
    """Some rows of an array, or all of them in another precision: brought block by block, they take no memory beside it.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        The array, in C order.
    numbers : ndarray of shape (n_samples,), default=None
        Which of its rows; None is all.
    dtype : dtype, default=None
        Of what is brought; None is X's own.
    """

    def __init__(self, X: Array, numbers: Array | None = None, dtype: Any = None) -> None:
        self.X, self.numbers, self.dtype = X, numbers, np.dtype(X.dtype if dtype is None else dtype)
        self.shape = (len(X) if numbers is None else len(numbers), X.shape[1])

    def __getitem__(self, rows: Array | slice) -> Array:
        if self.numbers is not None:
            return self.X.take(self.numbers[rows], axis=0, mode="clip").astype(self.dtype, copy=False)  # "raise" takes a copy more
        return rows_of(self.X, rows).astype(self.dtype, copy=False)

    def of(self, numbers: Array) -> PickedRows:
        """Some of the rows."""
        return PickedRows(self.X, numbers if self.numbers is None else self.numbers[numbers], self.dtype)

    def astype(self, dtype: Any) -> PickedRows:
        """The same rows, to be brought as other numbers."""
        return PickedRows(self.X, self.numbers, dtype)


class PickedDense(BroughtSource, DenseSource):
    """Some rows of an array, or all of them in another precision.

    Parameters
    ----------
    X : PickedRows of shape (n_samples, n_features)
        What brings them.
    y : array of shape (n_samples, n_targets)
        Targets, or codes of classes.
    weights : array of shape (n_samples,) or None
        Of mean 1; None where all are one.
    """

    near = DenseSource

    @property
    def n_stored(self) -> int:
        return self.n_samples * self.n_features

    def portions(self, rows: slice) -> Iterator[slice]:
        return self.product_tiles(rows, TILE)

    def squares(self) -> Array:
        return self.sum_over_blocks(lambda block: (np.einsum("ij,ij->j", block.X, block.X),))[0]
