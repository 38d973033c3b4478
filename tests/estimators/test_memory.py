"""What a fit takes beside X: no hidden copy."""

import tracemalloc

import numpy as np
import pytest

from sk_gd import GDLinearRegressor, GDLogisticClassifier, _compat

N, D = 1_000_000, 30  # so tall that blocks and what belongs to the features are small beside X


@pytest.fixture(scope="module", params=[np.float64, np.float32])
def table(request):
    """X in units of its own, and a number for every row that depends on it."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((N, D), dtype=request.param) * np.geomspace(0.01, 100, D, dtype=request.param)
    return X, X @ (1 / np.geomspace(0.01, 100, D)) / D**0.5 + rng.logistic(size=N) / 2


def peak_of(model, X, y, monkeypatch, **fit_params):
    """What a fit of two epochs allocates at a time, as a share of X."""
    monkeypatch.setattr(_compat, "_openmp_effective_n_threads", lambda: 1)  # every other has blocks of its own
    model.set_params(max_iter=2, tol=None, random_state=0)
    tracemalloc.start()
    try:
        model.fit(X, y, **fit_params)
        return tracemalloc.get_traced_memory()[1] / X.nbytes
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("model", "targets"), [
    (GDLogisticClassifier(), lambda z: (z > 0).astype(int)),
    (GDLogisticClassifier(), lambda z: np.digitize(z, [-1, 1])),
    (GDLogisticClassifier(), lambda z: np.digitize(z, np.linspace(-1, 1, 9))),
    (GDLogisticClassifier(alpha=0.01, l1_ratio=1.0), lambda z: np.digitize(z, np.linspace(-1, 1, 9))),
    (GDLogisticClassifier(preconditioner=None), lambda z: np.digitize(z, np.linspace(-1, 1, 9))),
    (GDLinearRegressor(), lambda z: z),
    (GDLinearRegressor(loss="huber"), lambda z: z),
    (GDLinearRegressor(loss="squared_epsilon_insensitive"), lambda z: z),
    (GDLogisticClassifier(alpha=0.01, l1_ratio=1.0), lambda z: (z > 0).astype(int)),
    (GDLinearRegressor(alpha=0.01, l1_ratio=1.0), lambda z: z),
    (GDLogisticClassifier(average=True), lambda z: (z > 0).astype(int)),
    (GDLogisticClassifier(optimizer="adam", warm_start=True), lambda z: np.where(z > 0, "yes", "no")),
], ids=["two classes", "three classes", "ten classes", "L1 ten classes", "ten classes as they are", "squared error", "huber",
        "epsilon", "L1 classes", "L1", "mean", "adam"])  # fmt: skip
def test_a_tenth_of_the_rows(model, targets, variant, table, monkeypatch):
    """Rows in C order are read in place, and of no row much is remembered."""
    X, z = table
    assert peak_of(model.set_params(variant=variant), X, targets(z), monkeypatch) <= 0.1


@pytest.mark.parametrize("model", [
    GDLogisticClassifier(), GDLogisticClassifier(class_weight="balanced"), GDLinearRegressor(), GDLinearRegressor(loss="huber"),
], ids=["classes", "balanced", "squared error", "huber"])  # fmt: skip
def test_weights(model, variant, table, monkeypatch):
    """One more number for every row: as they are scaled, in X's precision."""
    X, z = table
    y = (z > 0).astype(int) if isinstance(model, GDLogisticClassifier) else z
    weights = np.random.default_rng(1).uniform(0.5, 2, N)
    peak = peak_of(model.set_params(variant=variant), X, y, monkeypatch, sample_weight=weights)
    assert peak <= (0.1 if X.dtype == np.float64 else 0.12)


def test_a_slope_for_every_row(table, monkeypatch):
    """As SAGA keeps it."""
    X, z = table
    peak = peak_of(GDLogisticClassifier("stochastic", optimizer="saga"), X, (z > 0).astype(int), monkeypatch)
    assert peak <= (0.1 if X.dtype == np.float64 else 0.12)


@pytest.mark.parametrize("model", [
    GDLogisticClassifier(early_stopping=True), GDLinearRegressor(early_stopping=True),
    GDLinearRegressor(loss="huber", early_stopping=True),
], ids=["classes", "squared error", "huber"])  # fmt: skip
def test_rows_held_out(model, variant, table, monkeypatch):
    """They are left out where they are."""
    X, z = table
    y = (z > 0).astype(int) if isinstance(model, GDLogisticClassifier) else z
    assert peak_of(model.set_params(variant=variant), X, y, monkeypatch) <= (0.1 if X.dtype == np.float64 else 0.12)
