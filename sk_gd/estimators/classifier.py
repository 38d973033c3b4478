"""Logistic regression by gradient descent."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin

from sk_gd._array import Array
from sk_gd._compat import StrOptions, available_if, fit_context
from sk_gd._pieces import weigh_codes
from sk_gd.estimators._base import GradientDescentModel
from sk_gd.estimators._dask import AnyRows, by_chunks, cluster_of, collect, labels_of
from sk_gd.estimators._data import check_rows, check_weights
from sk_gd.estimators._docs import with_shared_docs
from sk_gd.estimators._labels import (
    class_weights,
    codes_among,
    codes_of,
    encode_labels,
    grow_classes,
    join_classes,
    refuse_other_classes,
)
from sk_gd.estimators._online import goes_online
from sk_gd.estimators._probabilities import ProbabilityMixin
from sk_gd.estimators._rows import weighed_rows
from sk_gd.estimators._score import ScoreMixin
from sk_gd.estimators._task import Task, task_of
from sk_gd.sources.dask import is_collection


@with_shared_docs
class GDLogisticClassifier(ScoreMixin, ClassifierMixin, ProbabilityMixin, GradientDescentModel):  # type: ignore[misc]
    """Logistic regression by gradient descent: batch, mini-batch or stochastic.

    Minimises, over the coefficients and the intercept,

    .. math::

        F = \\frac{1}{\\sum_i s_i} \\sum_i s_i \\left(\\log \\sum_k e^{z_{ik}} - z_{i y_i}\\right)
            + \\alpha \\left(\\rho \\, |\\mathrm{coef}|_1 + \\tfrac{1 - \\rho}{2} |\\mathrm{coef}|_2^2\\right),
        \\qquad z_{ik} = x_i \\cdot \\mathrm{coef}_k + \\mathrm{intercept}_k

    with :math:`\\rho` the ``l1_ratio`` and :math:`s_i` the sample weights: the multinomial log loss, with one row of coefficients
    per class. Two classes have one row, and :math:`\\log(1 + e^z) - y z` with y = 1 for the second class. The intercept is not
    penalised. It is what ``LogisticRegression(C)`` minimises at ``alpha = 1 / (C * sum(s))``.

    The features need no scaling: by default the descent runs in a metric in which they are uncorrelated and of unit variance.

    Parameters
    ----------
    {variant} {batch_size} {optimizer} {learning_rate} {schedule} {preconditioner}
    alpha : float or array-like of shape (n_features,), default=1e-4
        Strength of the penalty, in units of the mean loss; an array holds one for each feature, 0 where it is not penalised.
    {l1_ratio} {fit_intercept} {positive} {max_iter} {tol} {n_iter_no_change} {max_time} {early_stopping} {validation_fraction}
    {shuffle} {random_state} {average}
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, multiplied into the sample weights: ``{label: weight}``, where labels that are not named count 1;
        "balanced" makes the weights of all classes sum to the same.
    {warm_start} {record} {on_divergence} {on_interrupt} {verbose}

    Attributes
    ----------
    {n_iter_} {t_}
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Coefficients, in X's dtype and array library: of the second class where there are two.
    intercept_ : ndarray of shape (1,) or (n_classes,)
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
    GDLinearRegressor : The same for numbers.

    Notes
    -----
    By default batch descends with a line search in the metric of the Hessian, mini-batch and stochastic run SVRG.
    ``preconditioner=None, optimizer="gd", learning_rate=0.1`` is the textbook method. X is read in place if it is C-ordered
    float32 or float64 or CSR, and copied once otherwise.

    References
    ----------
    Boehning, "Multinomial logistic regression algorithm", Ann. Inst. Statist. Math., 1992.
    Nocedal, "Updating quasi-Newton matrices with limited storage", Math. Comp., 1980.
    Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", SIAM J. Control Optim., 1992.
    Johnson and Zhang, "Accelerating stochastic gradient descent using predictive variance reduction", NeurIPS, 2013.
    Defazio, Bach and Lacoste-Julien, "SAGA", NeurIPS, 2014.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sk_gd import GDLogisticClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = GDLogisticClassifier().fit(X, y)
    >>> model.converged_, bool(model.score(X, y) > 0.97)
    (True, True)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **GradientDescentModel._parameter_constraints,
        "class_weight": [dict, StrOptions({"balanced"}), None],
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
        alpha: Any = 1e-4,
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
        class_weight: Any = None,
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
        self.class_weight = class_weight
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
    ) -> GDLogisticClassifier:
        """Fit the model.

        Parameters
        ----------
        {X}
        y : array-like of shape (n_samples,)
            Labels, of any type that sorts.
        {sample_weight} {X_val} {y_val} {sample_weight_val} {coef_init} {intercept_init}

        Returns
        -------
        self : GDLogisticClassifier
            The fitted estimator.
        """
        given = (X, y, sample_weight)
        X, y, sample_weight, X_val, y_val, sample_weight_val = by_chunks(X, y, sample_weight, X_val, y_val, sample_weight_val)
        with cluster_of(X) as place:
            rows, classes, counts, of_class = self._labelled_rows(X, y, sample_weight, place)
            held_out = None
            if self._check_validation(X_val, y_val, sample_weight_val):
                held_out = self._rows(X_val, y_val, sample_weight_val, classes, of_class, place)
            if self.warm_start and hasattr(self, "_state"):
                refuse_other_classes(self.classes_, classes)
            task = task_of(classes)
            rows, held_out, seed = self._sides(rows, held_out, task)  # the codes of all rows end here
            self._descend(rows, held_out, seed, task, coef_init, intercept_init, given)
            self._class_counts: list[float] = counts.tolist()
        return self

    @available_if(goes_online)
    @fit_context
    @with_shared_docs
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> GDLogisticClassifier:
        """Learn from some more rows, in one pass over them.

        With all parameters "auto" a step is as long as the share that its rows have in all that were seen, in a metric made of all
        of those: the features need no scaling, and after many chunks the model is near that of ``fit`` on all their rows.
        Shuffle a stream where you can: class after class it is learned, too, but not as well.
        Otherwise ``learning_rate`` and ``schedule`` are followed.
        The step number, the optimizer's memory and the order of visits go on from call to call, and from a ``fit``. With
        ``class_weight="balanced"`` the weights are those of all rows so far. The partitions of a Dask collection are learned from
        in turn, as so many calls would; its labels are all known before.

        Parameters
        ----------
        {X}
        y : array-like of shape (n_samples,)
            Labels.
        classes : array-like of shape (n_classes,), default=None
            Labels that may come. Those that are neither named nor known may still come later: their coefficients start at zero.
        {sample_weight}

        Returns
        -------
        self : GDLogisticClassifier
            The estimator, which knows these rows, too.
        """
        if is_collection(X):
            classes = labels_of(X, y, sample_weight) if classes is None else classes
            return self._in_turn(X, y, sample_weight, classes=classes)
        known: Array | None = getattr(self, "classes_", None)
        given = X, y, sample_weight
        X, y = check_rows(self, X, y, reset=known is None)
        weights = check_weights(sample_weight, X)
        joined = join_classes(known, classes, y, weights)
        codes = codes_among(y, joined, X)
        counts = weigh_codes(codes, weights, len(joined))
        if known is not None:
            counts[np.searchsorted(joined, known)] += self._class_counts
        of_class = class_weights(self.class_weight, joined, counts)
        rows = weighed_rows(X, y, weights, codes, of_class)
        grow = None if known is None or len(known) == len(joined) else partial(grow_classes, known=known, classes=joined)
        self._pass(rows, task_of(joined), given, grow)
        self._class_counts = counts.tolist()
        return self

    def _labelled_rows(
        self, X: Any, y: Any, sample_weight: Any, place: Any
    ) -> tuple[AnyRows, Array, Array, Array | None]:
        """Rows of which nothing is known, their classes, what the rows of each weigh, and what these are to be multiplied by."""
        if is_collection(X):
            collected = collect(self, place, X, y, sample_weight, reset=True)
            classes, counts = collected.encode()
            of_class = class_weights(self.class_weight, classes, counts)
            collected.weigh(of_class)
            return collected, classes, counts, of_class
        X, y = check_rows(self, X, y, reset=True)
        weights = check_weights(sample_weight, X)
        classes, codes = encode_labels(y, weights, X)
        counts = weigh_codes(codes, weights, len(classes))
        of_class = class_weights(self.class_weight, classes, counts)
        return weighed_rows(X, y, weights, codes, of_class), classes, counts, of_class

    def _rows(self, X: Any, y: Any, sample_weight: Any, classes: Array, of_class: Array | None, place: Any = None) -> AnyRows:
        """Rows of classes that are known."""
        if is_collection(X):
            collected = collect(self, place, X, y, sample_weight, reset=False)
            collected.encode_as(classes)
            collected.weigh(of_class)
            return collected
        X, y = check_rows(self, X, y, reset=False)
        return weighed_rows(X, y, check_weights(sample_weight, X), codes_of(y, classes, X), of_class)

    def _known_rows(self, X: Any, y: Any, sample_weight: Any, place: Any) -> tuple[AnyRows, Task]:
        of_class = class_weights(self.class_weight, self.classes_, np.array(self._class_counts))
        return self._rows(X, y, sample_weight, self.classes_, of_class, place), task_of(self.classes_)
