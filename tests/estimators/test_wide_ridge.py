"""Few rows of many features under a ridge: steps stay in the span of the rows, and are as long as F falls."""

from __future__ import annotations

import numpy as np
import pytest

from sk_gd import GDLogisticClassifier
from sk_gd.descent import Objective
from sk_gd.descent.metrics import best_metric
from sk_gd.descent.ray import LEVEL, Ray
from sk_gd.losses import LogLoss, Multinomial
from sk_gd.penalties import ElasticNet
from sk_gd.preconditioners import Diagonal, Implicit, Ridge
from sk_gd.sources import source_of


def rows(rng, n=100, d=2000, classes=2, spread=0.0):
    X = rng.normal(size=(n, d)) * 10.0 ** rng.uniform(-spread, spread, d)
    z = (X / X.std(axis=0)) @ rng.normal(size=(d, classes)) + rng.gumbel(size=(n, classes))
    return X, z.argmax(axis=1)


def base_of(objective):
    metric = best_metric(objective)
    assert isinstance(metric, Implicit)
    return type(metric.base.base)


def objective_of(X, y, alpha=1e-2, weights=None, classes=2):
    loss = LogLoss() if classes == 2 else Multinomial(classes)
    return Objective(loss, ElasticNet(alpha), source_of(X, y.astype(float)[:, None], weights), 1 if classes == 2 else classes, True)


def passes_and_gap(X, y, alpha, tol=1e-4):
    model = GDLogisticClassifier(alpha=alpha, tol=tol).fit(X, y)
    best = GDLogisticClassifier(alpha=alpha, tol=1e-10).fit(X, y).loss_curve_[-1]
    gap = (model.loss_curve_[-1] - best) / (model.loss_curve_[0] - best)
    assert model.converged_
    return model.history_["passes"][-1], gap, model.optimality_


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("C", [1, 100])
@pytest.mark.parametrize("spread", [0.0, 3.0])
def test_few_passes_lead_to_the_minimum_and_the_certificate_says_where(rng, classes, C, spread):
    X, y = rows(rng, classes=classes, spread=spread)
    passes, gap, told = passes_and_gap(X, y, 1 / (len(y) * C))
    assert passes <= 45  # up to 160 in the metric of a diagonal, and up to 60 by steps of one length
    assert gap <= 2 * max(told, 1e-7)
    assert gap <= 1e-4


def test_the_intercept_is_certified_too(rng):
    X, y = rows(rng, n=200, d=8000)
    _, gap, told = passes_and_gap(X, y, 1 / 200)
    assert gap <= 2 * told


def test_where_rows_are_few_the_metric_is_the_ridge(rng):
    X, y = rows(rng)
    assert base_of(objective_of(X, y)) is Ridge
    assert base_of(objective_of(X[:, :1100], y, alpha=0.0)) is Diagonal
    assert base_of(objective_of(*rows(rng, n=400))) is Diagonal


def test_steps_stay_in_the_span_of_the_rows(rng):
    X, y = rows(rng, n=50, spread=2.0)
    model = GDLogisticClassifier(alpha=0.01).fit(X, y)
    coef = model.coef_.ravel()
    share = np.linalg.lstsq(X.T, coef, rcond=None)[0]
    assert np.linalg.norm(coef - X.T @ share) <= 1e-8 * np.linalg.norm(coef)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_ray_is_followed_until_it_is_level(rng, classes):
    X, y = rows(rng, n=40, d=1200, classes=classes)
    objective = objective_of(X, y, alpha=1e-4, weights=rng.uniform(0.5, 1.5, 40), classes=classes)
    theta = rng.normal(size=objective.shape) / 100
    value, gradient = objective.value_and_gradient(theta)
    assert Ray.suits(objective)
    for size in (1e-4, 1e-2, 1.0):
        ray, slope = Ray(objective, theta, -size * gradient), -size * float(np.vdot(gradient, gradient))
        length = ray.length(slope)
        there = theta - length * size * gradient
        new_value, new_gradient = objective.value_and_gradient(there)
        assert new_value < value
        assert abs(size * np.vdot(gradient, new_gradient)) <= 1.01 * LEVEL * abs(slope)
        np.testing.assert_allclose(ray.slope(length), -size * np.vdot(gradient, new_gradient), atol=1e-9 * abs(slope))
        np.testing.assert_allclose(ray.raw(length), objective.source.take(slice(None)).raw(there), atol=1e-9)


@pytest.mark.parametrize("classes", [2, 3])
def test_what_a_search_leaves_behind_is_the_second_derivative_where_it_ended(rng, classes):
    X, y = rows(rng, n=40, d=1200, classes=classes)
    objective = objective_of(X, y, weights=rng.uniform(0.5, 1.5, 40), classes=classes)
    theta, step = rng.normal(size=(2, *objective.shape)) / 100
    afresh = objective.hessian_product(theta)(step)
    objective.raw = theta, Ray(objective, theta, step).raw(0.0)
    before = objective.n_passes
    np.testing.assert_allclose(objective.hessian_product(theta)(step), afresh, rtol=1e-9, atol=1e-12)
    assert objective.n_passes == before + 1  # the product alone


def test_long_steps_spare_passes(rng, monkeypatch):
    X, y = rows(rng, n=200, d=4000)
    passes = passes_and_gap(X, y, 1e-4 / 2)[0]
    monkeypatch.setattr(Ray, "suits", staticmethod(lambda objective: False))
    assert passes < 0.8 * passes_and_gap(X, y, 1e-4 / 2)[0]
