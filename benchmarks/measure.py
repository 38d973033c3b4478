"""Time and memory of fits: ladders from a cold start, then interleaved rounds; memory in a fresh process."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from benchmarks.evaluate import Evaluator
from benchmarks.peers import COUNTS, PEERS, Peer
from benchmarks.problems import Problem, like

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
GAPS = (1e-2, 1e-4, 1e-6)


Memory = dict[str, float]  # a peer's peak, in bytes


@dataclass
class Run:
    """One fit: round 0 is the ladder's, the others are interleaved with the other peers'."""

    peer: str
    rung: float
    round: int
    seconds: float
    value: float
    gap: float = np.nan  # known when everyone has run
    note: str = ""


Result = tuple[list[Run], Memory]


def fix_threads(count: int) -> None:
    """Start anew where the environment would let anyone use another number of threads."""
    wanted = dict.fromkeys(THREADS, str(count))
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks", *sys.argv[1:]], {**os.environ, **wanted})


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Interrupt what takes too long; a solver in compiled code hears it when it comes back to Python."""

    def ring(*_: Any) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def fit(peer: Peer, problem: Problem, rung: float, scratch: str, limit: float) -> tuple[float, Any]:
    """Seconds of a fit from a cold start, and the model, or what went wrong."""
    model = peer.make(problem, rung)
    if hasattr(model, "prepare"):
        model.prepare(scratch)
    gc.disable()  # as timeit does: a collection is nobody's fault, and one before every fit took longer than the fits
    start = time.perf_counter()
    try:
        with warnings.catch_warnings(), time_limit(limit):
            warnings.simplefilter("ignore")  # a ladder's low rungs are not meant to converge
            model.fit(problem.X, problem.y)
        seconds = time.perf_counter() - start
    except TimeoutError:
        return limit, f"> {limit:g} s"
    except Exception as error:  # a peer's failure is a result, not the end of the benchmark
        return time.perf_counter() - start, f"{type(error).__name__}: {error}"[:40].split("\n")[0]
    finally:
        gc.enable()
    return seconds, model


def climb(peer: Peer, judge: Evaluator, scratch: str, limit: float) -> Iterator[Run]:
    """Fits of increasing precision, until the smallest gap, the limit or the end of the ladder; then between its steps."""

    def attempt(rung: float) -> Run:
        seconds, model = fit(peer, judge.problem, rung, scratch, limit)
        if isinstance(model, str):
            return Run(peer.name, rung, 0, seconds, np.inf, note=model)
        return Run(peer.name, rung, 0, seconds, judge.judge(model.coef_, model.intercept_))

    fit(peer, like(judge.problem), peer.ladder[0], scratch, 60)
    runs: list[Run] = []
    for rung in peer.ladder:
        runs.append(run := attempt(rung))
        if peer.ladder is COUNTS and run.seconds > limit / 2 and judge.gap(run.value) > GAPS[-1]:
            run.note = f"> {run.seconds:.2g} s"  # the next step would take twice as long
        yield run
        if run.note or judge.gap(run.value) <= GAPS[-1]:
            break
    beyond = runs[-1].rung * (1 if runs[-1].value == np.inf else 2)  # the step that was not waited for, or not tried
    for gap in GAPS if peer.ladder is COUNTS else ():  # so that a doubling of the count does not count against it
        arrived = [run.rung for run in runs if judge.gap(run.value) <= gap]
        enough = min(arrived, default=beyond)
        for _ in range(2 if arrived else 1):
            less = max((run.rung for run in runs if run.rung < enough), default=enough)
            between = round((less * enough) ** 0.5)
            if not less < between < enough:
                break
            runs.append(attempt(between))
            yield runs[-1]
            if judge.gap(runs[-1].value) <= gap:
                enough = between


def interleave(problem: Problem, chosen: list[Run], scratch: str, limit: float, n_rounds: int) -> Iterator[Run]:
    """A B C A B C ...: whatever else the machine does meets everyone alike. What is slow was timed once, in its ladder."""
    peers = {peer.name: peer for peer in PEERS}
    for number in range(1, n_rounds + 1):
        for run in chosen:
            if run.seconds <= limit / 5:
                seconds, _ = fit(peers[run.peer], problem, run.rung, scratch, 10 * limit)
                yield Run(run.peer, run.rung, number, seconds, run.value)


def first_reaching(runs: list[Run], peer: str, gap: float) -> Run | None:
    """The fastest rung of a peer's ladder that gets there."""
    arrived = [run for run in runs if run.peer == peer and run.round == 0 and run.gap <= gap]
    return min(arrived, key=lambda run: run.seconds, default=None)


def run_problem(problem: Problem, scratch: str, limit: float, n_rounds: int, want_memory: bool) -> Result:
    """Everyone on one problem: all runs, and the peak memory of each peer's most precise fit in bytes."""
    judge, runs, memory = Evaluator(problem), [], {}
    peers = [peer for peer in PEERS if peer.fits(problem)]
    _, model = fit(peers[0], problem, 1e-8, scratch, 10 * limit)
    if not isinstance(model, str):
        judge.judge(model.coef_, model.intercept_)
    with suppress(TimeoutError), time_limit(4 * limit):
        judge.polish()
    for peer in peers:
        runs += climb(peer, judge, scratch, limit)
    for run in runs:
        run.gap = judge.gap(run.value)
    chosen = {(run.peer, run.rung): run for peer in peers for gap in GAPS if (run := first_reaching(runs, peer.name, gap))}
    runs += interleave(problem, list(chosen.values()), scratch, limit, n_rounds)
    for run in runs:
        run.gap = judge.gap(run.value)
    if want_memory:
        path = Path(scratch) / "problem.joblib"
        joblib.dump(problem, path)
        for name, rung in {run.peer: run.rung for run in chosen.values()}.items():  # a peer's most precise fit comes last
            command = [sys.executable, "-m", "benchmarks.measure", str(path), name, str(rung), scratch]
            memory[name] = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])
    return runs, memory


def resident(field: str) -> int:
    """Bytes of this process's memory, now (VmRSS) or at most (VmHWM); getrusage would still know the parent's peak."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(field))


def extra_memory(path: str, name: str, rung: float, scratch: str) -> int:
    """Peak memory of a fit beyond what was there with the data loaded and the libraries warm."""
    peer, problem = next(peer for peer in PEERS if peer.name == name), joblib.load(path)
    fit(peer, like(problem), peer.ladder[0], scratch, 60)
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak is now what is resident
    before = resident("VmRSS")
    fit(peer, problem, rung, scratch, 3600)
    return resident("VmHWM") - before


if __name__ == "__main__":
    print(extra_memory(sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4]))
