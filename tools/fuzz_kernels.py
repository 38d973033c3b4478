"""Calls of the compiled kernels, some arguments of them wrong: each must raise or be right, and touch no other memory.

``python -m tools.fuzz_kernels --seconds 60`` draws calls that are in order, spoils up to three of their arguments, and judges:

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
from typing import Any

import numpy as np
from scipy import sparse

import sk_gd
from tools.kernel_calls import KERNELS, Call

REFUSALS = (ValueError, TypeError, OverflowError, BufferError)
SCALARS = [-1, 0, 1, 2, 7, 2**31 - 1, 2**31, 2**62, 2**63 - 1, 2**64, -(2**63), 0.5, np.nan, np.inf, None, "one", True]
NUMBERS = [np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324, 0.0, -1.0, 2.0**31, 2.0**62]
WHOLE = [-1, 0, 1, 7, 2**31 - 1, 2**31, 2**62, 2**63 - 1, -(2**63)]
DTYPES = ["f4", "f8", "f2", "g", "i4", "i8", "u8", "?", "c16", "O", ">f8", ">i8"]


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
    tolerance = 5e-4 if any(getattr(value, "dtype", None) == np.float32 for value in call.values()) else 1e-9
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
