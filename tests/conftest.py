"""What every test shares: one stream of random numbers, the problems, and a judge of F that knows nothing of the library."""

import os
from collections.abc import Callable

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: the tests have a process per core, threads would fight over them
os.environ.setdefault("MPLBACKEND", "Agg")  # no windows

import numpy as np
import pytest
from scipy import optimize, sparse
from scipy.special import expit, log_softmax, logit, softmax

from sk_gd import GDLinearRegressor, GDLogisticClassifier

# SciPy asks for this variable when it is imported, so these tests have a run of their own: SCIPY_ARRAY_API=1 pytest tests/array_api
collect_ignore = [] if os.environ.get("SCIPY_ARRAY_API") == "1" else ["array_api"]


@pytest.fixture
def rng() -> np.random.Generator:
    """All random choices of a test, the same in every order of the tests."""
    return np.random.default_rng(20261123)


@pytest.fixture(params=["batch", "mini-batch", "stochastic"])
def variant(request):
    """Each of the three variants."""
    return request.param


@pytest.fixture(name="Estimator", params=[GDLinearRegressor, GDLogisticClassifier], ids=["linear", "logistic"])
def either_estimator(request):
    """Each of the two estimators."""
    return request.param


@pytest.fixture(params=[np.asarray, sparse.csr_array], ids=["dense", "csr"])
def container(request):
    """Each way to hold the rows."""
    return request.param


@pytest.fixture
def make_problem(rng) -> Callable:
    """Draw (X, y, sample_weight): columns "well" conditioned, "correlated" or "raw" (offset, scales from 1e-2 to 1e4)."""

    def draw(target="regression", columns="well", n_samples=120, n_features=5, weighted=False):
        X = rng.normal(size=(n_samples, n_features)) * (rng.random((n_samples, n_features)) < 0.7)
        if columns == "correlated":
            X = 0.2 * X + rng.normal(size=(n_samples, 1))
        scores = X @ rng.normal(size=(n_features, 3))
        if columns == "raw":
            X = (X + 3.0) * np.logspace(-2, 4, n_features)
        sample_weight = rng.gamma(1.0, size=n_samples) if weighted else None
        y = {
            "regression": lambda: 5.0 + scores[:, 0] + 0.5 * rng.normal(size=n_samples),
            "multi-output": lambda: 5.0 + scores[:, :2] + 0.5 * rng.normal(size=(n_samples, 2)),
            "binary": lambda: (scores[:, 0] + rng.logistic(size=n_samples) > 0.3).astype(int),
            "multinomial": lambda: np.argmax(scores + rng.gumbel(size=scores.shape), axis=1),
        }[target]()
        return X, y, sample_weight

    return draw


@pytest.fixture
def problem_for(make_problem) -> Callable:
    """A problem that suits an estimator: y of floats or of two classes."""

    def suit(Estimator, **kwargs):
        return make_problem("regression" if Estimator is GDLinearRegressor else "binary", **kwargs)

    return suit


class Judge:
    """F(coef, intercept) of the README's formula, its optimality conditions and its minimum; y of floats means regression."""

    def __init__(self, X, y, sample_weight=None, *, alpha=0.0, l1_ratio=0.0, fit_intercept=True, positive=False):
        self.X = X.toarray() if sparse.issparse(X) else np.asarray(X, dtype=float)
        s = np.ones(len(self.X)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
        self.s = s / s.sum()
        alpha = np.broadcast_to(alpha, self.X.shape[1])  # a strength for all features, or one for each
        self.l1, self.l2, self.fit_intercept, self.positive = alpha * l1_ratio, alpha * (1 - l1_ratio), fit_intercept, positive
        classes = np.unique(y)
        self.kind = "squared" if np.asarray(y).dtype.kind == "f" else "binary" if len(classes) == 2 else "multinomial"
        self.Y = np.asarray(y).reshape(len(y), -1)
        if self.kind != "squared":
            self.Y = np.equal(self.Y, classes[1:] if self.kind == "binary" else classes).astype(float)
        self.mean = self.s @ self.X if fit_intercept else np.zeros(self.X.shape[1])
        self.scale = np.sqrt(self.s @ (self.X - self.mean) ** 2)
        self.scale[self.scale == 0] = 1.0  # of constant columns

    def _loss_and_slope(self, z):
        if self.kind == "squared":
            return 0.5 * ((z - self.Y) ** 2).sum(axis=1), z - self.Y
        if self.kind == "binary":
            return (np.logaddexp(0.0, z) - self.Y * z)[:, 0], expit(z) - self.Y
        return -(self.Y * log_softmax(z, axis=1)).sum(axis=1), softmax(z, axis=1) - self.Y

    def value(self, coef, intercept):
        coef = np.atleast_2d(coef)
        loss, _ = self._loss_and_slope(self.X @ coef.T + np.atleast_1d(intercept))
        assert not (self.positive and (coef < 0).any())
        return self.s @ loss + (self.l1 * np.abs(coef) + self.l2 / 2 * coef**2).sum()

    def gradient(self, coef, intercept):
        """Of the loss and the L2 part: (coef, intercept)."""
        coef = np.atleast_2d(coef)
        _, slope = self._loss_and_slope(self.X @ coef.T + np.atleast_1d(intercept))
        return (self.s[:, None] * slope).T @ self.X + self.l2 * coef, self.s @ slope

    def __call__(self, model):
        return self.value(model.coef_, model.intercept_)

    @property
    def constant(self):
        """The (coef, intercept) of the best model without features."""
        mean = self.s @ self.Y
        best = {"squared": lambda: mean, "binary": lambda: logit(mean), "multinomial": lambda: np.log(mean)}[self.kind]()
        return np.zeros((self.Y.shape[1], self.X.shape[1])), best if self.fit_intercept else np.zeros_like(mean)

    def gap(self, model, minimum=None):
        """(F - F*) / (F_null - F*): 0 at the optimum, 1 at the constant model."""
        minimum = self.minimum if minimum is None else minimum
        return (self(model) - minimum) / (self.value(*self.constant) - minimum)

    def standardised(self, model):
        """The coefficients of centred columns of unit variance, the intercept last; a softmax's common shift taken out."""
        coef, intercept = np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_)
        intercept = intercept + coef @ self.mean
        parts = np.column_stack([coef * self.scale, intercept])
        return parts - parts.mean(axis=0) if self.kind == "multinomial" else parts

    def violation(self, coef, intercept):
        """Largest |c - prox(c - gradient)| in standardised columns: zero exactly where 0 is a subgradient of F."""
        of_coef, of_intercept = self.gradient(coef, intercept)
        moved = np.atleast_2d(coef) * self.scale - (of_coef - np.outer(of_intercept, self.mean)) / self.scale
        fixed = np.sign(moved) * np.maximum(np.abs(moved) - self.l1 / self.scale, 0.0) * ~(self.positive & (moved < 0))
        parts = [np.abs(np.atleast_2d(coef) * self.scale - fixed).max(), np.abs(of_intercept).max() * self.fit_intercept]
        return max(parts)

    def reached_from(self, model):
        """How far down the same goes from a model: F* at least, in little time."""
        coef = np.atleast_2d(model.coef_).astype(float)
        moved, intercept = coef * self.scale, np.atleast_1d(model.intercept_) + coef @ self.mean - self.constant[1]
        parts = (moved, 0 * moved) if self.smooth else (np.maximum(moved, 0), np.maximum(-moved, 0))
        return self.lowest(np.concatenate([*map(np.ravel, parts), intercept]), n_rounds=2, maxiter=1000)

    @property
    def smooth(self):
        return not self.positive and not self.l1.any()

    @property
    def minimum(self):
        """F* by scipy, from zero."""
        K, p = np.shape(self.constant[0])
        return self.lowest(np.zeros(2 * K * p + K))

    def lowest(self, v, n_rounds=1000, maxiter=20_000):
        """F where bounded L-BFGS ends, on positive and negative parts of the coefficients of standardised columns."""
        K, p = np.shape(self.constant[0])

        def unpack(v):
            coef = (v[: K * p] - v[K * p : 2 * K * p]).reshape(K, p) / self.scale
            return coef, self.constant[1] + v[2 * K * p :] * self.fit_intercept - coef @ self.mean

        def value_and_gradient(v):
            coef, intercept = unpack(v)
            of_coef, of_intercept = self.gradient(coef, intercept)
            g = ((of_coef - np.outer(of_intercept, self.mean)) / self.scale).ravel()
            price = np.tile(self.l1 / self.scale, K)
            F = self.value(coef, intercept) - (self.l1 * np.abs(coef)).sum() + price @ (v[: K * p] + v[K * p : 2 * K * p])
            return F, np.concatenate([g + price, price - g, of_intercept * self.fit_intercept])

        negative = [(0, 0)] * (K * p) if self.positive else [(0, None)] * (K * p)
        sides = [(None, None)] * (K * p) + [(0, 0)] * (K * p) if self.smooth else [(0, None)] * (K * p) + negative
        options = {"maxiter": maxiter, "maxfun": 2 * maxiter, "ftol": 1e-16, "gtol": 1e-11, "maxcor": 30}
        before, now = np.inf, np.finfo(float).max
        while now < before and n_rounds:  # once more from where it stopped: a line search that gave up starts afresh
            n_rounds -= 1
            found = optimize.minimize(
                value_and_gradient, v, jac=True, method="L-BFGS-B", bounds=sides + [(None, None)] * K, options=options
            )
            v, before, now = found.x, now, found.fun
        return self.value(*unpack(v))


@pytest.fixture(name="Judge")
def independent_judge():
    """The class that scores a model by the formula, independently of the library."""
    return Judge


class WatchedFunction:
    """A function that remembers where it was asked, and how often."""

    def __init__(self, fun):
        self.fun, self.points = fun, []

    def __call__(self, x, *args):
        self.points.append(x.copy())
        return self.fun(x, *args)


@pytest.fixture
def watched():
    """A wrapper of functions that remembers where they were asked."""
    return WatchedFunction
