"""What was found, as tables, plots and a page; what a peer wins is printed like the rest."""

from __future__ import annotations

import csv
import json
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import GAPS, Memory, Run, first_reaching
from benchmarks.passes import Line
from benchmarks.peers import SKLEARN
from benchmarks.problems import Problem

OURS = ("sk_gd batch", "sk_gd mini-batch", "sk_gd stochastic")
PACKAGES = ("sk_gd", "scikit-learn", "numpy", "scipy", "scikit-learn-intelex", "glum", "skglm", "celer", "snapml", "vowpalwabbit")
TARGETS = (  # family, rivals, ours, how many times faster, gaps
    ("mixed units", SKLEARN, OURS[:1], 3, GAPS[1:]),
    ("mixed units", ("lbfgs",), OURS[:1], 20, GAPS[1:]),
    ("Fashion-MNIST", SKLEARN, OURS[:1], 3, GAPS[1:]),
    ("hard tall", SKLEARN, OURS[:1], 2, GAPS[1:]),
    ("text", SKLEARN, OURS[:1], 1, GAPS[1:]),
    ("text", SKLEARN, OURS, 2, GAPS[1:]),
    ("squared", ("Ridge",), OURS[:1], 2, GAPS[1:]),
    ("squared", ("LinearRegression",), OURS[:1], 10, GAPS[1:]),
    ("L1", ("saga",), OURS[:1], 5, GAPS[1:]),
    ("L1", ("skglm", "celer"), OURS[:1], 1, GAPS[1:]),
    ("SGD", ("SGD default",), OURS[2:], 3, GAPS[:1]),
    ("SGD", ("SGD default",), OURS, 3, GAPS[:1]),
    ("SGD", ("SGD",), OURS, 3, GAPS[:1]),
)  # fmt: skip
Cells = Iterable[Sequence[str]]


def table(head: Sequence[str], rows: Cells) -> str:
    """Markdown that is also readable as text."""
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    lines.insert(1, ["-" * width for width in widths])
    padded = [[cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in padded)


def times(runs: list[Run], peer: str, gap: float) -> np.ndarray | None:
    """Seconds to a gap: of the interleaved rounds, or of the ladder where it was too slow to be repeated."""
    first = first_reaching(runs, peer, gap)
    if first is None:
        return None
    rounds = [run.seconds for run in runs if (run.peer, run.rung) == (peer, first.rung) and run.round]
    return np.array(rounds or [first.seconds])


def ratio_cell(runs: list[Run], peer: str, variant: str) -> str:
    """How many times the variant's time a peer takes to the smallest gap that both reach: median of the rounds, and the range."""
    for gap in sorted(GAPS) if peer != variant else ():
        theirs, ours = times(runs, peer, gap), times(runs, variant, gap)
        if theirs is not None and ours is not None:
            ratio = theirs / ours  # round by round, which cancels the machine's moods
            return f"{np.median(ratio):.3g}" + (f" ({ratio.min():.2g} to {ratio.max():.2g})" if len(ratio) > 1 else "")
    return ""


def problem_table(runs: list[Run], memory: Memory) -> str:
    """Every peer on one problem, sk_gd's variants first."""
    rows = []
    for peer in dict.fromkeys(run.peer for run in runs):
        ladder = [run for run in runs if run.peer == peer and run.round == 0]
        never = next((run.note for run in ladder if run.note), f"gap {min(run.gap for run in ladder):.0e}")
        to = [times(runs, peer, gap) for gap in GAPS]
        cells = [never if seconds is None else f"{np.median(seconds):.3g}" for seconds in to]
        ratios = [ratio_cell(runs, peer, variant) for variant in OURS]
        rows.append([peer, *cells, *ratios, f"{memory[peer] / 1e6:.0f}" if peer in memory else ""])
    head = ["peer", *(f"s to {gap:.0e}" for gap in GAPS), *(f"x {variant[6:]}" for variant in OURS), "extra MB"]
    return table(head, rows)


def best(runs: list[Run], peers: Sequence[str], gap: float) -> tuple[float, bool]:
    """Least median seconds to a gap of any of these peers, and whether one gets there; else when the first gave up."""
    found = [float(np.median(seconds)) for peer in peers if (seconds := times(runs, peer, gap)) is not None]
    if found:
        return min(found), True
    tried = [[run for run in runs if run.peer == peer and run.round == 0] for peer in peers]
    stopped = [max(run.seconds for run in ladder) for ladder in tried if any(run.note[:1] == ">" for run in ladder)]
    return min(stopped, default=np.inf), False


def verdict(found: float, wanted: float) -> str:
    """Of a number that should be at least what is wanted."""
    return "reached" if found >= wanted else f"fell short by {wanted / found:.2g}x" if found > 0 else "fell short: never arrives"


def target_rows(results: dict[str, tuple[Problem, list[Run], Memory]]) -> Cells:
    """What is wanted of each problem: how many times faster than whom, and whether that was reached."""
    for family, rivals, ours, factor, gaps in TARGETS:
        for name, (problem, runs, _) in results.items():
            there = sorted({run.peer for run in runs} & set(rivals))
            for gap in gaps if problem.family == family and there else ():
                (theirs, they_arrive), (mine, we_arrive) = best(runs, there, gap), best(runs, ours, gap)
                found = theirs / mine if we_arrive else 0.0
                who = there[0] if len(there) == 1 else "best of " + ("scikit-learn" if rivals is SKLEARN else " and ".join(there))
                judged = verdict(found, factor) if we_arrive or they_arrive else "open: nobody arrives"
                more = "" if they_arrive or not we_arrive else "more than "
                if more and found < factor:
                    judged = "open: the limit is too low to tell"
                variant = "batch" if ours == OURS[:1] else "stochastic" if ours == OURS[2:] else "fastest variant"
                yield name, f"{gap:.0e}", who, variant, f"{more}{found:.3g}x", f"{factor}x", judged
    for name, (problem, _, memory) in results.items():
        for rival in ("Ridge", "LinearRegression"):
            if problem.family == "squared" and {rival, OURS[0]} <= set(memory):
                found = memory[rival] / max(memory[OURS[0]], 1)
                yield name, "memory", rival, "batch", f"{found:.3g}x less", "10x", verdict(found, 10)


def pass_rows(lines: Iterable[Line]) -> Cells:
    """Passes and small calls, with what they should be at most."""
    for what, ratio, spread, most in lines:
        yield what, f"{ratio:.3g}", f"{spread:.2g}", f"{most:.2g}", verdict(1 / ratio, 1 / most)


def machine(n_threads: int) -> dict[str, Any]:
    """Where and with what this was measured."""
    cpu = [line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return {"cpu": cpu[0] if cpu else platform.processor(), "cores": len(cpu), "threads": n_threads, "versions": found}


def write_runs(folder: Path, results: dict[str, tuple[Problem, list[Run], Memory]], **tables: Any) -> None:
    """Every run as CSV, and the rest as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "runs.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, ["problem", *Run.__dataclass_fields__])
        writer.writeheader()
        writer.writerows({"problem": name, **asdict(run)} for name, (_, runs, _) in results.items() for run in runs)
    memory = {name: memory for name, (_, _, memory) in results.items()}
    (folder / "summary.json").write_text(json.dumps({"memory": memory, **tables}, indent=1))


def plot(folder: Path, name: str, runs: list[Run]) -> None:
    """Gap against time, one line a peer."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for i, peer in enumerate(dict.fromkeys(run.peer for run in runs)):
        ladder = sorted((run.seconds, max(run.gap, 1e-10)) for run in runs if run.peer == peer and run.round == 0 and run.gap < 10)
        if ladder:
            axes.loglog(*zip(*ladder, strict=True), label=peer, color=f"C{i % 10}", marker=".", linestyle="-" if i < 10 else "--",
                        linewidth=2.5 if peer in OURS else 1)  # fmt: skip
    axes.set(xlabel="seconds", ylabel="gap (F - F*) / (F_null - F*)", title=name, ylim=(1e-9, 10))
    axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / f"{name}.png", dpi=80)
