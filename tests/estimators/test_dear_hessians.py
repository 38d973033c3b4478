"""Where a Hessian of all features is long in building: kinks keep most features out, products come first, the matrix in time."""

import numpy as np
import pytest
from sklearn.linear_model import ElasticNet

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.descent import DescentState, Objective, metrics, working_set
from sk_gd.descent.orthant import OrthantStep
from sk_gd.losses import SquaredError
from sk_gd.penalties import ElasticNet as Penalty
from sk_gd.preconditioners import Diagonal, Hessian, Implicit
from sk_gd.sources import source_of


@pytest.fixture
def built(monkeypatch):
    """Widths of the Hessians that have been built, where one of 60 features is dear."""
    monkeypatch.setattr(metrics, "SOON", 0.0)
    monkeypatch.setattr(metrics, "DEAR", 0)
    monkeypatch.setattr(working_set, "FIRST", 5)
    widths, build = [], Hessian.build

    def watched(metric, moments, l2):
        widths.append(len(moments))
        build(metric, moments, l2)

    monkeypatch.setattr(Hessian, "build", watched)
    return widths


def rows(rng, n, n_useful, condition):
    """Rows in different units, correlated up to a condition, and targets of some of the features."""
    d = 60
    turn = np.linalg.qr(rng.normal(size=(d, d)))[0]
    X = rng.normal(size=(n, d)) @ (turn * condition ** -np.linspace(0, 1, d)) @ turn.T
    y = X[:, :n_useful] @ rng.normal(size=n_useful)
    return X * 10.0 ** rng.uniform(-2, 2, d), y / y.std() + rng.normal(size=n)


def fitted(X, y, loss, share, built, tol=1e-6):
    """A fit with L1, how far it is above the minimum as a share of the whole way, and the widths of its own Hessians."""
    if loss == "log":
        y = (y > np.median(y)).astype(int)
    alpha = share * np.abs((X - X.mean(axis=0)).T @ (y - y.mean())).max() / len(X)
    kind = GDLogisticClassifier if loss == "log" else GDLinearRegressor
    model = kind(alpha=alpha, l1_ratio=1.0, tol=tol).fit(X, y)
    own = list(built)

    def value(coef, intercept):
        z = X @ np.ravel(coef) + intercept
        error = np.logaddexp(0, z) - y * z if loss == "log" else (y - z) ** 2 / 2
        return error.mean() + alpha * np.abs(coef).sum()

    if loss == "log":
        best = kind(alpha=alpha, l1_ratio=1.0, tol=1e-11, preconditioner="hessian", max_iter=1000).fit(X, y)
    else:
        best = ElasticNet(alpha=alpha, l1_ratio=1.0, tol=1e-12, max_iter=1_000_000).fit(X, y)
    above = value(model.coef_, model.intercept_) - value(best.coef_, best.intercept_)
    return model, above / model.loss_curve_[0], own


LOSSES = pytest.mark.parametrize("loss", ["squared", "log"])


@LOSSES
def test_few_features_are_enough(rng, built, loss):
    """Few have coefficients, so a Hessian of few is all that is built."""
    X, y = rows(rng, 600, n_useful=3, condition=1.0)
    model, above, own = fitted(X, y, loss, 0.5, built)
    assert model.converged_
    assert "working set" in model.method_
    assert above <= 5e-6
    assert 0 < max(own) <= 15


@LOSSES
def test_many_features_go_by_products(rng, built, loss, monkeypatch):
    """Many have coefficients: well conditioned as they are, there is never a Hessian of all."""
    X, y = rows(rng, 600, n_useful=60, condition=1.0)
    X /= X.std(axis=0)
    monkeypatch.setattr(metrics, "PRODUCT", 1e-9)  # a matrix costs as much as a hundred passes
    model, above, own = fitted(X, y, loss, 0.01, built, tol=1e-4)
    assert model.converged_
    assert (model.coef_ != 0).sum() > 30
    assert above <= 5e-4
    assert 60 not in own


@LOSSES
def test_hessian_comes_when_paid_for(rng, built, loss, monkeypatch):
    """Ill conditioned and without sets: after as many products as it costs the matrix is the model, and few steps are left."""
    monkeypatch.setattr(working_set, "ROWS", 0)
    X, y = rows(rng, 600, n_useful=60, condition=1e3)
    model, above, own = fitted(X, y, loss, 0.001, built)
    assert model.converged_
    assert above <= 5e-6
    assert 60 in own
    assert model.history_["passes"][-1] < 60


@LOSSES
def test_more_features_than_rows(rng, built, loss):
    """Products prove nothing there; sets grow as far as they have to."""
    X, y = rows(rng, 40, n_useful=60, condition=10.0)
    model, above, _ = fitted(X, y, loss, 0.02, built, tol=1e-5)
    assert model.converged_
    assert above <= 5e-5


def test_ridge_builds_the_hessian_in_time(rng, built):
    """The squared loss has the same Hessian everywhere, and still a better metric of it for the next solve."""
    X, y = rows(rng, 600, n_useful=60, condition=1e4)
    model = GDLinearRegressor(alpha=1e-8, tol=1e-8).fit(X, y)
    assert model.converged_
    assert built == [60]
    assert model.history_["passes"][-1] < 60


def test_steps_of_a_held_hessian_cross_zero(rng):
    """Products stop at the sides of zero; the proximal step that takes over has chosen its zeros, and crosses the others."""
    X, theta = rng.normal(size=(30, 4)), np.array([[1.0, -2.0, 0.0, 3.0, 4.0]])
    objective = Objective(SquaredError(), Penalty(0.1, 1.0), source_of(X, X[:, :1] + 1, None), 1, True)
    direction = np.array([[-2.0, 1.0, 0.0, -1.0, -9.0]])
    step = OrthantStep(len(X), Implicit(Diagonal()), smooth=False)

    def arrives(metric):
        state = DescentState(theta, rng, *objective.value_and_gradient(theta), metric=metric, direction=direction)
        return step.move(objective, state, 1.0).tolist()

    assert arrives(Implicit(Diagonal())) == [[0.0, -1.0, 0.0, 2.0, -5.0]]  # the intercept has no sides
    assert arrives(Hessian()) == [[-1.0, -1.0, 0.0, 2.0, -5.0]]
