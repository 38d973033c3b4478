"""Threads of a fit: they share out rows, and none of them lets Ctrl-C wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from sk_gd._compat import n_threads

S = TypeVar("S")
T = TypeVar("T")

LARGE = 2**24  # operations, each some nanoseconds, up to which a call is done before it could be missed
OWN = threading.local()  # ``ended``: whether the map that a thread works for is over


def in_threads(function: Callable[[S], T], items: list[S]) -> list[T]:
    """``function(item)`` for every item, in order; by threads where there is more than one.

    Whatever is raised here, such as an interrupt, drops what has not begun, and ends the rest wherever that calls :func:`breathe`.
    """
    threads = min(n_threads(), len(items))
    if threads == 1:
        return [function(item) for item in items]
    ended, errors = threading.Event(), np.geterr()

    def begin() -> None:
        OWN.ended = ended
        np.seterr(**errors)  # a thread does not inherit what is said of overflows

    pool = ThreadPoolExecutor(threads, initializer=begin)  # made here: none outlives a fork
    try:
        return list(pool.map(function, items))
    finally:
        ended.set()
        pool.shutdown(cancel_futures=True)


def breathe() -> None:
    """End here, in a thread whose work nobody waits for any more. In the main thread signals come through by themselves."""
    ended = getattr(OWN, "ended", None)
    if ended is not None and ended.is_set():
        raise CancelledError()


def apart(function: Callable[[S], T], argument: S, work: int) -> T:
    """``function(argument)``, if that is much work in a thread of its own, which an interrupt leaves behind to end by itself.

    For what answers no signal, but lets other threads run: functions of numpy.linalg (those of scipy.linalg do not), sorting,
    and what SciPy does with the structure of a sparse matrix. It must change nothing that is used afterwards.
    """
    if work < LARGE or threading.current_thread() is not threading.main_thread():  # only the main one gets signals
        return function(argument)
    found: Future[T] = Future()
    errors = np.geterr()

    def call() -> None:
        try:
            with np.errstate(**errors):
                found.set_result(function(argument))
        except BaseException as error:
            found.set_exception(error)

    threading.Thread(target=call, daemon=True).start()
    return found.result()
