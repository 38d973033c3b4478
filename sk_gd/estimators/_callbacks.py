"""The bridge to scikit-learn's callbacks (1.9): a task for the fit, and one for every epoch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from numpy.typing import NDArray

from sk_gd.descent import DescentState, Objective, Plan, Step, Watch
from sk_gd.sources.dask import counted, is_counted

Array = NDArray[Any]


def every_one(watches: list[Watch]) -> Watch:
    """Lets every watch see every epoch; any of them may end the descent."""
    return lambda state: sum(watch(state) for watch in watches) > 0


class Announced:
    """A step that says when an epoch begins."""

    def __init__(self, step: Step[Objective], begin: Callable[[], None]) -> None:
        self.step, self.begin = step, begin

    def initialise(self, objective: Objective, state: DescentState) -> None:
        self.step.initialise(objective, state)

    def epoch(self, objective: Objective, state: DescentState) -> None:
        self.begin()
        self.step.epoch(objective, state)

    def certify(self, objective: Objective, state: DescentState) -> None:
        self.step.certify(objective, state)

    def shorten(self, state: DescentState) -> None:
        self.step.shorten(state)


class Tasks:
    """Tells the callbacks of an estimator what its descent is doing, and brings back their wish to stop.

    Parameters
    ----------
    model : estimator
        Being fitted; it has callbacks.
    X, y, sample_weight
        As the user gave them.
    n_epochs : int
        How many there will be at most.
    attributes_at : callable
        Theta to the attributes with which a copy of the model can predict; called only if a callback wants a fitted estimator.
    sizes : tuple of int or None, default=None
        Rows of each partition, where these are collections. A scorer has to know, so y and weights become arrays that do where
        they did not, and so do predictions of X, which stays what it is: a frame has names.
    """

    def __init__(
        self,
        model: Any,
        X: Any,
        y: Any,
        sample_weight: Any,
        n_epochs: int,
        attributes_at: Callable[[Array], dict[str, Any]],
        sizes: tuple[int, ...] | None = None,
    ) -> None:
        if sizes is not None:
            y, sample_weight = (part if part is None or is_counted(part) else counted(part, sizes) for part in (y, sample_weight))
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self.told = {"estimator": model, "X": X, "y": y, "metadata": metadata}
        self.attributes_at, self.sizes = attributes_at, {} if sizes is None else {"_sizes": {X._name: sizes}}
        self.root = model._init_callback_context(max_subtasks=n_epochs)
        self.root.call_on_fit_task_begin(**self.told)

    def announced(self, plan: Plan) -> Plan:
        """The plan, whose epochs begin with a task."""
        begin, finish = (step and Announced(step, self.begin) for step in (plan.begin, plan.finish))
        return replace(plan, begin=begin, step=Announced(plan.step, self.begin), finish=finish)

    def begin(self) -> None:
        self.epoch = self.root.subcontext(task_name="epoch")
        self.epoch.call_on_fit_task_begin(**self.told)

    def __call__(self, state: DescentState) -> bool:
        theta = state.theta
        attributes = partial(self.attributes, theta)
        return bool(self.epoch.call_on_fit_task_end(**self.told, reconstruction_attributes=attributes))

    def attributes(self, theta: Array) -> dict[str, Any]:
        """What a copy of the model predicts with."""
        return {**self.attributes_at(theta), **self.sizes}

    def end(self) -> None:
        """Close the task of the fit; the model is fitted."""
        self.root.call_on_fit_task_end(**self.told, reconstruction_attributes=self.sizes)


class NoTasks:
    """The same where nobody listens."""

    def announced(self, plan: Plan) -> Plan:
        return plan

    def __call__(self, state: DescentState) -> bool:
        return False

    def end(self) -> None:
        pass


def tasks_of(
    model: Any,
    given: tuple[Any, Any, Any],
    n_epochs: int,
    attributes_at: Callable[[Array], dict[str, Any]],
    sizes: tuple[int, ...] | None = None,
) -> Tasks | NoTasks:
    """What tells the model's callbacks of its fit to the given X, y and sample_weight."""
    return Tasks(model, *given, n_epochs, attributes_at, sizes) if hasattr(model, "_skl_callbacks") else NoTasks()
