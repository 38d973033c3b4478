"""What is wanted of each problem: how many times faster than whom, and whether that was reached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.peers import SKLEARN
from benchmarks.record import GAPS, Result

OURS = ("sk_gd batch", "sk_gd mini-batch", "sk_gd stochastic")
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
LESS_MEMORY = ("Ridge", "LinearRegression")  # than these, on the squared loss, by:
TIMES_LESS = 10
Rows = Iterator[tuple[str, ...]]


def beaten_after(result: Result, peer: str) -> float:
    """Seconds after which a peer has lost by every factor that is wanted; infinite before one of ours has arrived."""
    waits = []
    for family, rivals, ours, factor, gaps in TARGETS:
        if family == result.about["family"] and peer in rivals:
            times = [seconds for gap in gaps for seconds, arrived in [best(result, ours, gap)] if arrived]
            waits.append(factor * max(times, default=np.inf))
    return max(waits, default=0.0)


def best(result: Result, peers: Sequence[str], gap: float) -> tuple[float, bool]:
    """Least median seconds to a gap of any of these peers, and whether one gets there; else when the first gave up."""
    found = [float(np.median(seconds)) for peer in peers if (seconds := result.times(peer, gap)) is not None]
    if found:
        return min(found), True
    stopped = [max(run.seconds for run in of) for of in map(result.ladder, peers) if any(run.note[:1] == ">" for run in of)]
    return min(stopped, default=np.inf), False


def verdict(found: float, wanted: float) -> str:
    """Of a number that should be at least what is wanted."""
    return "reached" if found >= wanted else f"fell short by {wanted / found:.2g}x" if found > 0 else "fell short: never arrives"


def target_rows(results: dict[str, Result]) -> Rows:
    """Problem, gap, rivals, ours, what was found, what is wanted, and the verdict."""
    for family, rivals, ours, factor, gaps in TARGETS:
        for name, result in results.items():
            there = sorted({run.peer for run in result.runs} & set(rivals))
            for gap in gaps if result.about["family"] == family and there else ():
                (theirs, they_arrive), (mine, we_arrive) = best(result, there, gap), best(result, ours, gap)
                found = theirs / mine if we_arrive else 0.0
                who = there[0] if len(there) == 1 else "best of " + ("scikit-learn" if rivals is SKLEARN else " and ".join(there))
                judged = verdict(found, factor) if we_arrive or they_arrive else "open: nobody arrives"
                more = "" if they_arrive or not we_arrive else "more than "
                if more and found < factor:
                    judged = "open: the limit is too low to tell"
                variant = "batch" if ours == OURS[:1] else "stochastic" if ours == OURS[2:] else "fastest variant"
                yield name, f"{gap:.0e}", who, variant, f"{more}{found:.3g}x", f"{factor}x", judged
    for name, result in results.items():
        for rival in LESS_MEMORY:
            if result.about["family"] == "squared" and {rival, OURS[0]} <= set(result.memory):
                found = result.memory[rival] / max(result.memory[OURS[0]], 1)
                yield name, "memory", rival, "batch", f"{found:.3g}x less", f"{TIMES_LESS}x", verdict(found, TIMES_LESS)
