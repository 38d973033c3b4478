"""An objective over rows in several places: the mean of theirs.

``F(theta) = sum_p (n_p / n) F_p(theta) + penalty``, and so are its derivatives. Each part is an :class:`Objective` of its own, of
all compiled passes; what travels is theta and numbers of its size. Slopes and second derivatives of rows stay where these are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from scipy.sparse import issparse, vstack

from sk_gd._array import Array
from sk_gd._compat import cached_property
from sk_gd._pieces import added
from sk_gd.descent.objective import Objective, T
from sk_gd.descent.problem import P
from sk_gd.descent.product import NO_SLOPES
from sk_gd.losses import Loss
from sk_gd.penalties import ElasticNet
from sk_gd.preconditioners import Coordinates, Curvature, recentred
from sk_gd.sources import Block, source_of


class Places(Protocol):
    """Where the parts are; ``facts`` is what :class:`Part` says of each of them."""

    facts: list[tuple[int, int, bool]]

    def ask(self, name: str, *arguments: Any) -> list[Any]:
        """What :class:`Part`'s method of this name says of every part, in an order that is always the same."""

    def tell(self, name: str, *arguments: Any) -> list[Any]:
        """The same of what changes a part: who takes its place will be told, too."""

    def beside(self, how: str, *arguments: Any) -> Places:
        """Where what :class:`Part`'s method of this name makes of every part is: beside it, until it makes the next."""


class Elsewhere:
    """Stands for the source of rows that are elsewhere: what may be known of them here."""

    in_file = False

    def __init__(self, count: int, n_features: int, n_stored: int, sparse: bool, dtype: Any) -> None:
        self.n_samples, self.n_features, self.n_stored, self.sparse = count, n_features, n_stored, sparse
        self.dtype, self.given = np.dtype(dtype), np.empty((0, n_features), dtype)

    def zeros(self, n_outputs: int) -> Array:
        """No number for any row: they are kept where the rows are."""
        return NO_SLOPES


class PartedObjective(Objective):
    """The objective of all parts.

    Parameters
    ----------
    loss, penalty, n_outputs, fit_intercept
        As in :class:`Objective`.
    places : Places
        Where the parts are.
    summary : tuple of ndarray
        Distinct targets, or means of them where the loss is quadratic, with their weights: what the best constant depends on.
    dtype : dtype
        Of X.
    n_features : int
        Columns of X.
    """

    def __init__(
        self, loss: Loss, penalty: ElasticNet, places: Places, summary: tuple[Array, Array], n_features: int, dtype: Any,
        n_outputs: int, fit_intercept: bool,
    ) -> None:  # fmt: skip
        self.counts, stored, sparse = ([fact[i] for fact in places.facts] for i in range(3))
        source: Any = Elsewhere(sum(self.counts), n_features, sum(stored), all(sparse), dtype)
        super().__init__(loss, penalty, source, n_outputs, fit_intercept)
        self.places, self.summary = places, summary
        self.known: tuple[Array, Curvature] | None = None  # theta, and the full centred curvature there

    @cached_property
    def constant(self) -> Array:
        theta = np.zeros(self.shape)
        if self.fit_intercept:
            theta[:, -1] = self.loss.constant(*self.summary)
        return theta

    def of_parts(self, question: Callable[..., T], *arguments: Any) -> list[T]:
        return self.places.ask("answer", question, arguments)

    def at(self, places: Places, loss: Loss, penalty: ElasticNet, dtype: Any = None) -> PartedObjective:
        """The objective of other parts, which were made of these."""
        n_outputs, dtype = self.shape[0], self.dtype if dtype is None else dtype
        return PartedObjective(loss, penalty, places, self.summary, self.n_features, dtype, n_outputs, self.fit_intercept)

    def sample(self, share: int, copied: bool = True) -> Objective:
        return self.at(self.places.beside("sample", share), self.loss, self.penalty)

    def brought(self, share: int) -> Objective:
        """The same function of some of the rows, which come here."""
        rows = together(self.places.ask("some", share))
        return Objective(self.loss, self.penalty, source_of(rows.X, rows.y, rows.weights), self.shape[0], self.fit_intercept)

    def exact(self) -> Objective:
        return self.at(self.places.beside("exact"), self.loss, self.penalty, np.float64)

    def costing(self, loss: Loss) -> Objective:
        return self.at(self.places.beside("costing", loss), loss, self.penalty)

    def value_without_features(self, intercept: Array) -> float:
        if self.quadratic:  # of whose targets only the mean is here
            return float(sum(self.places.ask("constant_value", intercept))) / self.n_samples
        targets, weights = self.summary
        values = self.loss.value_and_slope(targets, np.broadcast_to(intercept.T, (len(targets), self.shape[0])))[0]
        return float(np.average(values, weights=weights))

    def summed(self, parts: Sequence[tuple[float, Array]], theta: Array, count: float) -> tuple[float, Array]:
        """Value and gradient from sums over the parts."""
        value, gradient = sum(part[0] for part in parts) / count, added([part[1] for part in parts]) / count
        self.n_passes += count / self.n_samples
        coef = self.coef(theta)
        self.coef(gradient)[:] += self.penalty.gradient(coef)
        return value + self.penalty.value(coef), gradient

    def value_and_gradient(self, theta: Array, rows: Any = None, slopes: Array = NO_SLOPES) -> tuple[float, Array]:
        if rows is None:
            return self.summed(self.places.ask("value_and_gradient", theta), theta, self.n_samples)
        return self.summed(self.places.ask("estimate", theta, None, *rows), theta, self.n_samples / rows[2])

    def anchored(self, theta: Array) -> tuple[float, Array]:
        """``value_and_gradient``, the slopes of all rows being kept where these are."""
        return self.summed(self.places.ask("anchor", theta), theta, self.n_samples)

    def change(self, theta: Array, away: Array, rows: Any) -> tuple[float, Array]:
        """Value estimated on some rows, and by how much their gradient differs from that at ``away``, plus that of the penalty."""
        return self.summed(self.places.ask("estimate", theta, away, *rows), theta, self.n_samples / rows[2])

    def look(self, theta: Array) -> tuple[float, Array]:
        """``value_and_gradient``, and ``curvature`` for who asks for it next: in one round, and one visit of the rows."""
        parts, curvatures = zip(*self.places.ask("with_curvature", theta), strict=True)
        self.known = theta, sum(curvatures[1:], curvatures[0]).scaled(1 / self.n_samples)
        return self.summed(parts, theta, self.n_samples)

    def curvature(self, theta: Array, full: bool, centred: bool = True) -> Curvature:
        known, self.known = self.known, None  # which may be large
        if known is not None and known[0] is theta and full and centred:
            return known[1]
        self.n_passes += 1
        parts = self.places.ask("curvature", theta, full, centred)
        return sum(parts[1:], parts[0]).scaled(1 / self.n_samples)

    def joint_curvature(self, theta: Array) -> Curvature:
        self.n_passes += 1 + self.fit_intercept
        parts = self.places.ask("joint_curvature", theta)
        center = np.sum([count * part.center for count, part in parts], axis=0) / self.n_samples
        moved = np.sum([recentred(part, center, self.shape) for _, part in parts], axis=0)
        total = np.sum([part.total for _, part in parts], axis=0)
        return Curvature(total / self.n_samples, center, moved / self.n_samples, max(part.blur for _, part in parts))

    def apart(self, theta: Array, count: int, use: Callable[[Curvature], T]) -> list[T]:
        self.n_passes += 2 + count * self.shape[0] / self.n_samples
        blocks = zip(*self.places.ask("apart", theta, count / self.n_samples), strict=True)
        return [use(sum(parts[1:], parts[0]).scaled(1 / self.n_samples)) for parts in blocks]

    def hessian_product(self, theta: Array, again: bool = True) -> Callable[[Array], Array]:
        self.n_passes += 1

        def multiply(step: Array) -> Array:
            self.n_passes += 1
            product: Array = added(self.places.ask("hessian_product", theta, step)) / self.n_samples
            self.coef(product)[:] += self.l2 * self.coef(step)
            return product

        return multiply

    def greatest_product(self) -> Callable[[Array], Array]:
        def multiply(step: Array) -> Array:
            product: Array = added(self.places.ask("greatest_product", step)) / self.n_samples
            return product

        return multiply

    def excess_after(self, theta: Array, step: Array) -> tuple[float, Array]:
        self.n_passes += 1
        excesses, pulls = zip(*self.places.ask("excess_after", theta, step), strict=True)
        return sum(excesses) / self.n_samples, np.sum(pulls, axis=0) / self.n_samples

    def row_smoothness(self, coordinates: Coordinates, theta: Array | None) -> float:
        self.n_passes += 1 + (theta is not None)
        return float(max(self.places.ask("row_smoothness", coordinates, theta)))


def together(blocks: list[Block]) -> Block:
    """Rows of several places in one, sparse where all are."""
    sparse = all(issparse(block.X) for block in blocks)
    X = vstack([block.X for block in blocks], format="csr") if sparse else np.concatenate([block.dense() for block in blocks])
    weights = [block.weights for block in blocks if block.weights is not None]  # of all or of none
    s = np.concatenate(weights) if weights else None
    return Block(X, np.concatenate([block.y for block in blocks]), None if s is None else s / s.mean())


def before_metric(objective: P, theta: Array, full: bool) -> tuple[float, Array]:
    """Value and gradient where a metric that relates the features is made next: rows elsewhere are visited once for both."""
    return objective.look(theta) if full and isinstance(objective, PartedObjective) else objective.value_and_gradient(theta)
