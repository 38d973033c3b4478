"""Elastic net, with ridge (L2) and lasso (L1) as its two ends, over all numbers or over those from zero up."""

from __future__ import annotations

from copy import copy

import numpy as np

from sk_gd._array import Array, at_least, namespace


def soft_threshold(x: Array, threshold: float | Array, positive: bool = False) -> Array:
    """The proximal map of ``threshold * |x|``: shrink by the threshold, stopping at zero; ``positive`` allows no x below zero."""
    xp = namespace(x)
    shrunk: Array = at_least(x - threshold, 0.0) if positive else xp.sign(x) * at_least(xp.abs(x) - threshold, 0.0)
    return shrunk


class ElasticNet:
    """``sum_j alpha_j * (l1_ratio * |coef_j| + (1 - l1_ratio) / 2 * coef_j^2)``.

    The smooth part is descended along, the other one is stepped over by its proximal map, so L1 gives exact zeros.

    Parameters
    ----------
    alpha : float or ndarray of shape (n_features,)
        Strength, of each feature if it is an array; 0 is no penalty.
    l1_ratio : float, in [0, 1]
        Share of the absolute values.
    positive : bool
        Whether a negative coefficient costs infinitely much. The proximal map is then a projection, too.

    Attributes
    ----------
    kinked : bool
        Whether there is a part that has no gradient everywhere.
    """

    def __init__(self, alpha: float | Array, l1_ratio: float = 0.0, positive: bool = False) -> None:
        self.l1 = alpha * l1_ratio
        self.l2 = alpha * (1 - l1_ratio)
        self.positive = positive
        self.kinked = positive or bool(np.any(self.l1))

    def of(self, features: Array) -> ElasticNet:
        """The penalty of some of the features."""
        part = copy(self)
        part.l1, part.l2 = (x[features] if isinstance(x, np.ndarray) and x.ndim else x for x in (self.l1, self.l2))
        return part

    def value(self, coef: Array) -> float:
        """Cost of the coefficients."""
        if self.positive and (coef < 0).any():
            return float("inf")
        smooth = float(np.vdot(self.l2 * coef, coef) / 2)
        return smooth + float((self.l1 * np.abs(coef)).sum()) if self.kinked else smooth

    def gradient(self, coef: Array) -> Array:
        """Gradient of the smooth part."""
        return self.l2 * coef

    def least(self, pull: Array, coef: Array, reach: Array) -> float:
        """``min over u of value(u) + pull . u`` among the coefficients u that are within reach of ``coef``."""
        l2 = np.broadcast_to(self.l2, pull.shape)
        beyond = soft_threshold(-pull, self.l1, self.positive)
        best = np.divide(beyond, l2, out=np.where(beyond == 0, 0.0, np.copysign(np.inf, beyond)), where=l2 > 0)
        best = np.clip(best, np.maximum(coef - reach, 0) if self.positive else coef - reach, coef + reach)
        return self.value(best) + float(np.vdot(pull, best))

    def prox(self, coef: Array, rate: float | Array) -> Array:
        """``argmin_u  rate * l1 * |u|_1 + 1/2 |u - coef|^2``, over u >= 0 if positive."""
        return soft_threshold(coef, rate * self.l1, self.positive) if self.kinked else coef
