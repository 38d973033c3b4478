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
from sk_gd.estimators import _data, _sound

SOON, LONG = 2.0, 30.0  # seconds: for an answer that takes thousandths, and for work that nobody waits for


@pytest.fixture(autouse=True)
def begun(monkeypatch):
    """The threads that a test begins, each with whether it goes on; in the end none does."""
    begun = {}

    def start(function, arguments):
        def run():
            function(*arguments)
            begun[number] = False

        begun[number := len(begun)] = True
        _thread.start_new_thread(run, ())

    monkeypatch.setattr(_threads, "n_threads", lambda: 2)
    monkeypatch.setattr(_threads, "start_new_thread", start)
    vars(_threads.OWN).pop("team", None)
    yield begun
    limit = time.monotonic() + LONG
    while any(begun.values()) and time.monotonic() < limit:
        time.sleep(0.001)
    assert not any(begun.values())


@pytest.fixture
def answer():
    """Seconds from Ctrl-C until a call raises it."""

    def answer(call):
        began = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(KeyboardInterrupt):
            call()
        return time.monotonic() - began - 0.05

    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    yield answer
    signal.setitimer(signal.ITIMER_REAL, 0.0)
    signal.signal(signal.SIGALRM, before)


def test_answers_in_order(begun):
    """By two threads, of which one is that which asks; the other stays for the next time, but keeps nothing that it has seen."""
    threads = set()

    def work(item):
        threads.add(threading.get_ident())
        time.sleep(0.001)
        return 2 * item

    for _ in range(3):
        assert in_threads(work, list(range(20))) == list(range(0, 40, 2))
        assert vars(_threads.OWN)["team"].work is None
    assert len(threads) == 2
    assert threading.get_ident() in threads
    assert len(begun) == 1


def test_a_thread_that_never_comes(monkeypatch):
    """It is not waited for, as it is not in a fork."""
    monkeypatch.setattr(_threads, "start_new_thread", lambda *_: None)
    assert in_threads(lambda item: 2 * item, [1, 2, 3]) == [2, 4, 6]


def test_an_interrupt_before_a_thread_begins(begun, monkeypatch):
    """The next time another one does."""

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(_threads, "start_new_thread", interrupted)
        with pytest.raises(KeyboardInterrupt):
            in_threads(abs, [1, 2])
    assert in_threads(abs, [1, 2]) == [1, 2]
    assert len(begun) == 1


def test_overflows_are_taken_as_where_it_was_asked():
    """By the threads, too: what is looked at afterwards does not warn."""
    both = threading.Barrier(2)

    def overflow_in_both(x):
        both.wait(LONG)
        return overflow(x)

    def overflow(x):
        return float(np.square(np.array([x]))[0])

    with np.errstate(over="ignore"):
        assert in_threads(overflow_in_both, [1e200, 1e300]) == [np.inf, np.inf]
        assert apart(overflow, 1e200, _threads.LARGE) == np.inf
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        in_threads(overflow, [1e200, 1e300])


@pytest.mark.parametrize(
    ("module", "container", "params"),
    [
        (_pieces, np.asarray, {"early_stopping": True}),
        (_pieces, np.asarray, {"loss": "quantile"}),
        (_data, sparse.csc_array, {}),
        (_pieces, sparse.csr_array, {"early_stopping": True}),
        (_sound, sparse.csr_array, {}),
    ],
    ids=["a split", "a quantile", "another format", "rows of a sparse matrix", "its structure"],
)
def test_what_cannot_be_cut_is_apart(module, container, params, rng, monkeypatch):
    """It is told how much work it is."""
    X, works = container(rng.normal(size=(200, 3))), []

    def told(function, argument, work):
        works.append(work)
        return apart(function, argument, work)

    monkeypatch.setattr(module, "apart", told)
    monkeypatch.setattr(_pieces, "PIECE", 64)  # what is cut is, so that what cannot be is left
    GDLinearRegressor(random_state=0, **params).fit(X, rng.normal(size=200))
    assert max(works) >= 200


def test_errors_come_through():
    """Of a thread's work, and of a matrix large enough for a thread of its own."""
    with pytest.raises(ZeroDivisionError):
        in_threads(lambda item: 1 / item, [1, 0, 1])
    with pytest.raises(np.linalg.LinAlgError):
        apart(np.linalg.cholesky, -np.eye(3), _threads.LARGE)
    both = threading.Barrier(2)

    def leave(item):
        both.wait(LONG)
        if threading.get_ident() != threading.main_thread().ident:
            raise SystemExit

    with pytest.raises(SystemExit):
        in_threads(leave, [1, 2])


def test_an_interrupt_ends_the_threads(answer):
    """Where they breathe, and then it is raised; what has not begun never does."""
    met, left = [], []

    def work(item):
        met.append(item)
        until = time.monotonic() + LONG
        try:
            while time.monotonic() < until:
                breathe()
                time.sleep(0.001)
        finally:
            time.sleep(0.02)
            left.append(item)

    assert answer(lambda: in_threads(work, list(range(10)))) < SOON
    assert len(met) == len(left) == 2


def test_an_interrupt_leaves_a_decomposition_behind(answer, begun):
    """It goes on alone."""
    end = threading.Event()

    def decompose(matrix):
        end.wait(LONG)

    assert answer(lambda: apart(decompose, np.eye(3), _threads.LARGE)) < SOON
    assert list(begun.values()) == [True]
    end.set()


def test_the_first_error_is_the_one_raised():
    """By whichever thread it was met first; what comes after it is left."""
    met = set()

    def work(item):
        met.add(item)
        time.sleep(0.02 * (item == 1))
        raise ValueError(item)

    with pytest.raises(ValueError, match=r"^1$"):
        in_threads(work, [1, 2, 3])
    assert met <= {1, 2}
