"""Descent on a loss whose slope jumps: round its corners, descend, round them less; the dual tells what is left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sk_gd._array import Array, is_foreign, on_host
from sk_gd.descent import certificates
from sk_gd.descent.dual import lower_bound
from sk_gd.descent.kernel import Kernel
from sk_gd.descent.line_search import LineSearchStep
from sk_gd.descent.loop import Step, descend
from sk_gd.descent.metrics import refresh_metric
from sk_gd.descent.objective import Objective
from sk_gd.descent.rounded import Corners, RoundedPenalty
from sk_gd.descent.state import DescentState
from sk_gd.descent.stopping import StoppingRule
from sk_gd.preconditioners import Diagonal, Hessian, Implicit, Joint, Metric

SHRINK = 0.1  # from one radius to the next: a Newton step then finds most rows on the side of their corners where they were
CENTRED = 0.5  # of what the rounding costs, how much of the rounded objective may be left before the next radius
FOLLOWS = 0.6  # share of Newton's step that the dual has to take along, before the next radius
WITHIN = 0.99  # of the way to the first bound that it meets, how far the dual goes
STALLS = 20  # steps that neither raise the bound nor come near the minimum for their radius
LEAST = 1e-12  # share of the first radius below which rounded corners are corners to the arithmetic
OPENED = 0.05  # share of the rounded objective's decrease that sweeps may leave
SOLVED = 1e-3  # share of the mean gain below which a product of conjugate gradients is the last: slopes have to balance
MAX_STEPS = 100  # of a descent that only serves to know a gap
EXACT = 1e-4  # relative gap at which a minimum is known well enough to tell how far above it another point is


@dataclass
class Rounding:
    """Where the descent on the rounded objective is, and the dual beside it.

    Attributes
    ----------
    inner : DescentState
        Of the rounded objective.
    radius : float
        Of the corners.
    slopes : ndarray of shape (n_samples, n_outputs), or tuple
        What every row pulls with: one half of the point of the dual. Of rows that are elsewhere, the steps that led there.
    multipliers : ndarray of shape (n_outputs, n_features)
        The other half: what every coefficient's corner pulls with.
    bound : float
        The largest lower bound of F found so far; no loss is below zero.
    opening : bool
        Whether sweeps over some rows at a time still go first.
    """

    inner: DescentState
    radius: float
    slopes: Any
    multipliers: Array
    bound: float = 0.0
    opening: bool = False

    def at_home(self) -> Rounding:
        """The same with NumPy's arrays."""
        slopes = on_host(self.slopes) if is_foreign(self.slopes) else self.slopes
        return replace(self, inner=self.inner.at_home(), slopes=slopes)


class RoundingStep(LineSearchStep[Objective]):
    """Newton's steps on F with its corners rounded, less and less, in coefficients and slopes at once.

    Rounded, F is smooth, and the line search is that of any other. Newton's equations are those of coefficients and slopes
    together: the slopes that a step leads to balance exactly, so that they are a point of the dual of F once they are kept within
    their bounds. Its value there is a lower bound of the minimum: the gap is proved, not estimated. The corners that a penalty
    has at zero are rounded, too, and coefficients that end within theirs are zero.

    References
    ----------
    Chan, Golub and Mulet, "A nonlinear primal-dual method for total variation-based image restoration", SIAM J. Sci. Comput., 1999;
    Portnoy and Koenker, "The Gaussian hare and the Laplacian tortoise", Statist. Sci., 1997 (interior points for quantiles).
    """

    def __init__(self, objective: Objective) -> None:
        super().__init__(objective.n_samples, rounding_metric(objective), smooth=False)

    def initialise(self, objective: Objective, state: DescentState) -> None:
        self.corners = Corners(objective)
        if state.rounding is None:
            state.value, state.gradient = self.corners.objective.value_and_gradient(state.theta)
            state.gap, state.rate = state.value, 1.0
            penalty, inner = self.corners.penalty, DescentState(state.theta, state.rng, metric=self.metric)
            multipliers = np.zeros_like(objective.coef(state.theta)) + (penalty.high - penalty.low) / 2
            state.rounding = Rounding(inner, self.corners.loss.soft, self.corners.rows.known_by, multipliers)
        else:
            self.corners.rows.resume(state.rounding.slopes)

    def epoch(self, objective: Objective, state: DescentState) -> None:
        now, before = state.rounding, (state.rounding.bound, state.rounding.radius)
        self.newton(now)
        state.n_updates += 1
        self.publish(objective, state)
        state.stalls = state.stalls + 1 if (now.bound, now.radius) == before else 0
        state.stuck = state.stalls >= STALLS or now.radius <= LEAST * self.corners.loss.soft

    def newton(self, now: Rounding) -> None:
        """A step on the objective as it is rounded now; where little of that is left, the next one finds it rounded less."""
        inner, corners = now.inner, self.corners
        penalty = corners.rounded_penalty(now.radius, inner.theta, now.multipliers)
        model = corners.rows.rounded(now.radius, penalty)
        inner.value, inner.gradient = model.value_and_gradient(inner.theta)
        refresh_metric(model, inner)
        inner.direction = -inner.metric.solve(inner.gradient)
        inner.direction -= inner.metric.solve(inner.gradient + inner.metric.product(inner.direction))  # what arithmetic left over
        theta, left = inner.theta, -float(np.vdot(inner.gradient, inner.direction)) / 2
        share = self.ascend(penalty, now)
        self.search(model, inner)
        rate = 0.0 if inner.theta is theta else inner.rate
        if rate == 0 or (share > FOLLOWS and left <= CENTRED * (corners.rows.lost(rate) + penalty.lost(model.coef(inner.theta)))):
            now.radius = max(SHRINK * now.radius, LEAST * corners.loss.soft)
        corners.objective.n_passes += model.n_passes

    def ascend(self, penalty: RoundedPenalty, now: Rounding) -> float:
        """Take the dual along, as far as its bounds allow, and see what it proves there."""
        rows, objective, theta, step = self.corners.rows, self.corners.objective, now.inner.theta, now.inner.direction
        room = min(rows.aim(theta, step), penalty.aim(objective.coef(step)))
        share = 1.0 if room >= 1 else WITHIN * room
        now.multipliers = penalty.follow(share)
        now.bound = max(now.bound, lower_bound(objective, *rows.follow(share), theta, self.corners.reach(theta)))
        now.slopes = rows.known_by
        return share

    def publish(self, objective: Objective, state: DescentState) -> None:
        """Take over where the rounded descent is, if F is lower there, which it need not be."""
        theta = self.corners.snapped(state.rounding.inner.theta, state.rounding.radius)
        value, gradient = self.corners.objective.value_and_gradient(theta)
        if value <= state.value:
            state.theta, state.value, state.gradient = theta, value, gradient
        state.gap = max(state.value - state.rounding.bound, 0.0)
        objective.n_passes = self.corners.objective.n_passes

    def certify(self, objective: Objective, state: DescentState) -> None:
        """The gap is proved already."""


class OpenedStep(RoundingStep):
    """:class:`RoundingStep` after sweeps over some rows at a time, on F with its corners rounded by a typical error."""

    def __init__(self, objective: Objective, sweeps: Step[Objective]) -> None:
        super().__init__(objective)
        self.sweeps = sweeps

    def initialise(self, objective: Objective, state: DescentState) -> None:
        begins = state.rounding is None
        super().initialise(objective, state)
        now, loss = state.rounding, self.corners.loss
        if begins:
            now.opening, now.inner.metric = True, None
        if now.opening:
            self.rounded = objective.costing(loss.rounded(loss.soft))
            self.sweeps.initialise(self.rounded, now.inner)
        if begins:
            now.inner.ceiling = now.inner.value

    def epoch(self, objective: Objective, state: DescentState) -> None:
        now, inner = state.rounding, state.rounding.inner
        if not now.opening:
            super().epoch(objective, state)
            return
        passes = self.rounded.n_passes
        self.sweeps.epoch(self.rounded, inner)
        self.corners.objective.n_passes += self.rounded.n_passes - passes
        state.n_updates, state.n_recoveries = inner.n_updates, inner.n_recoveries
        state.rate, state.rate_scale = inner.rate, inner.rate_scale
        self.publish(objective, state)
        if inner.stuck or inner.gap <= OPENED * (inner.ceiling - inner.value + inner.gap):
            inner.hand_over()
            now.opening, inner.metric = False, self.metric


def rounding_metric(objective: Objective) -> Metric:
    """The second derivative of the rounded objective: the outputs do not share it, as the rows in corners differ."""
    n_outputs, n_features = objective.shape[0], objective.n_features
    if n_outputs * n_features > objective.max_full:
        if Kernel.suits(objective):
            return Kernel()
        return Implicit(Diagonal(), enough=SOLVED)
    return Hessian() if n_outputs == 1 else Joint()


def final_gap(objective: Objective, state: DescentState) -> tuple[float, float]:
    """Objective at theta and the best estimate of its distance from the minimum, both from all rows."""
    if objective.smooth:
        return certificates.final_gap(objective, state)
    return (state.value, state.gap) if state.rounding is not None else certificate(objective, state.theta)


def arrival(objective: Objective, state: DescentState, validated: bool, goes_on: bool) -> tuple[Array, int, float, float]:
    """Where a descent has led: theta, its epoch, the objective there and the gap, both from all rows.

    It is the end, or if rows were held out the best point by their score; the start, if noise has left all that above it. A fit
    that ``goes_on`` from here knows the problem again by the objective at the end.
    """
    value, gap = final_gap(objective, state)
    theta, kept = state.theta, state.n_epochs
    if goes_on:  # by the pass that the later fit will make; a step may have had more digits
        state.full_value = objective.value_and_gradient(theta)[0]
    if validated and state.best_epoch != kept:
        theta, kept = state.best_scored, state.best_epoch
        value, gap = certificate(objective, theta)
    if value > state.loss_curve[0] + objective.rounding(value):
        theta, kept = state.start, 0
        value, gap = certificate(objective, theta)
    return theta, kept, value, gap


def certificate(objective: Objective, theta: Array) -> tuple[float, float]:
    """The same at any theta; where the slope jumps, by a descent from there to the minimum, nearly, and its proof."""
    if objective.smooth:
        return certificates.certificate(objective, theta)
    value = objective.value_and_gradient(theta)[0]
    state = DescentState(theta, np.random.default_rng(0))
    descend(objective, RoundingStep(objective), state, StoppingRule(EXACT, MAX_STEPS, 1, None, objective.constant_value))
    return value, max(value - state.rounding.bound, 0.0)
