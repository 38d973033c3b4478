"""What a schedule has to answer: a pure function of step numbers and stalls."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sk_gd._params import Params

Array = NDArray[Any]


class Schedule(Params, ABC):
    """Step lengths as multiples of the learning rate. A schedule of your own is a dataclass that can be called, or a function."""

    @abstractmethod
    def __call__(self, steps: Array, n_stalls: int = 0) -> Array:
        """Multiples for some step numbers.

        Parameters
        ----------
        steps : ndarray of shape (n,)
            Numbers of the updates, 1, 2, ..., over all epochs.
        n_stalls : int, default=0
            How often ``n_iter_no_change`` epochs have gone by without progress.

        Returns
        -------
        rates : ndarray of shape (n,)
            What the learning rate is multiplied by.
        """

    def given(self, rate: float, alpha: float, n_updates: int) -> Schedule:
        """The schedule of one descent: learning rate ``rate``, penalty ``alpha``, and ``n_updates`` steps in an epoch."""
        return self


@dataclass
class FromFunction(Schedule):
    """A user's function of the step numbers.

    Parameters
    ----------
    function : callable
        Maps an array of step numbers to an array of multiples.
    """

    function: Callable[[Array], Array]

    def __call__(self, steps: Array, n_stalls: int = 0) -> Array:
        rates = np.asarray(self.function(steps), dtype=np.float64)
        if rates.shape != steps.shape or not np.all(rates >= 0) or np.any(np.isinf(rates)):
            raise ValueError(
                f"schedule must map an array of step numbers to as many finite numbers from 0 up, but of {len(steps)} "
                f"it made {np.array2string(rates, threshold=6)}: return an array like the one that came in."
            )
        return rates
