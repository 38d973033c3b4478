"""Forks and threads: nothing hangs, and the bits are the same."""

import _thread
import contextlib
import gc
import multiprocessing
import os
import resource
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_info, threadpool_limits

from tests.faults.battery import fits


def several_blocks(lab):
    """Rows enough for several threads."""
    X = lab.rng.normal(size=(160_000, 20))
    return X, lab.targets(X)


def coef_in_a_fork(fit):
    """What ``fit`` finds in a forked process."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, fit().tobytes())
        os._exit(0)
    os.close(writing)
    found = np.frombuffer(os.read(reading, 4096))
    os.waitpid(child, 0)
    return found


@fits()
def a_fork_after_a_fit(lab):
    """No thread or lock of the parent is missed in the child."""
    fit = lambda: lab.fitted().coef_.ravel()  # noqa: E731
    np.testing.assert_array_equal(fit(), coef_in_a_fork(fit))


@fits()
def a_fork_after_a_fit_with_threads(lab):
    """Nor those of a fit that shared out its rows."""
    X, y = several_blocks(lab)
    fit = lambda: lab.model(max_iter=2).fit(X, y).coef_.ravel()  # noqa: E731
    np.testing.assert_array_equal(fit(), coef_in_a_fork(fit))


@fits()
def forks_while_another_thread_fits(lab):
    """A lock that a thread of the parent holds would never be opened in the child."""
    running = True

    def work():
        while running:
            lab.model().fit(lab.X, lab.y)

    thread = threading.Thread(target=work)
    thread.start()
    fit = lambda: lab.fitted().coef_.ravel()  # noqa: E731
    try:
        found = [coef_in_a_fork(fit) for _ in range(10)]
    finally:
        running = False
        thread.join()
    np.testing.assert_array_equal(found, np.broadcast_to(fit(), np.shape(found)))


@fits()
def a_pool_of_forked_processes(lab):
    """What multiprocessing makes of them."""
    with multiprocessing.get_context("fork").Pool(2) as pool:
        found = pool.starmap(lab.Estimator(lab.variant, random_state=0).fit, [(lab.X, lab.y)] * 4)
    for model in found:
        np.testing.assert_array_equal(model.coef_, lab.fitted().coef_)


@fits()
def four_threads_at_a_time(lab):
    """Every thread finds the bits that it finds alone."""
    alone = lab.fitted().coef_
    with ThreadPoolExecutor(4) as pool:
        for coef in pool.map(lambda _: lab.model().fit(lab.X, lab.y).coef_, range(12)):
            np.testing.assert_array_equal(coef, alone)


@fits()
def one_thread_or_four(lab):
    """The same bits for any number of threads, of ours and of BLAS, on dense and sparse rows."""
    X, y = several_blocks(lab)
    for rows in (X, sparse.csr_array(np.where(X > 1.0, X, 0.0))):
        found = []
        for threads in (1, 3, 4):
            with threadpool_limits(threads):
                found.append(lab.model(max_iter=3).fit(rows, y).coef_)
        np.testing.assert_array_equal(found, np.broadcast_to(found[0], np.shape(found)))


@fits()
def one_estimator_in_two_threads(lab):
    """Nobody should, and nothing breaks."""
    model = lab.fitted()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: model.fit(lab.X, lab.y), range(10)))
    np.testing.assert_array_equal(model.coef_, lab.fitted().coef_)


@fits()
def a_fit_within_a_fit(lab):
    """A scorer may fit."""

    def score(model, X, y):
        return float(lab.fitted().score(X, y))

    lab.model(early_stopping=score, max_iter=3).fit(lab.X, lab.y)


@fits()
def a_fit_in_a_thread_while_signals_arrive(lab):
    """Signals whose handlers do nothing change nothing."""
    seen = []
    signal.signal(signal.SIGALRM, lambda *_: seen.append(0))
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    try:
        end = time.monotonic() + 0.2
        while time.monotonic() < end:
            np.testing.assert_array_equal(lab.model().fit(lab.X, lab.y).coef_, lab.model().fit(lab.X, lab.y).coef_)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
    assert len(seen) > 10


@fits()
def threads_of_blas_come_back(lab):
    """BLAS has as many threads after a fit, and after one that failed, as before."""
    before = [library["num_threads"] for library in threadpool_info()]
    lab.fitted()
    with contextlib.suppress(ZeroDivisionError):
        lab.model(early_stopping=lambda *_: 1 / 0).fit(lab.X, lab.y)
    assert [library["num_threads"] for library in threadpool_info()] == before


def memory():
    """What the process holds, in KiB."""
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() // 1024


@fits()
def three_hundred_refits(lab):
    """Memory, file descriptors and threads do not grow; the first fits may fill caches."""
    X = lab.rng.normal(size=(2000, 20))
    y = lab.targets(X)
    model = lab.model(warm_start=True, max_iter=2)
    for fit in range(350):
        model.fit(X, y)
        if fit == 50:
            before = memory(), len(os.listdir("/proc/self/fd")), _thread._count(), len(gc.get_objects())
    after = memory(), len(os.listdir("/proc/self/fd")), _thread._count(), len(gc.get_objects())
    assert after[0] < before[0] + 4096
    assert after[1:3] == before[1:3]
    assert after[3] < before[3] + 500


@fits()
def three_hundred_chunks(lab):
    """Nor with partial_fit, whose history grows by a row of numbers."""
    X = lab.rng.normal(size=(200, 20))
    y = lab.targets(X)
    model = lab.model()
    for chunk in range(350):
        model.partial_fit(X, y)
        if chunk == 50:
            before = memory(), len(gc.get_objects())
    assert memory() < before[0] + 4096
    assert len(gc.get_objects()) < before[1] + 500
