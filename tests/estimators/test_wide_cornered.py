"""Losses whose slope jumps, of fewer rows than features: the metric by the kernel of the rows, and the minima it leads to."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from sk_gd import GDLinearRegressor
from sk_gd.descent import Objective
from sk_gd.descent.kernel import Kernel
from sk_gd.losses import EpsilonInsensitive, Huber, Quantile
from sk_gd.penalties import ElasticNet
from sk_gd.sources import source_of
from tests.estimators.test_cornered_losses import minimum, value

every_loss = pytest.mark.parametrize("loss", [Quantile(0.9), EpsilonInsensitive(0.3)], ids=str)


@pytest.fixture
def wide(rng):
    """Rows of heavy-tailed noise around five of 1100 features, in odd units."""
    X = rng.normal(size=(80, 1100)) * (rng.random((80, 1100)) < 0.3) * rng.choice([0.1, 1.0, 10.0], 1100)
    return X, 3.0 + X[:, :5].sum(axis=1) + rng.standard_t(1.5, size=80), rng.gamma(1.0, size=80)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_solve_is_the_inverse_of_the_hessian(fit_intercept, container, wide, rng):
    """Woodbury's identity, beside the matrix that it spares; the intercept is not penalised."""
    X, y, s = wide
    X = X[:, :200]
    penalty = ElasticNet(rng.uniform(0.01, 1.0, 200), 0.0)
    loss = Huber(scale=1.0).for_targets(y[:, None], s)
    objective = Objective(loss, penalty, source_of(container(X), y[:, None], s / s.mean()), 1, fit_intercept)
    theta = 0.1 * rng.normal(size=objective.shape)
    metric = Kernel()
    metric.update(objective, theta)
    columns = np.column_stack([X, np.ones(80)])[:, : theta.shape[1]]
    hessian = (columns * metric.h[:, None]).T @ columns + np.diag(np.append(penalty.l2, [0.0])[: theta.shape[1]])
    gradient = rng.normal(size=theta.shape)
    assert_allclose(metric.product(gradient), gradient @ hessian, rtol=1e-9, atol=1e-12)
    assert_allclose(metric.solve(gradient), np.linalg.solve(hessian, gradient.T).T, rtol=1e-6, atol=1e-9)
    assert not vars(pickle.loads(pickle.dumps(metric)))


@every_loss
@pytest.mark.parametrize("penalty", ["l1", "by feature", "positive", "hardly any"])
def test_minimum_is_that_of_the_linear_program(penalty, loss, variant, container, wide):
    """A pure L1 penalty has no curvature of its own, and still the minimum is reached, and proved."""
    X, y, s = wide
    l1 = {"by feature": np.linspace(0.05, 0.2, 1100), "hardly any": 1e-4}.get(penalty, 0.1)
    positive = penalty == "positive"
    model = GDLinearRegressor(variant, loss=loss, alpha=l1, l1_ratio=1.0, positive=positive, random_state=0)
    model.fit(container(X), y, sample_weight=s)
    least = minimum(loss, X, y, s, l1, positive)
    left, whole = value(loss, model, X, y, s, l1, 1.0) - least, model.loss_curve_[0] - least
    assert model.converged_
    assert -1e-9 * whole <= left <= model.optimality_ * whole * (1 + 1e-9) + 1e-12
    assert model.optimality_ <= 1e-4


def test_when_it_is_chosen(wide):
    """For few rows of one output whose features all have a price; a continued fit goes on in it."""
    X, y, _ = wide
    model = GDLinearRegressor(loss="quantile", alpha=0.1, l1_ratio=0.5, warm_start=True, max_iter=5, tol=None)
    assert "kernel of the rows" in model.fit(X, y).method_
    whole = GDLinearRegressor(loss="quantile", alpha=0.1, l1_ratio=0.5, max_iter=10, tol=None).fit(X, y)
    assert_allclose(model.fit(X, y).loss_curve_, whole.loss_curve_, rtol=1e-9)
    for other in ({"alpha": np.arange(1100) / 1100}, {"alpha": 0.0}):
        assert "conjugate gradients" in GDLinearRegressor(loss="quantile", max_iter=1, tol=None, **other).fit(X, y).method_
    many = np.repeat(X, 14, axis=0)
    model = GDLinearRegressor(loss="quantile", alpha=0.1, max_iter=1, tol=None).fit(sparse.csr_array(many), np.repeat(y, 14))
    assert "conjugate gradients" in model.method_
