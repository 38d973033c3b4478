"""The Python sweep: what every compiled epoch must equal, update for update, to rounding.

One update of the parameters theta, of shape (n_outputs, n_features + fit_intercept), from a batch B of rows::

    slope_i   = s_i * dloss(y_i, z_i) / dz,   z_i = x_i . coef + intercept
    gradient  = (1 / |B|) * sum_B (slope_i - slopes_i) * (x_i, 1)  +  anchor  +  (l2 * coef, 0)
    theta     = prox(theta - rate * (direction(gradient) + (weight_decay * coef, 0)), rate * stretch * l1),
                over coef >= 0 if ``positive``

``slopes`` and ``anchor`` are the control variate of SVRG and SAGA: the slopes at a reference point and the mean gradient made
of them; empty arrays mean plain descent. ``refresh`` (SAGA) replaces both by what the sweep sees on its way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from sk_gd._array import Array, namespace, rows_of, sums_on_host
from sk_gd.optimizers import Optimizer
from sk_gd.penalties import soft_threshold


def sweep(
    take: Callable[[Any], Any],
    batches: Iterable[Array | slice],
    rates: Array,
    theta: Array,
    *,
    value_and_slope: Callable[[Array, Array], tuple[Array, Array]],
    optimizer: Optimizer,
    memory: Array,
    l2: Array,
    l1: Array,
    positive: bool,
    slopes: Array,
    anchor: Array,
    refresh: bool,
    n_samples: int,
    support: Array,
    sums: Array,
) -> float:
    """Visit batches of rows, changing ``theta``, ``memory``, ``slopes``, ``anchor`` and ``sums`` in place.

    ``take(batch)`` gives a :class:`~sk_gd.sources.Block`, in any array library and with it ``slopes``; all else is NumPy's.
    ``support`` (CSR only, else empty) holds n_samples / (rows that store column j): with it the dense terms (anchor, l2, l1) act on
    the non-zeros of the visited rows alone, enlarged so that they are right in expectation (Pedregosa, Leblond, Lacoste-Julien
    2017). ``sums``, if not empty, takes in theta after every update. Returns the summed loss that the visits met before their
    updates.
    """
    n_features = l2.shape[0]
    total: Any = 0.0
    for rate, batch in zip(rates, batches, strict=False):
        block = take(batch)
        size, xp = block.y.shape[0], namespace(block.y)
        per_row, slope = value_and_slope(block.y, block.raw(theta))
        total = total + xp.sum(block.weigh(per_row))
        slope = block.weigh(slope)
        change = slope - rows_of(slopes, batch) if slopes.shape[0] else slope
        gradient = sums_on_host(block.gradient(change, theta.shape[1] > n_features)) / size
        share = np.ones(theta.shape[1])
        if len(support):
            share[:n_features] = (block.dense() != 0).sum(axis=0) * support / size
        if len(anchor):
            rest = share * anchor
            if refresh:
                anchor += gradient * size / n_samples
                slopes[batch, ...] = slope
            gradient = gradient + rest
        gradient[:, :n_features] += share[:n_features] * l2 * theta[:, :n_features]
        direction, memory[:] = optimizer.direction(gradient, memory)
        coef = theta[:, :n_features]
        decay = rate * optimizer.weight_decay * coef
        theta -= rate * direction
        coef -= decay
        stretch = np.broadcast_to(optimizer.stretch(memory), theta.shape)[:, :n_features]
        coef[:] = soft_threshold(coef, rate * stretch * share[:n_features] * l1, positive)
        if len(sums):
            sums += theta
    return float(total)
