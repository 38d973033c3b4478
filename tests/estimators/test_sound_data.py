"""Nothing but "converged" is said of default fits on sound rows: random ones of many kinds, and real ones."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

from sk_gd import GDLinearRegressor, GDLogisticClassifier


def draw(rng, task):
    """A table: plain, mixed, of long tails, in units from a thousandth to a thousand, or of zeros and ones; and noisy targets."""
    n, p = int(rng.integers(80, 500)), int(rng.integers(2, 12))
    X = rng.normal(size=(n, p))
    kind = rng.choice(["plain", "mixed", "long tails", "units", "binary"])
    if kind == "mixed":
        X = X @ rng.normal(size=(p, p))
    elif kind == "long tails":
        X = np.exp(X)
    elif kind == "units":
        X = X * 10 ** rng.uniform(-3, 3, p) + 10 ** rng.uniform(-2, 2, p)
    elif kind == "binary":
        X = (X + rng.uniform(-0.5, 0.5, size=p) > 0).astype(float)
    signal = (X - X.mean(axis=0)) / X.std(axis=0) @ rng.normal(size=(p, 3)) / np.sqrt(p)
    if task == "numbers":
        return X, (signal[:, 0] + rng.normal(size=n) * rng.choice([0.1, 1.0, 5.0])) * 10 ** rng.uniform(-3, 4) + 100
    if task == "two classes":
        return X, signal[:, 0] + rng.logistic(size=n) > 0
    return X, np.argmax(signal + rng.gumbel(size=(n, 3)), axis=1)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("task", ["numbers", "two classes", "three classes"])
def test_random_tables(task, seed, rng):
    """With weights or without, penalised or not, in a variant by chance; with the rows at hand and without."""
    rng = rng.spawn(20)[seed]
    X, y = draw(rng, task)
    weights = rng.random(len(y)) + 0.1 if rng.random() < 0.3 else None
    Estimator = GDLinearRegressor if task == "numbers" else GDLogisticClassifier
    variant = str(rng.choice(["batch", "mini-batch", "stochastic"]))
    model = Estimator(variant, alpha=float(rng.choice([1e-4, 1e-2])), random_state=seed).fit(X, y, sample_weight=weights)
    assert model.diagnose().names == model.diagnose(X, y, weights).names == ("converged",)


@pytest.mark.parametrize("load", [load_diabetes, load_breast_cancer, load_wine])
def test_real_tables(load, variant):
    """Of real ones, too; wine is separable indeed."""
    X, y = load(return_X_y=True)
    Estimator = GDLinearRegressor if load is load_diabetes else GDLogisticClassifier
    found = Estimator(variant, random_state=0).fit(X, y).diagnose(X, y).names
    assert found == (("converged", "separable") if load is load_wine else ("converged",))


def test_ended_as_it_was_asked_to(variant):
    """A fit that validation ended is not slow, however much of the decrease it left on purpose."""
    X, y = load_diabetes(return_X_y=True)
    for seed in range(5):
        model = GDLinearRegressor(variant, early_stopping=True, random_state=seed).fit(X, y)
        assert set(model.diagnose(X, y).names) <= {"converged", "overfitting"}
