"""What both estimators share: parameters, and one fit from the user's words to the engine and back."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from copy import copy, deepcopy
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sk_gd._array import Array
from sk_gd._compat import CallbackSupportMixin, Interval, StrOptions
from sk_gd._params import given_together
from sk_gd.descent import (
    DescentState,
    DivergenceError,
    History,
    Objective,
    Plan,
    StoppingRule,
    StopReason,
    Watch,
    arrival,
    make_plan,
)
from sk_gd.diagnosis import stability
from sk_gd.estimators._callbacks import every_one, tasks_of
from sk_gd.estimators._dask import AnyRows
from sk_gd.estimators._data import check_alpha, check_initial
from sk_gd.estimators._diagnosis import DiagnosisMixin
from sk_gd.estimators._doc_link import DocLinkMixin
from sk_gd.estimators._early_stopping import Validation, by_loss, by_scorer
from sk_gd.estimators._fitted import FittedMixin
from sk_gd.estimators._log import EpochLog
from sk_gd.estimators._nested_params import NestedParamsMixin
from sk_gd.estimators._online import OnlineMixin
from sk_gd.estimators._report import divergence, warn
from sk_gd.estimators._sparse import SparseCoefMixin
from sk_gd.estimators._task import Task, set_all
from sk_gd.estimators._twin import TwinMixin
from sk_gd.estimators._versioned import VersionedMixin
from sk_gd.optimizers import OPTIMIZERS, Optimizer
from sk_gd.penalties import ElasticNet
from sk_gd.preconditioners import PRECONDITIONERS
from sk_gd.schedules import SCHEDULES
from sk_gd.sources.dask import PartitionLostError

# The parameters that say how to descend.
WORDS = ("variant", "batch_size", "optimizer", "learning_rate", "schedule", "preconditioner", "shuffle", "average")


class GradientDescentModel(
    VersionedMixin,
    DocLinkMixin,
    DiagnosisMixin,
    FittedMixin,
    TwinMixin,
    SparseCoefMixin,
    OnlineMixin,
    NestedParamsMixin,
    CallbackSupportMixin,  # type: ignore[misc]  # scikit-learn ships no types
    BaseEstimator,  # type: ignore[misc]
    metaclass=ABCMeta,
):
    """A linear model fitted by gradient descent."""

    history_: dict[str, Array]

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "variant": [StrOptions({"batch", "mini-batch", "stochastic"})],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "optimizer": [StrOptions({"auto", "saga", "svrg", *OPTIMIZERS}), Optimizer],
        "learning_rate": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
        "schedule": [StrOptions(set(SCHEDULES)), callable],
        "preconditioner": [StrOptions({"auto", *filter(None, PRECONDITIONERS)}), None],
        "alpha": [Interval(Real, 0, None, closed="left"), "array-like"],
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        "fit_intercept": ["boolean"],
        "positive": ["boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left"), None],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "early_stopping": ["boolean", StrOptions(set(get_scorer_names())), callable],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "average": ["boolean", Interval(Integral, 1, None, closed="left")],
        "warm_start": ["boolean"],
        "record": [StrOptions({"loss", "path"})],
        "on_divergence": [StrOptions({"recover", "raise"})],
        "on_interrupt": [StrOptions({"raise", "keep"})],
        "verbose": ["verbose"],
    }

    def _sides(self, rows: AnyRows, held_out: AnyRows | None, task: Task) -> tuple[AnyRows, AnyRows | None, int]:
        """Rows to learn from, those to validate on, and the seed; who calls this can forget what it was given."""
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        last: DescentState | None = getattr(self, "_state", None) if self.warm_start else None
        seed = seed if last is None else last.seed
        self._n_rows, self._weight_sum = rows.mass()
        if self.early_stopping is not False and held_out is None:
            rows, held_out = rows.split(self.validation_fraction, task.stratified, seed)
        return rows, held_out, seed

    def _descend(
        self,
        rows: AnyRows,
        held_out: AnyRows | None,
        seed: int,
        task: Task,
        coef_init: Any,
        intercept_init: Any,
        given: tuple[Any, Any, Any],
    ) -> None:
        """Fit on validated rows, and set the fitted attributes; callbacks see X, y and sample_weight as they were given."""
        last: DescentState | None = getattr(self, "_state", None) if self.warm_start else None
        with np.errstate(all="ignore"):  # the loop looks at every value, and says so
            objective = self._objective(rows, task)
            plan = self._plan(objective)
            state = self._start(objective, last, seed, coef_init, intercept_init)
            first_epoch, recoveries, scale = state.n_epochs, state.n_recoveries, state.rate_scale
            limits = self.tol, self.max_iter, self.n_iter_no_change, self.max_time
            stopping = StoppingRule(*limits, objective.constant_value, first_epoch, float(np.finfo(objective.dtype).eps))
            tasks = tasks_of(self, given, self.max_iter, lambda theta: self._attributes(objective, theta, task), rows.sizes)
            watches: list[Watch] = [EpochLog(self.verbose), tasks]
            if held_out is not None:
                watches.insert(0, validation := self._validation(objective, held_out, task))
                if state.best_scored is None:
                    validation(state)
            rise = np.nan
            try:
                reason = tasks.announced(plan).run(objective, state, stopping, self.on_divergence, every_one(watches))
                theta, kept, value, gap = arrival(objective, state, held_out is not None, self.warm_start)
                if held_out is not None and state.best_epoch != state.n_epochs:
                    rise = held_out.rise(self._loss_of(held_out, task), state.best_scored, state.theta)
            except DivergenceError:
                raise FloatingPointError(divergence(self, objective, state)) from None
            except KeyboardInterrupt:
                if self.on_interrupt == "raise" or state.n_recorded <= first_epoch:
                    raise
                reason, (theta, kept, value, gap) = StopReason.INTERRUPT, state.retreat(held_out is not None)
            except PartitionLostError as error:
                best = state.theta if state.best_theta is None else state.best_theta
                error.best = self._attributes(objective, best, task)
                raise
        set_all(self, self._attributes(objective, theta, task))
        self.n_iter_ = state.n_epochs - first_epoch
        self.learning_rate_ = state.rate * state.rate_scale
        self.method_ = plan.name
        self.optimality_ = stopping.relative(value, gap)
        hidden = np.finfo(objective.dtype).eps ** 0.5 * abs(objective.constant_value)  # what rounding may hide of a gap
        settled = reason is StopReason.ROUNDING and kept == state.n_epochs and gap <= hidden
        self.converged_ = settled or self.optimality_ <= (self.tol or 0.0)
        self.stop_reason_ = reason.value
        if kept != state.n_epochs:
            self.stop_reason_ += f" The coefficients are those of epoch {kept}, which was better."
        self._publish_history(state, objective.source.given)
        self.best_iter_, self._rise = None if held_out is None else kept, rise
        self.__dict__.pop("_state", None)
        if self.warm_start:
            self._state = state
        tasks.end()
        warn(self, reason, state.n_recoveries - recoveries, scale, back_at_start=kept == 0 < state.n_epochs)

    def _objective(self, rows: AnyRows, task: Task) -> Objective:
        penalty = ElasticNet(check_alpha(self.alpha, self.n_features_in_), self.l1_ratio, self.positive)
        return rows.objective(task.loss, penalty, task.n_outputs, self.fit_intercept)

    def _plan(self, objective: Objective) -> Plan:
        """The way down that the parameters ask for."""
        return make_plan(objective, **self._words())

    def _words(self) -> dict[str, Any]:
        """How to descend, in the user's words."""
        return {name: getattr(self, name) for name in WORDS}

    @abstractmethod
    def _known_rows(self, X: Any, y: Any, sample_weight: Any, place: Any) -> tuple[AnyRows, Task]:
        """Rows that a fitted model is asked about."""

    def _objective_of(self, X: Any, y: Any, sample_weight: Any = None, place: Any = None) -> Objective:
        """F of a fitted model on rows of the user's."""
        check_is_fitted(self)
        return self._objective(*self._known_rows(X, y, sample_weight, place))

    def _stability(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """2 / L: descent on all these rows is stable below this rate, in the metric that it starts in."""
        objective = self._objective_of(X, y, sample_weight)
        state = DescentState(objective.constant, np.random.default_rng(0))
        self._plan(objective).step.initialise(objective, state)
        return stability(objective, state)

    def _start(
        self, objective: Objective, last: DescentState | None, seed: int, coef_init: Any, intercept_init: Any
    ) -> DescentState:
        """The constant model, the user's own start, or where the last fit ended."""
        history = History(keep_path=self.record == "path")
        if last is None or coef_init is not None or intercept_init is not None:
            theta = check_initial(coef_init, intercept_init, objective.constant, objective.n_features)
            return DescentState(objective.prox(theta, 0.0), np.random.default_rng(seed), seed=seed, history=history)
        if last.theta.shape != objective.shape:
            raise ValueError(
                f"warm_start continues a model of {last.theta.shape[0]} outputs and {last.theta.shape[1]} parameters each, but "
                f"these data need {objective.shape[0]} and {objective.shape[1]}: set warm_start=False to start anew."
            )
        if objective.value_and_gradient(last.theta)[0] == last.full_value:
            state = last.resume()  # the same problem: go on as if nothing had happened
            state.history.keep_path = history.keep_path
            return state
        rng = deepcopy(last.rng)  # should this fit fail, the last one goes on as if it had not been
        return DescentState(objective.prox(last.theta, 0.0), rng, seed=seed, history=history, n_updates=last.n_updates)

    def _loss_of(self, rows: AnyRows, task: Task) -> Objective:
        """The loss on some rows, without a penalty."""
        return rows.objective(task.loss, ElasticNet(0.0, 0.0), task.n_outputs, self.fit_intercept)

    def _validation(self, objective: Objective, held_out: AnyRows, task: Task) -> Validation:
        """What early_stopping watches."""
        if self.early_stopping is True:
            return Validation(by_loss(self._loss_of(held_out, task)))
        scorer = get_scorer(self.early_stopping) if isinstance(self.early_stopping, str) else self.early_stopping

        def model_at(theta: Array) -> Any:
            model = copy(self)
            set_all(model, self._attributes(objective, theta, task))
            model.__dict__.pop("feature_names_in_", None)  # the rows held out have lost theirs
            return model

        return Validation(by_scorer(scorer, model_at, *held_out.for_scorer()))

    def _check_validation(self, X: Any, y: Any, sample_weight: Any) -> bool:
        """Whether the user brings rows to validate on; refuses half of them, or some that nobody would look at."""
        given = given_together(X_val=X, y_val=y, sample_weight_val=sample_weight)
        if given and self.early_stopping is False:
            raise ValueError("X_val and y_val were given, but early_stopping=False looks at no such rows: set early_stopping.")
        return given

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.array_api_support = True
        return tags
