"""What has been measured, on disk as soon as it is known: a benchmark that was interrupted goes on from there."""

from __future__ import annotations

import csv
import json
import os
import time
from dataclasses import asdict, dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

GAPS = (1e-2, 1e-4, 1e-6)
Line = tuple[str, float, float, float]  # what, median ratio, its spread (half the range), the most it should be


@dataclass
class Run:
    """One fit: round 0 is the ladder's, the others are interleaved with the other peers'."""

    peer: str
    rung: float
    round: int
    seconds: float
    value: float
    gap: float = np.nan
    note: str = ""


@dataclass
class Result:
    """Everyone on one problem.

    Attributes
    ----------
    about : dict
        The problem in numbers, the settings of its fits, F_null and F*.
    done : list of str
        Phases that are complete.
    memory : dict
        A peer's peak beyond the data, in bytes.
    """

    about: dict[str, Any] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    memory: dict[str, float] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)

    def find(self, peer: str, rung: float, number: int) -> Run | None:
        """The run, if it has been made."""
        return next((run for run in self.runs if (run.peer, run.rung, run.round) == (peer, rung, number)), None)

    def ladder(self, peer: str) -> list[Run]:
        """Its fits of increasing precision."""
        return [run for run in self.runs if run.peer == peer and run.round == 0]

    def first_reaching(self, peer: str, gap: float) -> Run | None:
        """The fastest rung of a peer's ladder that gets there."""
        return min((run for run in self.ladder(peer) if run.gap <= gap), key=lambda run: run.seconds, default=None)

    def times(self, peer: str, gap: float) -> np.ndarray | None:
        """Seconds to a gap: of the interleaved rounds, or of the ladder where it was too slow to be repeated."""
        first = self.first_reaching(peer, gap)
        if first is None:
            return None
        rounds = [run.seconds for run in self.runs if (run.peer, run.rung) == (peer, first.rung) and run.round]
        return np.array(rounds or [first.seconds])

    def judge(self) -> None:
        """Give every run its gap to the lowest F that anyone reached."""
        null = self.about["null"]
        self.about["star"] = star = min([self.about["star"], *(run.value for run in self.runs)])
        for run in self.runs:
            run.gap = (run.value - star) / max(null - star, np.finfo(float).tiny)


class Record:
    """A folder with every run (runs.csv) and the rest (summary.json); nothing is on disk without a folder.

    Attributes
    ----------
    machine : dict
        Where and with what it was measured: the same for all of it.
    parts : list of dict
        The commands that measured, with their seconds.
    results : dict
        A :class:`Result` for every problem.
    lines : list
        Speed of single passes and of the smallest calls.
    """

    def __init__(self, folder: Path, machine: dict[str, Any]) -> None:
        self.folder, self.machine = folder, machine
        self.parts: list[dict[str, Any]] = []
        self.results: dict[str, Result] = {}
        self.lines: list[Line] = []
        if (folder / "summary.json").exists():
            self.load()

    def load(self) -> None:
        """Go on from what is there."""
        kept = json.loads((self.folder / "summary.json").read_text())
        if kept["machine"] != self.machine:
            raise SystemExit(f"{self.folder} has runs of other sizes, threads, versions or machines: choose another --out.")
        self.parts, self.lines = kept["parts"], [tuple(line) for line in kept["passes"]]
        self.results = {name: Result(**content) for name, content in kept["problems"].items()}
        with open(self.folder / "runs.csv", newline="") as file:
            for row in csv.DictReader(file):
                numbers = {name: float(row[name]) for name in ("rung", "seconds", "value", "gap")}
                self.results[row["problem"]].runs.append(Run(row["peer"], round=int(row["round"]), note=row["note"], **numbers))

    def begin(self, command: str) -> None:
        """Count this command among those that measure."""
        self.began = time.time()
        self.parts.append({"command": command, "began": time.strftime("%Y-%m-%d %H:%M"), "seconds": 0.0})

    def save(self) -> None:
        """Write all of it; an interruption leaves what was there before."""
        self.parts[-1]["seconds"] = time.time() - self.began
        table = StringIO()
        writer = csv.DictWriter(table, ["problem", *Run.__dataclass_fields__], lineterminator="\n")
        writer.writeheader()
        writer.writerows({"problem": name, **asdict(run)} for name, result in self.results.items() for run in result.runs)
        problems = {name: {"about": of.about, "done": of.done, "memory": of.memory} for name, of in self.results.items()}
        summary = {"machine": self.machine, "parts": self.parts, "problems": problems, "passes": self.lines}
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, content in (("runs.csv", table.getvalue()), ("summary.json", json.dumps(summary, indent=1))):
            (self.folder / f"{name}.new").write_text(content)
            os.replace(self.folder / f"{name}.new", self.folder / name)
