"""Mini-batch and stochastic descent on rows in several places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from sk_gd._array import Array
from sk_gd.descent.batching import Batching
from sk_gd.descent.history import History
from sk_gd.descent.objective import Objective
from sk_gd.descent.parts import PartedObjective
from sk_gd.descent.reduced import ReducedStep
from sk_gd.descent.scheduled import ScheduledStep
from sk_gd.descent.state import DescentState
from sk_gd.descent.sweep import DENSE, SweepStep


@dataclass(frozen=True)
class Draws(Batching):
    """Batches with rows of every part.

    A batch is (seed, number of the batch, number of batches, shuffle): every part draws its own rows from that and its number, so
    that the batch is the same whoever holds them. Each has about ``size`` rows, and every row is in one.
    """

    def epoch(self, n_samples: int, rng: np.random.Generator) -> Iterator[Any]:
        seed, n_batches = int(rng.integers(2**63)), self.n_updates(n_samples)
        return ((seed, batch, n_batches, self.shuffle) for batch in range(n_batches))

    def share(self, rows: Any, n_samples: int) -> float:
        return 1 / int(rows[2])


@dataclass(frozen=True)
class LocalVisits(Batching):
    """One row at a time, in all parts at once; ``longest`` is the number of rows in the largest."""

    longest: int = 0

    def n_updates(self, n_samples: int) -> int:
        return min(n_samples, self.longest)


class RoundsStep(ReducedStep):
    """SVRG and SAGA whose batches have rows of every part: an update is a round of messages."""

    def sweep(self, objective: Objective, state: DescentState, slopes: Array, anchor: Array, refresh: bool) -> float:
        parts, before = cast(PartedObjective, objective), state.theta

        def estimate(theta: Array, rows: Any) -> tuple[float, Array]:
            theta = self.coordinates.leave(theta)
            value, change = parts.change(theta, before, rows)
            gradient = self.coordinates.gradient(change) + anchor
            if refresh:  # a row is visited once an epoch, so what its slope was is what it was at the start
                parts.coef(change)[:] -= parts.penalty.gradient(parts.coef(theta))
                anchor[:] += self.batching.share(rows, parts.n_samples) * self.coordinates.gradient(change)
            return value, gradient

        return self.visits(objective, state, estimate)


class LocalSweepStep(SweepStep):
    """Every part is swept by itself from where all are, and the mean of where they end, weighted by their rows, is where all go on.

    It takes one round of messages per epoch. With plain estimates this is local SGD (Stich, 2019): it tends to a neighbourhood of
    the minimum whose width grows with the rate, with the noise within the parts, and with how much their minima differ.
    """

    scaled = refresh = False

    def scales_columns(self, objective: Objective) -> bool:
        source: Any = objective.source
        if not isinstance(objective, PartedObjective):
            return self.scaled  # decided for all parts at once
        sparse = source.n_stored < DENSE * source.n_samples * source.n_features
        return bool(source.sparse and sparse and (objective.penalty.kinked or not self.metric.full))

    def sweep(self, objective: Objective, state: DescentState, slopes: Array, anchor: Array, refresh: bool) -> float:
        parts = cast(PartedObjective, objective)
        step, metric, seed = copy(self), type(state.metric)(), int(state.rng.integers(2**63))
        step.metric, step.scaled = metric, self.scales_columns(objective)
        sent = replace(
            state, metric=metric, history=History(), gradient=None, direction=None, best_theta=None, best_scored=None, seen=None,
            trail=(), certificate=None,
        )  # fmt: skip
        ends = parts.places.ask("sweep", step, sent, anchor, seed)
        shares = [count / parts.n_samples for count, _, _ in ends]

        def mean(name: str) -> Any:
            values = [getattr(end, name) for _, _, end in ends]
            return None if values[0] is None else sum(share * value for share, value in zip(shares, values, strict=True))

        parts.n_passes += 1
        state.theta, state.iterate, state.memory = mean("theta"), mean("iterate"), mean("memory")
        state.n_updates, state.n_averaged = (max(getattr(end, name) for _, _, end in ends) for name in ("n_updates", "n_averaged"))
        return sum(met for _, met, _ in ends) / parts.n_samples + parts.penalty.value(parts.coef(state.theta))

    def sweep_part(self, objective: Objective, state: DescentState, slopes: Array, anchor: Array) -> float:
        """The sweep over one part, where that is."""
        return SweepStep.sweep(self, objective, state, slopes, anchor.copy(), self.refresh)


class LocalReducedStep(LocalSweepStep, ReducedStep):
    """The same with estimates of reduced variance: ``slope_i(theta) - slope_i(anchor) + mean gradient of all parts(anchor)``.

    At the minimum the mean gradient and every change of slope are zero, so it is the only place where an epoch leads nowhere,
    however the rows were shared out (federated SVRG: Konecny, McMahan, Ramage and Richtarik, 2016). An epoch that has raised the
    objective is taken back and the rate halved; short enough, the epoch is a step along the gradient of all rows. Hence the
    objective falls in every epoch, to the minimum; the more alike the parts are, the fewer epochs that takes.
    """

    def value(self, objective: Objective, state: DescentState) -> None:
        state.value, state.gradient = cast(PartedObjective, objective).anchored(state.theta)


class RoundsSagaStep(RoundsStep):
    """:class:`RoundsStep` whose anchor follows every batch."""

    refresh = True


class LocalSagaStep(LocalReducedStep):
    """:class:`LocalReducedStep` whose anchor follows every visit, in each part by itself."""

    refresh = True


def on_parts(
    objective: PartedObjective, variant: str, size: int, shuffle: bool
) -> tuple[Batching, type[ScheduledStep[Objective]], Mapping[str, type[ReducedStep]]]:
    """How rows in several places are visited, by plain estimates and by those of reduced variance."""
    if variant == "stochastic":
        visits = LocalVisits(1, shuffle, max(objective.counts))
        return visits, LocalSweepStep, {"svrg": LocalReducedStep, "saga": LocalSagaStep}
    return Draws(size, shuffle), ScheduledStep, {"svrg": RoundsStep, "saga": RoundsSagaStep}
