"""How far it may still be to the minimum: the gap that a fit claims, and how sure it is."""

from __future__ import annotations

import numpy as np

from sk_gd.descent.dual import proved_gap
from sk_gd.descent.metrics import best_metric, estimated, refresh_metric, stale, unwrapped
from sk_gd.descent.model import to_minimum
from sk_gd.descent.objective import Objective
from sk_gd.descent.problem import Array, Problem
from sk_gd.descent.state import DescentState
from sk_gd.preconditioners import Hessian, Implicit, Joint

CLOSER = 100.0  # times what the model of a trusted metric says, the gap may be where the slopes of the rows do not prove less


def trusted(objective: Problem, state: DescentState) -> bool:
    """Whether the state's metric is the best there is, and made at the state's theta."""
    base = unwrapped(state.metric)
    alike = objective.shape[0] == 1 or objective.quadratic
    whole = isinstance(base, Joint) or (isinstance(base, Hessian) and alike)
    best = (estimated(state) or whole or isinstance(base, type(best_metric(objective)))) and not stale(objective, state)
    return best and (base.full or objective.penalty.kinked)


def final_gap(objective: Problem, state: DescentState) -> tuple[float, float]:
    """Objective at theta and the best estimate of its distance from the minimum, both from all rows."""
    if state.exact and state.gap == state.gap and trusted(objective, state):
        return state.value, state.gap
    return certified(objective, state)


def certified(objective: Problem, state: DescentState, proved: bool = False) -> tuple[float, float]:
    """The certificate of the state's theta, which is made once."""
    if state.certificate is None or state.certificate[0] is not state.theta:
        known = state.value, state.gradient if state.exact else None
        state.certificate = state.theta, *certificate(objective, state.theta, known, proved)
    value, gap = state.certificate[1:]
    return value, gap


def certificate(
    objective: Problem, theta: Array, known: tuple[float, Array | None] = (np.nan, None), proved: bool = False
) -> tuple[float, float]:
    """Objective at theta, and an estimate of ``F(theta) - F(minimum)`` in a metric made for it there, from all rows.

    Value and gradient of all rows may be ``known``. Where the estimate is to be ``proved``, see :func:`careful_gap`.
    """
    value, gradient = known if known[1] is not None else objective.value_and_gradient(theta)
    state = DescentState(theta, np.random.default_rng(0), value, gradient, metric=best_metric(objective))
    if isinstance(state.metric, Implicit):
        state.metric.take_care()
    refresh_metric(objective, state)
    return value, careful_gap(objective, state, proved)


def careful_gap(objective: Problem, state: DescentState, proved: bool) -> float:
    """The gap as the state's metric tells it, or if that may be too small the one that slopes of the rows prove.

    It may be where the second derivative jumps. Elsewhere it is where the metric is not what it is where the step leads, beside a
    kink or where classes come apart: far from the minimum it is still the better estimate, but none to be believed that the
    descent is at its end.
    """
    step, gap = to_minimum(objective, state)
    if not (doubtful(objective, state) if proved else objective.jumps):
        return gap
    assert isinstance(objective, Objective)  # a function has no rows
    return max(gap, proved_gap(objective, state.theta, step))


def doubtful(objective: Problem, state: DescentState) -> bool:
    """Whether a small gap is to be proved, and can be: not if a step has shown it, or so much is allowed for that it need not.

    Nor where every step is compared with what a metric known in part had foretold, unless a kink is near.

    What slopes prove may be far above the gap where rounding leaves much, or the model is flat.
    """
    shown = state.closely or state.doubt >= CLOSER
    compared = not objective.penalty.kinked and (isinstance(state.metric, Implicit) or estimated(state))
    return objective.jumps or (objective.proves and not (shown or compared))


def doubt_gap(objective: Problem, state: DescentState) -> None:
    """Compare the state's estimate of the gap with the certificate, and remember by how much it was too small."""
    known = trusted(objective, state)
    if known and not doubtful(objective, state):
        return
    gap = careful_gap(objective, state, proved=True) if known else certified(objective, state, proved=True)[1]
    if gap > state.gap > 0:
        doubt = state.doubt * gap / state.gap
        state.doubt, state.gap = min(doubt, CLOSER) if known and not objective.jumps else doubt, gap
