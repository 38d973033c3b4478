"""Real, raw, unscaled tables are good input: SGDRegressor's R2 of -1e28 there is impossible here."""

import pytest
from sklearn import datasets
from sklearn.linear_model import LinearRegression, LogisticRegression

from sk_gd import GDLinearRegressor, GDLogisticClassifier

RAW = {
    "wine, regression": (datasets.load_wine, GDLinearRegressor),
    "breast cancer, regression": (datasets.load_breast_cancer, GDLinearRegressor),
    "diabetes": (lambda **kw: datasets.load_diabetes(scaled=False, **kw), GDLinearRegressor),
    "wine": (datasets.load_wine, GDLogisticClassifier),
    "breast cancer": (datasets.load_breast_cancer, GDLogisticClassifier),
    "digits": (datasets.load_digits, GDLogisticClassifier),
}


@pytest.mark.parametrize(("load", "Estimator"), RAW.values(), ids=RAW.keys())
def test_raw_tables(load, Estimator, variant, container, Judge):
    """Real, unscaled tables with defaults: converged, far better than the constant model, and near the exact solver."""
    X, y = load(return_X_y=True)
    y = y.astype(float) if Estimator is GDLinearRegressor else y
    alpha = Estimator().alpha
    reference = LogisticRegression(C=1 / (alpha * len(y)), solver="newton-cholesky", tol=1e-8) if alpha else LinearRegression()
    reference.fit(X, y)
    model = Estimator(variant, random_state=0).fit(container(X), y)
    judge = Judge(X, y, alpha=alpha)
    assert model.converged_
    assert judge.gap(model, minimum=judge(reference)) < 1e-3
    assert model.score(X, y) > reference.score(X, y) - 0.01
