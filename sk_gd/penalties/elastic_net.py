"""Elastic net, with ridge (L2) and lasso (L1) as its two ends."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def soft_threshold(x: Array, threshold: float | Array) -> Array:
    """The proximal map of ``threshold * |x|``: shrink by the threshold, stopping at zero."""
    shrunk: Array = np.sign(x) * np.maximum(np.abs(x) - threshold, 0)
    return shrunk


class ElasticNet:
    """``alpha * (l1_ratio * |coef|_1 + (1 - l1_ratio) / 2 * |coef|_2^2)``.

    The smooth part is descended along, the other one is stepped over by its proximal map, so L1 gives exact zeros.

    Parameters
    ----------
    alpha : float
        Strength; 0 is no penalty.
    l1_ratio : float, in [0, 1]
        Share of the absolute values.
    """

    def __init__(self, alpha: float, l1_ratio: float = 0.0) -> None:
        self.l1 = alpha * l1_ratio
        self.l2 = alpha * (1 - l1_ratio)

    def value(self, coef: Array) -> float:
        """Cost of the coefficients."""
        return float(self.l1 * np.abs(coef).sum() + self.l2 / 2 * np.vdot(coef, coef))

    def gradient(self, coef: Array) -> Array:
        """Gradient of the smooth part."""
        return self.l2 * coef

    def prox(self, coef: Array, rate: float | Array) -> Array:
        """``argmin_u  rate * l1 * |u|_1 + 1/2 |u - coef|^2``."""
        return soft_threshold(coef, rate * self.l1) if self.l1 else coef
