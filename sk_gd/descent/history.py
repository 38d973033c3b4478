"""What a descent looked like on its way: a row of numbers per epoch and, if asked for, the places it passed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

COLUMNS = ("epoch", "updates", "passes", "objective", "gradient_norm", "rate", "seconds", "validation_score")
PATH_SIZE = 2**22  # numbers that a path may hold: 32 MiB


class History:
    """A table that grows by a row an epoch; row 0 is the start.

    Parameters
    ----------
    keep_path : bool, default=False
        Whether to keep theta, too. When the path has grown to its bound, every second place is dropped and from then on only
        every second one is added, so that it always covers the whole way at an even pace.
    path_size : int, default=2**22
        Numbers that the path may hold.
    """

    def __init__(self, keep_path: bool = False, path_size: int = PATH_SIZE) -> None:
        self.keep_path, self.path_size, self.every = keep_path, path_size, 1
        self.path: list[tuple[int, Array]] = []
        self.table = np.empty((len(COLUMNS), 32))
        self.n_rows = 0

    def __len__(self) -> int:
        return self.n_rows

    def __getitem__(self, column: str) -> Array:
        values: Array = self.table[COLUMNS.index(column), : self.n_rows]
        return values

    def append(self, theta: Array, **row: float) -> None:
        """Write down an epoch."""
        if self.n_rows == self.table.shape[1]:
            self.table = np.hstack([self.table, np.empty_like(self.table)])
        self.table[:, self.n_rows] = [row[column] for column in COLUMNS]
        self.n_rows += 1
        epoch = int(row["epoch"])
        if self.keep_path and epoch % self.every == 0:
            self.path.append((epoch, theta.copy()))
            while len(self.path) > max(self.path_size // theta.size, 2):
                self.every *= 2
                self.path = [place for place in self.path if place[0] % self.every == 0]

    def columns(self) -> dict[str, Array]:
        """A copy of the whole table, column by column."""
        return {column: self[column].copy() for column in COLUMNS}

    def places(self, epoch: int, theta: Array) -> tuple[Array, Array]:
        """Epochs and thetas of the path, with the end, ``theta`` after ``epoch``, in any case."""
        path = self.path if self.path and self.path[-1][0] == epoch else [*self.path, (epoch, theta)]
        return np.array([epoch for epoch, _ in path]), np.stack([theta for _, theta in path])
