"""Every variant reaches the optimum: scikit-learn's, the normal equations', scipy's, and by the conditions themselves."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge

from sk_gd import GDLinearRegressor, GDLogisticClassifier

TIGHT = {"tol": 1e-10, "max_iter": 10_000, "random_state": 0}
PROBLEMS = ["well", "correlated", "raw"]
EXACT = {"tol": 1e-12, "max_iter": 100_000}


def newton(total):
    return LogisticRegression(C=1 / (0.01 * total), solver="newton-cholesky", max_iter=100_000, tol=1e-10)


def saga(total):
    return LogisticRegression(C=1 / (0.02 * total), l1_ratio=1.0, solver="saga", max_iter=100_000, tol=1e-9, random_state=0)


L2, L1, HALF = {"alpha": 0.1}, {"alpha": 0.1, "l1_ratio": 1.0}, {"alpha": 0.1, "l1_ratio": 0.6}
POSITIVE = {"positive": True}
BY_FEATURE = [0.0, 0.1, 0.4, 0.0, 0.05]


@pytest.fixture(name="make_problem")
def problem_of_both_signs(make_problem):
    """Problems whose columns pull in either direction, so that ``positive=True`` holds some at zero."""

    def draw(*args, **kwargs):
        X, y, sample_weight = make_problem(*args, **kwargs)
        return X * np.resize([1.0, -1.0], X.shape[1]), y, sample_weight

    return draw


class Rescaled:
    """Another model of columns divided by units: a penalty of its own for each, where the model has one for all."""

    def __init__(self, model, units):
        self.model, self.units = model, np.asarray(units)

    def fit(self, X, y, sample_weight):
        self.model.fit(X / self.units, y, sample_weight=sample_weight)
        self.coef_, self.intercept_ = self.model.coef_ / self.units, self.model.intercept_
        return self


# name: (our estimator, kind of y, its parameters, scikit-learn's solver of the same F or None)
ORACLES = {
    "LinearRegression": (GDLinearRegressor, "regression", {}, lambda total: LinearRegression(tol=1e-14)),
    "Ridge": (GDLinearRegressor, "regression", L2, lambda total: Ridge(0.1 * total, tol=1e-12)),
    "Ridge, two outputs": (GDLinearRegressor, "multi-output", L2, lambda total: Ridge(0.1 * total, tol=1e-12)),
    "Ridge, by feature": (
        GDLinearRegressor, "regression", {"alpha": [0.1, 0.2, 0.3, 0.01, 0.05]},
        lambda total: Rescaled(Ridge(total, tol=1e-12), np.sqrt([0.1, 0.2, 0.3, 0.01, 0.05])),
    ),
    "Lasso": (GDLinearRegressor, "regression", L1, lambda total: Lasso(0.1, **EXACT)),
    "Lasso, by feature": (
        GDLinearRegressor, "regression", {"alpha": [0.1, 0.2, 0.3, 0.01, 0.05], "l1_ratio": 1.0},
        lambda total: Rescaled(Lasso(0.1, **EXACT), [1.0, 2.0, 3.0, 0.1, 0.5]),
    ),
    "ElasticNet": (GDLinearRegressor, "regression", HALF, lambda total: ElasticNet(0.1, l1_ratio=0.6, **EXACT)),
    "ElasticNet, by feature": (GDLinearRegressor, "multi-output", {"alpha": BY_FEATURE, "l1_ratio": 0.6}, None),
    "LinearRegression, positive": (
        GDLinearRegressor, "regression", POSITIVE, lambda total: LinearRegression(tol=1e-14, positive=True),
    ),
    "ElasticNet, positive": (
        GDLinearRegressor, "regression", HALF | POSITIVE,
        lambda total: ElasticNet(0.1, l1_ratio=0.6, positive=True, **EXACT),
    ),
    "positive by feature, two outputs": (GDLinearRegressor, "multi-output", {"alpha": BY_FEATURE} | POSITIVE, None),
    "LogisticRegression": (GDLogisticClassifier, "binary", {"alpha": 0.01}, newton),
    "LogisticRegression, multinomial": (GDLogisticClassifier, "multinomial", {"alpha": 0.01}, newton),
    "LogisticRegression, L1": (GDLogisticClassifier, "binary", {"alpha": 0.02, "l1_ratio": 1.0}, saga),
    "LogisticRegression, multinomial, L1": (GDLogisticClassifier, "multinomial", {"alpha": 0.02, "l1_ratio": 1.0}, saga),
    "logistic, by feature": (GDLogisticClassifier, "binary", {"alpha": BY_FEATURE, "l1_ratio": 0.6}, None),
    "logistic, positive": (GDLogisticClassifier, "binary", {"alpha": 0.01} | POSITIVE, None),
    "multinomial, positive": (GDLogisticClassifier, "multinomial", {"alpha": 0.01} | POSITIVE, None),
    "multinomial, L1, positive": (GDLogisticClassifier, "multinomial", {"alpha": 0.02, "l1_ratio": 1.0} | POSITIVE, None),
}  # fmt: skip
everywhere = pytest.mark.parametrize("columns", PROBLEMS)
weighted_or_not = pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
every_oracle = pytest.mark.parametrize("oracle", ORACLES.values(), ids=ORACLES.keys())


WITHIN_REACH = [  # saga arrives on well-conditioned, unweighted rows only: elsewhere the conditions and scipy judge
    pytest.param(oracle, columns, weighted, id=f"{name}-{columns}-{'weighted' if weighted else 'plain'}")
    for name, oracle in ORACLES.items()
    for columns in PROBLEMS
    for weighted in (False, True)
    if oracle[-1] is not None and (oracle[-1] is not saga or (columns == "well" and not weighted))
]


@pytest.mark.parametrize(("oracle", "columns", "weighted"), WITHIN_REACH)
def test_optimum_of_scikit_learn(oracle, columns, weighted, variant, container, make_problem, Judge):
    """F and the coefficients are those of scikit-learn's solver of the same problem."""
    Estimator, target, params, exact = oracle
    X, y, sample_weight = make_problem(target, columns, weighted=weighted)
    judge = Judge(X, y, sample_weight, **params)
    total = len(y) if sample_weight is None else sample_weight.sum()
    theirs = exact(total).fit(X, y, sample_weight=sample_weight)
    ours = Estimator(variant, **params, **TIGHT).fit(container(X), y, sample_weight=sample_weight)
    assert ours.coef_.shape == theirs.coef_.shape
    assert np.shape(ours.intercept_) == np.shape(theirs.intercept_)
    assert judge.gap(ours, minimum=judge(theirs)) < 1e-9
    expected = judge.standardised(theirs)
    assert_allclose(judge.standardised(ours), expected, atol=2e-4 * np.abs(expected).max())


@every_oracle
@everywhere
@weighted_or_not
def test_optimality_conditions(oracle, columns, weighted, variant, container, make_problem, Judge):
    """Zero is a subgradient of F at the solution, in standardised columns and relative to the constant model."""
    Estimator, target, params, _ = oracle
    X, y, sample_weight = make_problem(target, columns, weighted=weighted)
    judge = Judge(X, y, sample_weight, **params)
    ours = Estimator(variant, **params, **TIGHT).fit(container(X), y, sample_weight=sample_weight)
    assert ours.converged_
    assert judge.violation(ours.coef_, ours.intercept_) < 1e-4 * judge.violation(*judge.constant)


@every_oracle
@everywhere
def test_minimum_of_scipy(oracle, columns, variant, make_problem, Judge):
    """With default max_iter and tol the true relative gap is of tol's size, and optimality_ tells it."""
    Estimator, target, params, _ = oracle
    X, y, sample_weight = make_problem(target, columns, weighted=True)
    judge = Judge(X, y, sample_weight, **params)
    ours = Estimator(variant, **params, random_state=0).fit(X, y, sample_weight=sample_weight)
    assert ours.converged_
    assert 0 <= ours.optimality_ <= ours.tol
    assert -1e-9 < judge.gap(ours) < 10 * ours.tol


@every_oracle
@everywhere
def test_certificate_is_honest(oracle, columns, variant, container, make_problem, Judge):
    """On the way, far from the minimum, optimality_ is the true relative gap: exactly for squares, about for logarithms."""
    Estimator, target, params, _ = oracle
    X, y, sample_weight = make_problem(target, columns, weighted=True)
    judge = Judge(X, y, sample_weight, **params)
    early = {"optimizer": "gd", "preconditioner": "diagonal", "tol": None, "max_iter": 3, "random_state": 0}
    ours = Estimator(variant, **params, **early).fit(container(X), y, sample_weight=sample_weight)
    factor = 1.01 if Estimator is GDLinearRegressor else 5.0
    assert 1 / factor < ours.optimality_ / judge.gap(ours) < factor


@every_oracle
@pytest.mark.parametrize("columns", ["well", "raw"])
@pytest.mark.parametrize("variant", ["mini-batch", "stochastic"])
def test_minimum_of_many_rows(oracle, columns, variant, container, make_problem, Judge):
    """Where the rows are too many for steps on all of them, steps on some of them arrive too."""
    Estimator, target, params, _ = oracle
    params = {name: 2 * value if isinstance(value, list) else value for name, value in params.items()}
    X, y, sample_weight = make_problem(target, columns, n_samples=6000, n_features=10, weighted=True)
    judge = Judge(X, y, sample_weight, **params)
    ours = Estimator(variant, **params, tol=1e-7, random_state=0)
    ours.fit(container(X), y, sample_weight=sample_weight)
    assert ours.converged_
    assert -1e-9 < judge.gap(ours) < 1e-6


@pytest.mark.parametrize("fit_intercept", [True, False])
@everywhere
@weighted_or_not
def test_normal_equations(fit_intercept, columns, weighted, variant, make_problem, Judge):
    """Ridge with several outputs solves (X'SX / sum s + alpha I) coef = X'Sy / sum s in centred columns."""
    X, Y, sample_weight = make_problem("multi-output", columns, weighted=weighted)
    alpha, s = 0.3, np.ones(len(Y)) if sample_weight is None else sample_weight
    s = s / s.sum()
    means = (s @ X, s @ Y) if fit_intercept else (np.zeros(X.shape[1]), np.zeros(Y.shape[1]))
    Xc, Yc = X - means[0], Y - means[1]
    scale = np.sqrt(s @ Xc**2)
    coef = np.linalg.solve((Xc.T * s) @ Xc + alpha * np.eye(X.shape[1]), (Xc.T * s) @ Yc).T
    ours = GDLinearRegressor(variant, alpha=alpha, fit_intercept=fit_intercept, **TIGHT).fit(X, Y, sample_weight=sample_weight)
    assert_allclose(ours.coef_ * scale, coef * scale, atol=2e-4 * np.abs(coef * scale).max())
    assert_allclose(ours.intercept_ + ours.coef_ @ means[0], means[1], atol=1e-4 * np.abs(Y).max())
    judge = Judge(X, Y, sample_weight, alpha=alpha, fit_intercept=fit_intercept)
    assert judge.gap(ours, minimum=judge.value(coef, means[1] - coef @ means[0])) < 1e-9


@pytest.mark.parametrize("target", ["binary", "multinomial"])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5])
def test_without_intercept(target, l1_ratio, variant, container, make_problem, Judge):
    """fit_intercept=False leaves the intercept at zero and minimises over the coefficients alone."""
    X, y, sample_weight = make_problem(target, weighted=True)
    judge = Judge(X, y, sample_weight, alpha=0.02, l1_ratio=l1_ratio, fit_intercept=False)
    ours = GDLogisticClassifier(variant, alpha=0.02, l1_ratio=l1_ratio, fit_intercept=False, **TIGHT)
    ours.fit(container(X), y, sample_weight=sample_weight)
    assert not np.any(ours.intercept_)
    assert judge.gap(ours) < 1e-8


@pytest.mark.parametrize("oracle", [ORACLES["Lasso"], ORACLES["LogisticRegression, L1"]], ids=["linear", "logistic"])
def test_l1_gives_exact_zeros(oracle, variant, make_problem):
    """A large L1 penalty leaves every coefficient at exactly zero and the intercept at the constant model's."""
    Estimator, target, *_ = oracle
    X, y, _ = make_problem(target)
    model = Estimator(variant, alpha=100.0, l1_ratio=1.0, **TIGHT).fit(X, y)
    assert not np.any(model.coef_)
    mean = y.mean() if target == "regression" else np.log(y.mean() / (1 - y.mean()))
    assert_allclose(model.intercept_, mean, rtol=1e-4)


@pytest.mark.parametrize("optimizer", ["auto", "gd", "adam"])
def test_zeros_have_no_sign(optimizer, variant, make_problem):
    """A coefficient that has shrunk to zero from below is 0.0, not -0.0."""
    X, y, _ = make_problem()
    for target in (y, -y):
        model = GDLinearRegressor(variant, optimizer=optimizer, alpha=100.0, l1_ratio=1.0, max_iter=50, tol=None, random_state=0)
        coef = model.fit(X, target, coef_init=np.linspace(-1.0, 1.0, 5)).coef_
        assert (coef == 0).any()
        assert not np.signbit(coef[coef == 0]).any()


def test_probabilities(variant, make_problem):
    """predict_proba is the logistic function of the scores, or their softmax from three classes on."""
    for target in ("binary", "multinomial"):
        X, y, _ = make_problem(target)
        model = GDLogisticClassifier(variant, random_state=0).fit(X, y)
        scores = X @ model.coef_.T + model.intercept_
        if target == "binary":
            scores = np.hstack([np.zeros_like(scores), scores])
            assert_allclose(model.decision_function(X), scores[:, 1])
        else:
            assert_allclose(model.decision_function(X), scores)
        expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        assert_allclose(model.predict_proba(X), expected)
        assert_allclose(model.predict_log_proba(X), np.log(expected))
        assert_allclose(model.predict(X), model.classes_[expected.argmax(axis=1)])


@pytest.mark.parametrize("name", ["Ridge", "Lasso", "LogisticRegression", "LogisticRegression, multinomial, L1"])
def test_more_columns_than_rows(name, variant, container, make_problem, Judge):
    """Nothing asks for more rows than columns."""
    Estimator, target, params, _ = ORACLES[name]
    X, y, sample_weight = make_problem(target, n_samples=30, n_features=50, weighted=True)
    judge = Judge(X, y, sample_weight, **params)
    ours = Estimator(variant, **params, **TIGHT | {"tol": 1e-8}).fit(
        container(X), y, sample_weight=sample_weight
    )
    assert -1e-9 < judge.gap(ours) < 1e-7
