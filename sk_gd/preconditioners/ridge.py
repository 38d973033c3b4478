"""The second derivative of the ridge penalty alone: where rows are few beside features, it is that in most directions."""

from __future__ import annotations

import numpy as np

from sk_gd._array import Array
from sk_gd.preconditioners._base import Bending, Curvature
from sk_gd.preconditioners.diagonal import Diagonal


class Ridge(Diagonal):
    """``P = diag(l2)``: steps in it never leave the span of the rows, in which the minimum lies.

    A diagonal of the Hessian leads out of it, and conjugate gradients have to find the way back in as many directions as there
    are features more than rows, each with a curvature of its own. Every feature needs an l2; the intercept gets their mean, as the
    curvature of the loss falls by orders of magnitude on the way.
    """

    def update(self, objective: Bending, theta: Array, centred: bool = True) -> None:
        seen = objective.curvature(theta, self.full, centred)
        self.adopt(Curvature(np.full(len(theta), np.mean(objective.l2)), seen.center, seen.moments), objective.l2)

    def build(self, moments: Array, l2: float | Array) -> None:
        self.hessian = np.broadcast_to(l2, moments.shape)

    def cost(self, n_features: int, n_outputs: int) -> float:
        return float("inf")  # it is the same everywhere
