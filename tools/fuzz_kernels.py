"""Calls of the compiled kernels, some arguments of them wrong: each must raise or be right, and touch no other memory.

``python tools/fuzz_kernels.py --seconds 60`` draws calls that are in order, spoils up to three of their arguments, and judges:

- an error is one of REFUSALS, and came before anything had changed;
- what a call answers whose numbers are ordinary equals the Python twin's answer;
- arguments that are no outputs are as they were, bit by bit.

Whether foreign memory was touched only a sanitizer sees: ``tools/sanitize.sh`` runs this file under one.
"""

import argparse
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

import sk_gd
from sk_gd import kernels
from sk_gd.kernels.reference import sweep
from sk_gd.losses import Cornered, LogLoss, Multinomial, Piecewise, SquaredError
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
REFUSALS = (ValueError, TypeError, OverflowError, BufferError)
SCALARS = [-1, 0, 1, 2, 7, 2**31 - 1, 2**31, 2**62, 2**63 - 1, 2**64, -(2**63), 0.5, np.nan, np.inf, None, "one", True]
NUMBERS = [np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324, 0.0, -1.0, 2.0**31, 2.0**62]
WHOLE = [-1, 0, 1, 7, 2**31 - 1, 2**31, 2**62, 2**63 - 1, -(2**63)]
DTYPES = ["f4", "f8", "f2", "g", "i4", "i8", "u8", "?", "c16", "O", ">f8", ">i8"]


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


def a_pass(rng: np.random.Generator, most_outputs: int = 4) -> Call:
    """Arguments of ``pass_dense``."""
    loss, dtype = (
        rng.choice([name for name in LOSSES if most_outputs > 1 or name != "multinomial"]),
        rng.choice([np.float32, np.float64]),
    )
    call, outputs = rows(rng, loss, dtype), 3 if loss == "multinomial" else int(rng.integers(1, most_outputs + 1))
    shape = outputs, call["X"].shape[1] + int(rng.integers(2))
    n, y = len(call["X"]), call.pop("y") if loss == "multinomial" else np.repeat(call.pop("y"), outputs, axis=1)
    start, stop = sorted(int(edge) for edge in rng.integers(0, n + 1, 2))
    return call | {
        "y": y, "theta": rng.normal(size=shape), "loss": kernels.LOSSES[loss], "hyper": LOSSES[loss].hyper(),
        "slopes": np.zeros((n * rng.integers(2), outputs), dtype), "gradient": np.zeros(shape), "start": start, "stop": stop,
    }  # fmt: skip


def a_pointwise(rng: np.random.Generator) -> Call:
    """Arguments of ``pointwise``."""
    loss, dtype = rng.choice(list(LOSSES)), rng.choice([np.float32, np.float64])
    call = rows(rng, loss, dtype)
    outputs = 3 if loss == "multinomial" else int(rng.integers(1, 4))
    z = rng.normal(size=(len(call["y"]), outputs)).astype(dtype)
    y = call["y"] if loss == "multinomial" else np.repeat(call["y"], outputs, axis=1)
    return {"y": y, "z": z, "weights": call["weights"], "loss": kernels.LOSSES[loss], "hyper": LOSSES[loss].hyper(),
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
    "pass_csr": Kernel(kernels.pass_csr, lambda rng: in_csr(a_pass(rng, most_outputs=1), rng), ("slopes", "gradient")),
    "pointwise": Kernel(kernels.pointwise, a_pointwise, ("slopes",)),
    "sweep_dense": Kernel(kernels.sweep_dense, a_sweep, OF_SWEEP, twin_of_sweep),
    "sweep_csr": Kernel(kernels.sweep_csr, a_sweep_of_csr, OF_SWEEP, twin_of_sweep),
    "coordinate_descent": Kernel(kernels.coordinate_descent, a_quadratic, ("delta",)),
}


def unaligned(a: np.ndarray) -> np.ndarray:
    """The same numbers, beginning where none of their size should."""
    moved = np.frombuffer(bytearray(a.nbytes + 1), np.uint8)[1:].view(a.dtype).reshape(a.shape)
    moved[...] = a
    return moved


def read_only(a: np.ndarray) -> np.ndarray:
    """A copy that must not be written to."""
    a = a.copy()
    a.flags.writeable = False
    return a


def every_other(a: np.ndarray) -> np.ndarray:
    """The same numbers with gaps between them."""
    return np.repeat(a, 2, axis=-1)[..., ::2]


SHAPES: list[Callable[[np.ndarray, int], np.ndarray]] = [
    lambda a, axis: np.take(a, range(max(a.shape[axis] - 1, 0)), axis=axis),
    lambda a, axis: np.take(a, [], axis=axis),
    lambda a, axis: np.concatenate([a, a], axis=axis),
    lambda a, axis: np.swapaxes(a, 0, -1).copy(),
    lambda a, axis: a.reshape(-1, 1),
    lambda a, axis: a.ravel(),
    lambda a, axis: a[None],
]
LAYOUTS = [np.asfortranarray, np.flip, every_other, unaligned, lambda a: np.broadcast_to(a[:1], a.shape)]
OTHERS = [lambda a: None, np.ndarray.tolist, memoryview, lambda a: 3.0, lambda a: sparse.csr_array((2, 2)), read_only]


def spoil(rng: np.random.Generator, name: str, value: Any) -> Any:
    """Something else in the place of an argument: mostly another shape, or one number in it that is none."""

    def one_of(choices: list[Any]) -> Any:
        return choices[rng.integers(len(choices))]

    if not isinstance(value, np.ndarray):
        next_one = [value + 1] * (type(value) is int)
        return one_of([other for other in SCALARS + next_one if name != "max_sweeps" or not isinstance(other, int) or other < 1000])
    kind = rng.choice(["shape", "number", "type", "layout", "other"], p=[0.4, 0.3, 0.1, 0.1, 0.1])
    if kind == "shape":
        return np.ascontiguousarray(one_of(SHAPES)(value, int(rng.integers(value.ndim))))
    if kind == "layout":
        return one_of(LAYOUTS)(value)
    if kind == "other":
        return one_of(OTHERS)(value.copy())
    if kind == "type":
        return value.astype(one_of(DTYPES))
    changed = value.copy()
    if value.size:
        beyond = [value.max() + 1] * len(WHOLE)  # as often as not the first row or column that is none
        wrong = one_of(WHOLE + beyond if value.dtype.kind == "i" else NUMBERS)
        changed.flat[rng.integers(value.size)] = np.asarray(wrong).astype(value.dtype)
    return changed


def bits(call: Call) -> dict[str, bytes]:
    """What the arrays of a call hold."""
    return {name: value.tobytes() for name, value in call.items() if isinstance(value, np.ndarray) and value.dtype != object}


def judge(name: str, call: Call, ordinary: bool) -> tuple[str | None, bool]:
    """Make the call; what is wrong with what came of it, or None, and whether it was refused."""
    kernel = KERNELS[name]
    before, expected = bits(call), {key: value.copy() if isinstance(value, np.ndarray) else value for key, value in call.items()}
    try:
        kernel.function(**call)
    except REFUSALS as error:
        changed = [key for key, value in bits(call).items() if value != before[key]]
        return f"raised {error!r} when it had changed {changed}" if changed else None, True
    except Exception as error:
        return f"raised {error!r}", True
    changed = [key for key, value in bits(call).items() if value != before[key] and key not in kernel.outputs]
    if changed:
        return f"changed {changed}", False
    if not ordinary or kernel.twin is None:
        return None, False
    kernel.twin(expected)
    tolerance = 5e-4 if call["theta"].dtype == np.float32 else 1e-9
    wrong = [key for key in kernel.outputs if not np.allclose(call[key], expected[key], rtol=tolerance, atol=tolerance)]
    return f"got other {wrong} than the Python twin" if wrong else None, False


def calls(seed: int) -> Iterator[tuple[str, Call, list[str]]]:
    """One call after another, to each kernel in turn, with the names of what is spoiled in it."""
    for number, name in enumerate(itertools.cycle(KERNELS)):
        rng = np.random.default_rng([seed, number])
        call = KERNELS[name].draw(rng)
        spoiled = [str(key) for key in rng.choice(list(call), size=rng.integers(4), replace=False)]
        for key in spoiled:
            call[key] = spoil(rng, key, call[key])
        yield name, call, spoiled


def main() -> None:
    """Fuzz for some seconds; print what was done, or the call that went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--verbose", action="store_true", help="say each call before it is made")
    parser.add_argument("--of", help="the folder that sk_gd must have come from")
    options = parser.parse_args()
    if options.of is not None and not sk_gd.__file__.startswith(options.of):
        sys.exit(f"sk_gd comes from {sk_gd.__file__}, not from {options.of}")
    end, done, refused = time.monotonic() + options.seconds, 0, 0
    for name, call, spoiled in calls(options.seed):
        if options.verbose:
            print(done, name, spoiled, flush=True)
        fault, raised = judge(name, call, ordinary=not spoiled)
        if fault is not None:
            sys.exit(f"call {done} of seed {options.seed}: {name} with {', '.join(spoiled)} spoiled {fault}\n{call}")
        done, refused = done + 1, refused + raised
        if time.monotonic() > end:
            break
    print(f"{done} calls of {len(KERNELS)} kernels, {refused} of them refused, and nothing else was touched")


if __name__ == "__main__":
    with np.errstate(all="ignore"):
        main()
