"""What was found, as tables, plots and a page; what a peer wins is printed like the rest."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.record import GAPS, Line, Record, Result
from benchmarks.targets import OURS, verdict

PACKAGES = ("sk_gd", "scikit-learn", "numpy", "scipy", "scikit-learn-intelex", "glum", "skglm", "celer", "snapml", "vowpalwabbit")
LEAST = 1e-9  # gap in a picture: what is smaller hangs on the rounding of F
Cells = Iterable[Sequence[str]]


def table(head: Sequence[str], rows: Cells) -> str:
    """Markdown that is also readable as text."""
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    lines.insert(1, ["-" * width for width in widths])
    padded = [[cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in padded)


def ratio_cell(result: Result, peer: str, variant: str) -> str:
    """How many times the variant's time a peer takes to the smallest gap that both reach: median of the rounds, and the range."""
    for gap in sorted(GAPS) if peer != variant else ():
        theirs, ours = result.times(peer, gap), result.times(variant, gap)
        if theirs is not None and ours is not None:
            both = min(len(theirs), len(ours))  # one of them, where the other was too slow to be repeated
            ratio = theirs / ours if both == 1 else theirs[:both] / ours[:both]  # round by round cancels the machine's moods
            return f"{np.median(ratio):.3g}" + (f" ({ratio.min():.2g} to {ratio.max():.2g})" if len(ratio) > 1 else "")
    return ""


def problem_table(result: Result) -> str:
    """Every peer on one problem, sk_gd's variants first."""
    rows, memory = [], result.memory
    for peer in dict.fromkeys(run.peer for run in result.runs):
        ladder = result.ladder(peer)
        never = next((run.note for run in ladder if run.note), f"gap {min(run.gap for run in ladder):.0e}")
        to = [result.times(peer, gap) for gap in GAPS]
        cells = [never if seconds is None else f"{np.median(seconds):.3g}" for seconds in to]
        ratios = [ratio_cell(result, peer, variant) for variant in OURS]
        rows.append([peer, *cells, *ratios, f"{memory[peer] / 1e6:.0f}" if peer in memory else ""])
    head = ["peer", *(f"s to {gap:.0e}" for gap in GAPS), *(f"x {variant[6:]}" for variant in OURS), "extra MB"]
    return table(head, rows)


def section(name: str, result: Result) -> list[str]:
    """What the page says of one problem."""
    about = result.about
    left = "" if "times" in result.done else " **Not all of it has been measured.**"
    return [
        f"## {name}",
        f"{about['loss']} loss, n = {about['n']}, d = {about['d']}, outputs = {about['outputs']}, alpha = {about['alpha']:.3g}, "
        f"l1_ratio = {about['l1_ratio']:g}; at most {about['limit']:g} s a fit.{left}",
        problem_table(result),
    ]


def source(record: Record) -> str:
    """The commands behind the page, and how often they were begun."""
    days = sorted({part["began"][:10] for part in record.parts})
    commands = "\n".join(f"    {command}" for command in dict.fromkeys(part["command"] for part in record.parts))
    when = " to ".join(dict.fromkeys((days[0], days[-1]))) if days else "no day yet"
    seconds = sum(part["seconds"] for part in record.parts)
    return f"Measured {when}, in {len(record.parts)} parts that took {seconds:.0f} s:\n\n{commands}"


def pass_rows(lines: Iterable[Line]) -> Cells:
    """Passes and small calls, with what they should be at most."""
    for what, ratio, spread, most in lines:
        if ratio + spread <= most:  # an exponent may be zero or less: what counts is how far it is from the limit
            judged = "reached"
        else:
            judged = verdict(1 / ratio, 1 / most) if ratio > spread else "open: the noise is as large"
        yield what, f"{ratio:.3g}", f"{spread:.2g}", f"{most:.2g}", judged


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


def plot(folder: Path, name: str, result: Result) -> None:
    """Gap against time, one line a peer; what is below LEAST is drawn there."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullFormatter

    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for i, peer in enumerate(dict.fromkeys(run.peer for run in result.runs)):
        ladder = sorted((run.seconds, max(run.gap, LEAST)) for run in result.ladder(peer) if run.gap < 10)
        if ladder:
            axes.loglog(*zip(*ladder, strict=True), label=peer, color=f"C{i % 10}", marker=".", linestyle="-" if i < 10 else "--",
                        linewidth=2.5 if peer in OURS else 1)  # fmt: skip
    axes.set(xlabel="seconds", ylabel="gap (F - F*) / (F_null - F*)", title=name, ylim=(LEAST / 2, 10))
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / f"{name}.png", dpi=80)
