"""Steps that shrink when progress stalls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sk_gd.schedules._base import Array, Schedule


@dataclass
class Adaptive(Schedule):
    """``rate = learning_rate * factor^stalls``.

    A stall is ``n_iter_no_change`` epochs in a row that together lower the best objective by less than ``tol`` of the decrease so
    far: where other schedules end the descent, this one goes on with a shorter step, down to a millionth of the first. Without
    ``tol`` there are no stalls. It is ``learning_rate="adaptive"`` of SGDClassifier and SGDRegressor.

    Parameters
    ----------
    factor : float, default=0.2
        What a stall leaves of the rate, in (0, 1).

    Examples
    --------
    >>> import numpy as np
    >>> from sk_gd.schedules import Adaptive
    >>> Adaptive(factor=0.5)(np.array([101, 102]), n_stalls=2)
    array([0.25, 0.25])
    """

    factor: float = 0.2

    def check(self) -> None:
        self.expect("factor", "(0, 1)", "it is what a stall leaves of the rate")

    def __call__(self, steps: Array, n_stalls: int = 0) -> Array:
        return np.full(len(steps), self.factor**n_stalls)
