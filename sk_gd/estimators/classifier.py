"""Logistic regression by gradient descent."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax
from sklearn.base import ClassifierMixin

from sk_gd._compat import StrOptions, fit_context
from sk_gd.estimators._base import GradientDescentModel
from sk_gd.estimators._data import check_rows, check_weights, unchanged_on_error
from sk_gd.estimators._labels import encode_labels, refuse_other_classes, weigh_classes
from sk_gd.losses import LogLoss, Loss, Multinomial

Array = NDArray[Any]


class GDLogisticClassifier(ClassifierMixin, GradientDescentModel):  # type: ignore[misc]
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
    variant : {"batch", "mini-batch", "stochastic"}, default="batch"
        On which rows a gradient is estimated: on all, on ``batch_size`` of them, on one.
    batch_size : int or "auto", default="auto"
        Rows per gradient estimate of the mini-batch variant; "auto" is 256 (8 for sparse rows of more than 1024
        features), or all rows where there are fewer.
    optimizer : {"auto", "gd", "momentum", "nesterov", "svrg", "saga"} or object, default="auto"
        How gradients become directions. "auto" takes the method that reaches the minimum fastest (see Notes). "svrg" and "saga"
        reduce the variance of estimates from some rows, so that the descent arrives at the minimum. An object follows
        :class:`sk_gd.optimizers.Momentum`.
    learning_rate : float or "auto", default="auto"
        Step length, before the schedule, in the coordinates of the metric. "auto" is a line search in batch, else a rate from
        the smoothness of the objective that is safe for sure.
    schedule : {"constant", "inverse_scaling"} or callable, default="constant"
        Maps step numbers 1, 2, ... (an array) to multiples of the learning rate. "inverse_scaling" is ``1 / sqrt(t)``. With
        anything but "constant" the batch variant follows the schedule instead of searching along lines.
    preconditioner : {"auto", "hessian", "diagonal"} or None, default="auto"
        The metric in which a step is steepest. None is the textbook's: the features as they are.
    alpha : float, default=1e-4
        Strength of the penalty, in units of the mean loss.
    l1_ratio : float, default=0.0
        Share of the absolute values in the penalty, from 0 (ridge) to 1 (lasso).
    fit_intercept : bool, default=True
        Whether to fit an intercept.
    max_iter : int, default=1000
        Limit of epochs (passes in which every row is visited once).
    tol : float or None, default=1e-4
        The descent stops when the share of the possible decrease of F that is estimated to be left,
        ``(F - F_min) / (F_constant - F_min)``, is below tol. A pure number: units and weights do not matter. None runs
        ``max_iter`` epochs.
    n_iter_no_change : int, default=5
        Where a method makes no estimate of the gap (explicit optimizers), stop when this many epochs together improve F by
        less than ``tol * (F_constant - F)``.
    max_time : float or None, default=None
        Limit in seconds, looked at after every epoch.
    shuffle : bool, default=True
        Whether the rows are visited in a fresh random order in every epoch.
    random_state : int, RandomState or None, default=None
        Seed of the order of visits. The batch variant has no chance in it.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, multiplied into the sample weights: ``{label: weight}``, where labels that are not named count 1;
        "balanced" makes the weights of all classes sum to the same.
    warm_start : bool, default=False
        Whether ``fit`` goes on where the last one ended: 10 epochs and 10 more equal 20.
    on_divergence : {"recover", "raise"}, default="recover"
        What to do when the learning rate is so large that F rises above its start: return to the best point, halve the rate and
        warn, or raise FloatingPointError.
    verbose : int, default=0
        1 prints a line per epoch, fewer on long fits; 2 prints all.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Coefficients, in X's dtype: of the second class where there are two.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercept; 0 without one.
    n_iter_ : int
        Epochs of this fit.
    t_ : float
        Updates of the parameters, over all fits that a warm start joined.
    loss_curve_ : ndarray of shape (n_epochs + 1,)
        F after every epoch; entry 0 is the start, the constant model. Explicit stochastic optimizers note the mean that an epoch
        met on its way, the others the exact value.
    learning_rate_ : float
        The rate in use at the end, before the schedule.
    method_ : str
        What "auto" chose.
    converged_ : bool
        Whether the gap is below tol, or as small as rounding lets it be.
    stop_reason_ : str
        Why the descent ended.
    optimality_ : float
        Estimate, on all rows, of the relative gap that ``tol`` is about.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if X has them.

    Raises
    ------
    ValueError
        If X, y, weights or parameters are not usable; the estimator is then as it was before.
    FloatingPointError
        If the descent diverges and ``on_divergence="raise"``.

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
        alpha: float = 1e-4,
        l1_ratio: float = 0.0,
        fit_intercept: bool = True,
        max_iter: int = 1000,
        tol: float | None = 1e-4,
        n_iter_no_change: int = 5,
        max_time: float | None = None,
        shuffle: bool = True,
        random_state: Any = None,
        class_weight: Any = None,
        warm_start: bool = False,
        on_divergence: str = "recover",
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
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.max_time = max_time
        self.shuffle = shuffle
        self.random_state = random_state
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.on_divergence = on_divergence
        self.verbose = verbose

    @fit_context
    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, coef_init: Any = None, intercept_init: Any = None
    ) -> GDLogisticClassifier:
        """Fit the model.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,)
            Labels, of any type that sorts.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows; only their ratios matter, and a weight of zero leaves the row out.
        coef_init : array-like of the shape of coef_, default=None
            Coefficients to start from; None is zero.
        intercept_init : array-like of the shape of intercept_, default=None
            Intercept to start from; None is that of the constant model.

        Returns
        -------
        self : GDLogisticClassifier
            The fitted estimator.
        """
        with unchanged_on_error(self):
            X, y = check_rows(self, X, y, reset=True)
            weights = check_weights(sample_weight, X)
            classes, codes = encode_labels(y, weights)
            weights = weigh_classes(self.class_weight, classes, codes, weights)
            loss: Loss = LogLoss() if len(classes) == 2 else Multinomial(len(classes))
            if self.warm_start and hasattr(self, "_state"):
                refuse_other_classes(self.classes_, classes)
            self._descend(X, codes[:, None], weights, loss, 1 if len(classes) == 2 else len(classes), coef_init, intercept_init)
            self.classes_: Array = classes
        return self

    def decision_function(self, X: Any) -> Array:
        """Raw predictions: how far rows lie on the side of a class.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        z : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Log-odds of the second class, or one number per class.
        """
        raw = self._raw(X)
        return raw.ravel() if raw.shape[1] == 1 else raw

    def predict(self, X: Any) -> Array:
        """Predict the labels of rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            The likeliest labels.
        """
        z = self.decision_function(X)
        labels: Array = self.classes_[(z > 0).astype(np.intp) if z.ndim == 1 else z.argmax(axis=1)]
        return labels

    def predict_proba(self, X: Any) -> Array:
        """Probabilities of the classes.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
            Rows sum to one.
        """
        z = self.decision_function(X)
        if z.ndim == 1:
            p = LogLoss().mean(z)
            return np.column_stack([1 - p, p])
        return Multinomial(len(self.classes_)).mean(z)

    def predict_log_proba(self, X: Any) -> Array:
        """Logarithms of the probabilities of the classes.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        log_p : ndarray of shape (n_samples, n_classes)
            Logarithms of ``predict_proba``, exact where the probability itself would underflow.
        """
        z = self.decision_function(X)
        log_p: Array = log_softmax(np.column_stack([np.zeros_like(z), z]) if z.ndim == 1 else z, axis=1)
        return log_p
