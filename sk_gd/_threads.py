"""Threads of a fit: they share out rows, and none of them lets Ctrl-C wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Any, TypeVar

from numpy.typing import NDArray

from sk_gd._compat import n_threads

S = TypeVar("S")
T = TypeVar("T")
Array = NDArray[Any]

LARGE = 256  # rows of a matrix up to which LAPACK is done before a thread has begun
OWN = threading.local()  # ``ended``: whether the map that a thread works for is over


def in_threads(function: Callable[[S], T], items: list[S]) -> list[T]:
    """``function(item)`` for every item, in order; by threads where there is more than one.

    Whatever is raised here, such as an interrupt, drops what has not begun, and ends the rest wherever that calls :func:`breathe`.
    """
    threads = min(n_threads(), len(items))
    if threads == 1:
        return [function(item) for item in items]
    ended = threading.Event()
    pool = ThreadPoolExecutor(threads, initializer=setattr, initargs=(OWN, "ended", ended))  # made here: none outlives a fork
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


def apart(function: Callable[[Array], T], matrix: Array) -> T:
    """``function(matrix)``, if that is large in a thread of its own, which an interrupt leaves behind to end by itself.

    For functions of numpy.linalg: they answer no signal, but let other threads run, which those of scipy.linalg do not.
    """
    if len(matrix) < LARGE or threading.current_thread() is not threading.main_thread():  # only the main one gets signals
        return function(matrix)
    found: Future[T] = Future()

    def call() -> None:
        try:
            found.set_result(function(matrix))
        except BaseException as error:
            found.set_exception(error)

    threading.Thread(target=call, daemon=True).start()
    return found.result()
