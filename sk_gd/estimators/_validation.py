"""Early stopping: rows that are held out, and what is watched on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial, reduce
from operator import invert, itemgetter, or_
from typing import Any, ClassVar

import numpy as np
from scipy.sparse import issparse

from sk_gd._array import Array, bits, double, in_place, is_foreign, namespace, there
from sk_gd._pieces import in_pieces, joined, numbers_where, ones_for, rows_of, rows_where, spans, sum_in_pieces
from sk_gd._threads import apart
from sk_gd.descent import DescentState, Objective
from sk_gd.estimators._data import keep_weighted
from sk_gd.estimators._labels import labels_in
from sk_gd.estimators._range import refuse_out_of_range
from sk_gd.losses import Loss, weighted_mean
from sk_gd.penalties import ElasticNet
from sk_gd.sources import Block, source_of
from sk_gd.sources.files import StoredRows

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
        Sample weights times the weights of the rows' classes.
    """

    X: Any
    y: Array
    sample_weight: Array | None
    targets: Array
    weights: Array | None
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
        if self.weights is None:
            return float(self.targets.shape[0]), float(self.targets.shape[0])
        xp = namespace(self.weights)
        return float(sum_in_pieces(xp.count_nonzero, self.weights)), float(sum_in_pieces(xp.sum, self.weights))

    def objective(self, loss: Loss, penalty: ElasticNet, n_outputs: int, fit_intercept: bool) -> Objective:
        """F of these rows."""
        source = source_of(*keep_weighted(self.X, self.targets, self.weights))
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
        return self.X[:] if isinstance(self.X, StoredRows) else self.X, self.y, self.sample_weight

    def take(self, kept: Array) -> Rows:
        """Some of the rows."""
        parts = {name: value for name, value in vars(self).items() if value is not None}
        return replace(self, **{name: rows_where(value, kept) for name, value in parts.items()})

    def split(self, fraction: float, stratified: bool, seed: int) -> tuple[Rows, Rows]:
        """Rows to learn from, and about ``fraction`` of the weight (of every class) to validate on.

        A row's side is decided by its values and the seed. So copies of a row never stand on both sides, which would make the
        validation blind to overfitting, the order of the rows does not matter, and a weight of two still means the row twice.
        """
        keys = fingerprints(self.X, seed)
        weights = ones_for(keys) if self.weights is None else in_place(self.weights)
        strata, bars, spares = in_place(self.targets[:, 0]) if stratified else None, {}, []
        for stratum in [None] if strata is None else labels_in(strata, weights).tolist():
            rows = numbers_where(in_pieces(partial(belongs, stratum=stratum), weights, strata))
            lot = partial(by_lot, rows_of(keys, rows), rows_of(weights, rows))
            bar, spare, mass = apart(lot, fraction, 0 if is_foreign(keys) else 16 * len(rows))
            if bar is not None:
                bars[stratum] = bar
            if spare is not None:
                spares.append((mass, stratum, spare))
        if spares and not bars:  # so few rows that the fraction is none
            _, stratum, bar = max(spares, key=itemgetter(0))
            bars[stratum] = bar
        if not bars:
            raise ValueError(
                f"With n_samples={keys.shape[0]} no row can be held out to validate on: give X_val and y_val, or set "
                "early_stopping=False."
            )
        held = in_pieces(partial(below, bars=bars), keys, weights, strata)
        return self.take(in_pieces(invert, held)), self.take(held)


def belongs(weights: Array, strata: Array | None, stratum: float | None) -> Array:
    """Whether a row counts, and is of a stratum, if there are any."""
    return weights > 0 if strata is None else (weights > 0) & (strata == stratum)


def below(keys: Array, weights: Array, strata: Array | None, bars: dict[float | None, int]) -> Array:
    """Whether a row's key is below the bar of its stratum."""
    return reduce(or_, (belongs(weights, strata, stratum) & (keys < bar) for stratum, bar in bars.items()))


def by_lot(keys: Array, weights: Array, fraction: float) -> tuple[int | None, int | None, float]:
    """The key below which rows are held out, None if none are, the second least key, None if there is none, and the rows' weight.

    Rows of one key stay together, and those of the last are never held out: something has to be left to learn from.
    """
    xp = namespace(keys)
    order = xp.argsort(keys, stable=False)
    ranked, sums = xp.take(keys, order), xp.cumulative_sum(double(xp.take(weights, order)))
    last = xp.nonzero(ranked[1:] != ranked[:-1])[0]  # row of every key but the greatest
    if not last.shape[0]:
        return None, None, float(sums[-1])
    ends = xp.take(sums, last)
    middles = (ends + xp.concat([xp.zeros_like(ends[:1]), ends[:-1]])) / 2
    n_keys = int(xp.searchsorted(middles, fraction * sums[-1:], side="right")[0])
    bar = int(ranked[int(last[n_keys - 1]) + 1]) if n_keys else None
    return bar, int(ranked[int(last[0]) + 1]), float(sums[-1])


def fingerprints(X: Any, seed: int) -> Any:
    """A whole number per row, made of its values and the seed alone: dense or sparse, wherever it stands, and kept there."""
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
    return joined([mix(of_rows(X[rows, ...] if is_foreign(X) else X[rows])) ^ LEAST for rows in tiles])


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
            return scorer(model_at(theta), X, y, **weighted)
        except (AttributeError, TypeError, ValueError) as error:
            raise ValueError(
                f"early_stopping={scorer} cannot score the model on these rows: choose another. It said: {error}"
            ) from error

    return score
