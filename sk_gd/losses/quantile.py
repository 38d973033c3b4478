"""The pinball loss, whose minimum is a quantile."""

from __future__ import annotations

from dataclasses import dataclass

from sk_gd._array import Array
from sk_gd._params import Params
from sk_gd.losses._cornered import Cornered, cornered


@dataclass
class Quantile(Params):
    """``loss = quantile * (y - z)`` where ``z <= y``, else ``(1 - quantile) * (z - y)``. It is not smooth.

    The best constant is that quantile of y; at 0.5 the loss is half the absolute error.

    Parameters
    ----------
    quantile : float, default=0.5
        Above 0 and below 1.

    Raises
    ------
    ValueError
        If quantile is not between 0 and 1.

    References
    ----------
    Koenker and Bassett, "Regression quantiles", Econometrica, 1978.

    Examples
    --------
    >>> from sk_gd import GDLinearRegressor
    >>> from sk_gd.losses import Quantile
    >>> X, y = [[0.0], [0.0], [0.0], [0.0], [0.0]], [1.0, 2.0, 3.0, 4.0, 50.0]
    >>> float(GDLinearRegressor(loss=Quantile(quantile=0.7)).fit(X, y).intercept_)
    4.0
    """

    quantile: float = 0.5

    def check(self) -> None:
        self.expect("quantile", "(0, 1)", "it is the share of the targets below the prediction")

    def for_targets(self, y: Array, weights: Array | None) -> Cornered:
        """The loss, with a radius that suits the targets."""
        return cornered(0.0, self.quantile, 1 - self.quantile, y, weights)
