"""A sample of the rows that knows how the loss bends over all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sk_gd._array import Array, beside, namespace, numbers_where, on_host, rows_of
from sk_gd.descent.subsets import sampled
from sk_gd.sources import Block

if TYPE_CHECKING:
    from sk_gd.descent.objective import Objective

SEVERAL = 8  # rows that the second moment of a column has to be made of, for a sample to know it


def typical_rows(objective: Objective, theta: Array, share: int) -> Objective:
    """The objective of one row out of every ``share``, and of all rows that are not as usual where a column is seldom so.

    A column of a rare category is not zero in few of the sample's rows, or in none: the rows where it is are taken for sure, and
    the others stand for the rest. Where they would be too many, all rows are taken.
    """
    sample = objective.sample(share)
    columns = np.flatnonzero(rows_behind(sample, theta) < SEVERAL)
    if not columns.size:
        return sample
    block = sample.source.take(slice(None))
    usual = np.array([np.median(on_host(of_columns(block, columns[[i]]))) for i in range(len(columns))])

    def are_odd(block: Block) -> Array:
        values = of_columns(block, columns)
        odd: Array = namespace(values).any(values != beside(usual, values), axis=1)
        return odd

    objective.n_passes += 1 + sample.n_passes / share
    is_odd = on_host(objective.source.per_row(are_odd))
    odd, rest = numbers_where(is_odd), sampled(objective.n_samples // share, share)
    room = len(rest) - odd.size  # no more rows in all than a sample has: they need memory beside X
    rest = rest[~is_odd[rest]]
    if not odd.size:
        return sample
    if room < len(rest) / 2:
        return objective
    rest = rest[np.arange(room) * len(rest) // room] if room < len(rest) else rest
    del sample, block  # before these take their place
    rows = np.concatenate([odd, rest])
    weights = np.ones(len(rows)) if objective.source.weights is None else on_host(rows_of(objective.source.weights, rows))
    weights[len(odd) :] *= (objective.n_samples - weights[: len(odd)].sum()) / weights[len(odd) :].sum()
    return objective.rows(rows, weights)


def of_columns(block: Block, columns: Array) -> Array:
    """Some columns of the rows, dense."""
    X, xp = block.dense(), namespace(block.y)
    values: Array = xp.take(X, beside(columns, X, xp.int64), axis=1)
    return values


def rows_behind(objective: Objective, theta: Array) -> Array:
    """How many rows make up the second moment of every column: one, if it is that of a single row (Kish's effective size)."""
    curvature = objective.curvature(theta, full=False)
    varies = curvature.moments > curvature.nothing.mean(axis=0)
    unit = np.sqrt(np.where(varies, curvature.moments, 1.0))

    def of_block(block: Block) -> tuple[Array]:
        X, xp = block.dense(), namespace(block.y)
        h = block.weigh(xp.mean(objective.loss.curvature_at(block.y, block.raw(theta)), axis=1))
        moved = ((X - beside(curvature.center, X)) / beside(unit, X)) ** 2 * h[:, None]
        return (xp.sum(moved * moved, axis=0),)

    objective.n_passes += 1
    (fourth,) = objective.source.sum_over_blocks(of_block)
    return np.where(varies, objective.n_samples**2 / np.maximum(fourth, 1.0), 0.0)
