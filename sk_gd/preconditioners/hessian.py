"""The Hessian of the loss: a metric in which every quadratic is round."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve, solve_triangular

from sk_gd._array import Array
from sk_gd._compat import cached_property
from sk_gd._threads import apart
from sk_gd.preconditioners._base import CentredMetric, Coordinates, fill_diagonal
from sk_gd.preconditioners.diagonal import Diagonal

LEAST = 1e-12  # share of the diagonal that is added to every matrix


@dataclass(frozen=True)
class Factor:
    """Cholesky factor of a positive semi-definite matrix, scaled to a unit diagonal and lifted off singularity."""

    units: Array
    cholesky: Array
    lift: float = 0.0  # share of the diagonal without which the matrix has no factor

    def solve(self, rows: Array) -> Array:
        """The inverse of the matrix times each row."""
        scaled = (rows / self.units).astype(self.cholesky.dtype)
        # its transpose is as LAPACK has it, without a copy
        solved: Array = cho_solve((self.cholesky.T, False), scaled.T, check_finite=False).T / self.units
        return solved

    def firm(self, matrix: Array) -> Array:
        """The matrix that was factored, without the directions in which rounding lets it bend down."""
        return matrix if self.lift <= LEAST else matrix + np.diag(self.lift * np.diag(matrix))


def refuse_infinite(matrix: Array) -> Array:
    """Raise if squares have overflowed."""
    if not np.isfinite(matrix).all():
        raise ValueError(
            f"{np.sum(~np.isfinite(matrix))} entries of the Hessian are not finite: X is too large or too small for its squares, "
            "scale it."
        )
    return matrix


def factorise(matrix: Array, regular: bool = False) -> Factor:
    """Factor a matrix whose diagonal is positive, plus a multiple of the identity that makes it safely definite.

    Regular matrices get next to nothing. In singular ones (dependent columns, fewer rows than features) the rounding of a gradient
    would come back multiplied by one over the addition, so there it is larger; the descent makes up for what that costs. Where
    hardly any curvature is left, all of the matrix may be rounding: then the addition outweighs it. What is known to be ``regular``
    gets nothing unless rounding asks for it.
    """
    units = np.sqrt(np.diag(matrix))
    scaled = matrix / units
    scaled /= units[:, None]
    diagonal = np.diag(refuse_infinite(scaled)).copy()
    dominant = float(np.abs(scaled).sum(axis=1).max())  # makes any symmetric matrix definite (Gershgorin)
    lift = dominant
    for jitter in (*([0.0] if regular else []), LEAST, 1e-6, 1e-4, 1e-2, dominant):
        np.fill_diagonal(scaled, diagonal + jitter)
        try:
            lower = apart(np.linalg.cholesky, scaled, len(scaled) ** 3)
        except np.linalg.LinAlgError:
            continue
        lift = min(lift, jitter)
        if regular or jitter > LEAST or np.diag(lower).min() ** 2 > 1e-10:
            break
    return Factor(units, lower, lift)


class Hessian(CentredMetric):
    """``P = mean h (x - center)(x - center)' + l2 I``.

    Scaled to a unit diagonal before it is factored, because units may differ by many orders of magnitude; a little is then
    added to the diagonal, because duplicated and dependent columns make it singular.
    """

    full = True

    def build(self, moments: Array, l2: float | Array) -> None:
        diagonal = np.diag(moments)
        varies = diagonal > self.nothing
        self.hessian = np.where(varies[:, None] & varies, moments, 0.0)  # beside a constant column there is but rounding
        np.fill_diagonal(self.hessian, fill_diagonal(diagonal, self.nothing) + l2)
        refuse_infinite(self.hessian)
        self.__dict__.pop("matrix", None)  # that of the last one

    @cached_property
    def matrix(self) -> Factor:
        """The factor to solve with."""
        return factorise(self.hessian)

    def solve_coef(self, gradient: Array) -> Array:
        return self.matrix.solve(gradient)

    def product_coef(self, step: Array) -> Array:
        product: Array = step @ self.hessian
        return product

    def apart(self, centred: bool) -> Diagonal:
        return Diagonal.of(self.total, self.center, np.diag(self.hessian), centred)

    def coordinates(self, l1: float | Array, l2: float | Array) -> Coordinates:
        """Makes the Hessian ``mean(h) * I`` and keeps the ridge penalty diagonal: one generalised eigenproblem does both."""
        lower, units, size = self.matrix.cholesky, self.matrix.units, np.sqrt(self.unit)
        ridge = solve_triangular(lower, np.diag(np.sqrt(l2) / units), lower=True, check_finite=False)
        share, turned = apart(np.linalg.eigh, ridge @ ridge.T, len(ridge) ** 3)
        into = solve_triangular(lower, turned, lower=True, trans="T", check_finite=False) * (size / units)[:, None]
        out = (lower @ turned).T * (units / size)
        return Coordinates(self.center, into, out, np.zeros(len(share)), np.maximum(share, 0.0) * self.unit)
