"""Time and memory of fits: ladders from a cold start, then interleaved rounds; memory in a fresh process."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Timer
from typing import Any

import joblib
import numpy as np

from benchmarks.evaluate import Evaluator
from benchmarks.peers import COUNTS, PEERS, Peer
from benchmarks.problems import Problem, like
from benchmarks.record import GAPS, Record, Run
from benchmarks.targets import OURS, beaten_after

PHASES = ("optimum", "times", "memory")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
PATIENCE = 4.0  # times the default variant's time that a fit of a peer may take, and
MARGIN = 1.5  # times what the most demanding target asks for of any variant, if that is more
LEAST = 1.0  # seconds that every fit may take
UNTIL = "SK_GD_BENCHMARKS_UNTIL"  # where a process that has been started anew finds when to end


class OutOfTimeError(Exception):
    """The next fit might not end before the time that was given."""


def start_anew(**environment: str) -> None:
    """Begin the same command in a new process, in this one's place."""
    os.execve(sys.executable, [sys.executable, "-m", "benchmarks", *sys.argv[1:]], {**os.environ, **environment})


def fix_threads(count: int) -> None:
    """Start anew where the environment would let anyone use another number of threads."""
    wanted = dict.fromkeys(THREADS, str(count))
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        start_anew(**wanted)


@contextmanager
def time_limit(seconds: float, too_late: Callable[[], None]) -> Iterator[None]:
    """Interrupt what takes too long; compiled code hears it when it comes back to Python, ``too_late`` is for what does not."""

    def ring(*_: Any) -> None:
        raise TimeoutError

    before, last = signal.signal(signal.SIGALRM, ring), Timer(1.2 * seconds + 1, too_late)
    last.daemon = True
    last.start()
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        last.cancel()


def nothing() -> None:
    """Wait on."""


def fit(
    peer: Peer, problem: Problem, rung: float, scratch: str, limit: float, too_late: Callable[[], None] = nothing
) -> tuple[float, Any]:
    """Seconds of a fit from a cold start, and the model, or what went wrong."""
    model = peer.make(problem, rung)
    if hasattr(model, "prepare"):
        model.prepare(scratch)
    gc.disable()  # as timeit does: a collection is nobody's fault, and one before every fit took longer than the fits
    start = time.perf_counter()
    try:
        with warnings.catch_warnings(), time_limit(limit, too_late):
            warnings.simplefilter("ignore")  # a ladder's low rungs are not meant to converge
            model.fit(problem.X, problem.y)
        seconds = time.perf_counter() - start
    except TimeoutError:
        return limit, f"> {limit:.2g} s"
    except Exception as error:  # a peer's failure is a result, not the end of the benchmark
        return time.perf_counter() - start, f"{type(error).__name__}: {error}"[:40].split("\n")[0]
    finally:
        gc.enable()
    return seconds, model


class Bench:
    """One problem, whose runs go into a record as they are made; what is there already is not made again.

    Parameters
    ----------
    record, name : Record, str
        Where to keep what is measured, under which name.
    problem : Problem
    scratch : str
        A folder for the files of peers that want some.
    limit, n_rounds : float, int
        Seconds that a fit may take at most, and interleaved rounds at most.
    until : float
        Time of the clock by which the last fit should have ended.
    """

    def __init__(
        self, record: Record, name: str, problem: Problem, scratch: str, limit: float, n_rounds: int, until: float
    ) -> None:
        self.record, self.result, self.problem, self.scratch = record, record.results[name], problem, scratch
        self.limit, self.n_rounds, self.until = limit, n_rounds, until
        self.judge, self.warm = Evaluator(problem), set[str]()
        about = self.result.about
        if "star" in about:
            self.judge.star = about["star"]
        n, d = problem.X.shape
        about.update(family=problem.family, loss=problem.loss, n=n, d=d, outputs=problem.n_outputs, alpha=problem.alpha,
                     l1_ratio=problem.l1_ratio, null=self.judge.null, star=self.judge.star)  # fmt: skip
        self.peers = [peer for peer in PEERS if peer.fits(problem)]

    def measure(self, phase: str) -> None:
        """Do what is left of a phase."""
        {"optimum": self.optimum, "times": self.times, "memory": self.memory}[phase]()
        self.result.judge()
        self.result.done.append(phase)
        self.record.save()

    def optimum(self) -> None:
        """The lowest F there is: not timed."""
        _, model = fit(self.peers[0], self.problem, 1e-8, self.scratch, 10 * self.limit)
        if not isinstance(model, str):
            self.judge.judge(model.coef_, model.intercept_)
        with suppress(TimeoutError), time_limit(4 * self.limit, nothing):
            self.judge.polish()
        self.result.about["star"] = self.judge.star

    def times(self) -> None:
        """Ladders, and rounds in which everyone repeats the steps that arrived: as many as take no longer than the ladders did.

        At least three, where one takes no longer than a fit may: the first times that memory is used are not like the next ones.
        """
        for peer in self.peers:
            self.climb(peer)
        self.result.judge()
        reached = [(peer, run) for peer in self.peers for gap in GAPS if (run := self.result.first_reaching(peer.name, gap))]
        chosen = {(run.peer, run.rung): (peer, run.seconds) for peer, run in reached if run.seconds <= self.limit / 5}
        whole = sum(run.seconds for peer in self.peers for run in self.result.ladder(peer.name))
        one = sum(seconds for _, seconds in chosen.values())
        least = 3 if one <= self.limit else 1
        for number in range(1, 1 + min(self.n_rounds, max(int(whole / max(one, 1e-9)), least))):
            for (_, rung), (peer, _) in chosen.items():  # A B C A B C: whatever else the machine does meets everyone alike
                self.run(peer, rung, number)

    def memory(self) -> None:
        """Peak of each peer's most precise fit, beyond the data."""
        path = Path(self.scratch) / "problem.joblib"
        joblib.dump(self.problem, path)
        last = {peer.name: run for peer in self.peers for gap in GAPS if (run := self.result.first_reaching(peer.name, gap))}
        for name, run in last.items():
            if name not in self.result.memory:
                self.want(2 * run.seconds + 10)
                command = [sys.executable, "-m", "benchmarks.measure", str(path), name, str(run.rung), self.scratch]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                self.result.memory[name] = float(done.stdout.split()[-1])
                self.record.save()

    def want(self, seconds: float) -> None:
        """Stop here if so many are not left."""
        if time.time() + seconds > self.until:
            raise OutOfTimeError

    def patience(self, peer: Peer) -> float:
        """Seconds that a fit may take: enough to tell whether the targets are reached."""
        ours = next((run for gap in sorted(GAPS) if (run := self.result.first_reaching(OURS[0], gap))), None)
        if peer.name == OURS[0] or ours is None:
            return self.limit
        return min(self.limit, max(LEAST, PATIENCE * ours.seconds, MARGIN * beaten_after(self.result, peer.name)))

    def run(self, peer: Peer, rung: float, number: int, limit: float | None = None) -> Run:
        """The run of the record, or a new one."""
        rung = float(rung)
        known = self.result.find(peer.name, rung, number)
        if known is not None:
            return known
        limit = self.limit if limit is None else limit
        self.want(limit)
        if peer.name not in self.warm:  # what is compiled, imported or started on first use
            self.warm.add(peer.name)
            fit(peer, like(self.problem), peer.ladder[0], self.scratch, 60)

        def too_late() -> None:  # compiled code that has not heard the time limit: only a new process gets rid of it
            self.keep(Run(peer.name, rung, number, limit, np.inf, note=f"> {limit:.2g} s"))
            start_anew(**{UNTIL: str(self.until)})

        seconds, model = fit(peer, self.problem, rung, self.scratch, limit, too_late)
        if isinstance(model, str):
            run = Run(peer.name, rung, number, seconds, np.inf, note=model)
        else:
            run = Run(peer.name, rung, number, seconds, self.judge.judge(model.coef_, model.intercept_))
        self.keep(run)
        return run

    def keep(self, run: Run) -> None:
        """Take a run into the record."""
        self.result.runs.append(run)
        self.result.judge()
        self.record.save()

    def climb(self, peer: Peer) -> None:
        """Fits of increasing precision, until the smallest gap, the limit or the end of the ladder; then between its steps."""
        limit, runs = self.patience(peer), list[Run]()
        for rung in peer.ladder:
            runs.append(run := self.run(peer, rung, 0, limit))
            if peer.ladder is COUNTS and run.seconds > limit / 2 and run.gap > GAPS[-1]:
                run.note = run.note or f"> {run.seconds:.2g} s"  # the next step would take twice as long
            if run.note or run.gap <= GAPS[-1]:
                break
        beyond = runs[-1].rung * (1 if runs[-1].value == np.inf else 2)  # the step that was not waited for, or not tried
        for gap in GAPS if peer.ladder is COUNTS else ():  # so that a doubling of the count does not count against it
            arrived = [run.rung for run in runs if run.gap <= gap]
            enough = min(arrived, default=beyond)
            for _ in range(2 if arrived else 1):
                less = max((run.rung for run in runs if run.rung < enough), default=enough)
                between = round((less * enough) ** 0.5)
                if not less < between < enough:
                    break
                runs.append(self.run(peer, between, 0, limit))
                if runs[-1].gap <= gap:
                    enough = between


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
