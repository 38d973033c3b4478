"""Streams as others feed them: blocks that a generator reads, Dask-ML's Incremental, one row at a time in raw units."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sk_gd import GDLinearRegressor


def blocks(path, y, size):
    """Rows of a file, some at a time, as whoever cannot hold them would read them."""
    X = np.load(path, mmap_mode="r")
    for start in range(0, len(X), size):
        yield np.array(X[start : start + size]), y[start : start + size]


def test_generator_of_blocks(tmp_path, make_problem):
    """Batch descent on the squared error ends where a fit on the whole file does."""
    X, y, _ = make_problem(columns="raw", n_samples=2000)
    np.save(tmp_path / "X.npy", X)
    model = GDLinearRegressor()
    for part in blocks(tmp_path / "X.npy", y, 130):
        model.partial_fit(*part)
    assert_allclose(model.coef_, GDLinearRegressor(tol=1e-14).fit(np.load(tmp_path / "X.npy", mmap_mode="r"), y).coef_, rtol=1e-6)


def test_incremental_of_dask_ml(Estimator, variant, problem_for):
    """Its blocks come to partial_fit one after the other, whatever the order in which Dask has them ready."""
    dask_array = pytest.importorskip("dask.array")
    wrappers = pytest.importorskip("dask_ml.wrappers")
    X, y, _ = problem_for(Estimator, columns="raw", n_samples=2000)
    kwargs = {} if Estimator is GDLinearRegressor else {"classes": [0, 1]}
    wrapped = wrappers.Incremental(Estimator(variant, random_state=0), shuffle_blocks=False)
    wrapped.fit(dask_array.from_array(X, chunks=(100, -1)), dask_array.from_array(y, chunks=100), **kwargs)
    model = Estimator(variant, random_state=0)
    for start in range(0, 2000, 100):
        model.partial_fit(X[start : start + 100], y[start : start + 100], **kwargs)
    assert_array_equal(wrapped.estimator_.coef_, model.coef_)
    assert wrapped.score(X, y) > 0.98 * Estimator().fit(X, y).score(X, y)


@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
def test_raw_units_row_by_row(Estimator, variant, l1_ratio, problem_for):
    """From the first row on, a stream in mixed raw units has the predictions of the same stream in units of one size."""
    X, y, _ = problem_for(Estimator, n_samples=80)
    units = np.array([1e-6, 1e-3, 1.0, 1e4, 1e8])
    alpha = 0.01 if l1_ratio else 0.0
    in_units = alpha * units  # a penalty is felt in a column's unit
    kwargs = {} if Estimator is GDLinearRegressor else {"classes": [0, 1]}
    raw = Estimator(variant, alpha=in_units, l1_ratio=l1_ratio, random_state=0)
    scaled = Estimator(variant, alpha=alpha, l1_ratio=l1_ratio, random_state=0)
    for i in range(80):
        raw.partial_fit(X[i : i + 1] * units, y[i : i + 1], **kwargs)
        scaled.partial_fit(X[i : i + 1], y[i : i + 1], **kwargs)
        assert np.isfinite(raw.coef_).all()
        if i in (0, 1, 9, 79):
            theirs = scaled.predict(X) if Estimator is GDLinearRegressor else scaled.decision_function(X)
            ours = raw.predict(X * units) if Estimator is GDLinearRegressor else raw.decision_function(X * units)
            assert_allclose(ours, theirs, rtol=1e-3, atol=1e-3 * np.abs(theirs).max())
    if not l1_ratio:  # whose diagonal metric takes longer
        assert raw.score(X * units, y) > 0.9 * Estimator(alpha=alpha).fit(X, y).score(X, y)
