"""What both estimators share: parameters, and one fit from the user's words to the engine and back."""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, issparse
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.validation import check_is_fitted

from sk_gd._compat import HasMethods, Interval, OneBlasThread, StrOptions
from sk_gd.descent import DescentState, DivergenceError, Objective, StoppingRule, StopReason, certificate, final_gap, make_plan
from sk_gd.estimators._data import check_initial, check_rows, keep_weighted
from sk_gd.estimators._log import EpochLog
from sk_gd.losses import Loss
from sk_gd.optimizers import OPTIMIZERS
from sk_gd.penalties import ElasticNet
from sk_gd.preconditioners import PRECONDITIONERS
from sk_gd.schedules import SCHEDULES
from sk_gd.sources import source_of

Array = NDArray[Any]


class GradientDescentModel(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """A linear model fitted by gradient descent."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "variant": [StrOptions({"batch", "mini-batch", "stochastic"})],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "optimizer": [StrOptions({"auto", "saga", "svrg", *OPTIMIZERS}), HasMethods(["direction", "init"])],
        "learning_rate": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
        "schedule": [StrOptions(set(SCHEDULES)), callable],
        "preconditioner": [StrOptions({"auto", *filter(None, PRECONDITIONERS)}), None],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        "fit_intercept": ["boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left"), None],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "warm_start": ["boolean"],
        "on_divergence": [StrOptions({"recover", "raise"})],
        "verbose": ["verbose"],
    }

    def _descend(
        self, X: Any, y: Array, weights: Array | None, loss: Loss, n_outputs: int, coef_init: Any, intercept_init: Any
    ) -> None:
        """Fit on validated data: y of shape (n, n_targets) in X's dtype, weights or None."""
        X, y, weights = keep_weighted(X, y, weights)
        source = source_of(X, np.ascontiguousarray(y, X.dtype), None if weights is None else weights.astype(X.dtype))
        objective = Objective(loss, ElasticNet(self.alpha, self.l1_ratio), source, n_outputs, self.fit_intercept)
        plan = make_plan(
            objective,
            variant=self.variant,
            batch_size=self.batch_size,
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            schedule=self.schedule,
            preconditioner=self.preconditioner,
            shuffle=self.shuffle,
        )
        state = self._start(objective, coef_init, intercept_init)
        first_epoch, recoveries = state.n_epochs, state.n_recoveries
        stopping = StoppingRule(
            self.tol, self.max_iter, self.n_iter_no_change, self.max_time, objective.constant_value, first_epoch
        )
        with OneBlasThread():
            try:
                reason = plan.run(objective, state, stopping, self.on_divergence, EpochLog(self.verbose))
            except DivergenceError:
                raise FloatingPointError(self._divergence(objective, state)) from None
            value, gap = final_gap(objective, state)
        state.full_value = value
        theta = state.theta
        if value > state.loss_curve[0] + objective.rounding(value):  # noise, not descent: a fit never ends above its start
            theta = state.start
            value, gap = certificate(objective, theta)
        self._publish(objective.symmetric(theta).astype(X.dtype))
        self.n_iter_ = state.n_epochs - first_epoch
        self.t_ = float(state.n_updates)
        self.loss_curve_ = np.array(state.loss_curve)
        self.learning_rate_ = state.rate * state.rate_scale
        self.method_ = plan.name
        self.optimality_ = stopping.relative(value, gap)
        self.converged_ = self.optimality_ <= (self.tol or 0.0) or reason is StopReason.ROUNDING
        self.stop_reason_ = reason.value
        if self.warm_start:
            self._state = state
        self._warn(state.n_recoveries - recoveries)

    def _start(self, objective: Objective, coef_init: Any, intercept_init: Any) -> DescentState:
        """The constant model, the user's own start, or where the last fit ended."""
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        last: DescentState | None = getattr(self, "_state", None) if self.warm_start else None
        if last is None or coef_init is not None or intercept_init is not None:
            theta = check_initial(coef_init, intercept_init, objective.constant, objective.n_features)
            return DescentState(theta, np.random.default_rng(seed))
        if last.theta.shape != objective.shape:
            raise ValueError(
                f"warm_start continues a model of {last.theta.shape[0]} outputs and {last.theta.shape[1]} parameters each, but "
                f"these data need {objective.shape[0]} and {objective.shape[1]}: set warm_start=False to start anew."
            )
        if objective.value_and_gradient(last.theta)[0] == last.full_value:
            return last.resume()  # the same problem: go on as if nothing had happened
        return DescentState(last.theta, last.rng, n_updates=last.n_updates)

    def _publish(self, theta: Array) -> None:
        """Set coef_ and intercept_ in scikit-learn's shapes."""
        self.coef_: Any = np.ascontiguousarray(theta[:, : self.n_features_in_])
        self.intercept_ = theta[:, -1].copy() if self.fit_intercept else np.zeros(len(theta), theta.dtype)

    def _divergence(self, objective: Objective, state: DescentState) -> str:
        limit = 2 / (objective.smoothness(state.metric) * state.metric.unit)
        return (
            f"The objective rose above its start in epoch {state.n_epochs}, at a rate of {state.rate:.3g}; descent on all rows is "
            f"stable below 2 / L = {limit:.3g}. Set learning_rate='auto' or a smaller one, or on_divergence='recover'."
        )

    def _warn(self, recoveries: int) -> None:
        """At most one warning a fit, saying what happened and one thing to do."""
        if recoveries and self.learning_rate != "auto":
            warnings.warn(
                f"learning_rate={self.learning_rate} was too large: the objective rose above its start, so the rate was halved "
                f"{recoveries} times, to {self.learning_rate_:.3g}. Set learning_rate='auto' or a smaller one.",
                ConvergenceWarning,
                stacklevel=5,
            )
        elif not self.converged_ and self.tol is not None:
            advice = "increase max_iter" if self.n_iter_ >= self.max_iter else "loosen tol or raise max_time"
            if self.preconditioner is None or self.optimizer not in ("auto", "saga", "svrg"):
                advice = "leave optimizer and preconditioner 'auto'"
            warnings.warn(
                f"{self.stop_reason_} The estimated relative gap to the minimum is {self.optimality_:.2g}, tol={self.tol}: "
                f"{advice}.",
                ConvergenceWarning,
                stacklevel=5,
            )

    def _raw(self, X: Any) -> Array:
        """Raw predictions, in the shape of coef_."""
        check_is_fitted(self)
        X = check_rows(self, X, reset=False)
        raw: Array = safe_sparse_dot(X, self.coef_.T, dense_output=True) + self.intercept_
        return raw

    def sparsify(self) -> Any:
        """Hold ``coef_`` as a sparse array, which saves memory where most coefficients are zero.

        Returns
        -------
        self
            The estimator, its predictions unchanged.
        """
        check_is_fitted(self)
        if not issparse(self.coef_):
            self.coef_ = csr_array(np.atleast_2d(self.coef_))
        return self

    def densify(self) -> Any:
        """Hold ``coef_`` as a NumPy array again.

        Returns
        -------
        self
            The estimator, its predictions unchanged.
        """
        check_is_fitted(self)
        if issparse(self.coef_):
            self.coef_ = self.coef_.toarray().reshape(-1, self.n_features_in_)
            if np.ndim(self.intercept_) == 0:
                self.coef_ = self.coef_[0]
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
