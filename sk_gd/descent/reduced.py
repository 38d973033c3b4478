"""Variance reduction: stochastic and mini-batch descent that arrives at the minimum, not in its neighbourhood."""

from __future__ import annotations

import numpy as np

from sk_gd._array import Array
from sk_gd.descent.certificates import doubt_gap
from sk_gd.descent.metrics import FORETOLD, rebuild_pays, refresh_metric, stale
from sk_gd.descent.model import to_minimum
from sk_gd.descent.objective import Objective
from sk_gd.descent.product import NO_SLOPES
from sk_gd.descent.state import DescentState
from sk_gd.descent.sweep import SweepStep
from sk_gd.descent.trail import extrapolate, length_for
from sk_gd.preconditioners import Hessian, Implicit, Joint, Metric
from sk_gd.sources import CompiledSource, CSRSource

UPDATES = 5  # passes that one of updates takes at least: 26 of the digits, where classes are many and rows few
SHARES = (1.0, 0.25, 0.06, 0.0)  # of the way to the minimum of the model


class ReducedStep(SweepStep):
    """Gradient estimates ``slope_i(theta) - slope_i(anchor) + mean gradient(anchor)``, exact in the mean and at the minimum.

    Every epoch starts from a pass over all rows, which gives the objective, the certificate and the next anchor at once.
    ``refresh=False`` keeps the anchor for the epoch (SVRG, Johnson and Zhang 2013), ``refresh=True`` moves it along (SAGA,
    Defazio, Bach and Lacoste-Julien 2014). An epoch that raised the objective is taken back and the rate halved. Where the
    metric is less than the Hessian, epochs are followed to where they lead; where updates have but its diagonal, beside a kink, or
    a block that several classes share, they end with a step to the minimum of the whole model (a proximal Newton step, Lee, Sun
    and Saunders 2014).
    """

    refresh = False
    later: Implicit | None = None  # beside a kink its matrix becomes the metric, once as many passes have gone by as that costs
    slopes: Array

    def initialise(self, objective: Objective, state: DescentState) -> None:
        begun = state.metric is not None
        source, metric = objective.source, state.metric if begun else self.metric
        anew = isinstance(source, CompiledSource) and not (self.refresh or self.in_place(objective, metric))
        self.slopes = NO_SLOPES if anew else source.zeros(objective.shape[0])
        super().initialise(objective, state)
        if begun:
            self.anchor(objective, state)
        else:
            state.gap = state.doubt * to_minimum(objective, state)[1]

    def in_place(self, objective: Objective, metric: Metric) -> bool:
        """Not dense rows of several outputs, whose slopes would have to be kept: in chunks they are made anew."""
        keeps = self.refresh or objective.shape[0] == 1 or isinstance(objective.source, CSRSource)
        return keeps and super().in_place(objective, metric)

    def scaling_of(self, objective: Objective, state: DescentState) -> Metric:
        """Of several classes' joint Hessian a block that they share, as no change of variables makes all of it round."""
        if objective.penalty.kinked or not isinstance(state.metric, Joint):
            return super().scaling_of(objective, state)
        shared = Hessian()
        shared.update(objective, state.theta)
        return shared

    def value(self, objective: Objective, state: DescentState) -> None:
        state.value, state.gradient = objective.value_and_gradient(state.theta, slopes=self.slopes)

    def anchor(self, objective: Objective, state: DescentState) -> None:
        """Take all slopes at theta, and with them the objective and the estimate of the gap."""
        self.value(objective, state)
        state.gap = state.doubt * to_minimum(objective, state)[1]

    def epoch(self, objective: Objective, state: DescentState) -> None:
        if state.gradient is None:  # the descent has been set back
            self.anchor(objective, state)
        before, value, gap = state.theta, state.value, state.gap
        mean = state.gradient.copy()
        objective.coef(mean)[:] -= objective.penalty.gradient(objective.coef(before))
        self.sweep(objective, state, self.slopes, self.coordinates.gradient(mean), self.refresh)
        state.metric_age += 2  # one of updates, one that values them
        if np.isfinite(state.theta).all():
            state.theta = objective.unshifted(state.theta)
            if not self.look_ahead(objective, state, before, value):
                self.anchor(objective, state)
        floor = objective.rounding(value)
        if not (np.isfinite(state.theta).all() and state.value <= value + floor):
            state.theta, state.rate_scale = before, state.rate_scale / 2
            state.n_recoveries += self.learning_rate is not None  # the user's rate, so the user hears of it
            state.trail = ()
            self.anchor(objective, state)
        elif self.learning_rate is None and gap / 2 < state.gap < gap:
            state.rate_scale *= 1.5  # steady but slow: the noise leaves room
        if state.metric is not self.scaling and self.learning_rate is None and state.gap > gap / FORETOLD:
            self.to_minimum(objective, state)
        state.foretold &= state.metric is self.scaling and state.gap <= gap / FORETOLD  # else it was not its step that did so
        state.stalls = state.stalls + 1 if abs(state.value - value) <= floor and state.gap > gap / 2 else 0
        state.stuck = state.stalls >= 5
        if self.later is not None and UPDATES * objective.n_passes >= self.later.after:
            state.metric, state.doubt, self.later = self.later.later, 1.0, None
            self.renew(objective, state)
        elif state.gap > gap / 2 and rebuild_pays(objective, state):
            self.renew(objective, state)

    def look_ahead(self, objective: Objective, state: DescentState, before: Array, value: float) -> bool:
        """Go on to where the last epochs lead, if the objective is no higher there than where this one began.

        In the metric of the Hessian there is nothing to be gained, and at a rate of the user's descent is the textbook's.
        """
        length = length_for(objective.source.n_stored, state.theta.size)
        if state.metric.full or self.learning_rate is not None or objective.penalty.kinked or length < 2:
            return False
        end = state.theta
        state.trail = (*state.trail, (self.coordinates.enter(before), self.coordinates.enter(end)))[-length:]
        if len(state.trail) < 2:
            return False
        state.theta = self.coordinates.leave(extrapolate(state.trail))  # without a shift, as the ends are that it combines
        self.anchor(objective, state)
        if state.value <= value:
            return True
        state.theta = end
        return False

    def to_minimum(self, objective: Objective, state: DescentState) -> None:
        """Go to the minimum of the model plus penalty, or so far towards it that the objective falls.

        Updates beside a kink have but the diagonal of the Hessian, so where features pull on each other they arrive late.
        """
        before, value, step = state.theta, state.value, to_minimum(objective, state)[0]
        for share in SHARES:
            state.theta = objective.unshifted(before + share * step) if share else before
            self.anchor(objective, state)
            if state.value < value:
                return

    def renew(self, objective: Objective, state: DescentState) -> None:
        """Build the metric at theta and move into its coordinates."""
        refresh_metric(objective, state, centred=not self.scales_columns(objective))
        state.memory, state.trail = None, ()
        if self.learning_rate is None:
            state.rate = np.nan  # how much more than the safe one is found to do holds in any metric
        self.enter_metric(objective, state)
        state.gap = state.doubt * to_minimum(objective, state)[1]

    def certify(self, objective: Objective, state: DescentState) -> None:
        if stale(objective, state):
            self.renew(objective, state)
        doubt_gap(objective, state)

    def safe_rate(self, objective: Objective, state: DescentState) -> float:
        """A third of one over the smoothness around theta: an epoch that leaves its validity is taken back.

        Less where an epoch is long beside the condition that the penalty guarantees, so that it would end in the noise of its own
        anchor: the rate that then minimises Johnson and Zhang's bound of an epoch's contraction.
        """
        known = self.scaling.full or self.batching.size == 1  # where rows come one by one, L of all together has no weight
        smooth = 1.0 if known else objective.smoothness(self.scaling)
        largest = self.expected_smoothness(objective, smooth * self.scaling.unit, state.theta)
        length = self.batching.n_updates(objective.n_samples) * float(self.coordinates.l2.min(initial=np.inf)) / largest
        return min(1 / 3, (2 * max(length, 1e-300)) ** -0.5) / largest


class SagaStep(ReducedStep):
    """:class:`ReducedStep` whose anchor follows every visit."""

    refresh = True
