"""The battery: a registry of cases, each with the outcome that it must have, and the judge of a fit.

An outcome is one of three: an error of the right type, a finite fit that is no worse than the constant model, or either. Whatever
else happens is a fault: another error, a worse model, a number that is not finite, a warning that nobody needs, a crash, a hang.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.special import logsumexp
from sklearn.exceptions import ConvergenceWarning

from sk_gd import GDLinearRegressor, GDLogisticClassifier

ESTIMATORS = {"linear": GDLinearRegressor, "logistic": GDLogisticClassifier}
LINEAR, LOGISTIC, BOTH = ("linear",), ("logistic",), ("linear", "logistic")
VARIANTS = ("batch", "mini-batch", "stochastic")
CASES: dict[str, Case] = {}


@dataclass(frozen=True)
class Case:
    """A named way to go wrong, and what has to come of it."""

    reason: str
    run: Callable[[Lab], Any]
    of: tuple[str, ...]
    errors: tuple[type[BaseException], ...]  # one of which must be raised; or may be, where a fit is just as right
    may_fit: bool
    warns: tuple[type[Warning], ...]

    def fault(self, lab: Lab) -> str | None:
        """Run the case; say what was wrong, or None."""
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            try:
                self.run(lab)
            except self.errors as error:
                return None if str(error).strip() else f"{type(error).__name__} without a word"
        if not self.may_fit:
            return f"no error; expected {' or '.join(error.__name__ for error in self.errors)}"
        noise = [warning for warning in seen if not issubclass(warning.category, (ConvergenceWarning, *self.warns))]
        return f"{noise[0].category.__name__}: {noise[0].message}" if noise else None


def registered(errors: tuple[type[BaseException], ...], may_fit: bool, of: tuple[str, ...], warns: Any) -> Any:
    """A decorator that puts a function into the battery under its own name; its docstring is the reason."""

    def register(run: Callable[[Lab], Any]) -> Callable[[Lab], Any]:
        name = run.__name__.replace("_", " ")
        assert name not in CASES, name
        assert run.__doc__, name
        CASES[name] = Case(run.__doc__.strip(), run, of, errors, may_fit, warns)
        return run

    return register


def refused(*errors: type[BaseException], of: tuple[str, ...] = BOTH) -> Any:
    """The case must end in one of these errors."""
    return registered(errors or (ValueError,), False, of, ())


def fits(of: tuple[str, ...] = BOTH, warns: tuple[type[Warning], ...] = ()) -> Any:
    """The case must end in a fit."""
    return registered((), True, of, warns)


def either(*errors: type[BaseException], of: tuple[str, ...] = BOTH) -> Any:
    """Nobody can say which of the two is right, but a third thing is wrong."""
    return registered(errors or (ValueError, FloatingPointError), True, of, ())


def each(table: dict[str, Any], outcome: Any, name: str, reason: str) -> Any:
    """A case for every entry of a table: ``run(lab, entry)`` under the name of the entry."""

    def register(run: Callable[[Lab, Any], Any]) -> Callable[[Lab, Any], Any]:
        for key, entry in table.items():

            def one(lab: Lab, entry: Any = entry) -> Any:
                return run(lab, entry)

            one.__name__, one.__doc__ = name.format(key), reason.format(key)
            outcome(one)
        return run

    return register


class Lab:
    """What a case gets: a small sound problem for an estimator and a variant, and fits that are judged."""

    def __init__(self, estimator: str, variant: str) -> None:
        self.kind, self.Estimator, self.variant = estimator, ESTIMATORS[estimator], variant
        self.rng = np.random.default_rng(20261125)
        self.X = self.rng.normal(size=(60, 4))
        self.y = self.targets(self.X)

    @property
    def linear(self) -> bool:
        return self.kind == "linear"

    def targets(self, X: Any) -> Any:
        """Numbers, or two classes, that depend on the rows."""
        score = X.sum(axis=1) / X.shape[1] ** 0.5 + self.rng.normal(size=len(X))
        return 3.0 + score if self.linear else (score > 0).astype(int)

    def model(self, **params: Any) -> Any:
        """An estimator of this variant."""
        return self.Estimator(**{"variant": self.variant, "random_state": 0, **params})

    def fitted(self, **params: Any) -> Any:
        """One that has seen the sound problem."""
        return self.model(**params).fit(self.X, self.y)

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None, *, rows: Any = None, targets: Any = None, **params: Any) -> Any:
        """Fit, and judge the model on ``rows`` and ``targets``, which are X and y for a judge who only reads NumPy arrays."""
        y = self.y if y is None else y
        model = self.model(**params).fit(X, y, sample_weight=sample_weight)
        self.judge(model, X if rows is None else rows, y if targets is None else targets, sample_weight)
        return model

    def judge(self, model: Any, X: Any, y: Any, sample_weight: Any = None) -> None:
        """Assert that a model is finite and no worse than the constant one, in long double, in which little can overflow."""
        X = np.asarray(X.toarray() if sparse.issparse(X) else X, dtype=np.longdouble)
        s = np.broadcast_to(np.longdouble(1.0) if sample_weight is None else np.asarray(sample_weight, np.longdouble), len(X))
        kept = s > 0
        X, y, s = X[kept], np.asarray(y)[kept], s[kept] / s[kept].sum()
        coef = model.coef_.toarray() if sparse.issparse(model.coef_) else model.coef_
        for name, numbers in (("coef_", coef), ("intercept_", model.intercept_), ("loss_curve_", model.loss_curve_)):
            assert np.isfinite(numbers).all(), f"{name} is not finite"
        eps, least = (np.longdouble(number) for number in (np.finfo(coef.dtype).eps, np.finfo(coef.dtype).smallest_subnormal))
        coef, intercept = np.atleast_2d(coef).astype(np.longdouble), np.atleast_1d(model.intercept_).astype(np.longdouble)
        alpha = np.broadcast_to(np.asarray(model.alpha, dtype=np.longdouble), X.shape[1])
        penalty = (alpha * (model.l1_ratio * abs(coef) + (1 - model.l1_ratio) / 2 * coef**2)).sum()
        noise = 8 * (eps * (abs(X) @ abs(coef).T + abs(intercept)).max() + least)  # what rounding may add to a raw prediction
        if self.linear:
            Y = np.asarray(y, dtype=model.coef_.dtype).astype(np.longdouble).reshape(len(y), -1)
            constant, noise = s @ Y * model.fit_intercept, noise + 8 * eps * abs(Y).max()
        else:
            Y = (y[:, None] == model.classes_).astype(np.longdouble)
            constant = np.log(s @ Y) if model.fit_intercept else np.zeros(Y.shape[1], np.longdouble)

        def value(z: Any) -> Any:
            return s @ (((z - Y) ** 2).sum(axis=1) / 2 if self.linear else logsumexp(z, axis=1) - (Y * z).sum(axis=1))

        z = X @ coef.T + intercept
        z = np.hstack([np.zeros_like(z), z]) if z.shape[1] < Y.shape[1] else z
        found, reference = value(z) + penalty, value(np.broadcast_to(constant, Y.shape))
        slack = noise * np.sqrt(2 * reference) + noise**2 if self.linear else noise
        assert found <= reference * (1 + 1e4 * eps**0.75) + slack, f"F = {found} is above {reference}, that of the constant model"
