"""L1 penalties over more features than rows: the minimum is found, and no gap is called small that is not."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import ElasticNet

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.descent import working_set
from sk_gd.descent.certificates import certificate


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch):
    """A Hessian is held of up to 60 features."""
    monkeypatch.setattr("sk_gd.descent.objective.Objective.max_full", 60)
    monkeypatch.setattr(working_set, "FIRST", 10)


def wide(rng, n=40, d=300, n_outputs=1):
    """Rows whose features are alike in groups, in different units, and targets of all features."""
    X = (rng.normal(size=(n, d)) + 2 * rng.normal(size=(n, 10)) @ rng.normal(size=(10, d))) * 10.0 ** rng.uniform(-1, 1, d)
    return X, (X / X.std(axis=0)) @ rng.normal(size=(d, n_outputs)) + rng.normal(size=(n, n_outputs))


def strongest(X, slopes):
    """The L1 strength from which on all coefficients are zero."""
    return np.abs(X.T @ slopes).max() / len(X)


@pytest.mark.parametrize("share", [0.3, 0.03])
@pytest.mark.parametrize("case", ["dense", "sparse", "elastic net", "positive", "a strength each", "outputs", "weights"])
def test_minimum(rng, case, share):
    """F of a converged fit is within tol of an independent solver's."""
    X, Y = wide(rng, n_outputs=2 if case == "outputs" else 1)
    alpha = share * strongest(X, Y - Y.mean(axis=0))
    weights = rng.gamma(2.0, size=len(X)) if case == "weights" else np.ones(len(X))
    params = {"l1_ratio": 0.7 if case == "elastic net" else 1.0, "positive": case == "positive"}
    y = Y if case == "outputs" else Y[:, 0]
    strengths = alpha * rng.uniform(0.5, 2.0, X.shape[1]) if case == "a strength each" else alpha
    model = GDLinearRegressor(alpha=strengths, tol=1e-5, **params)
    model.fit(sparse.csr_array(X) if case == "sparse" else X, y, sample_weight=weights)
    assert model.converged_
    assert "working set" in model.method_
    scale = strengths / alpha  # scikit-learn has one strength for all: features divided by their own have it
    expected = ElasticNet(alpha=alpha, tol=1e-10, max_iter=100_000, **params).fit(X / scale, y, sample_weight=weights)

    def value(coef, intercept):
        left, share = Y - X @ np.atleast_2d(coef).T - intercept, params["l1_ratio"]
        smooth = (weights @ left**2).sum() / weights.sum() / 2
        return smooth + (strengths * (share * np.abs(coef) + (1 - share) / 2 * np.square(coef))).sum()

    null = value(np.zeros_like(model.coef_), np.average(y, axis=0, weights=weights))
    least = value(expected.coef_ / scale, expected.intercept_)
    assert value(model.coef_, model.intercept_) - least <= 5e-5 * (null - least)  # an estimate may be off by some times


@pytest.mark.parametrize("share", [0.3, 0.03])
def test_classes(rng, share):
    X, y = wide(rng)
    y = y[:, 0] > y.mean()
    alpha = share * strongest(X, y - y.mean())
    model = GDLogisticClassifier(alpha=alpha, l1_ratio=1.0, tol=1e-5).fit(X, y)
    assert model.converged_

    def value(coef, intercept):
        z = X @ coef + intercept
        return np.mean(np.logaddexp(0, z) - y * z) + alpha * np.abs(coef).sum()

    again = GDLogisticClassifier(alpha=alpha, l1_ratio=1.0, tol=1e-10).fit(X, y)
    null = again.loss_curve_[0]
    least = value(again.coef_[0], again.intercept_[0])
    assert value(model.coef_[0], model.intercept_[0]) - least <= 2e-5 * (null - least)
    z = X @ again.coef_[0] + again.intercept_[0]
    pull = X.T @ (1 / (1 + np.exp(-z)) - y) / len(X)  # optimality, by the subgradient
    assert np.abs(pull).max() <= alpha * (1 + 1e-3)


def test_more_coefficients_than_a_hessian_is_held_of(rng, monkeypatch):
    """The descent goes on in another way, to the same minimum, as soon as a set is full."""
    sizes, over = [], working_set.WorkingSetStep.descend_over

    def watched(rule, chosen, *rest):
        sizes.append(len(chosen))
        over(rule, chosen, *rest)

    monkeypatch.setattr(working_set.WorkingSetStep, "descend_over", watched)
    X, Y = wide(rng, n=200, d=300)
    alpha = 1e-4 * strongest(X, Y - Y.mean())
    model = GDLinearRegressor(alpha=alpha, l1_ratio=0.9, tol=1e-5).fit(X, Y[:, 0])
    assert (model.coef_ != 0).sum() > 60
    assert sizes.count(60) <= 2
    expected = ElasticNet(alpha=alpha, l1_ratio=0.9, tol=1e-8, max_iter=100_000).fit(X, Y[:, 0])
    assert model.converged_
    np.testing.assert_allclose(model.predict(X), expected.predict(X), atol=0.03 * Y.std())


def test_no_gap_where_the_model_is_flat(rng):
    """By products alone, more coefficients than rows leave the slope of a kink without an end: that proves nothing."""
    X, Y = wide(rng)
    for l1_ratio, known in ((1.0, False), (0.5, True)):
        model = GDLinearRegressor(alpha=0.1 * strongest(X, Y - Y.mean()), l1_ratio=l1_ratio).fit(X, Y[:, 0])
        objective = model._objective_of(X, Y[:, 0])
        assert np.isfinite(certificate(objective, np.full(objective.shape, 1e-3))[1]) == known
