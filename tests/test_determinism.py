"""The same seed gives the same bits: on any number of threads, after a fork, after a pickle, from four threads, at any address."""

import os
import subprocess
import sys

import numpy as np
import pytest
from scipy import sparse

from sk_gd import GDLinearRegressor, GDLogisticClassifier, _threads
from sk_gd.sources import DenseSource, _base

N_PLACES = 100
FEW = {"max_iter": 3, "tol": None, "random_state": 0}
METHODS = [("batch", "auto"), ("batch", "nesterov"), ("mini-batch", "auto"), ("mini-batch", "adam"), ("stochastic", "saga"),
           ("stochastic", "gd")]  # fmt: skip


def bits(model):
    """What a fit has found and met, to the last bit."""
    return b"".join(np.ascontiguousarray(part).tobytes() for part in (model.coef_, model.intercept_, model.loss_curve_))


@pytest.fixture(scope="module")
def large():
    """Rows of several blocks, so that threads have something to share."""
    rng = np.random.default_rng(0)
    X = (rng.normal(size=(60_000, 48)) * (rng.random((60_000, 48)) < 0.8)).astype(np.float32)
    assert X.size > 2 * _base.BLOCK
    return X, X @ rng.normal(size=48).astype(np.float32) + rng.normal(size=len(X)).astype(np.float32)


@pytest.mark.parametrize(("variant", "optimizer"), METHODS)
def test_number_of_threads(variant, optimizer, Estimator, container, large, monkeypatch):
    """One, two, three and eight threads add the same blocks in the same order."""
    X, y = container(large[0]), large[1] if Estimator is GDLinearRegressor else large[1] > 0
    seen, used, original = set(), [], _threads.share_out

    def share_out(function, items, threads):
        used.append(threads)
        return original(function, items, threads)

    monkeypatch.setattr(_threads, "share_out", share_out)
    for threads in (1, 2, 3, 8):
        monkeypatch.setattr(_threads, "n_threads", lambda threads=threads: threads)
        seen.add(bits(Estimator(variant, optimizer=optimizer, alpha=1e-3, **FEW).fit(X, y)))
    assert len(seen) == 1
    assert {2, 3} <= set(used)


@pytest.mark.parametrize("n_samples", [1, 1000, 1100, 3000, 4200, 40_007])
def test_threads_end_together(n_samples):
    """Work for more than one thread is in equal parts that two and four can share; they cover all rows once."""
    ranges = DenseSource(np.empty((n_samples, 1000), np.float32), np.empty((n_samples, 1), np.float32), None).ranges()
    lengths = [rows.stop - rows.start for rows in ranges]
    assert [rows.start for rows in ranges] == [sum(lengths[:i]) for i in range(len(ranges))]
    assert sum(lengths) == n_samples
    assert max(lengths) * 1000 <= _base.BLOCK
    assert max(lengths) - min(lengths) < len(lengths)
    assert len(ranges) == 1 if n_samples * 1000 <= _base.BLOCK else len(ranges) % 4 == 0


# Fits in the process, in a fork of it, of pickled copies and in four threads at once; prints whether all bits agree.
EVERYWHERE = """
import hashlib, os, pickle
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_info
from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd._compat import OneBlasThread

rng = np.random.default_rng(0)
dense = rng.normal(size=(3000, 20)) * (rng.random((3000, 20)) < 0.5)
z = dense @ rng.normal(size=20) + rng.normal(size=3000)
jobs = []
for variant, optimizer in [("batch", "auto"), ("mini-batch", "auto"), ("stochastic", "auto"), ("stochastic", "adam")]:
    for X in (dense, sparse.csr_array(dense)):
        for Estimator, y in ((GDLinearRegressor, z), (GDLogisticClassifier, z > 0), (GDLogisticClassifier, np.digitize(z, [0, 1]))):
            jobs.append((Estimator(variant, optimizer=optimizer, alpha=1e-3, max_iter=4, tol=None, random_state=7), X, y))

def bits(job):
    model, X, y = job
    model.fit(X, y)
    return b"".join(np.ascontiguousarray(part).tobytes() for part in (model.coef_, model.intercept_, model.loss_curve_))

def threads_of_blas():
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]

expected, before = b"".join(map(bits, jobs)), threads_of_blas()
reading, writing = os.pipe()
another = object()
OneBlasThread.enter(another)  # as if another thread were fitting
if os.fork() == 0:
    same = b"".join(map(bits, jobs)) == expected and not OneBlasThread.users
    os.write(writing, b"same" if same else b"else")
    os._exit(0)
print("fork", os.read(reading, 4) == b"same")
os.wait()
OneBlasThread.leave(another)
print("pickle", b"".join(map(bits, pickle.loads(pickle.dumps(jobs)))) == expected)
with ThreadPoolExecutor(4) as pool:
    copies = [pickle.loads(pickle.dumps(jobs)) for _ in range(4)]
    found = list(pool.map(lambda jobs: b"".join(map(bits, jobs)), copies))
print("threads", found == 4 * [expected] and threads_of_blas() == before)
print(hashlib.sha256(expected).hexdigest())
"""


def test_everywhere():
    """In any process and thread, and whatever OpenMP and BLAS are told of threads."""
    seen = set()
    for threads in ("1", "2", "5"):
        surroundings = {**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        run = subprocess.run(
            [sys.executable, "-P", "-c", EVERYWHERE], capture_output=True, text=True, timeout=120, env=surroundings, check=True
        )
        *answers, digest = run.stdout.splitlines()
        assert answers == ["fork True", "pickle True", "threads True"]
        seen.add(digest)
    assert len(seen) == 1


FAMILIES = {
    "squares": (GDLinearRegressor, {}),
    "parabolas and lines": (GDLinearRegressor, {"loss": "huber"}),
    "corners": (GDLinearRegressor, {"loss": "quantile"}),
    "targets": (GDLinearRegressor, {"l1_ratio": 0.5}),
    "two classes": (GDLogisticClassifier, {}),
    "three classes": (GDLogisticClassifier, {"l1_ratio": 0.5}),
}


def elsewhere(rng, arrays):
    """Copies of arrays in one buffer, in any order, at any distance; and neighbours for what a fit will allocate."""
    size = sum(array.nbytes + 64 for array in arrays)
    buffer, at, moved = np.empty(size, np.uint8), 8 * int(rng.integers(4)), {}
    for i in rng.permutation(len(arrays)):
        moved[i] = buffer[at : at + arrays[i].nbytes].view(arrays[i].dtype).reshape(arrays[i].shape)
        moved[i][...] = arrays[i]
        at += -(-arrays[i].nbytes // 8) * 8 + 8 * int(rng.integers(4))
    neighbours = [np.full(length, np.nan) for length in rng.integers(1, 90, size=rng.integers(60))]
    rng.shuffle(neighbours)
    return [moved[i] for i in range(len(arrays))], neighbours[::2]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("family", FAMILIES)
def test_addresses(family, variant, container, dtype, rng):
    """Hundreds of fits on rows and in memory that lie elsewhere each time are one."""
    Estimator, params = FAMILIES[family]
    X = container((rng.normal(size=(23, 5)) * (rng.random((23, 5)) < 0.8)).astype(dtype))
    z, seen = X @ rng.normal(size=(5, 3)) + rng.normal(size=(23, 3)), set()
    y = {"targets": z[:, :2].copy(), "two classes": z[:, 0] > 0, "three classes": z.argmax(axis=1)}.get(family, z[:, 0].copy())
    model = Estimator(variant, alpha=1e-2, **params, **FEW)
    for _ in range(N_PLACES):
        held, neighbours = elsewhere(rng, [X.data, X.indices, X.indptr, y] if sparse.issparse(X) else [X, y])
        *rows, targets = held
        model.fit(sparse.csr_array(tuple(rows), shape=X.shape) if sparse.issparse(X) else rows[0], targets)
        seen.add(bits(model))
        del neighbours
    assert len(seen) == 1
