"""Gradient descent (Cauchy 1847)."""

from __future__ import annotations

import numpy as np

from sk_gd.optimizers._base import Array


class GradientDescent:
    """``direction = gradient``."""

    kernel: int | None = 0
    gain = 1.0

    def hyper(self) -> Array:
        return np.empty(0)

    def init(self, theta: Array) -> Array:
        return np.empty((0, *theta.shape), theta.dtype)

    def direction(self, gradient: Array, memory: Array) -> tuple[Array, Array]:
        return gradient, memory
