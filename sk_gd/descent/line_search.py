"""Batch descent without a learning rate: steepest descent in a metric, with a line search that keeps the objective falling."""

from __future__ import annotations

from typing import Generic

import numpy as np

from sk_gd.descent.batching import Batching
from sk_gd.descent.certificates import doubt_gap
from sk_gd.descent.metrics import doubt_of, estimated, foretells, free, rebuild_pays, refresh_metric, scale_of, stale
from sk_gd.descent.model import to_minimum
from sk_gd.descent.objective import Objective
from sk_gd.descent.parts import before_metric
from sk_gd.descent.problem import Array, P
from sk_gd.descent.ray import Ray
from sk_gd.descent.state import DescentState
from sk_gd.preconditioners import Hessian, Implicit, Metric, Secant

SUFFICIENT = 1e-4  # share of the decrease promised by the slope that a step must bring (Armijo, 1966)
CLOSELY = 0.05  # off by so much is a second derivative that hardly changes on the way: where classes come apart, 0.09 and more
SHARPLY = 100  # a smooth gap that one step cuts to such a part is at the end of Newton's method; where classes come apart, a tenth
STALLS = 5  # steps within rounding whose estimated gap does not halve


class LineSearchStep(Generic[P]):
    """``theta + t * direction`` with the first t of 1, and shorter ones, that lets the objective fall enough.

    A smooth objective is descended along ``-P^-1 gradient``, where the metric P keeps learning from the steps; one with an L1
    penalty, or over coefficients that may not be negative, along the minimiser of the quadratic model plus penalty (a proximal
    Newton step, Lee, Sun and Saunders 2014).
    """

    def __init__(self, n_samples: int, metric: Metric, smooth: bool) -> None:
        self.batching = Batching(n_samples)
        self.metric = Secant(metric) if smooth and not isinstance(metric, Implicit) else metric

    def initialise(self, objective: P, state: DescentState) -> None:
        if state.direction is not None:  # continued where it was
            if isinstance(state.metric, Implicit):
                state.metric.attach(objective, state.theta)
            return
        if state.gradient is None:
            held = isinstance(self.metric.base if isinstance(self.metric, Secant) else self.metric, Hessian)
            state.value, state.gradient = before_metric(objective, state.theta, full=held)
        state.metric, state.rate = self.metric, 1.0
        refresh_metric(objective, state)
        self.aim(objective, state)

    def epoch(self, objective: P, state: DescentState) -> None:
        theta, value, gradient, gap = state.theta, state.value, state.gradient, state.gap
        self.search(objective, state)
        state.n_updates += 1
        state.metric_age += 1
        if state.theta is theta:
            return
        step, change = state.theta - theta, state.gradient - gradient
        if isinstance(state.metric, Secant):
            state.metric.learn(step, change)
        elif free(objective, state):
            refresh_metric(objective, state)
        elif not isinstance(state.metric, Implicit) and (agreement := float(np.vdot(step, change))) > 0:
            state.scale = agreement / float(np.vdot(step, state.metric.product(step)))
        self.aim(objective, state)
        if isinstance(state.metric, Implicit) or estimated(state):
            self.compare(value - state.value, gap, state)
        foretold = foretells(state, gap)
        state.foretold &= foretold
        # not a step from where all rows are alike, on which classes come apart whatever it shows; nor by conjugate gradients
        begun, sharply = bool(np.any(theta[:, : objective.n_features])), not objective.penalty.kinked and state.gap <= gap / SHARPLY
        state.closely = foretold and begun and (sharply or 0 < abs(scale_of(state) - 1) < CLOSELY)
        if state.gap > gap / 3 and rebuild_pays(objective, state):
            refresh_metric(objective, state)
            self.aim(objective, state)

    def certify(self, objective: P, state: DescentState) -> None:
        if stale(objective, state) and state.metric.full:
            refresh_metric(objective, state)
            self.aim(objective, state)
        if isinstance(state.metric, Implicit) and state.metric.take_care():
            self.aim(objective, state)
        doubt_gap(objective, state)

    def shorten(self, state: DescentState) -> None:
        """The search has found the right length already."""

    def aim(self, objective: P, state: DescentState) -> None:
        """Choose the direction, and estimate with the same model how far down the minimum is."""
        state.direction, gap = to_minimum(objective, state)
        state.gap = state.doubt * gap

    def compare(self, fall: float, gap: float, state: DescentState) -> None:
        """See how much further the objective fell than the estimate of the gap: a solve that ended early has seen a share of it."""
        foretold = (gap - state.gap) / state.doubt
        if foretold > 0:
            before, state.doubt = state.doubt, float(np.clip(fall / foretold, doubt_of(state), 10))
            state.gap *= state.doubt / before

    def move(self, objective: P, state: DescentState, rate: float) -> Array:
        """Where a step of this length arrives."""
        theta: Array = state.theta + rate * state.direction
        # beside an L1 penalty a softmax that keeps its shift is flat along what the penalty falls along
        return objective.symmetric(theta) if objective.penalty.kinked else theta

    def search(self, objective: P, state: DescentState) -> None:
        """Backtrack from a full step; a state left as it was is stuck."""
        value, floor, rate, ray = state.value, objective.rounding(state.value), 1.0, None
        if isinstance(objective, Objective) and isinstance(state.metric, Implicit) and Ray.suits(objective):
            ray = Ray(objective, state.theta, state.direction)
            rate = ray.length(float(np.vdot(state.gradient, state.direction)))
        while rate > 1e-12:
            theta = self.move(objective, state, rate)
            step = theta - state.theta
            slope = float(np.vdot(state.gradient, step)) + objective.penalty_change(state.theta, step)
            if not slope < 0:
                break
            new_value, new_gradient = objective.value_and_gradient(theta)
            fall = new_value - value
            # where rounding hides the fall, believe the gradient (Hager and Zhang, 2005)
            level = abs(fall) <= floor and abs(float(np.vdot(new_gradient, step))) <= 0.8 * abs(slope)
            if fall <= SUFFICIENT * slope or (level and not objective.penalty.kinked):
                state.theta, state.value, state.gradient, state.rate = theta, new_value, new_gradient, rate
                state.stalls = state.stalls + 1 if abs(fall) <= floor else 0
                state.stuck = state.stalls >= STALLS
                if ray is not None:
                    ray.objective.raw = theta, ray.raw(rate)
                return
            bend = fall - slope
            rate *= float(np.clip(-slope / (2 * bend), 0.1, 0.5)) if np.isfinite(bend) else 0.1
        state.stuck = True
