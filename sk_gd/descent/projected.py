"""Descent that keeps to bounds: every point is the nearest one within them."""

from __future__ import annotations

import numpy as np

from sk_gd.descent.function import Function
from sk_gd.descent.line_search import LineSearchStep
from sk_gd.descent.problem import Array
from sk_gd.descent.scheduled import ScheduledStep
from sk_gd.descent.state import DescentState


class ProjectedStep(ScheduledStep[Function]):
    """``theta <- project(theta - rate(t) * direction)``: projected gradient descent (Goldstein 1964; Levitin and Polyak 1966)."""

    def prox(self, objective: Function, theta: Array, rates: float | Array) -> Array:
        return objective.project(theta)


class ProjectedLineSearchStep(LineSearchStep[Function]):
    """A line search towards a point within the bounds, so that every point on the way is.

    The point is the projection of a step in the metric by the variables that no bound holds (Bertsekas 1982); where that does not
    lead down enough, that of a plain gradient step of the same scale, which always does (Birgin, Martinez and Raydan 2000).
    """

    def aim(self, objective: Function, state: DescentState) -> None:
        theta, held = state.theta, objective.held(state.theta, state.gradient)
        free = np.where(held, 0.0, state.gradient)
        learnt = objective.project(theta - np.where(held, 0.0, state.metric.solve(free))) - theta
        plain = objective.project(theta - state.gradient * state.metric.scale / state.metric.unit) - theta
        down, least = (float(np.vdot(state.gradient, step)) for step in (learnt, plain))
        state.direction, slope = (learnt, down) if down <= 0.01 * least else (plain, least)
        state.gap = -state.doubt * slope / 2

    def search(self, objective: Function, state: DescentState) -> None:
        before = state.theta
        super().search(objective, state)
        if state.theta is not before:
            state.theta = objective.project(state.theta)  # else by rounding just beyond a bound
