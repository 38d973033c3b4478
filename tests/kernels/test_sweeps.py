"""The compiled sweeps equal the Python sweep on the same rows and rates, to rounding."""

import itertools

import numpy as np
import pytest
from scipy import sparse

from sk_gd import kernels
from sk_gd.optimizers import OPTIMIZERS
from tests.kernels.both_sweeps import PROBLEMS, assert_equal_sweeps, by_kernel, by_python, draw

ESTIMATES = ["plain", "svrg", "saga"]
CONTAINERS = ["dense", "csr", "csr64", "supported"]


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
    for rule, loss, n_outputs in (("gd", "log_loss", 1), ("momentum", "multinomial", 3)):  # one l2 for all columns: lazy
        a = draw(rng, n, d, loss, n_outputs, np.float64, optimizer=rule, l2=0.1, n_rows=n_rows, weighted=True)
        a["rates"] *= min(1.0, 10 / d)
        assert_equal_sweeps(a, batch_size, container)


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
