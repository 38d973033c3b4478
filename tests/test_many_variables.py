"""What a point is that minimize has found, where there are too many variables for a matrix of second derivatives."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import rosen, rosen_der

import sk_gd

N = 120


def diagonal(values):
    """``1/2 sum values x^2`` and its gradient."""
    return lambda x: (values @ x**2 / 2, values * x)


@pytest.mark.parametrize("dip", [-1.0, -1e-2, -1e-3])
def test_one_direction_down_is_a_saddle(dip):
    """A single negative eigenvalue among many positive ones is found, though the descent never left the ridge."""
    values, start = np.linspace(1.0, 5.0, N), np.ones(N)
    values[7], start[7] = dip, 0.0
    result = sk_gd.minimize(diagonal(values), start, jac=True)
    assert not result.success
    assert "negative in some direction" in result.message
    assert "saddle point" in result.message
    assert_allclose(result.curvature, [dip, 5.0], rtol=0.02)
    assert result.minima == []


def test_minimum_maximum_and_flat():
    """All positive is a local minimum, all negative a maximum, and zero is said to be flat."""
    low, flat = np.linspace(0.1, 5.0, N), np.concatenate([np.full(N - 20, 2.0), np.zeros(20)])
    for values, start, kind, success in [
        (low, 1.0, "positive in every direction", True),
        (-low, 0.0, "negative in every direction", False),
        (flat, 1.0, "zero in some direction", True),
        (0 * low, 1.0, "zero in every direction", True),
    ]:
        result = sk_gd.minimize(diagonal(values), np.full(N, start), jac=True)
        assert result.success is success
        assert kind in result.message
        assert_allclose(result.curvature, [values.min(), values.max()], rtol=0.01, atol=1e-3)


def test_variables_that_bounds_hold_do_not_count():
    """Down by a variable that its bound holds is no way down, and few free variables are as good as many."""
    values, low = np.linspace(1.0, 5.0, N), np.full(N, -1.0)
    values[7], low[7] = -1.0, 0.5
    down = lambda x: (values @ x**2 / 2 + 2 * x[7], values * x + 2 * np.eye(N)[7])  # noqa: E731
    result = sk_gd.minimize(down, np.ones(N), jac=True, bounds=[(b, 1.0) for b in low])
    assert result.success
    assert result.x[7] == 0.5
    assert result.curvature[0] > 0.9


def test_without_gradients_and_in_a_curved_valley():
    """Products with the second derivative are differences of gradients, which may be differences of values themselves."""
    result = sk_gd.minimize(rosen, np.full(70, 0.9))
    assert result.success
    assert result.curvature[0] == pytest.approx(0.5, abs=0.1)
    known = sk_gd.minimize(rosen, np.full(N, 0.9), jac=rosen_der)
    assert known.success
    assert known.njev < 600
