"""Steps that shrink all at once, every few epochs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sk_gd.schedules._base import Array, Schedule


@dataclass
class StepDecay(Schedule):
    """``rate = learning_rate * factor^floor(e / every)``, with e the epochs gone by.

    Parameters
    ----------
    every : float, default=10.0
        Epochs from one drop to the next, above 0.
    factor : float, default=0.5
        What a drop leaves of the rate, in (0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> from sk_gd.schedules import StepDecay
    >>> StepDecay(every=2)(np.arange(1, 6))  # on its own, it takes every step for an epoch
    array([1.  , 1.  , 0.5 , 0.5 , 0.25])
    """

    every: float = 10.0
    factor: float = 0.5

    def check(self) -> None:
        self.expect("every", "(0, inf)", "it counts epochs")
        self.expect("factor", "(0, 1]", "it is what a drop leaves of the rate")

    def __call__(self, steps: Array, n_stalls: int = 0) -> Array:
        rates: Array = self.factor ** np.floor((np.asarray(steps) - 1) / self.every)
        return rates

    def given(self, rate: float, alpha: float, n_updates: int) -> StepDecay:
        return replace(self, every=self.every * n_updates)
