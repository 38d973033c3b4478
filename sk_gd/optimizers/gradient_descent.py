"""Gradient descent (Cauchy 1847)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sk_gd.optimizers._base import Array, Optimizer


@dataclass
class GradientDescent(Optimizer):
    """``direction = gradient``."""

    kernel = 0

    def init(self, theta: Array) -> Array:
        return np.empty((0, *theta.shape), theta.dtype)

    def direction(self, gradient: Array, memory: Array) -> tuple[Array, Array]:
        return gradient, memory
