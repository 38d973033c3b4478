"""Log loss of two classes."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from sk_gd._array import Array, at_least, namespace
from sk_gd._compat import expit
from sk_gd.losses._base import Loss, entropy, weighted_mean


class LogLoss:
    """``loss = log(1 + exp(z)) - y z`` with y in {0, 1}; z is the log-odds of class 1."""

    pointwise: ClassVar[int | None] = 1
    curvature: ClassVar[float] = 0.25
    quadratic: ClassVar[bool] = False
    couples: ClassVar[bool] = False

    def hyper(self) -> Array:
        return np.empty(0)

    def for_targets(self, y: Array, weights: Array | None) -> Loss:
        return self

    def value_and_slope(self, y: Array, z: Array) -> tuple[Array, Array]:
        # log(1 + e^z) - y z, written so that nothing cancels: the two terms of the wrong side never meet
        xp = namespace(z)
        size = xp.abs(z)
        value = (z + size) / 2 - y * z + xp.log1p(xp.exp(-size))
        return value[:, 0], self.mean(z) - y

    def curvature_at(self, y: Array, z: Array) -> Array:
        p = self.mean(z)
        return p * (1 - p)

    def conjugate(self, y: Array, slope: Array) -> Array:
        wrong = namespace(slope).abs(slope)  # the share of the other class
        return (entropy(wrong) + entropy(1 - wrong))[:, 0]

    def bounded(self, y: Array, slope: Array) -> Array:
        side = 1 - 2 * y
        return at_least(-at_least(-slope * side, -1.0), 0.0) * side

    def mean(self, z: Array) -> Array:
        p: Array = expit(z, xp=namespace(z))
        return p

    def constant(self, y: Array, weights: Array | None) -> Array:
        # by logarithms of the two shares: the log-odds of one that rounds to 1 would be infinite
        log_odds: Array = np.log(weighted_mean(y, weights)) - np.log(weighted_mean(y, weights, lambda y: 1 - y))
        return log_odds
