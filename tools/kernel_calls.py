"""How to call the compiled kernels: arguments that are in order, drawn by chance, and the Python twins of the answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from sk_gd import kernels
from sk_gd.kernels.reference import sweep
from sk_gd.losses import Bend, Cornered, LogLoss, Multinomial, Piecewise, SquaredError
from sk_gd.optimizers import OPTIMIZERS
from sk_gd.sources import DenseSource

Call = dict[str, Any]
LOSSES = {
    "squared_error": SquaredError(),
    "log_loss": LogLoss(),
    "multinomial": Multinomial(3),
    "piecewise": Piecewise(0.1, 0.5, 0.6),
    "cornered": Cornered(0.1, 0.5, 0.6, radius=0.2),
}
OF_PASSES = LOSSES | {"bend": Bend(True)}  # which is no loss to sweep by
JOINT = ("multinomial", "bend")  # of several outputs together


def rows(rng: np.random.Generator, loss: str, dtype: type, d: int | None = None) -> Call:
    """A data set of few rows: dense X, y and, in half of all cases, weights."""
    n, d = int(rng.integers(1, 40)), d or int(rng.integers(1, 70))
    X = (rng.normal(size=(n, d)) * (rng.random((n, d)) < rng.choice([0.1, 0.5, 1.0]))).astype(dtype)
    y = (
        rng.normal(size=(n, 1))
        if loss not in ("log_loss", "multinomial")
        else rng.integers(0, 3 if loss == "multinomial" else 2, (n, 1))
    )
    return {"X": X, "y": y.astype(dtype), "weights": rng.gamma(1.0, size=n * rng.integers(2)).astype(dtype)}


def in_csr(call: Call, rng: np.random.Generator) -> Call:
    """The same call with X as the three arrays of a CSR matrix, and its number of columns."""
    X = sparse.csr_array(call.pop("X"))
    index = rng.choice([np.int32, np.int64])
    return {"data": X.data, "indices": X.indices.astype(index), "indptr": X.indptr.astype(index), "n_features": X.shape[1], **call}


def a_pass(rng: np.random.Generator, most_outputs: int = 7) -> Call:
    """Arguments of ``pass_dense``."""
    loss, dtype = (
        rng.choice([name for name in OF_PASSES if most_outputs > 1 or name not in JOINT]),
        rng.choice([np.float32, np.float64]),
    )
    call, outputs = rows(rng, loss, dtype), 3 if loss in JOINT else int(rng.integers(1, most_outputs + 1))
    shape = outputs, call["X"].shape[1] + int(rng.integers(2))
    n, y = len(call["X"]), call.pop("y") if loss == "multinomial" else np.repeat(call.pop("y"), outputs, axis=1)
    start, stop = sorted(int(edge) for edge in rng.integers(0, n + 1, 2))
    return call | {
        "y": y, "theta": rng.normal(size=shape), "loss": kernels.LOSSES[loss], "hyper": OF_PASSES[loss].hyper(),
        "slopes": np.zeros((n * rng.integers(2), outputs), dtype), "gradient": np.zeros(shape), "start": start, "stop": stop,
    }  # fmt: skip


def a_gram(rng: np.random.Generator) -> Call:
    """Arguments of ``gram``."""
    call = rows(rng, "squared_error", rng.choice([np.float32, np.float64]))
    X = call["X"]
    return {"X": X, "h": call["weights"], "shift": rng.normal(size=X.shape[1]).astype(X.dtype),
            "sums": np.zeros((X.shape[1] + 1,) * 2)}  # fmt: skip


def a_pass_of_csr(rng: np.random.Generator) -> Call:
    """Arguments of ``pass_csr``."""
    call = in_csr(a_pass(rng, most_outputs=1), rng)
    return call | {"theta": call["theta"].astype(call["data"].dtype)}


def a_product(rng: np.random.Generator) -> Call:
    """Arguments of ``multiply_csr``."""
    call, outputs = rows(rng, "squared_error", rng.choice([np.float32, np.float64])), int(rng.integers(1, 40))
    X = call["X"]
    u = rng.normal(size=(X.shape[1], outputs)).astype(X.dtype)
    call = in_csr({"X": X, "u": u, "z": np.zeros((len(X), outputs), X.dtype)}, rng)
    del call["n_features"]
    return call


def a_product_with_rows(rng: np.random.Generator) -> Call:
    """Arguments of ``add_products_csr``."""
    call = a_product(rng)
    u, z = call.pop("u"), call.pop("z")
    return call | {"c": rng.normal(size=z.shape).astype(z.dtype), "sums": u.astype(float)}


def sums_of_columns(rng: np.random.Generator) -> Call:
    """Arguments of ``columns_csr``."""
    call = a_product(rng)
    del call["z"]
    return call | {"weights": rng.gamma(1.0, size=len(call["indptr"]) - 1), "sums": np.zeros((len(call.pop("u")), 3))}


def a_pointwise(rng: np.random.Generator) -> Call:
    """Arguments of ``pointwise``."""
    loss, dtype = rng.choice(list(OF_PASSES)), rng.choice([np.float32, np.float64])
    call = rows(rng, loss, dtype)
    outputs = 3 if loss == "multinomial" else int(rng.integers(1, 4))
    z = rng.normal(size=(len(call["y"]), outputs)).astype(dtype)
    y = call["y"] if loss == "multinomial" else np.repeat(call["y"], outputs, axis=1)
    return {"y": y, "z": z, "weights": call["weights"], "loss": kernels.LOSSES[loss], "hyper": OF_PASSES[loss].hyper(),
            "slopes": np.zeros_like(z)}  # fmt: skip


def a_sweep(
    rng: np.random.Generator, loss: str | None = None, dtype: type | None = None, optimizer: str | None = None, d: int | None = None
) -> Call:
    """Arguments of ``sweep_dense``; what is not told is drawn."""
    loss, dtype = loss or rng.choice(list(LOSSES)), dtype or rng.choice([np.float32, np.float64])
    call = rows(rng, loss, dtype, d)
    (n, d), outputs = call["X"].shape, 3 if loss == "multinomial" else int(rng.integers(1, 3))
    y = call.pop("y") if loss == "multinomial" else np.repeat(call.pop("y"), outputs, axis=1)
    compiled = [name for name, rule in OPTIMIZERS.items() if getattr(rule(), "kernel", None) is not None]
    rule, shape = OPTIMIZERS[optimizer or rng.choice(compiled)](), (outputs, d + int(rng.integers(2)))
    positive, reduced, visits = bool(rng.integers(2)), bool(rng.integers(2)), int(rng.integers(0, 3 * n))
    theta = rng.normal(size=shape).astype(dtype)
    theta = np.abs(theta) if positive else theta  # a sweep begins where it may be
    return call | {
        "y": y, "rows": rng.integers(0, n, visits), "batch_size": int(rng.choice([1, 3, 300])),
        "rates": rng.uniform(0, 1e-2, visits),
        "theta": theta, "loss": kernels.LOSSES[loss], "loss_hyper": LOSSES[loss].hyper(),
        "l2": np.full(d, rng.choice([0.0, 0.3])), "l1": np.full(d, rng.choice([0.0, 0.1])), "positive": positive,
        "optimizer": rule.kernel, "hyper": rule.hyper(), "memory": rule.init(theta),
        "slopes": np.zeros((n, outputs) if reduced else (0, 0), dtype), "anchor": np.zeros(shape if reduced else (0, 0), dtype),
        "refresh": reduced and bool(rng.integers(2)), "n_samples": n,
        "sums": np.zeros((0, 0) if reduced or rng.integers(2) else shape),
    }  # fmt: skip


def a_sweep_of_csr(rng: np.random.Generator, *told: Any) -> Call:
    """Arguments of ``sweep_csr``, with ``support`` in half of the calls that reduce variance."""
    call = a_sweep(rng, *told)
    stored, n = np.count_nonzero(call["X"], axis=0), len(call["X"])
    support = np.divide(n, stored, out=np.zeros(len(stored)), where=stored > 0)
    sums = call.pop("sums")
    return in_csr(call, rng) | {"support": support if len(call["anchor"]) and rng.integers(2) else np.empty(0), "sums": sums}


def a_quadratic(rng: np.random.Generator) -> Call:
    """Arguments of ``coordinate_descent``."""
    d = int(rng.integers(1, 20))
    A = rng.normal(size=(2 * d, d))
    return {"hessian": A.T @ A, "gradient": rng.normal(size=d), "coef": np.abs(rng.normal(size=d)), "l1": rng.random(d),
            "lower": np.full(d, rng.choice([0.0, -np.inf])), "delta": np.zeros(d), "max_sweeps": 500,
            "tolerance": 1e-12}  # fmt: skip


def twin_of_sweep(call: Call) -> None:
    """The sweep in Python."""
    a = dict(call)
    loss, optimizer = a.pop("loss"), a.pop("optimizer")
    name = next(name for name, number in kernels.LOSSES.items() if number == loss)
    rule = next(made for made in (rule() for rule in OPTIMIZERS.values()) if getattr(made, "kernel", None) == optimizer)
    parts = [a.pop(part) for part in ("data", "indices", "indptr", "n_features") if part in a]
    X = sparse.csr_array(tuple(parts[:3]), shape=(len(parts[2]) - 1, parts[3])).toarray() if parts else a.pop("X")
    order, size, y, weights = (a.pop(name) for name in ("rows", "batch_size", "y", "weights"))
    source = DenseSource(X, y, weights if len(weights) else None)
    batches = [order[start : start + size] for start in range(0, len(order), size)]
    del a["hyper"], a["loss_hyper"]
    a = {"support": np.empty(0), **a}
    sweep(source.take, batches, value_and_slope=LOSSES[name].value_and_slope, optimizer=rule, **a)


def twin_of_product(call: Call) -> None:
    """SciPy's product with u, or with c of the transpose."""
    n, d = len(call["indptr"]) - 1, len(call["u"] if "u" in call else call["sums"])
    X = sparse.csr_array((call["data"], call["indices"], call["indptr"]), shape=(n, d))
    if "u" in call:
        call["z"][:] = X @ call["u"]
    else:
        call["sums"] += X.T @ call["c"]


def twin_of_gram(call: Call) -> None:
    """NumPy's product."""
    X = np.hstack([call["X"] - call["shift"], np.ones_like(call["X"][:, :1])])
    call["sums"][:] = (X * call["h"][:, None] if len(call["h"]) else X).T @ X


@dataclass(frozen=True)
class Kernel:
    """A kernel, how to draw a call of it that is in order, the arguments that it writes to, and its twin in Python, if any."""

    function: Callable[..., Any]
    draw: Callable[..., Call]
    outputs: tuple[str, ...]
    twin: Callable[[Call], None] | None = None


OF_SWEEP = ("theta", "memory", "slopes", "anchor", "sums")
KERNELS = {
    "pass_dense": Kernel(kernels.pass_dense, a_pass, ("slopes", "gradient")),
    "gram": Kernel(kernels.gram, a_gram, ("sums",), twin_of_gram),
    "pass_csr": Kernel(kernels.pass_csr, a_pass_of_csr, ("slopes", "gradient")),
    "multiply_csr": Kernel(kernels.multiply_csr, a_product, ("z",), twin_of_product),
    "add_products_csr": Kernel(kernels.add_products_csr, a_product_with_rows, ("sums",), twin_of_product),
    "columns_csr": Kernel(kernels.columns_csr, sums_of_columns, ("sums",)),
    "pointwise": Kernel(kernels.pointwise, a_pointwise, ("slopes",)),
    "sweep_dense": Kernel(kernels.sweep_dense, a_sweep, OF_SWEEP, twin_of_sweep),
    "sweep_csr": Kernel(kernels.sweep_csr, a_sweep_of_csr, OF_SWEEP, twin_of_sweep),
    "coordinate_descent": Kernel(kernels.coordinate_descent, a_quadratic, ("delta",)),
}
