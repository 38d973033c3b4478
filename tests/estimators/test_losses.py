"""The losses of the regressor: minima, units, weights, outputs."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import HuberRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.svm import LinearSVR
from sklearn.utils import estimator_checks as checks

from sk_gd import GDLinearRegressor
from sk_gd.losses import REGRESSION_LOSSES, Huber, SquaredEpsilonInsensitive

TIGHT = {"tol": 1e-9, "max_iter": 10_000, "random_state": 0}
TEXTBOOK = {"preconditioner": None, "optimizer": "gd", "learning_rate": 0.002, "tol": None, "max_iter": 5, "random_state": 0}
ROBUST = [name for name in REGRESSION_LOSSES if name != "squared_error"]
every_loss = pytest.mark.parametrize("loss", ROBUST)
everywhere = pytest.mark.parametrize("columns", ["well", "correlated", "raw"])
weighted_or_not = pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])


@pytest.fixture
def robust_problem(make_problem, rng):
    """Rows whose targets have outliers."""

    def draw(columns="well", weighted=True, n_samples=120, target="regression"):
        X, y, s = make_problem(target, columns, weighted=weighted, n_samples=n_samples)
        return X, y + (rng.random(y.shape) < 0.1) * 20 * rng.normal(size=y.shape), np.ones(len(y)) if s is None else s

    return draw


def huber(r, width):
    return np.where(np.abs(r) <= width, r**2 / 2, width * np.abs(r) - width**2 / 2), np.clip(r, -width, width)


def squared_tube(r, width):
    beyond = np.maximum(np.abs(r) - width, 0.0)
    return beyond**2, 2 * beyond * np.sign(r)


def at_the_minimum(cost, model, X, y, s, alpha, theirs=None):
    """Whether the gradient of F vanishes, and F is no larger than at another solver's answer."""
    s, mean = s / s.sum(), s @ X / s.sum()
    scale = np.sqrt(s @ (X - mean) ** 2 + alpha)  # columns in which F bends about as much in all directions

    def value_and_gradient(coef, intercept):
        loss, slope = cost(X @ coef + intercept - y)
        gradient = np.append(((s * slope) @ (X - mean) + alpha * coef) / scale, s @ slope)
        return s @ loss + alpha / 2 * coef @ coef, np.abs(gradient).max()

    start = value_and_gradient(np.zeros(X.shape[1]), np.median(y))
    value, gradient = value_and_gradient(model.coef_, model.intercept_)
    least = np.inf if theirs is None else value_and_gradient(theirs.coef_.ravel(), float(np.ravel(theirs.intercept_)[0]))[0]
    return gradient < 1e-4 * start[1] and value <= least + 1e-9 * start[0]


@everywhere
@weighted_or_not
@pytest.mark.parametrize("alpha", [0.0, 0.1])
def test_minimum_of_huber(alpha, weighted, columns, variant, container, robust_problem):
    """Zero is the gradient of F at the solution."""
    X, y, s = robust_problem(columns, weighted)
    ours = GDLinearRegressor(variant, loss=Huber(0.7, scale=1.0), alpha=alpha, **TIGHT).fit(container(X), y, sample_weight=s)
    assert ours.converged_
    assert at_the_minimum(lambda r: huber(r, 0.7), ours, X, y, s, alpha)


@everywhere
@weighted_or_not
@pytest.mark.parametrize("width", [0.0, 0.4])
def test_minimum_of_the_squared_tube(width, weighted, columns, variant, container, robust_problem):
    """Zero is the gradient of F at the solution."""
    X, y, s = robust_problem(columns, weighted)
    loss = SquaredEpsilonInsensitive(width, scale=1.0)
    ours = GDLinearRegressor(variant, loss=loss, alpha=0.1, **TIGHT).fit(container(X), y, sample_weight=s)
    assert ours.converged_
    assert at_the_minimum(lambda r: squared_tube(r, width), ours, X, y, s, 0.1)


@weighted_or_not
def test_huber_regressor(weighted, variant, container, robust_problem):
    """HuberRegressor, at the scale that it has found, minimises ours at alpha * scale / sum s."""
    X, y, s = robust_problem(weighted=weighted)
    theirs = HuberRegressor(epsilon=1.35, alpha=2.0, tol=1e-10, max_iter=100_000).fit(X, y, sample_weight=s)
    alpha = 2.0 * theirs.scale_ / s.sum()
    loss = Huber(1.35, scale=theirs.scale_)
    ours = GDLinearRegressor(variant, loss=loss, alpha=alpha, **TIGHT).fit(container(X), y, sample_weight=s)
    assert at_the_minimum(lambda r: huber(r, 1.35 * theirs.scale_), ours, X, y, s, alpha, theirs)
    assert_allclose(ours.coef_, theirs.coef_, atol=1e-3 * np.abs(theirs.coef_).max())


@pytest.mark.parametrize("width", [0.0, 0.4])
def test_linear_svr(width, variant, container, robust_problem):
    """LinearSVR(loss="squared_epsilon_insensitive") minimises ours; it penalises an intercept, so there is none."""
    X, y, _ = robust_problem(weighted=False)
    y, alpha = y - np.median(y), 0.1
    params = {"C": 1 / (alpha * len(y)), "epsilon": width, "fit_intercept": False, "tol": 1e-10, "max_iter": 10**6}
    theirs = LinearSVR(loss="squared_epsilon_insensitive", **params).fit(X, y)
    loss = SquaredEpsilonInsensitive(width, scale=1.0)
    ours = GDLinearRegressor(variant, loss=loss, alpha=alpha, fit_intercept=False, **TIGHT).fit(container(X), y)
    assert_allclose(ours.coef_, theirs.coef_, atol=1e-3 * np.abs(theirs.coef_).max())


def test_converged_is_true(rng):
    """On problems of all kinds, whenever a fit says that it has converged, what is left to gain is about tol or less."""
    for _ in range(60):
        n, d, n_outputs, tol = rng.integers(20, 300), rng.integers(1, 9), rng.choice([1, 3]), 10.0 ** rng.integers(-7, -1)
        X, s = rng.normal(size=(n, d)) * np.logspace(-1, 2, d) + rng.normal(size=d), rng.gamma(1.0, size=n)
        Y = X @ (rng.normal(size=(d, n_outputs)) / np.logspace(-1, 2, d)[:, None]) + rng.standard_t(1.5, size=(n, n_outputs))
        loss = rng.choice([Huber(0.02), Huber(0.1), Huber(), SquaredEpsilonInsensitive(1.0)])
        model = GDLinearRegressor(loss=loss, alpha=rng.choice([0.0, 0.1]), l1_ratio=rng.choice([0.0, 1.0]))
        ours, best = (clone(model).set_params(tol=size).fit(X, Y, sample_weight=s).loss_curve_ for size in (tol, 1e-13))
        assert ours[-1] - best[-1] <= 1.5 * tol * (ours[0] - best[-1]) + 1e-12


@pytest.mark.parametrize("unit", [2.0**20, 2.0**-20])
@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
@every_loss
def test_unit_of_y(loss, l1_ratio, unit, variant, container, robust_problem):
    """Multiplying y by a constant multiplies the model by it: epsilon is relative to y's spread, and alpha follows the loss."""
    X, y, s = robust_problem()
    params = {"loss": loss, "l1_ratio": l1_ratio, "random_state": 0}
    ours = GDLinearRegressor(variant, alpha=0.05, **params).fit(container(X), y, sample_weight=s)
    degree = 1 if loss in ("quantile", "epsilon_insensitive") else 2  # of the loss, as a function of y and predictions
    alpha = 0.05 * unit ** (degree - (1 if l1_ratio else 2))
    scaled = GDLinearRegressor(variant, alpha=alpha, **params).fit(container(X), unit * y, sample_weight=s)
    assert_allclose(scaled.coef_, unit * ours.coef_, rtol=1e-6)
    assert scaled.n_iter_ == ours.n_iter_


@pytest.mark.parametrize("Loss", [Huber, SquaredEpsilonInsensitive])
def test_epsilon_in_units_of_y(Loss, robust_problem):
    """With scale=1 epsilon is a difference of targets, and goes with the unit of y."""
    X, y, s = robust_problem()
    ours = GDLinearRegressor(loss=Loss(0.3, scale=1.0)).fit(X, y, sample_weight=s)
    scaled = GDLinearRegressor(loss=Loss(0.3 * 1024, scale=1.0)).fit(X, 1024 * y, sample_weight=s)
    same = GDLinearRegressor(loss=Loss(0.3, scale=1024.0)).fit(X, 1024 * y, sample_weight=s)
    assert_allclose(scaled.coef_, 1024 * ours.coef_, rtol=1e-6)
    assert_array_equal(same.coef_, scaled.coef_)


@every_loss
def test_weights_are_repetitions(loss, variant, container, robust_problem, rng):
    """A row of weight n is n rows."""
    X, y, _ = robust_problem()
    times = rng.integers(0, 4, size=len(y))
    params = {"loss": loss, "alpha": 0.01, **TIGHT}
    ours = GDLinearRegressor(variant, **params).fit(container(X), y, sample_weight=times)
    theirs = GDLinearRegressor(variant, **params).fit(container(np.repeat(X, times, axis=0)), np.repeat(y, times))
    assert_allclose(ours.coef_, theirs.coef_, atol=1e-4 * np.abs(theirs.coef_).max())


@pytest.mark.parametrize(
    "loss",
    [Huber(scale=1.0), SquaredEpsilonInsensitive(scale=1.0)],
    ids=lambda loss: type(loss).__name__,
)
def test_outputs_are_models_of_their_own(loss, variant, container, robust_problem):
    """Several outputs are several models."""
    X, Y, s = robust_problem(target="multi-output")
    both = GDLinearRegressor(variant, loss=loss, **TIGHT).fit(container(X), Y, sample_weight=s)
    for k in range(2):
        one = GDLinearRegressor(variant, loss=loss, **TIGHT).fit(container(X), Y[:, k], sample_weight=s)
        assert_allclose(both.coef_[k], one.coef_, atol=1e-3 * np.abs(one.coef_).max())


@every_loss
def test_single_precision(loss, variant, container, robust_problem):
    """float32 in, float32 out, and about the same model."""
    X, y, s = robust_problem()
    model = GDLinearRegressor(variant, loss=loss, alpha=0.01, random_state=0)
    ours = clone(model).fit(container(X.astype(np.float32)), y, sample_weight=s)
    double = clone(model).set_params(tol=1e-8).fit(container(X), y, sample_weight=s)
    assert ours.coef_.dtype == np.float32
    assert_allclose(ours.coef_, double.coef_, atol=0.05 * np.abs(double.coef_).max())


@every_loss
def test_textbook_follows_the_slope(loss, variant, container, robust_problem):
    """An explicit optimizer at a rate of the user's takes slopes as they are; dense and CSR the same."""
    X, y, s = robust_problem()
    batch_size = 30 if variant == "mini-batch" else "auto"
    model = GDLinearRegressor(variant, loss=loss, shuffle=False, batch_size=batch_size, **TEXTBOOK)
    model.fit(container(X), y, sample_weight=s)
    cost = REGRESSION_LOSSES[loss]().for_targets(y[:, None], s)
    size, s, Z = {"batch": len(y), "mini-batch": 30, "stochastic": 1}[variant], s / s.mean(), np.column_stack([X, np.ones(len(y))])
    theta = np.append(np.zeros(X.shape[1]), cost.constant(y[:, None], s))
    for first in list(range(0, len(y), size)) * 5:
        rows = slice(first, first + size)
        slope = s[rows] * cost.value_and_slope(y[rows, None], Z[rows] @ theta[:, None])[1][:, 0]
        theta = theta - 0.002 * Z[rows].T @ slope / size
    assert_allclose(model.coef_, theta[:-1], rtol=1e-8)
    assert_allclose(model.intercept_, theta[-1], rtol=1e-8)


@every_loss
def test_automatic_rate_is_safe(loss, variant, container, robust_problem):
    """Without a rate an explicit optimizer takes one that it need not reduce, and the model is better than the constant one."""
    X, y, s = robust_problem("raw")
    model = GDLinearRegressor(variant, loss=loss, optimizer="gd", tol=None, max_iter=20, random_state=0)
    model.fit(container(X), y, sample_weight=s)
    assert 0 < model.optimality_ < 0.5


@every_loss
def test_ten_epochs_and_ten_more_are_twenty(loss, variant, robust_problem):
    """A warm start goes on between the corners, too."""
    X, y, s = robust_problem()
    params = {"loss": loss, "tol": None, "random_state": 0, "warm_start": True}
    halves = GDLinearRegressor(variant, max_iter=10, **params).fit(X, y, sample_weight=s).fit(X, y, sample_weight=s)
    whole = GDLinearRegressor(variant, max_iter=20, **params).fit(X, y, sample_weight=s)
    assert_allclose(halves.coef_, whole.coef_, rtol=1e-9)


def test_outliers_do_little(robust_problem):
    """Moving the outliers further off moves a robust model little, where least squares follow."""
    X, y, _ = robust_problem(weighted=False)
    worse = np.where(np.abs(y - np.median(y)) > 15, 1e3 * y, y)
    ours, theirs = (GDLinearRegressor(loss="huber", tol=1e-7).fit(X, target) for target in (y, worse))
    squares = GDLinearRegressor().fit(X, worse)
    assert np.abs(ours.coef_ - theirs.coef_).max() < 0.5 < 5 < np.abs(squares.coef_ - ours.coef_).max()


def test_searched_and_cloned(robust_problem):
    """The numbers of a loss are parameters of the estimator, for a search and for clones."""
    X, y, _ = robust_problem()
    model = GDLinearRegressor(loss=Huber())
    assert clone(model).loss == model.loss
    assert clone(model).loss is not model.loss
    search = GridSearchCV(model, {"loss__epsilon": [0.1, 5.0], "loss__scale": [1.0]}, scoring="neg_median_absolute_error")
    found = search.fit(X, y).best_estimator_
    assert found.loss == Huber(search.best_params_["loss__epsilon"], 1.0)
    assert model.loss == Huber()


@pytest.mark.parametrize(
    ("Loss", "wrong"),
    [(Huber, {"epsilon": 0.0}), (Huber, {"epsilon": np.inf}), (Huber, {"scale": 0.0}),
     (SquaredEpsilonInsensitive, {"epsilon": -0.1}), (SquaredEpsilonInsensitive, {"scale": np.nan})],
)  # fmt: skip
def test_numbers_that_no_loss_can_have(Loss, wrong):
    """They are refused by name, when given and when set."""
    (name, value), = wrong.items()
    with pytest.raises(ValueError, match=rf"{name} of {Loss.__name__} must be a number in .*, got {value!r}"):
        Loss(**wrong)
    with pytest.raises(ValueError, match=name):
        Loss().set_params(**wrong)


@checks.parametrize_with_checks([GDLinearRegressor(loss=loss) for loss in ROBUST])
def test_check(estimator, check):
    """Every check of scikit-learn passes with every loss."""
    check(estimator)
