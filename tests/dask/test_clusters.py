"""Where a fit runs: on a cluster of its own, on the current one, inside a task; the result has the same bits everywhere."""

import io
import pickle
import sys
import time

import dask.array as da
import numpy as np
import pytest
from distributed import Client, LocalCluster
from numpy.testing import assert_allclose, assert_array_equal

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.descent import Objective
from sk_gd.descent.part import Part
from sk_gd.losses import LogLoss, Multinomial, SquaredError
from sk_gd.penalties import ElasticNet
from sk_gd.sources import source_of
from sk_gd.sources.dask import Team, shared_out


@pytest.fixture
def rows(make_problem):
    X, y, _ = make_problem("binary", n_samples=300)
    return da.from_array(X, chunks=(50, -1)), da.from_array(y, chunks=50)


def fitted(variant, A, b):
    return GDLogisticClassifier(variant, tol=1e-8, max_iter=40, random_state=0).fit(A, b)


def test_any_number_of_workers(variant, rows):
    """No client: a local cluster is made for the fit, and gone after it. One, two and three workers: the same bits."""
    alone = fitted(variant, *rows)
    with pytest.raises(ValueError, match="No clients"):
        Client.current()
    for n_workers in (2, 3):
        how = {"threads_per_worker": 1, "processes": False, "dashboard_address": ":0"}
        with LocalCluster(n_workers=n_workers, **how) as cluster, Client(cluster):
            model = fitted(variant, *rows)
        assert_array_equal(model.coef_, alone.coef_)
        assert_array_equal(model.loss_curve_, alone.loss_curve_)


def test_placement(variant, rows, threads):
    """All partitions on one worker, or some on each; a worker gets no more than its share."""
    assert shared_out([("a",), ("a",), ("a",), ("gone",), ("a", "b"), ()], ["a", "b", "c"]) == {
        "a": [0, 1],
        "b": [4, 3],
        "c": [2, 5],
    }
    A, b = rows
    first = next(iter(threads.scheduler_info()["workers"]))
    here = threads.persist([A, b], workers=[first])
    assert_array_equal(fitted(variant, *here).coef_, fitted(variant, A, b).coef_)


def test_nothing_stays_behind(variant, rows, threads):
    """After a fit, and after one that was refused, the cluster holds nothing of theirs."""
    A, b = rows
    fitted(variant, A, b)
    with pytest.raises(ValueError, match="only one class"):
        fitted(variant, A, b * 0)
    for _ in range(100):  # what is released is told to the scheduler soon, not at once
        if not threads.cluster.scheduler.tasks:
            break
        time.sleep(0.05)
    assert not threads.cluster.scheduler.tasks


def test_messages_are_small_and_hold_no_code(rows, threads, monkeypatch):
    """What is asked and answered in a round does not grow with the rows: arrays and plain values, in classes of ours at most."""
    largest, named, gather = [], set(), Team.gather

    class Reader(pickle.Unpickler):
        def find_class(self, module, name):
            named.add((module, name))
            return super().find_class(module, name)

    def read(team, name, arguments):
        answers = gather(team, name, arguments)
        for message in (arguments, *answers):
            sent = pickle.dumps(message)  # which refuses functions that have no name to import
            largest.append(len(sent))
            Reader(io.BytesIO(sent)).load()
        return answers

    monkeypatch.setattr(Team, "gather", read)
    A = da.random.default_rng(0).normal(size=(40_000, 4), chunks=(10_000, -1))
    y = A.sum(axis=1)
    for variant in ("batch", "mini-batch", "stochastic"):
        GDLinearRegressor(variant, max_iter=5).fit(A, y)
    # a loss with corners brings the distinct targets here, of which there are few
    GDLinearRegressor(loss="quantile", alpha=0.1).fit(A, y.round())
    assert max(largest) < 20_000  # a number for every row of a partition would be 80,000
    assert {module.split(".")[0] for module, _ in named} <= {"numpy", "sk_gd"}
    assert all(isinstance(getattr(sys.modules[module], name), type) for module, name in named if module.startswith("sk_gd"))


@pytest.mark.parametrize(("model", "first"), [
    (GDLogisticClassifier(), ["facts", "encode", "aim", "with_curvature"]),
    (
        GDLogisticClassifier(class_weight="balanced", early_stopping=True),
        ["facts", "encode", "weigh", "split", "aim", "aim", "value_and_gradient"],
    ),
    (GDLinearRegressor(), ["facts", "numbers", "aim", "constant_value", "with_curvature", "value_and_gradient"]),
], ids=str)  # fmt: skip
def test_few_messages_before_a_descent(model, first, rows, monkeypatch):
    """Each costs a round trip, however fast the workers are."""
    asked, gather = [], Team.gather

    def note(team, name, arguments):
        asked.append(arguments[1] if name == "of" else name)
        return gather(team, name, arguments)

    monkeypatch.setattr(Team, "gather", note)
    model.fit(*rows)
    assert asked[: len(first)] == first


def test_actors_come_in_one_message(rows, threads, monkeypatch):
    """However many there are: what is fetched one by one costs a round trip each before every fit."""
    fetched, fetch = [], Client._gather

    async def count(client, futures, *args, **kwargs):
        fetched.append(len(futures))
        return await fetch(client, futures, *args, **kwargs)

    monkeypatch.setattr(Client, "_gather", count)
    fitted("batch", *rows)
    assert fetched == [2]


@pytest.mark.parametrize("loss", [SquaredError(), LogLoss(), Multinomial(3)], ids=lambda loss: type(loss).__name__)
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_one_visit(loss, fit_intercept, weighted, rng):
    """Value, gradient and second moments of one visit are those of three."""
    X, y, s = rng.normal(size=(3000, 4)) + 3, rng.integers(2, size=(3000, 1)).astype(float), rng.uniform(0, 2, 3000)
    rows, n_outputs = source_of(X, y, s / s.mean() if weighted else None), 3 if loss.couples else 1
    objective = Objective(loss.for_targets(y, None), ElasticNet(0.1, 0.0), rows, n_outputs, fit_intercept)
    theta = rng.normal(size=objective.shape)
    value, gradient, curvature = objective.with_curvature(theta)
    assert_allclose(value, objective.value_and_gradient(theta)[0], rtol=1e-12)
    assert_allclose(gradient, objective.value_and_gradient(theta)[1], rtol=1e-9)
    for name, found in vars(objective.curvature(theta, full=True)).items():
        assert_allclose(getattr(curvature, name), found, rtol=1e-12)


def test_rows_of_a_batch(rows, threads, monkeypatch):
    """They are drawn from the seed of the epoch and the number of the partition, and from nothing else."""
    seeds, gather = [], Team.gather

    def note(team, name, arguments):
        seeds.extend([arguments[4]] if name == "of" and arguments[1] == "estimate" else [])
        return gather(team, name, arguments)

    monkeypatch.setattr(Team, "gather", note)
    GDLogisticClassifier("mini-batch", optimizer="gd", max_iter=3, tol=None, random_state=0).fit(*rows)
    assert len(set(seeds)) == 3 < len(seeds)
    X, y = (part.compute() for part in rows)
    objective = Objective(SquaredError(), ElasticNet(0.0, 0.0), source_of(X, y[:, None].astype(float), None), 1, True)

    def values():
        parts = [Part(number, objective) for number in range(2)]
        return [part.estimate(np.ones((1, 6)), None, seed, 0, 4, True)[0] for part in parts for seed in (0, 1)]

    assert len(set(values())) == 4
    assert values() == values()


def in_a_task(n):
    X = np.random.default_rng(0).normal(size=(n, 3))
    A = da.from_array(X, chunks=(n // 4, -1))
    return GDLinearRegressor().fit(A, A.sum(axis=1)).coef_


def test_inside_a_task(threads, monkeypatch):
    """As in a grid search that runs on the cluster: the fit asks the cluster that it is in, and starts no other."""

    started, start = [], LocalCluster.__init__
    monkeypatch.setattr(LocalCluster, "__init__", lambda *args, **kwargs: started.append(args) or start(*args, **kwargs))
    found = threads.gather(threads.map(in_a_task, [80, 90, 100, 110]))
    for coef in found:
        np.testing.assert_allclose(coef, np.ones(3))
    assert not started


def test_predictions_need_no_fit_history(rows, threads):
    """A fitted model travels to the workers without what only its fit needs, and pickles without a client."""
    A, b = rows
    model = GDLogisticClassifier(warm_start=True, max_iter=50).fit(A, b)
    copied = pickle.loads(pickle.dumps(model))
    assert_array_equal(copied.predict(A).compute(), model.predict(A.compute()))
    assert_array_equal(copied.fit(A, b).coef_, model.fit(A, b).coef_)
