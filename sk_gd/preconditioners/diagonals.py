"""The diagonal of the Hessian, for every output its own."""

from __future__ import annotations

import numpy as np

from sk_gd._array import Array
from sk_gd.preconditioners._base import Bending, Metric, fill_diagonal


class Diagonals(Metric):
    """``P_k = diag(mean h_ik (x_ij - center_kj)^2) + l2``, h_ik the second derivative of row i by its raw prediction k.

    Where :class:`~sk_gd.preconditioners.Diagonal` gives all outputs one diagonal up to a factor, here each has its own: away from
    the start every class bends on other rows.
    """

    full = False

    @property
    def unit(self) -> float:
        return float(self.total.mean())

    def update(self, objective: Bending, theta: Array, centred: bool = True) -> None:
        curvature = objective.own_curvature(theta)
        self.total, self.center = curvature.total, curvature.center
        self.hessian = fill_diagonal(curvature.moments, curvature.nothing) + objective.l2

    def cost(self, n_features: int, n_outputs: int) -> float:
        return 2

    def solve(self, gradient: Array) -> Array:
        direction, d = np.empty_like(gradient), self.hessian.shape[1]
        coef, intercept = direction[:, :d], gradient[:, d:]  # in place: of a large theta every new array costs time
        if intercept.size:
            np.subtract(gradient[:, :d], np.multiply(intercept, self.center, out=coef), out=coef)
            np.divide(coef, self.hessian, out=coef)
            direction[:, d:] = intercept / self.total[:, None] - np.einsum("kj,kj->k", coef, self.center)[:, None]
        else:
            np.divide(gradient, self.hessian, out=coef)
        return direction

    def product(self, step: Array) -> Array:
        coef, intercept = np.split(step, [self.hessian.shape[1]], axis=1)
        if not intercept.size:
            return coef * self.hessian
        pull = self.total[:, None] * (intercept + (coef * self.center).sum(axis=1, keepdims=True))
        return np.hstack([coef * self.hessian + pull * self.center, pull])
