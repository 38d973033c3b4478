"""The diagonal of the Hessian: every feature in its own unit."""

from __future__ import annotations

import numpy as np

from sk_gd._array import Array
from sk_gd.preconditioners._base import CentredMetric, Coordinates, Curvature, fill_diagonal


class Diagonal(CentredMetric):
    """``P = diag(mean h (x_j - center_j)^2) + l2``: what standardising the features would do, without touching X."""

    full = False

    @classmethod
    def of(cls, total: Array, center: Array, diagonal: Array, centred: bool) -> Diagonal:
        """That of a Hessian over centred features, which is known; about zero, if it may not move them."""
        metric = cls()
        if not centred:
            center, diagonal = np.zeros_like(center), diagonal + total.mean() * center**2
        metric.adopt(Curvature(total, center, diagonal), 0.0)
        return metric

    def build(self, moments: Array, l2: float | Array) -> None:
        self.hessian = fill_diagonal(moments, self.nothing) + l2

    def solve_coef(self, gradient: Array) -> Array:
        return gradient / self.hessian

    def product_coef(self, step: Array) -> Array:
        return step * self.hessian

    def coordinates(self, l1: float | Array, l2: float | Array) -> Coordinates:
        unit = np.sqrt(self.hessian / self.unit)
        return Coordinates(self.center, 1 / unit, unit, l1 / unit, l2 / unit**2)
