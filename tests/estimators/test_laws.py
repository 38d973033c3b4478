"""What the data may look like without changing the model: containers, types, weights, orders and units."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.optimizers import OPTIMIZERS
from sk_gd.schedules import SCHEDULES

TIGHT = {"tol": 1e-10, "max_iter": 10_000, "random_state": 0}
TEXTBOOK = {"preconditioner": None, "learning_rate": 0.002, "tol": None, "max_iter": 5, "random_state": 0}
RULES = [name for name in OPTIMIZERS if name != "lbfgs"]  # lbfgs remembers full gradients: batch only
METHODS = [("batch", name) for name in OPTIMIZERS] + [(v, name) for v in ("mini-batch", "stochastic") for name in RULES]
UNITS = [2.0**20, 2.0**-20, 2.0**400, 2.0**-400]  # squares of the last two are at the edge of floats
BATCH_SIZE = {"batch": "auto", "mini-batch": 30, "stochastic": "auto"}


def same_model(ours, theirs, factor=1.0, **tolerance):
    tolerance = tolerance or {"rtol": 1e-6}
    assert_allclose(ours.coef_, factor * theirs.coef_, atol=1e-9 * np.abs(factor * theirs.coef_).max(), **tolerance)
    assert_allclose(ours.intercept_, factor * theirs.intercept_, **tolerance)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize(("variant", "optimizer"), METHODS)
def test_csr_equals_dense(Estimator, variant, optimizer, weighted, problem_for):
    """Plain rules take the same steps on the same rows, whichever way the rows are held."""
    X, y, sample_weight = problem_for(Estimator, weighted=weighted)
    model = Estimator(variant, optimizer=optimizer, batch_size=BATCH_SIZE[variant], alpha=0.01, **TEXTBOOK)
    dense = model.fit(X, y, sample_weight=sample_weight)
    F_order = Estimator(**model.get_params()).fit(np.asfortranarray(X), y, sample_weight=sample_weight)
    csr = Estimator(**model.get_params()).fit(sparse.csr_array(X), y, sample_weight=sample_weight)
    same_model(F_order, dense, rtol=1e-9)
    same_model(csr, dense, rtol=1e-9)
    assert_allclose(csr.predict(sparse.csr_array(X)), dense.predict(X))


@pytest.mark.parametrize("optimizer", ["auto", "saga", "svrg"])
@pytest.mark.parametrize("variant", ["mini-batch", "stochastic"])
def test_csr_arrives_where_dense_does(Estimator, variant, optimizer, problem_for):
    """Reduced variance visits only what a sparse row stores: other steps, the same minimum."""
    X, y, sample_weight = problem_for(Estimator, n_samples=3000, n_features=20, weighted=True)
    params = {"optimizer": optimizer, "alpha": 0.01, "tol": 1e-9, "random_state": 0}
    dense = Estimator(variant, **params).fit(X, y, sample_weight=sample_weight)
    csr = Estimator(variant, **params).fit(sparse.csr_array(X), y, sample_weight=sample_weight)
    assert_allclose(csr.coef_, dense.coef_, atol=1e-3 * np.abs(dense.coef_).max())


@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_csr_with_long_indices(Estimator, variant, index, problem_for):
    """Indices of 32 and of 64 bits tell the same rows."""
    X, y, _ = problem_for(Estimator)
    rows = sparse.csr_array(X)
    rows.indices, rows.indptr = rows.indices.astype(index), rows.indptr.astype(index)
    ours, dense = Estimator(variant, **TIGHT).fit(rows, y), Estimator(variant, **TIGHT).fit(X, y)
    assert_allclose(ours.coef_, dense.coef_, atol=1e-4 * np.abs(dense.coef_).max())


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("optimizer", RULES)
def test_one_batch_of_all_rows_is_batch(Estimator, optimizer, schedule, weighted, container, problem_for):
    """batch_size = n without shuffling is the batch variant."""
    X, y, sample_weight = problem_for(Estimator, weighted=weighted)
    params = {**TEXTBOOK, "learning_rate": 0.1, "optimizer": optimizer, "schedule": schedule, "alpha": 0.01}
    mini = Estimator("mini-batch", batch_size=len(y), shuffle=False, **params).fit(container(X), y, sample_weight=sample_weight)
    same_model(mini, Estimator("batch", **params).fit(container(X), y, sample_weight=sample_weight), rtol=1e-9)


@pytest.mark.parametrize("optimizer", RULES)
def test_mini_batches_of_one_row_are_stochastic(Estimator, optimizer, container, problem_for):
    """batch_size = 1 is the stochastic variant, in the same random order."""
    X, y, sample_weight = problem_for(Estimator, weighted=True)
    params = {**TEXTBOOK, "optimizer": optimizer}
    mini = Estimator("mini-batch", batch_size=1, **params).fit(container(X), y, sample_weight=sample_weight)
    same_model(mini, Estimator("stochastic", **params).fit(container(X), y, sample_weight=sample_weight), rtol=1e-9)


@pytest.mark.parametrize("optimizer", ["auto", "gd"])
def test_float32_in_float32_out(Estimator, optimizer, variant, container, problem_for):
    """Single precision stays single precision, near the model of double precision."""
    X, y, sample_weight = problem_for(Estimator, weighted=True)
    params = {"optimizer": optimizer, "random_state": 0} | ({} if optimizer == "auto" else TEXTBOOK)
    double = Estimator(variant, **params).fit(X, y, sample_weight=sample_weight)
    X = X.astype(np.float32)
    single = Estimator(variant, **params).fit(container(X), y, sample_weight=sample_weight)
    assert single.coef_.dtype == np.asarray(single.intercept_).dtype == np.float32
    scores = single.predict if Estimator is GDLinearRegressor else single.decision_function
    assert scores(container(X)).dtype == np.float32
    assert_allclose(single.coef_, double.coef_, atol=0.03 * np.abs(double.coef_).max())


def test_integer_weight_is_repetition(Estimator, variant, container, problem_for, rng):
    """A weight of k gives the model of k copies of the row, a weight of 0 the model without it."""
    X, y, _ = problem_for(Estimator)
    times = rng.integers(0, 4, size=len(y))
    X[times == 0] *= 1e6  # rows that must not be seen, not by the metric or the step length either
    repeated = Estimator(variant, **TIGHT).fit(container(np.repeat(X, times, axis=0)), np.repeat(y, times))
    weighted = Estimator(variant, **TIGHT).fit(container(X), y, sample_weight=times)
    assert_allclose(weighted.coef_, repeated.coef_, atol=1e-4 * np.abs(repeated.coef_).max())
    assert_allclose(weighted.intercept_, repeated.intercept_, atol=1e-4 * np.abs(repeated.coef_).max())
    if variant == "batch":
        params = {"tol": None, "max_iter": 3}
        repeated = Estimator(**params).fit(container(np.repeat(X, times, axis=0)), np.repeat(y, times))
        same_model(Estimator(**params).fit(container(X), y, sample_weight=times), repeated)


@pytest.mark.parametrize("batch_size", [1, 4, 120])
@pytest.mark.parametrize("repeat", [False, True], ids=["weighted", "repeated"])
def test_weights_in_expectation(Estimator, batch_size, repeat, container, problem_for, rng, Judge):
    """An epoch of vanishing steps moves against the gradient of the weighted F, weights counted once: by any batch size."""
    X, y, _ = problem_for(Estimator)
    times = rng.integers(1, 4, size=len(y))
    times[0] += -times.sum() % 120
    judge, start = Judge(X, y, times), (rng.normal(size=X.shape[1]), rng.normal(size=1))
    rate = 1e-7
    model = Estimator(
        "mini-batch", batch_size=batch_size, alpha=0.0, **(TEXTBOOK | {"learning_rate": rate, "max_iter": 1}), optimizer="gd"
    )
    if repeat:
        X, y, times = np.repeat(X, times, axis=0), np.repeat(y, times), None
    model.fit(container(X), y, sample_weight=times, coef_init=start[0], intercept_init=start[1])
    of_coef, of_intercept = judge.gradient(*start)
    assert model.t_ == len(y) / batch_size
    travelled = rate * model.t_
    assert_allclose((start[0] - np.ravel(model.coef_)) / travelled, of_coef[0], rtol=1e-2, atol=1e-3)
    assert_allclose((start[1] - np.ravel(model.intercept_)) / travelled, of_intercept, rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_order_of_rows(Estimator, weighted, container, problem_for, rng):
    """The batch variant does not see in which order the rows come."""
    X, y, sample_weight = problem_for(Estimator, weighted=weighted)
    order = rng.permutation(len(y))
    ours = Estimator().fit(container(X), y, sample_weight=sample_weight)
    turned = Estimator().fit(container(X[order]), y[order], sample_weight=sample_weight[order] if weighted else None)
    same_model(turned, ours)
    assert turned.n_iter_ == ours.n_iter_


@pytest.mark.parametrize("target", ["binary", "multinomial"])
def test_order_of_classes(target, variant, container, make_problem):
    """Renaming the classes changes the order of the outputs (their sign, if there are two classes) and nothing else."""
    X, y, sample_weight = make_problem(target, weighted=True)
    names = np.array(["c", "a", "b"])
    order = np.argsort(names[: 1 + y.max()])
    ours = GDLogisticClassifier(variant, **TIGHT).fit(container(X), y, sample_weight=sample_weight)
    named = GDLogisticClassifier(variant, **TIGHT).fit(container(X), names[y], sample_weight=sample_weight)
    coef, intercept = (-ours.coef_, -ours.intercept_) if target == "binary" else (ours.coef_[order], ours.intercept_[order])
    assert_allclose(named.coef_, coef, atol=1e-4)
    assert_allclose(
        named.intercept_ - named.intercept_.mean() * (target != "binary"),
        intercept - intercept.mean() * (target != "binary"),
        atol=1e-4,
    )
    assert_allclose(named.predict_proba(X), ours.predict_proba(X)[:, order], atol=1e-4)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
def test_unit_of_y(unit, l1_ratio, variant, container, make_problem):
    """The unit of y (and of alpha, under L1) is the unit of the coefficients; the descent is the same."""
    X, y, sample_weight = make_problem(weighted=True)
    params = {"l1_ratio": l1_ratio, "random_state": 0}
    ours = GDLinearRegressor(variant, alpha=0.05, **params).fit(container(X), y, sample_weight=sample_weight)
    alpha = 0.05 * (unit if l1_ratio else 1.0)
    scaled = GDLinearRegressor(variant, alpha=alpha, **params).fit(container(X), unit * y, sample_weight=sample_weight)
    same_model(scaled, ours, factor=unit)
    assert scaled.n_iter_ == ours.n_iter_


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("optimizer", ["auto", "gd"])
def test_unit_of_weights(Estimator, unit, optimizer, variant, container, problem_for):
    """All weights times a constant: the same descent, the same model."""
    X, y, sample_weight = problem_for(Estimator, weighted=True)
    params = {"optimizer": optimizer, "random_state": 0} | ({} if optimizer == "auto" else TEXTBOOK)
    ours = Estimator(variant, **params).fit(container(X), y, sample_weight=sample_weight)
    scaled = Estimator(variant, **params).fit(container(X), y, sample_weight=unit * sample_weight)
    same_model(scaled, ours)
    assert scaled.n_iter_ == ours.n_iter_


@pytest.mark.parametrize("common", [1.0, 1e140, 1e-140])
def test_unit_of_columns(Estimator, common, variant, container, problem_for):
    """Columns in other units (alpha = 0): coefficients in the inverse units, the same predictions."""
    X, y, sample_weight = problem_for(Estimator, weighted=True)
    units = common * np.logspace(-5, 5, X.shape[1])
    ours = Estimator(variant, alpha=0.0, **TIGHT).fit(container(X), y, sample_weight=sample_weight)
    scaled = Estimator(variant, alpha=0.0, **TIGHT).fit(container(X * units), y, sample_weight=sample_weight)
    assert_allclose(scaled.coef_ * units, ours.coef_, atol=2e-4 * np.abs(ours.coef_).max())
    assert_allclose(scaled.intercept_, ours.intercept_, atol=2e-4 * np.abs(ours.coef_).max())


@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
def test_unit_of_columns_with_a_penalty_for_each(Estimator, l1_ratio, variant, container, problem_for):
    """Columns in other units, and their penalties with them: the same model in other units, zeros at the same places."""
    X, y, sample_weight = problem_for(Estimator, weighted=True)
    units, alpha = np.logspace(-3, 3, X.shape[1]), np.array([0.0, 0.01, 0.1, 0.02, 0.3])
    params, power = TIGHT | {"l1_ratio": l1_ratio}, 1 if l1_ratio else 2
    ours = Estimator(variant, alpha=alpha, **params).fit(container(X), y, sample_weight=sample_weight)
    scaled = Estimator(variant, alpha=alpha * units**power, **params).fit(container(X * units), y, sample_weight=sample_weight)
    assert_allclose(scaled.coef_ * units, ours.coef_, atol=2e-4 * np.abs(ours.coef_).max())
    assert_array_equal(scaled.coef_ == 0, ours.coef_ == 0)


def test_one_penalty_is_the_same_for_each(Estimator, variant, container, problem_for):
    """A number is an array of that number, step by step."""
    X, y, sample_weight = problem_for(Estimator, weighted=True)
    params = TEXTBOOK | {"l1_ratio": 0.5}
    ours = Estimator(variant, optimizer="gd", alpha=0.1, **params).fit(container(X), y, sample_weight=sample_weight)
    theirs = Estimator(variant, optimizer="gd", alpha=[0.1] * 5, **params).fit(container(X), y, sample_weight=sample_weight)
    assert_array_equal(theirs.coef_, ours.coef_)


@pytest.mark.parametrize("optimizer", ["auto", *RULES])
def test_positive(Estimator, optimizer, variant, container, problem_for):
    """No coefficient is ever below zero, whatever the method and the start; zeros are exact, the intercept is free."""
    X, y, sample_weight = problem_for(Estimator, weighted=True)
    X = X * [1.0, -1.0, 1.0, -1.0, 1.0]
    params = {"optimizer": optimizer, "positive": True, "random_state": 0, "max_iter": 5, "tol": None}
    model = Estimator(variant, **params).fit(container(X), y, sample_weight=sample_weight, coef_init=[-1.0, 1.0, -1.0, 1.0, 0.0])
    assert (model.coef_ >= 0).all()
    assert optimizer != "auto" or (model.coef_ == 0).any()  # noise may just have lifted one
    if Estimator is GDLinearRegressor:
        assert model.fit(container(X), y - 100.0, sample_weight=sample_weight).intercept_ < 0


def test_empty_and_repeated_columns(Estimator, variant, container, problem_for, Judge):
    """Columns of zeros, constant, repeated or tiny columns are no news: the same minimum, finite numbers."""
    X, y, sample_weight = problem_for(Estimator, weighted=True)
    more = np.column_stack([X, np.zeros(len(y)), np.full(len(y), 7.0), X[:, 0], 1e-9 * X[:, 1]])
    judge, wider = Judge(X, y, sample_weight), Judge(more, y, sample_weight)
    model = Estimator(variant, alpha=0.0, **TIGHT).fit(container(more), y, sample_weight=sample_weight)
    assert np.isfinite(model.coef_).all()
    minimum = judge.minimum
    assert wider(model) - minimum < 1e-6 * (judge.value(*judge.constant) - minimum)


def test_seed(Estimator, variant, problem_for):
    """One random_state, one model, bit by bit; and NumPy's global state is left alone."""
    X, y, _ = problem_for(Estimator)
    before = np.random.get_state()  # noqa: NPY002
    np.random.seed(len(y))  # noqa: NPY002
    expected = np.random.get_state()[1].copy()  # noqa: NPY002
    first, second = (Estimator(variant, **TEXTBOOK, optimizer="gd").fit(X, y) for _ in range(2))
    assert_array_equal(np.random.get_state()[1], expected)  # noqa: NPY002
    np.random.set_state(before)  # noqa: NPY002
    assert_array_equal(first.coef_, second.coef_)
