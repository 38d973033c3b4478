"""Steps that shrink along half a cosine, and start again."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sk_gd.schedules._base import Array, Schedule


@dataclass
class Cosine(Schedule):
    """``rate = learning_rate * (floor + (1 - floor) * (1 + cos(pi * e / period)) / 2)``, with e the epochs since the last restart.

    A period ends near the floor; then the rate starts again from the top, for a period ``growth`` times as long.

    Parameters
    ----------
    period : float, default=10.0
        Epochs until the first restart, above 0.
    growth : float, default=2.0
        Factor from one period to the next, at least 1.
    floor : float, default=0.0
        Smallest multiple of the learning rate, in [0, 1].

    References
    ----------
    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR, 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_gd.schedules import Cosine
    >>> Cosine(period=2, growth=2)(np.arange(1, 8))  # on its own, it takes every step for an epoch
    array([1.        , 0.5       , 1.        , 0.85355339, 0.5       ,
           0.14644661, 1.        ])
    """

    period: float = 10.0
    growth: float = 2.0
    floor: float = 0.0

    def check(self) -> None:
        self.expect("period", "(0, inf)", "it counts epochs")
        self.expect("growth", "[1, inf)", "shrinking periods would end")
        self.expect("floor", "[0, 1]", "it is a share of the learning rate")

    def __call__(self, steps: Array, n_stalls: int = 0) -> Array:
        gone = np.asarray(steps, dtype=np.float64) - 1
        starts, period = [0.0], self.period
        while starts[-1] + period <= gone.max(initial=0.0):
            starts.append(starts[-1] + period)
            period *= self.growth
        cycle = np.searchsorted(starts, gone, side="right") - 1
        share = (gone - np.array(starts)[cycle]) / (self.period * self.growth**cycle)
        rates: Array = self.floor + (1 - self.floor) * (1 + np.cos(np.pi * share)) / 2
        return rates

    def given(self, rate: float, alpha: float, n_updates: int) -> Cosine:
        return replace(self, period=self.period * n_updates)
