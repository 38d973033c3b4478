"""The step of steepest descent in a metric when the penalty has a kink."""

from __future__ import annotations

import numpy as np

from sk_gd.descent.problem import Array, Problem
from sk_gd.descent.state import DescentState
from sk_gd.kernels import coordinate_descent
from sk_gd.preconditioners import CentredMetric, Hessian, Joint, factorise

SWEEPS = 100  # over the coordinates, in about the time of a Newton step: of 300 features 1.2 and 1 ms, of 1000 10 and 10
EXACT = 0.01  # of the error that is asked for, in these sweeps: they are cheap beside a Newton step that leads but to the next wall
ROUNDS = 50
LOOSE = 1e-3  # of the slope at a kink that holds a coefficient back from it
NARROWER = 0.1  # share of a face that may be held before it is worth a factor of its own


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
        error = max(min(error / 30, np.sqrt(max(-1e-3 * change, 0.0))), least)


def _apart(objective: Problem, state: DescentState, guess: Array, error: float) -> tuple[Array, float]:
    """Every output by itself; centring the features takes the intercept out of the problem, and gives it back at the end."""
    metric, gradient, penalty = state.metric, state.gradient, objective.penalty
    assert isinstance(metric, CentredMetric)
    coef, of_intercept = objective.coef(state.theta), gradient[:, objective.n_features :]
    centred = objective.coef(gradient) - of_intercept * metric.center if of_intercept.size else objective.coef(gradient)
    scales = state.scale * metric.factor
    if metric.hessian.ndim == 1:
        curvature = yielding(np.outer(scales, metric.hessian), metric.flat, coef, penalty.l1)
        step = penalty.prox(coef - centred / curvature, 1 / curvature) - coef
        bend = curvature * step
    else:
        assert isinstance(metric, Hessian)
        step, bend, hessian = objective.coef(guess).copy(), np.zeros(coef.shape), metric.matrix.firm(metric.hessian)
        lower = np.full(objective.n_features, 0.0 if penalty.positive else -np.inf)
        for k, scale in enumerate(scales):
            kinks, model = np.full(objective.n_features, penalty.l1 / scale), hessian
            if metric.flat.any():
                model = hessian.copy()
                np.fill_diagonal(model, yielding(np.diag(hessian), metric.flat, coef[k], kinks))
            settle(model, centred[k] / scale, coef[k], kinks, lower, step[k], error / scale**0.5)
            bend[k] = scale * (model @ step[k])
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
    kinks, lower = np.zeros(gradient.shape), np.full(gradient.shape, -np.inf)
    hessian = state.scale * metric.matrix.firm(metric.hessian)
    objective.coef(kinks)[:] = objective.penalty.l1
    np.fill_diagonal(hessian, yielding(np.diag(hessian), metric.flat, state.theta.ravel(), kinks.ravel()))
    objective.coef(lower)[:] = 0.0 if objective.penalty.positive else -np.inf
    slope, step = metric.centred_gradient(gradient).ravel(), metric.centred_step(guess).ravel()
    bends = objective.n_samples * (len(gradient) - 1)  # directions in which the loss can, at most
    settle(hessian, slope, state.theta.ravel(), kinks.ravel(), lower.ravel(), step, error, bends)
    change = slope @ step + step @ hessian @ step / 2 + objective.penalty_change(state.theta, step.reshape(gradient.shape))
    return metric.uncentred_step(step.reshape(gradient.shape)), float(change)


def yielding(diagonal: Array, flat: Array, coef: Array, kinks: float | Array) -> Array:
    """Curvatures that let coefficients of constant columns go to the kink at once: beside an intercept nothing else holds them."""
    held = flat & (np.asarray(kinks) > 0) & (coef != 0)
    loose: Array = np.where(held, LOOSE * kinks / np.where(held, np.abs(coef), 1.0), diagonal)
    return loose


def settle(
    hessian: Array, gradient: Array, coef: Array, kinks: Array, lower: Array, step: Array, error: float, most: float = np.inf
) -> None:
    """Minimise ``gradient . step + step' hessian step / 2 + kinks . |coef + step|`` over ``step``, from the guess it holds.

    Coordinate descent finds which coefficients are zero. How far the others go it finds but slowly where they pull on each other,
    and then small changes do not tell that the minimum is near; so they are moved by Newton's steps, until these gain no more.
    Not if they are more than ``most``: where a large model is flat, each of these steps leads but to the next wall.
    """
    face, sweeps = None, 0
    for _ in range(ROUNDS):
        if face is None:
            sweeps = coordinate_descent(hessian, gradient, coef, kinks, lower, step, SWEEPS, EXACT * error)
        fall, face = newton(hessian, gradient, coef, kinks, lower, step, most, face)
        if face is None and sweeps < SWEEPS and fall <= error**2:
            return


class Face:
    """The model by the coefficients that are free: one factor finds its minimum over all of them, and over most of them."""

    def __init__(self, hessian: Array, free: Array) -> None:
        self.free, self.block = free, hessian[np.ix_(free, free)]
        self.factor = factorise(self.block)

    def change(self, slope: Array, move: Array) -> float:
        """By how much a move raises the model."""
        return float(slope @ move + move @ self.block @ move / 2)

    def to_minimum(self, slope: Array, held: Array) -> Array:
        """The move to the minimum while some are held: what holds them solves the Schur complement of the others."""
        move: Array = -self.factor.solve(np.where(held, 0.0, slope))
        if held.any():
            pulls = self.factor.solve(np.eye(len(held))[held])
            move -= factorise(pulls[:, held]).solve(move[held]) @ pulls
        return np.where(held, 0.0, move)


def newton(
    hessian: Array, gradient: Array, coef: Array, kinks: Array, lower: Array, step: Array, most: float, face: Face | None
) -> tuple[float, Face | None]:
    """Move what is not zero to the minimum of its orthant's model, or to the walls: the decrease, and the face if walls were hit.

    It is the ``face`` of the last move if that hit some.
    """
    place, walled = coef + step, (kinks > 0) | (lower == 0)
    free = (place != 0) | ~walled
    if not 0 < free.sum() <= most:
        return 0.0, None
    if face is None or np.mean(~free[face.free]) > NARROWER:
        face = Face(hessian, np.flatnonzero(free))
    part, held = face.free, ~free[face.free]
    start, slope = place[part], (gradient + hessian @ step)[part] + kinks[part] * np.sign(place[part])
    move = face.to_minimum(slope, held)
    through = walled[part] & (start * (start + move) < 0)
    if hit := bool(through.any()):
        ways = np.divide(-start, move, out=np.full(len(part), np.inf), where=through)
        first = max(float(ways.min()), np.finfo(np.float64).eps)
        # what is stopped at walls may lead up; not so the way to the first one
        shares = np.geomspace(1.0, first, 2 + int(-np.log(first) / 2))
        move = min((np.where(ways <= share, -start, share * move) for share in shares), key=lambda move: face.change(slope, move))
    fall = -face.change(slope, move)
    if not fall > 0:
        return 0.0, None
    step[part] = start + move - coef[part]
    return fall, face if hit else None
