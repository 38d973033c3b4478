"""Gradient descent, told once. The three variants differ only in the rows on which the gradient is estimated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from sk_gd.descent.problem import P, P_contra
from sk_gd.descent.state import DescentState
from sk_gd.descent.stopping import StoppingRule, StopReason

Watch = Callable[[DescentState], bool]


class DivergenceError(ArithmeticError):
    """The objective grew beyond where it started, and the user asked to be told."""


class Step(Protocol[P_contra]):
    """How one visit of some rows moves the parameters."""

    def initialise(self, objective: P_contra, state: DescentState) -> None:
        """Choose what the objective decides: the metric, the rate, the first gradient."""

    def epoch(self, objective: P_contra, state: DescentState) -> None:
        """Estimate the gradient and step against it, until every row has been visited once."""

    def certify(self, objective: P_contra, state: DescentState) -> None:
        """Make sure of the gap, before it is believed."""

    def shorten(self, state: DescentState) -> None:
        """Answer a stall, if there is an answer."""


def descend(
    objective: P,
    step: Step[P],
    state: DescentState,
    stopping: StoppingRule,
    *,
    on_divergence: str = "recover",
    watch: Watch = lambda state: False,
) -> StopReason:
    """Initialise, calculate the gradient of the cost, step against it, repeat until convergence or a limit.

    Parameters
    ----------
    objective, step : Problem, Step
        What is minimised; on which rows its gradient is estimated, in which metric, and how far to go.
    state : DescentState
        Where to start; changed in place.
    stopping : StoppingRule
        When it is enough.
    on_divergence : {"recover", "raise"}
        What to do when the objective rises above its start.
    watch : callable
        Sees the state after every epoch, and may score it; True ends the descent.
    """
    step.initialise(objective, state)
    if not np.isfinite(state.value):
        raise ValueError(
            f"The objective is {state.value} where the descent starts: X, y or the start are out of the range of "
            f"{objective.dtype}: scale them down."
        )
    if not len(state.history):
        state.record(objective.n_passes)
    elif state.passes_before != state.passes_before:  # to go on from where a fit ended is not counted
        state.passes_before = state.history["passes"][-1] - objective.n_passes
    if state.ceiling != state.ceiling:
        state.ceiling = state.loss_curve[0] + objective.rounding(state.loss_curve[0])
    while (reason := stopping(state)) is None or not sure(reason, objective, step, state, stopping):
        step.epoch(objective, state)
        state.n_epochs += 1
        if not state.value <= state.ceiling:  # nan is not either
            if on_divergence == "raise":
                raise DivergenceError(state)
            if not (state.exact or objective.value_and_gradient(state.best_theta)[0] <= state.ceiling):
                state.forget_best()  # its epoch met low values, and ended on the way up
            state.recover()
        stop = watch(state)
        state.record(objective.n_passes)
        if stopping.stalled(state):
            step.shorten(state)
        if stop:
            return StopReason.CALLBACK
    return reason


def sure(reason: StopReason, objective: P, step: Step[P], state: DescentState, stopping: StoppingRule) -> bool:
    """Whether a gap that looks small still does when it is estimated with all care."""
    if reason is not StopReason.CONVERGED:
        return True
    step.certify(objective, state)
    return stopping(state) is StopReason.CONVERGED
