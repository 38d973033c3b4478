"""The step of steepest descent in a metric when the penalty has a kink."""

from __future__ import annotations

import numpy as np

from sk_gd.descent.problem import Array, Problem
from sk_gd.descent.state import DescentState
from sk_gd.kernels import coordinate_descent
from sk_gd.preconditioners import CentredMetric, Joint

MAX_SWEEPS = 1000


def proximal_direction(objective: Problem, state: DescentState) -> tuple[Array, float]:
    """Minimiser of ``gradient . s + 1/2 s' P s + l1 . |coef + s|`` over the steps s allowed, and how far below zero it lies."""
    solve = _joint if isinstance(state.metric, Joint) else _apart
    step, error = np.zeros(state.theta.shape), 1e-2 * np.sqrt(abs(objective.constant_value))
    least = 1e-10 * error
    while True:
        step, change = solve(objective, state, step, error)
        # coordinate descent has to be as exact as the decrease that it finds is small
        if error**2 <= -1e-3 * change or error <= least:
            return step, max(-change, 0.0)
        error /= 30


def _apart(objective: Problem, state: DescentState, guess: Array, error: float) -> tuple[Array, float]:
    """Every output by itself; centring the features takes the intercept out of the problem, and gives it back at the end."""
    metric, gradient, penalty = state.metric, state.gradient, objective.penalty
    assert isinstance(metric, CentredMetric)
    coef, of_intercept = objective.coef(state.theta), gradient[:, objective.n_features :]
    centred = objective.coef(gradient) - of_intercept * metric.center if of_intercept.size else objective.coef(gradient)
    scales = state.scale * metric.factor
    if metric.hessian.ndim == 1:
        curvature = np.outer(scales, metric.hessian)
        step = penalty.prox(coef - centred / curvature, 1 / curvature) - coef
        bend = curvature * step
    else:
        step, bend = objective.coef(guess).copy(), np.zeros(coef.shape)
        lower = np.full(objective.n_features, 0.0 if penalty.positive else -np.inf)
        for k, scale in enumerate(scales):
            kinks = np.full(objective.n_features, penalty.l1 / scale)
            error_k = error / scale**0.5
            coordinate_descent(metric.hessian, centred[k] / scale, coef[k], kinks, lower, step[k], MAX_SWEEPS, error_k)
            bend[k] = scale * (metric.hessian @ step[k])
    change = np.vdot(centred, step) + np.vdot(bend, step) / 2 + objective.penalty_change(state.theta, step)
    if not of_intercept.size:
        return step, float(change)
    total = state.scale * metric.total[:, None]
    change -= np.sum(of_intercept**2 / total) / 2
    return np.hstack([step, -of_intercept / total - step @ metric.center[:, None]]), float(change)


def _joint(objective: Problem, state: DescentState, guess: Array, error: float) -> tuple[Array, float]:
    """All outputs together, with the intercepts as coordinates that cost nothing."""
    metric, gradient = state.metric, state.gradient
    assert isinstance(metric, Joint)
    kinks, lower, hessian = np.zeros(gradient.shape), np.full(gradient.shape, -np.inf), state.scale * metric.hessian
    objective.coef(kinks)[:] = objective.penalty.l1
    objective.coef(lower)[:] = 0.0 if objective.penalty.positive else -np.inf
    slope, step = metric.centred_gradient(gradient).ravel(), metric.centred_step(guess).ravel()
    coordinate_descent(hessian, slope, state.theta.ravel(), kinks.ravel(), lower.ravel(), step, MAX_SWEEPS, error)
    change = slope @ step + step @ hessian @ step / 2 + objective.penalty_change(state.theta, step.reshape(gradient.shape))
    return metric.uncentred_step(step.reshape(gradient.shape)), float(change)
