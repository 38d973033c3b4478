"""The Hessian of fewer rows than features, solved among the rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse

from sk_gd._array import Array, at_least
from sk_gd._pieces import spans
from sk_gd.descent.objective import Objective
from sk_gd.descent.product import TRACE
from sk_gd.preconditioners import Metric
from sk_gd.preconditioners.hessian import factorise
from sk_gd.sources import Block, CSRSource, DenseSource

TILE = 2**20  # values of X scaled at a time: large beside the cost of a product, small beside the data


class Kernel(Metric):
    """``P = X' diag(h) X + diag(l2)`` over all parameters, of which l2 leaves out the intercept; one output.

    With ``C = diag(1 / h) + X diag(1 / l2) X'``, the kernel matrix of the rows, Woodbury's identity solves with P by solving with
    C: as exactly as if P, which has the square of the features, were held. Every feature needs an l2 for that.
    """

    full = True

    @staticmethod
    def suits(objective: Objective) -> bool:
        """Whether the rows are so few, in memory, and all features penalised."""
        few = objective.shape[0] == 1 and objective.n_samples <= min(objective.max_full, objective.n_features)
        here = isinstance(objective.source, DenseSource | CSRSource) and not objective.source.in_file
        return few and here and bool(np.all(objective.penalty.l1 + objective.penalty.l2 > 0))

    @property
    def unit(self) -> float:
        return 1.0

    def update(self, objective: Any, theta: Array, centred: bool = True) -> None:
        loss, self.X, self.d = objective.loss, objective.source.X, objective.n_features

        def of_block(block: Block) -> Array:
            return block.weigh(at_least(loss.curvature_at(block.y, block.raw(theta)), TRACE * loss.curvature))

        objective.n_passes += 1
        self.h = objective.source.per_row(of_block)[:, 0] / objective.n_samples
        self.l2 = np.broadcast_to(objective.l2, self.d)
        self.matrix = factorise(self.gram() + np.diag(1 / self.h), regular=True)
        self.level = self.matrix.solve(np.ones((1, len(self.h))))  # how far every row takes part in the intercept

    def gram(self) -> Array:
        """``X diag(1 / l2) X'``, of some features after the other where X is dense, which spares a copy."""
        if issparse(self.X):
            return np.asarray((self.X.multiply(1 / self.l2).tocsr() @ self.X.T).todense())
        gram = np.zeros((len(self.h), len(self.h)))
        for features in spans(self.d, TILE // len(self.h)):
            part = self.X[:, features] / np.sqrt(self.l2[features])
            gram += part @ part.T
        return gram

    def cost(self, n_features: int, n_outputs: int) -> float:
        return 0.0

    def solve(self, gradient: Array) -> Array:
        coef, intercept = np.split(gradient, [self.d], axis=1)
        direction = coef / self.l2
        direction -= self.matrix.solve(direction @ self.X.T) @ self.X / self.l2
        if not intercept.size:
            return direction
        along = self.level @ self.X / self.l2
        step = (intercept - along @ coef.T) / self.level.sum()
        return np.hstack([direction - step * along, step])

    def product(self, step: Array) -> Array:
        coef, intercept = np.split(step, [self.d], axis=1)
        pull = self.h * (coef @ self.X.T + intercept.sum())
        gradient = pull @ self.X + self.l2 * coef
        return np.hstack([gradient, pull.sum(axis=1, keepdims=True)]) if intercept.size else gradient

    def __getstate__(self) -> dict[str, Any]:
        """A copy or pickle is without the rows: every step builds the metric anew."""
        return {}
