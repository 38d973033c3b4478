"""What a fit makes of numbers that are large, small, far from zero, or say the same twice, against arithmetic of more digits."""

import warnings

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.descent import Objective
from sk_gd.losses import REGRESSION_LOSSES, SquaredError
from sk_gd.optimizers import OPTIMIZERS
from sk_gd.penalties import ElasticNet
from sk_gd.preconditioners import Hessian
from sk_gd.sources import source_of

mpmath.mp.dps = 60
TIGHT = {"tol": 1e-15, "max_iter": 5000, "random_state": 0}


def minimum_of(X, y, alpha, kind):
    """The exact minimiser (coef, intercept) of ridge or logistic regression, in 60 digits, by Newton's method."""
    n, d = X.shape
    Z = mpmath.matrix(np.column_stack([X, np.ones(n)]).tolist())
    target = mpmath.matrix([float(t) for t in y])
    prices = mpmath.diag([mpmath.mpf(alpha)] * d + [mpmath.mpf(0)])
    theta = mpmath.matrix(d + 1, 1)
    for _ in range(1 if kind == "linear" else 60):
        z = Z * theta
        mean = z if kind == "linear" else z.apply(lambda t: 1 / (1 + mpmath.exp(-t)))
        bend = [mpmath.mpf(1)] * n if kind == "linear" else [p * (1 - p) for p in mean]
        hessian = (Z.T * mpmath.diag(bend) * Z) / n + prices
        step = mpmath.lu_solve(hessian, (Z.T * (mean - target)) / n + prices * theta)
        theta -= step
        if mpmath.norm(step, mpmath.inf) < mpmath.mpf(10) ** -40:
            break
    found = [float(t) for t in theta]
    return np.array(found[:-1]), found[-1]


@pytest.fixture(params=["linear", "logistic"])
def exact(request, rng):
    """A table of 30 rows, and the estimator with the function that solves it exactly."""
    X, kind = rng.normal(size=(30, 3)), request.param
    y = X @ [1.0, -2.0, 0.5] + rng.normal(size=30)
    y = y if kind == "linear" else (y > 0).astype(int)
    return GDLinearRegressor if kind == "linear" else GDLogisticClassifier, X, y, lambda X, y: minimum_of(X, y, 0.01, kind)


@pytest.mark.parametrize(("offset", "tolerance"), [(0.0, 1e-7), (1e6, 1e-5), (-1e8, 1e-3)])
def test_offset_of_features(exact, variant, container, offset, tolerance):
    """A constant added to the features is not what is learned: coefficients keep their digits, less those that the sum has lost."""
    Estimator, X, y, solve = exact
    X = X + offset
    coef, _ = solve(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that rounding leaves tol out of reach is told
        model = Estimator(variant, alpha=0.01, **TIGHT).fit(container(X), y)
    assert_allclose(np.ravel(model.coef_), coef, rtol=0, atol=tolerance * np.abs(coef).max())


@pytest.mark.parametrize("offset", [1e3, 1e6, 1e8])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array], ids=["dense", "csr"])
def test_centering(form, offset, rng):
    """Means and central second moments of columns far from zero, to the digits that the columns have."""
    X = rng.normal(size=(5000, 4)) + offset
    objective = Objective(SquaredError(), ElasticNet(0.0, 0.0), source_of(form(X), np.zeros((5000, 1)), None), 1, True)
    found = objective.curvature(np.zeros((1, 5)), full=Hessian.full)
    long = X.astype(np.longdouble)
    mean = long.mean(axis=0)
    assert_allclose(found.center, mean.astype(float), rtol=4 * np.finfo(float).eps)
    central = ((long - mean).T @ (long - mean) / len(X)).astype(float)
    assert_allclose(found.moments, central, atol=1e-7 if offset == 1e8 else 1e-9)


@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_gram_matrix_of_rank_one(variant, container, l1_ratio, offset, rng):
    """Columns that are multiples of one: with a penalty the one minimum, spread by size under L2, on the largest under L1."""
    u, v = rng.normal(size=60), np.array([1.0, -2.0, 3.0, 0.5])
    y = 3 * u + rng.normal(size=60)
    model = GDLinearRegressor(variant, alpha=0.1, l1_ratio=l1_ratio, **TIGHT).fit(container(np.outer(u, v) + offset), y)
    centred, slope = u - u.mean(), ((u - u.mean()) @ y) / 60
    square = centred @ centred / 60
    coef = slope * v / (square * (v @ v) + 0.1)
    if l1_ratio:
        coef = np.zeros(4)
        coef[2] = (abs(slope * v[2]) - 0.1) / (square * v[2] ** 2) * np.sign(slope)
    assert_allclose(model.coef_, coef, atol=1e-6)


def test_gram_matrix_of_rank_one_without_a_penalty(variant, container, rng):
    """Minima there are many, and predictions one: those of a single column."""
    u = rng.normal(size=60)
    y = 3 * u + rng.normal(size=60)
    X = np.outer(u, [1.0, -2.0, 3.0, 1e-3])
    ours = GDLinearRegressor(variant, **TIGHT).fit(container(X), y)
    assert_allclose(ours.predict(X), np.polyval(np.polyfit(u, y, 1), u), atol=1e-5)


@pytest.mark.parametrize("of_y", [1e-143, 1e-70, 1.0, 1e143])
@pytest.mark.parametrize("of_X", [1e-143, 1e-70, 1e70, 1e143])
def test_scales_that_have_squares(variant, container, of_X, of_y, make_problem):
    """In any units whose squares are floats, the same predictions in these units."""
    X, y, _ = make_problem(n_samples=40, n_features=3)
    expected = GDLinearRegressor(**TIGHT).fit(X, y).predict(X)
    model = GDLinearRegressor(variant, tol=1e-8, random_state=0).fit(container(of_X * X), of_y * y)
    assert_allclose(model.predict(of_X * X) / of_y, expected, atol=1e-3)


@pytest.mark.parametrize("power", [-46, 46, 200, 400])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_scales_side_by_side(Estimator, variant, container, power, fit_intercept, problem_for):
    """A column whose unit is no more than rounding beside another's is not passed over: the predictions are those in like units."""
    X, y, _ = problem_for(Estimator)
    params = {"fit_intercept": fit_intercept, "alpha": 0.0, "tol": 1e-9, "max_iter": 500, "random_state": 0}
    units = np.array([1.0, 2.0**power, 1.0, 1.0, 2.0**-46])
    expected = Estimator(**params).fit(X, y)
    model = Estimator(variant, **params).fit(container(X * units), y)
    assert_allclose(np.ravel(model.coef_) * units, np.ravel(expected.coef_), atol=1e-3 * np.abs(expected.coef_).max())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("constant", [0.1, 1 / 3, -7.7, 1e3 / 7])
@pytest.mark.parametrize("target", ["regression", "binary", "multinomial"])
def test_constant_columns(target, variant, container, dtype, constant, make_problem):
    """A column of one number, which rounding makes vary, changes nothing: not the other coefficients, not the predictions."""
    X, y, weights = make_problem(target, weighted=True)
    Estimator = GDLinearRegressor if target == "regression" else GDLogisticClassifier
    params = {"alpha": 1e-3, "tol": 1e-6, "random_state": 0}
    more = np.column_stack([X, np.full(len(y), constant)]).astype(dtype)
    ours, expected = Estimator(variant, **params), Estimator(variant, **params)
    ours.fit(container(more), y, sample_weight=weights)
    expected.fit(container(X.astype(dtype)), y, sample_weight=weights)
    assert_allclose(np.atleast_2d(ours.coef_)[:, :-1], np.atleast_2d(expected.coef_), atol=2e-3 * np.abs(expected.coef_).max())
    assert np.abs(np.atleast_2d(ours.coef_)[:, -1] * constant).max() < 0.05 * np.abs(expected.coef_).max()


OUT_OF_RANGE = [(float, size) for size in (5e-324, 1e-300, 1e-155, 1e155, 1e300, 1.7e308)] + [
    (np.float32, size) for size in (1e-20, 1e20)
]


@pytest.mark.parametrize(("dtype", "size"), OUT_OF_RANGE)
def test_scales_that_have_none_are_refused(Estimator, variant, container, dtype, size, problem_for):
    """A column whose squares vanish or are infinite is not passed over in silence: the error names it, the old model stays."""
    X, y, _ = problem_for(Estimator)
    model = Estimator(variant, random_state=0).fit(X, y)
    kept = model.coef_.copy()
    wild = X.astype(dtype)
    wild[:, 3] = np.where(np.arange(len(X)) % 2, size, 0.0)
    change = "divided" if size > 1 else "multiplied"
    with pytest.raises(
        ValueError, match=rf"Column 3 of X has numbers up to .*out of the range of float\d\d: .*{change} by a constant"
    ):
        model.fit(container(wild), y)
    assert_array_equal(model.coef_, kept)
    if Estimator is GDLinearRegressor:
        with pytest.raises(ValueError, match=rf"^y has numbers up to .*{change} by a constant"):
            model.fit(container(X.astype(dtype)), (np.sign(y) * size).astype(dtype))


@pytest.mark.parametrize("offset", [0.0, 10.0, 1000.0])
@pytest.mark.parametrize("units", [0.0, 3.0])
def test_single_precision_is_near_double(Estimator, variant, container, offset, units, rng):
    """Predictions from float32 rows are those from the same rows in float64 to 32 eps (1 + mean / deviation) of their span."""
    X = rng.normal(size=(300, 8)) + offset
    z = X @ rng.normal(size=8)
    z += rng.normal(size=300) * z.std() - z.mean()
    X = (X * np.logspace(-units, units, 8)).astype(np.float32)
    y = z.astype(np.float32) if Estimator is GDLinearRegressor else (z > 0).astype(int)
    double = X.astype(float)
    params = {"tol": 1e-6, "alpha": 1e-3, "random_state": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that rounding leaves tol out of reach is told
        single, expected = (Estimator(variant, **params).fit(container(rows), y) for rows in (X, double))
    raw = double @ np.ravel(expected.coef_) + expected.intercept_
    found = double @ np.ravel(single.coef_).astype(float) + single.intercept_.astype(float)
    assert_allclose(found, raw, atol=32 * np.finfo(np.float32).eps * (1 + offset) * np.ptp(raw), rtol=0)


METHODS = [
    (v, o)
    for v in ("batch", "mini-batch", "stochastic")
    for o in ("auto", "saga", "svrg", *OPTIMIZERS)
    if v != "batch" or o not in ("saga", "svrg")
]


@pytest.mark.parametrize("learning_rate", ["auto", 10.0])
@pytest.mark.parametrize(("variant", "optimizer"), METHODS)
@pytest.mark.parametrize("loss", [*REGRESSION_LOSSES, "log_loss", "multinomial"])
def test_objective_never_increases_over_a_fit(loss, variant, optimizer, learning_rate, make_problem):
    """Whatever the loss, the method and a rate that is none: F at the end is F at the start or below, and loss_curve_ says so."""
    target = {"log_loss": "binary", "multinomial": "multinomial"}.get(loss, "regression")
    X, y, weights = make_problem(target, "raw", n_samples=60, weighted=True)
    params = {"optimizer": optimizer, "learning_rate": learning_rate, "alpha": 1e-3, "max_iter": 8, "tol": None, "random_state": 0}
    model = GDLinearRegressor(variant, loss=loss, **params) if target == "regression" else GDLogisticClassifier(variant, **params)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rates that were too large are told
        model.fit(X, y, sample_weight=weights)
    curve = model.loss_curve_
    assert np.isfinite(curve).all()
    assert model._objective_of(X, y, weights).value_and_gradient(model._theta())[0] <= curve[0] * (1 + 1e-12)
