"""How far to follow a direction: raw predictions are linear in the length, so lengths are tried without reading X again."""

from __future__ import annotations

import numpy as np

from sk_gd._array import Array, double_sum
from sk_gd._pieces import sum_in_pieces
from sk_gd.descent.metrics import wide
from sk_gd.descent.objective import Objective
from sk_gd.descent.parts import PartedObjective
from sk_gd.sources import Block, CompiledSource

MANY = 200  # values of X for every raw prediction, from which on some trials cost less than the pass that they spare
LEVEL = 0.02  # share of the slope at the start that may be left
TRIALS = 20


class Ray:
    """Where steps of any length lead from theta.

    Newton's model foresees a length of one. Where most rows are predicted well F falls like an exponential, and it is several.
    """

    @staticmethod
    def suits(objective: Objective) -> bool:
        """Whether rows are few, so that most come to be predicted well, and trials of lengths are cheap beside a pass."""
        source = objective.source
        if isinstance(objective, PartedObjective) or objective.quadratic or not wide(objective):
            return False
        cheap = source.n_stored >= MANY * objective.n_samples * objective.shape[0]
        return cheap and isinstance(source, CompiledSource) and not source.in_file

    def __init__(self, objective: Objective, theta: Array, step: Array) -> None:
        self.objective, self.coef, self.along = objective, objective.coef(theta), objective.coef(step)
        known = objective.raw
        self.z = known[1] if known is not None and known[0] is theta else self.raw_of(theta)
        self.change = self.raw_of(step)

    def raw_of(self, theta: Array) -> Array:
        """Raw predictions of all rows."""
        self.objective.n_passes += 1
        return self.objective.source.per_row(lambda block: block.raw(theta), len(theta))

    def raw(self, length: float) -> Array:
        """Raw predictions of all rows there."""
        return self.z + length * self.change

    def slope(self, length: float) -> float:
        """Derivative of F by the length."""
        source, loss, l2 = self.objective.source, self.objective.loss, self.objective.l2

        def of_rows(y: Array, z: Array, change: Array, weights: Array | None) -> Array:
            slopes = loss.value_and_slope(y, z + length * change)[1]
            sums: Array = double_sum(Block(y, y, weights).weigh(slopes * change))
            return sums

        rows = float(sum_in_pieces(of_rows, source.y, self.z, self.change, source.weights)) / source.n_samples
        return rows + float(np.vdot(l2 * (self.coef + length * self.along), self.along))

    def length(self, slope: float) -> float:
        """How far F falls at a tenth of the slope it begins with, and more."""
        low, high, length, below, above = 0.0, np.inf, 1.0, slope, np.nan
        for _ in range(TRIALS):
            at = self.slope(length)
            if abs(at) <= -LEVEL * slope:
                break
            if at < 0:
                low, below = length, at
            else:
                high, above = length, at
            share = below / (below - above)  # where a straight line between the slopes crosses zero
            inside = float(np.clip(share, 0.1, 0.9)) if np.isfinite(share) else 0.5
            length = low + (high - low) * inside if np.isfinite(high) else 2 * low
        return length
