"""Log loss of three classes and more: softmax regression, not one against the rest."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy.special import log_softmax, softmax

from sk_gd.losses._base import Array, Loss


class Multinomial:
    """``loss = log(sum_k exp(z_k)) - z_y`` with y the code 0 .. K-1 of the class, shape (n, 1).

    Its curvature ``diag(p) - p p'`` is at most 1/2 (Boehning 1992).
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
        log_p = log_softmax(z, axis=1)
        codes = y.astype(np.intp)
        slope = np.exp(log_p)
        np.put_along_axis(slope, codes, np.take_along_axis(slope, codes, axis=1) - 1, axis=1)
        return -np.take_along_axis(log_p, codes, axis=1)[:, 0], slope

    def curvature_at(self, y: Array, z: Array) -> Array:
        p: Array = softmax(z, axis=1)
        return p * (1 - p)

    def mean(self, z: Array) -> Array:
        p: Array = softmax(z, axis=1)
        return p

    def constant(self, y: Array, weights: Array | None) -> Array:
        counts = np.bincount(y[:, 0].astype(np.intp), weights=weights, minlength=self.n_classes)
        log_share = np.log(counts / counts.sum())
        centred: Array = log_share - log_share.mean()  # the softmax ignores a common shift: take the symmetric representative
        return centred
