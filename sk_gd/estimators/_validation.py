"""Early stopping: rows that are held out, and what is watched on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, reduce
from operator import itemgetter, or_, xor
from typing import Any, ClassVar

import numpy as np
from scipy.sparse import issparse

from sk_gd._array import Array, bits, double, double_sum, finest, in_place, is_foreign, namespace, there
from sk_gd._compat import device_of
from sk_gd._pieces import in_pieces, joined, numbers_where, ranked, rows_of, spans, sum_in_pieces
from sk_gd.descent import DescentState, Objective
from sk_gd.estimators._data import keep_weighted, some_rows, weigh
from sk_gd.estimators._labels import beside_codes, labels_in
from sk_gd.estimators._range import refuse_out_of_range
from sk_gd.losses import Loss, weighted_mean
from sk_gd.penalties import ElasticNet
from sk_gd.sources import Block, PickedRows, source_of
from sk_gd.sources.files import StoredRows, stored

TILE = 2**16  # values fingerprinted at a time: they should stay in the second-level cache
LEAST = -(2**63)  # its sign turned, a pattern of bits has the place among the others that it has without a sign
DEVICE_TILE = 2**24  # as many as outweigh the launch of the functions that do it


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
        """Rows to learn from, and about ``fraction`` of the weight (of every class) to validate on.

        A row's side is decided by its values and the seed. So copies of a row never stand on both sides, which would make the
        validation blind to overfitting, the order of the rows does not matter, and a weight of two still means the row twice.
        """
        rows = fingerprints(self.X, seed, short=True), in_place(self.targets[:, 0]), in_place(self.weights)
        of_class, bars, spares = in_place(self.of_class), {}, []
        for stratum in labels_in(rows[1]).tolist() if stratified else [None]:
            bar, spare, mass = by_lot(partial(of_stratum, of_class, stratum), fraction, rows)
            if bar is not None:
                bars[stratum] = bar
            if spare is not None:
                spares.append((mass, stratum, spare))
        if spares and not bars:  # so few rows that the fraction is none
            _, stratum, bar = max(spares, key=itemgetter(0))
            bars[stratum] = bar
        if not bars:
            raise ValueError(
                f"With n_samples={self.targets.shape[0]} no row can be held out to validate on: give X_val and y_val, or set "
                "early_stopping=False."
            )
        held = in_pieces(partial(below, of_class, bars), *rows)
        counted = in_pieces(partial(counts, of_class), *rows[1:])
        del rows  # before the others are picked
        learned, held = numbers_where(in_pieces(xor, counted, held)), numbers_where(held)
        del counted
        return self.take(learned), self.take(held)


def weights_in(of_class: Any, stratum: float | None, codes: Array, weights: Array | None) -> Array:
    """The weights of rows, but zero of those that are not of a stratum, if one is given."""
    known, xp = weigh(of_class, codes, weights), namespace(codes)
    own = xp.ones(codes.shape[0], dtype=finest(codes), device=device_of(codes)) if known is None else double(known)
    return own if stratum is None else xp.where(codes == stratum, own, xp.zeros_like(own))


def counts(of_class: Any, codes: Array, weights: Array | None) -> Array:
    """Whether a row counts."""
    return weights_in(of_class, None, codes, weights) > 0


def of_stratum(of_class: Any, stratum: float | None, keys: Array, codes: Array, weights: Array | None) -> tuple[Array, Array]:
    """Keys and weights of those rows of a stratum that count."""
    own = weights_in(of_class, stratum, codes, weights)
    return keys[own > 0], own[own > 0]


def below(of_class: Any, bars: dict[float | None, int], keys: Array, codes: Array, weights: Array | None) -> Array:
    """Whether a row counts, and its key is below the bar of its stratum."""
    return reduce(or_, ((weights_in(of_class, stratum, codes, weights) > 0) & (keys < bar) for stratum, bar in bars.items()))


def by_lot(of_rows: Any, fraction: float, rows: tuple[Any, ...]) -> tuple[int | None, int | None, float]:
    """The key below which rows are held out, None if none are, the second least key, None if there is none, and the rows' weight.

    Rows of one key stay together, and those of the last are never held out: something has to be left to learn from.
    """
    keys, sums, before, total = ranked(of_rows, fraction, *rows)
    xp = namespace(keys)
    last = xp.nonzero(keys[1:] != keys[:-1])[0]  # row of every key but the greatest
    if not last.shape[0]:
        return None, None, total
    ends = xp.take(sums, last)
    middles = (ends + xp.concat([xp.full_like(ends[:1], before), ends[:-1]])) / 2
    n_keys = int(xp.searchsorted(middles, xp.full_like(ends[:1], fraction * total), side="right")[0])
    if not n_keys:
        return int(keys[0]) if before else None, int(keys[int(last[0]) + 1]), total
    return int(keys[int(last[n_keys - 1]) + 1]), int(keys[int(last[0]) + 1]), total


def weighed_rows(X: Any, y: Array, weights: Array | None, codes: Array, of_class: Array | None) -> Rows:
    """Rows of classes."""
    return Rows(stored(X), y, weights, codes[:, None], weights, beside_codes(of_class, codes, weights))


def fingerprints(X: Any, seed: int, short: bool = False) -> Any:
    """A whole number per row, made of its values and the seed alone: dense or sparse, wherever it stands, and kept there.

    ``short`` is of 32 bits: the upper ones.
    """
    X = in_place(X)
    columns = mix(np.random.default_rng(seed).integers(1, 2**63, X.shape[1], dtype=np.int64))

    def key(values: Any) -> Any:
        return mix(bits(double(values) + 0.0))  # + 0.0: a negative zero is a zero

    def of_rows(X: Any) -> Any:
        if not issparse(X):
            return namespace(X).sum(key(X) * columns, axis=1)
        sums = np.concatenate([np.zeros(1, np.int64), np.cumsum(key(X.data) * columns[X.indices])])
        return sums[X.indptr[1:]] - sums[X.indptr[:-1]]  # modulo 2^64, so without rounding

    width = X.nnz // X.shape[0] + 1 if issparse(X) else X.shape[1]
    columns = there(columns, X) if is_foreign(X) else columns
    tiles = spans(X.shape[0], max((DEVICE_TILE if is_foreign(X) else TILE) // width, 1))
    kind = "int32" if short else "int64"

    def keys(rows: slice) -> Any:
        found = mix(of_rows(X[rows, ...] if is_foreign(X) else X[rows])) ^ LEAST
        return namespace(found).astype(found >> 32 if short else found, getattr(namespace(found), kind), copy=False)

    if is_foreign(X):
        return joined([keys(rows) for rows in tiles])
    whole = np.empty(X.shape[0], kind)
    for rows in tiles:
        whole[rows] = keys(rows)
    return whole


def mix(patterns: Any) -> Any:
    """Spread every bit over all (SplitMix64; Steele, Lea and Flood 2014); zero stays zero.

    The arithmetic is that of 64 bits without a sign, in the only whole numbers that all array libraries have.
    """
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
        patterns = (patterns ^ ((patterns >> shift) & (2 ** (64 - shift) - 1))) * (factor - 2**64 if factor >> 63 else factor)
    return patterns


class Validation:
    """Scores a descent on rows that it does not learn from, after every epoch, and remembers where it was best."""

    def __init__(self, score: Callable[[Array], float]) -> None:
        self.score = score

    def __call__(self, state: DescentState) -> bool:
        state.score = float(self.score(state.theta))
        if state.score != state.score:
            raise ValueError(
                f"The validation score is nan after epoch {state.n_epochs}: early_stopping needs a scorer that is defined on the "
                "validation rows; choose another one, or other rows."
            )
        if state.score > state.best_score:
            state.best_score, state.best_scored, state.best_epoch = state.score, state.theta.copy(), state.n_epochs
        return False


def by_loss(objective: Objective) -> Callable[[Array], float]:
    """Minus the mean loss on the rows held out, weighted as in the objective, which has no penalty."""
    return lambda theta: -objective.value_and_gradient(theta)[0]


def by_scorer(
    scorer: Callable[..., float], model_at: Callable[[Array], Any], X: Any, y: Array, sample_weight: Array | None
) -> Callable[[Array], float]:
    """What a scikit-learn scorer says of the model, given the user's own weights."""
    weighted = {} if sample_weight is None else {"sample_weight": sample_weight}

    def score(theta: Array) -> float:
        try:
            return float(scorer(model_at(theta), X, y, **weighted))
        except (AttributeError, TypeError, ValueError) as error:
            raise ValueError(
                f"early_stopping={scorer} cannot score the model on these rows: choose another. It said: {error}"
            ) from error

    return score
