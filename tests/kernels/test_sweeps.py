"""The compiled sweeps equal the Python sweep on the same rows and rates, to rounding."""

import itertools

import numpy as np
import pytest
from scipy import sparse

from sk_gd import kernels
from sk_gd.kernels.reference import sweep
from sk_gd.losses import Cornered, LogLoss, Multinomial, Piecewise, SquaredError
from sk_gd.optimizers import OPTIMIZERS, AdaGrad, Adam, Momentum, RMSProp
from sk_gd.sources import DenseSource

LOSSES = {"squared_error": SquaredError, "log_loss": LogLoss, "multinomial": lambda: Multinomial(3),
          "piecewise": lambda: Piecewise(0.1, 0.5, 0.6), "cornered": lambda: Cornered(0.1, 0.5, 0.6, radius=0.2)}
TOLERANCE = {np.float64: 1e-12, np.float32: 5e-5}
PROBLEMS = [("squared_error", 1), ("squared_error", 3), ("log_loss", 1), ("multinomial", 3), ("piecewise", 1), ("piecewise", 2),
            ("cornered", 1)]  # fmt: skip
ESTIMATES = ["plain", "svrg", "saga"]
CONTAINERS = ["dense", "csr", "csr64", "supported"]


def draw(
    rng,
    n,
    d,
    loss,
    n_outputs,
    dtype,
    *,
    intercept=True,
    estimate="plain",
    optimizer="gd",
    l2=0.0,
    l1=0.0,
    positive=False,
    weighted=False,
    n_rows=None,
    averaged=False,
):
    """All arguments of a sweep over random rows, some of them empty, in an order with repeats."""
    X = (rng.normal(size=(n, d)) * (rng.random((n, d)) < 0.4)).astype(dtype)
    targets = {
        "squared_error": lambda: rng.normal(size=(n, n_outputs)),
        "piecewise": lambda: rng.normal(size=(n, n_outputs)),
        "cornered": lambda: rng.normal(size=(n, n_outputs)),
        "log_loss": lambda: rng.integers(0, 2, (n, 1)),
        "multinomial": lambda: rng.integers(0, 3, (n, 1)),
    }
    width, n_rows = d + intercept, 2 * n + 3 if n_rows is None else n_rows
    rule = OPTIMIZERS[optimizer]()
    reduced = (n, n_outputs) if estimate != "plain" else (0, 0)
    theta = rng.normal(size=(n_outputs, width)).astype(dtype)
    theta[:, :d] = np.abs(theta[:, :d]) if positive else theta[:, :d]
    return {
        "X": X,
        "y": targets[loss]().astype(dtype),
        "weights": rng.gamma(1.0, size=n if weighted else 0).astype(dtype),
        "rows": rng.integers(0, n, n_rows),
        "rates": rng.uniform(0.01, 0.1, n_rows),
        "theta": theta,
        "loss": LOSSES[loss](),
        "optimizer": rule,
        "memory": rule.direction(rng.normal(size=theta.shape).astype(dtype), rule.init(theta))[1],
        "l2": np.broadcast_to(l2, d).astype(float),
        "l1": np.broadcast_to(l1, d).astype(float),
        "positive": positive,
        "slopes": rng.normal(size=reduced).astype(dtype),
        "anchor": 0.1 * rng.normal(size=theta.shape if estimate != "plain" else (0, 0)).astype(dtype),
        "refresh": estimate == "saga",
        "n_samples": n,
        "sums": rng.normal(size=theta.shape if averaged else (0, 0)),
    }


def support_of(X, container):
    stored = np.count_nonzero(X, axis=0)
    return np.divide(len(X), stored, out=np.zeros(X.shape[1]), where=stored > 0) if container == "supported" else np.empty(0)


def by_python(a, batch_size, container="dense"):
    """Loss and arrays after the Python sweep."""
    out = {name: a[name].copy() for name in ("theta", "memory", "slopes", "anchor", "sums")}
    weights = a["weights"] if len(a["weights"]) else None
    batches = [a["rows"][start : start + batch_size] for start in range(0, len(a["rows"]), batch_size)]
    loss = sweep(
        DenseSource(a["X"], a["y"], weights).take, batches, a["rates"], out["theta"],
        value_and_slope=a["loss"].value_and_slope, optimizer=a["optimizer"], memory=out["memory"], l2=a["l2"],
        l1=a["l1"], positive=a["positive"], slopes=out["slopes"], anchor=out["anchor"], refresh=a["refresh"],
        n_samples=a["n_samples"], support=support_of(a["X"], container), sums=out["sums"],
    )  # fmt: skip
    return loss, out


def by_kernel(a, batch_size, container="dense"):
    """Loss and arrays after the compiled sweep, its inputs read-only."""
    out = {name: a[name].copy() for name in ("theta", "memory", "slopes", "anchor", "sums")}
    for name in ("X", "y", "weights", "rows", "rates", "l2", "l1"):
        a[name].flags.writeable = False
    common = (
        a["y"], a["weights"], a["rows"], batch_size, a["rates"], out["theta"], a["loss"].pointwise, a["loss"].hyper(), a["l2"],
        a["l1"], a["positive"], a["optimizer"].kernel, a["optimizer"].hyper(), out["memory"], out["slopes"], out["anchor"],
        a["refresh"], a["n_samples"],
    )  # fmt: skip
    if container == "dense":
        return kernels.sweep_dense(a["X"], *common, out["sums"]), out
    X = sparse.csr_array(a["X"])
    index = np.int64 if container == "csr64" else np.int32
    for i in range(len(a["X"])):  # the order within a row is nobody's promise
        row = slice(X.indptr[i], X.indptr[i + 1])
        X.indices[row], X.data[row] = X.indices[row][::-1].copy(), X.data[row][::-1].copy()
    parts = X.data, X.indices.astype(index), X.indptr.astype(index)
    for part in parts:
        part.flags.writeable = False
    return kernels.sweep_csr(*parts, a["X"].shape[1], *common, support_of(a["X"], container), out["sums"]), out


def assert_equal_sweeps(a, batch_size, container):
    loss, expected = by_python(a, batch_size, container)
    met, found = by_kernel(a, batch_size, container)
    tolerance = TOLERANCE[a["X"].dtype.type]
    assert isinstance(met, float)
    np.testing.assert_allclose(met, loss, rtol=tolerance)
    for name, value in expected.items():
        scale = np.abs(value).max(initial=1.0)
        np.testing.assert_allclose(found[name], value, rtol=tolerance, atol=tolerance * scale, err_msg=name)


@pytest.mark.parametrize("batch_size", [1, 3, 8, 23])
@pytest.mark.parametrize(("loss", "n_outputs"), PROBLEMS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("estimate", ESTIMATES)
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_kernel_equals_python(dtype, container, estimate, optimizer, loss, n_outputs, batch_size):
    """Over intercept, weights and penalties: half of all combinations, in which every three of them meet in every way."""
    rng = np.random.default_rng(batch_size)
    for intercept, l2, l1 in itertools.product([False, True], [0.0, 0.3], [0.0, 0.2]):
        options = {"intercept": intercept, "l2": l2, "l1": l1, "weighted": intercept ^ bool(l2) ^ bool(l1)}
        options["averaged"] = estimate == "plain" and container != "supported"
        options["positive"] = intercept == bool(l1)
        a = draw(rng, 23, 11, loss, n_outputs, dtype, estimate=estimate, optimizer=optimizer, **options)
        assert_equal_sweeps(a, batch_size, container)


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("batch_size", [1, 5, 700])
@pytest.mark.parametrize(("n", "d", "n_rows"), [(1, 1, 1), (1, 1, 5), (700, 1, 1400), (1000, 40, 2100), (30, 600, 90)])
def test_sizes_at_the_edges(n, d, n_rows, batch_size, container):
    """One row, one column, blocks that do and do not fill up, with penalties of their own for each column."""
    rng = np.random.default_rng(n + d)
    penalties = {"l2": rng.uniform(0, 0.2, d), "l1": rng.uniform(0, 0.1, d)}
    for estimate in ESTIMATES:
        averaged = estimate == "plain" and container != "supported"
        a = draw(rng, n, d, "log_loss", 1, np.float64, estimate=estimate, n_rows=n_rows, averaged=averaged, **penalties)
        a["rates"] *= min(1.0, 10 / d)
        assert_equal_sweeps(a, batch_size, container)


@pytest.mark.parametrize("rate", [0.1, 2.0, 5.0, 40.0])
@pytest.mark.parametrize("l1", [0.0, 1e-3])
@pytest.mark.parametrize("positive", [False, True])
def test_lazy_decay_survives_any_step(rate, l1, positive):
    """The common factor 1 - rate * l2 shrinks fast, vanishes, or turns negative."""
    rng = np.random.default_rng(0)
    a = draw(rng, 40, 6, "log_loss", 1, np.float64, l2=0.5, l1=l1, positive=positive, n_rows=120, averaged=True)
    a["rates"] = np.full(120, rate)
    a["X"] = 1e-3 * a["X"]
    if rate > 4:
        a["rows"] = a["rows"][:12]
    for batch_size in (1, 4):
        assert_equal_sweeps(a, batch_size, "csr")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("loss", "n_outputs"), PROBLEMS)
@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("beta", [0.0, 0.3, 0.9, 0.99])
def test_lazy_momentum_survives_many_updates(beta, nesterov, loss, n_outputs, dtype):
    """Columns that no row touches go on moving: over hundreds of updates, with rates that change."""
    rng = np.random.default_rng(0)
    for rate, l2, intercept in ((0.05, 0.0, True), (0.05, 0.5, False), (2.0, 0.5, True)):
        a = draw(rng, 40, 30, loss, n_outputs, dtype, l2=l2, intercept=intercept, n_rows=400, optimizer="momentum")
        a["X"] *= (rng.random(a["X"].shape) < 0.1) * dtype(min(1.0, 0.3 / rate))
        a["optimizer"] = Momentum(beta=beta, nesterov=nesterov)
        a["rates"] = rng.uniform(0, rate, 400) * (1 - beta)
        for batch_size in (1, 4):
            assert_equal_sweeps(a, batch_size, "csr")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", ["squared_error", "log_loss", "cornered"])
@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize(("rate", "l2"), [(0.1, 0.0), (0.1, 0.5), (2.0, 0.5), (3.0, 0.5)])
def test_steps_along_the_anchor_survive_many_updates(rate, l2, intercept, loss, dtype):
    """Columns that no row touches move along the anchor: over hundreds of updates, while the common factor vanishes or turns."""
    rng = np.random.default_rng(0)
    a = draw(rng, 40, 30, loss, 1, dtype, l2=l2, intercept=intercept, n_rows=400, estimate="svrg", weighted=True)
    a["X"] *= (rng.random(a["X"].shape) < 0.1) * dtype(min(1.0, 0.3 / rate))
    a["rates"] = rng.uniform(0, rate, 400)
    assert_equal_sweeps(a, 1, "csr")


ADAPTIVE = [AdaGrad(), RMSProp(), RMSProp(rho=0.0), Adam(), Adam(beta_1=0.0), Adam(beta_1=0.99, beta_2=0.9999),
            Adam(epsilon=1e-3), Adam(epsilon=10.0), Adam(beta_2=0.8), Adam(weight_decay=0.1)]  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("loss", "n_outputs"), PROBLEMS)
@pytest.mark.parametrize("rule", ADAPTIVE, ids=repr)
def test_lazy_adaptive_updates_survive_many_others(rule, loss, n_outputs, dtype):
    """Columns that no row touches wait for it: over hundreds of updates, with rates that change, from a memory and from none."""
    rng = np.random.default_rng(0)
    for intercept, positive, begun in ((True, False, True), (False, True, False), (True, True, True)):
        a = draw(rng, 40, 30, loss, n_outputs, dtype, intercept=intercept, positive=positive, n_rows=400, optimizer="adam")
        a["X"] *= rng.random(a["X"].shape) < 0.1
        memory = rule.init(a["theta"])
        gradient = rng.normal(size=a["theta"].shape).astype(dtype)
        a |= {"optimizer": rule, "memory": rule.direction(gradient, memory)[1] if begun else memory}
        a["rates"] = rng.uniform(0, 0.01, 400)
        for batch_size in (1, 4):
            assert_equal_sweeps(a, batch_size, "csr")


@pytest.mark.parametrize("optimizer", ["gd", "momentum", "adam"])
def test_more_outputs_than_are_summed_at_a_time(optimizer):
    a = draw(np.random.default_rng(0), 40, 9, "squared_error", 19, np.float64, optimizer=optimizer, l2=0.1)
    for container, batch_size in itertools.product(["dense", "csr"], [1, 6]):
        assert_equal_sweeps(a, batch_size, container)


def test_duplicate_entries_are_summed():
    rng = np.random.default_rng(0)
    a = draw(rng, 20, 4, "squared_error", 1, np.float64, l2=0.1, l1=0.1)
    _, expected = by_python(a, 3)
    X = sparse.csr_array(a["X"])
    doubled = sparse.csr_array((np.repeat(X.data, 2) / 2, np.repeat(X.indices, 2), 2 * X.indptr), shape=X.shape)
    theta = a["theta"].copy()
    kernels.sweep_csr(
        doubled.data, doubled.indices, doubled.indptr, 4, a["y"], a["weights"], a["rows"], 3, a["rates"], theta, 0, np.empty(0),
        a["l2"], a["l1"], False, 0, np.empty(0), a["memory"], a["slopes"], a["anchor"], False, 20, np.empty(0), a["sums"],
    )  # fmt: skip
    np.testing.assert_allclose(theta, expected["theta"], rtol=1e-12)


@pytest.mark.parametrize("container", ["dense", "csr"])
def test_not_a_number_is_not_hidden(container):
    a = draw(np.random.default_rng(0), 20, 4, "log_loss", 1, np.float64, l1=0.5)
    a["X"][0] = np.nan
    a["rows"] = np.array([0, 1])
    loss, out = by_kernel(a, 1, container)
    assert np.isnan(loss)
    assert np.isnan(out["theta"]).all()


def test_no_rows_no_change():
    for container in CONTAINERS:
        a = draw(np.random.default_rng(0), 20, 4, "log_loss", 1, np.float64, l1=0.5, n_rows=0)
        loss, out = by_kernel(a, 1, container)
        assert loss == 0.0
        np.testing.assert_array_equal(out["theta"], a["theta"])


@pytest.mark.parametrize("container", ["dense", "csr"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("y", np.zeros((19, 1))),
        ("y", np.zeros((20, 2))),
        ("weights", np.ones(19)),
        ("rows", np.array([20])),
        ("rows", np.array([-1])),
        ("rates", np.ones(1)),
        ("theta", np.zeros((1, 3))),
        ("l2", np.zeros(3)),
        ("l1", np.zeros(5)),
        ("memory", np.zeros((0, 1, 5))),
        ("slopes", np.zeros((19, 1))),
        ("anchor", np.zeros((1, 4))),
        ("sums", np.zeros((1, 4))),
        ("refresh", True),
    ],
)
def test_wrong_shapes_are_refused(container, name, value):
    a = draw(np.random.default_rng(0), 20, 4, "log_loss", 1, np.float64, optimizer="momentum")
    with pytest.raises(ValueError, match=name):
        by_kernel({**a, name: value}, 1, container)


@pytest.mark.parametrize("container", ["dense", "csr"])
def test_no_sums_beside_an_anchor(container):
    a = draw(np.random.default_rng(0), 20, 4, "log_loss", 1, np.float64, estimate="saga", averaged=True)
    with pytest.raises(ValueError, match="sums beside an anchor"):
        by_kernel(a, 1, container)
