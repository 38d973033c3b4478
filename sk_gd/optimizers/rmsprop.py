"""RMSProp: gradients divided by their recent size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sk_gd._array import Array, namespace, zeros
from sk_gd.optimizers._base import Optimizer


@dataclass
class RMSProp(Optimizer):
    """``square = rho * square + (1 - rho) * gradient^2``, ``direction = gradient / (sqrt(square) + epsilon)``.

    Parameters
    ----------
    rho : float, default=0.9
        Share of the mean square that survives a step, in [0, 1).
    epsilon : float, default=1e-8
        Keeps the quotient finite, above 0; in the unit of the gradient.

    Notes
    -----
    The mean square contains the gradient that it divides. Where gradients are estimated on few rows, that pulls the descent to a
    point beside the minimum, at any rate; ``rho`` near 1 pulls less (Reddi, Kale and Kumar, 2018).

    References
    ----------
    Tieleman and Hinton, "Lecture 6.5: rmsprop", Neural networks for machine learning, Coursera, 2012.

    Examples
    --------
    >>> from sk_gd import GDLinearRegressor
    >>> from sk_gd.optimizers import RMSProp
    >>> model = GDLinearRegressor("mini-batch", optimizer=RMSProp(rho=0.99), schedule="cosine")
    """

    rho: float = 0.9
    epsilon: float = 1e-8

    kernel = 4
    unit_free = True

    def check(self) -> None:
        self.expect("rho", "[0, 1)", "at 1 no gradient would ever enter the mean")
        self.expect("epsilon", "(0, inf)", "at 0 a gradient of zero would be divided by zero")

    @property
    def gain(self) -> float:
        return (1 - self.rho) ** -0.5  # of the first step, when the mean still remembers the zero that it began with

    def hyper(self) -> Array:
        return np.array([self.rho, self.epsilon])

    def init(self, theta: Array) -> Array:
        return zeros((1, *theta.shape), theta)

    def direction(self, gradient: Array, memory: Array) -> tuple[Array, Array]:
        square = self.rho * memory + (1 - self.rho) * gradient**2
        return gradient * self.stretch(square), square

    def stretch(self, memory: Array) -> Array:
        return 1 / (namespace(memory).sqrt(memory[0, ...]) + self.epsilon)
