"""At the kernels' boundaries: wrong arguments raise, right ones are answered rightly, and nothing is kept.

The calls are those of ``tools/kernel_calls.py``, which ``tools/sanitize.sh`` makes under AddressSanitizer and UBSan.
"""

import itertools
import sys

import numpy as np
import pytest
from scipy import sparse

from sk_gd import kernels
from tools import fuzz_kernels


def test_calls_that_are_right_and_wrong():
    """Of four thousand calls none crashes, changes what is not its own, or differs from the Python twin."""
    refused = answered = 0
    with np.errstate(all="ignore"):
        for name, call, spoiled in itertools.islice(fuzz_kernels.calls(20261123), 4000):
            fault, raised = fuzz_kernels.judge(name, call, ordinary=not spoiled)
            assert fault is None, (name, spoiled, call)
            refused, answered = refused + raised, answered + (not raised)
            assert spoiled or not raised, (name, call)
    assert min(refused, answered) > 1000


@pytest.mark.parametrize("name", fuzz_kernels.KERNELS)
def test_nothing_is_kept(name):
    """After hundreds of calls, right and wrong, every array has the references that it had."""
    kernel = fuzz_kernels.KERNELS[name].function
    call = fuzz_kernels.KERNELS[name].draw(np.random.default_rng(0))
    arrays = [value for value in call.values() if isinstance(value, np.ndarray)]
    longer = next(name for name, value in call.items() if isinstance(value, np.ndarray) and value.ndim == 1)
    wrong = {**call, longer: np.append(call[longer], 1)}
    kernel(**call)
    before = [sys.getrefcount(array) for array in arrays]
    for _ in range(300):
        kernel(**call)
        with pytest.raises(ValueError, match=r"fit|agree"):
            kernel(**wrong)
    assert [sys.getrefcount(array) for array in arrays] == before


@pytest.mark.parametrize("kernel", ["pass", "sweep"])
@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize(
    ("part", "at", "value", "named"),
    [
        ("indices", 0, -1, "a column number"),
        ("indices", -1, 7, "a column number"),
        ("indices", 3, np.iinfo(np.int32).max, "a column number"),
        ("indices", 3, np.iinfo(np.int32).min, "a column number"),
        ("indptr", 0, -1, "the row ends"),
        ("indptr", -1, 1000, "the row ends"),
        ("indptr", 5, 0, "the row ends"),
        ("indptr", 5, 10**6, "the row ends"),
    ],
)
def test_corrupt_csr(kernel, index, part, at, value, named):
    """A column number that leads out of a row, row ends that fall or lead out of the data: refused before anything is read."""
    X = sparse.csr_array(np.random.default_rng(0).random((20, 7)) * (np.arange(140).reshape(20, 7) % 2))
    arrays = {"data": X.data, "indices": X.indices.astype(index), "indptr": X.indptr.astype(index)}
    arrays[part][at] = value
    y, none, theta = np.zeros((20, 1)), np.empty(0), np.zeros((1, 7))
    empty = np.empty((0, 0))
    rest = {
        "pass": (y, none, theta, 0, none, empty, theta.copy(), 0, 20),
        "sweep": (y, none, np.arange(20), 1, np.full(20, 0.1), theta, 0, none, np.zeros(7), np.zeros(7), False, 0, none,
                  np.empty((0, 1, 7)), empty, empty, False, 20, none, empty),
    }  # fmt: skip
    with pytest.raises(ValueError, match=named):
        (kernels.pass_csr if kernel == "pass" else kernels.sweep_csr)(*arrays.values(), 7, *rest[kernel])
    assert not theta.any()


def test_only_the_rows_of_a_pass_are_looked_at():
    """What lies outside start and stop is another call's."""
    X = sparse.csr_array(np.eye(6))
    X.indices[5] = 99
    gradient, none = np.zeros((1, 6)), np.empty(0)
    arguments = (np.ones((6, 1)), none, np.zeros((1, 6)), 0, none, np.empty((0, 0)), gradient)
    assert kernels.pass_csr(X.data, X.indices, X.indptr, 6, *arguments, 0, 5) == 2.5
    with pytest.raises(ValueError, match="a column number"):
        kernels.pass_csr(X.data, X.indices, X.indptr, 6, *arguments, 0, 6)
