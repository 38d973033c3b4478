"""Ctrl-C need not wait for the end of a compiled epoch: a signal ends it between two visits."""

import signal

import numpy as np
import pytest
from scipy import sparse

from sk_gd.descent.batching import shuffled
from sk_gd.kernels import LOSSES, OPTIMIZERS, coordinate_descent, sweep_csr, sweep_dense

VISITS, COLUMNS = 2**22, 64  # as many as take far longer than it is until the signal comes


@pytest.fixture
def interrupted():
    """Calls a kernel, and Ctrl-C some milliseconds later."""

    def call(kernel, *args, **kwargs):
        signal.setitimer(signal.ITIMER_REAL, 0.005)
        with pytest.raises(KeyboardInterrupt):
            kernel(*args, **kwargs)

    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    yield call
    signal.setitimer(signal.ITIMER_REAL, 0.0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize(("optimizer", "batch_size"), [("gd", 1), ("gd", VISITS // 4), ("adagrad", 1), ("momentum", 1)])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array], ids=["dense", "csr"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sweep(container, optimizer, batch_size, dtype, interrupted):
    """Where it ends is not where all visits lead."""
    X = container(np.ones((1000, COLUMNS), dtype))
    theta, y, weights = np.zeros((1, COLUMNS), dtype), np.ones((1000, 1), dtype), np.empty(0, dtype)
    rest = {"loss": LOSSES["squared_error"], "loss_hyper": np.empty(0), "l2": np.zeros(COLUMNS), "l1": np.zeros(COLUMNS),
            "positive": False, "optimizer": OPTIMIZERS[optimizer], "hyper": np.array([0.5]), "slopes": np.empty((0, 0), dtype),
            "anchor": np.empty((0, 0), dtype), "refresh": False, "n_samples": 1000, "sums": np.empty((0, 0))}  # fmt: skip
    kernel, rows = sweep_dense, (X,)
    if container is sparse.csr_array:
        kernel, rows, rest["support"] = sweep_csr, (X.data, X.indices, X.indptr, COLUMNS), np.empty(0)

    def visit(call, theta):
        order, rates = np.arange(VISITS) % 1000, np.full(VISITS // batch_size, 1e-9)
        call(kernel, *rows, y, weights, order, batch_size, rates, theta, memory=np.zeros((2, 1, COLUMNS), dtype), **rest)
        return theta

    there = visit(lambda kernel, *args, **kwargs: kernel(*args, **kwargs), theta.copy())
    assert 0 <= visit(interrupted, theta).min() < there.min()


def test_coordinate_descent(interrupted):
    """Sweeps that would never settle."""
    A = np.random.default_rng(0).normal(size=(300, 300))
    zeros, lower, delta = np.zeros(300), np.full(300, -np.inf), np.zeros(300)
    interrupted(coordinate_descent, A @ A.T + 1e-6 * np.eye(300), A[0], zeros, zeros, lower, delta, 10**9, -1.0)


def test_order(interrupted, rng):
    """The generator stays where it was."""
    before = rng.bit_generator.state
    interrupted(shuffled, 2**25, rng)
    assert rng.bit_generator.state == before
