"""The step of steepest descent in a metric when the penalty has a kink."""

from __future__ import annotations

import numpy as np

from sk_gd.descent.objective import Array, Objective
from sk_gd.descent.state import DescentState
from sk_gd.kernels import coordinate_descent
from sk_gd.preconditioners._base import CentredMetric

MAX_SWEEPS = 1000


def proximal_direction(objective: Objective, state: DescentState) -> tuple[Array, float]:
    """Minimiser of ``gradient . s + 1/2 s' P s + l1 |coef + s|_1`` over steps s, and how far below zero it lies.

    The intercept is not penalised: centring the features takes it out of the problem, and gives it back at the end.
    """
    metric, gradient, l1 = state.metric, state.gradient, objective.penalty.l1
    assert isinstance(metric, CentredMetric) and gradient is not None
    coef, of_intercept = objective.coef(state.theta), gradient[:, objective.n_features :]
    centred = objective.coef(gradient) - of_intercept * metric.center if of_intercept.size else objective.coef(gradient)
    scales = state.scale * metric.factor
    if metric.hessian.ndim == 1:
        curvature = np.outer(scales, metric.hessian)
        step = objective.penalty.prox(coef - centred / curvature, 1 / curvature) - coef
        model = curvature * step
    else:
        step, model = np.zeros(coef.shape), np.zeros(coef.shape)
        tolerance = 1e-3 * np.sqrt(state.gap if state.gap == state.gap else objective.constant_value)
        for k, scale in enumerate(scales):
            coordinate_descent(
                metric.hessian, centred[k] / scale, coef[k], np.full(len(coef[k]), l1 / scale), step[k], MAX_SWEEPS,
                max(tolerance / np.sqrt(scale), 1e-15), False,
            )  # fmt: skip
            model[k] = scale * (metric.hessian @ step[k])
    change = np.vdot(centred, step) + np.vdot(model, step) / 2 + l1 * (np.abs(coef + step).sum() - np.abs(coef).sum())
    if not of_intercept.size:
        return step, -float(change)
    total = state.scale * metric.total[:, None]
    change -= float(np.sum(of_intercept**2 / total)) / 2
    return np.hstack([step, -of_intercept / total - step @ metric.center[:, None]]), -float(change)
