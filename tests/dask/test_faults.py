"""Workers die, data is lost, clusters close, people interrupt: a fit recovers to the bit, or says at once what is the matter."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import dask.array as da
import numpy as np
import pytest
from dask import delayed
from distributed import Client, LocalCluster, wait
from numpy.testing import assert_array_equal

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.sources.dask import PartitionLostError


@pytest.fixture
def rows(make_problem):
    X, y, _ = make_problem("binary", n_samples=300)
    return X, y


def cut(array):
    return da.from_array(array, chunks=(50, *[-1] * (array.ndim - 1)))


class At:
    """A scorer that does something in one of the epochs."""

    def __init__(self, epoch, action):
        self.count, self.epoch, self.action = 0, epoch, action

    def __call__(self, model, X, y):
        self.count += 1
        if self.count == self.epoch:
            self.action()
        return model.score(X, y)


def watched(variant, X, y, action, **params):
    """A fit in whose fourth epoch something happens."""
    by = {"alpha": 1e-6, "optimizer": "gd", "max_iter": 8, "tol": None, "random_state": 0, **params}
    model = GDLogisticClassifier(variant, early_stopping=At(4, action), **by)
    return model.fit(cut(X), cut(y), X_val=X, y_val=y)


def kill(client, worker=0):
    """SIGKILL a worker's process."""
    pids = sorted(client.run(os.getpid).items())
    os.kill(pids[worker][1], signal.SIGKILL)


def test_killed_worker(variant, rows, processes):
    """Its partitions are computed again elsewhere, and the round is repeated: not a bit is different."""
    X, y = rows
    processes.wait_for_workers(2)
    undisturbed = watched(variant, X, y, lambda: None)
    model = watched(variant, X, y, lambda: kill(processes))
    assert_array_equal(model.coef_, undisturbed.coef_)
    assert_array_equal(model.loss_curve_, undisturbed.loss_curve_)
    processes.wait_for_workers(2)


def test_killed_worker_after_a_sample(rows, processes, monkeypatch):
    """The sample that a descent began on is drawn again with the rows, the same one."""
    X, y = rows
    monkeypatch.setattr("sk_gd.descent.sampled.LARGE_APART", 0)
    monkeypatch.setattr("sk_gd.descent.sampled.BROUGHT", 0)
    monkeypatch.setattr("sk_gd.descent.sampled.ENOUGH", 2)
    processes.wait_for_workers(2)
    undisturbed = watched("batch", X, y, lambda: None, optimizer="auto")
    model = watched("batch", X, y, lambda: kill(processes), optimizer="auto")
    assert "begun on 18 rows" in model.method_
    assert_array_equal(model.coef_, undisturbed.coef_)
    assert_array_equal(model.loss_curve_, undisturbed.loss_curve_)
    processes.wait_for_workers(2)


def test_killed_worker_beside_corners(rows, processes):
    """The slopes of its rows are led to where they were by the steps that they had followed."""
    X, _ = rows
    y = X.sum(axis=1) + np.random.default_rng(0).standard_t(2, size=len(X))
    processes.wait_for_workers(2)

    def fit(action):
        model = GDLinearRegressor(loss="quantile", alpha=0.1, early_stopping=At(4, action), max_iter=8, tol=None)
        return model.fit(cut(X), cut(y), X_val=X, y_val=y)

    undisturbed, model = fit(lambda: None), fit(lambda: kill(processes))
    assert_array_equal(model.coef_, undisturbed.coef_)
    assert_array_equal(model.loss_curve_, undisturbed.loss_curve_)
    processes.wait_for_workers(2)


def test_lost_partition(rows):
    """Scattered rows cannot be computed again: the error names them and has the best model; the last fit stays as it is."""
    X, y = rows
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as cluster, Client(cluster) as client:
        blocks = [client.scatter(X[i : i + 50], hash=False) for i in range(0, 300, 50)]
        A = da.concatenate([da.from_delayed(delayed(block), (50, X.shape[1]), X.dtype) for block in blocks])
        model = GDLogisticClassifier(optimizer="gd", max_iter=8, tol=None).fit(X, y)
        model.set_params(early_stopping=At(4, lambda: kill(client)))
        before, coef = vars(model).copy(), model.coef_.copy()
        with pytest.raises(PartitionLostError, match=r"Partition \d") as lost:
            model.fit(A, cut(y), X_val=X, y_val=y)
    assert vars(model) == before
    assert_array_equal(model.coef_, coef)
    best = lost.value.best
    restarted = GDLogisticClassifier(max_iter=1, tol=None).fit(X, y, coef_init=best["coef_"], intercept_init=best["intercept_"])
    assert restarted.loss_curve_[0] < GDLogisticClassifier(max_iter=1, tol=None).fit(X, y).loss_curve_[0]


def test_closed_cluster(rows):
    """An error, and soon."""
    X, y = rows
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as cluster, Client(cluster):
        began = time.monotonic()
        with pytest.raises(RuntimeError, match="closed"):
            watched("batch", X, y, cluster.close)
        assert time.monotonic() - began < 30  # rather than never


def test_two_fits_at_once(variant, rows, processes):
    """They share the workers and nothing else."""
    X, y = rows
    expected = GDLogisticClassifier(variant, random_state=0, max_iter=30).fit(cut(X), cut(y)).coef_
    with ThreadPoolExecutor(2) as pool:
        fit = lambda _: GDLogisticClassifier(variant, random_state=0, max_iter=30).fit(cut(X), cut(y)).coef_  # noqa: E731
        for coef in pool.map(fit, range(2)):
            assert_array_equal(coef, expected)


@pytest.mark.filterwarnings("ignore:coroutine 'ActorFuture._result' was never awaited")  # a signal may come before Dask awaits it
def test_interrupted(rows, processes):
    """Answered at once, though the fit waits for its workers; they are well, and the estimator is as it was."""
    X, y = rows
    model = GDLinearRegressor(optimizer="gd", max_iter=1_000_000, tol=None)
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)  # SIGINT may be ignored where tests run in the background
    signal.alarm(2)
    with pytest.raises(KeyboardInterrupt):
        model.fit(cut(X), cut(y.astype(float)))
    signal.signal(signal.SIGALRM, before)
    assert not hasattr(model, "coef_")
    again = GDLinearRegressor().fit(cut(X), cut(y.astype(float)))
    np.testing.assert_allclose(again.coef_, GDLinearRegressor().fit(X, y.astype(float)).coef_, rtol=1e-6)
    assert len(processes.run(os.getpid)) == 2
    wait(processes.map(abs, range(4)))
