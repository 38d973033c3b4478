"""Some rows in place of all."""

from __future__ import annotations

import numpy as np

from sk_gd._array import Array, at_least, double, double_sum, namespace
from sk_gd._pieces import joined, pieces, rows_of, sum_in_pieces


def representatives(weights: Array, count: int) -> tuple[Array, Array]:
    """About ``count`` rows in place of all, and their weights: heavy rows as they are, light ones in turn, each for its like."""
    xp, least = namespace(weights), float(sum_in_pieces(double_sum, weights)) / count

    def chance(weights: Array) -> Array:
        return double(xp.where(weights < least, weights / least, 1.0))

    for _ in range(5):  # of the weight from which on a row is taken for sure
        least *= float(sum_in_pieces(lambda some: xp.sum(chance(some)), weights)) / count
    found, before = [], 0.0
    for piece in pieces(weights):
        sums = before + xp.cumulative_sum(chance(weights[piece]), include_initial=True)
        turns, before = xp.floor(sums), float(sums[-1])
        found.append(xp.nonzero(turns[1:] > turns[:-1])[0] + piece.start)
    rows = joined(found)
    return rows, at_least(rows_of(weights, rows), least)


def sampled(count: int, share: int, seed: int = 0) -> Array:
    """Numbers of so many rows, one out of every ``share`` in succession."""
    return share * np.arange(count) + np.random.default_rng(seed).integers(share, size=count)
