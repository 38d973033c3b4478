"""One judge for every model: the same F, in float64, whoever fitted it."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_softmax, softmax

from benchmarks.problems import Problem


class Evaluator:
    """``F = mean loss + penalty`` and ``gap = (F - F*) / (F_null - F*)``, F* the best F that anyone reached.

    F_null is F of the intercept alone, so that the gap is 1 there whatever the units.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.n, self.d = problem.X.shape
        self.k, y = problem.n_outputs, problem.y
        codes = np.unique(y, return_inverse=True)[1] if problem.loss == "logistic" else y
        self.y = np.eye(self.k)[codes] if self.k > 1 else codes.astype(float)[:, None]
        mean = self.y.mean(axis=0)
        null = np.zeros(self.k)
        if problem.fit_intercept:
            null = mean if problem.loss == "squared" else np.log(mean) if self.k > 1 else np.log(mean / (1 - mean))
        self.best = np.zeros((self.k, self.d)), null
        self.null = self.star = self.value(*self.best)

    def value(self, coef: Any, intercept: Any) -> float:
        """F of a model in the shapes of any estimator."""
        coef, intercept = np.asarray(coef, float).reshape(self.k, self.d), np.asarray(intercept, float).ravel()
        return self._mean_loss(self.problem.X @ coef.T + intercept) + self._penalty(coef)

    def judge(self, coef: Any, intercept: Any) -> float:
        """F of a model, which becomes F* where it is the lowest yet."""
        value = self.value(coef, intercept)
        if value < self.star:
            self.star, self.best = value, (np.reshape(coef, (self.k, self.d)), np.resize(intercept, self.k))
        return value

    def gap(self, value: Any) -> Any:
        """Share of the possible decrease that is left."""
        return (value - self.star) / (self.null - self.star)

    def polish(self, max_iter: int = 30) -> None:
        """Lower F* by Newton's method from the best model, every column scaled to unit curvature.

        Coefficients that an L1 penalty holds at zero stay there and the others keep their sign, which makes F smooth.
        """
        p, (coef, intercept) = self.problem, self.best
        free = np.hstack([(coef != 0) | (p.l1_ratio == 0), np.full((self.k, 1), p.fit_intercept)])
        start = np.hstack([coef, intercept[:, None]]).astype(float)
        l1, l2, sign = p.alpha * p.l1_ratio, p.alpha * (1 - p.l1_ratio), np.hstack([np.sign(coef), np.zeros((self.k, 1))])
        squares = p.X.power(2).mean(axis=0) if hasattr(p.X, "power") else np.einsum("ij,ij->j", p.X, p.X) / self.n
        scale = 1 / np.sqrt(np.append(np.maximum(np.asarray(squares).ravel(), 1e-300) + l2, 1))
        ridge = l2 * np.append(np.ones(self.d), 0)

        def theta_of(x: Any) -> Any:
            theta = np.zeros_like(start)
            theta[free] = x
            return start + theta * scale

        def raw(theta: Any) -> Any:
            return p.X @ theta[:, :-1].T + theta[:, -1]

        def back(slope: Any, theta: Any) -> Any:
            gradient = np.hstack([(p.X.T @ slope).T, slope.sum(axis=0)[:, None]]) / self.n + ridge * theta
            return (gradient * scale)[free]

        def value_and_gradient(x: Any) -> tuple[float, Any]:
            theta = theta_of(x)
            z = raw(theta)
            value = self._mean_loss(z) + l1 * (sign * theta).sum() + (ridge * theta**2).sum() / 2
            return value, back(self._mean(z) - self.y, theta) + (l1 * sign * scale)[free]

        def hessian_product(x: Any, direction: Any) -> Any:
            step = theta_of(direction) - start
            mean, bent = self._mean(raw(theta_of(x))), raw(step)
            if p.loss == "logistic":
                bent = mean * (bent - (mean * bent).sum(axis=1, keepdims=True)) if self.k > 1 else mean * (1 - mean) * bent
            return back(bent, step)

        def keep(x: Any) -> None:
            theta = theta_of(x)
            self.judge(theta[:, :-1], theta[:, -1])

        minimize(value_and_gradient, np.zeros(free.sum()), jac=True, hessp=hessian_product, method="Newton-CG", callback=keep,
                 options={"maxiter": max_iter, "xtol": 1e-12})  # fmt: skip

    def _mean_loss(self, z: Any) -> float:
        if self.problem.loss == "squared":
            loss = (z - self.y) ** 2 / 2
        else:
            loss = np.logaddexp(0, z) - self.y * z if self.k == 1 else -log_softmax(z, axis=1)[self.y == 1]
        return float(loss.mean())

    def _mean(self, z: Any) -> Any:
        """Prediction in the units of y: z minus y is the slope of the squared loss, probability minus y that of the log loss."""
        return z if self.problem.loss == "squared" else expit(z) if self.k == 1 else softmax(z, axis=1)

    def _penalty(self, coef: Any) -> float:
        p = self.problem
        return float(p.alpha * (p.l1_ratio * np.abs(coef).sum() + (1 - p.l1_ratio) / 2 * (coef**2).sum()))
