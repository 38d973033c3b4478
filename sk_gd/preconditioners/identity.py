"""No metric: the textbook's steepest descent."""

from __future__ import annotations

import numpy as np

from sk_gd._array import Array
from sk_gd.preconditioners._base import Bending, CentredMetric, Coordinates


class AsTheyAre(Coordinates):
    """Those of no metric: nothing to multiply by. What comes of them may be changed in place, all but what ``leave`` gives back."""

    def enter(self, theta: Array) -> Array:
        return theta.copy()

    def leave(self, theta: Array) -> Array:
        return theta

    def gradient(self, gradient: Array) -> Array:
        return gradient.copy()


class Identity(CentredMetric):
    """``solve(gradient) = gradient``."""

    full = False

    def update(self, objective: Bending, theta: Array, centred: bool = True) -> None:
        self.center = np.zeros(objective.n_features)
        self.total = self.factor = np.ones(len(theta))
        self.flat = np.zeros(objective.n_features, dtype=bool)
        self.build(np.ones(objective.n_features), 0.0)

    def cost(self, n_features: int, n_outputs: int) -> float:
        return float("inf")

    def build(self, moments: Array, l2: float | Array) -> None:
        self.hessian = moments

    def solve_coef(self, gradient: Array) -> Array:
        return gradient

    def product_coef(self, step: Array) -> Array:
        return step

    def coordinates(self, l1: float | Array, l2: float | Array) -> Coordinates:
        return AsTheyAre(self.center, self.hessian, self.hessian, l1 * self.hessian, l2 * self.hessian)
