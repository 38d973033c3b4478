"""Adam: momentum divided by the recent size of the gradients; AdamW with a decay of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sk_gd._array import Array, namespace, zeros
from sk_gd.optimizers._base import Optimizer, built_up, count_one


@dataclass
class Adam(Optimizer):
    """``direction = mean / (1 - beta_1^t) / (sqrt(square / (1 - beta_2^t)) + epsilon)``.

    Mean and square are running means of the gradient and its square, at update t::

        mean   = beta_1 * mean   + (1 - beta_1) * gradient
        square = beta_2 * square + (1 - beta_2) * gradient^2

    The powers correct for the zeros that both means begin with. With ``weight_decay`` it is AdamW: every update also subtracts
    ``rate * weight_decay * coef``, decoupled from the gradient and hence from its size. The intercept does not decay. That decay
    is not part of the objective: penalise with ``alpha`` where the minimum is what you want.

    Parameters
    ----------
    beta_1, beta_2 : float, default=0.9 and 0.999
        Shares of the means that survive a step, in [0, 1).
    epsilon : float, default=1e-8
        Keeps the quotient finite, above 0; in the unit of the gradient.
    weight_decay : float, default=0.0
        Decoupled decay of the coefficients.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", ICLR, 2015.
    Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR, 2019.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sk_gd import GDLinearRegressor
    >>> from sk_gd.optimizers import Adam
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = GDLinearRegressor("mini-batch", optimizer=Adam(beta_1=0.8), schedule="adaptive", tol=0.01, random_state=0)
    >>> round(model.fit(X, y).score(X, y), 2)
    0.52
    """

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0

    kernel = 5
    unit_free = True

    def check(self) -> None:
        self.expect("beta_1", "[0, 1)", "at 1 no gradient would ever enter the mean")
        self.expect("beta_2", "[0, 1)", "at 1 no gradient would ever enter the mean")
        self.expect("epsilon", "(0, inf)", "at 0 a gradient of zero would be divided by zero")
        self.expect("weight_decay", "[0, inf)", "it shrinks the coefficients")

    def hyper(self) -> Array:
        return np.array([self.beta_1, self.beta_2, self.epsilon, self.weight_decay])

    def init(self, theta: Array) -> Array:
        return zeros((3, *theta.shape), theta)

    def direction(self, gradient: Array, memory: Array) -> tuple[Array, Array]:
        mean = self.beta_1 * memory[0, ...] + (1 - self.beta_1) * gradient
        square = self.beta_2 * memory[1, ...] + (1 - self.beta_2) * gradient**2
        memory = namespace(memory).stack([mean, square, memory[2, ...]])
        count_one(memory)
        return mean / built_up(self.beta_1, memory) * self.stretch(memory), memory

    def stretch(self, memory: Array) -> Array:
        return 1 / (namespace(memory).sqrt(memory[1, ...] / built_up(self.beta_2, memory)) + self.epsilon)
