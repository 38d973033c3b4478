"""F with its corners rounded, and the dual of F beside it."""

from __future__ import annotations

from typing import Any

import numpy as np

from sk_gd._array import Array, at_least, namespace
from sk_gd.descent.objective import TRACE, Objective
from sk_gd.losses import Cornered, PrimalDual, SquaredError, halves
from sk_gd.penalties import ElasticNet
from sk_gd.preconditioners import fill_diagonal
from sk_gd.sources import Block

FAR = 10  # typical errors that a coefficient may change predictions by
NARROW = 0.1  # radius of a coefficient's corner, as a share of the change of predictions that the loss is rounded by


class Corners:
    """Those of the loss of an objective, and those that its penalty has at zero; in double precision, without which none balance.

    Attributes
    ----------
    units : ndarray of shape (n_features,)
        The coefficients that change predictions by one unit of y.
    penalty : Cornered
        ``l1 |coef|``. The bound at zero of coefficients that may not be negative is a slope there that the loss cannot outdo.
    """

    def __init__(self, objective: Objective) -> None:
        source, loss = objective.source, objective.loss
        assert isinstance(loss, Cornered)
        exact = source.exact()
        self.objective, self.loss = objective.on(exact, loss), loss
        squares = objective.on(exact, SquaredError())
        curvature = squares.curvature(objective.constant, full=False)
        spread = np.sqrt(fill_diagonal(curvature.moments, curvature.nothing.mean(axis=0)))
        self.units = 1 / spread
        l1 = np.broadcast_to(objective.penalty.l1, spread.shape).astype(np.float64)
        self.penalty = Cornered(0.0, max(loss.low, loss.high) * spread if objective.penalty.positive else l1, l1)

    def snapped(self, theta: Array, radius: float) -> Array:
        """Theta with coefficients that are within their corner at zero, and those that may not be negative as near as they may."""
        theta = theta.copy()
        coef = self.objective.coef(theta)
        coef[(self.penalty.low > 0) & (np.abs(coef) < NARROW * radius * self.units)] = 0.0
        return self.objective.prox(theta, 0.0)

    def reach(self, theta: Array) -> Array:
        """How far from theta a minimum is reckoned with: ``FAR`` typical errors, or as far as theta is from zero."""
        reach = np.full(theta.shape, FAR * self.loss.soft)
        coef = self.objective.coef(reach)
        coef[:] = coef * self.units + np.abs(self.objective.coef(theta))
        return reach


class RoundedPenalty(ElasticNet):
    """A penalty whose corners at zero are rounded; its l2 is the curvature by which multipliers follow coefficients."""

    def __init__(self, penalty: ElasticNet, corner: Cornered, coef: Array, multipliers: Array) -> None:
        bend = corner.secant(np.zeros_like(coef), coef, multipliers)
        super().__init__(penalty.l2 + (bend[0] if len(bend) == 1 else bend))
        self.ridge, self.corner = penalty.l2, corner

    def value(self, coef: Array) -> float:
        return float(self.corner.value_and_slope(np.zeros_like(coef), coef)[0].sum() + np.vdot(self.ridge * coef, coef) / 2)

    def gradient(self, coef: Array) -> Array:
        return self.corner.value_and_slope(np.zeros_like(coef), coef)[1] + self.ridge * coef


class RoundedObjective(Objective):
    """F with its corners rounded, bent as Newton's step asks that takes slopes and multipliers along.

    Parameters
    ----------
    corners : Corners
        Of F.
    radius : float
        Of those of the loss, in units of y.
    theta : ndarray of the shape of theta
        Where the step begins.
    slopes, multipliers : ndarray of shape (n_samples, n_outputs) and (n_outputs, n_features)
        The point of the dual where it begins.
    """

    def __init__(self, corners: Corners, radius: float, theta: Array, slopes: Array, multipliers: Array) -> None:
        objective, source = corners.objective, corners.objective.source
        self.rows, self.kinks = corners.loss.rounded(radius), corners.penalty.rounded(NARROW * radius * corners.units)
        self.y, self.slopes, self.multipliers = source.y, slopes, multipliers
        penalty = RoundedPenalty(objective.penalty, self.kinks, objective.coef(theta), multipliers)
        both = source.retarget(namespace(slopes).concat([source.y, slopes], axis=1), source.weights)
        super().__init__(PrimalDual(self.rows), penalty, both, objective.shape[0], objective.fit_intercept)

    def raw(self, theta: Array, step: Array) -> tuple[Array, Array]:
        """Raw predictions of all rows, and their change over a step."""
        self.n_passes += 1
        return halves(self.source.per_row(lambda block: block.raw(np.vstack([theta, step]))))

    def dual_step(self, z: Array, change: Array, coef: Array, step: Array) -> tuple[Array, Array]:
        """By how much Newton's step changes slopes and multipliers."""
        zero = np.zeros_like(coef)
        bend = at_least(self.rows.secant(self.y, z, self.slopes), TRACE * self.rows.curvature)
        slopes = self.rows.value_and_slope(self.y, z)[1] + bend * change - self.slopes
        multipliers = self.kinks.value_and_slope(zero, coef)[1] + self.kinks.secant(zero, coef, self.multipliers) * step
        return slopes, multipliers - self.multipliers

    def room(self, slopes: Array, multipliers: Array) -> float:
        """The share of these changes up to which all slopes and multipliers stay within their bounds."""
        return min(room(self.slopes, slopes, self.rows), room(self.multipliers, multipliers, self.kinks))

    def lost(self, z: Array, coef: Array) -> float:
        """How far the dual at the rounded slopes is below F, were they to balance: what the rounding costs."""
        of_rows = Block(self.y, self.y, self.source.weights).weigh(self.rows.lost(self.y, z))
        return float(namespace(of_rows).mean(of_rows)) + float(self.kinks.lost(np.zeros_like(coef), coef).sum())


def room(start: Array, change: Any, corner: Cornered) -> float:
    """The share of the changes up to which slopes stay within a corner's; infinite where nothing changes."""
    xp = namespace(start)
    bound = xp.where(change > 0, corner.high - start, corner.low + start)
    shares = xp.where(change == 0, xp.full_like(start, np.inf), bound / xp.abs(xp.where(change == 0, xp.ones_like(start), change)))
    return float(xp.min(shares))
