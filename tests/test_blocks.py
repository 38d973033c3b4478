"""A Hessian block for every output: right moments on all rows and on some, and softmax regression in fewer passes, honestly."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import softmax

from sk_gd import GDLogisticClassifier
from sk_gd.descent import Objective, metrics
from sk_gd.descent.subsets import representatives
from sk_gd.losses import Multinomial
from sk_gd.penalties import ElasticNet
from sk_gd.preconditioners import Blocks
from sk_gd.sources import source_of


@pytest.fixture
def classes(rng):
    """Six classes, some far apart and some close, in more columns than a joint Hessian is made for."""
    y = rng.integers(6, size=6000)
    X = rng.normal(size=(6000, 180)) * np.logspace(0, -1.5, 180)
    X[:, :6] += 4 * np.eye(6)[np.minimum(y, 3)] + 0.5 * np.eye(6)[y]
    return X, y


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_moments_of_every_output(fit_intercept, container, rng):
    """On all rows they are the formula's, on representatives an estimate of it."""
    X, weights = rng.normal(2.0, size=(500, 4)), rng.gamma(2.0, size=500)
    y, weights = rng.integers(3, size=(500, 1)).astype(float), weights / weights.mean()
    objective = Objective(Multinomial(3), ElasticNet(0.1), source_of(container(X), y, weights), 3, fit_intercept)
    theta = rng.normal(size=objective.shape)
    p = softmax(X @ theta[:, :4].T + (theta[:, 4] if fit_intercept else 0), axis=1)
    exact, some = (objective.apart(theta, count, lambda curvature: curvature) for count in (10**6, 250))
    for k, h in enumerate((weights[:, None] * p * (1 - p)).T):
        center = h @ X / h.sum() if fit_intercept else np.zeros(4)
        moments = (X - center).T @ (h[:, None] * (X - center)) / 500
        assert_allclose(exact[k].total, h.mean(), rtol=1e-6)
        assert_allclose(exact[k].center, center, rtol=1e-5)
        assert_allclose(exact[k].moments, moments, rtol=1e-6, atol=1e-9)
        assert_allclose(some[k].moments, moments, atol=0.1 * np.abs(moments).max())
        assert np.abs(some[k].moments - moments).max() > 1e-9


def test_representatives(rng):
    """Heavy rows stand for themselves, light ones for as much weight as there is; the order of rows is kept."""
    weights = rng.gamma(0.1, size=10_000)
    rows, stand_for = representatives(weights, 500)
    assert 480 < len(rows) < 520
    assert np.all(np.diff(rows) > 0)
    assert stand_for.sum() == pytest.approx(weights.sum(), rel=0.05)
    own = stand_for == weights[rows]
    assert 0.05 < own.mean() < 0.95
    assert np.isin(np.flatnonzero(weights > stand_for.min()), rows).all()


@pytest.mark.parametrize("far", [False, True])
def test_solve_is_the_inverse_of_the_product(far, classes, rng):
    X, y = classes
    objective = Objective(Multinomial(6), ElasticNet(1e-3), source_of(X, y[:, None].astype(float), None), 6, True)
    metric = Blocks()
    metric.update(objective, far * rng.normal(size=objective.shape))
    step = rng.normal(size=objective.shape)
    assert_allclose(metric.solve(metric.product(step)), step, atol=0.05)


def test_fewer_passes_to_the_same_minimum(classes, monkeypatch):
    """All products and all rows behind the blocks are counted; at every tol what is said to be left is left."""
    X, y = classes
    apart = {tol: GDLogisticClassifier(alpha=1e-4, tol=tol).fit(X, y) for tol in (1e-2, 1e-3, 1e-4, 1e-8)}
    monkeypatch.setattr(metrics, "APART", np.inf)
    shared = GDLogisticClassifier(alpha=1e-4, tol=1e-4).fit(X, y)
    exact = apart.pop(1e-8)
    assert exact.converged_
    assert exact.loss_curve_[-1] == pytest.approx(shared.loss_curve_[-1], rel=1e-3)
    assert apart[1e-4].history_["passes"][-1] < 0.7 * shared.history_["passes"][-1]
    for tol, model in apart.items():
        gap = (model.loss_curve_[-1] - exact.loss_curve_[-1]) / (exact.loss_curve_[0] - exact.loss_curve_[-1])
        assert gap < 2 * model.optimality_ <= 2 * tol
