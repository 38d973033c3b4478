"""One sweep in Python and compiled, on the same random rows and rates, and the assertion that they are equal to rounding."""

import numpy as np
from scipy import sparse

from sk_gd import kernels
from sk_gd.kernels.reference import sweep
from sk_gd.losses import Cornered, LogLoss, Multinomial, Piecewise, SquaredError
from sk_gd.optimizers import OPTIMIZERS
from sk_gd.sources import DenseSource

LOSSES = {"squared_error": SquaredError, "log_loss": LogLoss, "multinomial": lambda: Multinomial(3),
          "piecewise": lambda: Piecewise(0.1, 0.5, 0.6), "cornered": lambda: Cornered(0.1, 0.5, 0.6, radius=0.2)}
TOLERANCE = {np.float64: 1e-12, np.float32: 5e-5}
PROBLEMS = [("squared_error", 1), ("squared_error", 3), ("log_loss", 1), ("multinomial", 3), ("piecewise", 1), ("piecewise", 2),
            ("cornered", 1)]  # fmt: skip


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
