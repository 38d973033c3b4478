"""A metric that learns from the steps taken in it (limited-memory BFGS)."""

from __future__ import annotations

from collections import deque

import numpy as np

from sk_gd._array import Array
from sk_gd.preconditioners._base import Bending, Coordinates, Metric

MEMORY = 10  # steps remembered


class Secant(Metric):
    """Another metric, corrected along the last few steps by how the gradient really changed on them.

    Parameters
    ----------
    base : Metric
        Where the correction starts.

    References
    ----------
    Nocedal, 1980 (the two loops); the scaling of the base is the step of Barzilai and Borwein, 1988.
    """

    def __init__(self, base: Metric) -> None:
        self.base = base
        self.full = base.full
        self.steps: deque[tuple[Array, Array, float]] = deque(maxlen=MEMORY)
        self.scale = 1.0

    @property
    def unit(self) -> float:
        return self.base.unit

    def update(self, objective: Bending, theta: Array, centred: bool = True) -> None:
        self.base.update(objective, theta, centred)
        self.steps.clear()  # what they corrected is gone
        self.scale = 1.0

    def cost(self, n_features: int, n_outputs: int) -> float:
        return self.base.cost(n_features, n_outputs)

    def learn(self, step: Array, change: Array) -> None:
        """Remember that the gradient changed by ``change`` over ``step``."""
        agreement = float(np.vdot(step, change))
        size = float(np.vdot(change, self.base.solve(change)))
        if agreement > 1e-12 * size > 0:  # else rounding, or not convex: such a pair would make the metric indefinite
            self.steps.append((step, change, 1 / agreement))
            self.scale = agreement / size

    def solve(self, gradient: Array) -> Array:
        direction, spare, shares = gradient.copy(), np.empty_like(gradient), []  # of a large theta every new array costs time
        for step, change, inverse in reversed(self.steps):
            shares.append(inverse * float(np.vdot(step, direction)))
            direction -= np.multiply(change, shares[-1], out=spare)
        direction = self.base.solve(direction)
        direction *= self.scale
        for (step, change, inverse), share in zip(self.steps, reversed(shares), strict=True):
            direction += np.multiply(step, share - inverse * float(np.vdot(change, direction)), out=spare)
        return direction

    def product(self, step: Array) -> Array:
        return self.base.product(step) / self.scale

    def coordinates(self, l1: float | Array, l2: float | Array) -> Coordinates:
        return self.base.coordinates(l1, l2)
