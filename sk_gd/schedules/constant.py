"""The same step length throughout."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Constant:
    """``rate(t) = learning_rate``."""

    def __call__(self, steps: NDArray[Any]) -> NDArray[Any]:
        return np.ones(len(steps))
