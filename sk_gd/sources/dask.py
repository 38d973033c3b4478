"""Rows in the partitions of Dask collections: a team of actors, one per worker, that answer small questions about them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from sk_gd._compat import optional
from sk_gd.sources.shard import Shard

PATIENCE = 10.0  # seconds to wait for a worker where none is left
POLL = 1.0  # seconds after which a silent worker is asked whether it still lives
RELOCATIONS = 20  # recoveries of one fit: a cluster that loses more workers than that is not going to keep any


class PartitionLostError(RuntimeError):
    """A partition is gone with the worker that held it, and nothing is left to compute it from.

    Parameters
    ----------
    message : str
        What is gone, and what to do.

    Attributes
    ----------
    best : dict
        ``coef_`` and ``intercept_`` of the best model until then, to be given to the next ``fit`` as ``coef_init`` and
        ``intercept_init``; empty if there was none yet.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.best: dict[str, Any] = {}


def is_collection(X: Any) -> bool:
    """Whether X is a Dask collection; dask is not imported for this, since without it there are none."""
    return "dask" in sys.modules and bool(sys.modules["dask"].is_dask_collection(X))


def is_counted(rows: Any) -> bool:
    """Whether Dask knows of a collection how many rows each of its partitions has."""
    return hasattr(rows, "chunks") and not np.isnan(rows.chunks[0]).any()


def counted(rows: Any, sizes: tuple[int, ...]) -> Any:
    """A collection whose partitions have that many rows, as a Dask array that knows so."""
    if not hasattr(rows, "chunks"):
        return rows.to_dask_array(lengths=sizes)
    array: Any = optional("dask.array", "dask").Array
    return array(rows.dask, rows.name, (sizes, *rows.chunks[1:]), meta=rows._meta)


@contextmanager
def current_client() -> Iterator[Any]:
    """The client of the task that this runs in, else the current one, else one of a local cluster of threads that ends with us."""
    distributed = optional("distributed", "dask")
    try:
        distributed.get_worker()
    except ValueError:
        try:
            yield distributed.default_client()
        except ValueError as error:
            if "No clients found" not in str(error):
                raise
            with distributed.Client(processes=False, n_workers=1, dashboard_address=":0") as client:
                yield client
    else:
        with distributed.worker_client() as client:
            yield client


class Team:
    """The actors of one fit, and the client they are reached by.

    Answers come in the order of the partitions, whoever holds them: sums have the same bits on any number of workers, wherever
    these have the rows. When a worker is lost, the cluster recomputes what it held, new actors are told what the old ones knew,
    and the question is asked again.

    Parameters
    ----------
    client : distributed.Client
        Of the cluster.
    partitions : list of Future
        The rows.
    make : callable
        See :class:`Shard`.
    """

    def __init__(self, client: Any, partitions: list[Any], make: Callable[[int, Any], Any]) -> None:
        self.client, self.partitions, self.make = client, partitions, make
        self.script: list[tuple[str, tuple[Any, ...]]] = []
        self.actors: list[Any] = []
        self.placed: list[Any] = []  # the futures of the actors
        self.n_relocations = 0
        self.recover()

    def tell(self, name: str, *arguments: Any) -> list[Any]:
        """``ask`` of what every partition, and every one that takes its place, has to know from now on."""
        answers = self.ask(name, *arguments)
        self.script.append((name, arguments))
        return answers

    def ask(self, name: str, *arguments: Any) -> list[Any]:
        """What the method of this name says of every partition, in order; None, of a partition that has no rows, is left out."""
        if not self.actors:
            raise RuntimeError(f"{name!r} is asked of partitions that a fit has let go of: fit again.")
        while True:
            try:
                answers = self.gather(name, arguments)
            except Exception as error:  # of the transport: Dask has many names for a worker that is gone
                self.n_relocations += 1
                if self.n_relocations > RELOCATIONS:
                    raise RuntimeError(
                        f"The cluster has lost workers {RELOCATIONS} times during this fit: look at their logs."
                    ) from error
                self.recover()
                continue
            for _, failure in answers:
                if failure is not None:
                    raise failure
            ordered = dict(answer for shard, _ in answers for answer in shard)
            return [ordered[number] for number in sorted(ordered) if ordered[number] is not None]

    def release(self) -> None:
        """Let the cluster forget the partitions, however long someone may remember this team."""
        self.dismiss()
        self.partitions, self.script = [], []

    def dismiss(self) -> None:
        """End the actors; by name, since Dask's own closures would keep those that were called until garbage is collected."""
        if self.placed and self.client.status == "running":
            self.client.cancel(self.placed)
        self.actors, self.placed = [], []

    def gather(self, name: str, arguments: tuple[Any, ...]) -> list[Any]:
        """The actors' answers; raises whatever the transport does when one is gone."""
        answers = []
        for call in [actor.ask(name, arguments) for actor in self.actors]:
            while True:
                try:
                    answers.append(call.result(timeout=POLL))
                    break
                except TimeoutError:
                    if self.client.status != "running":
                        raise
        n_answers, n = sum(len(shard) for shard, _ in answers), len(self.partitions)
        if n_answers < n and all(failure is None for _, failure in answers):
            raise RuntimeError(f"Only {n_answers} of {n} partitions have answered: start workers for the others.")
        return answers

    def recover(self) -> None:
        """Wait until the cluster has all partitions, and give them to actors where they are."""
        last_seen = time.monotonic()
        while True:
            try:
                if self.place():
                    return
                last_seen = time.monotonic()
            except PartitionLostError:
                raise
            except Exception as error:  # as above
                if self.client.status != "running":
                    raise RuntimeError(
                        f"The Dask cluster was closed during the fit, or cannot be reached any more, its client is "
                        f"{self.client.status}: start one, and fit again."
                    ) from error
                if time.monotonic() - last_seen > PATIENCE:
                    raise RuntimeError(
                        f"No worker of the Dask cluster has answered for {PATIENCE:.0f} s, but {error!r}: start some."
                    ) from error
                time.sleep(0.1)

    def place(self) -> bool:
        """Give the partitions to actors; False if some have yet to be computed."""
        client, distributed = self.client, optional("distributed", "dask")
        alive = sorted(client.run(os.getpid, on_error="ignore"))  # the scheduler may still list the dead
        if not alive:
            raise RuntimeError(f"The cluster has {len(alive)} workers that answer: start some.")
        self.refuse_lost()
        try:
            distributed.wait(self.partitions, timeout=POLL)
        except TimeoutError:
            return False
        except distributed.FuturesCancelledError:
            self.refuse_lost()
            return False
        self.refuse_lost()
        holders = client.who_has(self.partitions)
        held = shared_out([holders.get(partition.key, ()) for partition in self.partitions], alive)
        self.dismiss()
        how = {"allow_other_workers": True, "actor": True, "pure": False}
        self.placed = [
            client.submit(Shard, self.make, numbers, [self.partitions[n] for n in numbers], self.script, workers=[worker], **how)
            for worker, numbers in held.items()
            if numbers
        ]
        while True:
            try:
                distributed.wait(self.placed, timeout=POLL)
                break
            except TimeoutError:
                if client.status != "running" or not all(future.key in client.futures for future in self.placed):
                    raise
        self.actors = client.gather(self.placed)  # in one message
        return True

    def refuse_lost(self) -> None:
        """Name the partitions that cannot be computed any more; raise the error of one that never could be."""
        for number, partition in enumerate(self.partitions):
            if partition.status == "error":
                raise PartitionLostError(
                    f"Partition {number} cannot be computed, which raises {partition.exception()!r}: look at it by "
                    f"X.partitions[{number}].compute()."
                ) from None
        if self.client.status != "running":
            raise RuntimeError(f"The client is {self.client.status}: start another.")
        lost = [number for number, partition in enumerate(self.partitions) if partition.status == "cancelled"]
        if lost:
            raise PartitionLostError(
                f"Partition {', '.join(map(str, lost))} of X, y or sample_weight was lost with the worker that held it; nothing "
                "is left to compute it from (so it is with scattered data): load them anew, from files that workers see."
            )


def shared_out(holders: list[Any], workers: list[str]) -> dict[str, list[int]]:
    """The partitions of every worker: those that it has, but none more than its share, for a round takes as long as its slowest."""
    share, moved = -(-len(holders) // len(workers)), list[int]()
    held = {worker: list[int]() for worker in workers}
    for number, here in enumerate(holders):
        room = [worker for worker in here if worker in held and len(held[worker]) < share]
        (held[room[0]] if room else moved).append(number)
    for number in moved:
        held[min(workers, key=lambda worker: len(held[worker]))].append(number)
    return held


class Cluster:
    """A client, and the teams of a fit on its cluster."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.teams: list[Team] = []

    def team(self, rows: list[Any], make: Callable[[int, Any], Any]) -> Team:
        """Have the cluster compute partitions and keep them until the fit ends."""
        team = Team(self.client, self.client.compute(rows), make)
        self.teams.append(team)
        return team


@contextmanager
def cluster() -> Iterator[Cluster]:
    """The cluster to fit on, which afterwards is as it was."""
    with current_client() as client:
        found = Cluster(client)
        try:
            yield found
        finally:
            for team in found.teams:
                team.release()
