"""The Hessian of several outputs without what relates them to each other: a block for each."""

from __future__ import annotations

import numpy as np

from sk_gd._array import Array
from sk_gd.preconditioners._base import Bending, Curvature, Metric
from sk_gd.preconditioners.hessian import Factor, Hessian

ROWS = 10  # for every feature: the rows on which a block is estimated


class Part(Hessian):
    """A Hessian to solve with: all that is kept is its factor, in single precision."""

    def build(self, moments: Array, l2: float | Array) -> None:
        super().build(moments, l2)
        self.matrix = Factor(self.matrix.units, self.matrix.cholesky.astype(np.float32))
        self.hessian = np.empty(0)

    def product_coef(self, step: Array) -> Array:
        lower = self.matrix.cholesky
        product: Array = step * self.matrix.units @ lower @ lower.T * self.matrix.units
        return product


class Blocks(Metric):
    """``P_k = mean h_ik (x_i - center_k)(x_i - center_k)' + l2 I``, h_ik the second derivative of row i by its raw prediction k.

    Where :class:`~sk_gd.preconditioners.Hessian` gives all outputs one block up to a factor, here each has its own: away from
    the start every class bends on other rows. A block is estimated on the rows that bend most, and single precision will do:
    conjugate gradients make up for both.
    """

    full = True
    parts: list[Hessian]

    @property
    def unit(self) -> float:
        return float(np.mean([part.unit for part in self.parts]))

    def update(self, objective: Bending, theta: Array, centred: bool = True) -> None:
        self.n_samples, self.parts = objective.n_samples, []  # the old ones go before new ones come

        def part(curvature: Curvature) -> Hessian:
            built = Part()
            built.adopt(curvature, objective.l2)
            return built

        if theta[:, : objective.n_features].any():
            self.parts = objective.apart(theta, ROWS * objective.n_features, part)
        else:  # all rows bend alike, and so do the outputs up to a factor
            self.parts = [Hessian()]
            self.parts[0].update(objective, theta, centred)

    def cost(self, n_features: int, n_outputs: int) -> float:
        return 1 + n_features**2 / self.n_samples

    def solve(self, gradient: Array) -> Array:
        shares = zip(self.parts, np.array_split(gradient, len(self.parts)), strict=True)
        return np.vstack([part.solve(share) for part, share in shares])

    def product(self, step: Array) -> Array:
        shares = zip(self.parts, np.array_split(step, len(self.parts)), strict=True)
        return np.vstack([part.product(share) for part, share in shares])
