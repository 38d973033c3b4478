"""Momentum: the heavy ball, and Nesterov's."""

from __future__ import annotations

import numpy as np

from sk_gd.optimizers._base import Array


class Momentum:
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
    """

    def __init__(self, beta: float = 0.9, nesterov: bool = False) -> None:
        if not 0 <= beta < 1:
            raise ValueError(f"beta must be in [0, 1), got {beta!r}: at 1 and above the velocity never fades.")
        self.beta = beta
        self.nesterov = nesterov
        self.kernel: int | None = 2 if nesterov else 1
        self.gain = 1 / (1 - beta)

    def hyper(self) -> Array:
        return np.array([self.beta])

    def init(self, theta: Array) -> Array:
        return np.zeros((1, *theta.shape), theta.dtype)

    def direction(self, gradient: Array, memory: Array) -> tuple[Array, Array]:
        velocity = self.beta * memory + gradient
        return (gradient + self.beta * velocity[0] if self.nesterov else velocity[0]), velocity
