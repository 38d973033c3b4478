"""Second moments of the rows beyond those of the plain Hessian: of all outputs jointly, and of each apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from scipy.linalg import block_diag

from sk_gd._array import Array, at_least, beside, double, namespace, sums_on_host, zeros
from sk_gd._pieces import spans
from sk_gd._threads import breathe
from sk_gd.descent.product import TRACE
from sk_gd.descent.subsets import representatives
from sk_gd.preconditioners import Curvature
from sk_gd.sources import Block

if TYPE_CHECKING:
    from sk_gd.descent.objective import Objective

T = TypeVar("T")


def joint_moments(objective: Objective, theta: Array) -> Curvature:
    """Mean over the rows of ``H (x) (x - center, 1)(x - center, 1)'``, all outputs against all; H is the loss's own."""
    n_outputs, width = objective.shape
    objective.n_passes += 1 + objective.fit_intercept
    center = np.zeros(objective.n_features)
    if objective.fit_intercept:
        (weighed,) = objective.source.sum_over_blocks(lambda block: (block.gradient(block.weigh(block.constant(1.0, 1)), False),))
        center = weighed[0] / objective.n_samples

    def of_block(block: Block) -> tuple[Array, ...]:
        X, xp = double(block.dense()), namespace(block.y)
        X = xp.concat([X - beside(center, X), xp.ones_like(X[:, : width - objective.n_features])], axis=1)
        z = double(block.raw(theta))
        if objective.couples:
            p = objective.loss.mean(z)
        else:
            p = at_least(objective.loss.curvature_at(double(block.y), z), TRACE * objective.loss.curvature)
        weighed = block.weigh(p)
        own = [(X * weighed[:, k : k + 1]).T @ X for k in range(n_outputs)]
        if not objective.couples:
            return xp.sum(weighed, axis=0), xp.stack(own)
        mixed = xp.reshape(xp.sqrt(weighed * p)[:, :, None] * X[:, None, :], (X.shape[0], -1))
        return xp.sum(block.weigh(p * (1 - p)), axis=0), xp.stack(own), mixed.T @ mixed

    total, own, *mixed = objective.source.sum_over_blocks(of_block, (n_outputs + 2) * width)  # X, X weighed, and mixed
    moments, n = block_diag(*own) - sum(mixed), objective.n_samples
    return Curvature(total / n, center, moments / n, objective.source.blur(full=True))


def moments_apart(objective: Objective, theta: Array, count: int, use: Callable[[Curvature], T]) -> list[T]:
    """``use`` of the second moments of every output by itself, estimated on about ``count`` rows.

    Where the loss bends most all rows are taken, elsewhere one stands for several.
    """
    n, (n_outputs, width) = objective.n_samples, objective.shape

    def bend_of(block: Block) -> Array:
        return block.weigh(at_least(objective.loss.curvature_at(block.y, block.raw(theta)), TRACE * objective.loss.curvature))

    objective.n_passes += 2 + count * n_outputs / n
    bends = objective.source.per_row(bend_of, n_outputs)
    (firsts,) = objective.source.sum_over_blocks(lambda block: (block.gradient(bend_of(block), True),))

    def of_output(k: int) -> T:
        rows, weights = representatives(bends[:, k], count)
        center = firsts[k, :-1] / firsts[k, -1] if width > objective.n_features else np.zeros(objective.n_features)
        second = double(zeros((objective.n_features, objective.n_features), weights))
        for part in spans(rows.shape[0], objective.source.chunk // 2):
            breathe()
            X = objective.source.take(rows[part]).dense()
            X = (X - beside(center, X)) * (weights[part] ** 0.5)[:, None]
            second += X.T @ X
        return use(Curvature(firsts[k, -1:] / n, center, sums_on_host(second) / n, objective.source.blur(full=True)))

    return objective.source.map(of_output, list(range(n_outputs)))
