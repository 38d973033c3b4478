"""The Hessian where it is too large to hold: known by its products alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sk_gd.preconditioners._base import Array, Bending, Coordinates, Metric
from sk_gd.preconditioners.secant import Secant

MAX_PRODUCTS = 100  # a direction that asks for more is followed as it is
ENOUGH = 0.25  # share of the mean gain of a product below which the next one is not worth its pass


class Implicit(Metric):
    """``solve`` minimises the quadratic model by conjugate gradients, in another metric.

    A product with the Hessian is a pass over the rows, and each lowers the model; the solve ends when one lowers it by less
    than a quarter of what they did on average (Nash and Sofer 1990). What the products told about the Hessian is kept: the
    metric in which the next solve runs is corrected along them (Morales and Nocedal 2000).

    Parameters
    ----------
    base : Metric
        The metric of the conjugate gradients.
    """

    full = True
    multiply: Callable[[Array], Array]

    def __init__(self, base: Metric) -> None:
        self.base = Secant(base)
        self.n_products = 0  # since the base was built; zero before
        self.built = False

    @property
    def unit(self) -> float:
        return self.base.unit

    def update(self, objective: Bending, theta: Array, centred: bool = True) -> None:
        if not self.built or self.n_products > self.base.cost(objective.n_features, len(theta)):
            self.base.update(objective, theta, centred)
            self.built, self.n_products = True, 0
        self.multiply = objective.hessian_product(theta)

    def cost(self, n_features: int, n_outputs: int) -> float:
        return 0.0

    def solve(self, gradient: Array) -> Array:
        residual, direction, seen, gained = gradient, np.zeros_like(gradient), [], 0.0
        preconditioned = self.base.solve(residual)
        conjugate, agreement = preconditioned, float(np.vdot(residual, preconditioned))
        for count in range(1, MAX_PRODUCTS + 1):
            product = self.multiply(conjugate)
            curvature = float(np.vdot(conjugate, product))
            if not (agreement > 0 and curvature > 0):  # solved to rounding, or not convex there
                break
            seen.append((conjugate, product))
            length = agreement / curvature
            direction, residual = direction + length * conjugate, residual - length * product
            gain = length * agreement
            gained += gain
            if count * gain < ENOUGH * gained:
                break
            preconditioned = self.base.solve(residual)
            agreement, before = float(np.vdot(residual, preconditioned)), agreement
            conjugate = preconditioned + agreement / before * conjugate
        self.n_products += len(seen)
        for step, change in seen:
            self.base.learn(step, change)
        return direction if seen else preconditioned

    def product(self, step: Array) -> Array:
        return self.multiply(step)

    def coordinates(self, l1: float | Array, l2: float | Array) -> Coordinates:
        raise TypeError("a Hessian that is not held has no coordinates that rows could be moved into")
