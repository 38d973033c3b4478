"""Steps that shrink with a power of the step number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sk_gd.schedules._base import Array, Schedule


@dataclass
class InverseScaling(Schedule):
    """``rate(t) = learning_rate / t^power``, t = 1, 2, ... counting updates.

    Parameters
    ----------
    power : float, default=0.5
        At least 0. Above 0.5 and up to 1 the noise of stochastic steps averages out (Robbins and Monro, 1951).

    Examples
    --------
    >>> import numpy as np
    >>> from sk_gd.schedules import InverseScaling
    >>> InverseScaling(power=1.0)(np.array([1, 2, 4]))
    array([1.  , 0.5 , 0.25])
    """

    power: float = 0.5

    def check(self) -> None:
        self.expect("power", "[0, inf)", "steps that grow without a bound diverge")

    def __call__(self, steps: Array, n_stalls: int = 0) -> Array:
        rates: Array = np.asarray(steps, dtype=np.float64) ** -self.power
        return rates
