"""Epochs of variance-reduced updates that have but a part of the Hessian: to the optimum of batch, whatever pulls on each other."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_digits

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.preconditioners import Curvature, Diagonal, Hessian

KINKS = {"lasso": {"l1_ratio": 1.0}, "elastic net": {"l1_ratio": 0.5}, "positive": {"positive": True}}


def epochs_reach_batch(model, container, X, y, **epochs):
    """In as many as are allowed, without a warning, to the minimum that batch finds."""
    best = model.fit(X, y).loss_curve_[-1]
    model.set_params(random_state=0, **epochs)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(container(X), y)
    assert model.loss_curve_[-1] - best <= 2e-6 * (model.loss_curve_[0] - best)


@pytest.mark.parametrize("kink", KINKS)
@pytest.mark.parametrize("n_classes", [0, 2, 3])
@pytest.mark.parametrize("variant", ["mini-batch", "stochastic"])
@pytest.mark.parametrize("optimizer", ["svrg", "saga"])
def test_condition(kink, n_classes, variant, optimizer, container, rng):
    """A condition of 1e4 costs a few epochs, not hundreds, in units of all kinds; the gap is as claimed."""
    n, d = 1000, 36
    X = rng.normal(size=(n, d)) * np.geomspace(1, 1e-2, d) @ np.linalg.qr(rng.normal(size=(d, d)))[0]
    scores = X / X.std(axis=0) @ (rng.normal(size=(d, 3)) * (rng.random((d, 1)) < 0.3))
    X = X * 10.0 ** rng.uniform(-2, 2, d)
    chosen = np.argmax(scores[:, :n_classes] + rng.gumbel(size=(n, n_classes)), axis=1) if n_classes else None
    y = scores[:, 0] + rng.normal(size=n) if chosen is None else chosen
    model = (GDLogisticClassifier if n_classes else GDLinearRegressor)(tol=1e-6, alpha=1e-4, **KINKS[kink])
    epochs_reach_batch(model, container, X, y, variant=variant, optimizer=optimizer, max_iter=40)


@pytest.mark.parametrize("variant", ["mini-batch", "stochastic"])
@pytest.mark.parametrize("optimizer", ["svrg", "saga"])
def test_classes(variant, optimizer, container):
    """What rows that are few beside the parameters leave to the classes takes some epochs, not hundreds: 64 of 100 at most."""
    X, y = load_digits(return_X_y=True)
    model = GDLogisticClassifier(tol=1e-6, alpha=1 / len(y))
    epochs_reach_batch(model, container, X, y, variant=variant, optimizer=optimizer, max_iter=100)


def test_apart(rng):
    """What updates get of a Hessian is its diagonal; about zero where rows may not be moved."""
    X = rng.normal(size=(50, 4)) + 3.0
    center, total = X.mean(axis=0), np.ones(1)
    metric = Hessian()
    metric.adopt(Curvature(total, center, np.cov(X.T, bias=True)), 0.1)
    for centred, expected in ((True, X.var(axis=0)), (False, (X**2).mean(axis=0))):
        apart = metric.apart(centred)
        assert isinstance(apart, Diagonal)
        np.testing.assert_allclose(apart.hessian, expected + 0.1)
        np.testing.assert_allclose(apart.center, centred * center)
