"""Stochastic and mini-batch epochs, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from sk_gd.descent.objective import Array, Objective
from sk_gd.descent.scheduled import ScheduledStep
from sk_gd.descent.state import DescentState
from sk_gd.kernels import sweep_csr, sweep_dense
from sk_gd.preconditioners import Identity
from sk_gd.sources import CSRSource

CHUNK = 1024  # rows brought into the metric's coordinates at a time: enough for a matrix product, few enough for the cache
DENSE = 0.1  # share of stored values from which a CSR matrix is swept as dense rows, which can be centred
NONE = np.empty((0, 0))


class SweepStep(ScheduledStep):
    """The same updates as :class:`ScheduledStep`, a whole epoch in one call of a kernel.

    Where the metric is more than the rows as they are, the rows come in chunks that a matrix product moves into its
    coordinates; there the kernel sweeps as if there were no metric.
    """

    def scales_columns(self, objective: Objective) -> bool:
        source = objective.source
        sparse = source.n_stored < DENSE * source.n_samples * source.n_features
        return isinstance(source, CSRSource) and not self.metric.full and sparse

    def epoch(self, objective: Objective, state: DescentState) -> None:
        met = self.sweep(objective, state, NONE, NONE, refresh=False)
        self.close(objective, state, met)

    def sweep(self, objective: Objective, state: DescentState, slopes: Array, anchor: Array, refresh: bool) -> float:
        """Visit every row once; return the objective met on the way.

        ``slopes``, shape (n_samples, n_outputs), and ``anchor``, the mean gradient made of them, reduce the variance of the
        estimates; empty arrays leave them plain. ``refresh`` keeps both up to date during the sweep (SAGA).
        """
        source, size = objective.source, min(self.batching.size, objective.n_samples)
        order = self.batching.order(objective.n_samples, state.rng)
        rates = self.rates(state, self.batching.n_updates(objective.n_samples))
        theta = np.ascontiguousarray(self.coordinates.enter(state.theta), source.dtype)
        memory = (self.optimizer.init(theta) if state.memory is None else state.memory).astype(source.dtype)
        common: dict[str, Any] = {
            "loss": objective.loss.pointwise, "l2": self.coordinates.l2, "l1": self.coordinates.l1,
            "optimizer": self.optimizer.kernel, "hyper": self.optimizer.hyper(), "memory": memory,
            "anchor": np.ascontiguousarray(anchor, source.dtype), "refresh": refresh, "n_samples": objective.n_samples,
        }  # fmt: skip
        as_they_are = isinstance(state.metric, Identity) or self.scales_columns(objective)
        if isinstance(source, CSRSource) and as_they_are:
            scaled = source if isinstance(state.metric, Identity) else source.scaled(self.coordinates.into)
            X = scaled.X
            support = source.support() if len(anchor) else np.empty(0)
            met = sweep_csr(X.data, X.indices, X.indptr, source.n_features, source.y, source.kernel_weights, order, size, rates,
                            theta, slopes=slopes, support=support, **common)  # fmt: skip
        elif as_they_are:
            met = sweep_dense(source.X, source.y, source.kernel_weights, order, size, rates, theta, slopes=slopes, **common)
        else:
            met = 0.0
            chunk = max(CHUNK // size, 1) * size
            for first in range(0, len(order), chunk):
                rows = order[first : first + chunk]
                block, visited = source.take(rows), np.arange(len(rows))
                seen = slopes[rows] if len(slopes) else NONE.astype(source.dtype)
                met += sweep_dense(
                    np.ascontiguousarray(self.coordinates.rows(source.dense_rows(rows))), block.y,
                    source.kernel_weights if block.weights is None else block.weights, visited, size,
                    rates[first // size : (first + chunk - 1) // size + 1], theta, slopes=seen, **common,
                )  # fmt: skip
                if refresh:
                    slopes[rows] = seen
        state.theta = self.coordinates.leave(theta.astype(np.float64))
        state.memory, state.n_updates = memory, state.n_updates + len(rates)
        return met / objective.n_samples + objective.penalty.value(objective.coef(state.theta))
