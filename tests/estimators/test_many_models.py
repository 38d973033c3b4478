"""Many fits at once: no more threads than cores, and no copy of X for each of them."""

import json
import os
import subprocess
import sys
from threading import Barrier

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.model_selection import GridSearchCV

from sk_gd import _compat
from sk_gd._compat import n_threads

WORKERS = """
import json, tracemalloc
import joblib, numpy as np
from sklearn.model_selection import GridSearchCV
from sk_gd import GDLinearRegressor, GDLogisticClassifier

def fit(Estimator, variant, X, y):
    from sk_gd._compat import n_threads
    from sk_gd.sources import DenseSource
    sources, init = [], DenseSource.__init__
    def spy(self, X, *args):
        init(self, X, *args)
        if not sources:
            sources.append(self.X)
    DenseSource.__init__ = spy
    tracemalloc.start()
    model = Estimator(variant, random_state=0, max_iter=2, tol=None).fit(X, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    DenseSource.__init__ = init
    return {"mapped": isinstance(X, np.memmap), "file": X.filename, "shared": bool(np.shares_memory(sources[0], X)),
            "threads": n_threads(), "extra": peak / X.nbytes}

def threads(model, X, y):
    from sk_gd._compat import n_threads
    return n_threads()

rng = np.random.default_rng(0)
X = rng.normal(size=(160000, 50))
z = X @ rng.normal(size=50) + rng.logistic(size=len(X))
with joblib.parallel_config("loky", n_jobs=2):
    fits = joblib.Parallel()(joblib.delayed(fit)(E, variant, X, z if E is GDLinearRegressor else z > 0)
        for E in (GDLinearRegressor, GDLogisticClassifier) for variant in ("batch", "mini-batch", "stochastic"))
search = GridSearchCV(GDLinearRegressor(), {"alpha": [0, 1]}, cv=2, scoring=threads, refit=False)
seen = []
for inner in (None, 1):
    with joblib.parallel_config("loky", n_jobs=2, inner_max_num_threads=inner):
        search.fit(X[:500], z[:500])
        seen.append(search.cv_results_["split0_test_score"].tolist() + search.cv_results_["split1_test_score"].tolist())
print(json.dumps({"fits": fits, "search": seen}, default=str))
"""


def test_worker_processes():
    """Joblib's workers read one mapped X in place, with as many threads as joblib lets each of two have, or as it is told."""
    environment = {name: value for name, value in os.environ.items() if not name.endswith("NUM_THREADS")}
    command = [sys.executable, "-P", "-c", WORKERS]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)
    allowed = max(joblib.cpu_count() // 2, 1)
    assert {fit["threads"] for fit in told["fits"]} == {allowed}
    assert [set(scores) for scores in told["search"]] == [{allowed}, {1}]
    assert all(fit["mapped"] and fit["shared"] for fit in told["fits"])
    assert len({fit["file"] for fit in told["fits"]}) == 1
    assert max(fit["extra"] for fit in told["fits"]) < 0.5


MEETING = {}


def meet(model, X, y):
    """Score that waits for the other fit; neither ends before both have looked at their threads."""
    MEETING["barrier"].wait()
    MEETING["threads"].append(n_threads())
    MEETING["barrier"].wait()
    return float(model.score(X, y))


def place_of(X):
    """Where the numbers are in memory."""
    return X.__array_interface__["data"][0]


@pytest.fixture(params=["threading", "dask"])
def backend(request):
    """Of joblib; threads of this process, its own or those of a worker of Dask."""
    if request.param == "threading":
        yield request.param
    else:
        distributed = pytest.importorskip("distributed")
        with distributed.Client(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=":0"):
            yield request.param


def test_threads_share_the_cores(Estimator, problem_for, backend, monkeypatch):
    """The two fits of a search divide the cores between them, read one X, and have the same result to the bit as one by one."""
    X, y, _ = problem_for(Estimator, n_samples=5000)
    monkeypatch.setattr(_compat, "_openmp_effective_n_threads", lambda: 8)
    rows = np.arange(5000)
    search = GridSearchCV(Estimator(early_stopping=meet, max_iter=3, tol=None, random_state=0), {"alpha": [0.0, 0.1]}, refit=False,
                          cv=[(rows[:4000], rows[4000:])])  # fmt: skip
    MEETING.update(barrier=Barrier(1), threads=[])
    one_by_one = search.fit(X, y).cv_results_["mean_test_score"]
    assert set(MEETING["threads"]) == {8}
    MEETING.update(barrier=Barrier(2, timeout=60), threads=[])
    with joblib.parallel_config(backend, n_jobs=2):
        assert_array_equal(search.fit(X, y).cv_results_["mean_test_score"], one_by_one)
        assert len(set(joblib.Parallel()(joblib.delayed(place_of)(X) for _ in range(4)))) == 1
    assert set(MEETING["threads"]) == {4}
    assert n_threads() == 8
