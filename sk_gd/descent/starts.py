"""Descents of a function from its starts, and what they found."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import OptimizeResult

from sk_gd.descent.certificates import certificate
from sk_gd.descent.function import Function
from sk_gd.descent.loop import DivergenceError, Step, descend
from sk_gd.descent.state import DescentState
from sk_gd.descent.stationary import describe
from sk_gd.descent.stopping import StoppingRule, StopReason

SAME = 1e-3  # distance, as a share of their size, below which two minima of the same value are one
ENDLESS = 1e50  # times the size of the start, or of the value there: a function that goes down this far has no minimum
SETTLED = 1e-6  # relative gap up to which a descent that came to a halt, by rounding or on a plateau, has arrived


def from_one(
    function: Function, step: Step[Function], stopping: StoppingRule, on_divergence: str, record: str, callback: Any
) -> OptimizeResult:
    """Descend from the function's start, and look at where it ended."""
    state = DescentState(function.project(function.start), np.random.default_rng(0))
    path, tell = [state.theta[0]], told(callback)
    far, low = (ENDLESS * (1 + np.abs(size).max()) for size in (state.theta, function.constant_value))

    def endless(state: DescentState) -> bool:
        return bool(state.value < -low or np.abs(state.theta).max() > far)

    def watch(state: DescentState) -> bool:
        path.append(state.theta[0])
        return tell(state) or endless(state)

    try:
        reason = descend(function, step, state, stopping, on_divergence=on_divergence, watch=watch)
    except DivergenceError:
        raise FloatingPointError(
            f"fun rose above its start in step {state.n_epochs}, at a rate of {state.rate:.3g}: set learning_rate='auto' or a "
            "smaller one, or on_divergence='recover'."
        ) from None
    theta = state.best_theta
    value, gap = certificate(function, theta)
    gradient = function.value_and_gradient(theta)[1]
    optimality = stopping.relative(value, gap)
    halted = reason in (StopReason.ROUNDING, StopReason.PLATEAU)
    arrived = optimality <= max(stopping.tol or 0.0, SETTLED if halted else 0.0)
    eigenvalues, shape, lowest = describe(function, theta, gradient)
    sentences = [reason.value.replace("objective", "function").replace("epochs", "steps")]
    if endless(state):
        arrived, sentences = False, ["The function goes down without end: bound the variables, or look for a wrong sign."]
    elif reason is StopReason.ROUNDING and not arrived:
        sentences = ["No lower point was found, although the gradient says that there is one: fun has a kink, or jac is wrong."]
    elif not arrived:
        sentences.append(f"About {optimality:.1g} of the whole way down is left.")
    if state.n_recoveries:
        sentences.append(f"The learning rate was too large and has been halved {state.n_recoveries} times, to "
                         f"{state.rate * state.rate_scale:.3g}.")  # fmt: skip
    if arrived:
        sentences.append(shape)
    result = OptimizeResult(
        x=theta[0].copy(), fun=value, jac=gradient[0], success=arrived and lowest,
        status=list(StopReason).index(reason), message=" ".join(sentences), curvature=eigenvalues, optimality=optimality,
        nit=state.n_epochs, nfev=function.n_values, njev=function.n_gradients, loss_curve=np.array(state.loss_curve),
        learning_rate=state.rate * state.rate_scale,
    )  # fmt: skip
    if record == "path":
        result.path = np.array(path)
    return result


def told(callback: Any) -> Callable[[DescentState], bool]:
    """Scipy's two kinds of callback, as the loop calls one."""
    if callback is None:
        return lambda state: False
    whole = list(inspect.signature(callback).parameters) == ["intermediate_result"]

    def tell(state: DescentState) -> bool:
        x = state.theta[0].copy()
        try:
            if not whole:
                return bool(callback(x) is True)
            seen = OptimizeResult(x=x, fun=state.value, nit=state.n_epochs)
            return bool(callback(intermediate_result=seen) is True)
        except StopIteration:
            return True

    return tell


def join(starts: list[OptimizeResult]) -> OptimizeResult:
    """The best of several starts, with all of them and the distinct minima among them."""
    ranked = sorted(starts, key=lambda start: (not start.success, start.fun))
    minima: list[OptimizeResult] = []
    for start in ranked:
        near = (np.linalg.norm(start.x - other.x) <= SAME * (1 + np.linalg.norm(other.x)) for other in minima)
        if start.success and not any(near):
            minima.append(start)
    best = OptimizeResult(ranked[0], starts=starts, minima=minima)
    if len(starts) > 1:
        values = ", ".join(f"{minimum.fun:.6g}" for minimum in minima)
        best.message += f" {len(starts)} starts found {len(minima)} distinct minima{', of value ' + values if values else ''}."
        for count in ("nit", "nfev", "njev"):
            best[count] = sum(start[count] for start in starts)
    return best
