"""``partial_fit``: one pass over rows that are seen once, going on from where the last one ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_random_state

from sk_gd._array import Array, on_host
from sk_gd.descent import DescentState, DivergenceError, History, Objective, Seen, StoppingRule, make_online_plan
from sk_gd.estimators._callbacks import every_one, tasks_of
from sk_gd.estimators._dask import AnyRows, in_turn
from sk_gd.estimators._log import EpochLog
from sk_gd.estimators._report import divergence, warn_of_rate
from sk_gd.estimators._task import Task, set_all

OF_A_WHOLE_FIT = ("converged_", "stop_reason_", "optimality_")  # nobody can say of rows that are gone


def goes_online(model: Any) -> bool:
    """Whether the parameters make sense where every row is seen once; refuses them with a reason."""
    if model.early_stopping is not False:
        raise AttributeError(
            f"partial_fit has no later epoch to stop before, got early_stopping={model.early_stopping!r}: set early_stopping=False."
        )
    if model.optimizer in ("svrg", "saga"):
        raise AttributeError(
            f"optimizer={model.optimizer!r} visits every row again, which partial_fit cannot: leave it 'auto', or choose another."
        )
    return True


def constant_model(objective: Objective) -> Array:
    """The best model that ignores X, or zero where a class is yet to come."""
    with np.errstate(divide="ignore", invalid="ignore"):
        constant = objective.constant
    return constant if np.isfinite(constant).all() else np.zeros(objective.shape)


def grow_outputs(state: DescentState, grow: Callable[[Array], Array]) -> None:
    """Make room for new outputs in all that is remembered."""
    state.theta, state.start, state.memory = grow(state.theta), grow(state.start), None
    state.history.path = [(epoch, grow(theta)) for epoch, theta in state.history.path]
    state.seen = replace(state.seen, slope=None if state.seen.slope is None else grow(state.seen.slope))
    if state.seen.curvature is not None:
        total = np.full(len(state.theta), state.seen.curvature.total.mean())
        state.seen = replace(state.seen, curvature=replace(state.seen.curvature, total=total), shares=None)


class OnlineMixin:
    """What ``partial_fit`` of both estimators shares."""

    best_iter_: int | None

    def _in_turn(self: Any, X: Any, y: Any, sample_weight: Any, **known: Any) -> Any:
        """Learn from the partitions of a collection as from chunks, one after the other."""
        for rows, targets, weights in in_turn(X, y, sample_weight):
            self.partial_fit(rows, targets, sample_weight=weights, **known)
        return self

    def _pass(
        self: Any, rows: AnyRows, task: Task, given: tuple[Any, Any, Any], grow: Callable[[Array], Array] | None = None
    ) -> None:
        """Learn from a chunk, and set the fitted attributes; ``grow`` makes room in theta for outputs that are new.

        Callbacks see a fit of one epoch on X, y and sample_weight as they were given, whose wish to stop it has come true.
        """
        self._validate_params()  # scikit-learn does so only before the first chunk
        objective = self._objective(rows, task)
        state = self._online_state(objective, grow)
        weight = rows.mass()[1]
        plan = make_online_plan(objective, weight, **self._words())
        once = StoppingRule(None, 1, 1, None, np.nan, first_epoch=state.n_epochs)
        tasks = tasks_of(self, given, 1, lambda theta: self._attributes(objective, theta, task))
        recoveries = state.n_recoveries
        with np.errstate(all="ignore"):  # the loop looks at every value, and says so
            try:
                tasks.announced(plan).run(objective, state, once, self.on_divergence, every_one([EpochLog(self.verbose), tasks]))
            except DivergenceError:
                raise FloatingPointError(divergence(self, objective, state)) from None
        set_all(self, self._attributes(objective, state.theta, task))
        for name in OF_A_WHOLE_FIT:
            vars(self).pop(name, None)
        self.n_iter_ = 1
        self.learning_rate_ = state.rate * state.rate_scale
        self.method_ = plan.name
        self._publish_history(state, objective.source.given)
        self.best_iter_ = None
        self._state, self._weight_sum, self._n_rows = state, state.seen.weight, state.seen.rows
        tasks.end()
        warn_of_rate(self, state.n_recoveries - recoveries)

    def _online_state(self: Any, objective: Objective, grow: Callable[[Array], Array] | None) -> DescentState:
        """Where the last pass ended; after a ``fit`` its model, whose rows count as if they had been like these."""
        last: DescentState | None = getattr(self, "_state", None)
        if last is not None and last.seen is not None:
            state = last.resume()
            state.history.keep_path = self.record == "path"
        else:
            seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
            fitted, history = hasattr(self, "coef_"), History(keep_path=self.record == "path")
            theta = self._theta() if fitted else constant_model(objective)
            state = DescentState(objective.prox(theta, 0.0), np.random.default_rng(seed), seed=seed, history=history)
            state.seen = Seen(self._weight_sum, self._n_rows) if fitted else Seen()
            state.n_updates = int(self.t_) if fitted else 0
        if grow is not None:
            grow_outputs(state, grow)
        if state.theta.shape != objective.shape:
            raise ValueError(
                f"partial_fit goes on with {state.theta.shape[0]} outputs of {state.theta.shape[1]} parameters each, but these "
                f"rows need {objective.shape[0]} of {objective.shape[1]}: use a new estimator for another number of targets."
            )
        return state

    def _theta(self: Any) -> Array:
        """The fitted model's parameters as the engine holds them."""
        coef = np.atleast_2d(self.coef_.toarray() if issparse(self.coef_) else on_host(self.coef_)).astype(np.float64)
        return np.column_stack([coef, np.atleast_1d(on_host(self.intercept_))]) if self.fit_intercept else coef
