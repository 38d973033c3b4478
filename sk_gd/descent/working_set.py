"""Descent over the features that may have coefficients: where a kink holds most at zero, the others decide little."""

from __future__ import annotations

import numpy as np

from sk_gd._array import Array
from sk_gd.descent.certificates import final_gap
from sk_gd.descent.line_search import LineSearchStep
from sk_gd.descent.loop import descend
from sk_gd.descent.metrics import best_metric, dear, sparse
from sk_gd.descent.model import steepest_slope
from sk_gd.descent.objective import Objective
from sk_gd.descent.orthant import OrthantStep
from sk_gd.descent.state import DescentState
from sk_gd.descent.stopping import StoppingRule
from sk_gd.preconditioners import Hessian
from sk_gd.preconditioners._base import fill_diagonal
from sk_gd.sources import CompiledSource

FIRST = 100  # features in the first set
GROWTH = 2  # times the features that have coefficients are in the next ones
LARGE = 0.25  # of the features in a set, where a Hessian of all can be had: more sets would cost as much
ALL = 0.95  # of the largest set: where so many have coefficients the rest no longer come in
ROWS = 2**14  # up to which the columns of a set are little memory, and its Hessian little time
TOGETHER = 10  # times what features gain by steps of their own they may gain by all of them, seen where they outnumber the rows
SHARE = 0.1  # of the gap so far that may be left within the set
INSIDE = StoppingRule(None, 50, 50, None, np.nan)


class WorkingSetStep(OrthantStep[Objective]):
    """Each epoch descends, in the metric of their Hessian, over the features that have coefficients and those that want them most.

    How much a feature without a coefficient wants one is what a step of its own would gain. The gap is that of the descent and
    these gains with a margin. Where the sets become too large for a Hessian, the descent goes on as :class:`OrthantStep`.

    References
    ----------
    Massias, Gramfort and Salmon, "Celer: a fast solver for the lasso with dual extrapolation", ICML, 2018; Johnson and Guestrin,
    "Blitz: a principled meta-algorithm for scaling sparse optimization", ICML, 2015.
    """

    @staticmethod
    def suits(objective: Objective) -> bool:
        """Whether a Hessian of all features is not held, or takes long to build, and the rows are few and at hand."""
        alike, source = objective.shape[0] == 1 or objective.quadratic, objective.source
        at_hand = isinstance(source, CompiledSource) and not source.in_file and objective.n_samples <= ROWS
        many = objective.n_features > objective.max_full or (dear(objective, objective.n_features) and not sparse(objective))
        return alike and at_hand and many

    def __init__(self, objective: Objective) -> None:
        super().__init__(objective.n_samples, best_metric(objective), smooth=False)

    def initialise(self, objective: Objective, state: DescentState) -> None:
        if state.direction is not None:
            super().initialise(objective, state)
            return
        curvature = objective.curvature(objective.constant, full=False)
        self.bends = fill_diagonal(curvature.moments, curvature.nothing.mean(axis=0)) + objective.l2
        if state.gradient is None:
            state.value, state.gradient = objective.value_and_gradient(state.theta)
        state.rate, state.gap = 1.0, TOGETHER * float(self.gains(objective, state).sum())

    def gains(self, objective: Objective, state: DescentState) -> Array:
        """What a step of its own would gain each feature."""
        gains: Array = (objective.coef(steepest_slope(objective, state)) ** 2).sum(axis=0) / (2 * self.bends)
        return gains

    def epoch(self, objective: Objective, state: DescentState) -> None:
        if state.direction is not None:
            super().epoch(objective, state)
            return
        used: Array = np.any(objective.coef(state.theta), axis=0)
        gains, size = self.gains(objective, state), max(FIRST, GROWTH * int(used.sum()))
        most = objective.max_full if objective.n_features > objective.max_full else int(LARGE * objective.n_features)
        if used.sum() >= ALL * most:
            state.gap = np.nan
            super().initialise(objective, state)
            super().epoch(objective, state)
            return
        chosen = np.argsort(np.where(used, -np.inf, -gains), kind="stable")[: min(size, most)]
        chosen = np.sort(chosen[used[chosen] | (gains[chosen] > 0)])
        self.descend_over(chosen, objective, state)

    def descend_over(self, chosen: Array, objective: Objective, state: DescentState) -> None:
        """Go to the minimum over some features, nearly."""
        part, before, value, gap = objective.over(chosen), state.theta, state.value, state.gap
        columns = np.append(chosen, np.arange(objective.n_features, before.shape[1]))
        inner = DescentState(np.take(before, columns, axis=1), state.rng)
        rule = LineSearchStep[Objective](part.n_samples, Hessian(), smooth=False)
        descend(part, rule, inner, INSIDE, watch=lambda inside: inside.stuck or inside.gap <= SHARE * gap)
        inside = final_gap(part, inner)[1]
        theta = np.zeros_like(before)
        theta[:, columns] = inner.theta
        objective.n_passes += part.n_passes * part.source.n_stored / objective.source.n_stored
        new_value, new_gradient = objective.value_and_gradient(theta)
        state.n_updates += 1
        if new_value < value:
            state.theta, state.value, state.gradient = theta, new_value, new_gradient
        outside = self.gains(objective, state)
        outside[chosen] = 0.0
        state.gap = inside + TOGETHER * float(outside.sum())
        state.stalls = state.stalls + 1 if value - state.value <= objective.rounding(value) and state.gap > gap / 2 else 0
        state.stuck = state.stalls >= 2
        state.certificate = state.theta, state.value, state.gap

    def certify(self, objective: Objective, state: DescentState) -> None:
        if state.direction is not None:
            super().certify(objective, state)
