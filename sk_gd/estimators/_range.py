"""Refuses numbers whose squares are none: a descent on them would stand still, or worse, without a word."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import assert_all_finite

from sk_gd._array import Array, beside, namespace, on_host
from sk_gd._pieces import rows_of
from sk_gd.sources import Block, Source


def refuse_out_of_range(source: Source, squares: Array | None = None) -> None:
    """Look at the sum of squares of every column of X, which may be known, and of the targets, in the arithmetic of X.

    It has to lie at a distance of 1 / eps from both ends of the floats, 1e-292 to 1e292 in double precision: curvatures are such
    sums, and have to be told from others beside them. Columns of zeros are as welcome as any.
    """
    number = np.finfo(source.dtype)
    with np.errstate(over="ignore", under="ignore"):
        of_targets = source.map(partial(squares_of, source.y), source.ranges(source.y.shape[1]))
        sums = {"X": source.squares() if squares is None else squares, "y": on_host(sum(of_targets[1:], of_targets[0]))}
    for what, of in sums.items():
        odd = np.flatnonzero(~((of > number.tiny / number.eps) & (of < number.max * number.eps)))
        if not odd.size:
            continue
        if source.in_file:  # where numbers have yet to prove that they are finite
            source.map_blocks(lambda block: assert_all_finite(block.X, input_name="X"))
        largest = np.max(source.map_blocks(partial(largest_of, what=what, columns=odd)), axis=0)
        if largest.any():
            j = int(np.argmax(largest > 0))
            which = f"Column {odd[j]} of {what}" if of.size > 1 else what
            change = "divided" if largest[j] > 1 else "multiplied"
            raise ValueError(
                f"{which} has numbers up to {largest[j]:.3g}, whose squares are out of the range of {source.dtype}: give it in "
                f"another unit, {change} by a constant" + (", or as float64." if number.bits < 64 else ".")
            )


def squares_of(y: Array, rows: slice) -> Array:
    """Sum of squares of every column over some of the rows: over all of them in one call would let Ctrl-C wait."""
    some = rows_of(y, rows)
    found: Array = namespace(some).sum(some**2, axis=0)
    return found


def largest_of(block: Block, what: str, columns: Array) -> Array:
    """Size of the largest number in each of some columns, all at once: a sparse table may have many that are empty."""
    X = getattr(block, what)
    if issparse(X):
        largest: Array = abs(X[:, columns]).max(axis=0).toarray().ravel()
        return largest
    xp = namespace(X)
    return on_host(xp.max(xp.abs(xp.take(X, beside(columns, X, xp.int64), axis=1)), axis=0))
