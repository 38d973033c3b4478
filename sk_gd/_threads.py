"""Threads of a fit: they share out rows, and none of them lets Ctrl-C wait.

The one that asks works, too. It starts the others and waits for them by calls of what is written in C: in Thread.start and
Future.result an interrupt may come after a lock was taken and before the block that gives it back, and the other threads would wait
for it for ever. They stay for the next time: one that has just begun may first have to be given a core, which takes as long as
many a pass.
"""

from __future__ import annotations

import os
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
IDLE = 0.02  # seconds after which a thread ends that has nothing to do: longer than what a fit does between two passes
OWN = threading.local()  # ``ended``: holds something once the map that a thread works for is over; ``team``: those it has begun


class Team:
    """Threads that work for another, whenever that calls; without a call they end."""

    def __init__(self) -> None:
        self.members: set[object] = set()
        self.calls: SimpleQueue[None] = SimpleQueue()
        self.work: Callable[[], object] | None = None

    def call(self, work: Callable[[], object], count: int) -> None:
        """Let so many of them work; one that comes too late, or twice, finds nothing to do."""
        self.work = work
        while len(self.members) < count:
            member = object()
            self.members.add(member)
            start_new_thread(self.serve, (member,))
        for _ in range(count):
            self.calls.put(None)

    def serve(self, member: object) -> None:
        """What a thread does."""
        try:
            while True:
                self.calls.get(timeout=IDLE)
                if (work := self.work) is not None:
                    work()
                del work  # and what it knows of the data
        except Empty:
            self.members.discard(member)


def in_threads(function: Callable[[S], T], items: list[S]) -> list[T]:
    """``function(item)`` for every item, in order; by threads where there is more than one.

    Whatever is raised here, such as an interrupt, drops what has not begun, and ends the rest wherever that calls :func:`breathe`.
    """
    threads = min(n_threads(), len(items))
    if threads == 1:
        return [function(item) for item in items]
    return share_out(function, items, threads)


def share_out(function: Callable[[S], T], items: list[S], threads: int) -> list[T]:
    """The answers of this thread and of its team; what is begun is waited for, whatever is raised here."""
    found: dict[int, T] = {}
    failed: dict[int, BaseException] = {}
    ended: list[bool] = []
    busy: set[int] = set()
    bell: SimpleQueue[None] = SimpleQueue()
    todo = deque(range(len(items)))
    errors, team = np.geterr(), vars(OWN).setdefault("team", Team())

    def take(caught: type[BaseException]) -> None:
        while todo and not ended:
            try:
                number = todo.popleft()
            except IndexError:  # another was faster
                return
            try:
                found[number] = function(items[number])
            except caught as error:
                failed[number] = error
                todo.clear()  # what came before ends: the first error is the same on any number of threads

    def help_out() -> None:
        own = threading.get_ident()
        busy.add(own)  # before it looks at ``todo``: it is waited for, or does nothing
        OWN.ended = ended
        np.seterr(**errors)  # a thread does not inherit what is said of overflows
        take(BaseException)
        busy.discard(own)
        bell.put(None)

    try:
        team.call(help_out, threads - 1)
        take(Exception)
        while busy:
            listen(bell)
        team.work = None
    except BaseException:
        ended.append(True)
        vars(OWN).pop("team", None)  # it may be short of one that never began
        while busy:
            listen(bell)
        raise
    if failed:
        raise failed.pop(min(failed))
    return [found[number] for number in range(len(items))]


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
    found: list[T] = []
    failed: list[BaseException] = []
    bell: SimpleQueue[None] = SimpleQueue()
    errors = np.geterr()

    def find() -> None:
        np.seterr(**errors)
        try:
            found.append(function(argument))
        except BaseException as error:
            failed.append(error)
        bell.put(None)

    start_new_thread(find, ())
    listen(bell)
    if failed:
        raise failed.pop()
    return found[0]


def listen(bell: SimpleQueue[None]) -> None:
    """Wait for a thread to end; signals come through."""
    while True:
        try:
            return bell.get(timeout=POLL)
        except Empty:
            pass


if hasattr(os, "register_at_fork"):  # none outlives a fork
    os.register_at_fork(after_in_child=lambda: vars(OWN).pop("team", None))
