"""A dask.array larger than memory, from HDF5 or Zarr: its chunks are read one after the other, and not kept."""

import dask.array as da
import h5py
import numpy as np
import pytest
import zarr
from distributed import Client
from numpy.testing import assert_allclose

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.sources import chunked

CHUNK = 130


@pytest.fixture
def large(monkeypatch):
    """The small arrays of a test count as larger than memory."""
    monkeypatch.setattr(chunked, "SHARE", 0.0)


@pytest.fixture(params=["HDF5", "Zarr"])
def stored(request, tmp_path):
    """Write X to a file, and open it as a dask.array that tells which rows it reads."""

    def store(X):
        if request.param == "HDF5":
            file = h5py.File(tmp_path / "X.h5", "w")
            file["X"] = X
        else:
            file = zarr.open_group(tmp_path / "X.zarr", mode="w")
            file.create_array("X", shape=X.shape, dtype=X.dtype, chunks=(CHUNK, X.shape[1]))[:] = X
        read = []

        def tell(block, block_info):
            read.append(block_info[0]["chunk-location"][0])
            return block

        mapped = da.from_array(file["X"], chunks=(CHUNK, 3)).rechunk((CHUNK, -1))
        return mapped.map_blocks(tell, dtype=X.dtype, meta=np.empty((0, 0), X.dtype)), read

    return store


def test_same_as_in_memory(Estimator, variant, stored, large, problem_for, monkeypatch):
    """Without a cluster; the coefficients are those of the array in memory, and predictions are lazy as ever."""
    monkeypatch.setattr("sk_gd.estimators._dask.cluster", None)
    X, y, sample_weight = problem_for(Estimator, n_samples=1000, weighted=True)
    sample_weight[::7] = 0
    model = Estimator(variant, alpha=0.01, random_state=0, tol=1e-9)
    coef = model.fit(X, y, sample_weight=sample_weight).coef_
    lazy, _ = stored(X)
    model.fit(lazy, da.from_array(y, chunks=100), sample_weight=sample_weight)
    assert_allclose(model.coef_, coef, rtol=1e-6)
    assert_allclose(model.predict(lazy).compute(), model.predict(X))


def test_chunks_are_read_in_order(Estimator, stored, large, problem_for):
    """As often as the history says, and once more to look at the numbers; whole numbers as well."""
    X, y, _ = problem_for(Estimator, n_samples=1000)
    lazy, read = stored((20 * X).astype(np.int16))
    model = Estimator().fit(lazy, y)
    n_chunks = -(-1000 // CHUNK)
    assert model.converged_
    assert len(read) / n_chunks <= model.history_["passes"][-1] + 3  # that, the proof of the gap, and its metric
    assert read[: 2 * n_chunks] == 2 * list(range(n_chunks))


@pytest.mark.parametrize("params", [{"early_stopping": True}, {"early_stopping": "accuracy"}, {"class_weight": "balanced"}])
def test_held_out_and_weighted(stored, large, make_problem, params):
    """Rows that are held out are read where they are, or brought for a scorer; collections beside X are computed."""
    X, y, _ = make_problem("binary", n_samples=1000)
    lazy, _ = stored(X)
    ours, theirs = (GDLogisticClassifier(alpha=0.01, random_state=0, **params).fit(rows, y) for rows in (lazy, X))
    assert_allclose(ours.coef_, theirs.coef_, rtol=1e-6)
    if "early_stopping" in params:
        ours.fit(lazy, y, X_val=lazy[:100], y_val=da.from_array(y[:100]))


def test_only_some_chunks_are_kept(stored, large, make_problem):
    """One for every thread, and one more."""
    X, _, _ = make_problem(n_samples=1000)
    lazy, _ = stored(X)
    rows = chunked.Chunked(lazy)
    for start in range(0, 1000, 50):
        assert_allclose(rows[start : start + 50], X[start : start + 50])
        assert len(rows.kept) <= chunked.n_threads() + 1
    some = np.array([0, 129, 130, 131, 640, 999])
    assert_allclose(rows[some], X[some])


def test_not_finite(stored, large, make_problem):
    """Is seen when the chunk is read; the estimator stays as it was."""
    X, y, _ = make_problem(n_samples=1000)
    X[777, 3] = np.nan
    model = GDLinearRegressor()
    with pytest.raises(ValueError, match="Input X contains NaN"):
        model.fit(stored(X)[0], y)
    assert not hasattr(model, "coef_")


def test_a_cluster_comes_first(large, monkeypatch):
    """What there is a client for, or what fits in memory, is for Dask."""
    X = da.zeros((100, 3), chunks=(10, 3))
    assert chunked.is_chunked(X)
    assert not chunked.is_chunked(X[X[:, 0] > 0])  # of a size that nobody knows
    with Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=":0"):
        assert not chunked.is_chunked(X)
    monkeypatch.undo()
    assert not chunked.is_chunked(X)
