"""``python -m benchmarks [--quick] [--only NAME ...] [--list] [--out DIR] [--plots DIR] [--report FILE]``."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measure import fix_threads, run_problem
from benchmarks.passes import passes
from benchmarks.problems import PROBLEMS, UnavailableError
from benchmarks.report import machine, pass_rows, plot, problem_table, table, target_rows, write_runs

PASSES = "passes"  # its name among the problems
SIBLINGS = ("mixed-C1", "text-C1", "text-many-C1", "text-many-C100", "l1-logistic-0.1", "l1-squared-0.1", "l1-logistic-text-0.1",
        "net-squared-text-0.1", "squared-l2")  # what --quick leaves out: a sibling is there  # fmt: skip

HOW_TO_READ = """The gap is (F - F*) / (F_null - F*), where F_null is the intercept alone and F* the lowest F that anyone reached.
Seconds to a gap are those of the first step of a peer's ladder of precision that gets there, each from a cold start: the median
of {n_rounds} interleaved rounds, or of one fit where it took more than {repeated:.3g} s. "gap 1e-02" is the smallest gap of a
whole ladder, "> {limit:g} s" says after how long the next step was not tried or not waited for. `x batch` is how many times the
time of sk_gd's default variant that is, at the smallest gap that both reach, with the range over the rounds; below 1 the peer is
faster. `extra MB` is peak memory beyond the data, of the most precise of these fits in a fresh process."""


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="How fast sk_gd is beside its peers.")
    parser.add_argument("--quick", action="store_true", help="small problems: under 5 minutes on 2 cores")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=[*PROBLEMS, PASSES], help="these problems")
    parser.add_argument("--list", action="store_true", help="print the problems' names")
    parser.add_argument("--threads", type=int, default=2, help="threads for everyone (default 2)")
    parser.add_argument("--limit", type=float, help="seconds that a fit may take (default 60, 0.5 with --quick)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write every run here, as CSV and JSON")
    parser.add_argument("--plots", type=Path, metavar="DIR", help="draw gap against time here")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write what is printed as a Markdown page")
    return parser.parse_args()


def main() -> None:
    """Run, print, and write what was asked for."""
    options, start = arguments(), time.perf_counter()
    if options.list:
        print(*PROBLEMS, PASSES, sep="\n")
        return
    fix_threads(options.threads)
    limit, n_rounds = options.limit or (0.5 if options.quick else 60.0), 3 if options.quick else 5
    names = options.only or [name for name in (*PROBLEMS, PASSES) if not (options.quick and name in SIBLINGS)]
    about, page, results, lines = machine(options.threads), [], {}, []

    def say(*paragraphs: str) -> None:
        page.extend(paragraphs)
        print(*paragraphs, sep="\n\n", end="\n\n", flush=True)

    versions = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    say(
        "# Benchmarks",
        f"{about['cpu']}, {about['cores']} cores, {options.threads} threads for everyone; {versions}.",
        f"    python -m benchmarks {' '.join(sys.argv[1:])}",
        HOW_TO_READ.format(n_rounds=n_rounds, repeated=limit / 5, limit=limit),
    )
    for name in (name for name in names if name != PASSES):
        try:
            problem = PROBLEMS[name](options.quick)
        except UnavailableError as reason:
            say(f"## {name}", f"Left out: {reason}.")
            continue
        with tempfile.TemporaryDirectory() as scratch:
            runs, memory = run_problem(problem, scratch, limit, n_rounds, not options.quick or problem.family == "squared")
        results[name] = problem, runs, memory
        n, d = problem.X.shape
        say(f"## {name}", f"{problem.loss} loss, n = {n}, d = {d}, outputs = {problem.n_outputs}, alpha = {problem.alpha:.3g}, "
            f"l1_ratio = {problem.l1_ratio:g}", problem_table(runs, memory))  # fmt: skip
        if options.plots:
            plot(options.plots, name, runs)
            if options.report:
                page.append(f"![{name}]({os.path.relpath(options.plots / name, options.report.parent)}.png)")
    if PASSES in names:
        lines = list(passes(options.quick))
        say("## Passes and small calls", table(["what", "ratio", "+-", "at most", "verdict"], pass_rows(lines)))
    wanted = list(target_rows(results))
    say("## Targets", table(["problem", "to", "against", "sk_gd", "found", "at least", "verdict"], wanted))
    say(f"{time.perf_counter() - start:.0f} s in all.")
    if options.out:
        write_runs(options.out, results, machine=about, passes=lines, targets=wanted)
    if options.report:
        options.report.write_text("\n\n".join(page) + "\n")


if __name__ == "__main__":
    main()
