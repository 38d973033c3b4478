"""Who competes: how each is called, what it can fit, and its ladder of increasing precision. One line each in PEERS."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from scipy.sparse import issparse
from sklearn import linear_model

from benchmarks.problems import Problem
from sk_gd import GDLinearRegressor, GDLogisticClassifier

TOLS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-10)
COUNTS = tuple(2**i for i in range(15))  # refined where they matter
ONCE = (0,)  # a direct method has one precision
NEVER = 1e-14  # tol of a peer whose ladder counts its iterations: it stops at the very moment it has arrived, which is its best


@dataclass(frozen=True)
class Peer:
    """A name, what makes an estimator of it, its ladder, and which problems it minimises exactly."""

    name: str
    make: Callable[[Problem, Any], Any]
    ladder: Sequence[float]
    suits: Callable[[Problem], bool]
    package: str = "sklearn"

    def fits(self, problem: Problem) -> bool:
        """Whether it is installed and minimises this very objective."""
        return find_spec(self.package) is not None and self.suits(problem)


def threads() -> int:
    """What all were given before the start."""
    return int(os.environ.get("OMP_NUM_THREADS", "1"))


def inverse(p: Problem) -> float:
    """LogisticRegression's inverse strength."""
    return 1 / (p.alpha * p.X.shape[0])


def binary(p: Problem) -> bool:
    """Two classes."""
    return p.loss == "logistic" and p.n_outputs == 1


def smooth_logistic(p: Problem) -> bool:
    """Log loss and L2."""
    return p.loss == "logistic" and p.l1_ratio == 0


def smooth_squared(p: Problem) -> bool:
    """Squared loss and L2 or nothing."""
    return p.loss == "squared" and p.l1_ratio == 0


def least_squares(p: Problem) -> bool:
    """Squared loss without a penalty, the only problem of LinearRegression."""
    return p.loss == "squared" and p.alpha == 0


def small(p: Problem) -> bool:
    """A d x d Hessian is thinkable: it would take hours and all memory on text."""
    return p.X.shape[1] * p.n_outputs <= 2000


def ours(variant: str) -> Peer:
    """One variant of sk_gd with its defaults apart from alpha and tol."""

    def make(p: Problem, tol: float) -> Any:
        kind = GDLogisticClassifier if p.loss == "logistic" else GDLinearRegressor
        return kind(variant, alpha=p.alpha, l1_ratio=p.l1_ratio, fit_intercept=p.fit_intercept, tol=tol, random_state=0)

    return Peer(f"sk_gd {variant}", make, TOLS[1::2], lambda p: True)


def logistic_regression(solver: str, suits: Callable[[Problem], bool], module: str = "sklearn") -> Peer:
    """A solver of scikit-learn's LogisticRegression, or of its twin in scikit-learn-intelex."""

    def make(p: Problem, rung: float) -> Any:
        tol, max_iter = (rung, 10_000) if solver == "liblinear" else (NEVER, int(rung))
        # liblinear penalises the intercept: a constant column of 30 instead of 1 makes that a 900th
        options = {"C": inverse(p), "l1_ratio": p.l1_ratio, "fit_intercept": p.fit_intercept, "solver": solver, "tol": tol,
                   "max_iter": max_iter, "intercept_scaling": 30 if solver == "liblinear" else 1, "random_state": 0}  # fmt: skip
        if module == "sklearn":
            return linear_model.LogisticRegression(**options)
        from sklearnex.linear_model import LogisticRegression

        return LogisticRegression(**options, n_jobs=threads())

    ladder = TOLS if solver == "liblinear" else COUNTS
    return Peer(f"{'' if module == 'sklearn' else 'intelex '}{solver}", make, ladder, suits, module)


def sgd(p: Problem, epochs: float) -> Any:
    """Stochastic gradient descent with its default schedule: stopped by hand when it is best, or (0) by its own default rule."""
    stop = {"max_iter": int(epochs), "tol": None} if epochs else {}
    options = {"penalty": "elasticnet", "alpha": p.alpha, "l1_ratio": p.l1_ratio, "fit_intercept": p.fit_intercept,
               "random_state": 0, **stop}  # fmt: skip
    return linear_model.SGDClassifier("log_loss", **options) if p.loss == "logistic" else linear_model.SGDRegressor(**options)


def ridge(solver: str) -> Callable[[Problem, Any], Any]:
    """scikit-learn's Ridge: alpha is of the sum of squares there."""
    return lambda p, tol: linear_model.Ridge(p.alpha * p.X.shape[0], fit_intercept=p.fit_intercept, solver=solver, tol=tol or 1e-4,
                                             max_iter=1000, random_state=0)  # fmt: skip


def intel_squared(p: Problem, _: Any) -> Any:
    """Ridge or LinearRegression of scikit-learn-intelex."""
    from sklearnex.linear_model import LinearRegression, Ridge

    return Ridge(p.alpha * p.X.shape[0], n_jobs=threads()) if p.alpha else LinearRegression(n_jobs=threads())


def net(p: Problem, tol: float) -> Any:
    """scikit-learn's coordinate descent."""
    return linear_model.ElasticNet(p.alpha, l1_ratio=p.l1_ratio, fit_intercept=p.fit_intercept, tol=tol, max_iter=10_000)


def glum(p: Problem, tol: float) -> Any:
    """Iteratively reweighted least squares or coordinate descent, as it chooses."""
    from glum import GeneralizedLinearRegressor

    return GeneralizedLinearRegressor(alpha=p.alpha, l1_ratio=p.l1_ratio, fit_intercept=p.fit_intercept, max_iter=300,
                                      family="binomial" if p.loss == "logistic" else "normal", gradient_tol=tol)  # fmt: skip


def skglm(p: Problem, tol: float) -> Any:
    """Working sets and Anderson-accelerated coordinate descent."""
    from skglm import ElasticNet, SparseLogisticRegression

    kind = SparseLogisticRegression if p.loss == "logistic" else ElasticNet
    return kind(p.alpha, l1_ratio=p.l1_ratio, tol=tol, fit_intercept=p.fit_intercept)


def celer(p: Problem, tol: float) -> Any:
    """Dual extrapolation with working sets."""
    from celer import ElasticNet, LogisticRegression

    if p.loss == "logistic":
        return LogisticRegression(inverse(p), tol=tol)
    return ElasticNet(p.alpha, l1_ratio=p.l1_ratio, tol=tol, fit_intercept=p.fit_intercept)


def snapml(p: Problem, count: float) -> Any:
    """Dual coordinate descent in threads; it penalises the intercept, which its own scaling does not cure."""
    from snapml import LinearRegression, LogisticRegression

    kind = LogisticRegression if p.loss == "logistic" else LinearRegression
    return kind(regularizer=p.alpha * p.X.shape[0], max_iter=int(count), tol=NEVER, n_jobs=threads(), random_state=0,
                fit_intercept=p.fit_intercept)  # fmt: skip


BIAS = 11650396 & (2**20 - 1)  # where Vowpal Wabbit keeps the intercept


class VowpalWabbit:
    """Its default online descent: a pass parses text, as it does for its users; writing that text is not timed."""

    def __init__(self, p: Problem, passes: float) -> None:
        self.problem, self.passes = p, int(passes)

    def prepare(self, folder: str) -> None:
        """Write the examples once; the column numbers are hashes already."""
        p, self.path = self.problem, os.path.join(folder, f"examples-{len(self.problem.y)}.vw")
        if os.path.exists(self.path):
            return
        with open(self.path, "w") as file:
            for i, y in enumerate(2 * p.y - 1 if p.loss == "logistic" else p.y):
                row = p.X[i : i + 1].tocsr() if issparse(p.X) else None
                columns, values = (row.indices, row.data) if issparse(p.X) else (range(p.X.shape[1]), p.X[i])
                file.write(f"{y} | {' '.join(f'{j}:{v:.9g}' for j, v in zip(columns, values, strict=True))}\n")

    def fit(self, X: Any, y: Any) -> VowpalWabbit:
        """Minimise twice F for the squared loss, which it does not halve."""
        from vowpalwabbit import Workspace

        p = self.problem
        twice = 2 if p.loss == "squared" else 1
        kept = f"{self.path}.model"
        Workspace(f"-d {self.path} --loss_function {p.loss} --passes {self.passes} --holdout_off --quiet -b 20 -k "
                  f"--cache_file {self.path}.cache --l2 {twice * p.alpha} --no_bias_regularization "
                  f"--readable_model {kept}").finish()  # fmt: skip
        model = Path(kept).read_text()
        factor = float(re.findall(r"^l2_state (\S+)", model, re.MULTILINE)[0])  # the weights are held times a common factor
        weights = {int(i): float(weight) * factor for i, weight in re.findall(r"^(\d+):(\S+)", model, re.MULTILINE)}
        self.coef_, self.intercept_ = [weights.get(j, 0.0) for j in range(X.shape[1])], weights.get(BIAS, 0.0)
        return self


SKLEARN = ("lbfgs", "newton-cg", "newton-cholesky", "sag", "saga", "liblinear", "SGD", "SGD default", "Ridge", "Ridge lsqr",
           "Ridge sag", "LinearRegression", "ElasticNet")  # fmt: skip
PEERS = [
    ours("batch"),
    ours("mini-batch"),
    ours("stochastic"),
    logistic_regression("lbfgs", smooth_logistic),
    logistic_regression("newton-cholesky", lambda p: smooth_logistic(p) and small(p)),
    logistic_regression("newton-cg", smooth_logistic),
    logistic_regression("sag", smooth_logistic),
    logistic_regression("saga", lambda p: p.loss == "logistic"),
    logistic_regression("liblinear", lambda p: binary(p) and p.l1_ratio in (0, 1)),
    Peer("SGD", sgd, COUNTS, lambda p: binary(p) or p.loss == "squared"),
    Peer("SGD default", sgd, ONCE, lambda p: binary(p) or p.loss == "squared"),
    Peer("Ridge", ridge("auto"), ONCE, smooth_squared),
    Peer("Ridge lsqr", ridge("lsqr"), TOLS, smooth_squared),
    Peer("Ridge sag", ridge("sag"), TOLS, smooth_squared),
    Peer("LinearRegression", lambda p, _: linear_model.LinearRegression(fit_intercept=p.fit_intercept), ONCE, least_squares),
    Peer("ElasticNet", net, TOLS, lambda p: p.loss == "squared" and p.l1_ratio > 0),
    logistic_regression("lbfgs", lambda p: smooth_logistic(p) and not issparse(p.X), "sklearnex"),
    Peer("intelex", intel_squared, ONCE, lambda p: smooth_squared(p) and not issparse(p.X), "sklearnex"),
    Peer("glum", glum, TOLS, lambda p: p.n_outputs == 1 and small(p), "glum"),
    Peer("skglm", skglm, TOLS, lambda p: p.l1_ratio > 0, "skglm"),
    Peer("celer", celer, TOLS, lambda p: p.l1_ratio > 0 and (p.loss == "squared" or not p.fit_intercept), "celer"),
    Peer("snapml", snapml, COUNTS, lambda p: p.n_outputs == 1 and p.l1_ratio == 0 and p.alpha > 0, "snapml"),
    Peer("Vowpal Wabbit", VowpalWabbit, COUNTS, lambda p: p.n_outputs == 1 and p.l1_ratio == 0 and p.n_stored < 4e6,
         "vowpalwabbit"),
]  # fmt: skip
