"""Runs the battery for one estimator and one variant: each case in a process of its own, forked from this one, with a deadline.

``python tests/faults/run.py linear batch [case ...]`` prints a line per case that did not survive or was slow, and how many
did survive.
"""

from __future__ import annotations

import faulthandler
import gc
import os
import select
import signal
import sys
import time
import traceback
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))  # behind the installed package

from tests.faults import (  # noqa: F401
    cases_bytecodes,
    cases_frames,
    cases_input,
    cases_interrupts,
    cases_labels,
    cases_layouts,
    cases_models,
    cases_parameters,
    cases_predict,
    cases_processes,
    cases_refits,
    cases_scales,
    cases_sparse,
    cases_weights,
)
from tests.faults.battery import CASES, Case, Lab

DEADLINE = 30.0  # seconds; nearly all cases take less than a tenth of one
SLOW = 5.0  # seconds from which on a case is named


def verdict(case: Case, estimator: str, variant: str) -> str:
    """What went wrong, or nothing."""
    try:
        return case.fault(Lab(estimator, variant)) or ""
    except BaseException as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"


def in_a_child(case: Case, estimator: str, variant: str) -> str:
    """The verdict of a process that may die of it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()  # a group of its own, that ends with it
        faulthandler.dump_traceback_later(DEADLINE, file=writing)
        os.write(writing, b"." + verdict(case, estimator, variant).encode()[:4000])
        os._exit(0)
    os.close(writing)
    answer = os.read(reading, 4096) if select.select([reading], [], [], 2 * DEADLINE)[0] else b"?"
    if late := answer[:1] not in (b".", b""):
        time.sleep(1.0)  # for the rest of what it is told to say where it is
        answer += os.read(reading, 4096) if select.select([reading], [], [], 0)[0] else b""
        os.killpg(child, signal.SIGKILL)
    os.close(reading)
    status = os.waitpid(child, 0)[1]
    if late:
        return f"did not come back within {DEADLINE:.0f} s: {answer.decode()}"
    return answer[1:].decode() if answer else f"killed by {signal.Signals(os.WTERMSIG(status)).name}"


def main(estimator: str, variant: str, *names: str) -> None:
    """Run all cases of an estimator, or those of these names."""
    cases = {name: case for name, case in CASES.items() if estimator in case.of and (not names or name in names)}
    survived, began = 0, time.monotonic()
    lab = Lab(estimator, variant)
    lab.fit(lab.X).predict(lab.X)  # what is loaded at first use is loaded once
    gc.freeze()
    for name, case in cases.items():
        start = time.monotonic()
        fault = in_a_child(case, estimator, variant)
        seconds = time.monotonic() - start
        survived += not fault
        if fault or seconds > SLOW:
            print(f"{name}: {fault or f'{seconds:.1f} s'}", flush=True)
    print(f"{survived} of {len(cases)} survived, {estimator} {variant}, {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
