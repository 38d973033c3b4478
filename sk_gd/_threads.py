"""Threads of a fit: they share out rows, and none of them lets Ctrl-C wait.

The main thread starts the others and waits for them by calls of what is written in C. In Thread.start and Future.result an
interrupt may come after a lock was taken and before the block that gives it back: the other threads would wait for it for ever.
"""

from __future__ import annotations

import threading
from _thread import start_new_thread
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError
from queue import Empty, SimpleQueue
from typing import TypeVar

import numpy as np

from sk_gd._compat import n_threads

S = TypeVar("S")
T = TypeVar("T")

LARGE = 2**24  # operations, each some nanoseconds, up to which a call is done before it could be missed
POLL = 0.02  # seconds after which one who waits looks up: a signal that comes just before a wait does not end it
OWN = threading.local()  # ``ended``: holds something once the map that a thread works for is over


def in_threads(function: Callable[[S], T], items: list[S]) -> list[T]:
    """``function(item)`` for every item, in order; by threads where there is more than one.

    Whatever is raised here, such as an interrupt, drops what has not begun, and ends the rest wherever that calls :func:`breathe`.
    """
    threads = min(n_threads(), len(items))
    if threads == 1:
        return [function(item) for item in items]
    return share_out(function, items, threads, stay=True)


def breathe() -> None:
    """End here, in a thread whose work nobody waits for any more. In the main thread signals come through by themselves."""
    if getattr(OWN, "ended", None):
        raise CancelledError()


def apart(function: Callable[[S], T], argument: S, work: int) -> T:
    """``function(argument)``, if that is much work in a thread of its own, which an interrupt leaves behind to end by itself.

    For what answers no signal, but lets other threads run: functions of numpy.linalg (those of scipy.linalg do not), sorting,
    and what SciPy does with the structure of a sparse matrix. It must change nothing that is used afterwards.
    """
    if work < LARGE or threading.get_ident() != threading.main_thread().ident:  # only the main one gets signals
        return function(argument)
    return share_out(function, [argument], 1, stay=False)[0]


def share_out(function: Callable[[S], T], items: list[S], threads: int, stay: bool) -> list[T]:
    """The answers of some threads, begun here: none outlives a fork. ``stay`` until they have ended, whatever is raised here."""
    found: dict[int, T] = {}
    failed: dict[int, BaseException] = {}
    ended: list[bool] = []
    busy: set[int] = set()
    bell: SimpleQueue[None] = SimpleQueue()
    todo = deque([*range(len(items)), *[None] * threads])
    errors = np.geterr()

    def work() -> None:
        own = threading.get_ident()
        busy.add(own)  # before it looks at ``ended``: it is waited for, or does nothing
        OWN.ended = ended
        np.seterr(**errors)  # a thread does not inherit what is said of overflows
        try:
            while (number := todo.popleft()) is not None and not ended:
                found[number] = function(items[number])
        except BaseException as error:
            failed[number] = error
            todo.extendleft([None] * threads)  # what came before ends: the first error is the same on any number of threads
        busy.discard(own)
        bell.put(None)

    try:
        for _ in range(threads):
            start_new_thread(work, ())
        for _ in range(threads):
            listen(bell)
    except BaseException:
        ended.append(True)
        while stay and busy:
            listen(bell)
        raise
    if failed:
        raise failed.pop(min(failed))
    return [found[number] for number in range(len(items))]


def listen(bell: SimpleQueue[None]) -> None:
    """Wait for a thread to end; signals come through."""
    while True:
        try:
            return bell.get(timeout=POLL)
        except Empty:
            pass
