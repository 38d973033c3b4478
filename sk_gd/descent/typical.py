"""A sample of the rows that knows how the loss bends over all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sk_gd._array import Array, beside, namespace, there
from sk_gd._pieces import joined, numbers_where, ones_for, rows_of
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
    sample = objective.sample(share, copied=False)
    columns = np.flatnonzero(rows_behind(sample, theta) < SEVERAL)
    if not columns.size:
        return sample

    known = sample.source.per_row(lambda block: of_columns(block, columns))
    usual = namespace(known).stack([middle(known[:, i]) for i in range(len(columns))])
    del known  # before other rows take its place

    def are_odd(block: Block) -> Array:
        values = of_columns(block, columns)
        odd: Array = namespace(values).any(values != usual, axis=1)
        return odd

    objective.n_passes += 1 + sample.n_passes / share
    is_odd = objective.source.per_row(are_odd)
    odd, rest = numbers_where(is_odd), there(sampled(objective.n_samples // share, share), is_odd)
    n_odd = odd.shape[0]
    room = rest.shape[0] - n_odd  # no more rows in all than a sample has
    rest = rest[~rows_of(is_odd, rest)]
    if not n_odd:
        return sample
    if room < rest.shape[0] / 2:
        return objective
    rest = rows_of(rest, np.arange(room) * rest.shape[0] // room) if room < rest.shape[0] else rest
    rows = joined([odd, rest])
    weights = ones_for(rows) if objective.source.weights is None else rows_of(objective.source.weights, rows)
    xp = namespace(weights)
    weights[n_odd:, ...] *= (objective.n_samples - xp.sum(weights[:n_odd])) / xp.sum(weights[n_odd:])
    return objective.rows(rows, weights, copied=False)


def of_columns(block: Block, columns: Array) -> Array:
    """Some columns of the rows, dense."""
    X, xp = block.dense(), namespace(block.y)
    values: Array = xp.take(X, beside(columns, X, xp.int64), axis=1)
    return values


def middle(column: Array) -> Any:
    """The value that half of the others are not above."""
    return namespace(column).sort(column)[(column.shape[0] - 1) // 2]


def rows_behind(objective: Objective, theta: Array) -> Array:
    """How many rows make up the second moment of every column: one, if it is that of a single row (Kish's effective size)."""
    curvature = objective.curvature(theta, full=False)
    varies = curvature.moments > curvature.nothing.mean(axis=0)
    unit = np.sqrt(np.where(varies, curvature.moments, 1.0))

    def of_block(block: Block) -> tuple[Array]:
        X, xp = block.dense(), namespace(block.y)
        h = block.weigh(xp.mean(objective.loss.curvature_at(block.y, block.raw(theta)), axis=1))
        moved = X - beside(curvature.center, X)
        moved /= beside(unit, X)
        for factor in (moved, h[:, None], moved):  # in place: a tile is not small beside the sample
            moved *= factor
        return (xp.sum(moved, axis=0),)

    objective.n_passes += 1
    (fourth,) = objective.source.sum_over_blocks(of_block)
    return np.where(varies, objective.n_samples**2 / np.maximum(fourth, 1.0), 0.0)
