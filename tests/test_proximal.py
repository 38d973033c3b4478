"""The minimum of the quadratic model plus an L1 penalty, however strongly coefficients pull on each other."""

import numpy as np
import pytest

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.descent import proximal
from sk_gd.descent.proximal import settle


def excess(hessian, gradient, coef, kinks, lower, step):
    """By how much the optimality conditions are missed, in units of the gradient at the start."""
    slope, place = gradient + hessian @ step, coef + step
    pull = np.where(place == 0, np.sign(slope) * np.maximum(np.abs(slope) - kinks, 0), slope + kinks * np.sign(place))
    pull[(place == 0) & (lower == 0)] = np.minimum(slope + kinks, 0)[(place == 0) & (lower == 0)]
    return np.abs(pull).max() / np.abs(gradient).max()


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("rank", [12, 40])
@pytest.mark.parametrize("condition", [1e0, 1e8])
def test_optimality_conditions(positive, rank, condition, rng):
    """A step to the minimum, where coordinate descent alone would take thousands of sweeps; zeros are exact."""
    root = rng.normal(size=(rank, 40)) * np.geomspace(1, condition**-0.5, rank)[:, None]
    hessian, gradient = root.T @ root, root.T @ rng.normal(size=rank)
    coef = np.abs(rng.normal(size=40)) * (rng.random(40) < 0.5)
    kinks, lower, step = np.full(40, 0.1 * np.abs(gradient).max()), np.full(40, 0.0 if positive else -np.inf), np.zeros(40)
    settle(hessian, gradient, coef, kinks, lower, step, 1e-8)
    assert excess(hessian, gradient, coef, kinks, lower, step) < 1e-5
    assert (coef + step == 0).any()
    assert (coef + step >= lower).all()


def test_one_step_to_the_minimum(rng, Judge):
    """The model of a squared error is the objective itself: one step, far from the origin and kept to one sign, is enough."""
    X = rng.normal(size=(60, 40)) + 100 * rng.normal(size=40)
    y = X @ rng.normal(size=40) / 10 + rng.normal(size=60)
    params = {"alpha": 1e-3, "l1_ratio": 0.5, "fit_intercept": False, "positive": True}
    model = GDLinearRegressor(tol=1e-6, **params).fit(X, y)
    assert model.n_iter_ <= 2
    assert Judge(X, y, **params).gap(model) <= 1e-6


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("d", [40, 150])
def test_classes_nearly_apart(d, n_classes, rng, Judge):
    """A little L1 penalty over columns of all units: what is claimed of the gap is so."""
    X = rng.normal(size=(300, d)) * 10.0 ** rng.uniform(-3, 3, d)
    y = np.argmax(X / X.std(axis=0) @ rng.normal(size=(d, n_classes)) + rng.gumbel(size=(300, n_classes)), axis=1)
    model = GDLogisticClassifier(alpha=1e-3, l1_ratio=1.0, tol=1e-5, max_iter=200).fit(X, y)
    assert model.converged_
    assert Judge(X, y, alpha=1e-3, l1_ratio=1.0).gap(model) <= 2e-5


def test_a_solve_at_the_minimum_goes_straight_to_the_last_precision(rng, monkeypatch):
    """How exact a solve has to be follows from the decrease that it finds; there is none to find once more."""
    solved = []
    monkeypatch.setattr(proximal, "settle", lambda *arguments: solved.append(1) or settle(*arguments))
    X = rng.normal(size=(60, 40))
    y = X @ rng.normal(size=40) + rng.normal(size=60)
    model = GDLinearRegressor(alpha=0.1, l1_ratio=1.0, tol=1e-6).fit(X, y)
    assert model.n_iter_ == 1
    assert len(solved) <= 5


@pytest.mark.parametrize("n_classes", [1, 2, 3])
def test_constant_columns_go_to_the_kink(n_classes, variant, rng):
    """Beside an intercept nothing holds their coefficients but the penalty, from wherever the descent starts; and the gap knows."""
    X, y = rng.normal(size=(300, 20)), rng.integers(n_classes, size=300)
    X[:, 0] = 5.0
    Estimator, y = (GDLinearRegressor, X[:, 1]) if n_classes == 1 else (GDLogisticClassifier, y)
    model = Estimator(variant, alpha=1e-3, l1_ratio=1.0, random_state=0)
    model.fit(X, y, coef_init=np.full((3, 20) if n_classes == 3 else 20, 0.3))
    assert model.converged_
    assert not np.atleast_2d(model.coef_)[:, 0].any()
