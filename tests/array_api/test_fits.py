"""A fit is the same wherever the rows are, and they stay there."""

import pickle
from dataclasses import dataclass

import array_api_strict
import numpy as np
import pytest
import torch

from sk_gd import GDLinearRegressor, GDLogisticClassifier, _array
from sk_gd._array import on_host
from sk_gd.estimators import _held_out
from sk_gd.estimators._rows import Rows
from sk_gd.losses import SquaredError
from sk_gd.optimizers import Optimizer
from sk_gd.sources import source_of

MODELS = {
    "regression": (GDLinearRegressor, {}, "regression"),
    "several outputs": (GDLinearRegressor, {"alpha": 0.01}, "multi-output"),
    "robust": (GDLinearRegressor, {"loss": "huber", "alpha": 0.01}, "regression"),
    "tube": (GDLinearRegressor, {"loss": "squared_epsilon_insensitive", "alpha": 0.01}, "regression"),
    "quantile": (GDLinearRegressor, {"loss": "quantile", "alpha": 0.01, "l1_ratio": 0.5}, "regression"),
    "insensitive": (GDLinearRegressor, {"loss": "epsilon_insensitive", "positive": True}, "multi-output"),
    "lasso": (GDLinearRegressor, {"alpha": 0.1, "l1_ratio": 1.0}, "regression"),
    "non-negative": (GDLinearRegressor, {"alpha": 0.01, "positive": True}, "regression"),
    "two classes": (GDLogisticClassifier, {}, "binary"),
    "softmax": (GDLogisticClassifier, {"class_weight": "balanced"}, "multinomial"),
    "sparse softmax": (GDLogisticClassifier, {"alpha": 0.02, "l1_ratio": 0.5}, "multinomial"),
    "early stopping": (GDLogisticClassifier, {"early_stopping": True, "alpha": 0.01}, "binary"),
    "by score": (GDLogisticClassifier, {"early_stopping": "accuracy", "alpha": 0.01}, "multinomial"),
    "averaged": (GDLinearRegressor, {"average": True, "max_iter": 5, "tol": None}, "regression"),
    # without an intercept: its gradient at the start is rounding, of which unit-free steps make a step
    "adam": (GDLinearRegressor, {"optimizer": "adam", "fit_intercept": False, "max_iter": 5, "tol": None}, "regression"),
    "textbook": (GDLogisticClassifier, {"preconditioner": None, "max_iter": 5, "tol": None}, "binary"),
}


def parameters(model):
    return np.column_stack([np.atleast_2d(on_host(model.coef_)), np.atleast_1d(on_host(model.intercept_))])


def assert_same(model, other, rtol=1e-6):
    expected = parameters(other)
    np.testing.assert_allclose(parameters(model), expected, rtol=rtol, atol=rtol * np.abs(expected).max())


@pytest.mark.parametrize("name", MODELS)
def test_same_as_numpy(place, variant, make_problem, name):
    """Every variant, loss, penalty and way to step finds what it finds in NumPy's arrays, visit by visit."""
    Estimator, params, target = MODELS[name]
    X, y, weights = make_problem(target, n_samples=40, weighted=True)
    params = {"random_state": 0, "batch_size": 12 if variant == "mini-batch" else "auto", **params}
    expected = Estimator(variant, **params).fit(X, y, weights)
    model = Estimator(variant, **params).fit(place(X), place(y), place(weights))
    assert type(model.coef_) is type(place(X)) is type(model.intercept_)
    assert_same(model, expected)
    assert model.method_ == expected.method_
    np.testing.assert_allclose(model.optimality_, expected.optimality_, atol=1e-6)


@pytest.mark.parametrize(("name", "n_features"), [("regression", 12), ("softmax", 12), ("softmax", 6)])
def test_many_features(place, make_problem, monkeypatch, name, n_features):
    """A Hessian that is known by its products alone, with and without a kink, in a block for every class or in a diagonal."""
    Estimator, _, target = MODELS[name]
    X, y, _ = make_problem(target, n_samples=150, n_features=n_features)
    monkeypatch.setattr("sk_gd.descent.objective.Objective.max_full", 8)
    for l1_ratio in (0.0, 0.5):
        params = {"alpha": 0.05, "l1_ratio": l1_ratio, "tol": 1e-8}
        model = Estimator(**params).fit(place(X), place(y))
        assert_same(model, Estimator(**params).fit(X, y), rtol=1e-4)


def test_a_rule_that_knows_numpy_alone(place, make_problem):
    """An optimizer of the user's gets NumPy's arrays, wherever the rows are."""

    @dataclass
    class Sign(Optimizer):
        unit_free = True

        def init(self, theta):
            return np.zeros((0, *theta.shape), theta.dtype)

        def direction(self, gradient, memory):
            return np.sign(gradient), memory

    X, y, _ = make_problem("regression", n_samples=40)
    params = {"optimizer": Sign(), "learning_rate": 0.01, "max_iter": 4, "tol": None, "random_state": 0}
    expected = GDLinearRegressor("mini-batch", batch_size=8, **params).fit(X, y)
    assert_same(GDLinearRegressor("mini-batch", batch_size=8, **params).fit(place(X), place(y)), expected)


def test_single_precision(place, make_problem):
    """float32 in, float32 out, but sums are float64: a loss over many rows has no drift."""
    X, y, _ = make_problem("regression", n_samples=200_000, n_features=3)
    X, y = X.astype(np.float32), (y + 100).astype(np.float32)
    model = GDLinearRegressor(alpha=0.1).fit(place(X), place(y))
    expected = GDLinearRegressor(alpha=0.1).fit(X.astype(float), y.astype(float))
    assert model.coef_.dtype == place(X).dtype
    np.testing.assert_allclose(model.history_["objective"][0], expected.history_["objective"][0], rtol=1e-6)
    assert_same(model, expected, rtol=1e-4)
    X, Y = np.abs(X) + 1, y[:, None]  # numbers above zero, whose sum grows and grows
    here, there = (source_of(rows, targets, None) for rows, targets in ((X.astype(float), Y), (place(X), place(Y))))
    theta = np.array([[1.0, 1.0, 1.0, 200.0]])
    exact, found = (source.value_and_gradient(SquaredError(), theta, np.empty((0, 0)))[1] for source in (here, there))
    assert np.abs(found - exact).max() < 1e-6 * np.abs(exact).max()


def test_a_device_without_double_precision(strict, make_problem, monkeypatch):
    """All that comes from it is float32, and a fit ends where rounding lets it."""
    bring, finest, types = _array.convert_to_numpy, _array.finest_dtype, set()
    coarse = lambda xp, device: xp.float32 if xp is array_api_strict else finest(xp, device)  # noqa: E731
    monkeypatch.setattr("sk_gd.estimators._data.finest_dtype", coarse)
    monkeypatch.setattr(_array, "finest_dtype", coarse)
    monkeypatch.setattr(_array, "FINEST", {})
    monkeypatch.setattr(_array, "convert_to_numpy", lambda x, xp: (types.add(str(x.dtype)), bring(x, xp))[1])
    for name in ("several outputs", "robust", "two classes", "sparse softmax"):
        Estimator, params, target = MODELS[name]
        X, y, weights = (part.astype(np.float32) for part in make_problem(target, n_samples=300, weighted=True))
        for variant in ("batch", "mini-batch"):
            model = Estimator(variant, random_state=0, **params).fit(strict(X), strict(y), strict(weights))
            assert_same(model, Estimator(variant, random_state=0, **params).fit(X, y, weights), rtol=1e-3)
    assert {kind.split(".")[-1] for kind in types} <= {"float32", "int64"}


def test_blocks_of_rows(place, make_problem, monkeypatch):
    """Rows that are worked on in several blocks give what they give in one."""
    X, y, weights = make_problem("multinomial", n_samples=1000, weighted=True)
    whole = GDLogisticClassifier(tol=1e-8).fit(place(X), place(y), place(weights))
    monkeypatch.setattr("sk_gd.sources.array_api.DEVICE_BLOCK", 2**9)
    assert_same(GDLogisticClassifier(tol=1e-8).fit(place(X), place(y), place(weights)), whole)


def test_warm_start(place, make_problem):
    """Ten epochs and ten more are twenty, also after a pickle has brought the model to the host in between."""
    X, y, _ = make_problem("binary", columns="raw")
    params = {"optimizer": "gd", "preconditioner": "diagonal", "tol": None}
    whole = GDLogisticClassifier(max_iter=20, **params).fit(place(X), place(y))
    model = GDLogisticClassifier(max_iter=10, warm_start=True, **params).fit(place(X), place(y))
    assert_same(pickle.loads(pickle.dumps(model)).fit(place(X), place(y)), whole, rtol=1e-10)


@pytest.mark.parametrize("params", [{"loss": "quantile"}, {"optimizer": "adam", "fit_intercept": False}, {"optimizer": "momentum"}])
def test_pickles_hold_no_arrays_of_the_library(place, variant, make_problem, params):
    """Nor does what a warm start or another chunk goes on with: that goes on beside the rows again, or among NumPy's."""
    X, y, _ = make_problem("regression")
    params = {"random_state": 0, "batch_size": 16 if variant == "mini-batch" else "auto", **params}
    how = {"max_iter": 3, "tol": None, "warm_start": True, **params}
    model = GDLinearRegressor(variant, **how).fit(place(X), place(y))
    pickled = pickle.dumps(model)
    assert b"torch" not in pickled
    assert b"array_api_strict" not in pickled
    model.fit(place(X), place(y))
    assert_same(pickle.loads(pickled).fit(place(X), place(y)), model)
    assert np.isfinite(parameters(pickle.loads(pickled).fit(X, y))).all()
    if "loss" not in params:
        chunks = [GDLinearRegressor(variant, **params) for _ in range(2)]
        for rows in (slice(0, 60), slice(60, 120)):
            chunks[0].partial_fit(X[rows], y[rows])
            chunks[1] = pickle.loads(pickle.dumps(chunks[1])).partial_fit(place(X[rows]), place(y[rows]))
        assert_same(*chunks)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tensors_in_the_memory_of_the_host(variant, make_problem, dtype):
    """They are read in place, by the same compiled code as NumPy's arrays, so that not a bit is other."""
    X, y, weights = (part.astype(dtype) for part in make_problem("multinomial", weighted=True))
    rows = torch.asarray(X)
    assert np.shares_memory(source_of(rows, torch.asarray(y[:, None]), None).X, rows.numpy())
    model = GDLogisticClassifier(variant, random_state=0).fit(rows, torch.asarray(y), torch.asarray(weights))
    expected = GDLogisticClassifier(variant, random_state=0).fit(X, y, weights)
    assert isinstance(model.coef_, torch.Tensor)
    np.testing.assert_array_equal(parameters(model), parameters(expected))


def test_start(place, make_problem):
    """Initial coefficients may be arrays of the library."""
    X, y, _ = make_problem("regression")
    start = {"coef_init": place(np.ones(5)), "intercept_init": place(np.array(2.0))}
    model = GDLinearRegressor("batch", optimizer="gd", max_iter=1, tol=None, record="path").fit(place(X), place(y), **start)
    np.testing.assert_array_equal(on_host(model.coef_path_)[0, 0], [1, 1, 1, 1, 1, 2])


def test_partial_fit(place, variant, make_problem):
    """Rows that come in chunks, labels that come late, weights."""
    X, y, weights = make_problem("multinomial", n_samples=150, weighted=True)
    y = np.sort(y)  # the last class comes with the last rows
    here, there = (GDLogisticClassifier(variant, random_state=0, class_weight="balanced") for _ in range(2))
    for rows in np.array_split(np.arange(150), 5):
        known = {"classes": [0, 1]} if not hasattr(here, "coef_") else {}
        here.partial_fit(X[rows], y[rows], sample_weight=weights[rows], **known)
        there.partial_fit(place(X[rows]), place(y[rows]), sample_weight=place(weights[rows]), **known)
        assert_same(there, here)
    regressors = [GDLinearRegressor(variant, random_state=0, loss="huber") for _ in range(2)]
    for rows in np.array_split(np.arange(150), 5):
        regressors[0].partial_fit(X[rows], X[rows, 0] + y[rows])
        regressors[1].partial_fit(place(X[rows]), place(X[rows, 0] + y[rows]))
    assert_same(*regressors[::-1])


def test_rows_of_weight_zero(place, make_problem):
    """A weight of zero leaves the row out, its label too."""
    X, y, _ = make_problem("multinomial", n_samples=90)
    weights = (y != 1).astype(float)
    model = GDLogisticClassifier(tol=1e-8).fit(place(X), place(y), place(weights))
    np.testing.assert_array_equal(model.classes_, [0, 2])
    assert_same(model, GDLogisticClassifier(tol=1e-8).fit(X[y != 1], y[y != 1]))


@pytest.mark.parametrize("stratified", [False, True])
def test_held_out_rows(place, stratified, rng):
    """The rows held out for validation are those that NumPy's would be, negative zeros and float32 included."""
    X = np.round(rng.normal(size=(80, 2)), 1).astype(np.float32)
    X[:4] = [[0.0, 1.0], [-0.0, 1.0], [0.0, 1.0], [-0.0, 1.0]]
    targets = rng.integers(0, 2, size=(80, 1)).astype(np.float32)
    learn, held = Rows(X, targets[:, 0], None, targets, None).split(0.3, stratified, seed=1)
    learn_there, held_there = Rows(place(X), place(targets[:, 0]), None, place(targets), None).split(0.3, stratified, seed=1)
    for here, there in ((learn, learn_there), (held, held_there)):
        np.testing.assert_array_equal(on_host(there.X), here.X)
        np.testing.assert_array_equal(on_host(there.targets), here.targets)


def test_rows_are_told_apart_in_tiles(rng, monkeypatch):
    """By NumPy, where they are in the host's memory: no call goes through all of them, for which Ctrl-C would wait."""
    X, tiles, mix = rng.normal(size=(80, 2)), [], _held_out.mix
    monkeypatch.setattr(_held_out, "TILE", 16)
    monkeypatch.setattr(_held_out, "mix", lambda patterns: tiles.append(patterns) or mix(patterns))
    keys = _held_out.fingerprints(torch.asarray(X), 0)
    assert all(isinstance(tile, np.ndarray) and tile.size <= 16 for tile in tiles)
    np.testing.assert_array_equal(keys, _held_out.fingerprints(X, 0))
