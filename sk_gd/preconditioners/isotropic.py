"""One number for all directions: where a metric that learns from its steps begins, when nothing else is known."""

from __future__ import annotations

import numpy as np

from sk_gd._array import Array
from sk_gd.preconditioners.diagonal import Diagonal


class Isotropic(Diagonal):
    """``P = mean(h) * I``, with h the curvature that the objective tells of itself."""

    def build(self, moments: Array, l2: float | Array) -> None:
        super().build(np.full(len(moments), self.unit), l2)

    def cost(self, n_features: int, n_outputs: int) -> float:
        return float("inf")  # the first step taken tells more than another look would
