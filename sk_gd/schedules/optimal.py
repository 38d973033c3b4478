"""Steps that shrink as the strength of the penalty asks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sk_gd.schedules._base import Array, Schedule


@dataclass
class Optimal(Schedule):
    """``rate(t) = learning_rate / (1 + learning_rate * alpha * (t - 1)) = 1 / (alpha * (t0 + t - 1))``, t counting updates.

    No rate converges faster on an objective that is bent by ``alpha``, the strength of the penalty, and no more. With
    ``t0 = 1 / (alpha * learning_rate)`` the first step has the length of the learning rate. ``learning_rate="optimal"`` of
    SGDClassifier and SGDRegressor is the same for a learning rate of ``alpha ** -0.25``.

    Parameters
    ----------
    decay : float or None, default=None
        The product ``learning_rate * alpha`` if None, or a number of yours, at least 0.

    Raises
    ------
    ValueError
        If decay is None and alpha is 0.

    References
    ----------
    Bottou, "Stochastic gradient descent tricks", Neural networks: tricks of the trade, 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_gd.schedules import Optimal
    >>> Optimal()(np.array([1, 2, 4]))  # on its own, it takes learning rate and alpha for 1
    array([1.  , 0.5 , 0.25])
    """

    decay: float | None = None

    def check(self) -> None:
        if self.decay is not None:
            self.expect("decay", "[0, inf)", "steps must not grow")

    def __call__(self, steps: Array, n_stalls: int = 0) -> Array:
        decay = 1.0 if self.decay is None else self.decay
        rates: Array = 1 / (1 + decay * (np.asarray(steps) - 1))
        return rates

    def given(self, rate: float, alpha: float, n_updates: int) -> Optimal:
        if self.decay is not None:
            return self
        if alpha <= 0:
            raise ValueError(
                "schedule='optimal' is 1 / (alpha * (t0 + t)) and needs alpha > 0, got alpha=0: "
                "set alpha, or take schedule='inverse_scaling' or Optimal(decay=...)."
            )
        return Optimal(rate * alpha)
