"""The quadratic model of a descent, whose second derivative is the metric: where its minimum is, and how far down."""

from __future__ import annotations

import numpy as np

from sk_gd.descent.problem import Array, Problem
from sk_gd.descent.proximal import proximal_direction
from sk_gd.descent.state import DescentState
from sk_gd.preconditioners import Implicit, apart_from_shift


def to_minimum(objective: Problem, state: DescentState) -> tuple[Array, float]:
    """The step to the minimum of the model plus penalty, and how far below the state's theta that lies.

    Without a kink they are ``-P^-1 gradient`` and ``gradient' P^-1 gradient / 2``. Where P is not held, the kinks are left to the
    line search: the step is for the orthant that the descent leads into.
    """
    slope = steepest_slope(objective, state)
    if not objective.penalty.kinked:
        direction: Array = -state.metric.solve(apart_from_shift(slope) if objective.couples else slope)
        if objective.couples:  # only the ridge sees the shift that all outputs share: without it that is least
            direction -= direction.mean(axis=0) + state.theta.mean(axis=0)
    elif isinstance(state.metric, Implicit):
        free = (slope != 0) | (state.theta != 0)
        direction = -state.metric.solve(slope, free=free)
        if free.sum(axis=1).max() > objective.n_samples and not np.all(objective.l2):
            return direction, np.inf  # where they outnumber the rows the model is flat one way, and a kink's slope goes on for ever
    else:
        return proximal_direction(objective, state)
    return direction, -float(np.vdot(slope, direction)) / 2


def steepest_slope(objective: Problem, state: DescentState) -> Array:
    """Gradient on the side of the kinks towards which the objective falls; zero where it rises on both sides."""
    penalty, slope = objective.penalty, state.gradient
    if penalty.kinked:
        slope = slope.copy()
        part, coef = objective.coef(slope), objective.coef(state.theta)
        at_zero = np.minimum(part + penalty.l1, 0) if penalty.positive else penalty.prox(part, 1.0)
        part[:] = np.where(coef == 0, at_zero, part + penalty.l1 * np.sign(coef))
    return slope
