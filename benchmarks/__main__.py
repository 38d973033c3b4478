"""``python -m benchmarks [--quick] [--only NAME ...] [--out DIR] [--for SECONDS] [--plots DIR] [--report FILE]``."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import MARGIN, PATIENCE, PHASES, UNTIL, Bench, OutOfTimeError, fix_threads
from benchmarks.passes import passes, scaling
from benchmarks.problems import PROBLEMS, UnavailableError
from benchmarks.record import Record, Result
from benchmarks.report import machine, pass_rows, plot, section, source, table
from benchmarks.targets import target_rows

SPEED = {"passes": passes, "scaling": scaling}  # no problems, but named like them
SIBLINGS = ("mixed-C1", "text-C1", "text-many-C1", "text-many-C100", "l1-logistic-0.1", "l1-squared-0.1", "l1-logistic-text-0.1",
        "net-squared-text-0.1", "squared-l2", "sgd-text")  # what --quick leaves out: a sibling is there  # fmt: skip
MORE = 75  # exit status: time ran out, and the same command goes on from here

HOW_TO_READ = """The gap is (F - F*) / (F_null - F*), where F_null is the intercept alone and F* the lowest F that anyone reached.
Seconds to a gap are those of the first step of a peer's ladder of precision that gets there, each from a cold start: the median
of interleaved rounds, or of one fit where it took more than a fifth of the limit. "gap 1e-02" is the smallest gap of a whole
ladder, "> 3 s" says after how long the next step was not tried or not waited for: a peer has {patience:g} times the time of
sk_gd's default variant, {margin:g} times what a target asks for where that is more, and never more than the limit. `x batch` is how
many times the time of that variant a peer takes, at the smallest gap that both reach, with the range over the rounds; below 1 the
peer is faster. `extra MB` is peak memory beyond the data, of the most precise of these fits in a fresh process."""


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="How fast sk_gd is beside its peers.")
    parser.add_argument("--quick", action="store_true", help="small problems: under 5 minutes on 2 cores")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=[*PROBLEMS, *SPEED], help="these problems")
    parser.add_argument("--list", action="store_true", help="print the problems' names")
    parser.add_argument("--threads", type=int, default=2, help="threads for everyone (default 2)")
    parser.add_argument("--limit", type=float, help="seconds that a fit may take (default 60, 0.25 with --quick)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="every run is written here at once; what is here is not run again")
    parser.add_argument("--for", type=float, default=float("inf"), metavar="SECONDS", dest="seconds",
                        help=f"end before so many seconds are over, with status {MORE} if there is more to do")  # fmt: skip
    parser.add_argument("--to", choices=PHASES, default=PHASES[-1], help="end with this phase; only times want a quiet machine")
    parser.add_argument("--plots", type=Path, metavar="DIR", help="draw gap against time here")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write a Markdown page of what --out has")
    options = parser.parse_args()
    options.limit = options.limit or (0.25 if options.quick else 60.0)
    if options.seconds != float("inf") and not options.out:
        parser.error("--for leaves something to go on from: give a folder, --out DIR.")
    if 0 < options.seconds < 2 * options.limit:
        parser.error(f"--for {options.seconds:g} is short for fits of {options.limit:g} s: give twice that, or 0 for the page.")
    return options


def measure_problem(name: str, record: Record, options: argparse.Namespace, until: float) -> Iterator[str]:
    """Do what is left of a problem, and tell of it."""
    settings = {"limit": options.limit, "n_rounds": 3 if options.quick else 5}
    result = record.results.get(name) or Result(dict(settings))
    left = [phase for phase in PHASES[: PHASES.index(options.to) + 1] if phase not in result.done]
    if not left:
        return
    if settings.items() - result.about.items():
        raise SystemExit(f"{options.out} has runs of {name} with other settings than {settings}: choose another --out.")
    try:
        problem = PROBLEMS[name](options.quick)
    except UnavailableError as reason:
        yield f"## {name}\n\nLeft out: {reason}."
        return
    record.results[name] = result
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(record, name, problem, scratch, options.limit, settings["n_rounds"], until)
        for phase in left:
            if not (phase == "memory" and options.quick and problem.family != "squared"):
                bench.measure(phase)
    if result.runs:
        yield from section(name, result)


def measure_speed(name: str, record: Record, options: argparse.Namespace, until: float) -> Iterator[str]:
    """Do what is left of the passes, and tell of it."""
    known = {line[0] for line in record.lines}
    for what, ratio, most in SPEED[name](options.quick) if options.to != PHASES[0] else ():
        if what not in known:
            if time.time() + options.limit > until:
                raise OutOfTimeError
            record.lines.append((what, *ratio(), most))
            record.save()
            yield "  ".join(next(iter(pass_rows(record.lines[-1:]))))


def page(record: Record, names: list[str], plots: Path | None, report: Path | None) -> Iterator[str]:
    """The paragraphs of the report."""
    about = record.machine
    versions = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    yield "# Benchmarks"
    yield f"{about['cpu']}, {about['cores']} cores, {about['threads']} threads for everyone; {versions}."
    yield source(record)
    yield HOW_TO_READ.format(patience=PATIENCE, margin=MARGIN)
    results = {name: record.results[name] for name in names if name in record.results and record.results[name].runs}
    missing = [name for name in names if name not in results and name not in SPEED]
    if missing:
        yield f"Not measured: {', '.join(missing)}."
    yield "## Targets"
    complete = {name: result for name, result in results.items() if "times" in result.done}
    yield table(["problem", "to", "against", "sk_gd", "found", "at least", "verdict"], target_rows(complete))
    for name, result in results.items():
        yield from section(name, result)
        if plots:
            plot(plots, name, result)
            yield f"![{name}]({os.path.relpath(plots, report.parent if report else None)}/{name}.png)"
    if record.lines:
        yield "## Passes and small calls"
        yield table(["what", "ratio", "+-", "at most", "verdict"], pass_rows(record.lines))


def main() -> int:
    """Measure what is not yet in the record, print it, and write what was asked for."""
    options, began, typed = arguments(), time.time(), " ".join(sys.argv[1:])
    if options.list:
        print(*PROBLEMS, *SPEED, sep="\n")
        return 0
    if not options.out:
        options.out = Path(tempfile.mkdtemp(prefix="sk_gd-benchmarks-"))
        sys.argv += ["--out", str(options.out)]
    fix_threads(options.threads)
    until, more = float(os.environ.pop(UNTIL, began + options.seconds)), False
    names = options.only or [name for name in (*PROBLEMS, *SPEED) if not (options.quick and name in SIBLINGS)]
    record = Record(options.out, {**machine(options.threads), "quick": options.quick})
    if options.seconds:
        record.begin(f"python -m benchmarks {typed}")
        try:
            for name in names:
                for paragraph in (measure_speed if name in SPEED else measure_problem)(name, record, options, until):
                    print(paragraph, end="\n\n", flush=True)
        except OutOfTimeError:
            more = True
        record.save()
    paragraphs = list(page(record, names, options.plots, options.report))
    if options.report:
        options.report.write_text("\n\n".join(paragraphs) + "\n")
    where = paragraphs.index("## Targets")
    print(*paragraphs[where : where + 2], f"{time.time() - began:.0f} s; every run is in {options.out}.", sep="\n\n")
    if more:
        print("There is more to measure: the same command goes on from here.")
    return MORE if more else 0


if __name__ == "__main__":
    sys.exit(main())
