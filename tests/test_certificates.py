"""The gap that a fit claims, beside the one that another solver finds from where it ended, on problems drawn at random."""

import numpy as np
import pytest
from scipy import sparse

from sk_gd import GDLinearRegressor, GDLogisticClassifier

PENALTIES = ({}, {"l1_ratio": 1.0}, {"l1_ratio": 0.5}, {"positive": True})
FALSE = 3.0  # times the claim


def columns(rng, n_samples, n_features):
    """Features of alike or all units, that pull on each other or not, far from zero or sparse."""
    X = rng.normal(size=(n_samples, n_features))
    kind = rng.integers(5)
    if kind == 1:
        X *= 10.0 ** rng.uniform(-3, 3, n_features)
    if kind == 2:
        X = X * np.geomspace(1, 1e-3, n_features) @ np.linalg.qr(rng.normal(size=(n_features, n_features)))[0]
    if kind == 3:
        X *= rng.random(X.shape) < 0.2
    if kind == 4:
        X += 30 * rng.normal(size=n_features)
    return X


def targets(rng, X, n_classes):
    """Floats, or classes of which none is without rows."""
    spread = np.maximum(X.std(axis=0), 1e-9)
    scores = X / spread @ rng.normal(size=(X.shape[1], max(n_classes, 1))) / X.shape[1] ** 0.5
    if not n_classes:
        return scores[:, 0] + rng.normal(size=len(X))
    y = np.argmax(scores + rng.gumbel(size=scores.shape), axis=1)
    y[:n_classes] = np.arange(n_classes)
    return y


@pytest.mark.parametrize("draw", range(32))
@pytest.mark.parametrize("variant", ["batch", "mini-batch", "stochastic"])
def test_claims(draw, variant, rng, Judge):
    """A fit that says it has converged is no farther from the minimum than it says, within a factor of three."""
    rng = np.random.default_rng(rng.integers(2**32, size=draw + 1)[-1])
    # epochs on little data end with steps down to rounding, whose claims are no news
    n_samples, n_features = (int(rng.choice([40, 200])), int(rng.choice([3, 10, 40]))) if variant == "batch" else (900, 40)
    X, n_classes = columns(rng, n_samples, n_features), int(rng.choice([0, 2, 3]))
    y, dtype = targets(rng, X, n_classes), np.float32 if rng.random() < 0.25 else np.float64
    X = X.astype(dtype)
    y = y if n_classes else y.astype(dtype).astype(float)
    params = {"alpha": float(rng.choice([1e-5, 1e-3, 1e-1])), "fit_intercept": bool(rng.random() < 0.8), **PENALTIES[draw % 4]}
    model = (GDLogisticClassifier if n_classes else GDLinearRegressor)(
        variant, tol=float(rng.choice([1e-2, 1e-4])), max_iter=200, random_state=0, **params
    )
    model.fit(sparse.csr_array(X) if rng.random() < 0.3 else X, y if n_classes else y.astype(dtype))
    assert model.converged_
    judge = Judge(X, y, **params)
    constant, lowest = judge.value(*judge.constant), judge.reached_from(model)
    rounding = 50 * np.finfo(dtype).eps * abs(constant)
    assert judge(model) - lowest <= FALSE * model.optimality_ * (constant - lowest) + rounding


@pytest.mark.parametrize("draw", range(40))
def test_classes_that_come_nearly_apart(draw, Judge):
    """The curvature falls with every step, so that a model of it promises too little to be gained."""
    rng = np.random.default_rng(draw)
    n_samples, n_features = int(rng.choice([20, 60])), 40
    X = rng.normal(size=(n_samples, n_features)) * (1.0 if draw % 2 else 10.0 ** rng.uniform(-4, 4, n_features))
    if draw % 4 > 1:
        X *= rng.random(X.shape) < 0.1
    weights = rng.gamma(1.0, size=n_samples)
    y = (X / np.maximum(X.std(axis=0), 1e-12) @ rng.normal(size=n_features) > 0).astype(int)
    y[:2] = 0, 1
    params = {"alpha": float(rng.choice([1e-6, 1e-3])), "l1_ratio": 1.0, "fit_intercept": bool(draw % 3)}
    model = GDLogisticClassifier("batch", tol=1e-4, random_state=0, **params).fit(X, y, weights)
    assert model.converged_
    judge = Judge(X, y, weights, **params)
    constant, lowest = judge.value(*judge.constant), judge.reached_from(model)
    assert judge(model) - lowest <= 1.01 * model.optimality_ * (constant - lowest)


@pytest.mark.parametrize("draw", range(60))
def test_classes_that_come_apart_smoothly(draw, Judge):
    """Without a kink as well: of such fits one in twenty claimed a gap more than three times too small, some ten times."""
    rng = np.random.default_rng(draw)
    n_samples, n_features, n_classes = int(rng.choice([15, 40, 100])), int(rng.choice([3, 10, 40])), int(rng.choice([2, 3, 5]))
    X = rng.normal(size=(n_samples, n_features)) * 10.0 ** rng.uniform(-1, 1, n_features)
    scores = 10.0 ** rng.uniform(0, 1.3) * (X / X.std(axis=0)) @ rng.normal(size=(n_features, n_classes)) / n_features**0.5
    y = np.argmax(scores + rng.gumbel(size=scores.shape), axis=1)
    y[:n_classes] = np.arange(n_classes)
    params = {"alpha": float(rng.choice([1e-7, 1e-6, 1e-5, 1e-4])), "fit_intercept": bool(rng.random() < 0.6)}
    model = GDLogisticClassifier(tol=float(rng.choice([1e-2, 1e-4, 1e-6])), **params).fit(X, y)
    assert model.converged_
    judge, best = Judge(X, y, **params), GDLogisticClassifier(tol=1e-12, **params).fit(X, y)
    constant, lowest = judge.value(*judge.constant), min(judge(best), judge.reached_from(model))
    assert judge(model) - lowest <= 2 * model.optimality_ * (constant - lowest)
