"""Refuses numbers whose squares are none: a descent on them would stand still, or worse, without a word."""

from __future__ import annotations

import numpy as np
from scipy.sparse import issparse

from sk_gd._array import namespace, on_host
from sk_gd.sources import Source


def refuse_out_of_range(source: Source) -> None:
    """Look at the sum of squares of every column of X and of the targets, in the arithmetic of X.

    It has to lie at a distance of 1 / eps from both ends of the floats, 1e-292 to 1e292 in double precision: curvatures are such
    sums, and have to be told from others beside them. Columns of zeros are as welcome as any.
    """
    number = np.finfo(source.dtype)
    with np.errstate(over="ignore", under="ignore"):
        sums = {"X": source.squares(), "y": on_host(namespace(source.y).sum(source.y**2, axis=0))}
    for what, columns in (("X", source.X), ("y", source.y)):
        for j in np.flatnonzero(~((sums[what] > number.tiny / number.eps) & (sums[what] < number.max * number.eps))):
            column = columns[:, [j]] if issparse(columns) else on_host(columns[:, int(j)])
            largest = float(abs(column).max())
            if largest > 0:
                which = f"Column {j} of {what}" if columns.shape[1] > 1 else what
                change = "divided" if largest > 1 else "multiplied"
                raise ValueError(
                    f"{which} has numbers up to {largest:.3g}, whose squares are out of the range of {source.dtype}: give it in "
                    f"another unit, {change} by a constant" + (", or as float64." if number.bits < 64 else ".")
                )
