"""The rows of one place, of an objective whose rows are in several."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from sk_gd._array import Array
from sk_gd.descent.batching import numbered, shuffled
from sk_gd.descent.objective import Objective, T
from sk_gd.descent.product import NO_SLOPES
from sk_gd.descent.subsets import sampled
from sk_gd.losses import Loss
from sk_gd.preconditioners import Coordinates, Curvature
from sk_gd.sources import Block, CSRSource, source_of


class Part:
    """The rows of one place, as a sum: the answers of all parts add up to that of all rows.

    What a row's loss is like at theta is kept until another theta is asked about: questions come in series.
    """

    def __init__(self, number: int, objective: Objective) -> None:
        self.number, self.objective, self.count = number, objective, objective.n_samples
        self.bent: tuple[Array, Callable[[Array], Array]] | None = None
        self.anchored: tuple[Array, Array] | None = None
        self.shuffled: tuple[int, Array, int] | None = None

    def some(self, share: int) -> Block | None:
        """One row out of every ``share``, None where there are too few for one; weights stay in the unit of all parts."""
        count = self.count // share
        return self.objective.source.take(sampled(count, share, self.number)) if count else None

    def sample(self, share: int) -> Part | None:
        """A part of some of the rows."""
        block = self.some(share)
        if block is None:
            return None
        return Part(self.number, self.objective.on(source_of(block.X, block.y, block.weights), self.objective.loss))

    def exact(self) -> Part:
        """The same rows in double precision."""
        return Part(self.number, self.objective.exact())

    def costing(self, loss: Loss) -> Part:
        """The same rows with another loss."""
        return Part(self.number, self.objective.costing(loss))

    def become(self, kind: type[Part]) -> Part:
        """The same rows as a part of another kind."""
        return kind(self.number, self.objective)

    def facts(self) -> tuple[int, int, bool]:
        """Rows, stored values, and whether they are sparse."""
        source = self.objective.source
        return self.count, source.n_stored, isinstance(source, CSRSource)

    def answer(self, question: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        return question(self.objective, *arguments)

    def constant_value(self, intercept: Array) -> float:
        return self.count * self.objective.value_without_features(intercept)

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        value, gradient = self.objective.value_and_gradient(theta)
        return self.count * value, self.count * gradient

    def anchor(self, theta: Array) -> tuple[float, Array]:
        """``value_and_gradient``, keeping the slopes of the rows."""
        slopes = self.objective.source.zeros(len(theta))
        value, gradient = self.objective.value_and_gradient(theta, slopes=slopes)
        self.anchored = theta, slopes
        return self.count * value, self.count * gradient

    def slopes_at(self, theta: Array) -> Array:
        """The slopes of the rows, as kept, or made anew where this part has come from elsewhere."""
        if self.anchored is None or not np.array_equal(self.anchored[0], theta):
            self.anchor(theta)
        assert self.anchored is not None
        return self.anchored[1]

    def estimate(
        self, theta: Array, away: Array | None, seed: int, batch: int, n_batches: int, shuffle: bool
    ) -> tuple[float, Array]:
        """Sums over this part's rows of one batch; less their gradient at ``away``, if given.

        Its order of rows, and where it lets batches begin, come from the seed and the number of the part.
        """
        if self.shuffled is None or self.shuffled[0] != seed:
            rng = np.random.default_rng((seed, self.number))
            order = shuffled(self.count, rng) if shuffle else numbered(self.count)
            self.shuffled = seed, order, int(rng.integers(n_batches))
        _, order, first = self.shuffled
        begin, end = ((self.count * i + first) // n_batches for i in (batch, batch + 1))
        rows = order[begin:end]
        if not len(rows):
            return 0.0, np.zeros(theta.shape)
        value, gradient = self.objective.value_and_gradient(theta, rows)
        if away is not None:
            gradient = gradient - self.objective.value_and_gradient(away, rows)[1]
        return len(rows) * value, len(rows) * gradient

    def curvature(self, theta: Array, full: bool, centred: bool) -> Curvature:
        return self.objective.curvature(theta, full, centred).scaled(self.count)

    def with_curvature(self, theta: Array) -> tuple[tuple[float, Array], Curvature]:
        value, gradient, curvature = self.objective.with_curvature(theta)
        return (self.count * value, self.count * gradient), curvature.scaled(self.count)

    def joint_curvature(self, theta: Array) -> tuple[int, Curvature]:
        return self.count, self.objective.joint_curvature(theta).scaled(self.count)

    def apart(self, theta: Array, share: float) -> list[Curvature]:
        return self.objective.apart(theta, max(1, int(share * self.count)), self.as_sums)

    def as_sums(self, curvature: Curvature) -> Curvature:
        return curvature.scaled(self.count)

    def hessian_product(self, theta: Array, step: Array) -> Array:
        if self.bent is None or not np.array_equal(self.bent[0], theta):
            self.bent = theta, self.objective.hessian_product(theta, again=False)  # the same bits, wherever it is made
        return self.count * self.bent[1](step)

    def greatest_product(self, step: Array) -> Array:
        return self.count * self.objective.greatest_product()(step)

    def excess_after(self, theta: Array, step: Array) -> tuple[float, Array]:
        excess, pull = self.objective.excess_after(theta, step)
        return self.count * excess, self.count * pull

    def row_smoothness(self, coordinates: Coordinates, theta: Array | None) -> float:
        return self.objective.row_smoothness(coordinates, theta)

    def sweep(self, step: Any, state: Any, anchor: Array, seed: int) -> tuple[int, float, Any]:
        """An epoch over these rows alone: of an objective that is met on the way, and a state that has moved."""
        state = replace(state, rng=np.random.default_rng((seed, self.number)))  # the parts of a worker are sent one for all
        slopes = self.slopes_at(state.theta) if len(anchor) else NO_SLOPES
        met = step.sweep_part(self.objective, state, slopes, anchor)
        if step.refresh:
            self.anchored = None  # they have moved along; should the question come again, they are made anew
        return self.count, self.count * met, state
