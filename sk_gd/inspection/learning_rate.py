"""Objective against learning rate, over a short sweep: the numbers."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from sk_gd.inspection._drawing import Array
from sk_gd.inspection._models import model_of, prepared

SPAN = (-3.0, 1.5)  # powers of ten around the automatic rate
N_RATES = 28  # six to a factor of ten


@dataclass(frozen=True)
class LearningRateCurve:
    """What a sweep over learning rates found.

    Parameters
    ----------
    rates : ndarray of shape (n_rates,)
        Learning rates, rising.
    objectives : ndarray of shape (n_rates,)
        F after the sweep; infinite where the descent rose above its start.
    start : float
        F before the first step.
    suggested : float
        The rate that came lowest.
    limit : float or None
        In batch descent by plain gradients, 2 / L: below it every step descends. L is the largest second derivative that F may
        have in the metric of the descent. Of the squared error it is one that F has: above the limit such a descent diverges.
    """

    rates: Array
    objectives: Array
    start: float
    suggested: float
    limit: float | None


def learning_rate_curve(
    estimator: Any, X: Any, y: Any, sample_weight: Any = None, *, rates: ArrayLike | None = None, max_iter: int = 10
) -> LearningRateCurve:
    """Descend for a few epochs at each of several learning rates.

    Parameters
    ----------
    estimator : estimator
        Not fitted, nor changed; a pipeline that ends in one will do, too. ``optimizer="auto"`` becomes "gd" in batch, which has a
        line search in place of a rate otherwise.
    X : array-like or sparse matrix of shape (n_samples, n_features)
        Rows.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Targets or labels.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.
    rates : array-like of shape (n_rates,), default=None
        Learning rates to try; None tries 28 from a thousandth of the automatic one to 30 times that.
    max_iter : int, default=10
        Epochs at each rate.

    Returns
    -------
    curve : LearningRateCurve
        With ``rates``, ``objectives``, ``suggested`` and, in batch, ``limit``.

    Raises
    ------
    ValueError
        If a rate is not positive, or all rates diverge.

    See Also
    --------
    LearningRateDisplay : The same, drawn.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sk_gd import GDLinearRegressor, learning_rate_curve
    >>> X, y = load_diabetes(return_X_y=True, scaled=False)
    >>> curve = learning_rate_curve(GDLinearRegressor(optimizer="gd", preconditioner=None), X, y)
    >>> bool(curve.suggested < curve.limit)
    True
    """
    model, X = clone(model_of(estimator)), prepared(estimator, X, y)
    plain = model.optimizer == "auto" and model.variant == "batch"
    model.set_params(
        optimizer="gd" if plain else model.optimizer, max_iter=max_iter, tol=None, early_stopping=False, warm_start=False,
        on_divergence="raise", verbose=0,
    )  # fmt: skip

    def descended(rate: Any, **params: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a short sweep is not meant to converge
            return clone(model).set_params(learning_rate=rate, **params).fit(X, y, sample_weight=sample_weight)

    first = descended("auto", max_iter=1)
    tried = np.sort(first.learning_rate_ * np.logspace(*SPAN, N_RATES) if rates is None else np.asarray(rates, dtype=float).ravel())
    objectives = np.full(len(tried), np.inf)
    for i, rate in enumerate(tried):
        if not 0 < rate < np.inf:
            raise ValueError(f"rates must be positive numbers, got {rate}.")
        try:
            objectives[i] = descended(float(rate)).history_["objective"][-1]
        except FloatingPointError:
            continue
    if not np.isfinite(objectives).any():
        raise ValueError(f"The descent diverges at every rate from {tried[0]:.3g} to {tried[-1]:.3g}: try smaller rates.")
    straight = model.variant == "batch" and model.optimizer in ("auto", "gd")
    limit = first._stability(X, y, sample_weight) if straight else None
    return LearningRateCurve(tried, objectives, float(first.history_["objective"][0]), float(tried[np.argmin(objectives)]), limit)
