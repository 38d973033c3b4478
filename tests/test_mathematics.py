"""The mathematics of the registries: each penalty, optimizer, schedule and metric keeps its own small contract."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sk_gd.descent import Objective
from sk_gd.losses import LOSSES
from sk_gd.optimizers import OPTIMIZERS
from sk_gd.penalties import PENALTIES
from sk_gd.preconditioners import PRECONDITIONERS
from sk_gd.schedules import SCHEDULES, Adaptive, Constant, Cosine, Exponential, InverseScaling, Optimal, StepDecay
from sk_gd.sources import source_of

ALPHA = 0.7


@pytest.mark.parametrize("name", PENALTIES)
def test_least_of_penalties(name, rng):
    """The least of ``value(u) + pull . u`` among the coefficients within reach."""
    penalty, pull, coef, reach = PENALTIES[name](ALPHA), rng.normal(size=(1, 9)), rng.gamma(1.0, size=(1, 9)), np.full((1, 9), 1.5)
    least = 0.0
    for p, c in zip(pull[0], coef[0], strict=True):
        grid = np.append(np.linspace(c - 1.5, c + 1.5, 3001), np.clip(0.0, c - 1.5, c + 1.5))
        least += min(p * u + penalty.value(np.array([[u]])) for u in grid)
    assert penalty.least(pull, coef, reach) == pytest.approx(least, abs=1e-5)


@pytest.mark.parametrize("name", PENALTIES)
def test_gradient_and_prox_share_the_penalty(name, rng):
    """A penalty is a smooth part and a part for the prox: the gradient is of the one, the prox minimises with the other."""
    penalty, coef, rate = PENALTIES[name](ALPHA), rng.normal(size=(2, 5)), 0.4
    smooth = lambda u: penalty.l2 / 2 * (u**2).sum()  # noqa: E731
    step = 1e-6 * np.eye(coef.size).reshape(-1, *coef.shape)
    numeric = [(smooth(coef + h) - smooth(coef - h)) / 2e-6 for h in step]
    assert_allclose(penalty.gradient(coef).ravel(), numeric, atol=1e-7)
    cost = lambda u: rate * (penalty.value(u) - smooth(u)) + 0.5 * ((u - coef) ** 2).sum()  # noqa: E731
    best = penalty.prox(coef, rate)
    assert all(cost(best) <= cost(best + size * rng.normal(size=coef.shape)) for size in (1e-3, 0.1, 1.0) for _ in range(50))


@pytest.mark.parametrize(("name", "l1", "l2"), [("l1", ALPHA, 0.0), ("l2", 0.0, ALPHA)])
def test_names_of_penalties(name, l1, l2, rng):
    """l1 is alpha |coef|_1, l2 is alpha / 2 |coef|^2."""
    coef = rng.normal(size=(2, 5))
    assert PENALTIES[name](ALPHA).value(coef) == pytest.approx(l1 * np.abs(coef).sum() + l2 / 2 * (coef**2).sum())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_are_pure(name, rng):
    """Memory in, memory out: the arguments stay as they were, and the first direction is along the gradient, or its signs."""
    optimizer = OPTIMIZERS[name]()
    theta, gradient = rng.normal(size=(2, 5)), rng.normal(size=(2, 5))
    memory = optimizer.init(theta)
    kept = [a.copy() for a in (gradient, memory)]
    direction, after = optimizer.direction(gradient, memory)
    again, _ = optimizer.direction(gradient, memory)
    assert_array_equal(gradient, kept[0])
    assert_array_equal(memory, kept[1])
    assert_array_equal(direction, again)
    assert after.shape == memory.shape
    assert np.vdot(direction, gradient) > 0
    if optimizer.unit_free:
        assert_allclose(direction, optimizer.gain * np.sign(gradient), rtol=1e-6)
    else:
        assert abs(np.vdot(direction, gradient) - np.linalg.norm(direction) * np.linalg.norm(gradient)) < 1e-9


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_constant_gradient(name, rng):
    """A gradient that stays leads to `stretch` times itself, and no direction is longer than `gain` says."""
    optimizer, gradient = OPTIMIZERS[name](), rng.normal(size=(2, 5))
    memory = optimizer.init(gradient)
    longest = optimizer.gain * (1.0 if optimizer.unit_free else np.abs(gradient))
    for _ in range(300):
        direction, memory = optimizer.direction(gradient, memory)
        assert np.all(np.abs(direction) <= longest * (1 + 1e-12))
    assert_allclose(direction, optimizer.stretch(memory) * gradient, rtol=1e-10)


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if OPTIMIZERS[name]().unit_free])
@pytest.mark.parametrize("unit", [1e3, 1e-3])
def test_unit_free_directions(name, unit, rng):
    """The length of the gradients does not matter to rules that say so, nor does a gradient of zero."""
    optimizer, gradients = OPTIMIZERS[name](), rng.normal(size=(4, 2, 5))
    gradients[:, 0, 0] = 0.0
    memory = in_units = optimizer.init(gradients[0])
    for gradient in gradients:
        one, memory = optimizer.direction(gradient, memory)
        other, in_units = optimizer.direction(unit * gradient, in_units)
        assert_allclose(other, one, rtol=1e-3)
        assert one[0, 0] == 0.0


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("n_updates", [1, 7])
def test_schedules_are_vectorised(name, n_updates):
    """Rates of many steps at once are the rates of each: positive, never growing without a restart, 1 at the first step."""
    schedule, steps = SCHEDULES[name]().given(0.5, 0.1, n_updates), np.arange(1, 50)
    rates = schedule(steps)
    assert_allclose(rates, [schedule(np.array([step]))[0] for step in steps])
    assert rates[0] == 1
    assert np.all((rates > 0) & (rates <= 1))
    restarts = np.flatnonzero(np.diff(rates) > 0) + 1
    assert name == "cosine" or not restarts.size
    assert np.all(rates[restarts] == 1)


FORMULAS = [  # schedule: rates of steps 1 to 7 at a learning rate of 0.5, alpha=0.1 and 2 updates an epoch, after 3 stalls
    (Constant(), [1, 1, 1, 1, 1, 1, 1]),
    (InverseScaling(power=1.0), [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5, 1 / 6, 1 / 7]),
    (Exponential(factor=0.25), [1, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625]),
    (StepDecay(every=1.5, factor=0.1), [1, 1, 1, 0.1, 0.1, 0.1, 0.01]),
    (Cosine(period=1, growth=2, floor=0.2), [1, 0.6, 1, 0.6 + 0.4 * 0.5**0.5, 0.6, 0.6 - 0.4 * 0.5**0.5, 1]),
    (Cosine(period=1, growth=1), [1, 0.5, 1, 0.5, 1, 0.5, 1]),
    (Adaptive(factor=0.5), [0.125] * 7),
    (Optimal(), [1, 1 / 1.05, 1 / 1.1, 1 / 1.15, 1 / 1.2, 1 / 1.25, 1 / 1.3]),
    (Optimal(decay=1.0), [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5, 1 / 6, 1 / 7]),
]


@pytest.mark.parametrize(("schedule", "rates"), FORMULAS, ids=repr)
def test_schedules_are_their_formulas(schedule, rates):
    """The numbers, by hand."""
    assert_allclose(schedule.given(0.5, 0.1, 2)(np.arange(1, 8), n_stalls=3), rates)


def test_every_schedule_has_its_formula():
    """None is forgotten in the table above."""
    assert {type(schedule) for schedule, _ in FORMULAS} == set(SCHEDULES.values())


@pytest.fixture
def metric_of(rng):
    """A metric of a name, built for three classes on rows of raw scales with an offset; with those rows."""

    def draw(name, l2):
        X = (rng.normal(size=(60, 4)) + 2.0) * np.array([1e-2, 1.0, 30.0, 1e3])
        source = source_of(X, rng.integers(3, size=(60, 1)).astype(float), None)
        objective = Objective(LOSSES["multinomial"](3), PENALTIES["l2"](l2), source, 3, fit_intercept=True)
        metric = PRECONDITIONERS[name]()
        metric.update(objective, np.column_stack([rng.normal(size=(3, 4)) / X.std(axis=0) / 10, rng.normal(size=3)]))
        return X, metric

    return draw


every_metric = pytest.mark.parametrize(("name", "l2"), [(name, l2) for name in PRECONDITIONERS for l2 in (0.0, 0.1)])


@every_metric
def test_metrics_solve_what_they_multiply(name, l2, metric_of, rng):
    """The solution is the inverse of the product, and both are positive definite."""
    X, metric = metric_of(name, l2)
    gradient = rng.normal(size=(3, 5)) * np.append(X.std(axis=0), 1.0)
    direction = metric.solve(gradient)
    assert np.vdot(direction, gradient) > 0
    assert_allclose(metric.product(direction), gradient, rtol=1e-6, atol=1e-6)


@every_metric
def test_coordinates_are_a_change_of_variables(name, l2, metric_of, rng):
    """Coordinates leave raw predictions and the ridge penalty as they are, and gradients follow the chain rule."""
    X, metric = metric_of(name, l2)
    coordinates = metric.coordinates(0.0, l2)
    theta, gradient = rng.normal(size=(3, 5)), rng.normal(size=(3, 5))
    moved = coordinates.enter(theta)
    assert_allclose(coordinates.leave(moved), theta, rtol=1e-6, atol=1e-6)
    z = X @ theta[:, :-1].T + theta[:, -1]
    assert_allclose(coordinates.rows(X) @ moved[:, :-1].T + moved[:, -1], z, rtol=1e-6, atol=1e-6 * np.abs(z).max())
    assert_allclose((coordinates.l2 * moved[:, :-1] ** 2).sum(), l2 * (theta[:, :-1] ** 2).sum(), rtol=1e-6, atol=1e-12)
    assert_allclose(np.vdot(coordinates.gradient(gradient), moved), np.vdot(gradient, theta), rtol=1e-6)
