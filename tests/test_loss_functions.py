"""The mathematics of losses: slopes, curvatures, constants and conjugates are those of the values."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sk_gd.losses import LOSSES, REGRESSION_LOSSES, Conjugate

CORNERED = ["epsilon_insensitive", "quantile"]
PROVING = ["huber", "squared_epsilon_insensitive", "log_loss", "multinomial"]


def build(name, y, weights=None):
    return (LOSSES[name](4) if name == "multinomial" else LOSSES[name]()).for_targets(y, weights)


@pytest.fixture
def targets(rng):
    """Targets and raw predictions, some of them far out, for a loss of a name."""

    def draw(name, n=200):
        outputs = 4 if name == "multinomial" else 2 if name in REGRESSION_LOSSES else 1
        z = rng.normal(size=(n, outputs)) * rng.choice([0.1, 3.0, 30.0], size=(n, 1))
        y = {"multinomial": lambda: rng.integers(4, size=(n, 1)), "log_loss": lambda: rng.integers(2, size=(n, 1))}
        return y.get(name, lambda: rng.normal(size=(n, outputs)))().astype(float), z

    return draw


@pytest.mark.parametrize("name", LOSSES)
def test_slope_is_the_derivative(name, targets):
    """The slope is the derivative of the value, in each output."""
    y, z = targets(name)
    loss, step = build(name, y), 1e-5
    _, slope = loss.value_and_slope(y, z)
    for k, unit in enumerate(np.eye(z.shape[1])):
        up, down = (loss.value_and_slope(y, z + sign * step * unit)[0] for sign in (1, -1))
        assert_allclose(slope[:, k], (up - down) / (2 * step), atol=1e-5)


@pytest.mark.parametrize("name", LOSSES)
def test_curvature_is_the_second_derivative(name, targets):
    """curvature_at is the derivative of the slope, and curvature bounds the change of the slope everywhere.

    A loss whose slope jumps tells the curvature that it has with its corners rounded.
    """
    y, z = targets(name)
    loss, step = build(name, y), 1e-5
    if name in CORNERED:
        corners, loss = loss, loss.rounded(loss.soft)
        assert_array_equal(corners.curvature_at(y, z), loss.curvature_at(y, z))
        assert corners.curvature == loss.curvature
    for k, unit in enumerate(np.eye(z.shape[1])):
        up, down = (loss.value_and_slope(y, z + sign * step * unit)[1] for sign in (1, -1))
        assert_allclose(loss.curvature_at(y, z)[:, k], (up - down)[:, k] / (2 * step), atol=1e-5)
    elsewhere = z[::-1]
    change = np.linalg.norm(loss.value_and_slope(y, z)[1] - loss.value_and_slope(y, elsewhere)[1], axis=1)
    assert np.all(change <= loss.curvature * np.linalg.norm(z - elsewhere, axis=1) * (1 + 1e-12))


@pytest.mark.parametrize("name", LOSSES)
def test_constant_is_the_best_constant(name, targets, rng):
    """constant() makes the weighted mean slope zero."""
    y, _ = targets(name)
    weights = rng.gamma(1.0, size=len(y))
    loss = build(name, y, weights)
    best = loss.constant(y, weights)
    if name in CORNERED:  # there it changes its sign
        before, after = (weights @ loss.value_and_slope(y, np.tile(best + h, (len(y), 1)))[1] for h in (-1e-9, 1e-9))
        assert np.all(before <= 0)
        assert np.all(after >= 0)
        return
    _, slope = loss.value_and_slope(y, np.tile(best, (len(y), 1)))
    assert_allclose(weights @ slope / weights.sum(), 0.0, atol=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_at_the_edge_of_floats(name, targets):
    """Raw predictions of 1e4 and more give finite losses: nothing overflows."""
    y, z = targets(name)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        for part in build(name, y).value_and_slope(y, 1e4 * z):
            assert np.isfinite(part).all()


@pytest.mark.parametrize("name", REGRESSION_LOSSES)
def test_rows_n_times_are_rows_of_weight_n(name, targets, rng):
    """What a loss takes from the targets, and its best constant, count a row of weight n as n rows, and none of weight 0."""
    y, z = targets(name)
    times = rng.integers(0, 4, size=len(y))
    repeated, order = np.repeat(y, times, axis=0), rng.permutation(times.sum())
    by_weight, by_rows = build(name, y, times.astype(float)), build(name, repeated[order])
    assert_allclose(by_weight.value_and_slope(y, z)[0], by_rows.value_and_slope(y, z)[0], rtol=1e-12)
    assert_allclose(by_weight.constant(y, times.astype(float)), by_rows.constant(repeated[order], None), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", CORNERED)
@pytest.mark.parametrize("radius", [1e-6, 0.1, 3.0])
def test_rounding_raises_the_loss_a_little(name, radius, targets):
    """A rounded loss is nowhere below, above by no more than a radius at half the jump, and its slope within the same bounds."""
    y, z = targets(name)
    loss = build(name, y)
    rounded, slope = loss.rounded(radius).value_and_slope(y, z)
    raised = rounded - loss.value_and_slope(y, z)[0]
    assert np.all(raised >= -1e-12)
    assert np.all(raised <= y.shape[1] * (loss.low + loss.high) / 2 * radius + 1e-12)
    assert np.all((-loss.low <= slope) & (slope <= loss.high))


@pytest.mark.parametrize("name", PROVING)
def test_bounded_slopes_prove(name, targets):
    """Slope times z is at most loss plus conjugate, at its own slope no less; bounds leave slopes that are within them."""
    y, z = targets(name)
    loss = build(name, y)
    assert isinstance(loss, Conjugate)
    (value, own), (_, other) = loss.value_and_slope(y, z), loss.value_and_slope(y, z[::-1])
    assert_allclose(loss.bounded(y, own), own, atol=1e-15)
    beyond = loss.bounded(y, own + 3 * (other - own))  # past what any z has
    assert_allclose(loss.bounded(y, beyond), beyond, atol=1e-15)
    for slope, least in ((own, 0.0), (other, np.inf), (beyond, np.inf)):
        excess = value + loss.conjugate(y, slope) - (slope * z).sum(axis=1)
        assert np.all(excess >= -1e-12 * (1 + np.abs(z).max()))
        assert np.all(excess <= least + 1e-12 * (1 + np.abs(z).max()))
    assert np.any(np.abs(beyond - own - 3 * (other - own)) > 0.01) == (name != "squared_epsilon_insensitive")  # has any slope


@pytest.mark.parametrize("name", CORNERED)
def test_conjugates(name, targets, rng):
    """Slope times z is at most loss plus conjugate (Fenchel); at the loss's slope they are equal."""
    y, z = targets(name)
    loss = build(name, y)
    value, own = loss.value_and_slope(y, z)
    rounded = loss.rounded(0.3)
    excess = {slope: value + loss.conjugate(y, u) - (u * z).sum(axis=1) for slope, u in {
        "any": rng.uniform(-loss.low, loss.high, size=z.shape), "own": own, "rounded": rounded.value_and_slope(y, z)[1]}.items()
    }  # fmt: skip
    assert np.all(excess["any"] >= -1e-12)
    assert_allclose(excess["own"], 0.0, atol=1e-12)
    assert np.all(excess["rounded"] <= rounded.lost(y, z) + 1e-12)
    bend, curvature = rounded.secant(y, z, rounded.value_and_slope(y, z)[1]), rounded.curvature_at(y, z)
    assert_allclose(bend, curvature, rtol=1e-6 if loss.width == 0 else 0.3, atol=1e-9)  # a tube's corners see each other
