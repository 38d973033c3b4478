"""Validated rows, in the user's words and in the engine's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from sk_gd._array import Array, double_sum, in_place, namespace
from sk_gd._pieces import rows_of, sum_in_pieces
from sk_gd.descent import Objective
from sk_gd.estimators._data import keep_weighted, some_rows, weigh
from sk_gd.estimators._held_out import split_by_values
from sk_gd.estimators._labels import beside_codes
from sk_gd.estimators._range import refuse_out_of_range
from sk_gd.losses import Loss, weighted_mean
from sk_gd.penalties import ElasticNet
from sk_gd.sources import Block, PickedRows, source_of
from sk_gd.sources.files import StoredRows, stored


@dataclass(frozen=True)
class Rows:
    """Validated rows, in the user's words and in the engine's.

    Attributes
    ----------
    X, y, sample_weight
        As a scikit-learn scorer takes them.
    targets : ndarray of shape (n_samples, n_targets)
        y as the loss reads it.
    weights : ndarray of shape (n_samples,) or None
        Sample weights.
    of_class : ndarray of shape (n_classes,) or None
        What those of the rows of a class are to be multiplied by.
    numbers : ndarray of shape (n_samples,) or None
        Of these rows in y and sample_weight; None where they are all there.
    """

    X: Any
    y: Array
    sample_weight: Array | None
    targets: Array
    weights: Array | None
    of_class: Any = None
    numbers: Any = None
    sizes: ClassVar[None] = None  # of partitions

    @property
    def row(self) -> tuple[int, ...]:
        """Shape of a row of y."""
        return tuple(self.y.shape[1:])

    def filled(self, loss: Any) -> Loss:
        """The loss with the numbers that it takes from the targets."""
        known: Loss = loss.for_targets(in_place(self.targets), in_place(self.weights))
        return known

    def mass(self) -> tuple[float, float]:
        """Number of rows that count, and the sum of their weights."""
        if self.weights is None and self.of_class is None:
            return float(self.targets.shape[0]), float(self.targets.shape[0])

        rows, of_rows = (self.targets[:, 0], self.weights), partial(weigh, self.of_class)
        count = sum_in_pieces(lambda *some: namespace(some[0]).count_nonzero(of_rows(*some)), *rows)
        return float(count), float(sum_in_pieces(lambda *some: double_sum(of_rows(*some)), *rows))

    def objective(self, loss: Loss, penalty: ElasticNet, n_outputs: int, fit_intercept: bool) -> Objective:
        """F of these rows."""
        source = source_of(*keep_weighted(self.X, self.targets, self.weights, self.of_class))
        refuse_out_of_range(source)
        return Objective(loss, penalty, source, n_outputs, fit_intercept)

    def rise(self, objective: Objective, before: Array, after: Array) -> float:
        """By how many standard errors the loss on these rows is higher at one place than at another: a row is a pair."""

        def of_block(block: Block) -> Array:
            here, there = (objective.loss.value_and_slope(block.y, block.raw(theta))[0] for theta in (before, after))
            return block.weigh(there - here)

        change = in_place(objective.source.per_row(of_block))
        mean = weighted_mean(change, None)
        spread = np.sqrt(weighted_mean(change, None, lambda some: (some - float(mean)) ** 2))
        return float(mean / max(spread / np.sqrt(change.shape[0]), np.finfo(np.float64).tiny))

    def for_scorer(self) -> tuple[Any, Array, Array | None]:
        """X, y and weights as a scikit-learn scorer takes them."""
        X = self.X[:] if isinstance(self.X, StoredRows | PickedRows) else self.X
        if self.numbers is None:
            return X, self.y, self.sample_weight
        return X, rows_of(self.y, self.numbers), None if self.sample_weight is None else rows_of(self.sample_weight, self.numbers)

    def take(self, numbers: Array) -> Rows:
        """Some of the rows."""
        X, targets, weights = some_rows(self.X, self.targets, self.weights, self.of_class, numbers)
        return Rows(X, self.y, self.sample_weight, targets, weights, numbers=numbers)

    def split(self, fraction: float, stratified: bool, seed: int) -> tuple[Rows, Rows]:
        """Rows to learn from, and about ``fraction`` of the weight (of every class) to validate on."""
        learned, held = split_by_values(self.X, self.targets[:, 0], self.weights, self.of_class, fraction, stratified, seed)
        return self.take(learned), self.take(held)


def weighed_rows(X: Any, y: Array, weights: Array | None, codes: Array, of_class: Array | None) -> Rows:
    """Rows of classes."""
    return Rows(stored(X), y, weights, codes[:, None], weights, beside_codes(of_class, codes, weights))
