"""The order of visits: every one is as likely, and it is the one that random numbers and the textbook make."""

from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from scipy.stats import chisquare

from sk_gd.descent import batching
from sk_gd.kernels import shuffle


def by_the_book(order, rng):
    """Fisher and Yates, with Lemire's numbers below a bound."""
    for i in range(len(order) - 1, 0, -1):
        bound = i + 1
        while (product := int(rng.integers(2**32, dtype=np.uint32)) * bound) % 2**32 < 2**32 % bound:
            pass
        j = product >> 32
        order[i], order[j] = order[j], order[i]
    return order


@pytest.mark.parametrize("kind", [np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64])
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_by_the_book(kind, dtype):
    """The same order, and a generator that goes on alike."""
    ours, book = (np.random.Generator(kind(7)) for _ in range(2))
    for count in (0, 1, 2, 3, 1000):
        order = np.arange(count, dtype=dtype)
        shuffle(ours.bit_generator, order)
        np.testing.assert_array_equal(order, by_the_book(np.arange(count, dtype=dtype), book))
    assert ours.random() == book.random()


def test_all_orders_are_alike(rng):
    """Each of the 120 orders of five as often, as far as chance has it."""
    seen = Counter()
    for _ in range(120 * 200):
        order = np.arange(5)
        shuffle(rng.bit_generator, order)
        seen[tuple(order)] += 1
    assert chisquare([seen[order] for order in permutations(range(5))]).pvalue > 1e-4


@pytest.mark.parametrize("order", [np.arange(4.0), np.arange(8)[::2], np.arange(4, dtype=np.int16), [0, 1]], ids=str)
def test_what_is_no_order(order, rng):
    with pytest.raises((TypeError, ValueError)):
        shuffle(rng.bit_generator, order)
    with pytest.raises(AttributeError):
        shuffle(rng, np.arange(4))


def test_more_rows_than_the_kernel_takes(monkeypatch):
    """They come in NumPy's order: the kernel's random numbers have 32 bits."""
    monkeypatch.setattr(batching, "MOST_SHUFFLED", 99)
    ours, numpys = np.random.default_rng(0), np.random.default_rng(0)
    np.testing.assert_array_equal(batching.shuffled(100, ours), numpys.permutation(100))
    np.testing.assert_array_equal(batching.shuffled(99, ours), by_the_book(np.arange(99), numpys))
