"""Threads share out work in order, and let Ctrl-C through: whatever they do then ends, or is left behind."""

import _thread
import signal
import threading
import time

import numpy as np
import pytest
from scipy import sparse

from sk_gd import GDLinearRegressor, _pieces, _threads
from sk_gd._threads import apart, breathe, in_threads
from sk_gd.descent import batching
from sk_gd.estimators import _data, _sound, _validation
from sk_gd.losses import _base

SOON, LONG = 2.0, 30.0  # seconds: for an answer that takes thousandths, and for work that nobody waits for


@pytest.fixture(autouse=True)
def two_threads(monkeypatch):
    monkeypatch.setattr(_threads, "n_threads", lambda: 2)


@pytest.fixture
def answer():
    """Seconds from Ctrl-C until a call raises it; afterwards no thread is left."""

    def answer(call):
        began = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(KeyboardInterrupt):
            call()
        return time.monotonic() - began - 0.05

    before, threads = signal.signal(signal.SIGALRM, signal.default_int_handler), _thread._count()
    yield answer
    signal.setitimer(signal.ITIMER_REAL, 0.0)
    signal.signal(signal.SIGALRM, before)
    assert _thread._count() == threads


def test_answers_in_order():
    """By two threads."""
    threads = set()

    def work(item):
        threads.add(threading.get_ident())
        time.sleep(0.001)
        return 2 * item

    assert in_threads(work, list(range(20))) == list(range(0, 40, 2))
    assert len(threads) == 2


def test_overflows_are_taken_as_where_it_was_asked():
    """By the threads, too: what is looked at afterwards does not warn."""

    def overflow(x):
        return float(np.square(np.array([x]))[0])

    with np.errstate(over="ignore"):
        assert in_threads(overflow, [1e200, 1e300]) == [np.inf, np.inf]
        assert apart(overflow, 1e200, _threads.LARGE) == np.inf
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        in_threads(overflow, [1e200, 1e300])


@pytest.mark.parametrize(
    ("module", "container", "params"),
    [
        (batching, np.asarray, {"variant": "stochastic"}),
        (_validation, np.asarray, {"early_stopping": True}),
        (_base, np.asarray, {"loss": "quantile"}),
        (_data, sparse.csc_array, {}),
        (_pieces, sparse.csr_array, {"early_stopping": True}),
        (_sound, sparse.csr_array, {}),
    ],
    ids=["an order of rows", "a split", "a quantile", "another format", "rows of a sparse matrix", "its structure"],
)
def test_what_cannot_be_cut_is_apart(module, container, params, rng, monkeypatch):
    """It is told how much work it is."""
    X, works = container(rng.normal(size=(200, 3))), []

    def told(function, argument, work):
        works.append(work)
        return apart(function, argument, work)

    monkeypatch.setattr(module, "apart", told)
    GDLinearRegressor(random_state=0, **params).fit(X, rng.normal(size=200))
    assert max(works) >= 200


def test_errors_come_through():
    """Of a thread's work, and of a matrix large enough for a thread of its own."""
    with pytest.raises(ZeroDivisionError):
        in_threads(lambda item: 1 / item, [1, 0, 1])
    with pytest.raises(np.linalg.LinAlgError):
        apart(np.linalg.cholesky, -np.eye(3), _threads.LARGE)


def test_an_interrupt_ends_the_threads(answer):
    """Where they breathe; what has not begun never does."""
    begun = []

    def work(item):
        begun.append(item)
        until = time.monotonic() + LONG
        while time.monotonic() < until:
            breathe()
            time.sleep(0.001)

    assert answer(lambda: in_threads(work, list(range(10)))) < SOON
    assert len(begun) == 2


def test_an_interrupt_leaves_a_decomposition_behind(answer):
    """It goes on alone."""
    end, before = threading.Event(), _thread._count()

    def decompose(matrix):
        end.wait(LONG)

    assert answer(lambda: apart(decompose, np.eye(3), _threads.LARGE)) < SOON
    assert _thread._count() == before + 1
    end.set()
    limit = time.monotonic() + LONG
    while _thread._count() > before and time.monotonic() < limit:
        time.sleep(0.001)


def test_the_first_error_is_the_one_raised():
    """By whichever thread it was met first."""

    def work(item):
        time.sleep(0.02 * (item == 1))
        raise ValueError(item)

    with pytest.raises(ValueError, match=r"^1$"):
        in_threads(work, [1, 2, 3])
