"""Huber's loss: squares for small errors, absolute values for large ones."""

from __future__ import annotations

from dataclasses import dataclass

from sk_gd._array import Array
from sk_gd._params import Params
from sk_gd.losses._piecewise import Piecewise, expect_scale, in_units_of_y


@dataclass
class Huber(Params):
    """``loss = 1/2 r^2`` where ``|r| <= t``, else ``t |r| - 1/2 t^2``, with ``r = z - y`` and ``t = epsilon * scale``.

    Rows that are further off than t pull no harder than at t, so that outliers in y do little. Where t is a small part of most
    errors the loss is nearly the absolute error, for which ``Quantile()`` takes fewer steps.

    Parameters
    ----------
    epsilon : float, default=1.35
        Above 0. At 1.35 standard deviations of the noise the estimate is 95 % as efficient as least squares where the noise is
        normal.
    scale : float or None, default=None
        The unit of epsilon, in units of y. None is the spread of y (1.4826 times the median distance from the median, the mean
        over the outputs): then epsilon is a pure number, and y may be in any unit. 1.0 puts epsilon in units of y, as in
        ``SGDRegressor``; ``HuberRegressor`` has its ``scale_`` here.

    Raises
    ------
    ValueError
        If epsilon or scale are not above 0 and finite.

    References
    ----------
    Huber, "Robust estimation of a location parameter", Ann. Math. Statist., 1964.

    Examples
    --------
    >>> from sk_gd import GDLinearRegressor
    >>> from sk_gd.losses import Huber
    >>> X, y = [[0.0], [1.0], [2.0], [3.0], [4.0]], [0.0, 1.0, 2.0, 3.0, 40.0]
    >>> GDLinearRegressor(loss=Huber(epsilon=1.0, scale=1.0)).fit(X, y).coef_.round(1)
    array([1.5])
    """

    epsilon: float = 1.35
    scale: float | None = None

    def check(self) -> None:
        self.expect("epsilon", "(0, inf)", "it is where a large error begins")
        expect_scale(self)

    def for_targets(self, y: Array, weights: Array | None) -> Piecewise:
        """The loss with its width in units of y."""
        width = in_units_of_y(self, y, weights)
        return Piecewise(width=0.0, bend=1.0, steepest=width)
