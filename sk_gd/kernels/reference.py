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

from sk_gd._array import Array, is_foreign, namespace, sums_on_host
from sk_gd._pieces import rows_of
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
) -> Any:
    """Visit batches of rows, changing ``theta``, ``memory``, ``slopes``, ``anchor`` and ``sums`` in place.

    ``take(batch)`` gives a :class:`~sk_gd.sources.Block`, in any array library and with it ``slopes``; the parameters and what is
    said of them are in the same one, on the same device, or NumPy's: then every update waits for its gradient. ``support`` (CSR
    only, else empty) holds n_samples / (rows that store column j): with it the dense terms (anchor, l2, l1) act on the non-zeros of
    the visited rows alone, enlarged so that they are right in expectation (Pedregosa, Leblond, Lacoste-Julien 2017). An empty
    ``l1`` is zero. ``sums``, if not empty, takes in theta after every update. Returns the summed loss that the visits met before
    their updates, a number where the rows are.
    """
    n_features, here = l2.shape[0], not is_foreign(theta)
    total: Any = 0.0
    for rate, batch in zip(rates.tolist(), batches, strict=False):
        block = take(batch)
        size, xp = block.y.shape[0], namespace(block.y)
        per_row, slope = value_and_slope(block.y, block.raw(theta))
        total = total + xp.sum(block.weigh(per_row))
        slope = block.weigh(slope)
        change = slope - rows_of(slopes, batch) if slopes.shape[0] else slope
        gradient = block.gradient(change, theta.shape[1] > n_features) / size
        gradient = sums_on_host(gradient) if here else gradient
        share: Any = 1.0
        of_coef: Any = 1.0
        if len(support):
            share = np.ones(theta.shape[1])
            of_coef = share[:n_features] = (block.dense() != 0).sum(axis=0) * support / size
        if anchor.shape[0]:
            rest = share * anchor
            if refresh:
                put(anchor, anchor + gradient * size / n_samples)
                slopes[batch, ...] = slope
            gradient = gradient + rest
        gradient[:, :n_features] += l2 * of_coef * theta[:, :n_features]
        direction, remembered = optimizer.direction(gradient, memory)
        put(memory, remembered)
        moved = theta - rate * direction
        if optimizer.weight_decay:
            moved[:, :n_features] -= rate * optimizer.weight_decay * theta[:, :n_features]
        if positive or l1.shape[0]:
            stretch: Any = optimizer.stretch(memory)
            stretch = stretch[:, :n_features] if getattr(stretch, "ndim", 0) else stretch
            moved[:, :n_features] = soft_threshold(moved[:, :n_features], rate * stretch * of_coef * l1, positive)
        put(theta, moved)
        if sums.shape[0]:
            sums += theta
    return total


def put(place: Array, values: Array) -> None:
    """Replace the numbers of an array, in its precision."""
    place[...] = namespace(place).astype(values, place.dtype, copy=False)
