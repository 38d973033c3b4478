"""How much an objective bends at most, L: what says how long a step may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sk_gd._array import Array, namespace
from sk_gd.losses import Loss
from sk_gd.preconditioners import Coordinates, Metric
from sk_gd.sources import Block

if TYPE_CHECKING:
    from sk_gd.descent.objective import Objective

MAX_PASSES = 50


def largest_eigenvalue(objective: Objective, metric: Metric) -> float:
    """L in a metric by power iteration, on the gradient of a squared error with the loss's greatest curvature."""
    multiply = objective.greatest_product()

    def bend(v: Array) -> Array:
        objective.n_passes += 1
        bent = multiply(v)
        objective.coef(bent)[:] += objective.penalty.gradient(objective.coef(v))
        return bent

    # start with a component along every feature: the gradient of a constant prediction, and a little of each
    v = metric.solve(bend(np.full(objective.shape, 1e-3)) + 1e-3)
    largest = 0.0
    for _ in range(MAX_PASSES):
        v = v / max(np.sqrt(abs(float(np.vdot(v, metric.product(v))))), 1e-300)
        bent = bend(v)
        previous, largest = largest, float(np.vdot(v, bent))
        if largest <= previous * 1.01:
            break
        v = metric.solve(bent)
    return largest


def largest_of_rows(objective: Objective, coordinates: Coordinates, theta: Array | None) -> float:
    """The largest L of the loss of a single row, in these coordinates: anywhere, or at theta."""
    source, loss = objective.source, objective.loss
    objective.n_passes += 1
    squared_norms, width = source.squared_norms(coordinates)

    def of_block(block: Block) -> float:
        bound = loss.curvature if theta is None else curvature_of_rows(block, loss, theta)
        weighed = block.weigh((squared_norms(block) + int(objective.fit_intercept)) * bound)
        return float(namespace(weighed).max(weighed))

    return source.max_over_blocks(of_block, max(width, objective.shape[0])) + float(coordinates.l2.max(initial=0.0))


def curvature_of_rows(block: Block, loss: Loss, theta: Array) -> Array:
    """Bound of the second derivative of every row's loss in its raw predictions (Gershgorin)."""
    xp = namespace(block.y)
    largest: Array = xp.max(loss.curvature_at(block.y, block.raw(theta)), axis=1)
    bounded = loss.quadratic or theta.shape[0] == 1
    return largest if bounded else xp.where(2 * largest < loss.curvature, 2 * largest, loss.curvature)
