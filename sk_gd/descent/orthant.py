"""Newton's steps over a penalty with a kink, where the Hessian is too large to hold: within an orthant there is no kink."""

from __future__ import annotations

import numpy as np

from sk_gd.descent.line_search import LineSearchStep
from sk_gd.descent.model import steepest_slope
from sk_gd.descent.problem import Array, P
from sk_gd.descent.state import DescentState
from sk_gd.preconditioners import Implicit


class OrthantStep(LineSearchStep[P]):
    """A line search that keeps every coefficient on the side of zero that the descent leads it to; where it would cross it stops.

    The direction is Newton's by the coefficients that are not held at zero by the kink, with as many conjugate gradients as its
    metric wants. Where it leads nowhere, the steepest one does (Andrew and Gao 2007; Byrd, Chin, Nocedal and Oztoprak 2016).
    Once the Hessian is held after all, its steps are those of :class:`LineSearchStep`.
    """

    def move(self, objective: P, state: DescentState, rate: float) -> Array:
        if not isinstance(state.metric, Implicit):
            return super().move(objective, state, rate)
        side = np.where(state.theta == 0, -steepest_slope(objective, state), state.theta)
        theta: Array = state.theta + rate * state.direction
        coef = objective.coef(theta)
        coef[coef * objective.coef(side) < 0] = 0.0
        return objective.symmetric(theta)

    def search(self, objective: P, state: DescentState) -> None:
        before = state.theta
        super().search(objective, state)
        if state.theta is before and isinstance(state.metric, Implicit):
            slope = steepest_slope(objective, state)
            bend = float(np.vdot(slope, state.metric.product(slope)))
            state.direction, state.stuck = -slope * (float(np.vdot(slope, slope)) / bend if bend > 0 else 1.0), False
            super().search(objective, state)
