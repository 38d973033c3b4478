"""The Hessian by its products: right products, exact solves, and the minimum of problems too wide for a matrix."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn import linear_model

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.descent import Objective, product
from sk_gd.losses import LOSSES, Cornered
from sk_gd.penalties import ElasticNet
from sk_gd.preconditioners import Diagonal, Diagonals, Implicit
from sk_gd.sources import DenseSource, source_of

N_OUTPUTS = {"multinomial": 3, "squared_error": 2}


@pytest.fixture(params=LOSSES)
def objective(request, rng, container):
    """An objective of every loss, weighted, dense and CSR."""
    name, n, d = request.param, 60, 7
    n_outputs = N_OUTPUTS.get(name, 1)
    X = rng.normal(size=(n, d)) * (rng.random((n, d)) < 0.5)
    y = rng.integers(max(n_outputs, 2), size=(n, 1)) if name in ("log_loss", "multinomial") else rng.normal(size=(n, n_outputs))
    weights = rng.gamma(2.0, size=n)
    loss = LOSSES[name](3) if name == "multinomial" else LOSSES[name]()
    loss = loss.for_targets(y, weights)
    if isinstance(loss, Cornered):
        loss = loss.rounded(loss.soft)  # without, it does not bend
    return Objective(loss, ElasticNet(0.1), source_of(container(X), y.astype(float), weights / weights.mean()), n_outputs, True)


def test_product_is_the_change_of_the_gradient(objective, rng):
    theta, step = rng.normal(size=(2, *objective.shape))
    size = 1e-6
    change = objective.value_and_gradient(theta + size * step)[1] - objective.value_and_gradient(theta - size * step)[1]
    assert_allclose(objective.hessian_product(theta)(step), change / (2 * size), rtol=1e-5, atol=1e-7)


def test_products_of_some_rows_at_a_time(objective, rng, monkeypatch):
    """As of all together, where how the rows bend would not be little beside them."""
    theta, step = rng.normal(size=(2, *objective.shape))
    whole, greatest = objective.hessian_product(theta)(step), objective.greatest_product()(step)
    monkeypatch.setattr(product, "KEPT", 50)
    visited = []
    monkeypatch.setattr(product, "product_at", lambda part, *given, real=product.product_at, **words: (
        visited.append(part.n_samples), real(part, *given, **words))[1])  # fmt: skip
    again = objective.hessian_product(theta)
    assert_allclose(again(step), whole, rtol=1e-12, atol=1e-14)
    assert_allclose(again(step), whole, rtol=1e-12, atol=1e-14)
    assert_allclose(objective.greatest_product()(step), greatest, rtol=1e-12, atol=1e-14)
    split = len(theta) > 1 and isinstance(objective.source, DenseSource)
    assert sum(visited) == 2 * len(objective.source.y) * split
    assert not split or max(visited) * len(theta) <= 50


def test_slopes_that_were_kept_tell_the_second_derivative(rng, container):
    """Of a softmax, where the pass at the same theta came after a first product; it costs no pass then."""
    y = rng.integers(3, size=(60, 1)).astype(float)
    objective = Objective(
        LOSSES["multinomial"](3), ElasticNet(0.1), source_of(container(rng.normal(size=(60, 7))), y, None), 3, True
    )
    start, theta, other, step = rng.normal(size=(4, *objective.shape))
    objective.hessian_product(start)
    objective.value_and_gradient(other)
    objective.value_and_gradient(theta)
    n_passes = objective.n_passes
    multiply = objective.hessian_product(theta)
    assert objective.n_passes == n_passes
    product = multiply(step)
    objective.value_and_gradient(other)  # keeps its slopes elsewhere
    assert_array_equal(multiply(step), product)
    assert_allclose(product, objective.on(objective.source, objective.loss).hessian_product(theta)(step), rtol=1e-12, atol=1e-14)


def test_care_is_taken_once(objective, rng):
    """A solve that was careful already is not done again."""
    metric = Implicit(Diagonal())
    metric.update(objective, rng.normal(size=objective.shape))
    metric.enough = 1e-3
    metric.solve(metric.product(rng.normal(size=objective.shape)))
    assert not metric.take_care()
    metric.left = 0.5
    assert metric.take_care()


def test_solve_is_the_inverse_of_the_product(objective, rng):
    """Given enough products; of a softmax among the steps that sum to zero over the classes: it does not see the others."""
    theta, direction = rng.normal(size=(2, *objective.shape))
    if objective.couples:
        direction -= direction.mean(axis=0)
    metric = Implicit(Diagonal(), enough=0.0)
    metric.update(objective, theta)
    gradient = metric.product(direction)
    assert_allclose(metric.solve(gradient), direction, rtol=1e-5, atol=1e-6)


def test_an_early_end_still_goes_down(objective, rng):
    """Ended early, the direction lowers the model, by no more than the exact one does, and by most of it."""
    theta, gradient = rng.normal(size=(2, *objective.shape))
    if objective.couples:
        gradient -= gradient.mean(axis=0)
    metric = Implicit(Diagonal())
    metric.update(objective, theta)
    found = np.vdot(gradient, metric.solve(gradient))
    size = gradient.size
    hessian = np.column_stack([metric.product(e.reshape(gradient.shape)).ravel() for e in np.eye(size)])
    exact = gradient.ravel() @ np.linalg.lstsq(hessian, gradient.ravel(), rcond=1e-10)[0]
    assert 0.5 * exact < found <= exact * (1 + 1e-8)


@pytest.fixture
def softmax(rng):
    """A softmax of nine classes over CSR rows, one column of which has an offset, weighted, and a theta."""
    X = rng.normal(size=(300, 40)) * (rng.random((300, 40)) < 0.2)
    X[:, 0] += 5
    y, weights = rng.integers(9, size=(300, 1)).astype(float), rng.gamma(2.0, size=300)
    source = source_of(sparse.csr_array(X), y, weights / weights.mean())
    return Objective(LOSSES["multinomial"](9), ElasticNet(0.1), source, 9, True), rng.normal(size=(9, 41)) / 3


@pytest.mark.parametrize("intercept", [True, False])
def test_diagonals_are_those_of_the_hessian(softmax, intercept):
    """About the center, which takes the intercept out of them; solve undoes product."""
    objective, theta = softmax
    objective = Objective(objective.loss, objective.penalty, objective.source, 9, intercept)
    theta = theta[:, : 40 + intercept]
    multiply, metric = objective.hessian_product(theta), Diagonals()
    metric.update(objective, theta)
    for k, j in [(0, 0), (3, 7), (8, 39)]:
        step = np.zeros_like(theta)
        step[k, j] = 1
        if intercept:
            step[k, 40] = -metric.center[k, j]
        assert_allclose(np.vdot(step, multiply(step)), metric.hessian[k, j], rtol=1e-10)
    assert_allclose(metric.solve(metric.product(theta)), theta, rtol=1e-8, atol=1e-10)


def test_large_products_are_in_single_precision(softmax, monkeypatch, rng):
    """As good as that, unless numbers would leave its range."""
    objective, theta = softmax
    step = rng.normal(size=theta.shape)
    exact = objective.hessian_product(theta)(step)
    monkeypatch.setattr("sk_gd.descent.product.LARGE", 0)
    rough = objective.hessian_product(theta)(step)
    assert 0 < abs(rough - exact).max() < 1e-5 * abs(exact).max()
    source = objective.source
    far = source_of(source.X * 1e25, source.y, source.weights)
    assert far.single is far


@pytest.mark.parametrize("n_classes", [2, 4])
def test_wide_classifier_reaches_the_minimum(n_classes, rng, container, Judge):
    """More features than a matrix of them is made for, among rows of text-like sparsity."""
    X = sparse.csr_array(sparse.random(300, 1500, density=0.02, random_state=rng)).toarray()
    y = (X @ rng.normal(size=(1500, n_classes)) + 0.1 * rng.gumbel(size=(300, n_classes))).argmax(axis=1)
    judge = Judge(X, y, alpha=1e-4)
    model = GDLogisticClassifier(alpha=1e-4, tol=1e-10).fit(container(X), y)
    assert "conjugate gradients" in model.method_
    exact = linear_model.LogisticRegression(C=1 / (1e-4 * 300), tol=1e-10, max_iter=10_000).fit(X, y)
    assert_allclose(judge.value(model.coef_, model.intercept_), judge.value(exact.coef_, exact.intercept_), rtol=1e-8)
    assert model.converged_


def test_wide_regressor_reaches_the_minimum(rng, container):
    X, y = rng.normal(size=(200, 1100)), rng.normal(size=(200, 2))
    model = GDLinearRegressor(alpha=0.1, tol=1e-12).fit(container(X), y)
    assert "conjugate gradients" in model.method_
    assert_allclose(model.coef_, linear_model.Ridge(0.1 * 200, tol=1e-12).fit(X, y).coef_, atol=1e-6)


def test_the_certificate_is_honest(rng):
    """At a loose tol, what is said to be left is about what is left."""
    X = sparse.csr_array(sparse.random(400, 2000, density=0.02, random_state=rng))
    y = (X @ rng.normal(size=2000) + 0.1 * rng.logistic(size=400) > 0).astype(int)
    exact = GDLogisticClassifier(alpha=1e-5, tol=1e-12).fit(X, y)
    best, null = exact.loss_curve_[-1], exact.loss_curve_[0]
    for tol in (1e-1, 1e-2, 1e-3, 1e-4):
        model = GDLogisticClassifier(alpha=1e-5, tol=tol).fit(X, y)
        gap = (model.loss_curve_[-1] - best) / (null - best)
        assert gap < 2 * model.optimality_ <= 2 * tol


@pytest.mark.parametrize(("l1_ratio", "positive"), [(1.0, False), (0.5, False), (1.0, True), (0.0, True)])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_wide_and_kinked_classifier_reaches_the_minimum(l1_ratio, positive, n_classes, rng, container, Judge):
    """Within an orthant there is no kink; the optimality conditions and another method say that it is the right one."""
    X = sparse.csr_array(sparse.random(200, 1100, density=0.03, random_state=rng))
    y = (X @ rng.normal(size=(1100, n_classes)) + 0.1 * rng.gumbel(size=(200, n_classes))).argmax(axis=1)
    settings = {"alpha": 1e-3, "l1_ratio": l1_ratio, "positive": positive, "tol": 1e-9}
    model = GDLogisticClassifier(**settings).fit(container(X.toarray()), y)
    other = GDLogisticClassifier("mini-batch", random_state=0, batch_size=50, max_iter=20_000, **settings).fit(X, y)
    assert ("a working set" if n_classes == 2 else "conjugate gradients") in model.method_
    assert model.converged_
    assert (model.coef_ == 0).any()
    assert not (positive and (model.coef_ < 0).any())
    judge = Judge(X, y, alpha=1e-3, l1_ratio=l1_ratio, positive=positive)
    assert_allclose(judge.value(model.coef_, model.intercept_), judge.value(other.coef_, other.intercept_), rtol=1e-6)


def test_wide_lasso(rng, container):
    X = rng.normal(size=(150, 1100)) * (rng.random((150, 1100)) < 0.3)
    y = X[:, :10] @ rng.normal(size=10) + 0.1 * rng.normal(size=150)
    for l1_ratio in (1.0, 0.7):
        model = GDLinearRegressor(alpha=0.02, l1_ratio=l1_ratio, tol=1e-12).fit(container(X), y)
        exact = linear_model.ElasticNet(0.02, l1_ratio=l1_ratio, tol=1e-12, max_iter=100_000).fit(X, y)
        assert_allclose(model.coef_, exact.coef_, atol=1e-5)
        assert_array_equal(model.coef_ == 0, exact.coef_ == 0)
