"""Losses that are made of straight lines only, so that their slope jumps: quantiles, absolute errors, tubes."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from sk_gd._array import Array, at_least, beside, double, finest, namespace
from sk_gd._pieces import in_pieces, ranked
from sk_gd.losses._base import Loss, quantile, weighted_mean


class Cornered:
    """``loss = high * max(r - width, 0) + low * max(-r - width, 0)`` with ``r = z - y``, summed over the outputs.

    The slope is -low below the tube ``|r| <= width``, 0 in it and high above; in the corners it is one of the subgradients.
    Rounded, the loss is smooth: ``|x|``, of which it is made, becomes ``sqrt(x^2 + radius^2)``. The curvature that it tells is
    that of the rounded loss; where the radius is 0, of one that is rounded by ``soft``.

    Parameters
    ----------
    width : float
        Half that of the tube, in units of y.
    low, high : float or ndarray, at least 0
        Slopes.
    soft : float
        A radius that suits the targets: about a typical error.
    radius : float or ndarray, default=0.0
        Of the corners, in units of y.
    """

    pointwise: ClassVar[int | None] = 4
    couples: ClassVar[bool] = False
    quadratic: ClassVar[bool] = False

    def __init__(self, width: float, low: Any, high: Any, soft: float = 1.0, radius: Any = 0.0) -> None:
        self.width, self.low, self.high, self.soft, self.radius = width, low, high, soft, radius
        self.curvature = float(np.max((low + high) / 2 / np.where(radius, radius, soft)))

    def hyper(self) -> Array:
        return np.array([self.width, self.low, self.high, self.radius], dtype=np.float64)

    def for_targets(self, y: Array, weights: Array | None) -> Loss:
        return self

    def rounded(self, radius: Any) -> Cornered:
        """The same with rounded corners: nowhere smaller, and nowhere larger by more than ``(low + high) / 2 * radius``."""
        return Cornered(self.width, self.low, self.high, self.soft, radius)

    def corners(self, y: Array, z: Array, radius: Any) -> list[tuple[Array, Array]]:
        """Where rows are as seen from the upper corner, and from the lower one, and their rounded distance from it."""
        return [(x, namespace(x).sqrt(x * x + radius**2)) for x in (z - y - self.width, z - y + self.width)]

    def value_and_slope(self, y: Array, z: Array) -> tuple[Array, Array]:
        (above, up), (below, down) = self.corners(y, z, self.radius)
        value = self.high / 2 * (up + above) + self.low / 2 * (down - below)
        slope = self.high / 2 * (1 + ratio(above, up)) - self.low / 2 * (1 - ratio(below, down))
        return namespace(value).sum(value, axis=1), slope

    def curvature_at(self, y: Array, z: Array) -> Array:
        radius = self.radius or self.soft
        (_, up), (_, down) = self.corners(y, z, radius)
        bend: Array = self.high / 2 * radius**2 / up**3 + self.low / 2 * radius**2 / down**3
        return bend

    def secant(self, y: Array, z: Array, slope: Array) -> Array:
        """Curvature by which a slope that is believed in, and need not be the one at z, follows z.

        With v the share of a corner's height that the slope has taken, ``v sqrt(x^2 + radius^2) = x``; this is Newton's equation of
        that pair (Chan, Golub and Mulet 1999). At the slope at z it is the second derivative (nearly, where a row is near two
        corners); away from it, rows that are far from corners keep a say.
        """
        (above, up), (below, down) = self.corners(y, z, self.radius)
        of_upper, of_lower = at_least(slope, 0.0) - self.high / 2, self.low / 2 - at_least(-slope, 0.0)
        bend: Array = (self.high / 2 - of_upper * above / up) / up + (self.low / 2 - of_lower * below / down) / down
        return bend

    def lost(self, y: Array, z: Array) -> Array:
        """By how much a row's loss exceeds what the conjugate allows for its rounded slope."""
        xp = namespace(z)
        (above, up), (below, down) = ((xp.abs(x), far) for x, far in self.corners(y, z, self.radius))
        return xp.sum(self.high / 2 * above * (1 - above / up) + self.low / 2 * below * (1 - below / down), axis=1)

    def conjugate(self, y: Array, slope: Array) -> Array:
        """``max over z of slope * z - loss`` for every row, where slopes are between -low and high."""
        xp = namespace(slope)
        return xp.sum(slope * y + self.width * xp.abs(slope), axis=1)

    def mean(self, z: Array) -> Array:
        return z

    def constant(self, y: Array, weights: Array | None) -> Array:
        """The quantile of all corners at which the slopes add up to zero."""
        xp, share = namespace(y), self.low / (self.low + self.high)

        def corners(y: Array, weights: Array | None) -> tuple[Array, Array]:
            values = double(y)  # y may be whole numbers
            s = xp.ones_like(values) if weights is None else double(weights)
            return xp.concat([values - self.width, values + self.width]), xp.concat([s * self.low, s * self.high])

        return np.array([quantile(*ranked(corners, share, y[:, k], weights), share) for k in range(y.shape[1])])


def ratio(x: Array, far: Array) -> Array:
    """``x / far``, and 0 in a corner."""
    xp = namespace(x)
    found: Array = xp.where(far == 0, far, x / xp.where(far == 0, xp.ones_like(far), far))
    return found


def cornered(width: float, low: float, high: float, y: Array, weights: Array | None) -> Cornered:
    """The loss with its ``soft`` filled in: the mean loss of the best constant, as an error."""
    loss = Cornered(width, float(low), float(high))
    z = beside(loss.constant(y, weights), y, finest(y))
    soft = float(weighted_mean(y, weights, lambda y: loss.value_and_slope(double(y), z)[0])) / (low + high) / y.shape[1]
    return Cornered(width, float(low), float(high), soft if soft > 0 else 1.0)


class PrimalDual:
    """A rounded loss with slopes that are believed in: the first half of y's columns are targets, the others slopes.

    Parameters
    ----------
    loss : Cornered
        What is rounded.
    """

    pointwise: ClassVar[int | None] = None
    couples: ClassVar[bool] = False
    quadratic: ClassVar[bool] = False

    def __init__(self, loss: Cornered) -> None:
        self.loss, self.curvature = loss, loss.curvature

    def hyper(self) -> Array:
        return self.loss.hyper()

    def for_targets(self, y: Array, weights: Array | None) -> Loss:
        return self

    def value_and_slope(self, y: Array, z: Array) -> tuple[Array, Array]:
        return self.loss.value_and_slope(halves(y)[0], z)

    def curvature_at(self, y: Array, z: Array) -> Array:
        targets, slopes = halves(y)
        return self.loss.secant(targets, z, slopes)

    def mean(self, z: Array) -> Array:
        return z

    def constant(self, y: Array, weights: Array | None) -> Array:
        return self.loss.constant(halves(y)[0], weights)


def side_by_side(left: Array, right: Array) -> Array:
    """Put together what :func:`halves` takes apart.

    Parameters
    ----------
    left, right : array of shape (n, n_outputs)
        Targets, and slopes.

    Returns
    -------
    array of shape (n, 2 * n_outputs)
        One beside the other.
    """
    return in_pieces(lambda *parts: namespace(left).concat(parts, axis=1), left, right)


def halves(columns: Array) -> tuple[Array, Array]:
    """Take apart what :class:`PrimalDual` is given as y.

    Parameters
    ----------
    columns : array of shape (n, 2 * n_outputs)
        Targets, then slopes.

    Returns
    -------
    tuple of two arrays of shape (n, n_outputs)
        The first half of the columns, and the others.
    """
    middle = columns.shape[1] // 2
    return columns[:, :middle], columns[:, middle:]
