"""Some rows in place of all."""

from __future__ import annotations

import numpy as np

from sk_gd._array import Array, at_least, double, double_sum, namespace, rows_of


def representatives(weights: Array, count: int) -> tuple[Array, Array]:
    """About ``count`` rows in place of all, and their weights: heavy rows as they are, light ones in turn, each for its like."""
    xp, least = namespace(weights), float(double_sum(weights)) / count

    def chance() -> Array:
        return double(xp.where(weights < least, weights / least, 1.0))

    for _ in range(5):  # of the weight from which on a row is taken for sure
        least *= float(xp.sum(chance())) / count
    turns = xp.floor(xp.cumulative_sum(chance(), include_initial=True))
    (rows,) = xp.nonzero(turns[1:] > turns[:-1])
    return rows, at_least(rows_of(weights, rows), least)


def sampled(count: int, share: int, seed: int = 0) -> Array:
    """Numbers of so many rows, one out of every ``share`` in succession."""
    return share * np.arange(count) + np.random.default_rng(seed).integers(share, size=count)
