"""Coordinate descent on the small quadratic ends where its optimality conditions hold."""

import numpy as np
import pytest

from sk_gd.kernels import coordinate_descent

FREE = np.full(30, -np.inf)


def problem(seed, d=30):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(2 * d, d)) + rng.normal(size=(2 * d, 1))
    return A.T @ A / d, rng.normal(size=d), rng.normal(size=d) * (rng.random(d) < 0.5), rng.uniform(0.0, 1.0, d)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("penalised", [False, True])
def test_minimum_satisfies_the_optimality_conditions(seed, positive, penalised):
    hessian, gradient, coef, l1 = problem(seed)
    l1 = l1 * penalised
    coef = np.abs(coef) if positive else coef
    for array in (hessian, gradient, coef, l1):
        array.flags.writeable = False
    delta = np.random.default_rng(seed).normal(size=30)
    lower = np.zeros(30) if positive else FREE
    sweeps = coordinate_descent(hessian, gradient, coef, l1, lower, delta, 10_000, 1e-13)
    assert 1 < sweeps < 10_000
    w, slope = coef + delta, gradient + hessian @ delta
    moving = w != 0
    np.testing.assert_allclose(slope[moving], -l1[moving] * np.sign(w[moving]), atol=1e-10)
    assert (slope[~moving] >= -l1[~moving] - 1e-10).all()
    if positive:
        assert (w >= 0).all()
    else:
        assert (slope[~moving] <= l1[~moving] + 1e-10).all()
    assert moving.all() == (not penalised and not positive)


def test_without_penalty_it_solves_the_linear_system():
    hessian, gradient, coef, _ = problem(0)
    delta = np.zeros(30)
    coordinate_descent(hessian, gradient, coef, np.zeros(30), FREE, delta, 100_000, 1e-14)
    np.testing.assert_allclose(delta, -np.linalg.solve(hessian, gradient), rtol=1e-8)


def test_the_solution_is_recognised_in_one_sweep():
    hessian, gradient, coef, l1 = problem(0)
    delta = np.zeros(30)
    coordinate_descent(hessian, gradient, coef, l1, FREE, delta, 10_000, 1e-14)
    before = delta.copy()
    assert coordinate_descent(hessian, gradient, coef, l1, FREE, delta, 10_000, 1e-9) == 1
    np.testing.assert_allclose(delta, before, atol=1e-9)


def test_sweeps_are_limited():
    hessian, gradient, coef, l1 = problem(0)
    assert coordinate_descent(hessian, gradient, coef, l1, FREE, np.zeros(30), 3, 0.0) == 3
    delta = np.zeros(30)
    assert coordinate_descent(hessian, gradient, coef, l1, FREE, delta, 0, 0.0) == 0
    assert not delta.any()


def test_wrong_shapes_are_refused():
    hessian, gradient, coef, l1 = problem(0)
    for arrays in [
        (hessian[:-1], gradient, coef, l1, FREE),
        (hessian, gradient[:-1], coef, l1, FREE),
        (hessian, gradient, coef, l1[1:].copy(), FREE),
        (hessian, gradient, coef, l1, FREE[1:]),
    ]:
        with pytest.raises(ValueError, match="do not fit a Hessian"):
            coordinate_descent(*arrays, np.zeros(30), 10, 0.0)
