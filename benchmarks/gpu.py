"""``python -m benchmarks.gpu [--device DEVICE] [--size full|small]``: fits of torch tensors beside torch's own optimizers."""

from __future__ import annotations

import os

os.environ["SCIPY_ARRAY_API"] = "1"  # SciPy asks when it is imported

import argparse
import math
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sklearn
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from sk_gd import GDLogisticClassifier

SIZES = {"full": [(10_000_000, 100), (1_000_000, 1000)], "small": [(20_000, 10), (4_000, 50)]}
GAPS = (1e-4, 1e-6)
BLOCK = 2**26  # values of X that are judged in float64 at a time


@dataclass
class Rows:
    """A logistic problem on a device: columns of different units, some of them correlated."""

    n: int
    d: int
    device: str
    X: torch.Tensor = field(init=False)
    y: torch.Tensor = field(init=False)

    def __post_init__(self) -> None:
        random = torch.Generator(self.device).manual_seed(0)
        draw = {"generator": random, "device": self.device}
        self.alpha, units = 1 / self.n, torch.logspace(-1, 1, self.d, device=self.device)
        self.X = torch.randn(self.n, self.d, **draw).mul_(units)
        self.X[:, 1::2] += self.X[:, ::2] * (units[1::2] / units[::2])
        score = self.X @ (torch.randn(self.d, **draw) / units / math.sqrt(self.d))
        self.y = (torch.rand(self.n, **draw) < torch.sigmoid(score)).float()

    def synchronise(self) -> None:
        """Wait until the device has done what it was asked for."""
        if self.device != "cpu":
            torch.cuda.synchronize(self.device)

    def seconds(self, call: Callable[[], Any]) -> float:
        """Wall time of a call, to the end of what it started on the device."""
        self.synchronise()
        start = time.perf_counter()
        call()
        self.synchronise()
        return time.perf_counter() - start

    def loss(self, theta: torch.Tensor, rows: slice | torch.Tensor = slice(None)) -> torch.Tensor:
        """The objective as a user of torch writes it, on all rows or some."""
        score = self.X[rows] @ theta[:-1] + theta[-1]
        return binary_cross_entropy_with_logits(score, self.y[rows]) + self.alpha / 2 * theta[:-1].square().sum()

    def judge(self, theta: torch.Tensor) -> float:
        """The objective in float64."""
        theta, total = theta.double(), 0.0
        for X, y in zip(self.X.split(BLOCK // self.d), self.y.split(BLOCK // self.d), strict=True):
            score = X.double() @ theta[:-1] + theta[-1]
            total += float(binary_cross_entropy_with_logits(score, y.double(), reduction="sum"))
        return total / self.n + self.alpha / 2 * float(theta[:-1].square().sum())


Trace = list[tuple[float, torch.Tensor]]  # seconds so far, theta


def ours(rows: Rows, limit: float) -> Trace:
    """The default fit, from a cold start for every tolerance."""
    trace: Trace = []
    for tol in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8):
        model = GDLogisticClassifier(alpha=rows.alpha, tol=tol, max_time=limit)
        took = rows.seconds(lambda model=model: model.fit(rows.X, rows.y))
        trace.append((took, torch.cat([model.coef_[0], model.intercept_])))
    return trace


def lbfgs(rows: Rows, limit: float) -> Trace:
    """torch.optim.LBFGS with its line search, looked at after every five iterations."""
    theta = torch.zeros(rows.d + 1, device=rows.device, requires_grad=True)
    optimizer = torch.optim.LBFGS([theta], max_iter=5, history_size=10, line_search_fn="strong_wolfe", tolerance_change=0.0)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = rows.loss(theta)
        loss.backward()
        return loss

    return followed(rows, lambda: optimizer.step(closure), theta, limit)


def adam(rows: Rows, limit: float) -> Trace:
    """A loop around torch.optim.Adam, looked at after every epoch: shuffled batches, a rate that falls with the root of epochs."""
    theta = torch.zeros(rows.d + 1, device=rows.device, requires_grad=True)
    optimizer = torch.optim.Adam([theta], lr=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: (1 + epoch) ** -0.5)

    def epoch() -> None:
        for batch in torch.randperm(rows.n, device=rows.device).split(min(16_384, rows.n // 8)):
            optimizer.zero_grad()
            rows.loss(theta, batch).backward()
            optimizer.step()
        schedule.step()

    return followed(rows, epoch, theta, limit)


def followed(rows: Rows, step: Callable[[], Any], theta: torch.Tensor, limit: float) -> Trace:
    """Steps and the time that they took in all, until it is too much."""
    trace: Trace = [(0.0, theta.detach().clone())]
    while trace[-1][0] < limit:
        trace.append((trace[-1][0] + rows.seconds(step), theta.detach().clone()))
    return trace


def speed_of_passes(rows: Rows) -> str:
    """How fast a pass reads X, twice, beside a sum over X: the slope between few epochs of the textbook's method and more."""

    def fit(epochs: int) -> Callable[[], Any]:
        method = {"optimizer": "gd", "preconditioner": None, "learning_rate": 1e-3, "max_iter": epochs, "tol": None}
        return lambda: GDLogisticClassifier(alpha=rows.alpha, **method).fit(rows.X, rows.y)

    fit(1)()
    read = np.median([rows.seconds(rows.X.sum) for _ in range(5)])
    one = np.median([rows.seconds(fit(22)) - rows.seconds(fit(2)) for _ in range(3)]) / 20
    size = rows.X.nbytes / 1e9
    return f"a sum over X: {size / read:.0f} GB/s; a pass: {2 * size / one:.0f} GB/s, {2 * read / one:.0%} of that"


def report(rows: Rows, limit: float) -> Iterator[str]:
    """Seconds to each gap, and the passes."""
    yield f"{rows.n} x {rows.d}, float32, {rows.device}: {speed_of_passes(rows)}"
    traces = {name: run(rows, limit) for name, run in (("sk_gd", ours), ("torch LBFGS", lbfgs), ("torch Adam", adam))}
    judged = {name: [(took, rows.judge(theta)) for took, theta in trace] for name, trace in traces.items()}
    share = float(rows.y.double().mean())
    null = -share * math.log(share) - (1 - share) * math.log1p(-share)
    star = min(value for trace in judged.values() for _, value in trace)
    for name, trace in judged.items():
        found = []
        for gap in GAPS:
            took = min((took for took, value in trace if value - star <= gap * (null - star)), default=math.inf)
            found.append(f"gap {gap:g} " + (f"{took:.3g} s" if took < math.inf else f"> {limit:g} s"))
        yield f"  {name:12} {', '.join(found)}"


def main(words: Sequence[str] | None = None) -> None:
    """Print the report, or that there is no GPU."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--device", help="of torch; the default is its GPU")
    parser.add_argument("--size", choices=SIZES, default="full")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds that each may take (default 60)")
    options = parser.parse_args(words)
    if options.device is None and not torch.cuda.is_available():
        print("There is no GPU here. --device cpu --size small shows that the benchmark works, not how fast a GPU is.")
        return
    torch.manual_seed(0)
    with sklearn.config_context(array_api_dispatch=True), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # how far a fit came is judged here
        for n, d in SIZES[options.size]:
            for line in report(Rows(n, d, options.device or "cuda"), options.limit):
                print(line, flush=True)


if __name__ == "__main__":
    main()
