"""Rows in files that may be larger than memory: brought some at a time, and given back."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.sparse import issparse, vstack

from sk_gd._array import Array
from sk_gd._pieces import spans
from sk_gd.sources._compiled import BroughtSource
from sk_gd.sources.chunked import Chunked
from sk_gd.sources.csr import CSRSource
from sk_gd.sources.dense import DenseSource

LARGE = 2**28  # bytes in files up to which they are read like any other array
HELD = 2**26  # bytes of larger ones that may be held
AROUND = 2**16  # bytes that the system maps around one that is asked for
RUN = 2**20  # bytes of rows that are visited at about the same time, in whatever order the others are
CHUNK = 2**22  # values of rows that are brought into other coordinates at a time
MIXED = 32  # such runs whose rows are shuffled among each other: enough to mix what lies sorted, few enough to be held
PICKED = 1024  # rows that are picked one by one before what they are in is given back


def mapping_of(array: Any) -> mmap.mmap | None:
    """The mapped file that an array looks into, if giving back its pages loses nothing.

    A mapping of mode "c" keeps what was written to it in these pages and nowhere else.
    """
    while isinstance(array, np.ndarray):
        if isinstance(array, np.memmap) and array.mode == "c":
            return None
        array = array.base
    return array if isinstance(array, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED") else None


def in_large_file(X: Any) -> bool:
    """Whether X is a table of numbers in a mapped file that may be larger than memory, or a CSR matrix of floats made of such."""
    if issparse(X):
        parts = [X.data, X.indices] if X.format == "csr" and X.dtype in (np.float32, np.float64) else []
    else:
        parts = [X] if isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind in "biuf" else []
    return sum(part.nbytes for part in parts if mapping_of(part) is not None) > LARGE


class StoredRows:
    """Rows of a table in a large file. What is read of it counts as memory of the process until it is given back.

    ``rows[a:b]`` and ``rows[numbers]`` are in memory, or in place if kernels can read them there; ``rows.of(numbers)`` stay stored.

    Parameters
    ----------
    X : ndarray, CSR matrix or Chunked of shape (n_rows, n_features)
        Of any order and kind of numbers; the first two in large files.
    dtype : dtype, default=None
        Of the rows that are brought; None is X's own if that is float32 or float64, else float64.
    kept : ndarray of shape (n_samples,), default=None
        Numbers of the rows in X; None is all.
    """

    def __init__(self, X: Any, dtype: Any = None, kept: Array | None = None) -> None:
        own = X.dtype if X.dtype in (np.float32, np.float64) else np.float64
        self.X, self.kept, self.dtype = X, kept, np.dtype(own if dtype is None else dtype)
        self.sparse = issparse(X)
        files = (X.data, X.indices, X.indptr) if self.sparse else (X,)
        self.mappings = {id(found): found for found in map(mapping_of, files) if found is not None}
        self.shape = (X.shape[0] if kept is None else len(kept), X.shape[1])
        if self.sparse:
            counts = np.diff(X.indptr)
            self.n_stored = int((counts if kept is None else counts[kept]).sum())
            self.row_bytes = (X.data.itemsize + X.indices.itemsize) * self.n_stored // max(self.shape[0], 1)
        else:
            self.n_stored = self.shape[0] * X.shape[1]
            self.row_bytes = X.shape[1] * max(X.itemsize, self.dtype.itemsize)  # in the file or brought, where it is more
        by_row = isinstance(X, Chunked) or (not self.sparse and X.flags.c_contiguous)
        self.places = 1 if by_row else 2 if self.sparse else X.shape[1]  # in the files where parts of a row are
        self.held = 0

    def about_to_read(self, count: int, span: int) -> None:
        """Give back what has been read, if it gets too much with some more rows out of a span; the system may still cache it."""
        coming = min(span * self.row_bytes, count * (self.row_bytes + AROUND * self.places)) + AROUND * self.places
        self.held += coming
        if self.held > HELD:
            for mapping in self.mappings.values():
                mapping.madvise(mmap.MADV_DONTNEED)
            self.held = coming

    def __getitem__(self, rows: Any) -> Any:
        if isinstance(rows, slice):
            start, stop, _ = rows.indices(self.shape[0])
            if self.kept is None:
                self.about_to_read(stop - start, stop - start)
                return self.readable(self.X[start:stop])
            rows = np.arange(start, stop)
        numbers = rows if self.kept is None else self.kept[rows]
        order = np.argsort(numbers, kind="stable")
        parts = ((order[part], self.pick(numbers[order[part]])) for part in spans(len(order), PICKED))
        if self.sparse:
            return self.readable(vstack([self.X[:0], *(X for _, X in parts)], format="csr")[np.argsort(order)])
        brought = np.empty((len(order), self.shape[1]), self.dtype)
        for here, X in parts:
            brought[here] = X
        return brought

    def of(self, numbers: Array) -> StoredRows:
        """Some of the rows."""
        return StoredRows(self.X, self.dtype, numbers if self.kept is None else self.kept[numbers])

    def pick(self, numbers: Array) -> Any:
        """Some rows by their numbers in the file, which ascend."""
        self.about_to_read(len(numbers), int(numbers[-1] - numbers[0]) + 1)
        return self.X[numbers]

    def readable(self, X: Any) -> Any:
        """The rows as kernels read them; not copied if they are so already."""
        return X.astype(self.dtype, copy=False) if self.sparse else np.require(X, self.dtype, ["C", "A"])

    def blocks(self) -> Iterator[Any]:
        """Copies of all rows, some at a time."""
        for rows in self.parts():
            yield self[rows].copy()

    def indices(self) -> Iterator[Array]:
        """The columns of all values of a CSR matrix, those of some rows at a time."""
        for rows in self.parts():
            self.about_to_read(rows.stop - rows.start, rows.stop - rows.start)
            yield self.X.indices[self.X.indptr[rows.start] : self.X.indptr[rows.stop]]

    def parts(self) -> list[slice]:
        """Ranges of rows that may be held."""
        return spans(self.shape[0], max(1, HELD // 4 // max(self.row_bytes, 1)))

    def astype(self, dtype: Any, copy: bool = False) -> StoredRows:
        """The same rows, to be brought as other numbers; nothing is copied in any case."""
        return StoredRows(self.X, dtype, self.kept)


def stored(X: Any) -> Any:
    """X, or if it is in large files its rows as those of such."""
    return StoredRows(X) if isinstance(X, Chunked) or in_large_file(X) else X


class StoredSource(BroughtSource):
    """Rows in a large file: a pass brings one block after the other, and is that of the rows in memory there."""

    in_file = True

    def __init__(self, X: StoredRows, y: Array, weights: Array | None) -> None:
        super().__init__(X, y, weights)
        self.run, self.mixed = (X.X.run, 1) if isinstance(X.X, Chunked) else (max(1, RUN // max(X.row_bytes, 1)), MIXED)
        self.chunk = max(self.chunk, CHUNK // self.n_features)

    @property
    def n_stored(self) -> int:
        return int(self.X.n_stored)


class StoredDense(StoredSource, DenseSource):
    """Rows of an array of any order and kind of numbers."""

    near = DenseSource


class StoredCSR(StoredSource, CSRSource):
    """Rows of a CSR matrix."""

    near = CSRSource
