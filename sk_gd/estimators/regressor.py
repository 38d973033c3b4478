"""Linear regression by gradient descent."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import MultiOutputMixin, RegressorMixin

from sk_gd._array import Array, namespace
from sk_gd._compat import HasMethods, StrOptions, available_if, fit_context
from sk_gd._params import Params, refuse_class
from sk_gd.estimators._base import GradientDescentModel
from sk_gd.estimators._dask import AnyRows, by_chunks, cluster_of, collect
from sk_gd.estimators._data import check_rows, check_weights
from sk_gd.estimators._docs import with_shared_docs
from sk_gd.estimators._lazy import lazily
from sk_gd.estimators._online import goes_online
from sk_gd.estimators._rows import Rows
from sk_gd.estimators._score import ScoreMixin
from sk_gd.estimators._task import Task
from sk_gd.losses import REGRESSION_LOSSES, Loss
from sk_gd.sources.dask import is_collection
from sk_gd.sources.files import stored


@with_shared_docs
class GDLinearRegressor(ScoreMixin, RegressorMixin, MultiOutputMixin, GradientDescentModel):  # type: ignore[misc]
    """Linear regression by gradient descent: batch, mini-batch or stochastic.

    Minimises, over the coefficients and the intercept,

    .. math::

        F = \\frac{1}{\\sum_i s_i} \\sum_i s_i \\, \\mathrm{loss}(y_i, x_i \\cdot \\mathrm{coef} + \\mathrm{intercept})
            + \\alpha \\left(\\rho \\, |\\mathrm{coef}|_1 + \\tfrac{1 - \\rho}{2} |\\mathrm{coef}|_2^2\\right)

    with :math:`\\rho` the ``l1_ratio`` and :math:`s_i` the sample weights. The intercept is not penalised. With the loss
    :math:`\\tfrac12 (z - y)^2` it is what
    ``LinearRegression`` minimises at ``alpha=0``, ``Ridge(a)`` at ``alpha = a / sum(s)``, and ``Lasso(alpha)`` and
    ``ElasticNet(alpha, l1_ratio)`` with the same numbers.

    The features need no scaling: by default the descent runs in a metric in which they are uncorrelated and of unit variance.

    Parameters
    ----------
    {variant} {batch_size} {optimizer} {learning_rate} {schedule} {preconditioner}
    loss : str or object, default="squared_error"
        Cost of a prediction z: "squared_error", half the square of ``z - y``; "huber", which is a straight line for large errors;
        "quantile", whose model has half the targets below it, or another share; "epsilon_insensitive" and
        "squared_epsilon_insensitive", for which small errors cost nothing. Epsilons are relative to the spread of y, so the unit
        of y does not matter; an object of :mod:`sk_gd.losses`, such as ``Huber(epsilon=2.0, scale=1.0)`` or ``Quantile(0.9)``, has
        other numbers, searchable as ``loss__epsilon``. ``partial_fit`` keeps the spread of the first rows.
    alpha : float or array-like of shape (n_features,), default=0.0
        Strength of the penalty, in units of the mean loss; an array holds one for each feature, 0 where it is not penalised.
    {l1_ratio} {fit_intercept} {positive} {max_iter} {tol} {n_iter_no_change} {max_time} {early_stopping} {validation_fraction}
    {shuffle} {random_state} {average} {warm_start} {record} {on_divergence} {on_interrupt} {verbose}

    Attributes
    ----------
    {n_iter_} {t_}
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients, in X's dtype and array library.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept; 0 without one.
    {loss_curve_} {history_} {coef_path_} {path_epochs_} {validation_scores_} {best_iter_} {learning_rate_}
    {method_} {converged_} {stop_reason_} {optimality_} {n_features_in_} {feature_names_in_}

    Raises
    ------
    ValueError
        If X, y, weights or parameters are not usable; the estimator is then as it was before.
    FloatingPointError
        If the descent diverges and ``on_divergence="raise"``.
    KeyboardInterrupt
        On Ctrl-C, within a tenth of a second; the estimator is then as it was before, unless ``on_interrupt="keep"``.

    Warns
    -----
    ConvergenceWarning
        If the descent ended before tol was reached, or the learning rate had to be reduced.

    See Also
    --------
    GDLogisticClassifier : The same for classes.

    Notes
    -----
    By default batch descends with a line search in the metric of the Hessian, which for the squared error takes a pass or two;
    mini-batch and stochastic run SVRG. ``preconditioner=None, optimizer="gd", learning_rate=0.1`` is the textbook method.
    Where the slope of the loss jumps ("quantile", "epsilon_insensitive"), corners are rounded, less and less; all variants end with
    steps on all rows there, and ``optimality_`` is proved by the dual.
    X is read in place if it is C-ordered float32 or float64 or CSR, and copied once otherwise.

    References
    ----------
    Barzilai and Borwein, "Two-point step size gradient methods", IMA J. Numer. Anal., 1988.
    Nocedal, "Updating quasi-Newton matrices with limited storage", Math. Comp., 1980.
    Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", SIAM J. Control Optim., 1992.
    Chan, Golub and Mulet, "A nonlinear primal-dual method for total variation-based image restoration", SIAM J. Sci. Comput., 1999.
    Johnson and Zhang, "Accelerating stochastic gradient descent using predictive variance reduction", NeurIPS, 2013.
    Defazio, Bach and Lacoste-Julien, "SAGA", NeurIPS, 2014.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sk_gd import GDLinearRegressor
    >>> X, y = load_diabetes(return_X_y=True, scaled=False)
    >>> model = GDLinearRegressor().fit(X, y)
    >>> model.converged_, round(model.score(X, y), 4)
    (True, 0.5177)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **GradientDescentModel._parameter_constraints,
        "loss": [StrOptions(set(REGRESSION_LOSSES)), HasMethods("for_targets")],
    }

    def __init__(
        self,
        variant: str = "batch",
        *,
        batch_size: int | str = "auto",
        optimizer: Any = "auto",
        learning_rate: float | str = "auto",
        schedule: Any = "constant",
        preconditioner: str | None = "auto",
        loss: Any = "squared_error",
        alpha: Any = 0.0,
        l1_ratio: float = 0.0,
        fit_intercept: bool = True,
        positive: bool = False,
        max_iter: int = 1000,
        tol: float | None = 1e-4,
        n_iter_no_change: int = 5,
        max_time: float | None = None,
        early_stopping: Any = False,
        validation_fraction: float = 0.1,
        shuffle: bool = True,
        random_state: Any = None,
        average: bool | int = False,
        warm_start: bool = False,
        record: str = "loss",
        on_divergence: str = "recover",
        on_interrupt: str = "raise",
        verbose: int = 0,
    ) -> None:
        self.variant = variant
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.preconditioner = preconditioner
        self.loss = loss
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.positive = positive
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.max_time = max_time
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.shuffle = shuffle
        self.random_state = random_state
        self.average = average
        self.warm_start = warm_start
        self.record = record
        self.on_divergence = on_divergence
        self.on_interrupt = on_interrupt
        self.verbose = verbose

    @fit_context
    @with_shared_docs
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
        coef_init: Any = None,
        intercept_init: Any = None,
    ) -> GDLinearRegressor:
        """Fit the model.

        Parameters
        ----------
        {X}
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets.
        {sample_weight} {X_val} {y_val} {sample_weight_val} {coef_init} {intercept_init}

        Returns
        -------
        self : GDLinearRegressor
            The fitted estimator.
        """
        given = (X, y, sample_weight)
        X, y, sample_weight, X_val, y_val, sample_weight_val = by_chunks(X, y, sample_weight, X_val, y_val, sample_weight_val)
        with cluster_of(X) as place:
            rows, held_out = self._rows(X, y, sample_weight, reset=True, place=place), None
            if self._check_validation(X_val, y_val, sample_weight_val):
                held_out = self._rows(X_val, y_val, sample_weight_val, reset=False, place=place)
                if held_out.row != rows.row:
                    raise ValueError(f"A row of y_val must have the shape of one of y, {rows.row}, got {held_out.row}.")
            task = self._task(rows)
            rows, held_out, seed = self._sides(rows, held_out, task)
            self._descend(rows, held_out, seed, task, coef_init, intercept_init, given)
        return self

    @available_if(goes_online)
    @fit_context
    @with_shared_docs
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> GDLinearRegressor:
        """Learn from some more rows, in one pass over them.

        With all parameters "auto" a step is as long as the share that its rows have in all that were seen, in a metric made of all
        of those: the features need no scaling, and after many chunks the model is near that of ``fit`` on all their rows (for
        batch descent on the squared error it is the same after each). Otherwise ``learning_rate`` and ``schedule`` are followed.
        The step number, the optimizer's memory and the order of visits go on from call to call, and from a ``fit``.
        The partitions of a Dask collection are learned from in turn, as so many calls would.

        Parameters
        ----------
        {X}
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets.
        {sample_weight}

        Returns
        -------
        self : GDLinearRegressor
            The estimator, which knows these rows, too.
        """
        if is_collection(X):
            return self._in_turn(X, y, sample_weight)
        rows = self._rows(X, y, sample_weight, reset=not hasattr(self, "coef_"))
        self._pass(rows, self._task(rows, known=getattr(self, "_loss", None)), (X, y, sample_weight))
        return self

    def _known_rows(self, X: Any, y: Any, sample_weight: Any, place: Any) -> tuple[AnyRows, Task]:
        rows = self._rows(X, y, sample_weight, reset=False, place=place)
        return rows, self._task(rows, known=self._loss)

    def _task(self, rows: AnyRows, known: tuple[str, Loss] | None = None) -> Task:
        """The loss with the numbers that it takes from the targets; those of the first rows where rows come once."""
        refuse_class("loss", self.loss)
        loss = REGRESSION_LOSSES[self.loss]() if isinstance(self.loss, str) else self.loss
        if isinstance(loss, Params):
            loss.check()
        if known is None or known[0] != repr(self.loss):
            known = repr(self.loss), rows.filled(loss)
        self._loss = known
        return Task(known[1], rows.row[0] if rows.row else 1, flat=not rows.row)

    def _rows(self, X: Any, y: Any, sample_weight: Any, reset: bool, place: Any = None) -> AnyRows:
        if is_collection(X):
            collected = collect(self, place, X, y, sample_weight, reset=reset)
            collected.numbers()
            return collected
        X, y = check_rows(self, X, y, reset=reset, y_numeric=True, multi_output=True)
        weights = check_weights(sample_weight, X)
        return Rows(stored(X), y, weights, namespace(y).reshape(y, (y.shape[0], -1)), weights)

    @lazily
    @with_shared_docs
    def predict(self, X: Any) -> Array:
        """Predict the targets of rows.

        Parameters
        ----------
        {X}

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
            Predictions.
        """
        return self._raw(X, "predict", lambda z: namespace(z).reshape(z, (-1,)) if np.ndim(self.intercept_) == 0 else z)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
