"""Descent with a learning rate and a schedule: batch, mini-batch and stochastic, as the textbooks have it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Generic

import numpy as np

from sk_gd._pieces import count_from, in_pieces
from sk_gd.descent.batching import Batching
from sk_gd.descent.certificates import doubt_gap
from sk_gd.descent.metrics import refresh_metric
from sk_gd.descent.model import to_minimum
from sk_gd.descent.problem import Array, P
from sk_gd.descent.state import DescentState
from sk_gd.optimizers import Optimizer
from sk_gd.penalties import soft_threshold
from sk_gd.preconditioners import Identity, Metric
from sk_gd.schedules import Schedule

SHORTEST = 1e-6  # multiple of the learning rate below which no schedule needs to go (scikit-learn's "adaptive")


class ScheduledStep(Generic[P]):
    """``theta - rate(t) * direction``, then the penalty's proximal map, in the coordinates of a metric.

    Parameters
    ----------
    batching : Batching
        On which rows every gradient is estimated.
    optimizer : Optimizer
        How gradients become directions.
    schedule : Schedule
        Step numbers 1, 2, ... to multiples of the learning rate.
    learning_rate : float or None
        None takes one that is safe, see :meth:`safe_rate`.
    metric : Metric
        In its coordinates the second derivative is about one number times the identity.
    average : int, default=0
        Epoch, counted from 1, from which on the model is the mean of all points that the descent comes through, which it goes on
        from as if there were no mean (Ruppert, 1988; Polyak and Juditsky, 1992). 0 is never.
    """

    def __init__(
        self,
        batching: Batching,
        optimizer: Optimizer,
        schedule: Schedule,
        learning_rate: float | None,
        metric: Metric,
        average: int = 0,
    ) -> None:
        self.average = average
        self.batching, self.optimizer, self.schedule = batching, optimizer, schedule
        self.learning_rate, self.metric = learning_rate, metric

    def initialise(self, objective: P, state: DescentState) -> None:
        if state.metric is None:
            self.value(objective, state)
            state.metric = self.metric
            refresh_metric(objective, state, centred=not self.scales_columns(objective))
        self.enter_metric(objective, state)

    def scales_columns(self, objective: P) -> bool:
        """Whether rows are read as they are, so that the metric may scale columns but not move them."""
        return False

    def enter_metric(self, objective: P, state: DescentState) -> None:
        """Take the coordinates of the state's metric, and a learning rate that is safe in them."""
        penalty = objective.penalty
        self.scaling = self.scaling_of(objective, state)
        self.coordinates = self.scaling.coordinates(penalty.l1, penalty.l2)
        if self.learning_rate is not None:
            state.rate = self.learning_rate
        elif state.rate != state.rate:
            state.rate = self.safe_rate(objective, state)
        strength = float(np.mean(penalty.l1 + penalty.l2))
        self.paced = self.schedule.given(state.rate, strength, self.batching.n_updates(objective.n_samples))

    def scaling_of(self, objective: P, state: DescentState) -> Metric:
        """What of the state's metric updates can have: beside a kink, which keeps the features apart, the diagonal."""
        metric = state.metric
        return metric.apart(centred=not self.scales_columns(objective)) if objective.penalty.kinked else metric

    def safe_rate(self, objective: P, state: DescentState) -> float:
        """One over the smoothness L that a batch can be expected to have, wherever the descent goes; less where it is noisy.

        Where the optimizer's directions are unit-free, all entries of a step have about one size. In batch that is the mean size of
        the entries of ``gradient / L`` at the start: of all steps along the gradient's signs, this one lowers the quadratic bound
        of the objective most. The steps of one epoch on some of the rows make a random walk of about that size.
        """
        smooth = objective.smoothness(self.scaling) * self.scaling.unit
        if self.optimizer.unit_free:
            size = float(np.abs(self.coordinates.gradient(state.gradient)).mean()) / max(smooth, np.finfo(np.float64).tiny)
            return size / (self.optimizer.gain * self.batching.n_updates(objective.n_samples) ** 0.5)
        caution = 1.0 if self.batching.size >= objective.n_samples else 2 * self.optimizer.gain
        return 1 / (caution * self.expected_smoothness(objective, smooth, None))

    def expected_smoothness(self, objective: P, smooth: float, theta: Array | None) -> float:
        """L of all rows, the worst row's for one, and between the two for a few (Gower et al. 2019, without replacement)."""
        n, size = objective.n_samples, self.batching.size
        if size >= n:
            return max(smooth, np.finfo(np.float64).tiny)
        share = (n - size) / (size * (n - 1))
        return max((1 - share) * smooth + share * objective.row_smoothness(self.coordinates, theta), np.finfo(np.float64).tiny)

    def rates(self, state: DescentState, count: int, some: slice) -> Array:
        """The lengths of some of the next ``count`` steps."""
        unit, paced = state.rate * state.rate_scale, partial(self.paced, n_stalls=state.n_stalls)
        return in_pieces(lambda steps: unit * paced(steps), count_from(state.n_updates + 1 + some.start, some.stop - some.start))

    def shorten(self, state: DescentState) -> None:
        """Answer a stall by the shorter steps that the schedule may have for it; they settle the descent once they are tiny."""
        step = np.array([state.n_updates + 1])
        now, then = (float(self.paced(step, n_stalls)[0]) for n_stalls in (state.n_stalls, state.n_stalls + 1))
        if then < now:
            state.n_stalls, state.steady_since, state.settled = state.n_stalls + 1, state.n_epochs, then < SHORTEST

    def start(self, state: DescentState) -> tuple[Array, Array]:
        """Where an epoch begins, in the metric's coordinates, and sums for its points: empty if they are not to be averaged."""
        theta = self.coordinates.enter(state.theta if state.iterate is None else state.iterate)
        return theta, np.zeros(theta.shape if 0 < self.average <= state.n_epochs + 1 else (0, 0))

    def land(self, state: DescentState, theta: Array, sums: Array, count: int) -> None:
        """Where an epoch ends."""
        state.move(self.coordinates.leave(theta), count, self.coordinates.leave(sums / count) if len(sums) else None)

    def epoch(self, objective: P, state: DescentState) -> None:
        """One pass over the rows: estimate the gradient, turn it into a direction, update the parameters."""

        def estimate(theta: Array, rows: Any) -> tuple[float, Array]:
            if rows is None and state.gradient is not None and state.iterate is None:
                value, gradient = state.value, state.gradient  # known from valuing the last epoch
            else:
                value, gradient = objective.value_and_gradient(self.coordinates.leave(theta), rows)
            return value, self.coordinates.gradient(gradient)

        self.close(objective, state, self.visits(objective, state, estimate))

    def visits(self, objective: P, state: DescentState, estimate: Callable[[Array, Any], tuple[float, Array]]) -> float:
        """Update by what is estimated on one batch of rows after the other; return the objective that was met on the way."""
        count, met, optimizer = self.batching.n_updates(objective.n_samples), 0.0, self.optimizer
        rates = self.rates(state, count, slice(0, count))
        theta, sums = self.start(state)
        memory = optimizer.init(theta) if state.memory is None else state.memory
        for rate, rows in zip(rates, self.batching.epoch(objective.n_samples, state.rng), strict=True):
            value, gradient = estimate(theta, rows)
            direction, memory = optimizer.direction(gradient, memory)
            moved = theta - rate * direction
            if optimizer.weight_decay:
                objective.coef(moved)[:] -= rate * optimizer.weight_decay * objective.coef(theta)
            theta = self.prox(objective, moved, rate * optimizer.stretch(memory))
            met += value * self.batching.share(rows, objective.n_samples)
            if len(sums):
                sums += theta
        state.memory = memory
        self.land(state, theta, sums, len(rates))
        return met

    def prox(self, objective: P, theta: Array, rates: float | Array) -> Array:
        """Step over the part of the objective that has no gradient, in the metric's coordinates, as far as along gradients."""
        if not objective.penalty.kinked:
            return theta
        coef, rates = objective.coef(theta), np.broadcast_to(rates, theta.shape)
        coef[:] = soft_threshold(coef, objective.coef(rates) * self.coordinates.l1, objective.penalty.positive)
        return theta

    def close(self, objective: P, state: DescentState, met: float) -> None:
        """Value the epoch: on all rows in batch and for an average, else the mean that it met, checked where that looks bad."""
        everything = self.batching.size >= objective.n_samples
        state.exact = everything or state.iterate is not None
        if state.exact or not met <= state.ceiling:
            self.value(objective, state)
        else:
            state.value = met
        if everything and objective.smooth and np.isfinite(state.value) and not isinstance(state.metric, Identity):
            state.gap, state.metric_age = state.doubt * to_minimum(objective, state)[1], state.metric_age + 1
            state.foretold = False  # a rate leads elsewhere than the metric does

    def value(self, objective: P, state: DescentState) -> None:
        """Objective and gradient at theta, nan where theta has overflowed."""
        state.value, state.gradient = np.nan, None
        if np.isfinite(state.theta).all():
            state.value, state.gradient = objective.value_and_gradient(state.theta)

    def certify(self, objective: P, state: DescentState) -> None:
        """The metric may be out of date: what it said of the gap is compared with what one made here says."""
        doubt_gap(objective, state)
