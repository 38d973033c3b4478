"""The dual of F where its rows are: a slope for every one, which Newton's steps on the rounded objective take along."""

from __future__ import annotations

from typing import Any

import numpy as np

from sk_gd._array import Array, at_least, brought, double_sum, namespace
from sk_gd._pieces import in_pieces, of_pieces, sum_in_pieces
from sk_gd.descent.objective import Objective
from sk_gd.descent.part import Part
from sk_gd.descent.parts import PartedObjective
from sk_gd.descent.product import TRACE
from sk_gd.losses import Cornered, PrimalDual, halves, side_by_side
from sk_gd.penalties import ElasticNet
from sk_gd.sources import Block


class RowDuals:
    """Slopes that are believed in, and need not be those at theta, of rows in memory.

    Parameters
    ----------
    objective : Objective
        With corners.

    Attributes
    ----------
    known_by : ndarray of shape (n_samples, n_outputs)
        What a later descent has to be given to go on: the slopes.
    """

    known_by: Any

    def __init__(self, objective: Objective) -> None:
        assert isinstance(objective.loss, Cornered)
        self.objective, self.loss = objective, objective.loss
        self.known_by = objective.source.zeros(objective.shape[0])

    def resume(self, known_by: Any) -> None:
        """Go on from where another descent has been."""
        self.known_by = brought(known_by, self.objective.source.y)

    def rounded(self, radius: float, penalty: ElasticNet) -> Objective:
        """The objective with rounded corners, bent as Newton's step asks that takes the slopes along."""
        objective, source = self.objective, self.objective.source
        self.rows = self.loss.rounded(radius)
        both = source.retarget(side_by_side(source.y, self.known_by), source.weights)
        return Objective(PrimalDual(self.rows), penalty, both, objective.shape[0], objective.fit_intercept)

    def aim(self, theta: Array, step: Array) -> float:
        """Find by how much a Newton step changes the slopes; the share of that up to which all stay within their bounds."""
        source, rows = self.objective.source, self.rows
        self.objective.n_passes += 1
        self.z, self.change = halves(source.per_row(lambda block: block.raw(np.vstack([theta, step]))))

        def turn(y: Array, z: Array, change: Array, slope: Array) -> Array:
            bend = at_least(rows.secant(y, z, slope), TRACE * rows.curvature)
            turned: Array = rows.value_and_slope(y, z)[1] + bend * change - slope
            return turned

        self.turn = in_pieces(turn, source.y, self.z, self.change, self.known_by)
        return room(self.known_by, self.turn, self.rows)

    def follow(self, share: float) -> tuple[float, Array]:
        """Go this share of the way; what the slopes prove there, as :func:`~sk_gd.descent.dual.lower_bound` takes it."""
        self.known_by = in_pieces(lambda slope, turn: slope + share * turn, self.known_by, self.turn)
        del self.turn
        return self.objective.dual(self.known_by)

    def lost(self, rate: float) -> float:
        """How far the dual at the rounded slopes would be below F after so much of the step: what the rounding costs."""
        source = self.objective.source

        def of_rows(y: Array, z: Array, change: Array, weights: Array | None) -> Any:
            return double_sum(Block(y, y, weights).weigh(self.rows.lost(y, z + rate * change)))

        return float(sum_in_pieces(of_rows, source.y, self.z, self.change, source.weights)) / source.n_samples


class DualPart(Part):
    """The slopes of the rows of one place; its objective is the rounded one."""

    def __init__(self, number: int, objective: Objective) -> None:
        super().__init__(number, objective)
        self.duals = RowDuals(objective)

    def round(self, radius: float) -> None:
        self.objective, self.bent = self.duals.rounded(radius, ElasticNet(0.0)), None

    def aim(self, theta: Array, step: Array) -> float:
        return self.duals.aim(theta, step)

    def follow(self, share: float) -> tuple[float, Array]:
        conjugate, pull = self.duals.follow(share)
        return self.count * conjugate, self.count * pull

    def lost(self, rate: float) -> float:
        return self.count * self.duals.lost(rate)


class PartedDuals(RowDuals):
    """Slopes of rows in several places, which stay there: they are known by the steps that they have followed."""

    objective: PartedObjective

    def __init__(self, objective: PartedObjective) -> None:
        super().__init__(objective)
        self.places = objective.places.beside("become", DualPart)
        self.known_by = ()

    def resume(self, known_by: Any) -> None:
        for radius, theta, step, share in known_by:
            self.rounded(radius, ElasticNet(0.0))
            self.aim(theta, step)
            self.follow(share)

    def rounded(self, radius: float, penalty: ElasticNet) -> Objective:
        self.places.tell("round", radius)
        self.radius = radius
        return self.objective.at(self.places, PrimalDual(self.loss.rounded(radius)), penalty)

    def aim(self, theta: Array, step: Array) -> float:
        self.objective.n_passes += 1
        self.toward = theta, step
        return float(min(self.places.tell("aim", theta, step)))

    def follow(self, share: float) -> tuple[float, Array]:
        self.objective.n_passes += 1
        self.known_by = (*self.known_by, (self.radius, *self.toward, share))
        conjugates, pulls = zip(*self.places.tell("follow", share), strict=True)
        n = self.objective.n_samples
        return sum(conjugates) / n, np.sum(pulls, axis=0) / n

    def lost(self, rate: float) -> float:
        return float(sum(self.places.ask("lost", rate))) / self.objective.n_samples


def duals_of(objective: Objective) -> RowDuals:
    """Those of rows, wherever they are."""
    return PartedDuals(objective) if isinstance(objective, PartedObjective) else RowDuals(objective)


def room(start: Array, change: Any, corner: Cornered) -> float:
    """The share of the changes up to which slopes stay within a corner's; infinite where nothing changes."""
    xp = namespace(start)

    def of_rows(start: Array, change: Array) -> float:
        bound = xp.where(change > 0, corner.high - start, corner.low + start)
        size = xp.abs(xp.where(change == 0, xp.ones_like(start), change))
        return float(xp.min(xp.where(change == 0, xp.full_like(start, np.inf), bound / size)))

    return min(of_pieces(of_rows, start, change))
