"""The second derivative of a mean over rows, by its products."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from sk_gd._array import Array, at_least
from sk_gd._pieces import added, in_pieces, spans
from sk_gd.losses import Bend, Multinomial, SquaredError
from sk_gd.preconditioners import Curvature
from sk_gd.sources import Block, CompiledSource, CSRSource, DenseSource, Source, source_of

if TYPE_CHECKING:
    from sk_gd.descent.objective import Objective

NO_SLOPES = np.empty((0, 0))
LARGE = 2**17  # parameters that leave the second level cache: of a second derivative that changes anyway single precision is enough
KEPT = 2**18  # numbers that a product keeps of rows, or a fiftieth of the values of dense ones: more would not be little beside X
TRACE = 1e-10  # share of the greatest curvature that rows keep where they have none, so that the model has a minimum


def product_at(objective: Objective, theta: Array, again: bool) -> Callable[[Array], Array]:
    """The gradient of a quadratic loss that bends in every row as the loss does at theta: a pass like any other."""
    source, loss, n_outputs = objective.source, objective.loss, objective.shape[0]
    if not little(source, n_outputs):
        return product_in_parts(objective, theta)
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


def little(source: Source, n_outputs: int) -> bool:
    """Whether a number for every row and output is little beside the rows; sparse ones are read too slowly to be spared any."""
    few = source.n_samples * n_outputs <= max(KEPT, source.n_stored / 50)
    return few or n_outputs == 1 or not isinstance(source, DenseSource)


def some_at_a_time(source: Source, n_outputs: int) -> Iterator[Source]:
    """The rows in parts, each of so few that a number for every row and output of it is little."""
    for rows in spans(source.n_samples, max(KEPT // n_outputs, 1)):
        block = source.take(rows)
        yield source_of(block.X, block.y, block.weights)


def product_in_parts(objective: Objective, theta: Array) -> Callable[[Array], Array]:
    """The same with nothing kept of the rows: how a few of them bend is made anew in every product."""

    def multiply(step: Array) -> Array:
        objective.n_passes += 2
        product = np.zeros(step.shape)
        for some in some_at_a_time(objective.source, len(step)):
            part = objective.on(some, objective.loss)
            product += some.n_samples / objective.n_samples * product_at(part, theta, again=False)(step)
        return product

    return multiply


def greatest_product(objective: Objective) -> Callable[[Array], Array]:
    """The map from a step to the loss's greatest curvature, the same for all rows, times it."""

    def probe(source: Source) -> Source:
        return source.retarget(source.zeros(objective.shape[0]), source.weights)

    kept = [probe(objective.source)] if little(objective.source, objective.shape[0]) else None

    def multiply(step: Array) -> Array:
        probes = kept or map(probe, some_at_a_time(objective.source, len(step)))
        products = added([rows.value_and_gradient(SquaredError(), step, NO_SLOPES)[1] for rows in probes])
        return objective.loss.curvature * products / objective.n_samples

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
