"""Losses and sums at the ends of the floats, against arithmetic of more digits."""

import mpmath
import numpy as np
import pytest
from scipy import sparse

from sk_gd.kernels import pass_csr, pass_dense, pointwise
from sk_gd.losses import LOSSES, Cornered, Piecewise
from sk_gd.losses import __all__ as names

mpmath.mp.dps = 60
NONE, NO_HYPER = np.empty(0), np.empty(0)
# differences of predictions from targets, from the least float to where the square of one is infinite
RESIDUALS = [0.0, 5e-324, 1e-310, 1e-160, 1e-8, 0.3, 1.0, 1.35, 7.0, 700.0, 750.0, 1e8, 1e153, 1e160, 1e307]


def exact(number):
    """A float as a number of many digits."""
    return mpmath.mpf(float(number))


def squared_error(y, z):
    return (z - y) ** 2 / 2, z - y


def log_loss(y, z):
    margin = z if y else -z
    slope = -1 / (1 + mpmath.exp(margin))
    return mpmath.log1p(mpmath.exp(-margin)), slope if y else -slope


def huber(y, z):
    r, e = abs(z - y), exact(1.35)
    return (r**2 / 2 if r <= e else e * r - e**2 / 2), mpmath.sign(z - y) * min(r, e)


def tube(y, z):
    r = max(abs(z - y) - exact(0.1), 0)
    return r**2, 2 * mpmath.sign(z - y) * r


def corners(width, low, high):
    def loss(y, z):
        r = z - y
        if abs(r) == width == 0:
            return mpmath.mpf(0), (high - low) / 2
        return high * max(r - width, 0) + low * max(-r - width, 0), high if r > width else -low if r < -width else mpmath.mpf(0)

    return loss


def twin(name, **params):
    """A loss with numbers of its own, whatever the targets."""
    return LOSSES[name](**params).for_targets(np.array([[0.0], [1.0]]), None)


ORACLES = {
    "squared_error": (squared_error, lambda: LOSSES["squared_error"]()),
    "log_loss": (log_loss, lambda: LOSSES["log_loss"]()),
    "huber": (huber, lambda: twin("huber", epsilon=1.35, scale=1.0)),
    "epsilon_insensitive": (corners(exact(0.1), 1, 1), lambda: twin("epsilon_insensitive", epsilon=0.1, scale=1.0)),
    "quantile": (corners(0, exact(0.25), exact(0.75)), lambda: twin("quantile", quantile=0.25)),
    "squared_epsilon_insensitive": (tube, lambda: twin("squared_epsilon_insensitive", epsilon=0.1, scale=1.0)),
}


def assert_right(found, expected, near=0.0):
    """To 8 units in the last place; infinite beyond the floats, within the least normal number of what is nearly zero."""
    number = np.finfo(float)
    if abs(expected) > number.max:
        assert found == np.sign(float(mpmath.sign(expected))) * np.inf
    else:
        assert abs(exact(found) - expected) <= 8 * number.eps * max(abs(expected), near) + 2 * number.tiny


def test_every_loss_has_an_oracle():
    """The multinomial has one of its own below; what is new in the registry wants one here."""
    assert set(ORACLES) | {"multinomial"} == set(LOSSES), names


@pytest.mark.parametrize("compiled", [False, True], ids=["Python", "compiled"])
@pytest.mark.parametrize("name", ORACLES)
def test_losses_at_the_ends_of_the_floats(name, compiled):
    """Value and slope for every size of residual, on either side, of small targets: right, zero or infinite, never NaN."""
    oracle, make = ORACLES[name]
    loss = make()
    for y in (0.0, 1.0):
        for z in [*RESIDUALS, *(-r for r in RESIDUALS)]:
            if isinstance(loss, Cornered) and not 1e-150 < abs(z - y) < 1e154:
                continue  # distances from corners are roots of squares
            at_y, at_z = np.array([[y]]), np.array([[z]])
            slopes = np.empty((1, 1))
            with np.errstate(over="ignore", under="ignore"):
                if compiled:
                    value = pointwise(at_y, at_z, NONE, loss.pointwise, loss.hyper(), slopes)
                else:
                    (value,), slopes = loss.value_and_slope(at_y, at_z)
            expected_value, expected_slope = oracle(exact(y), exact(z))
            near = abs(exact(z) - exact(y)) if isinstance(loss, Piecewise | Cornered) else 0
            assert_right(float(value), expected_value, near=near**2 if near < 1e150 else near)
            near = 1 if name == "log_loss" and not compiled else near  # p - y, which the kernel takes from the margin
            assert_right(float(slopes[0, 0]), expected_slope, near=near)


@pytest.mark.parametrize("compiled", [False, True], ids=["Python", "compiled"])
@pytest.mark.parametrize("spread", [5e-324, 1e-160, 1e-8, 1.0, 40.0, 700.0, 760.0, 1e5, 1e300])
def test_softmax_at_the_ends_of_the_floats(spread, compiled):
    """However near and far apart the raw predictions lie; a probability may be zero, but only where the float is."""
    loss = LOSSES["multinomial"](3)
    for scores in ([0.0, 1.0, -1.0], [0.5, 0.25, 0.0], [1.0, 1.0, 1.0]):
        z = np.array([scores]) * spread
        terms = [mpmath.exp(exact(a)) for a in z[0] - z.max()]
        total = mpmath.fsum(terms)
        for y in range(3):
            slopes = np.empty((1, 3))
            if compiled:
                value = pointwise(np.array([[float(y)]]), z, NONE, loss.pointwise, NO_HYPER, slopes)
            else:
                (value,), slopes = loss.value_and_slope(np.array([[float(y)]]), z)
            assert_right(float(value), mpmath.log(total) - (exact(z[0, y]) - exact(z.max())), near=1)
            for k in range(3):
                assert_right(float(slopes[0, k]), terms[k] / total - (k == y), near=1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("form", ["dense", "csr"])
@pytest.mark.parametrize("offset", [0.0, 1e3, 1e6])
def test_sums_over_rows(form, dtype, offset, rng):
    """Value and gradient of a pass, of terms that cancel: off by few units in the last place of the sum of their sizes."""
    n, d = 3000, 7
    X = (rng.normal(size=(n, d)) + offset).astype(dtype)
    y, gradient = rng.normal(size=(n, 1)).astype(dtype), np.zeros((1, d))
    theta = np.zeros((1, d), dtype if form == "csr" else float)
    rows = sparse.csr_array(X)
    parts = (X,) if form == "dense" else (rows.data, rows.indices, rows.indptr, d)
    total = (pass_dense if form == "dense" else pass_csr)(
        *parts, y, NONE.astype(dtype), theta, 0, NO_HYPER, np.empty((0, 0)), gradient, 0, n
    )
    long, terms = -y.astype(np.longdouble), np.longdouble(0.5) * y.astype(np.longdouble) ** 2
    eps = np.finfo(dtype).eps
    assert abs(total - terms.sum()) <= 4 * eps * terms.sum()
    expected = (X.astype(np.longdouble) * long).sum(axis=0)
    sizes = np.abs(X.astype(np.longdouble) * long).sum(axis=0)
    assert np.all(np.abs(gradient[0] - expected) <= 4 * eps * sizes)
