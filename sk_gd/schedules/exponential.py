"""Steps that lose the same share in every epoch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sk_gd.schedules._base import Array, Schedule


@dataclass
class Exponential(Schedule):
    """``rate = learning_rate * factor^e``, with e the epochs gone by, fractions included.

    Parameters
    ----------
    factor : float, default=0.95
        What an epoch leaves of the rate, in (0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> from sk_gd.schedules import Exponential
    >>> Exponential(factor=0.5)(np.array([1, 2, 3]))  # on its own, it takes every step for an epoch
    array([1.  , 0.5 , 0.25])
    """

    factor: float = 0.95

    def check(self) -> None:
        self.expect("factor", "(0, 1]", "it is what an epoch leaves of the rate")

    def __call__(self, steps: Array, n_stalls: int = 0) -> Array:
        rates: Array = self.factor ** (np.asarray(steps, dtype=np.float64) - 1)
        return rates

    def given(self, rate: float, alpha: float, n_updates: int) -> Exponential:
        return Exponential(self.factor ** (1 / n_updates))
