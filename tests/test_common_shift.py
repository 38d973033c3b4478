"""What moves all classes alike is seen by the ridge alone: no descent spends a pass on it, and no certificate overlooks it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from sk_gd import GDLogisticClassifier
from sk_gd.descent import Objective
from sk_gd.descent.model import to_minimum
from sk_gd.descent.reduced import ReducedStep
from sk_gd.descent.state import DescentState
from sk_gd.losses import Multinomial
from sk_gd.penalties import ElasticNet
from sk_gd.preconditioners import Blocks, Diagonal, Diagonals, Hessian, Implicit, Joint
from sk_gd.sources import source_of

N_CLASSES, WIDTH = 4, 9


@pytest.fixture
def rows(rng):
    """Four classes of unequal size, of which every feature has something to say."""
    X = rng.normal(size=(2000, WIDTH - 1)) + 0.5
    return X, (2 * X @ rng.normal(size=(WIDTH - 1, N_CLASSES)) + [0, 0, 2, 4] + rng.gumbel(size=(2000, N_CLASSES))).argmax(axis=1)


@pytest.fixture(params=[Hessian, Diagonal, Blocks, Diagonals])
def solver(request, rows, rng):
    """Conjugate gradients in a metric that treats every class by itself, and all steps that were multiplied by the Hessian."""
    X, y = rows
    X = sparse.csr_array(X) if request.param is Diagonals else X
    objective = Objective(Multinomial(N_CLASSES), ElasticNet(1e-6), source_of(X, y[:, None].astype(float), None), N_CLASSES, True)
    metric, seen = Implicit(request.param(), enough=0.0), []
    metric.update(objective, 0.3 * rng.normal(size=objective.shape))
    multiply = metric.multiply
    metric.multiply = lambda step: seen.append(step.copy()) or multiply(step)
    return metric, multiply, seen


@pytest.mark.parametrize(
    "metric", [Hessian(), Diagonal(), Joint(), Implicit(Hessian(), enough=1e-6), Implicit(Blocks(), enough=1e-6)]
)
def test_a_shift_leaves_the_rest_of_the_model_alone(metric, rows, rng):
    """The same step and the same gap as without it, but for the shift itself and what the ridge takes for it."""
    (X, y), alpha = rows, 0.1
    objective = Objective(Multinomial(N_CLASSES), ElasticNet(alpha), source_of(X, y[:, None].astype(float), None), N_CLASSES, True)
    theta, shift = rng.normal(size=objective.shape), 10 * rng.normal(size=WIDTH)
    theta -= theta.mean(axis=0)

    def model_at(theta):
        value, gradient = objective.value_and_gradient(theta)
        state = DescentState(theta, rng, value, gradient, metric=metric)
        metric.update(objective, theta)
        return to_minimum(objective, state)

    (step, gap), (shifted, whole) = model_at(theta), model_at(theta + shift)
    assert_allclose(shifted, step - shift, atol=1e-3 * np.abs(step).max())
    assert_allclose(whole, gap + alpha / 2 * N_CLASSES * (shift[:-1] ** 2).sum(), rtol=1e-6)


def test_solve_is_the_pseudo_inverse(solver):
    """Of the Hessian among the steps that sum to zero over the classes: symmetric and positive there, and it stays there."""
    metric, multiply, seen = solver
    shape = N_CLASSES, WIDTH
    contrasts = np.linalg.svd(np.eye(N_CLASSES) - 1 / N_CLASSES)[0][:, :-1]
    steps = [np.outer(contrast, axis) for contrast in contrasts.T for axis in np.eye(WIDTH)]
    basis = np.array([step.ravel() for step in steps])
    solved = np.array([metric.solve(step).ravel() for step in steps])
    hessian = np.array([multiply(axis.reshape(shape)).ravel() for axis in np.eye(N_CLASSES * WIDTH)])
    own = basis.T @ basis
    inverse = basis @ np.linalg.pinv(own @ hessian @ own, rcond=1e-10)
    assert_allclose(solved, inverse, rtol=1e-4, atol=1e-5 * np.abs(inverse).max())
    assert_allclose(solved @ basis.T, (solved @ basis.T).T, atol=1e-5 * np.abs(solved).max())
    assert np.linalg.eigvalsh(solved @ basis.T).min() > 0
    assert max(np.abs(step.sum(axis=0)).max() / np.abs(step).max() for step in seen) < 1e-10


@pytest.mark.parametrize(
    ("variant", "preconditioner"),
    [
        ("batch", "hessian"),
        *((variant, metric) for variant in ("batch", "mini-batch", "stochastic") for metric in ("auto", "diagonal", None)),
    ],
)
def test_a_shift_to_begin_with_costs_nothing(variant, preconditioner, rows, container):
    """The ridge alone would take hundreds of passes to pull it down."""
    X, y = rows
    X, settings = container(X), {"alpha": 1e-4, "preconditioner": preconditioner, "random_state": 0}
    plain = GDLogisticClassifier(variant, **settings).fit(X, y)
    start = np.full((N_CLASSES, WIDTH - 1), 3.0)
    shifted = GDLogisticClassifier(variant, **settings).fit(X, y, coef_init=start, intercept_init=np.zeros(N_CLASSES))
    best = GDLogisticClassifier(alpha=1e-4, tol=1e-10).fit(X, y).loss_curve_[-1]
    assert shifted.history_["passes"][-1] <= 1.5 * plain.history_["passes"][-1] + 3
    for model in (plain, shifted):
        assert model.converged_
        assert_allclose(model.coef_.sum(axis=0), 0, atol=1e-12)
        assert (model.loss_curve_[-1] - best) / (np.log(N_CLASSES) - best) < 2 * model.optimality_ <= 2e-4


def test_a_certificate_sees_the_shift(rows):
    """At the minimum but for a shift, where every class's gradient is next to nothing, the ridge's whole share is left."""
    X, y = rows
    best = GDLogisticClassifier(alpha=1e-3, tol=1e-12).fit(X, y)
    textbook = GDLogisticClassifier(alpha=1e-3, preconditioner=None, optimizer="gd", learning_rate=1e-12, max_iter=1, tol=None)
    textbook.fit(X, y, coef_init=best.coef_ + 0.5, intercept_init=best.intercept_)
    left = 1e-3 / 2 * N_CLASSES * (WIDTH - 1) * 0.5**2
    assert_allclose(textbook.loss_curve_[-1] - best.loss_curve_[-1], left, rtol=1e-6)
    assert_allclose(textbook.optimality_, left / (best.loss_curve_[0] - best.loss_curve_[-1]), rtol=1e-3)


@pytest.mark.parametrize("variant", ["mini-batch", "stochastic"])
def test_epochs_that_are_followed_have_no_shift(variant, rows, monkeypatch):
    """Every place on the way after the first epoch sums to zero over the classes, those that lie ahead of an epoch included."""
    followed, X = [], rows[0] * 10.0 ** np.linspace(-2, 2, WIDTH - 1)

    def noted(step, *arguments):
        followed.append(look_ahead(step, *arguments))
        return followed[-1]

    look_ahead = ReducedStep.look_ahead
    monkeypatch.setattr(ReducedStep, "look_ahead", noted)
    settings = {"preconditioner": None, "alpha": 1e-4, "max_iter": 12, "tol": None, "record": "path", "random_state": 0}
    start = {"coef_init": np.full((N_CLASSES, WIDTH - 1), 3.0), "intercept_init": np.zeros(N_CLASSES)}
    model = GDLogisticClassifier(variant, **settings).fit(X, rows[1], **start)
    assert any(followed)
    places = model.coef_path_[1:]
    assert np.abs(places.sum(axis=1)).max() < 1e-10 * np.abs(places).max()
