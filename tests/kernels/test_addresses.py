"""Where arrays lie in memory is not seen: not one bit of an answer depends on it.

A compiler that cannot tell whether two arrays overlap builds a loop twice and chooses by their distance; the two versions round
differently.
"""

import itertools

import numpy as np
import pytest

from sk_gd import kernels
from sk_gd.optimizers import OPTIMIZERS
from tools.kernel_calls import KERNELS, LOSSES

LONGEST = 64  # bytes of a vector: what lies further apart cannot meet in one


def side_by_side(call, order, gap):
    """The same call, its arrays in one buffer, one after the other with a gap of some bytes between them."""
    buffer = np.zeros(sum(call[name].nbytes + gap + 8 for name in order) + LONGEST, np.uint8)
    at, moved = -buffer.ctypes.data % LONGEST, dict(call)
    for name in order:
        array = call[name]
        at += -at % array.itemsize
        moved[name] = buffer[at : at + array.nbytes].view(array.dtype).reshape(array.shape)
        moved[name][...] = array
        at += array.nbytes + gap
    return moved


def assert_places_are_not_seen(name, call, rng):
    """One answer at every distance, the arrays in an order by chance, in half of all calls those first that are written to."""
    order = [key for key, value in call.items() if isinstance(value, np.ndarray)]
    rng.shuffle(order)
    if rng.integers(2):
        order.sort(key=lambda key: key not in KERNELS[name].outputs)
    answers = set()
    for gap in range(0, LONGEST + 1, min(call[key].itemsize for key in order)):
        moved = side_by_side(call, order, gap)
        answer = KERNELS[name].function(**moved)
        answers.add((answer, *(moved[key].tobytes() for key in KERNELS[name].outputs)))
    assert len(answers) == 1, call


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("kernel", ["sweep_dense", "sweep_csr"])
def test_sweeps(kernel, loss, dtype):
    """Every optimizer on rows of few columns, where arrays are near each other; the penalties and the rest by chance."""
    for number, (optimizer, d, batch_size, _) in enumerate(itertools.product(OPTIMIZERS, range(1, 21), (1, 3), range(4))):
        rng = np.random.default_rng(number)
        call = KERNELS[kernel].draw(rng, loss, dtype, optimizer, d)
        assert_places_are_not_seen(kernel, {**call, "batch_size": batch_size}, rng)


@pytest.mark.parametrize("kernel", [name for name in KERNELS if not name.startswith("sweep")])
def test_passes(kernel):
    for seed in range(400):
        rng = np.random.default_rng(seed)
        assert_places_are_not_seen(kernel, KERNELS[kernel].draw(rng), rng)


def test_no_kernel_is_left_out():
    kernel = {name for name in kernels.__all__ if callable(getattr(kernels, name))} - {"gram_space", "shuffle"}  # a size; no number
    assert set(KERNELS) == kernel
