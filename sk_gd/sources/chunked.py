"""Rows of a dask.array that no memory holds, on one machine: its chunks are computed whenever they are read."""

from __future__ import annotations

from threading import Lock
from typing import Any

import numpy as np

from sk_gd._array import Array
from sk_gd._compat import n_threads, optional
from sk_gd.sources.dask import is_collection

SHARE = 0.5  # of the machine's memory, from which on a collection is not computed as a whole


def is_chunked(X: Any) -> bool:
    """Whether X is a dask.array of numbers that may be larger than memory, with no cluster around to hold it."""
    if not is_collection(X) or not hasattr(X, "chunks") or X.ndim != 2 or not isinstance(X._meta, np.ndarray):
        return False
    distributed, memory = optional("distributed", "dask"), optional("distributed.system", "dask").MEMORY_LIMIT
    if X.dtype.kind not in "biuf" or not X.nbytes > SHARE * memory:  # nbytes may be unknown: nan
        return False
    try:
        distributed.get_client()
    except ValueError:  # there is none
        return True
    return False


class Chunked:
    """The array, read as NumPy's are, by ranges of rows or their numbers; of its chunks as many are kept as threads may be reading.

    Parameters
    ----------
    X : dask.array.Array of shape (n_samples, n_features)
        For which :func:`is_chunked` is true.
    """

    ndim = 2

    def __init__(self, X: Any) -> None:
        self.X = X.rechunk({1: -1})
        self.shape, self.dtype, self.itemsize = X.shape, X.dtype, X.dtype.itemsize
        self.run, self.ends = max(X.chunks[0]), np.cumsum(X.chunks[0])
        self.kept: dict[int, Array] = {}
        self.lock = Lock()

    def chunk(self, number: int) -> Array:
        """The rows of a chunk, computed unless they are among the last that were read."""
        with self.lock:
            if number not in self.kept:
                while len(self.kept) > n_threads():
                    del self.kept[next(iter(self.kept))]
                self.kept[number] = np.asarray(self.X.blocks[number])
            self.kept[number] = self.kept.pop(number)  # the last one to go
            return self.kept[number]

    def __getitem__(self, rows: Any) -> Array:
        """Rows from a start to a stop, or those of some numbers, which ascend."""
        numbers = np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows
        homes, parts = np.searchsorted(self.ends, numbers, side="right"), [np.empty((0, self.shape[1]), self.dtype)]
        for home in map(int, np.unique(homes)):
            rows_of_it = self.chunk(home)
            parts.append(rows_of_it[numbers[homes == home] - self.ends[home] + len(rows_of_it)])
        return np.concatenate(parts)

    def stand_in(self) -> Array:
        """Zeros of its shape, of no size."""
        return np.broadcast_to(np.zeros((), self.dtype), self.shape)
