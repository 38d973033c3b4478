"""The Hessian where it is too large to hold: known by its products alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import ceil
from typing import Any

import numpy as np

from sk_gd._array import Array
from sk_gd.preconditioners._base import Bending, Metric
from sk_gd.preconditioners.diagonals import Diagonals
from sk_gd.preconditioners.secant import MEMORY, Secant

MAX_PRODUCTS = 300  # a direction that asks for more is followed as it is,
LEAST = 10  # products that lead somewhere, whatever comes later
MAX_BESIDE_A_KINK = 100  # as it is where the slope of a kink may leave the model without a minimum
CAREFUL = 0.1  # ``enough`` of a solve whose gain is to be believed: within a tenth of all there is, on images and text


class Implicit(Metric):
    """``solve`` minimises the quadratic model by conjugate gradients, in another metric.

    A product with the Hessian is a pass over the rows, and each lowers the model; the solve ends when one lowers it by less
    than a share of what they did on average (Nash and Sofer 1990). What the products told about the Hessian is kept: the
    metric in which the next solve runs is corrected along them (Morales and Nocedal 2000), unless it is made anew for little.

    Parameters
    ----------
    base : Metric
        The metric of the conjugate gradients.
    enough : float, default=0.25
        The share of the mean gain below which a product is the last. Less is more exact, for more passes.
    later, after : Metric or None, float
        What takes the place of the base once there have been ``after`` products: as many as it costs to build. So no descent takes
        twice as long as it would with the better of the two (as one who does not know whether to rent or to buy).
    """

    full = True
    multiply: Callable[[Array], Array]

    def __init__(self, base: Metric, enough: float = 0.25, later: Metric | None = None, after: float = np.inf) -> None:
        self.base: Metric = base if isinstance(base, Diagonals) else Secant(base)  # cheap enough to be made anew instead
        self.enough, self.later, self.after = enough, later, after
        self.n_products = 0  # of the last solve: as many as a new base would cost are a reason to build one
        self.n_all = 0  # of all solves
        self.left = np.inf  # what the last product gained, as a share of what they did on average
        self.built = False

    @property
    def unit(self) -> float:
        return self.base.unit

    @property
    def due(self) -> Metric | None:
        """What comes later, once there have been as many products as it costs."""
        return self.later if self.n_all >= self.after else None

    def update(self, objective: Bending, theta: Array, centred: bool = True) -> None:
        if self.due is not None:
            self.base, self.later, self.built = Secant(self.due), None, False
        self.attach(objective, theta)
        if not self.built or self.n_products > self.base.cost(objective.n_features, len(theta)):
            self.base.update(objective, theta, centred)
            self.built, self.n_products = True, 0

    def attach(self, objective: Bending, theta: Array) -> None:
        """Take the second derivative at theta; what is known of it by earlier products stays."""
        self.multiply, self.couples = objective.hessian_product(theta), objective.couples
        self.flat = self.couples and not np.any(objective.l2)  # along what moves all outputs alike

    def take_care(self) -> bool:
        """From now on solve for how far down the minimum of the model is, and not only for which way.

        Whether the last solve did not yet.
        """
        self.enough = min(self.enough, CAREFUL)
        return self.left >= self.enough

    def __getstate__(self) -> dict[str, Any]:
        """A copy or pickle is without the product, which holds the rows: :meth:`attach` gives it those of the next fit."""
        return {name: value for name, value in vars(self).items() if name != "multiply"}

    def cost(self, n_features: int, n_outputs: int) -> float:
        return 0.0

    def solve(self, gradient: Array, free: Array | None = None) -> Array:
        """The direction of steepest ascent, by the parameters that are ``free`` to move, if not all are."""

        def within(step: Array) -> Array:
            return step if free is None else np.where(free, step, 0.0)

        def steepest() -> Array:
            step = within(self.base.solve(residual))
            if free is None and self.couples:
                step -= step.mean(axis=0)
            elif free is not None and self.flat:  # where all outputs may move, nothing but the kinks sees them move alike
                step -= np.where(free.all(axis=0), step.mean(axis=0), 0.0)
            return step

        residual, direction, spare, gained = np.array(within(gradient)), np.zeros_like(gradient), np.empty_like(gradient), 0.0
        learns = isinstance(self.base, Secant)
        seen = deque[tuple[Array, Array]](maxlen=MEMORY * learns)  # more are not remembered, and each is as large as theta
        self.n_products, self.left = 0, 0.0
        preconditioned = steepest()
        conjugate, agreement = preconditioned, float(np.vdot(residual, preconditioned))
        most = MAX_PRODUCTS if free is None else MAX_BESIDE_A_KINK
        if self.later is not None:
            most = min(most, max(LEAST, ceil(self.after) - self.n_all))
        for count in range(1, 1 + most):
            product = within(self.multiply(conjugate))
            curvature = float(np.vdot(conjugate, product))
            if not (agreement > 0 and curvature > 0):  # solved to rounding, or not convex there
                break
            seen.append((conjugate, product))
            self.n_products = count
            length = agreement / curvature
            direction += np.multiply(conjugate, length, out=spare)
            residual -= np.multiply(product, length, out=spare)
            gain = length * agreement
            gained += gain
            self.left = count * gain / gained
            if self.left < self.enough:
                break
            preconditioned = steepest()
            agreement, before = float(np.vdot(residual, preconditioned)), agreement
            conjugate = np.add(preconditioned, np.multiply(conjugate, agreement / before, out=spare), out=preconditioned)
        self.n_all += self.n_products
        if isinstance(self.base, Secant):
            for step, change in seen:
                self.base.learn(step, change)
        return direction if self.n_products else preconditioned

    def product(self, step: Array) -> Array:
        return self.multiply(step)
