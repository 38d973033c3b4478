"""The second derivative of a loss with several outputs, as a loss of its own."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from sk_gd._array import Array, namespace


class Bend:
    """``loss = 1/2 z' H z`` with a matrix H for every row: its slope is the second derivative of another loss times z.

    Parameters
    ----------
    couples : bool
        H is ``diag(y) - y y'`` with y the row's probabilities, or else ``diag(y)``.
    """

    pointwise: ClassVar[int | None] = 5
    curvature: ClassVar[float] = 1.0
    quadratic: ClassVar[bool] = True

    def __init__(self, couples: bool) -> None:
        self.couples = couples

    def hyper(self) -> Array:
        return np.array([float(self.couples)])

    def value_and_slope(self, y: Array, z: Array) -> tuple[Array, Array]:
        xp, slope = namespace(z), y * z
        if self.couples:
            slope = slope - y * xp.sum(slope, axis=1, keepdims=True)
        return xp.sum(slope * z, axis=1) / 2, slope
