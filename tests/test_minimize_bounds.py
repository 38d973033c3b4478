"""Descent within bounds, by projection."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import optimize
from scipy.optimize import rosen, rosen_der

import sk_gd
from sk_gd.descent.function import Function

BOXES = [
    [(1.5, 3), (None, None)],
    [(-2, 0.5), (-1, 2)],
    [(None, None), (None, 0.2)],
    [(-0.5, -0.5), (-3, 3)],
    optimize.Bounds([-2, -2], [0.9, 0.5]),
]


@pytest.mark.parametrize("bounds", BOXES, ids=["low", "high", "one side", "fixed", "corner"])
@pytest.mark.parametrize("jac", [rosen_der, None], ids=["jac", "differences"])
@pytest.mark.parametrize("method", [{}, {"learning_rate": 1e-3}, {"optimizer": "momentum"}], ids=["search", "gd", "momentum"])
def test_bounds(bounds, jac, method, watched):
    """Bounds are kept by every point that is evaluated, and the minimum within them is scipy's."""
    fun = watched(rosen)
    result = sk_gd.minimize(fun, [-1.2, 1.0], jac=jac, bounds=bounds, max_iter=20_000, **method)
    box = bounds if isinstance(bounds, optimize.Bounds) else optimize.Bounds(
        *np.array([[-np.inf if low is None else low, np.inf if high is None else high] for low, high in bounds]).T
    )  # fmt: skip
    points = np.array(fun.points)
    assert (points >= box.lb).all()
    assert (points <= box.ub).all()
    theirs = optimize.minimize(rosen, np.clip([-1.2, 1], box.lb, box.ub), bounds=box, tol=1e-14, jac=rosen_der)
    assert result.success, result.message
    assert result.fun <= theirs.fun + 1e-6
    assert_allclose(result.x, theirs.x, atol=2e-3)
    assert_array_equal(result.x[box.lb == box.ub], box.lb[box.lb == box.ub])


def test_bounds_are_no_walls_to_bounce_off():
    """The metric is that of the free variables: many bounds hold some of them, and the others arrive as fast as ever."""
    bounds = [(-2, 0.8 if i % 3 else 2) for i in range(10)]
    result = sk_gd.minimize(rosen, np.full(10, -1.2), jac=rosen_der, bounds=bounds)
    theirs = optimize.minimize(rosen, np.full(10, -1.2), jac=rosen_der, bounds=bounds, options={"ftol": 1e-15, "gtol": 1e-10})
    assert result.success
    assert result.fun < theirs.fun + 1e-7
    assert result.nit < 80


def test_a_bound_that_rounding_would_cross(watched):
    """-1.2 + (0.3 - -1.2) is more than 0.3, by rounding; what is evaluated is not."""
    fun = watched(lambda x: -x[0])
    for method in ({}, {"learning_rate": 10.0}):
        result = sk_gd.minimize(fun, [-1.2], jac=lambda x: np.array([-1.0]), bounds=[(None, 0.3)], **method)
        assert result.x[0] == max(fun.points)[0] == 0.3


def test_a_variable_without_room():
    """It is none: it stays, and what is said of the curvature is about the others."""
    result = sk_gd.minimize(lambda x: x[0] ** 2 + x[1] ** 2, [1.0, 5.0], bounds=[(None, None), (5.0, 5.0)])
    assert_allclose(result.x, [0.0, 5.0], atol=1e-6)
    assert_allclose(result.curvature, [2.0], rtol=1e-3)
    assert "positive in every direction" in result.message


def test_the_metric_of_a_saddle():
    """Negative curvature counts by its size: the certificate's metric is |H|, and a wall where a bound holds."""
    box = optimize.Bounds([-np.inf, -np.inf, 0.0], np.full(3, np.inf))
    function = Function(lambda x: x[0] ** 2 - 3 * x[1] ** 2 + x[2], None, (), box, np.array([1.0, 1.0, 0.0]))
    moments = function.curvature(function.start, full=True).moments
    assert_allclose(moments[:2, :2], [[2, 0], [0, 6]], atol=1e-4)
    assert moments[2, 2] > 1e15


def test_a_saddle_within_bounds():
    """Bounds turn the saddle into a function with two minima, each at a bound."""
    result = sk_gd.minimize(lambda x: x[0] ** 2 - x[1] ** 2, [[1.0, 1e-3], [1.0, -1e-3]], bounds=[(-1, 1), (-2, 2)])
    assert_allclose([minimum.x for minimum in result.minima], [[0, 2], [0, -2]], atol=1e-5)
    corner = sk_gd.minimize(lambda x: x.sum(), [0.3, 0.6], bounds=[(0, 1)] * 2)
    assert_array_equal(corner.x, 0.0)
    assert "corner" in corner.message
