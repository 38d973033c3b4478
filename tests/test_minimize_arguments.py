"""The arguments of `minimize`: scipy's words, limits, callbacks, and what is refused."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import optimize
from scipy.optimize import rosen, rosen_der

import sk_gd


def test_counts_and_arguments(watched):
    """Nfev and njev are what was called; args reach fun and jac."""
    fun, jac = watched(lambda x, a, b: a * rosen(x) + b), watched(lambda x, a, b: a * rosen_der(x))
    result = sk_gd.minimize(fun, [-1.2, 1.0], (2.0, 3.0), jac)
    assert_allclose(result.fun, 3.0)
    assert (result.nfev, result.njev) == (len(fun.points), len(jac.points))
    fun = watched(rosen)
    assert sk_gd.minimize(fun, [-1.2, 1.0]).nfev == len(fun.points)


def test_callbacks():
    """Both of scipy's kinds are called after every step, and may end the descent in both ways."""
    seen = []

    def whole(intermediate_result):
        seen.append(intermediate_result)
        if len(seen) == 3:
            raise StopIteration

    result = sk_gd.minimize(rosen, [-1.2, 1.0], callback=whole)
    assert result.nit == 3
    assert not result.success
    assert "callback" in result.message
    assert_allclose([step.fun for step in seen], result.loss_curve[1:])
    assert_array_equal(seen[-1].x, result.x)
    points = []
    assert sk_gd.minimize(rosen, [-1.2, 1.0], callback=lambda x: points.append(x) or len(points) == 2).nit == 2
    assert_allclose(rosen(points[1]), result.loss_curve[2])


def test_limits():
    """max_iter and max_time end the descent, and that is no success."""
    result = sk_gd.minimize(rosen, [-1.2, 1.0], max_iter=7)
    assert result.nit == 7
    assert not result.success
    assert result.optimality > 1e-6
    late = sk_gd.minimize(rosen, [-1.2, 1.0], max_time=1e-9)
    assert late.nit <= 1
    assert "max_time" in late.message


def test_as_a_method_of_scipy():
    """scipy.optimize.minimize passes everything on; constraints and Hessians are refused."""
    options = {"record": "path", "max_iter": 30}
    calls = []
    theirs = optimize.minimize(
        lambda x, a: rosen(x) + a, [2.0, 2.0], (1.0,), jac=lambda x, a: rosen_der(x), bounds=[(1.5, 3), (None, None)], tol=1e-9,
        method=sk_gd.descent_method, options=options, callback=lambda intermediate_result: calls.append(intermediate_result.fun),
    )  # fmt: skip
    ours = sk_gd.minimize(lambda x: rosen(x) + 1, [2.0, 2.0], jac=rosen_der, bounds=[(1.5, 3), (None, None)], tol=1e-9, **options)
    assert_array_equal(theirs.path, ours.path)
    assert_allclose(calls, ours.loss_curve[1:])
    with pytest.raises(ValueError, match="not to constraints"):
        optimize.minimize(rosen, [2.0, 2.0], method=sk_gd.descent_method, constraints={"type": "eq", "fun": rosen})
    with pytest.raises(ValueError, match="no Hessian"):
        optimize.minimize(rosen, [2.0, 2.0], method=sk_gd.descent_method, hess=optimize.rosen_hess)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"x0": [[[1.0]]]}, "shape"),
        ({"x0": [np.nan, 1.0]}, "finite"),
        ({"x0": []}, "shape"),
        ({"fun": lambda x: np.log(-1.0 - x @ x)}, "finite at the start"),
        ({"fun": "rosen"}, "fun must be a callable, got 'rosen'"),
        ({"fun": lambda x: x}, r"fun must return one number, got an array of shape \(2,\)"),
        ({"fun": lambda x: (x, x), "jac": True}, "fun must return one number"),
        ({"jac": "2-point"}, "jac must be"),
        ({"jac": lambda x: np.ones(3)}, "2 entries"),
        ({"bounds": [(0, 1)] * 3}, "each of the 2 variables"),
        ({"bounds": [(0, 1), (3, 2)]}, "variable 1"),
        ({"optimizer": "sgd"}, "optimizer must be"),
        ({"schedule": "linear"}, "schedule must be"),
        ({"learning_rate": -1.0}, "positive"),
        ({"learning_rate": "fast"}, "positive"),
        ({"max_iter": 0}, "max_iter"),
        ({"tol": -1.0}, "tol"),
        ({"record": "all"}, "'path'"),
        ({"on_divergence": "ignore"}, "'raise'"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_bad_arguments(change, words):
    """What is not usable is refused, by name."""
    with pytest.raises(ValueError, match=words):
        sk_gd.minimize(**{"fun": rosen, "x0": [1.0, 2.0], **change})
