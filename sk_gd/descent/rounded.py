"""The corners of F, rounded."""

from __future__ import annotations

import numpy as np

from sk_gd._array import Array
from sk_gd.descent.duals import duals_of, room
from sk_gd.descent.objective import Objective
from sk_gd.losses import Cornered, SquaredError
from sk_gd.penalties import ElasticNet
from sk_gd.preconditioners import fill_diagonal

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
    rows : RowDuals
        The point of the dual beside the descent, as far as it is of rows.
    """

    def __init__(self, objective: Objective) -> None:
        loss = objective.loss
        assert isinstance(loss, Cornered)
        self.objective, self.loss = objective.exact(), loss
        curvature = self.objective.costing(SquaredError()).curvature(objective.constant, full=False)
        spread = np.sqrt(fill_diagonal(curvature.moments, curvature.nothing.mean(axis=0)))
        self.units = 1 / spread
        l1 = np.broadcast_to(objective.penalty.l1, spread.shape).astype(np.float64)
        self.penalty = Cornered(0.0, max(loss.low, loss.high) * spread if objective.penalty.positive else l1, l1)
        self.rows = duals_of(self.objective)

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

    def rounded_penalty(self, radius: float, theta: Array, multipliers: Array) -> RoundedPenalty:
        """The penalty where corners of the loss have this radius, for a step from theta."""
        corner = self.penalty.rounded(NARROW * radius * self.units)
        return RoundedPenalty(self.objective.penalty, corner, self.objective.coef(theta), multipliers)


class RoundedPenalty(ElasticNet):
    """A penalty whose corners at zero are rounded; its l2 is the curvature by which multipliers follow coefficients.

    Parameters
    ----------
    coef, multipliers : ndarray of shape (n_outputs, n_features)
        Where a step begins, and the slopes of the corners that are believed in there.
    """

    def __init__(self, penalty: ElasticNet, corner: Cornered, coef: Array, multipliers: Array) -> None:
        self.bend = corner.secant(np.zeros_like(coef), coef, multipliers)
        super().__init__(penalty.l2 + (self.bend[0] if len(self.bend) == 1 else self.bend))
        self.ridge, self.corner, self.multipliers = penalty.l2, corner, multipliers
        self.start = coef

    def value(self, coef: Array) -> float:
        return float(self.corner.value_and_slope(np.zeros_like(coef), coef)[0].sum() + np.vdot(self.ridge * coef, coef) / 2)

    def gradient(self, coef: Array) -> Array:
        return self.corner.value_and_slope(np.zeros_like(coef), coef)[1] + self.ridge * coef

    def aim(self, step: Array) -> float:
        """Find by how much a Newton step changes the multipliers; the share up to which all stay within their bounds."""
        slope = self.corner.value_and_slope(np.zeros_like(step), self.start)[1]
        self.turn = slope + self.bend * step - self.multipliers
        return room(self.multipliers, self.turn, self.corner)

    def follow(self, share: float) -> Array:
        """The multipliers after this share of the way."""
        followed: Array = self.multipliers + share * self.turn
        return followed

    def lost(self, coef: Array) -> float:
        """What the rounding costs."""
        return float(self.corner.lost(np.zeros_like(coef), coef).sum())
