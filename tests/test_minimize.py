"""`minimize`: the estimators' loop on functions of a vector, convex or not."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import optimize
from scipy.optimize import rosen, rosen_der

import sk_gd
from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.optimizers import OPTIMIZERS
from sk_gd.schedules import SCHEDULES, Optimal

HIMMELBLAU = np.array([[3, 2], [-2.805118, 3.131313], [-3.779310, -3.283186], [3.584428, -1.848127]])
QUADRATIC = np.diag([1.0, 10.0])


def himmelblau(x):
    return (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2


def saddle(x):
    return x[0] ** 2 - x[1] ** 2


def bowl(x):
    return 0.5 * x @ QUADRATIC @ x - x.sum(), QUADRATIC @ x - 1


@pytest.mark.parametrize("jac", [rosen_der, None, True], ids=["jac", "differences", "both"])
@pytest.mark.parametrize("n", [2, 5, 20])
def test_rosenbrock(jac, n):
    """The curved valley is followed to its end, in no more evaluations than scipy's L-BFGS-B takes, twice over."""
    start = np.resize([-1.2, 1.0], n)
    both = (lambda x: (rosen(x), rosen_der(x))) if jac is True else rosen
    result = sk_gd.minimize(both, start, jac=jac, tol=1e-15)
    theirs = optimize.minimize(rosen, start, jac=rosen_der, method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-12})
    assert result.success
    assert_allclose(result.x, 1.0, atol=1e-5)
    assert result.fun < 1e-11
    assert result.njev < 2 * theirs.njev + 4 * n + 10  # the certificate and the curvature at the end take some, too
    assert result.curvature[0] > 0
    assert "a local minimum" in result.message


def test_several_starts():
    """Every start is kept, in its order; the distinct minima are listed, lowest first."""
    starts = [[4, 4], [-4, 4], [-4, -4], [4, -4], [3.1, 2.2]]
    result = sk_gd.minimize(himmelblau, starts)
    assert_allclose([start.x for start in result.starts[:4]], HIMMELBLAU, atol=1e-4)
    assert_allclose(result.starts[4].x, HIMMELBLAU[0], atol=1e-4)
    assert len(result.minima) == 4
    assert all(np.diff([minimum.fun for minimum in result.minima]) >= 0)
    assert result.fun == result.minima[0].fun == min(start.fun for start in result.starts)
    assert result.nfev == sum(start.nfev for start in result.starts)
    assert "4 distinct minima" in result.message


def test_the_lowest_of_several():
    """Of a deep and a shallow valley the deep one is x, whichever comes first, and both values are told."""

    def valleys(x):
        return float((x[0] ** 2 - 1) ** 2 + 0.3 * x[0])

    for starts in ([[1.5], [-1.5]], [[-1.5], [1.5]]):
        result = sk_gd.minimize(valleys, starts)
        assert result.x[0] < 0
        assert [minimum.x[0] < 0 for minimum in result.minima] == [True, False]
        assert all(f"{minimum.fun:.6g}" in result.message for minimum in result.minima)


@pytest.mark.parametrize(
    ("fun", "start", "kind", "minimum"),
    [
        (saddle, [1.0, 0.0], "negative in 1 of 2 directions (-2 to 2): a saddle point", False),
        (saddle, [0.0, 0.0], "a saddle point", False),
        (lambda x: -(x @ x), [0.0, 0.0], "a maximum", False),
        (lambda x: x[0] ** 2 - np.cos(4 * x[1]), [0.0, np.pi / 4], "a saddle point", False),
        (lambda x: x[0] ** 2, [1.0, 5.0], "zero in 1 of 2 directions", True),
        (lambda x: x @ x, [1.0, 5.0], "positive in every direction (2 to 2): a local minimum", True),
    ],
    ids=["saddle, reached", "saddle, at the start", "maximum", "between two valleys", "valley floor", "minimum"],
)
def test_what_is_found_is_called_by_its_name(fun, start, kind, minimum):
    """Where the gradient vanishes, the curvature decides what the point is."""
    result = sk_gd.minimize(fun, start)
    assert result.success is minimum
    assert kind in result.message
    assert len(result.minima) == minimum


def test_units_change_nothing():
    """Other units of fun and of x give the same steps: tol is a pure number, and nothing in the search has a size."""
    plain = sk_gd.minimize(rosen, [-1.2, 1.0], jac=rosen_der, record="path")
    for of_fun, of_x in ((2.0**60, 1.0), (2.0**-60, 2.0**10)):
        result = sk_gd.minimize(
            lambda x, a=of_fun, b=of_x: a * rosen(x / b),
            np.array([-1.2, 1.0]) * of_x,
            jac=lambda x, a=of_fun, b=of_x: a / b * rosen_der(x / b),
            record="path",
        )
        assert result.nit == pytest.approx(plain.nit, abs=3)
        assert_allclose(result.x / of_x, plain.x, atol=1e-4)
        assert_allclose(result.fun / of_fun, plain.fun, atol=1e-8)


def test_the_textbook_to_the_letter():
    """With a rate, it is x <- x - rate(t) * gradient; entry 0 of path and loss_curve is the start."""
    result = sk_gd.minimize(bowl, [3.0, -2.0], jac=True, learning_rate=0.05, schedule="inverse_scaling", max_iter=30, tol=None,
                            record="path")  # fmt: skip
    x, path = np.array([3.0, -2.0]), [[3.0, -2.0]]
    for t in range(1, 31):
        x = x - 0.05 / np.sqrt(t) * bowl(x)[1]
        path.append(x)
    assert_allclose(result.path, path, rtol=1e-13)
    assert_allclose(result.loss_curve, [bowl(x)[0] for x in np.array(path)])
    assert result.nit == 30
    assert result.learning_rate == 0.05
    assert "path" not in sk_gd.minimize(bowl, [3.0, -2.0], jac=True)


def test_the_loop_of_the_estimators(make_problem):
    """A linear model's objective, minimised as a function, takes the estimator's very steps, and ends where it ends."""
    X, y, _ = make_problem()
    X = (X - X.mean(axis=0)) / X.std(axis=0)

    def squared(theta):
        error = X @ theta[:-1] + theta[-1] - y
        return error @ error / len(y) / 2, np.append(error @ X, error.sum()) / len(y)

    start = np.append(np.zeros(X.shape[1]), y.mean())
    model = GDLinearRegressor(preconditioner=None, optimizer="nesterov", learning_rate=0.05, max_iter=25, tol=None).fit(X, y)
    result = sk_gd.minimize(squared, start, jac=True, optimizer="nesterov", learning_rate=0.05, max_iter=25, tol=None,
                            record="path")  # fmt: skip
    assert_allclose(result.loss_curve, model.loss_curve_)
    assert_allclose(result.path[-1], [*model.coef_, model.intercept_])

    X, y, _ = make_problem("binary")

    def logistic(theta):
        z = X @ theta
        return np.logaddexp(0, -np.where(y, z, -z)).mean() + 0.05 * theta @ theta

    model = GDLogisticClassifier(alpha=0.1, fit_intercept=False, tol=1e-12).fit(X, y)
    assert_allclose(sk_gd.minimize(logistic, np.zeros(X.shape[1])).x, model.coef_[0], atol=1e-6)


@pytest.mark.parametrize("bounds", [None, [(0, 3)] * 2], ids=["free", "bounds"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_optimizer_and_schedule(optimizer, schedule, bounds):
    """Whatever is registered goes down, by itself a safe rate and most of the way; "optimal" without an alpha has a decay."""
    if schedule == "optimal":
        with pytest.raises(ValueError, match="Optimal"):
            sk_gd.minimize(bowl, [3.0, 2.0], jac=True, optimizer=optimizer, schedule=schedule, bounds=bounds)
    schedule = {"optimal": Optimal(decay=0.1)}.get(schedule, schedule)
    result = sk_gd.minimize(bowl, [3.0, 2.0], jac=True, optimizer=optimizer, schedule=schedule, max_iter=3000, bounds=bounds)
    least = bowl(np.linalg.solve(QUADRATIC, [1.0, 1.0]))[0]
    assert result.fun - least < 0.02 * (bowl(np.array([3.0, 2.0]))[0] - least)
    assert OPTIMIZERS[optimizer]
    rule = OPTIMIZERS[optimizer]()
    schedule = SCHEDULES[schedule]() if isinstance(schedule, str) else schedule
    same = sk_gd.minimize(bowl, [3.0, 2.0], jac=True, optimizer=rule, schedule=schedule, max_iter=3000, bounds=bounds)
    assert_array_equal(same.x, result.x)


@pytest.mark.parametrize("method", [{}, {"learning_rate": 0.5}], ids=["search", "gd"])
def test_steps_out_of_the_domain(method):
    """Where fun is not a number or infinite, no step is taken, and nothing is warned about."""
    result = sk_gd.minimize(lambda x: x @ x - np.log(x).sum(), [5.0, 70.0], record="path", **method)
    assert result.success, result.message
    assert_allclose(result.x, np.sqrt(0.5), atol=1e-4)
    edge = sk_gd.minimize(lambda x: x[0] if x[0] > 1 else -np.inf, [3.0], **method)
    assert edge.x[0] > 1
    assert not edge.success


def test_a_function_without_a_minimum():
    """What goes down for ever is said to, and ends before it overflows."""
    result = sk_gd.minimize(saddle, [1.0, 1e-3])
    assert not result.success
    assert "without end" in result.message
    assert np.isfinite(result.fun)
    slope = sk_gd.minimize(lambda x: x[0], [0.0], max_iter=50)
    assert not slope.success
    assert slope.nit == 50


def test_a_wrong_gradient():
    """A gradient that leads up is noticed, not taken for a minimum."""
    result = sk_gd.minimize(rosen, [-1.2, 1.0], jac=lambda x: -rosen_der(x))
    assert not result.success
    assert "jac is wrong" in result.message


def test_a_rate_that_is_too_large():
    """It is halved, which the message says, or raised."""
    result = sk_gd.minimize(bowl, [3.0, 2.0], jac=True, learning_rate=1.0)
    assert result.success
    assert result.learning_rate < 0.2  # 2 / L
    assert "halved" in result.message
    with pytest.raises(FloatingPointError, match="rate of 1"):
        sk_gd.minimize(bowl, [3.0, 2.0], jac=True, learning_rate=1.0, on_divergence="raise")
