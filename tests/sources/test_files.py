"""Rows in memory-mapped files that may be larger than memory: the same coefficients, read in order, never piled up."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.descent.batching import Batching
from sk_gd.descent.objective import Objective
from sk_gd.sources.files import MIXED, StoredSource


@pytest.fixture
def large(monkeypatch):
    """The small files of a test count as large, and little of them may be held."""
    for name, value in {"LARGE": 0, "HELD": 2**12, "RUN": 2**10, "PICKED": 30}.items():
        monkeypatch.setattr(f"sk_gd.sources.files.{name}", value)


@pytest.fixture(params=["float64 C", "float32 F", "float64 F", "int16 C", "uint8 F", ">f8 C", "csr"])
def stored(request, tmp_path):
    """Write X to a file; return what is mapped from it, and X as it is in memory."""

    def on_file(name, values, order="C"):
        mapped = np.memmap(tmp_path / name, values.dtype, "w+", shape=values.shape, order=order)
        mapped[...] = values
        mapped.flush()
        return np.memmap(tmp_path / name, values.dtype, "r", shape=values.shape, order=order)

    def store(X):
        if request.param == "csr":
            X = sparse.csr_array(np.where(np.abs(X) > 1, X, 0.0))
            parts = X.data, X.indices.astype(np.int64), X.indptr.astype(np.int64)
            mapped = sparse.csr_array(X.shape)
            mapped.data, mapped.indices, mapped.indptr = (on_file(str(i), part) for i, part in enumerate(parts))
            return mapped, X
        dtype, order = request.param.split()
        X = (np.abs(X) * 20 if dtype == "uint8" else X * 20).astype(dtype)
        return on_file("X", X, order), np.array(X, order="C")

    return store


def test_same_as_in_memory(Estimator, variant, stored, large, problem_for):
    """A file that is read by blocks has the coefficients of the array, and predicts like it."""
    X, y, sample_weight = problem_for(Estimator, n_samples=1000, weighted=True)
    mapped, X = stored(X)
    sample_weight[::7] = 0
    model = Estimator(variant, alpha=0.01, random_state=0)
    coef = model.fit(mapped, y, sample_weight=sample_weight).coef_
    assert_allclose(model.predict(mapped), model.predict(X), rtol=1e-5 if X.dtype == np.float32 else 1e-12)
    model.fit(X, y, sample_weight=sample_weight)
    assert_allclose(coef, model.coef_, rtol=1e-3 if X.dtype == np.float32 else 1e-6)
    assert coef.dtype == model.coef_.dtype


@pytest.mark.parametrize("params", [{"early_stopping": True}, {"early_stopping": "accuracy"}, {"optimizer": "adam"},
                                    {"preconditioner": None, "optimizer": "momentum"}, {"l1_ratio": 1.0}])  # fmt: skip
def test_any_method_on_a_file(variant, stored, large, make_problem, params):
    """What is held out, scored, or swept in any way is read by blocks as well."""
    X, y, _ = make_problem("binary", n_samples=1000)
    mapped, X = stored(X)
    params = {"max_iter": 5, "tol": None, "shuffle": False, "alpha": 0.01, "random_state": 0, **params}
    ours, theirs = (GDLogisticClassifier(variant, **params).fit(rows, y) for rows in (mapped, X))
    assert_allclose(ours.coef_, theirs.coef_, rtol=1e-6 if X.dtype != np.float32 else 1e-2, atol=1e-7)


@pytest.mark.parametrize("n_samples", [400, 4])
def test_losses_with_corners_on_a_file(stored, large, make_problem, monkeypatch, n_samples):
    """With more rows than features, and with fewer, which in memory are solved among the rows where features are many."""
    monkeypatch.setattr(Objective, "max_full", 4 if n_samples == 4 else Objective.max_full)
    X, y, _ = make_problem(n_samples=n_samples)
    mapped, X = stored(X)
    ours, theirs = (GDLinearRegressor(loss="quantile", alpha=0.1, tol=1e-6).fit(rows, y) for rows in (mapped, X))
    assert_allclose(ours.predict(X), theirs.predict(X), atol=1e-2 * y.std())


def test_default_batch_takes_a_handful_of_sequential_reads(Estimator, stored, large, problem_for, monkeypatch):
    """Every row is read as often as the history says, one read for what proves the gap included, always from first to last."""
    X, y, _ = problem_for(Estimator, n_samples=2000)
    mapped, _ = stored(X)
    read = []
    original = StoredSource.fused_pass
    monkeypatch.setattr(StoredSource, "ranges", lambda self, n_outputs=1: [slice(i, i + 100) for i in range(0, 2000, 100)])
    monkeypatch.setattr(StoredSource, "fused_pass", lambda self, *args: read.append(args[-1].start) or original(self, *args))
    monkeypatch.setattr("sk_gd._threads.n_threads", lambda: 1)
    model = Estimator().fit(mapped, y)
    assert model.converged_
    assert len(read) / 20 <= model.history_["passes"][-1] <= 9
    assert_array_equal(np.reshape(read, (-1, 20)), np.broadcast_to(100 * np.arange(20), (len(read) // 20, 20)))


def test_order_of_visits():
    """Runs of rows come in random order and are mixed with those that come next: every row once, few runs at a time."""
    n, run = 100 * 64 * MIXED, 64
    assert_array_equal(np.sort(Batching(1).order(n - 7, np.random.default_rng(0), run, MIXED)), np.arange(n - 7))
    order = Batching(1).order(n, np.random.default_rng(0), run, MIXED)
    for mixed in order.reshape(-1, run * MIXED):
        assert len(np.unique(mixed // run)) == MIXED
    assert np.abs(np.corrcoef(order[:-1], order[1:])[0, 1]) < 0.06
    assert_array_equal(Batching(1, shuffle=False).order(n, np.random.default_rng(0), run, MIXED), np.arange(n))


def test_visits_stay_near(tmp_path, large, make_problem, monkeypatch):
    """A stochastic epoch has to look into few of the file's 200 runs at a time."""
    monkeypatch.setattr("sk_gd.sources.files.CHUNK", 1)
    X, y, _ = make_problem(n_samples=5000)
    np.save(tmp_path / "X.npy", X)
    run, taken, take = 2**10 // X[0].nbytes, [], StoredSource.take
    monkeypatch.setattr(StoredSource, "take", lambda self, rows: taken.append(rows) or take(self, rows))
    GDLinearRegressor("stochastic", optimizer="gd", max_iter=1, tol=None).fit(np.load(tmp_path / "X.npy", mmap_mode="r"), y)
    visits = [rows for rows in taken if isinstance(rows, np.ndarray)]
    assert_array_equal(np.sort(np.concatenate(visits)), np.arange(5000))
    assert max(len(np.unique(rows // run)) for rows in visits) <= 3 * MIXED < 5000 // run


def test_sorted_file_is_learned_from(stored, large, make_problem, Judge):
    """Rows that lie sorted by label are mixed well enough for a stochastic descent."""
    X, y, _ = make_problem("binary", n_samples=5000)
    rows = np.argsort(y, kind="stable")
    mapped, X = stored(X[rows])
    model = GDLogisticClassifier("stochastic", alpha=0.01, random_state=0).fit(mapped, y[rows])
    assert model.converged_
    whole = GDLogisticClassifier(alpha=0.01).fit(X, y[rows])
    assert_allclose(model.predict_proba(X), whole.predict_proba(X), atol=0.02)


def test_changes_in_a_private_mapping_stay(tmp_path, large, make_problem):
    """What was written to a copy-on-write mapping lives in its pages alone: they are kept."""
    X, y, _ = make_problem(n_samples=1000)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="c")
    mapped[:] = 2 * X
    model = GDLinearRegressor().fit(mapped, y)
    assert_array_equal(mapped, 2 * X)
    assert_allclose(2 * model.coef_, GDLinearRegressor().fit(X, y).coef_)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_found(Estimator, tmp_path, large, problem_for, bad):
    """In the last row, in either order, dense and sparse; and an index beyond the columns."""
    X, y, _ = problem_for(Estimator, n_samples=1000)
    X[-1, -1] = bad
    np.save(tmp_path / "X.npy", np.asfortranarray(X))
    np.save(tmp_path / "T.npy", X)
    rows = sparse.csr_array(X)
    np.save(tmp_path / "data.npy", rows.data)
    rows.data = np.load(tmp_path / "data.npy", mmap_mode="r")
    for mapped in (np.load(tmp_path / "X.npy", mmap_mode="r"), np.load(tmp_path / "T.npy", mmap_mode="r"), rows):
        with pytest.raises(ValueError, match=r"Input X contains (NaN|infinity)"):
            Estimator().fit(mapped, y)
    rows.data = np.load(tmp_path / "data.npy", mmap_mode="r")
    rows.data = np.where(np.isfinite(rows.data), rows.data, 0.0)
    np.save(tmp_path / "data.npy", rows.data)
    rows.data = np.load(tmp_path / "data.npy", mmap_mode="r")
    rows.indices[-1] = 5
    with pytest.raises(ValueError, match="indices from 0 to 5, not from 0 to 4"):
        Estimator().fit(rows, y)


@pytest.mark.parametrize("options", [[], ["--order", "F"], ["--csr"]])
def test_resident_memory(options, tmp_path):
    """The benchmark of files, small: 300 MB are fitted and predicted in less than a copy of them takes, mapped pages included."""
    command = [sys.executable, "-m", "benchmarks.files", "--gb", "0.3", "--tasks", "classifier", "--dir", str(tmp_path), *options]
    result = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
    told = json.loads(result.stdout)
    assert told["above_with_predict_MB"] < 250
    assert told["optimality"] < 1e-4
    assert told["passes"] < 8
