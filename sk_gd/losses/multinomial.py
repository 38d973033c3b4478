"""Log loss of three classes and more: softmax regression, not one against the rest."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from sk_gd._array import Array, at_least, beside, namespace
from sk_gd._pieces import pieces, weigh_codes
from sk_gd.losses._base import Loss, entropy


class Multinomial:
    """``loss = log(sum_k exp(z_k)) - z_y`` with y the code 0 .. K-1 of the class, shape (n, 1).

    Its curvature ``diag(p) - p p'`` is at most 1/2 (Boehning 1992).

    Parameters
    ----------
    n_classes : int
        K, at least two.
    """

    pointwise: ClassVar[int | None] = 2
    curvature: ClassVar[float] = 0.5
    quadratic: ClassVar[bool] = False
    couples: ClassVar[bool] = True

    def __init__(self, n_classes: int) -> None:
        self.n_classes = n_classes

    def hyper(self) -> Array:
        return np.empty(0)

    def for_targets(self, y: Array, weights: Array | None) -> Loss:
        return self

    def value_and_slope(self, y: Array, z: Array) -> tuple[Array, Array]:
        xp, log_p, own = namespace(z), self.log_mean(z), self.own(y, z)
        return -xp.sum(log_p * own, axis=1), xp.exp(log_p) - own

    def own(self, y: Array, z: Array) -> Array:
        """1 at every row's class, else 0, as numbers of z's kind."""
        is_own: Array = namespace(z).astype(y == beside(np.arange(self.n_classes), y), z.dtype)
        return is_own

    def conjugate(self, y: Array, slope: Array) -> Array:
        total: Array = namespace(slope).sum(entropy(slope + self.own(y, slope)), axis=1)
        return total

    def bounded(self, y: Array, slope: Array) -> Array:
        own = self.own(y, slope)
        p = at_least(slope + own, 0.0)
        return p / namespace(p).sum(p, axis=1, keepdims=True) - own

    def curvature_at(self, y: Array, z: Array) -> Array:
        p = self.mean(z)
        return p * (1 - p)

    def mean(self, z: Array) -> Array:
        xp = namespace(z)
        size = xp.exp(z - xp.max(z, axis=1, keepdims=True))
        return size / xp.sum(size, axis=1, keepdims=True)

    def mean_of(self, y: Array, slope: Array) -> Array:
        """``mean(z)`` from NumPy's slopes at z, which become it."""
        for piece in pieces(slope):
            own, codes = slope[piece], y[piece, 0].astype(np.intp)
            own[np.arange(len(codes)), codes] += 1
        return slope

    def log_mean(self, z: Array) -> Array:
        """Logarithm of ``mean``, exact where that would underflow."""
        xp = namespace(z)
        below = z - xp.max(z, axis=1, keepdims=True)
        return below - xp.log(xp.sum(xp.exp(below), axis=1, keepdims=True))

    def constant(self, y: Array, weights: Array | None) -> Array:
        counts = weigh_codes(y[:, 0], weights, self.n_classes)
        log_share = np.log(counts / counts.sum())
        centred: Array = log_share - log_share.mean()  # the softmax ignores a common shift: take the symmetric representative
        return centred
