"""The same step length throughout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sk_gd.schedules._base import Array, Schedule


@dataclass
class Constant(Schedule):
    """``rate(t) = learning_rate``."""

    def __call__(self, steps: Array, n_stalls: int = 0) -> Array:
        return np.ones(len(steps))
