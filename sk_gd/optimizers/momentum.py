"""Momentum: the heavy ball, and Nesterov's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sk_gd._array import Array, namespace, zeros
from sk_gd.optimizers._base import Optimizer, built_up, count_one


@dataclass
class Momentum(Optimizer):
    """``velocity = beta * velocity + gradient``, ``direction = velocity``.

    With ``nesterov=True`` the direction looks one step ahead: ``direction = gradient + beta * velocity``.

    Parameters
    ----------
    beta : float, default=0.9
        Share of the velocity that survives a step, in [0, 1). 0 is plain gradient descent.
    nesterov : bool, default=False
        Nesterov's form.

    References
    ----------
    Polyak, 1964; Nesterov, 1983; the form of Sutskever, Martens, Dahl and Hinton, 2013.

    Examples
    --------
    >>> from sk_gd.optimizers import Momentum
    >>> Momentum(beta=0.8).set_params(nesterov=True)
    Momentum(beta=0.8, nesterov=True)
    """

    beta: float = 0.9
    nesterov: bool = False

    def check(self) -> None:
        self.expect("beta", "[0, 1)", "at 1 and above the velocity never fades")

    @property
    def kernel(self) -> int | None:
        return 2 if self.nesterov else 1

    @property
    def gain(self) -> float:
        return 1 / (1 - self.beta)

    def hyper(self) -> Array:
        return np.array([self.beta])

    def init(self, theta: Array) -> Array:
        return zeros((2, *theta.shape), theta)

    def direction(self, gradient: Array, memory: Array) -> tuple[Array, Array]:
        velocity = self.beta * memory[0, ...] + gradient
        memory = namespace(memory).stack([velocity, memory[1, ...]])
        count_one(memory)
        return (gradient + self.beta * velocity if self.nesterov else velocity), memory

    def stretch(self, memory: Array) -> float | Array:
        velocity: Array = built_up(self.beta, memory) * self.gain  # of a gradient of 1
        return 1 + self.beta * velocity if self.nesterov else velocity
