"""What "auto" means: the table from variant, data, loss and penalty to a method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sk_gd.descent.batching import Batching
from sk_gd.descent.kernel import Kernel
from sk_gd.descent.line_search import LineSearchStep
from sk_gd.descent.loop import Step, Watch, descend
from sk_gd.descent.metrics import SHARE, best_metric, dear, first_metric, sample_suits
from sk_gd.descent.objective import Objective
from sk_gd.descent.orthant import OrthantStep
from sk_gd.descent.parallel import on_parts
from sk_gd.descent.parts import PartedObjective
from sk_gd.descent.reduced import ReducedStep, SagaStep
from sk_gd.descent.rounding import OpenedStep, RoundingStep
from sk_gd.descent.sampled import SampledStep, share_of, worth_sampling
from sk_gd.descent.scheduled import ScheduledStep
from sk_gd.descent.state import DescentState
from sk_gd.descent.stopping import StoppingRule, StopReason
from sk_gd.descent.sweep import SweepStep
from sk_gd.descent.working_set import WorkingSetStep
from sk_gd.optimizers import GradientDescent, as_optimizer
from sk_gd.preconditioners import PRECONDITIONERS, Diagonal, Hessian, Identity, Implicit, Joint, Metric, Sampled
from sk_gd.schedules import Constant, as_schedule
from sk_gd.sources import CSRSource

BATCH_SIZE = 256
SPARSE_BATCH_SIZE = 8  # rows that share few features gain little from being averaged
REDUCED: Mapping[str, type[ReducedStep]] = {"svrg": ReducedStep, "saga": SagaStep}
ROUNDING = 1e-25  # a relative gap beyond what rounding lets a descent see
ROUNDS = 64  # updates per epoch on partitions: each is a round of messages, whose time goes by whatever the rows
SMALL = 2**15  # values in X up to which a few more passes cost less than a millisecond
UNIT_SPREAD = 1e3  # ratio of the columns' largest entries from which sparse features count as having different units


@dataclass(frozen=True)
class Plan:
    """A step rule, its name for people, one that ends the descent on small data, one that begins it on a sample of large data."""

    step: Step[Objective]
    name: str
    finish: Step[Objective] | None = None
    begin: Step[Objective] | None = None

    def run(
        self, objective: Objective, state: DescentState, stopping: StoppingRule, on_divergence: str, watch: Watch
    ) -> StopReason:
        """Begin, unless the user has; descend by the step rule, then by the one that finishes."""
        if self.begin is not None and not len(state.history) and np.array_equal(state.theta, objective.constant):
            state.value = objective.constant_value  # known without a pass, and the sample has gradients of its own
            reason = descend(objective, self.begin, state, replace(stopping, tol=None, max_iter=1), watch=watch)
            if reason is not StopReason.MAX_ITER:
                return reason
        reason = descend(objective, self.step, state, stopping, on_divergence=on_divergence, watch=watch)
        if self.finish is not None and reason in (StopReason.CONVERGED, StopReason.ROUNDING):
            state.hand_over()
            finish = descend(objective, self.finish, state, replace(stopping, tol=ROUNDING), watch=watch)
            reason = reason if finish is StopReason.MAX_ITER else finish
        return reason


def make_plan(
    objective: Objective,
    *,
    variant: str,
    batch_size: int | str,
    optimizer: Any,
    learning_rate: float | str,
    schedule: Any,
    preconditioner: str | None,
    shuffle: bool,
    average: bool | int = False,
) -> Plan:
    """Choose the method.

    ===========================  ==========================  ===========================================================
    variant                      parameters left on "auto"   method
    ===========================  ==========================  ===========================================================
    batch                        optimizer, learning_rate    steepest descent in a learning metric, with line search
    batch                        optimizer                   gradient descent at the given rate, or by the given schedule
    mini-batch, stochastic       optimizer                   SVRG
    any, with ``average``        optimizer                   gradient descent
    mini-batch                   batch_size                  256 rows (8 if sparse, of many features), or all;
                                                             on Dask partitions a 64th of the rows, or 256
    any                          learning_rate               1 / L, L the smoothness of a batch (a third of it for SVRG, SAGA)
    any, with unit-free steps    learning_rate               mean entry of the first gradient / L, over root of updates a pass
    ===========================  ==========================  ===========================================================

    ============================================  ===========================================================
    data                                          metric chosen by preconditioner="auto"
    ============================================  ===========================================================
    up to 1024 features                           Hessian of all rows (its diagonal for updates with a kink)
    the same in memory, of many rows              Hessian of a sixteenth of the rows (if smooth, without a kink)
    more, in batch                                Hessian of all rows, known by its products: conjugate gradients
    five for every row, with a ridge, in batch    the same, of which the ridge is known beforehand
    more, in batch with a kink, of few rows       Hessian of a working set of features, again and again
    more, dense, or sparse with different units   diagonal of the Hessian
    more, sparse with alike units (text)          none; the diagonal with a kink
    ============================================  ===========================================================

    In batch a Hessian that takes longer to build than 30 passes and a millisecond (sparse rows, many classes, hundreds of features)
    waits until as much time has been spent on its products; than 15, if of several classes or beside a kink. Dense rows with a
    kink, if they are few, begin with a working set. Of such sparse rows epochs have the metric of more features.

    With a Hessian that is held, of more than a million values (16 million on partitions) with 320 to 480 rows for every parameter,
    the descent begins at the minimum of one row in 16 to 24, on partitions of down to a 64th (unless batch on the squared loss,
    which is there in one step, or on a loss that is not smooth).

    Where the slope of the loss jumps ("quantile", "epsilon_insensitive"), its corners are rounded, less and less, by steps on all
    rows in the metric of the Hessian, after SVRG or SAGA on some. Explicit optimizers follow its subgradients, and so does "auto"
    where another metric is asked for; L and the metric are then those of the loss rounded by a typical error. Of at most 1024
    rows with more features, all penalised, the Hessian is solved among the rows, by their kernel matrix.

    For the softmax in batch the features are counted once for every class. A kink is an L1 penalty or ``positive``: it keeps the
    features apart. Where updates have but the diagonal, or a block that classes share, an epoch of SVRG or SAGA ends with a step to
    the minimum of the model that the whole Hessian makes, unless it has cut the gap to a tenth by itself.

    A mini-batch of all rows is batch descent, whatever the optimizer does about variance. On small data (up to 32768 values) SVRG
    and SAGA end with steps on all rows, down to rounding, so that the answer does not depend on the order of the visits.
    """
    n = objective.n_samples
    size = batch_size_of(objective, variant, batch_size)
    everything = size >= n
    schedule = as_schedule(schedule)
    rate = None if learning_rate == "auto" else float(learning_rate)
    if average and optimizer == "auto":
        optimizer = "gd"
    if average and isinstance(optimizer, str) and optimizer in REDUCED:
        raise ValueError(
            f"average={average!r} takes out the noise of gradients estimated on some rows, but optimizer={optimizer!r} has none at "
            "the minimum: set average=False, or another optimizer."
        )
    if isinstance(optimizer, str) and optimizer in REDUCED and everything:
        if variant == "batch":
            raise ValueError(
                f"optimizer={optimizer!r} reduces the variance of gradients estimated on some rows, but variant='batch' uses every "
                "row: leave optimizer='auto', or choose variant='mini-batch' or 'stochastic'."
            )
        optimizer = "auto"  # so few rows that one batch holds them all

    if not objective.smooth:
        optimizer = _where_slopes_jump(optimizer, preconditioner)

    def line_search(objective: Objective) -> LineSearchStep[Objective]:
        return _line_search(objective, _metric(objective, preconditioner, sweeps=False))

    automatic = optimizer == "auto" and rate is None and isinstance(schedule, Constant)
    if automatic and everything and not objective.smooth:
        rounding = RoundingStep(objective)
        return Plan(rounding, named("steepest descent with line search on rounded corners", rounding.metric))
    one_step = (everything and objective.quadratic) or not objective.smooth
    sampled = automatic and preconditioner in ("auto", "hessian") and not one_step and worth_sampling(objective)
    begun = f", begun on {n // share_of(objective)} rows" if sampled else ""
    if automatic and everything:
        metric = _metric(objective, preconditioner, sweeps=False)
        if preconditioner == "auto" and objective.penalty.kinked and WorkingSetStep.suits(objective):
            return Plan(WorkingSetStep(objective), "steepest descent with line search, Hessian metric of a working set")
        name = named("steepest descent with line search", metric) + begun
        begin = SampledStep(line_search, full=isinstance(metric, Hessian)) if sampled else None
        return Plan(_line_search(objective, metric), name, begin=begin)
    metric = _metric(objective, preconditioner, sweeps=True)
    if sampled and preconditioner == "auto" and isinstance(metric, Hessian) and sample_suits(objective, objective.n_features):
        metric = Sampled(metric, SHARE)
    batching, reduced = Batching(size, shuffle), REDUCED
    plain: type[ScheduledStep[Objective]] = ScheduledStep if everything else SweepStep
    if isinstance(objective, PartedObjective) and not everything:
        batching, plain, reduced = on_parts(objective, variant, size, shuffle)
        begun += ", in all partitions at once" if variant == "stochastic" else ""
    if optimizer == "auto" and not everything:
        optimizer = "svrg"
    if isinstance(optimizer, str) and optimizer in REDUCED:
        kinked, updates = objective.penalty.kinked, ""
        partly = (kinked or (objective.couples and isinstance(metric, Hessian))) and preconditioner == "auto" and rate is None
        held = best_metric(objective) if partly else metric
        if partly and isinstance(held, Hessian | Joint):
            metric, updates = held, ", its diagonal for updates" if kinked else ", a block that classes share for updates"
        step = reduced[optimizer](batching, GradientDescent(), schedule, rate, metric)
        if isinstance(held, Implicit) and held.later is not None:
            step.later = held
        if not objective.smooth:
            return Plan(OpenedStep(objective, step), named(f"{optimizer}, {_rows(size)}, then all, on rounded corners", metric))
        finish: LineSearchStep[Objective] | None = None
        if objective.n_samples * objective.n_features <= SMALL:
            finish = line_search(objective)
        begin = SampledStep(line_search) if sampled else None
        return Plan(step, named(f"{optimizer}, {_rows(size)}", metric) + updates + begun, finish, begin)
    if optimizer == "auto":
        optimizer = "gd"
    name = optimizer if isinstance(optimizer, str) else type(optimizer).__name__
    optimizer = as_optimizer(optimizer)
    name = f"averaged {name}" if average else name
    return Plan(plain(batching, optimizer, schedule, rate, metric, int(average)), named(f"{name}, {_rows(size, n)}", metric))


def _line_search(objective: Objective, metric: Metric) -> LineSearchStep[Objective]:
    """Steps without a rate, whichever the metric and the penalty ask for."""
    kinked = objective.penalty.kinked
    if kinked and isinstance(metric, Implicit):
        return OrthantStep(objective.n_samples, metric, smooth=False)
    return LineSearchStep(objective.n_samples, metric, smooth=not kinked)


def _where_slopes_jump(optimizer: Any, preconditioner: str | None) -> Any:
    """What "auto" means there: only in the metric of the Hessian do slopes balance, elsewhere subgradients have to do."""
    if preconditioner in ("auto", "hessian") or not isinstance(optimizer, str):
        return optimizer
    if optimizer in REDUCED:
        raise ValueError(
            f"optimizer={optimizer!r} ends with steps in the metric of the Hessian where the slope of the loss jumps, but "
            f"preconditioner={preconditioner!r} asks for another: leave it 'auto', or set optimizer='gd'."
        )
    return "gd" if optimizer == "auto" else optimizer


def batch_size_of(objective: Objective, variant: str, batch_size: int | str) -> int:
    """Rows per gradient estimate."""
    if variant == "mini-batch":
        automatic = SPARSE_BATCH_SIZE if _sparse(objective) else BATCH_SIZE
        if isinstance(objective, PartedObjective):
            automatic = max(BATCH_SIZE, -(-objective.n_samples // ROUNDS))
        return min(objective.n_samples, automatic if batch_size == "auto" else int(batch_size))
    if batch_size != "auto":
        raise ValueError(
            f"batch_size={batch_size!r} needs variant='mini-batch', got variant={variant!r}: set that, or leave batch_size 'auto'."
        )
    return objective.n_samples if variant == "batch" else 1


def _metric(objective: Objective, preconditioner: str | None, sweeps: bool) -> Metric:
    """The metric by the table above."""
    kinked = objective.penalty.kinked
    if preconditioner != "auto":
        if preconditioner == "hessian" and sweeps and kinked:
            raise ValueError(
                "preconditioner='hessian' mixes the features, which an L1 penalty and positive=True keep apart: use "
                "preconditioner='diagonal', or variant='batch' with optimizer='auto' and learning_rate='auto'."
            )
        return PRECONDITIONERS[preconditioner]()
    if not sweeps:
        return first_metric(objective)
    if objective.n_features <= objective.max_full and not _sparse(objective):
        return Diagonal() if kinked else Hessian()
    return Identity() if isinstance(objective.source, CSRSource) and not kinked and _alike(objective.source) else Diagonal()


def _sparse(objective: Objective) -> bool:
    """Whether rows have so few values that moving them into the coordinates of a Hessian is out of proportion."""
    few = objective.n_features > objective.max_full or dear(objective, objective.n_features)
    return isinstance(objective.source, CSRSource) and few


def _alike(source: CSRSource) -> bool:
    """Whether the columns look as if they were in the same unit."""
    largest = source.largest()
    largest = largest[largest > 0]
    return bool(largest.size == 0 or largest.max() <= UNIT_SPREAD * largest.min())


def _rows(size: int, n_samples: int | None = None) -> str:
    if size == n_samples:
        return "all rows"
    return "one row at a time" if size == 1 else f"{size} rows at a time"


def named(method: str, metric: Metric) -> str:
    """What ``method_`` says."""
    names = {Identity: "no metric", Diagonal: "diagonal metric", Hessian: "Hessian metric", Joint: "joint Hessian metric",
             Sampled: "Hessian metric of a sample", Implicit: "Hessian metric by conjugate gradients",
             Kernel: "Hessian metric by the kernel of the rows"}  # fmt: skip
    return f"{method}, {names[type(metric)]}"
