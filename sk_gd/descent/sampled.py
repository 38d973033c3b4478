"""Where to begin: near the minimum of a sample of the rows, which shows most of the way for little."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TypeGuard

import numpy as np

from sk_gd.descent.loop import Step, descend
from sk_gd.descent.objective import Objective
from sk_gd.descent.parts import PartedObjective, before_metric
from sk_gd.descent.state import DescentState
from sk_gd.descent.stopping import StoppingRule
from sk_gd.sources import BroughtSource

SHARE = 16  # one row in so many: with what else is held no tenth of X
NARROW, OF_NARROW = 64, 24  # the same of fewer features, beside which what is held of every row is much
OF_NARROW_AND_MORE = 48  # where weights are held of every row, too, or its number, which is no less than one of float32
SHARE_APART = 64  # the same at most where the sample is a copy that every fit makes anew
KNOWN = 100  # rows for every parameter whose minimum is so near that of all that more rows would save no pass
MOST = 2**24  # values in the sample of rows in a file, which may be larger than memory
ENOUGH = 20  # rows for every parameter: the minimum of fewer is that of their noise
LARGE = 2**20  # values in X from which on passes take longer than what begins them
LARGE_APART = 2**24  # the same where a pass over few rows is a round of messages
BROUGHT = 2**18  # values in the sample up to which rows come here from elsewhere: in one round, and some milliseconds of a network
NEAR = 1e-3  # relative gap within the sample; the minimum of all rows is farther away than that
ONCE, FEW = (StoppingRule(None, max_iter, max_iter, None, np.nan) for max_iter in (1, 50))


def share_of(objective: Objective) -> int:
    """One row in how many is in the sample."""
    if objective.source.in_file:
        return max(SHARE, objective.source.n_stored // MOST)
    if isinstance(objective, PartedObjective):
        share = max(SHARE, objective.n_samples // (KNOWN * prod(objective.shape)))
        return max(share, -(-objective.source.n_stored // BROUGHT)) if comes_here(objective) else min(share, SHARE_APART)
    if objective.n_features >= NARROW:
        return SHARE
    source = objective.source
    more = source.weights is not None or (isinstance(source, BroughtSource) and source.dtype == np.float32)
    return OF_NARROW_AND_MORE if more else OF_NARROW


def comes_here(objective: Objective) -> TypeGuard[PartedObjective]:
    """Whether rows are elsewhere, and so few of them know the parameters that they may come here."""
    values = objective.source.n_stored / max(objective.n_samples, 1)
    return isinstance(objective, PartedObjective) and ENOUGH * prod(objective.shape) * values <= BROUGHT


def worth_sampling(objective: Objective) -> bool:
    """Whether a sample would know its parameters, and save passes that count."""
    enough = objective.n_samples // share_of(objective) >= ENOUGH * prod(objective.shape)
    large = LARGE_APART if isinstance(objective, PartedObjective) and not comes_here(objective) else LARGE
    return enough and objective.source.n_stored >= large and objective.n_features <= objective.max_full


class SampledStep:
    """One epoch: to the minimum of a sample, unless the objective is higher there. The sample's own descent begins in the same way.

    Parameters
    ----------
    step_for : callable
        The rule by which an objective of few rows is descended.
    full : bool, default=False
        Whether the metric that is made next relates the features.

    References
    ----------
    Bollapragada, Byrd and Nocedal, 2018, let samples grow on the way; few sizes are enough where all rows fit in memory.
    """

    def __init__(self, step_for: Callable[[Objective], Step[Objective]], full: bool = False) -> None:
        self.step_for, self.full = step_for, full

    def initialise(self, objective: Objective, state: DescentState) -> None:
        if state.value != state.value:
            state.value, state.gradient = objective.value_and_gradient(state.theta)

    def epoch(self, objective: Objective, state: DescentState) -> None:
        share, inside = share_of(objective), DescentState(state.theta, state.rng)
        sample = objective.brought(share) if comes_here(objective) else objective.sample(share)
        if worth_sampling(sample):
            descend(sample, SampledStep(self.step_for), inside, ONCE)
        descend(sample, self.step_for(sample), inside, FEW, watch=near)
        objective.n_passes += sample.n_passes / share
        state.n_updates += 1
        value, gradient = before_metric(objective, inside.theta, self.full)
        if value < state.value:
            state.theta, state.value, state.gradient = inside.theta, value, gradient

    def certify(self, objective: Objective, state: DescentState) -> None:
        """The gap to the minimum of all rows is not known to a sample."""

    def shorten(self, state: DescentState) -> None:
        """One epoch cannot stall."""


def near(state: DescentState) -> bool:
    """Whether what is left is little beside what the sample has shown."""
    return state.gap <= NEAR * (float(state.loss_curve[0]) - state.value + state.gap)
