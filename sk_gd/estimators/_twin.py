"""The way out: scikit-learn's own estimators, fitted with a descent's coefficients."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.utils.validation import check_is_fitted

from sk_gd._array import on_host

INEXACT = (
    "scikit-learn has no estimator that minimises what {name} with {parameters} does: use the twin to predict, which it does "
    "alike, but not to fit anew."
)


def regressor_twin(model: Any) -> BaseEstimator:
    """LinearRegression, Ridge, Lasso or ElasticNet that minimises the same function."""
    shared = {"fit_intercept": bool(model.fit_intercept)}
    if getattr(model, "positive", False):
        shared["positive"] = True
    if not expressible(model) or model.alpha == 0:
        return fitted(LinearRegression(**shared), model)
    if model.l1_ratio == 0:
        return fitted(Ridge(float(model.alpha * model._weight_sum), **shared), model)
    if model.l1_ratio == 1:
        return fitted(Lasso(float(model.alpha), **shared), model, n_iter_=model.n_iter_)
    return fitted(ElasticNet(float(model.alpha), l1_ratio=float(model.l1_ratio), **shared), model, n_iter_=model.n_iter_)


def classifier_twin(model: Any) -> BaseEstimator:
    """LogisticRegression that minimises the same function."""
    alpha = model.alpha if expressible(model) else 0.0
    twin = LogisticRegression(
        C=float(1 / (alpha * model._weight_sum)) if alpha else np.inf,
        l1_ratio=float(model.l1_ratio),
        solver="saga" if model.l1_ratio and alpha else "lbfgs",
        fit_intercept=bool(model.fit_intercept),
        class_weight=model.class_weight,
        random_state=model.random_state,
    )
    fitted(twin, model, classes_=on_host(model.classes_).copy(), n_iter_=np.array([model.n_iter_], dtype=np.int32))
    return twin.sparsify() if issparse(model.coef_) else twin


def fitted(twin: BaseEstimator, model: Any, **attributes: Any) -> BaseEstimator:
    """The twin, with a copy of what the model has learned."""
    intercept = on_host(model.intercept_).copy()[()]
    coef = model.coef_.toarray().reshape((*intercept.shape, -1)) if issparse(model.coef_) else on_host(model.coef_).copy()
    attributes |= {"coef_": coef, "intercept_": intercept, "n_features_in_": model.n_features_in_}
    if hasattr(model, "feature_names_in_"):
        attributes["feature_names_in_"] = model.feature_names_in_.copy()
    for name, value in attributes.items():
        setattr(twin, name, value)
    return twin


def expressible(model: Any) -> bool:
    """Whether scikit-learn has an estimator for the model's objective."""
    return not inexpressible(model)


def inexpressible(model: Any) -> list[str]:
    """The parameters that scikit-learn has no estimator for."""
    found = [] if np.ndim(model.alpha) == 0 else ["alpha by feature"]
    if getattr(model, "loss", "squared_error") != "squared_error":
        found.append(f"loss={model.loss!r}")
    if hasattr(model, "classes_") and getattr(model, "positive", False):
        found.append("positive=True")
    return found


def twin_of(model: Any) -> BaseEstimator:
    """The twin of either estimator."""
    check_is_fitted(model)
    return classifier_twin(model) if hasattr(model, "classes_") else regressor_twin(model)


class TwinMixin:
    """An estimator that can be left for scikit-learn's own."""

    def to_sklearn(self) -> BaseEstimator:
        """Give scikit-learn's estimator of the same objective, fitted with these coefficients.

        It predicts the same to rounding, needs this package no more, and goes on where one of scikit-learn's own is asked for:
        ONNX converters, skops, tools that look at coefficients. Fitted anew on the same rows it finds the same minimum.

        Returns
        -------
        twin : LinearRegression, Ridge, Lasso, ElasticNet or LogisticRegression
            Of a regressor with ``alpha=0``, ``l1_ratio=0``, 1 or between; of a classifier. With ``s`` the sum of the sample
            weights of the fit, class weights included, Ridge's alpha is ``alpha * s``, LogisticRegression's C ``1 / (alpha * s)``.

        Warns
        -----
        UserWarning
            If scikit-learn has no estimator of the same objective: the predictions are the same, but a new fit's would not be.
        """
        twin = twin_of(self)
        if lost := inexpressible(self):
            warnings.warn(INEXACT.format(name=type(self).__name__, parameters=" and ".join(lost)), UserWarning, stacklevel=2)
        return twin
