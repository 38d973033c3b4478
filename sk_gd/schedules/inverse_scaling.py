"""Steps that shrink with a power of the step number."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class InverseScaling:
    """``rate(t) = learning_rate / t^power``, t = 1, 2, ... counting updates.

    Parameters
    ----------
    power : float, default=0.5
        Above 0.5 and up to 1 the noise of stochastic steps averages out (Robbins and Monro, 1951).
    """

    def __init__(self, power: float = 0.5) -> None:
        self.power = power

    def __call__(self, steps: Array) -> Array:
        rates: Array = np.asarray(steps, dtype=np.float64) ** -self.power
        return rates
