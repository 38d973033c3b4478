"""``python -m benchmarks.cluster [rounds] [speedup] [peers] [scaling]``: Dask collections, beside dask-ml if that is here."""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import dask
import dask.array as da
import numpy as np
from distributed import Client, LocalCluster, wait

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.sources.dask import Team

N_ROUNDS = 200
ALPHA = 1e-4


@contextmanager
def workers(count: int, processes: bool = True) -> Iterator[Client]:
    """A cluster of this machine, whose workers have a thread each."""
    how = {"threads_per_worker": 1, "processes": processes, "dashboard_address": ":0", "memory_limit": 0}
    with LocalCluster(n_workers=count, **how) as cluster, Client(cluster) as client:
        yield client


def problem(client: Client, n: int, d: int, n_partitions: int) -> tuple[da.Array, da.Array]:
    """Correlated columns in several units, and two classes, on the workers."""
    rng = da.random.default_rng(0)
    X = rng.normal(size=(n, d), chunks=(n // n_partitions, d)) + rng.normal(size=(n, 1), chunks=(n // n_partitions, 1))
    X = X * np.logspace(-1, 1, d)
    z = (X / np.logspace(-1, 1, d)) @ np.linspace(-1, 1, d)
    y = (z + rng.logistic(size=n, chunks=n // n_partitions) > 0).astype(np.int64)
    places = list(client.nthreads())  # in turn: Dask may put all on one worker, from where every fit would have to move them
    parts = [client.persist([X.blocks[i], y.blocks[i]], workers=[places[i % len(places)]]) for i in range(n_partitions)]
    X, y = client.persist([da.concatenate(column) for column in zip(*parts, strict=True)])
    wait([X, y])
    return X, y


def textbook(rounds: int) -> GDLinearRegressor:
    """A fit of so many rounds and little else."""
    return GDLinearRegressor(optimizer="gd", preconditioner=None, learning_rate=1e-6, max_iter=rounds, tol=None)


def seconds(fit: Any) -> float:
    """What a call takes."""
    began = time.perf_counter()
    fit()
    return time.perf_counter() - began


def per_round(X: Any, y: Any, repeats: int = 3) -> float:
    """Milliseconds per round: the difference that more rounds make."""
    few, many = (median(seconds(lambda n=n: textbook(n).fit(X, y)) for _ in range(repeats)) for n in (10, 10 + N_ROUNDS))
    return 1e3 * (many - few) / N_ROUNDS


def rounds() -> None:
    """What a round costs beyond its pass."""
    with workers(2) as client:
        X, y = problem(client, 20_000, 10, 8)
        there = per_round(X, y.astype(float))
        here = per_round(*(part.astype(float) for part in dask.compute(X, y)))
    print(f"rounds: 20,000 x 10 in 8 partitions on 2 workers: {there:.2f} ms a round, {here:.2f} ms a pass in memory")


def speedup(n: int, d: int, turns: int = 4, repeats: int = 4) -> None:
    """Two workers beside one, in turn, one cluster at a time: an idle one keeps a core of two busy now and then."""
    times: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(turns):
        for count, seen in times.items():
            with workers(count) as client:
                X, y = problem(client, n, d, 4)
                GDLogisticClassifier(tol=1e-6).fit(X, y)  # what every worker imports first
                seen += [seconds(lambda a=X, b=y: GDLogisticClassifier(tol=1e-6).fit(a, b)) for _ in range(repeats)]
    alone, shared = median(times[1]), median(times[2])
    size = f"{n:,} x {d} ({n * d * 8 / 1e9:.2f} GB) in 4 partitions"
    spread = (f"{median(seen):.2f} s ({min(seen):.2f} to {max(seen):.2f})" for seen in times.values())
    print("speedup: {}: 1 worker {}, 2 workers {}, {:.2f}x".format(size, *spread, alone / shared), flush=True)


def peers() -> None:
    """The same collection to dask-ml's LogisticRegression."""
    if importlib.util.find_spec("dask_ml") is None:
        print("peers: dask-ml is not installed here (pip install dask-ml)")
        return
    from dask_ml.linear_model import LogisticRegression

    with workers(2) as client, counted(Client, "_graph_to_futures") as graphs, counted(Team, "gather") as messages:
        X, y = problem(client, 200_000, 20, 4)
        model = GDLogisticClassifier(alpha=ALPHA, tol=1e-6)
        model.fit(X, y)
        n_rounds = len(messages)
        ours = median(seconds(lambda: model.fit(X, y)) for _ in range(3))
        print(f"peers: sk_gd {ours:.2f} s, {n_rounds} rounds in all, {model.history_['passes'][-1]:.0f} passes, "
              f"F {model.loss_curve_[-1]:.6f}", flush=True)  # fmt: skip
        host, labels = dask.compute(X, y)
        for solver in ("admm", "lbfgs", "newton"):
            graphs.clear()
            peer = LogisticRegression(solver=solver, C=1 / (ALPHA * len(labels)), tol=1e-6)
            taken = seconds(lambda p=peer: p.fit(X, y))
            z = host @ np.ravel(peer.coef_) + peer.intercept_
            F = np.mean(np.logaddexp(0, z) - labels * z) + ALPHA / 2 * np.sum(np.square(peer.coef_))
            print(f"peers: dask-ml {solver} {taken:.2f} s ({taken / ours:.1f}x), {len(graphs)} graphs, F {F:.6f}", flush=True)


@contextmanager
def counted(owner: type, name: str) -> Iterator[list[str]]:
    """A list that grows by one with every call of a method."""
    calls: list[str] = []
    method = getattr(owner, name)

    def call(*args: Any, **kwargs: Any) -> Any:
        calls.append(name)
        return method(*args, **kwargs)

    setattr(owner, name, call)
    try:
        yield calls
    finally:
        setattr(owner, name, method)


def scaling() -> None:
    """A round on more and more workers of one machine: threads, which share its cores."""
    for count in (1, 2, 4, 8, 16, 32, 64):
        with workers(count, processes=False) as client:
            X, y = problem(client, 64 * 500, 10, 64)
            print(f"scaling: {count} workers, 64 partitions: {per_round(X, y.astype(float), 1):.2f} ms a round", flush=True)


def main(arguments: list[str]) -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=["rounds", "speedup", "peers", "scaling"], default=[])
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the speedup's X")
    parser.add_argument("--features", type=int, default=130, help="of the speedup's X")
    options = parser.parse_args(arguments)
    chosen = options.parts or ["rounds", "speedup", "peers", "scaling"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for part in chosen:
            speedup(options.rows, options.features) if part == "speedup" else globals()[part]()


if __name__ == "__main__":
    main(sys.argv[1:])
