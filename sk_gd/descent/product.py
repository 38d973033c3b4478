"""The second derivative of a mean over rows, by its products."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from sk_gd._array import Array, at_least
from sk_gd._pieces import in_pieces
from sk_gd.losses import Bend, Multinomial, SquaredError
from sk_gd.preconditioners import Curvature
from sk_gd.sources import Block, CompiledSource, CSRSource, DenseSource

if TYPE_CHECKING:
    from sk_gd.descent.objective import Objective

NO_SLOPES = np.empty((0, 0))
LARGE = 2**17  # parameters that leave the second level cache: of a second derivative that changes anyway single precision is enough
TRACE = 1e-10  # share of the greatest curvature that rows keep where they have none, so that the model has a minimum


def product_at(objective: Objective, theta: Array, again: bool) -> Callable[[Array], Array]:
    """The gradient of a quadratic loss that bends in every row as the loss does at theta: a pass like any other."""
    source, loss, n_outputs = objective.source, objective.loss, objective.shape[0]
    rows = source.single if isinstance(source, CSRSource) and loss.couples and theta.size >= LARGE else source
    one = n_outputs == 1 or loss.quadratic

    def of_block(block: Block, z: Array) -> Array:
        if loss.couples:
            return loss.mean(z)
        h = at_least(loss.curvature_at(block.y, z), TRACE * loss.curvature)
        return block.weigh(h[:, 0]) if one else h

    unknown = objective.last is None or objective.last[0] is not theta
    fused = isinstance(source, DenseSource) and source.weights is None and n_outputs <= source.most_outputs
    if unknown and fused and isinstance(loss, Multinomial):
        objective.remembers = True
        objective.value_and_gradient(theta)  # a compiled pass takes less time than what bends would by NumPy
    if objective.last is not None and objective.last[0] is theta and isinstance(loss, Multinomial):
        bends = loss.mean_of(source.y, objective.last[1])
    elif objective.raw is not None and objective.raw[0] is theta:
        bends = in_pieces(lambda y, z, weights: of_block(Block(y, y, weights), z), source.y, objective.raw[1], source.weights)
    else:
        objective.n_passes += 1
        bends = source.per_row(lambda block: of_block(block, block.raw(theta)), n_outputs)
    objective.last = None  # the slopes have become bends, or are those of another theta
    plain = isinstance(source, CompiledSource) and not source.in_file and source.weights is None
    objective.remembers = again and plain and isinstance(loss, Multinomial)
    targets, weights = (source.zeros(n_outputs), bends) if one else (bends, source.weights)
    model, bent = rows.retarget(targets, weights), SquaredError() if one else Bend(loss.couples)
    objective.bending = theta, model

    def multiply(step: Array) -> Array:
        objective.n_passes += 1
        product = model.value_and_gradient(bent, step, NO_SLOPES)[1] / objective.n_samples
        objective.coef(product)[:] += objective.l2 * objective.coef(step)
        return product

    return multiply


def diagonals_at(objective: Objective, theta: Array) -> Curvature:
    """Second moments of every output by itself, about its own center, from the probabilities that a product begins with."""
    if objective.bending is None or objective.bending[0] is not theta:
        product_at(objective, theta, objective.remembers)
    assert objective.bending is not None
    rows, n = objective.bending[1], objective.n_samples
    assert isinstance(rows, CSRSource)
    h = rows.y - rows.y * rows.y
    if rows.weights is not None:
        h *= rows.weights[:, None]
    objective.n_passes += 1
    total = np.maximum(h.sum(axis=0, dtype=np.float64), TRACE * n)
    first, second = rows.moments_of_outputs(h)
    center = first / total[:, None] if objective.fit_intercept else np.zeros_like(first)
    return Curvature(total / n, center, np.maximum(second - first * center, 0) / n, rows.blur(full=False))
