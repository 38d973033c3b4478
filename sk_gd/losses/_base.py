"""What a loss has to answer. It sees targets and raw predictions, never X, alpha or n.

Both are arrays of any library and in its words; what a loss says of all rows together is NumPy's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np

from sk_gd._array import Array, beside, double, double_sum, namespace, on_host
from sk_gd._pieces import ranked, sum_in_pieces


class Cost(Protocol):
    """What a pass over the rows asks of a loss.

    Attributes
    ----------
    pointwise : int or None
        Number of the compiled twin in :data:`sk_gd.kernels.LOSSES`; None where there is none.
    """

    pointwise: ClassVar[int | None]

    def hyper(self) -> Array:
        """Hyper-parameters as the compiled twin reads them."""

    def value_and_slope(self, y: Array, z: Array) -> tuple[Array, Array]:
        """Loss of every row, shape (n,), and its derivative in z, shape (n, n_outputs)."""


@runtime_checkable
class Conjugate(Protocol):
    """What more a loss may tell: the bounds of its slopes, by which they prove how low F can be (Fenchel's inequality)."""

    def conjugate(self, y: Array, slope: Array) -> Array:
        """``max over z of slope . z - loss`` for every row, shape (n,), where slopes are within their bounds."""

    def bounded(self, y: Array, slope: Array) -> Array:
        """Slopes within the bounds, those that already are as they were."""


class Loss(Cost, Protocol):
    """Cost of the raw predictions ``z``, shape (n, n_outputs), where ``y`` was right.

    Attributes
    ----------
    curvature : float
        Smallest c with (second derivative in z) <= c * identity, everywhere.
    quadratic : bool
        Whether the second derivative is the same everywhere.
    couples : bool
        Whether the second derivative mixes the outputs: it is then ``diag(p) - p p'`` with ``p = mean(z)``.
    """

    quadratic: ClassVar[bool]
    couples: ClassVar[bool]

    @property
    def curvature(self) -> float: ...

    def for_targets(self, y: Array, weights: Array | None) -> Loss:
        """The loss with what it takes from the targets filled in: what a descent is given."""

    def curvature_at(self, y: Array, z: Array) -> Array:
        """Second derivative in each output, shape (n, n_outputs)."""

    def mean(self, z: Array) -> Array:
        """Expected target at raw prediction z: the inverse link."""

    def constant(self, y: Array, weights: Array | None) -> Array:
        """Raw prediction, shape (n_outputs,), of the best model that ignores X."""


def entropy(p: Array) -> Array:
    """``p log p``, and 0 where p is."""
    xp = namespace(p)
    terms: Array = p * xp.log(xp.where(p > 0, p, xp.ones_like(p)))
    return terms


def weighted_quantile(y: Array, weights: Array | None, share: float, center: Array | None = None) -> Array:
    """Quantile of every column, or of its distance from a center, in float64.

    In the middle where a range would do, so that n-fold rows equal rows of weight n.
    """
    xp = namespace(y)

    def of_column(k: int) -> float:
        def of_rows(y: Array, weights: Array | None) -> tuple[Array, Array]:
            values = double(y) if center is None else xp.abs(double(y) - center[k])
            return values, xp.ones_like(values) if weights is None else double(weights)

        return quantile(*ranked(of_rows, share, y[:, k], weights), share)

    return np.array([of_column(k) for k in range(y.shape[1])])


def quantile(values: Array, sums: Array, before: float, total: float, share: float) -> float:
    """That of ranked values, in the middle where a range would do."""
    around = beside([(share - 1e-12) * total, (share + 1e-12) * total], sums)
    reached, passed = on_host(namespace(sums).searchsorted(sums, around))
    return (float(values[int(reached)]) + float(values[min(int(passed), values.shape[0] - 1)])) / 2


def weighted_mean(y: Array, weights: Array | None, of_rows: Callable[[Array], Array] = double) -> Array:
    """Take the mean over rows, in double precision, of what a function makes of each.

    Parameters
    ----------
    y : array of shape (n,) or (n, n_targets)
        The rows.
    weights : array of shape (n,) or None
        None where all are one.
    of_rows : callable, default=double
        It gets some of the rows at a time, in double precision; y itself is averaged by default.

    Returns
    -------
    ndarray
        The mean: a number for each column of what is made.
    """

    def sums(y: Array, weights: Array | None) -> Array:
        values = of_rows(double(y))
        return namespace(values).sum(values, axis=0) if weights is None else double(weights) @ values

    return on_host(sum_in_pieces(sums, y, weights) / (y.shape[0] if weights is None else sum_in_pieces(double_sum, weights)))
