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

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sk_gd.optimizers import Optimizer
from sk_gd.penalties import soft_threshold

Array = NDArray[Any]


def sweep(
    rows_of: Callable[[Array], Array],
    y: Array,
    weights: Array,
    rows: Array,
    batch_size: int,
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
    """Visit ``rows`` in batches, changing ``theta``, ``memory``, ``slopes``, ``anchor`` and ``sums`` in place.

    ``rows_of(batch)`` gives the dense rows, ``support`` (CSR only, else empty) holds n_samples / (rows that store column j):
    with it the dense terms (anchor, l2, l1) act on the non-zeros of the visited rows alone, enlarged so that they are right in
    expectation (Pedregosa, Leblond, Lacoste-Julien 2017). ``sums``, if not empty, takes in theta after every
    update. Returns the summed loss that the visits met before their updates.
    """
    n_features = l2.shape[0]
    total = 0.0
    for step, start in enumerate(range(0, len(rows), batch_size)):
        batch = rows[start : start + batch_size]
        X, s = rows_of(batch), weights[batch] if len(weights) else 1.0
        Xb = np.hstack([X, np.ones((len(batch), theta.shape[1] - n_features), X.dtype)])
        per_row, slope = value_and_slope(y[batch], Xb @ theta.T)
        total += float(np.sum(per_row * s))
        slope = slope * np.reshape(s, (-1, 1))
        change = slope - slopes[batch] if len(slopes) else slope
        gradient = change.T @ Xb / len(batch)
        share = np.ones(theta.shape[1])
        if len(support):
            share[:n_features] = (X != 0).sum(axis=0) * support / len(batch)
        if len(anchor):
            rest = share * anchor
            if refresh:
                anchor += gradient * len(batch) / n_samples
                slopes[batch] = slope
            gradient = gradient + rest
        gradient[:, :n_features] += share[:n_features] * l2 * theta[:, :n_features]
        direction, memory[:] = optimizer.direction(gradient, memory)
        coef = theta[:, :n_features]
        decay = rates[step] * optimizer.weight_decay * coef
        theta -= rates[step] * direction
        coef -= decay
        stretch = np.broadcast_to(optimizer.stretch(memory), theta.shape)[:, :n_features]
        coef[:] = soft_threshold(coef, rates[step] * stretch * share[:n_features] * l1, positive)
        if len(sums):
            sums += theta
    return total
