"""Which rows are held out to validate on: the values of a row and the seed decide."""

from __future__ import annotations

from functools import partial, reduce
from operator import itemgetter, or_, xor
from typing import Any

import numpy as np
from scipy.sparse import issparse

from sk_gd._array import Array, bits, double, finest, in_place, is_foreign, namespace, there
from sk_gd._compat import device_of
from sk_gd._pieces import in_pieces, joined, numbers_where, ranked, spans
from sk_gd.estimators._data import weigh
from sk_gd.estimators._labels import labels_in

TILE = 2**16  # values fingerprinted at a time: they should stay in the second-level cache
LEAST = -(2**63)  # its sign turned, a pattern of bits has the place among the others that it has without a sign
DEVICE_TILE = 2**24  # as many as outweigh the launch of the functions that do it


def split_by_values(
    X: Any, codes: Array, weights: Array | None, of_class: Any, fraction: float, stratified: bool, seed: int
) -> tuple[Array, Array]:
    """Numbers of the rows to learn from, and of those, about ``fraction`` of the weight (of every class), to validate on.

    A row's side is decided by its values and the seed. So copies of a row never stand on both sides, which would make the
    validation blind to overfitting, the order of the rows does not matter, and a weight of two still means the row twice.
    """
    rows = fingerprints(X, seed, short=True), in_place(codes), in_place(weights)
    of_class, bars, spares = in_place(of_class), {}, []
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
            f"With n_samples={codes.shape[0]} no row can be held out to validate on: give X_val and y_val, or set "
            "early_stopping=False."
        )
    held = in_pieces(partial(below, of_class, bars), *rows)
    learned = in_pieces(xor, in_pieces(partial(counts, of_class), *rows[1:]), held)
    del rows  # the keys are as large as the numbers that come now
    return numbers_where(learned), numbers_where(held)


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
