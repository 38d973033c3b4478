"""Gradient descent (Cauchy 1847)."""

from __future__ import annotations

from dataclasses import dataclass

from sk_gd._array import Array, zeros
from sk_gd.optimizers._base import Optimizer


@dataclass
class GradientDescent(Optimizer):
    """``direction = gradient``."""

    kernel = 0

    def init(self, theta: Array) -> Array:
        return zeros((0, *theta.shape), theta)

    def direction(self, gradient: Array, memory: Array) -> tuple[Array, Array]:
        return gradient, memory
