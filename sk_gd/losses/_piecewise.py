"""Losses that are made of straight lines and parabolas: robust ones, tubes."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Protocol

import numpy as np

from sk_gd._array import Array, at_least, beside, finest, namespace, sums_on_host
from sk_gd._pieces import of_pieces
from sk_gd.losses._base import Loss, weighted_mean, weighted_quantile


class Piecewise:
    """``loss = max of u r - width |u| - bend / 2 u^2 over |u| <= steepest``, with ``r = z - y``, summed over the outputs.

    The maximising u is the slope. It is 0 in a tube of half the width ``width`` on each side of y, grows by ``1 / bend`` outside
    and stays at ``steepest``.

    Parameters
    ----------
    width : float
        In units of y.
    bend : float
        Inverse of the curvature outside the tube.
    steepest : float
        Largest slope; infinite where there is none.
    """

    pointwise: ClassVar[int | None] = 3
    couples: ClassVar[bool] = False
    quadratic: ClassVar[bool] = False

    def __init__(self, width: float, bend: float, steepest: float) -> None:
        self.width, self.bend, self.steepest = width, bend, steepest
        self.curvature = 1 / bend

    def hyper(self) -> Array:
        return np.array([self.width, self.bend, self.steepest], dtype=np.float64)

    def for_targets(self, y: Array, weights: Array | None) -> Loss:
        return self

    def value_and_slope(self, y: Array, z: Array) -> tuple[Array, Array]:
        xp, residual = namespace(z), z - y
        beyond = at_least(xp.abs(residual) - self.width, 0.0)
        slope = xp.where(beyond < self.steepest * self.bend, beyond / self.bend, self.steepest)
        value = slope * (beyond - self.bend / 2 * slope)
        return xp.sum(value, axis=1), slope * xp.sign(residual)

    def curvature_at(self, y: Array, z: Array) -> Array:
        xp = namespace(z)
        beyond = xp.abs(z - y) - self.width
        return xp.astype((beyond >= 0) & (beyond <= self.steepest * self.bend), z.dtype) * self.curvature

    def conjugate(self, y: Array, slope: Array) -> Array:
        """``max over z of slope * z - loss`` for every row, where slopes are no steeper than ``steepest``."""
        xp = namespace(slope)
        return xp.sum(slope * y + self.width * xp.abs(slope) + self.bend / 2 * slope**2, axis=1)

    def bounded(self, y: Array, slope: Array) -> Array:
        """The nearest slope that the loss has somewhere."""
        steep: Array = at_least(-at_least(-slope, -self.steepest), -self.steepest)
        return steep

    def mean(self, z: Array) -> Array:
        return z

    def constant(self, y: Array, weights: Array | None) -> Array:
        """The zero of the mean slope, by Newton's method between the points that are known to lie on its two sides."""

        def slopes(z: Array, y: Array) -> Array:
            return self.value_and_slope(y, z)[1]

        def bends(z: Array, y: Array) -> Array:
            return self.curvature_at(y, z)

        xp, precise = namespace(y), finest(y)
        ends = of_pieces(lambda y: (sums_on_host(xp.min(y, axis=0)), sums_on_host(xp.max(y, axis=0))), y)
        least, most = np.min(ends, axis=0)[0], np.max(ends, axis=0)[1]
        z = weighted_quantile(y, weights, 0.5)
        for _ in range(100):
            slope, bend = (weighted_mean(y, weights, partial(of_rows, beside(z, y, precise))) for of_rows in (slopes, bends))
            least, most = np.where(slope < 0, z, least), np.where(slope > 0, z, most)
            newton = z - np.divide(slope, bend, out=np.full(z.shape, np.inf), where=bend > 0)
            after = np.where((newton > least) & (newton < most), newton, (least + most) / 2)
            after = np.where(slope == 0, z, after)
            if (after == z).all():
                break
            z = after
        return z


def spread(y: Array, weights: Array | None) -> float:
    """How widely targets scatter, mostly: 1.4826 times the median distance from the median, a normal law's standard deviation.

    Where more than half of them are the same it is the mean distance, and 1 where all are. Of several outputs, their mean.
    """
    middle = beside(weighted_quantile(y, weights, 0.5), y, finest(y))
    typical = 1.4826 * weighted_quantile(y, weights, 0.5, middle)
    mean = weighted_mean(y, weights, lambda y: namespace(y).abs(y - middle))
    found = float(np.where(typical > 0, typical, mean).mean())
    return found if found > 0 else 1.0


class Scaled(Protocol):
    """A loss whose ``epsilon`` is in units of ``scale``; a scale of None is the spread of y."""

    epsilon: float
    scale: float | None

    def expect(self, name: str, interval: str, why: str) -> None: ...


def expect_scale(loss: Scaled) -> None:
    """Refuse a scale that is no unit."""
    if loss.scale is not None:
        loss.expect("scale", "(0, inf)", "it is the unit of epsilon, or None for the spread of y")


def in_units_of_y(loss: Scaled, y: Array, weights: Array | None) -> float:
    """Epsilon as a difference of targets."""
    return loss.epsilon * (spread(y, weights) if loss.scale is None else loss.scale)
