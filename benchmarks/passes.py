"""Speed of single passes and of the smallest calls, by the public interface only: the slope between few and more epochs."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression, SGDClassifier, SGDRegressor
from threadpoolctl import threadpool_limits

from benchmarks.peers import threads
from benchmarks.problems import gaussian, text
from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.optimizers import OPTIMIZERS

Call = Callable[[], Any]
Ratio = Callable[[], tuple[float, float]]  # measures a median and its spread, half the range
Job = tuple[str, Ratio, float]  # what, how, the most it should be; to be done, or left out, before the next is asked for


def seconds(call: Call) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def compare(ours: Callable[[], float], theirs: Callable[[], float], rounds: int) -> Ratio:
    """Median and spread of ours over theirs, measured in turns."""

    def measure() -> tuple[float, float]:
        ours(), theirs()  # what is paid once is paid here
        return middle([ours() / theirs() for _ in range(rounds)])

    return measure


def middle(values: list[float]) -> tuple[float, float]:
    """Median, and half the range."""
    return float(np.median(values)), float(np.ptp(values) / 2)


def slope(make: Callable[[int], Any], X: Any, y: Any, few: int = 1, more: int = 6) -> Callable[[], float]:
    """Seconds per epoch: the difference of two fits, so that validation, metric and certificate do not count.

    Where noise is larger than the epochs it may be negative, and what is made of it is not taken for a measurement.
    """
    return lambda: (seconds(lambda: make(more).fit(X, y)) - seconds(lambda: make(few).fit(X, y))) / (more - few)


def textbook(kind: Any, variant: str, rate: float, optimizer: str = "gd", **options: Any) -> Callable[[int], Any]:
    """Descent as the books have it, for a number of epochs."""
    same = {"preconditioner": None, "alpha": 1e-4, "tol": None, "random_state": 0, **options}
    return lambda epochs: kind(variant, optimizer=optimizer, learning_rate=rate, max_iter=epochs, **same)


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
    """Normal columns, values chosen so that n * d = size, and labels that are there to be learnt.

    Where nothing is to be learnt, noise carries a descent above its start, and epochs are undone.
    """
    rng = np.random.default_rng(0)
    X = rng.standard_normal((int(size / d), d), dtype=dtype)
    return X, (X[:, 0] + rng.standard_normal(len(X)) > 0).astype(int)


def passes(quick: bool) -> Iterator[Job]:
    """Everything, most important first."""
    rounds = 3 if quick else 5
    widths = (30, 500) if quick else (10, 30, 100, 500, 2000)
    for dtype in ("float64", "float32"):
        for d in widths:
            yield from full_passes(*dense(d, 4e6 if quick else 4e7, dtype), rounds)
    yield from sparse(rounds, quick)
    for dtype in ("float64",) if quick else ("float64", "float32"):
        for d in widths:  # a quarter of the values of a full pass: at d = 10 SGD takes seconds for more
            X, y = dense(d, 4e6 if quick else 1e7, dtype)
            yield from stochastic(f"dense, {dtype}, d = {d}", X, y, rounds)
            if d in (30, 500):
                yield from mini_batch(f"dense, {dtype}, d = {d}", X, y, rounds)
    yield from small_calls(30 if quick else 200)


def full_passes(X: Any, y: Any, rounds: int) -> Iterator[Job]:
    """One read of X for value and gradient, over reading it once; with several classes the arithmetic is more than the read."""
    data, d = f"{X.dtype}, d = {X.shape[1]}", X.shape[1]
    for kind, loss in ((GDLogisticClassifier, "log loss"), (GDLinearRegressor, "squared loss")):
        # a tiny rate, so that no epoch is undone; every epoch of batch descent is one pass
        ratio = compare(slope(textbook(kind, "batch", 1e-6), X, y.astype(X.dtype), 2, 12), read(X), rounds)
        yield f"full pass, {loss}, {data}, over reading X", ratio, 2.5 if d == 10 else 1.5
    for n_classes in (3, 10) if d in (30, 500) else ():
        labels = np.arange(len(y)) % n_classes
        ratio = compare(slope(textbook(GDLogisticClassifier, "batch", 1e-6), X, labels, 2, 22), read(X), rounds)
        yield f"full pass, softmax of {n_classes}, {data}, over reading X", ratio, 1.5


def sparse(rounds: int, quick: bool) -> Iterator[Job]:
    """CSR: 34 values a row in Zipf columns, and 30 and 100 values in columns that are all as frequent."""
    tables = {"CSR, 34 values a row": text(*(20_000,) * 2 if quick else (100_000,) * 2)}
    if not quick:
        tables |= {"CSR, 30 values a row": uniform(30, 100_000, 100_000), "CSR, 100 values a row": uniform(100, 40_000, 20_000)}
    for dtype in ("float64", "float32"):
        for name, (X, y) in tables.items():
            A, data = X.astype(dtype), f"{name}, {dtype}"
            w, r = np.ones(A.shape[1], dtype), np.ones(A.shape[0], dtype)
            ratio = compare(
                slope(textbook(GDLogisticClassifier, "batch", 1e-6), A, y, 2, 12),
                lambda A=A, w=w, r=r: seconds(lambda: (A @ w, A.T @ r)) / threads(),
                rounds,
            )
            yield f"full pass, log loss, {data}, over X @ w and X.T @ r", ratio, 1.2
            yield from stochastic(data, A, y, rounds)
    adaptive = [name for name, rule in OPTIMIZERS.items() if rule().unit_free]
    yield from mini_batch("CSR, 34 values a row", *tables["CSR, 34 values a row"], 3, set(OPTIMIZERS).difference(adaptive))
    # a penalty moves a coefficient at every step, and an adaptive optimizer by how far nothing but all the steps tell: without one
    # a sparse row touches only what it stores, with one all columns, so there they are fewer
    yield from mini_batch("CSR, 34 values a row, no penalty", *tables["CSR, 34 values a row"], 3, adaptive, alpha=0.0)
    yield from mini_batch("CSR, 34 values a row of 20,000", *text(20_000, 20_000), 3, adaptive)


def uniform(values: int, n: int, d: int) -> tuple[Any, Any]:
    """CSR rows with so many normal values, in any column alike, and labels without a pattern."""
    rng = np.random.default_rng(0)
    columns = rng.integers(0, d, n * values, dtype=np.int32)
    ends = np.arange(0, n * values + 1, values, dtype=np.int32)
    X = csr_matrix((rng.standard_normal(n * values), columns, ends), shape=(n, d))
    X.sum_duplicates()
    return X, rng.integers(0, 2, n)


def alone(measure: Callable[[], float]) -> Callable[[], float]:
    """The same in one thread: an update has no use for more, and what several do before and after the updates hides them."""

    def measured() -> float:
        with threadpool_limits(1):
            return measure()

    return measured


def stochastic(data: str, X: Any, y: Any, rounds: int) -> Iterator[Job]:
    """Stochastic epochs over scikit-learn's."""
    same = {"learning_rate": "constant", "eta0": 1e-4, "alpha": 1e-4, "tol": None, "random_state": 0}
    for loss, kind, peer in (
        ("log loss", GDLogisticClassifier, lambda epochs: SGDClassifier("log_loss", max_iter=epochs, **same)),
        ("squared loss", GDLinearRegressor, lambda epochs: SGDRegressor(max_iter=epochs, **same)),
    ):
        ratio = compare(alone(slope(textbook(kind, "stochastic", 1e-4), X, y)), alone(slope(peer, X, y)), rounds)
        yield f"stochastic epoch, {loss}, {data}, over SGD's", ratio, 1 / 3


def mini_batch(
    data: str, X: Any, y: Any, rounds: int, optimizers: Collection[str] = OPTIMIZERS.keys(), alpha: float = 1e-4
) -> Iterator[Job]:
    """Mini-batch epochs over stochastic ones of the same optimizer."""
    for optimizer in (name for name in OPTIMIZERS if name in optimizers):
        more = 21 if optimizer == "gd" else 3  # its epochs take so little that the noise of two fits is as large
        one = alone(slope(textbook(GDLogisticClassifier, "stochastic", 1e-4, optimizer, alpha=alpha), X, y, 1, more))
        for rows in (32, 256, 4096) if optimizer == "gd" else (32, 4096):
            model = textbook(GDLogisticClassifier, "mini-batch", 1e-4, optimizer, batch_size=rows, alpha=alpha)
            name = f"mini-batch epoch, {optimizer}, {rows} rows, {data}, over stochastic epochs of {optimizer}"
            yield name, compare(alone(slope(model, X, y, 1, more)), one, rounds), 1.0


def small_calls(rounds: int) -> Iterator[Job]:
    """A fit on iris, and a prediction for one row."""
    X, y = load_iris(return_X_y=True)
    ours, theirs = GDLogisticClassifier(alpha=1 / len(y)), LogisticRegression()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # LogisticRegression's defaults do not converge here
        fits = [lambda m=m: seconds(lambda: m.fit(X, y)) for m in (ours, theirs)]
        yield "fit on iris, over LogisticRegression's", compare(*fits, rounds), 1.0
    predict = [lambda m=m: seconds(lambda: m.predict(X[:1])) for m in (ours, theirs)]
    yield "predict on one row, over LogisticRegression's", compare(*predict, 10 * rounds), 1.2


def scaling(quick: bool) -> Iterator[Job]:
    """Exponents of time: of a whole fit in n at fixed d, and of a full pass in d at fixed n * d."""
    size, rounds = (4e6, 3) if quick else (4e7, 5)
    for d in (30,) if quick else (30, 100):
        X, y = gaussian(int(size / d), d, "logistic", 1e2)
        for variant in ("batch", "mini-batch", "stochastic"):
            model = GDLogisticClassifier(variant, alpha=1e-4, tol=1e-6, random_state=0)
            rows = [len(y) // 16, len(y) // 4, len(y)]
            grown = exponent(rows, lambda n, m=model, X=X, y=y: seconds(lambda: m.fit(X[:n], y[:n])), rounds)
            yield f"exponent of time in n, {variant} fit to 1e-6, d = {d}", grown, 1.05
    values = np.random.default_rng(0).standard_normal(int(size))

    def full_pass(d: int) -> float:
        X = values[: len(values) // d * d].reshape(-1, d)
        return slope(textbook(GDLogisticClassifier, "batch", 1e-6), X, np.arange(len(X)) % 2, 2, 12)()

    yield "exponent of time in d, full pass, n * d fixed, d = 30 to 2000", exponent([30, 100, 500, 2000], full_pass, rounds), 1.15


def exponent(points: list[int], call: Callable[[int], float], rounds: int) -> Ratio:
    """Slope of the logarithm of seconds against that of their cause."""

    def measure() -> tuple[float, float]:
        call(points[0])
        times = [[call(point) for point in points] for _ in range(rounds)]
        return middle([float(np.polyfit(np.log(points), np.log(row), 1)[0]) for row in times])

    return measure
