"""Speed of single passes and of the smallest calls, by the public interface only: the slope between few and more epochs."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression, SGDClassifier, SGDRegressor

from benchmarks.peers import threads
from benchmarks.problems import text
from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.optimizers import OPTIMIZERS

Call = Callable[[], Any]
Line = tuple[str, float, float, float]  # what, median ratio, its spread (half the range), the most it should be


def seconds(call: Call) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def compare(ours: Callable[[], float], theirs: Callable[[], float], rounds: int) -> tuple[float, float]:
    """Median and spread of ours over theirs, measured in turns."""
    ours(), theirs()  # what is paid once is paid here
    ratios = [ours() / theirs() for _ in range(rounds)]
    return float(np.median(ratios)), float(np.ptp(ratios) / 2)


def slope(make: Callable[[int], Any], X: Any, y: Any, few: int = 1, more: int = 6) -> Callable[[], float]:
    """Seconds per epoch: the difference of two fits, so that validation, metric and certificate do not count."""
    return lambda: max(seconds(lambda: make(more).fit(X, y)) - seconds(lambda: make(few).fit(X, y)), 1e-9) / (more - few)


def textbook(kind: Any, variant: str, rate: float, optimizer: str = "gd", **options: Any) -> Callable[[int], Any]:
    """Descent as the books have it, for a number of epochs."""
    return lambda epochs: kind(variant, optimizer=optimizer, preconditioner=None, learning_rate=rate, alpha=1e-4, max_iter=epochs,
                               tol=None, random_state=0, **options)  # fmt: skip


def read(X: Any) -> Callable[[], float]:
    """Seconds of a sum over X, rows shared out among the threads that a fit has."""
    parts = np.array_split(X.reshape(-1), threads())
    with ThreadPoolExecutor(len(parts)) as pool:
        list(pool.map(np.sum, parts))

    def call() -> float:
        with ThreadPoolExecutor(len(parts)) as pool:
            return seconds(lambda: list(pool.map(np.sum, parts)))

    return call


def dense(d: int, size: float, dtype: str) -> tuple[Any, Any]:
    """Normal columns, values chosen so that n * d = size, and labels without a pattern."""
    rng = np.random.default_rng(0)
    n = int(size / d)
    return rng.standard_normal((n, d), dtype=dtype), rng.integers(0, 2, n)


def passes(quick: bool) -> Iterator[Line]:
    """Everything, most important first."""
    size, rounds = (4e6, 3) if quick else (4e7, 7)
    for dtype in ("float64", "float32"):
        for d in (30, 500) if quick else (10, 30, 100, 500, 2000):
            X, y = dense(d, size, dtype)
            for kind, loss in ((GDLogisticClassifier, "log loss"), (GDLinearRegressor, "squared loss")):
                # a tiny rate, so that no epoch is undone; every epoch of batch descent is one pass
                ratio = compare(slope(textbook(kind, "batch", 1e-6), X, y.astype(dtype), 2, 12), read(X), rounds)
                yield f"full pass, {loss}, {dtype}, d = {d}, over reading X", *ratio, 2.5 if d == 10 else 1.5
    yield from sparse_passes(quick, rounds)
    for dtype in ("float64",) if quick else ("float64", "float32"):
        for d in (30, 500) if quick else (10, 30, 100, 500, 2000):
            X, y = dense(d, size, dtype)
            yield from epochs(f"dense, {dtype}, d = {d}", X, y, rounds, quick)
    yield from small_calls(30 if quick else 200)
    yield from growth(quick)


def sparse_passes(quick: bool, rounds: int) -> Iterator[Line]:
    """CSR: 34 values a row in Zipf columns, and 30 and 100 values in columns that are all as frequent."""
    X, y = text(*(20_000,) * 2 if quick else (100_000,) * 2)
    w, r = np.ones(X.shape[1]), np.ones(X.shape[0])
    ratio = compare(
        slope(textbook(GDLogisticClassifier, "batch", 1e-6), X, y, 2, 12),
        lambda: seconds(lambda: (X @ w, X.T @ r)) / threads(),
        rounds,
    )
    yield "full pass, log loss, CSR, over X @ w and X.T @ r", *ratio, 1.2
    yield from epochs("CSR, 34 values a row", X, y, rounds, quick)
    for values, n, d in () if quick else ((30, 100_000, 100_000), (100, 40_000, 20_000)):
        yield from epochs(f"CSR, {values} values a row", *uniform(values, n, d), rounds, quick)


def uniform(values: int, n: int, d: int) -> tuple[Any, Any]:
    """CSR rows with so many normal values, in any column alike, and labels without a pattern."""
    rng = np.random.default_rng(0)
    columns = rng.integers(0, d, n * values, dtype=np.int32)
    ends = np.arange(0, n * values + 1, values, dtype=np.int32)
    X = csr_matrix((rng.standard_normal(n * values), columns, ends), shape=(n, d))
    X.sum_duplicates()
    return X, rng.integers(0, 2, n)


def epochs(data: str, X: Any, y: Any, rounds: int, quick: bool) -> Iterator[Line]:
    """Stochastic epochs over scikit-learn's, and mini-batch epochs over stochastic ones."""
    same = {"learning_rate": "constant", "eta0": 1e-4, "alpha": 1e-4, "tol": None, "random_state": 0}
    for loss, kind, peer in (
        ("log loss", GDLogisticClassifier, lambda epochs: SGDClassifier("log_loss", max_iter=epochs, **same)),
        ("squared loss", GDLinearRegressor, lambda epochs: SGDRegressor(max_iter=epochs, **same)),
    ):
        ratio = compare(slope(textbook(kind, "stochastic", 1e-4), X, y), slope(peer, X, y), rounds)
        yield f"stochastic epoch, {loss}, {data}, over SGD's", *ratio, 1 / 3
    one = slope(textbook(GDLogisticClassifier, "stochastic", 1e-4), X, y)
    for optimizer in OPTIMIZERS:
        for rows in (32, 4096) if quick else (32, 256, 1024, 4096):
            few = slope(textbook(GDLogisticClassifier, "mini-batch", 1e-4, optimizer, batch_size=rows), X, y)
            yield f"mini-batch epoch, {optimizer}, {rows} rows, {data}, over stochastic", *compare(few, one, rounds), 1.0


def small_calls(rounds: int) -> Iterator[Line]:
    """A fit on iris, and a prediction for one row."""
    X, y = load_iris(return_X_y=True)
    ours, theirs = GDLogisticClassifier(alpha=1 / len(y)), LogisticRegression()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # LogisticRegression's defaults do not converge here
        fits = [lambda m=m: seconds(lambda: m.fit(X, y)) for m in (ours, theirs)]
        yield "fit on iris, over LogisticRegression's", *compare(*fits, rounds), 1.0
    predict = [lambda m=m: seconds(lambda: m.predict(X[:1])) for m in (ours, theirs)]
    yield "predict on one row, over LogisticRegression's", *compare(*predict, 10 * rounds), 1.2


def growth(quick: bool) -> Iterator[Line]:
    """Exponents of time in n at fixed d, and of the time per pass in d at fixed n * d."""
    size, rounds = 4e6 if quick else 4e7, 3 if quick else 7
    X, y = dense(30, size, "float64")
    model = GDLogisticClassifier(alpha=1e-4, tol=1e-6)
    for what, points, call in (
        ("fit, in n at d = 30", [len(y) // 16, len(y) // 4, len(y)], lambda n: seconds(lambda: model.fit(X[:n], y[:n]))),
        ("full pass, in d at fixed n * d", [30, 100, 500, 2000], pass_seconds(size)),
    ):
        times = [[call(point) for point in points] for _ in range(rounds)]
        fits = [np.polyfit(np.log(points), np.log(row), 1)[0] for row in times]
        yield f"exponent of time: {what}", float(np.median(fits)), float(np.ptp(fits) / 2), 1.05 if "in n" in what else 1.15


def pass_seconds(size: float) -> Callable[[int], float]:
    """Seconds of a full pass over d columns."""

    def call(d: int) -> float:
        return slope(textbook(GDLogisticClassifier, "batch", 1e-6), *dense(d, size, "float64"), 2, 12)()

    return call
