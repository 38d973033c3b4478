"""On which rows the gradient is estimated: the one thing in which the three variants differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sk_gd._pieces import count_from
from sk_gd.kernels import shuffle

Array = NDArray[Any]

MOST_SHUFFLED = 2**32 - 1  # rows that the kernel puts in order: it draws 32 bits at a time


@dataclass(frozen=True)
class Batching:
    """All rows at once, a few, or one by one.

    Parameters
    ----------
    size : int
        Rows per gradient estimate: n_samples is batch descent, 1 stochastic, anything between mini-batch.
    shuffle : bool
        Whether every epoch visits the rows in a fresh random order.
    """

    size: int
    shuffle: bool = True

    def order(self, n_samples: int, rng: np.random.Generator, run: int = 1, mixed: int = 1) -> Array:
        """The order in which one epoch visits the rows.

        Rows of a large file are not picked one by one: runs of so many in succession come in random order, and the rows of every
        so many runs are shuffled among each other (CorgiPile; Xu et al., 2022).
        """
        if not self.shuffle:
            return numbered(n_samples)
        if run == 1:
            return shuffled(n_samples, rng)
        starts = run * rng.permutation(-(-n_samples // run))
        runs = [np.arange(start, min(start + run, n_samples)) for start in starts]
        return np.concatenate([rng.permutation(np.concatenate(runs[i : i + mixed])) for i in range(0, len(runs), mixed)])

    def epoch(self, n_samples: int, rng: np.random.Generator) -> Iterator[Any]:
        """The batches of one epoch; None is every row, in place."""
        if self.size >= n_samples:
            yield None
        else:
            order = self.order(n_samples, rng)
            for start in range(0, n_samples, self.size):
                yield order[start : start + self.size]

    def share(self, rows: Any, n_samples: int) -> float:
        """The share of all rows that a batch has."""
        return 1.0 if rows is None else len(rows) / n_samples

    def n_updates(self, n_samples: int) -> int:
        """Updates in one epoch."""
        return -(-n_samples // self.size)


def numbered(count: int) -> Array:
    """The numbers of so many rows, short ones if they can be."""
    return count_from(0, count, np.int32 if count <= np.iinfo(np.int32).max else np.intp)


def shuffled(count: int, rng: np.random.Generator) -> Array:
    """A random order of so many rows; an interrupt in it leaves ``rng`` as it was."""
    if count > MOST_SHUFFLED:
        return rng.permutation(count)
    before, order = rng.bit_generator.state, numbered(count)
    try:
        shuffle(rng.bit_generator, order)
    except BaseException:
        rng.bit_generator.state = before
        raise
    return order
