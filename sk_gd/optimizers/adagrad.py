"""AdaGrad: steps that shrink where gradients have been large."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sk_gd._array import Array, namespace, zeros
from sk_gd.optimizers._base import Optimizer


@dataclass
class AdaGrad(Optimizer):
    """``square = square + gradient^2``, ``direction = gradient / (sqrt(square) + epsilon)``.

    The sum of the squares never forgets, so the steps shrink like ``1 / sqrt(t)`` by themselves, and rare features keep long ones.

    Parameters
    ----------
    epsilon : float, default=1e-10
        Keeps the quotient finite, above 0; in the unit of the gradient.

    References
    ----------
    Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic optimization", JMLR, 2011.

    Examples
    --------
    >>> from sk_gd import GDLogisticClassifier
    >>> from sk_gd.optimizers import AdaGrad
    >>> model = GDLogisticClassifier("mini-batch", optimizer=AdaGrad(epsilon=1e-8))
    """

    epsilon: float = 1e-10

    kernel = 3
    unit_free = True
    settles = True

    def check(self) -> None:
        self.expect("epsilon", "(0, inf)", "at 0 a gradient of zero would be divided by zero")

    def hyper(self) -> Array:
        return np.array([self.epsilon])

    def init(self, theta: Array) -> Array:
        return zeros((1, *theta.shape), theta)

    def direction(self, gradient: Array, memory: Array) -> tuple[Array, Array]:
        square = memory + gradient**2
        return gradient * self.stretch(square), square

    def stretch(self, memory: Array) -> Array:
        return 1 / (namespace(memory).sqrt(memory[0, ...]) + self.epsilon)
