"""Rows that come in chunks and are seen once: one pass each, in a metric made of all rows so far."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from sk_gd._array import Array
from sk_gd._pieces import count_from, in_pieces
from sk_gd.descent.batching import Batching
from sk_gd.descent.objective import Objective
from sk_gd.descent.plan import Plan, batch_size_of, named
from sk_gd.descent.scheduled import ScheduledStep
from sk_gd.descent.seen import class_shares, shrunk, steady_curvature
from sk_gd.descent.state import DescentState
from sk_gd.descent.sweep import SweepStep
from sk_gd.losses import LogLoss, Multinomial
from sk_gd.optimizers import Optimizer, as_optimizer
from sk_gd.preconditioners import PRECONDITIONERS, CentredMetric, Diagonal, Hessian, Identity
from sk_gd.schedules import Constant, Schedule, as_schedule

FORGETTING = 2.0  # weight of new rows beside old ones where the second derivative depends on theta


class OnlineStep(SweepStep):
    """One pass over a chunk.

    Without a learning rate of the user's, a visit steps by the share that its rows have in all that was seen,

        theta <- theta - c * w_k / (w_1 + ... + w_k + caution) * P^-1 gradient_k

    with P the second derivative, averaged over all rows so far with the same shares. For the squared error c is 1, and with one
    visit per chunk (batch, no caution) this is recursive least squares: after every chunk theta is the minimiser over all rows so
    far. Where the second derivative depends on theta c is 2, so that what was learned far from the minimum is forgotten (with the
    square of what was seen), for a third more variance in the long run. The caution keeps the first steps of visits to a few rows
    stable: they go at most ``1 / (2 L)`` far, L the smoothness of so few.

    Parameters
    ----------
    weight : float
        Sum of the sample weights of the chunk.
    automatic : bool
        Whether to step so; otherwise by learning rate and schedule, in the same metric.

    References
    ----------
    Ross, Mineiro and Langford, "Normalized online learning", UAI 2013 (units that become known on the way); Amari, "Natural
    gradient works efficiently in learning", 1998; Plackett, "Some theorems in least squares", 1950; Jaakkola and Jordan, "Bayesian
    parameter estimation via variational methods", 2000 (what is remembered of rows that come class by class).
    """

    def __init__(
        self,
        batching: Batching,
        optimizer: Optimizer,
        schedule: Schedule,
        learning_rate: float | None,
        metric: CentredMetric,
        weight: float,
        automatic: bool,
        average: int,
    ) -> None:
        super().__init__(batching, optimizer, schedule, learning_rate, metric, average)
        self.metric: CentredMetric = metric
        self.weight, self.automatic = weight, automatic

    def initialise(self, objective: Objective, state: DescentState) -> None:
        at_start, slope = objective.value_and_gradient(state.start)
        self.value(objective, state)
        ceiling = max(at_start, state.value) + objective.rounding(at_start)
        # an optimizer's steps are made of other rows, too, and may well raise the loss of few: they diverge above all that was met
        state.ceiling = ceiling if self.automatic else float(np.fmax(ceiling, state.ceiling))
        state.best_value, state.best_theta = state.value, state.theta.copy()
        self.before, centred = state.theta, not self.scales_columns(objective)
        state.metric, whole = self.metric, state.seen.weight + self.weight
        self.n_rows, self.gain = objective.n_samples, 1.0 if objective.quadratic else FORGETTING
        state.seen = replace(state.seen, weight=whole, rows=state.seen.rows + objective.n_samples)
        share = min(self.gain * self.weight / whole, 1.0)
        if isinstance(self.metric, Identity):
            self.metric.update(objective, state.theta, centred)
        else:
            if isinstance(objective.loss, LogLoss | Multinomial):
                state.seen = state.seen.count(class_shares(objective), self.weight / whole)
            curvature = steady_curvature(objective, state.theta, self.metric.full, centred, state.seen.mixed)
            state.seen = state.seen.add(curvature, share)
            recalled = state.seen.curvature
            if self.metric.full and not objective.quadratic:
                recalled = shrunk(recalled, self.weight / objective.n_samples * objective.n_features / whole)
            self.metric.adopt(recalled, objective.l2)
        if self.optimizer.unit_free:
            state.seen = state.seen.lean(slope, objective.smoothness(self.metric), share)
        if self.metric.full:
            state.memory = None  # its coordinates turn with every chunk
        self.enter_metric(objective, state)

    def enter_metric(self, objective: Objective, state: DescentState) -> None:
        self.known, state.rate = state.rate, np.nan
        super().enter_metric(objective, state)

    def safe_rate(self, objective: Objective, state: DescentState) -> float:
        if not self.automatic:
            if self.optimizer.unit_free:
                return self.size_of_steps(objective, state)
            return float(np.fmin(self.known, super().safe_rate(objective, state)))  # safe for the rows before, too
        size, unit, caution = self.batching.size, state.metric.unit, state.seen.caution
        if size < objective.n_samples:
            rough = self.expected_smoothness(objective, unit, state.theta) / unit
            caution = max(caution, 2 * self.gain * rough * size * self.weight / objective.n_samples)
        state.seen = replace(state.seen, caution=caution)
        return 1 / unit

    def size_of_steps(self, objective: Objective, state: DescentState) -> float:
        """As for a fit to all rows so far in one epoch: it falls with the root of the updates, unless directions or a schedule do.

        By the mean slope where the stream began, which no step changes: where steps were too long slopes are large.
        """
        count = self.batching.n_updates(objective.n_samples)
        if not self.optimizer.settles and isinstance(self.schedule, Constant):
            count += state.n_updates
        smooth = max(state.seen.smooth, 1.0) ** 0.5 * state.metric.unit  # of all rows: between what chunks have and the mean
        size = float(np.abs(self.coordinates.gradient(state.seen.slope)).mean()) / max(smooth, np.finfo(np.float64).tiny)
        known = max(state.seen.rows - 3, 0) / (state.seen.rows + 10)  # of units: a mean of 1 / variance takes more than three rows
        return known**2 * size / (self.optimizer.gain * count**0.5)

    def rates(self, state: DescentState, count: int, some: slice) -> Array:
        if not self.automatic:  # the objective has weights of mean 1 in every chunk: here chunks are weighed against each other
            relative = (self.weight / self.n_rows) / (state.seen.weight / state.seen.rows)
            return in_pieces(lambda rates: relative * rates, super().rates(state, count, some))

        def shares(steps: Array) -> Array:
            until = self.weight * steps / count
            share = self.gain * self.weight / count / (state.seen.weight - self.weight + until + state.seen.caution)
            return state.rate * np.minimum(share, 1.0)

        return in_pieces(shares, count_from(1 + some.start, some.stop - some.start))

    def epoch(self, objective: Objective, state: DescentState) -> None:
        kind = ScheduledStep if self.batching.size >= objective.n_samples else SweepStep
        kind.epoch(self, objective, state)

    def close(self, objective: Objective, state: DescentState, met: float) -> None:
        """Value the pass on its chunk; an automatic one that made the chunk worse is shortened until it has not."""
        state.exact = self.automatic or self.batching.size >= objective.n_samples or state.iterate is not None
        if not state.exact and met <= state.ceiling:
            state.value = met
            return
        if self.automatic and not np.isfinite(state.theta).all():
            state.theta = self.before
        self.value(objective, state)
        while self.automatic and not state.value <= state.ceiling:
            state.theta = (state.theta + self.before) / 2
            self.value(objective, state)


def make_online_plan(
    objective: Objective,
    weight: float,
    *,
    variant: str,
    batch_size: int | str,
    optimizer: Any,
    learning_rate: float | str,
    schedule: Any,
    preconditioner: str | None,
    shuffle: bool,
    average: bool | int = False,
) -> Plan:
    """Choose the method for a chunk of rows with this sum of weights.

    With everything "auto" it is :class:`OnlineStep`'s own rate, in the metric of the Hessian (up to 1024 features and without a
    kink in the penalty) or its diagonal. An optimizer, a learning rate or a schedule of the user's is followed, in the diagonal
    metric, and so is gradient descent whose points are to be averaged.
    """
    schedule = as_schedule(schedule)
    alone = learning_rate == "auto" and isinstance(schedule, Constant) and preconditioner is not None and not average
    automatic = optimizer == "auto" and alone
    optimizer = "gd" if optimizer == "auto" else optimizer
    rule = as_optimizer(optimizer)
    full = automatic and not objective.penalty.kinked and objective.n_features <= objective.max_full
    metric = (Hessian if full else Diagonal)() if preconditioner == "auto" else PRECONDITIONERS[preconditioner]()
    size = batch_size_of(objective, variant, batch_size)
    rate = None if learning_rate == "auto" else float(learning_rate)
    step = OnlineStep(Batching(size, shuffle), rule, schedule, rate, metric, weight, automatic, int(average))
    name = "online descent" if automatic else optimizer if isinstance(optimizer, str) else type(optimizer).__name__
    return Plan(step, named(f"{name}, one pass", metric))
