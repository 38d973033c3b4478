"""Squared error outside a tube."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sk_gd._array import Array
from sk_gd._params import Params
from sk_gd.losses._piecewise import Piecewise, expect_scale, in_units_of_y


@dataclass
class SquaredEpsilonInsensitive(Params):
    """``loss = max(|z - y| - t, 0)^2`` with ``t = epsilon * scale``: errors up to t cost nothing.

    As in scikit-learn there is no 1/2 before the square.

    Parameters
    ----------
    epsilon : float, default=0.1
        At least 0, where it is twice the squared error.
    scale : float or None, default=None
        The unit of epsilon, in units of y. None is the spread of y (1.4826 times the median distance from the median, the mean
        over the outputs): then epsilon is a pure number, and y may be in any unit. 1.0 puts epsilon in units of y, as in
        ``LinearSVR`` and ``SGDRegressor``.

    Raises
    ------
    ValueError
        If epsilon is below 0, scale not above 0, or one of them not finite.

    References
    ----------
    Vapnik, "The Nature of Statistical Learning Theory", 1995; Ho and Lin, "Large-scale linear support vector regression",
    JMLR, 2012.

    Examples
    --------
    >>> from sk_gd import GDLinearRegressor
    >>> from sk_gd.losses import SquaredEpsilonInsensitive
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0.0, 1.0, 2.0, 3.0]
    >>> GDLinearRegressor(loss=SquaredEpsilonInsensitive(epsilon=0.5, scale=1.0), alpha=1e-3).fit(X, y).coef_.round(2)
    array([0.67])
    """

    epsilon: float = 0.1
    scale: float | None = None

    def check(self) -> None:
        self.expect("epsilon", "[0, inf)", "it is half the width of the tube in which errors cost nothing")
        expect_scale(self)

    def for_targets(self, y: Array, weights: Array | None) -> Piecewise:
        """The loss with its tube in units of y."""
        width = in_units_of_y(self, y, weights)
        return Piecewise(width, bend=0.5, steepest=np.inf)
