"""Stochastic and mini-batch epochs, compiled where they can be."""

from __future__ import annotations

from typing import Any

import numpy as np

from sk_gd._array import Array, brought, is_foreign, on_host, there, together_on_host, zeros
from sk_gd._pieces import PIECE, in_pieces, rows_of, spans
from sk_gd.descent.objective import Objective
from sk_gd.descent.scheduled import ScheduledStep
from sk_gd.descent.state import DescentState
from sk_gd.kernels import sweep_csr, sweep_dense
from sk_gd.kernels.reference import sweep
from sk_gd.preconditioners import Identity, Metric
from sk_gd.sources import BroughtSource, CompiledSource, CSRSource, Source, source_of

Terms = dict[str, Any]

DENSE = 0.1  # share of stored values from which a CSR matrix is swept as dense rows, which can be centred
PRODUCT = 2**18  # numbers in a matrix product, whose parts would have to be brought together
NONE = np.empty((0, 0))


class SweepStep(ScheduledStep[Objective]):
    """The same updates as :class:`ScheduledStep`, a whole epoch in one call of a kernel.

    Where the metric is more than the rows as they are, the rows come in chunks that a matrix product moves into its
    coordinates; there the kernel sweeps as if there were no metric. Rows in a large file are brought into memory as many at a time
    as are shuffled among each other.
    """

    def scales_columns(self, objective: Objective) -> bool:
        source = objective.source
        sparse = source.n_stored < DENSE * source.n_samples * source.n_features
        return isinstance(source, CSRSource) and sparse and (objective.penalty.kinked or not self.metric.full)

    def as_they_are(self, objective: Objective, metric: Metric) -> bool:
        """Whether rows are swept in coordinates of their own."""
        return isinstance(objective.source, CompiledSource) and (isinstance(metric, Identity) or self.scales_columns(objective))

    def in_place(self, objective: Objective, metric: Metric) -> bool:
        """Whether they are so where they stand, not in chunks."""
        return self.as_they_are(objective, metric) and not isinstance(objective.source, BroughtSource)

    def epoch(self, objective: Objective, state: DescentState) -> None:
        met = self.sweep(objective, state, NONE, NONE, refresh=False)
        self.close(objective, state, met)

    def sweep(self, objective: Objective, state: DescentState, slopes: Array, anchor: Array, refresh: bool) -> float:
        """Visit every row once; return the objective met on the way.

        ``slopes``, shape (n_samples, n_outputs), and ``anchor``, the mean gradient made of them, reduce the variance of the
        estimates; empty arrays leave them plain. ``refresh`` keeps both up to date during the sweep (SAGA). Of rows that come in
        chunks the slopes where the sweep begins may be left out: they are made anew, in the cache.
        """
        objective.n_passes += 1
        source, size = objective.source, min(self.batching.size, objective.n_samples)
        order = self.batching.order(objective.n_samples, state.rng, source.run, source.mixed)
        count = self.batching.n_updates(objective.n_samples)
        theta, sums = self.start(state)
        begin = theta.copy()
        theta, anchor, coordinates = (*(np.ascontiguousarray(x, source.dtype) for x in (theta, anchor)), self.coordinates)
        memory = self.optimizer.init(theta) if state.memory is None else state.memory
        l1, l2 = coordinates.l1, coordinates.l2
        if is_foreign(source.X) and self.optimizer.kernel is not None:  # a rule of the user's own may know NumPy alone
            theta, anchor, sums, l1, l2 = (there(x, source.X) for x in (theta, anchor, sums, l1, l2))
            coordinates, memory = coordinates.beside(source.X), brought(memory, source.X)
        else:
            memory = on_host(memory).astype(source.dtype)
        terms: Terms = {
            "l2": l2, "l1": l1, "positive": objective.penalty.positive, "memory": memory, "refresh": refresh, "anchor": anchor,
            "n_samples": objective.n_samples, "sums": sums, "support": np.empty(0),
        }  # fmt: skip
        as_they_are, in_place = self.as_they_are(objective, state.metric), self.in_place(objective, state.metric)
        plain = size == objective.shape[0] == 1 and objective.loss.pointwise is not None and not objective.penalty.kinked
        at_once = plain and not refresh and bool(np.ptp(self.coordinates.l2) == 0)  # so the dense terms are two numbers
        if isinstance(source, CSRSource) and as_they_are and len(anchor) and not at_once:
            terms["support"] = source.support
        if in_place:
            chunk = count * size if isinstance(source, CSRSource) else PIECE  # there a call has work for every column
        else:
            chunk = source.run * source.mixed if as_they_are and source.in_file else source.chunk
        met: Any = 0.0
        chunk = max(chunk // size, 1) * size
        for first in range(0, len(order), chunk):
            rows = order[first : first + chunk]
            rates = self.rates(state, count, slice(first // size, -(-(first + len(rows)) // size)))
            if in_place:
                met += self.visit(objective, source, rows.astype(np.intp, copy=False), size, rates, theta, slopes, terms)
                continue
            block = source.take(rows)
            X = block.X if as_they_are else in_pieces(coordinates.rows, block.dense(), size=PRODUCT)
            visited = source_of(X, block.y, block.weights)
            seen = rows_of(slopes, rows) if slopes.shape[0] else zeros((0, 0), block.y)  # a row is visited once: none is kept
            if anchor.shape[0] and not slopes.shape[0]:
                assert isinstance(visited, CompiledSource)  # other libraries' arrays come with their slopes
                seen = visited.loss_of(objective.loss, visited.take(slice(None)).raw(begin), slice(0, len(rows)), NONE)[1]
            met += self.visit(objective, visited, None, size, rates, theta, seen, terms)
        if is_foreign(theta):
            theta, sums, met = together_on_host([theta, sums, met])
        state.memory = memory
        self.land(state, theta.astype(np.float64), sums, count)
        return float(met) / objective.n_samples + objective.penalty.value(objective.coef(state.theta))

    def visit(
        self,
        objective: Objective,
        source: Source,
        order: Array | None,
        size: int,
        rates: Array,
        theta: Array,
        slopes: Array,
        terms: Terms,
    ) -> Any:
        """Sweep over a source's rows as they are, compiled where it can be; an order of None is theirs."""
        loss, optimizer = objective.loss, self.optimizer
        if isinstance(source, CSRSource) and not isinstance(self.metric, Identity):
            source = source.scaled(self.coordinates.into)
        if loss.pointwise is None or optimizer.kernel is None or not isinstance(source, CompiledSource):
            batches: list[Any] = spans(source.n_samples if order is None else len(order), size)
            batches = batches if order is None else [order[batch] for batch in batches]
            terms = terms if objective.penalty.kinked else {**terms, "l1": np.empty(0)}
            return sweep(
                source.take, batches, rates, theta, value_and_slope=loss.value_and_slope,
                optimizer=optimizer, slopes=slopes, **terms,
            )  # fmt: skip
        terms = {
            **terms, "loss": loss.pointwise, "loss_hyper": loss.hyper(), "optimizer": optimizer.kernel,
            "hyper": optimizer.hyper(), "slopes": slopes,
        }  # fmt: skip
        weights, order = source.kernel_weights, np.arange(source.n_samples) if order is None else order
        if isinstance(source, CSRSource):
            X = source.X
            return sweep_csr(X.data, X.indices, X.indptr, source.n_features, source.y, weights, order, size, rates, theta,
                             **terms)  # fmt: skip
        del terms["support"]  # of dense rows every one has every column
        return sweep_dense(source.X, source.y, weights, order, size, rates, theta, **terms)
