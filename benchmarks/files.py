"""``python -m benchmarks.files [--gb 6] [--variant batch] [--order C] [--dtype float64] [--csr]``: memory of fits on a file."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from sk_gd import GDLinearRegressor, GDLogisticClassifier

N_FEATURES, N_STORED = 100, 30
WRITTEN = 2**16  # rows drawn at a time
ESTIMATORS = {"classifier": GDLogisticClassifier, "regressor": GDLinearRegressor}


def write(folder: Path, gb: float, order: str, dtype: str, csr: bool) -> None:
    """Rows in different units, and labels and targets that follow from them, as files of about so many GB."""
    rng = np.random.default_rng(0)
    kind, values = np.dtype(dtype), N_STORED if csr else N_FEATURES
    row_bytes = values * (kind.itemsize + 8) + 8 if csr else values * kind.itemsize
    n_rows = int(gb * 1e9) // row_bytes
    units = np.logspace(0, 3, N_FEATURES)
    coef, z = rng.normal(size=N_FEATURES) / units, np.empty(n_rows)
    shape = (n_rows * values,) if csr else (n_rows, values)
    X = np.lib.format.open_memmap(folder / "X.npy", "w+", kind, shape, fortran_order=order == "F")
    indices = np.lib.format.open_memmap(folder / "indices.npy", "w+", np.int64, shape) if csr else None
    for start in range(0, n_rows, WRITTEN):
        rows = slice(start, min(start + WRITTEN, n_rows))
        drawn = (rng.normal(size=(rows.stop - start, N_FEATURES)) * 10 * units).astype(kind)
        if indices is not None:
            drawn *= (7 * np.arange(N_FEATURES) + rng.integers(N_FEATURES, size=(len(drawn), 1))) % N_FEATURES < N_STORED
            stored = slice(start * values, rows.stop * values)
            X[stored], indices[stored] = drawn[drawn != 0], np.nonzero(drawn)[1]
        else:
            X[rows] = drawn
        z[rows] = drawn @ coef / 10 + rng.logistic(size=len(drawn))
    np.save(folder / "regressor.npy", z)
    np.save(folder / "classifier.npy", z > 1)
    if csr:
        np.save(folder / "indptr.npy", np.arange(n_rows + 1) * values)


def resident() -> dict[str, int]:
    """MB of this process: at most so far, and now; pages of mapped files are part of both."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {name: int(lines[name].split()[0]) // 1024 for name in ("VmHWM", "VmRSS")}


def fit(folder: Path, task: str, variant: str) -> dict[str, Any]:
    """Fit on the files, and tell what it took above what the process held before."""
    parts = {name: np.load(path, mmap_mode="r") for name in ("X", "indices") if (path := folder / f"{name}.npy").exists()}
    X, y = parts["X"], np.load(folder / f"{task}.npy")
    if "indices" in parts:
        X = sparse.csr_array((X, parts["indices"], np.load(folder / "indptr.npy")), shape=(len(y), N_FEATURES))
    model = ESTIMATORS[task](variant, random_state=0)
    model.fit(np.random.default_rng(0).normal(size=(99, 2)), np.arange(99) % 2)  # what is loaded late
    before, began = resident(), time.perf_counter()
    model.fit(X, y)
    seconds, after = time.perf_counter() - began, resident()
    model.predict(X)
    return {
        "task": task, "method": model.method_, "file_MB": sum(part.nbytes for part in parts.values()) // 2**20,
        "before_MB": before["VmRSS"], "above_MB": after["VmHWM"] - before["VmRSS"],
        "above_with_predict_MB": resident()["VmHWM"] - before["VmRSS"], "seconds": round(seconds, 1),
        "passes": float(model.history_["passes"][-1]), "optimality": model.optimality_,
    }  # fmt: skip


def main() -> None:
    """Write the files, fit in processes that have never seen them, print what these say."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.files", description="Memory of fits on a memory-mapped file.")
    parser.add_argument("--tasks", nargs="+", default=[*ESTIMATORS], choices=[*ESTIMATORS])
    parser.add_argument("--gb", type=float, default=6.0, help="size of X (default 6)")
    parser.add_argument("--variant", default="batch", choices=["batch", "mini-batch", "stochastic"])
    parser.add_argument("--order", default="C", choices=["C", "F"])
    parser.add_argument("--dtype", default="float64")
    parser.add_argument("--csr", action="store_true", help="sparse, with indices of 64 bits")
    parser.add_argument("--dir", help="where there is room for the files, which are removed afterwards")
    parser.add_argument("--fit", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.fit:
        print(json.dumps(fit(Path(options.fit[0]), options.fit[1], options.variant)))
        return
    with tempfile.TemporaryDirectory(dir=options.dir) as folder:
        write(Path(folder), options.gb, options.order, options.dtype, options.csr)
        for task in options.tasks:
            command = [sys.executable, "-m", "benchmarks.files", "--fit", folder, task, "--variant", options.variant]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
