"""Where to begin: near the minimum of a sample of the rows, which shows most of the way for little."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from sk_gd.descent.loop import Step, descend
from sk_gd.descent.objective import Objective
from sk_gd.descent.state import DescentState
from sk_gd.descent.stopping import StoppingRule

SHARE = 16  # one row in so many: little memory beside X, and a metric of these rows costs less than a pass over all
ENOUGH = 20  # rows for every parameter: the minimum of fewer is that of their noise
LARGE = 2**20  # values in X from which on passes take longer than what begins them
NEAR = 1e-3  # relative gap within the sample; the minimum of all rows is farther away than that
MAX_STEPS = 50


def worth_sampling(objective: Objective) -> bool:
    """Whether a sample would know its parameters, and save passes that count."""
    enough = objective.n_samples // SHARE >= ENOUGH * prod(objective.shape)
    return enough and objective.source.n_stored >= LARGE and objective.n_features <= objective.max_full


def begin(objective: Objective, state: DescentState, step_for: Callable[[Objective], Step[Objective]]) -> None:
    """Move the state to the minimum of a sample, which is begun in the same way, unless the objective is higher there.

    Parameters
    ----------
    objective : Objective
    state : DescentState
        At its start; changed in place.
    step_for : callable
        A step rule for the sample.

    References
    ----------
    Bollapragada, Byrd and Nocedal, 2018, let samples grow on the way; two sizes are enough where all rows fit in memory.
    """
    state.value, state.gradient = objective.value_and_gradient(state.theta)
    state.record(objective.n_passes)
    sample = objective.sample(SHARE)
    inside = DescentState(state.theta, np.random.default_rng(0))
    if worth_sampling(sample):
        begin(sample, inside, step_for)
    stopping = StoppingRule(None, MAX_STEPS, MAX_STEPS, None, np.nan)
    descend(sample, step_for(sample), inside, stopping, watch=near)
    objective.n_passes += sample.n_passes / SHARE
    value, gradient = objective.value_and_gradient(inside.theta)
    if value < state.value:
        state.theta, state.value, state.gradient = inside.theta, value, gradient


def near(state: DescentState) -> bool:
    """Whether what is left is little beside what the sample has shown."""
    return state.gap <= NEAR * (float(state.loss_curve[0]) - state.value + state.gap)
