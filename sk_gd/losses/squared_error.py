"""Squared error, the loss of least squares and Ridge."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from sk_gd._array import Array, namespace
from sk_gd.losses._base import Loss, weighted_mean


class SquaredError:
    """``loss = 1/2 (z - y)^2``, summed over the outputs."""

    pointwise: ClassVar[int | None] = 0
    curvature: ClassVar[float] = 1.0
    quadratic: ClassVar[bool] = True
    couples: ClassVar[bool] = False

    def hyper(self) -> Array:
        return np.empty(0)

    def for_targets(self, y: Array, weights: Array | None) -> Loss:
        return self

    def value_and_slope(self, y: Array, z: Array) -> tuple[Array, Array]:
        residual = z - y
        return namespace(z).sum(residual**2, axis=1) / 2, residual

    def curvature_at(self, y: Array, z: Array) -> Array:
        ones: Array = namespace(z).ones_like(z)
        return ones

    def mean(self, z: Array) -> Array:
        return z

    def constant(self, y: Array, weights: Array | None) -> Array:
        return weighted_mean(y, weights)
