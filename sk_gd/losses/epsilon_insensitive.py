"""Absolute error outside a tube: the loss of support vector regression."""

from __future__ import annotations

from dataclasses import dataclass

from sk_gd._array import Array
from sk_gd._params import Params
from sk_gd.losses._cornered import Cornered, cornered
from sk_gd.losses._piecewise import expect_scale, in_units_of_y


@dataclass
class EpsilonInsensitive(Params):
    """``loss = max(|z - y| - t, 0)`` with ``t = epsilon * scale``: errors up to t cost nothing. It is not smooth.

    Parameters
    ----------
    epsilon : float, default=0.1
        At least 0, where it is the absolute error.
    scale : float or None, default=None
        The unit of epsilon, in units of y. None is the spread of y (1.4826 times the median distance from the median, the mean
        over the outputs): then epsilon is a pure number, and y may be in any unit. 1.0 puts epsilon in units of y, as in
        ``SVR``, ``LinearSVR`` and ``SGDRegressor``.

    Raises
    ------
    ValueError
        If epsilon is below 0, scale not above 0, or one of them not finite.

    References
    ----------
    Vapnik, "The Nature of Statistical Learning Theory", 1995.

    Examples
    --------
    >>> from sk_gd import GDLinearRegressor
    >>> from sk_gd.losses import EpsilonInsensitive
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0.0, 1.0, 2.0, 3.0]
    >>> GDLinearRegressor(loss=EpsilonInsensitive(epsilon=0.5, scale=1.0), alpha=1e-3, tol=1e-8).fit(X, y).coef_.round(2)
    array([0.67])
    """

    epsilon: float = 0.1
    scale: float | None = None

    def check(self) -> None:
        self.expect("epsilon", "[0, inf)", "it is half the width of the tube in which errors cost nothing")
        expect_scale(self)

    def for_targets(self, y: Array, weights: Array | None) -> Cornered:
        """The loss with its tube in units of y."""
        width = in_units_of_y(self, y, weights)
        return cornered(width, 1.0, 1.0, y, weights)
