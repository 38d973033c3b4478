"""The laws, over problems that nobody thought of: shapes, types, orders of memory, weights, scales, losses, penalties, variants.

Hypothesis draws them, the same ones in every run (``derandomize``); what it finds it makes small before it tells.
"""

import pickle
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.losses import REGRESSION_LOSSES
from sk_gd.optimizers import OPTIMIZERS
from sk_gd.schedules import SCHEDULES

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # few epochs are allowed to most of them

law = settings(derandomize=True, deadline=None, database=None, max_examples=40, suppress_health_check=list(HealthCheck))
ORDERS: dict[str, Callable[[Any], Any]] = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "every other": lambda X: np.repeat(np.repeat(X, 2, axis=0), 2, axis=1)[::2, ::2],
    "backwards": lambda X: np.ascontiguousarray(X[::-1, ::-1])[::-1, ::-1],
}
SPARSE = {"csr": sparse.csr_array, "csc": sparse.csc_array, "coo": sparse.coo_array, "csr_matrix": sparse.csr_matrix}


@dataclass(frozen=True)
class Problem:
    """An estimator to be, and what it is to fit."""

    Estimator: type
    X: np.ndarray
    y: np.ndarray
    weights: np.ndarray | None
    params: dict = field(default_factory=dict)

    def fit(self, X=None, y=None, weights=None, **params):
        X, y = self.X if X is None else X, self.y if y is None else y
        weights = self.weights if weights is None else weights
        return self.Estimator(**{"random_state": 0, **self.params, **params}).fit(X, y, sample_weight=weights)


@st.composite
def problems(draw, *, kinds=("regression", "two targets", "binary", "multinomial"), variants=("batch", "mini-batch", "stochastic"),
             methods=("auto",), losses=("squared_error",), penalties=(0.0, 1e-3, 0.1), dtypes=(np.float64,), scales=3):  # fmt: skip
    """A problem of up to 60 rows and 8 columns, whose columns have scales of up to 10^scales either way, repeats among them."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, d = draw(st.integers(8, 60)), draw(st.integers(1, 8))
    kind, dtype = draw(st.sampled_from(kinds)), draw(st.sampled_from(dtypes))
    X = rng.normal(size=(n, d)) * (rng.random((n, d)) < draw(st.sampled_from([0.3, 1.0]))) + draw(st.sampled_from([0.0, 3.0]))
    if draw(st.booleans()):
        X[:, -1] = X[:, 0]
    scores = X @ rng.normal(size=(d, 3)) + rng.normal(size=(n, 3))
    X = (X * 10.0 ** rng.uniform(-scales, scales, d)).astype(dtype)
    y = {"regression": scores[:, 0], "two targets": scores[:, :2], "binary": scores[:, 0] > np.median(scores[:, 0]),
         "multinomial": np.argmax(scores, axis=1)}[kind]  # fmt: skip
    if kind in ("binary", "multinomial"):
        y = np.where(np.arange(n) < 3, np.arange(n) % (2 if kind == "binary" else 3), y).astype(int)  # every class is there
    weights = {"none": None, "uneven": rng.gamma(1.0, size=n) + 1e-3, "whole": rng.integers(1, 4, n).astype(float)}
    variant, optimizer = draw(st.sampled_from(variants)), draw(st.sampled_from(methods))
    assume(not (variant == "batch" and optimizer in ("saga", "svrg")))
    params = {"variant": variant, "optimizer": optimizer, "alpha": draw(st.sampled_from(penalties)),
              "l1_ratio": draw(st.sampled_from([0.0, 0.5, 1.0])), "fit_intercept": draw(st.booleans())}  # fmt: skip
    Estimator = GDLogisticClassifier if kind in ("binary", "multinomial") else GDLinearRegressor
    if Estimator is GDLinearRegressor:
        params["loss"] = draw(st.sampled_from(losses))
    return Problem(Estimator, X, y, weights[draw(st.sampled_from(list(weights)))], params)


convex = problems(penalties=(1e-3, 0.1))  # with a penalty that keeps the minimum from being a valley
strict = problems(penalties=(0.1,), scales=0)  # and with columns that it weighs alike
any_method = problems(
    methods=("auto", "saga", "svrg", *OPTIMIZERS), losses=tuple(REGRESSION_LOSSES), dtypes=(np.float32, np.float64)
)


def scores_of(model, X):
    """Raw predictions, which tell two models apart that classify alike."""
    return model.predict(X) if isinstance(model, GDLinearRegressor) else model.decision_function(X)


def same_predictions(ours, theirs, X, tolerance):
    expected = scores_of(theirs, X)
    assert_allclose(scores_of(ours, X), expected, rtol=tolerance, atol=tolerance * (np.abs(expected).max() + 1e-300))


@law
@given(any_method, st.sampled_from(list(ORDERS)))
def test_order_in_memory_is_not_seen(problem, order):
    """The same numbers in another order of memory give the same bits."""
    expected, ours = problem.fit(max_iter=4), problem.fit(ORDERS[order](problem.X), max_iter=4)
    assert_array_equal(ours.coef_, expected.coef_)
    assert_array_equal(ours.predict(ORDERS[order](problem.X)), expected.predict(problem.X))


@law
@given(strict, st.sampled_from(list(SPARSE)))
def test_sparse_is_dense(problem, form):
    """In every sparse format the minimum is that of the dense rows."""
    tight = {"tol": 1e-10, "max_iter": 5000}
    X = SPARSE[form](problem.X)
    same_predictions(problem.fit(X, **tight), problem.fit(**tight), problem.X, 1e-3)


@law
@given(any_method, st.sampled_from(list(SCHEDULES)), st.sampled_from(["auto", 1e-9, 0.1, 1e5]), st.booleans())
def test_finite_and_never_above_the_start(problem, schedule, rate, positive):
    """Whatever the method, the rate and the units: finite numbers, the shapes of scikit-learn, X's type, F not above its start."""
    assume(schedule != "optimal" or problem.params["alpha"] > 0)  # it is 1 / (alpha t)
    model = problem.fit(max_iter=5, tol=None, schedule=schedule, learning_rate=rate, positive=positive)
    curve = model.loss_curve_
    assert np.isfinite(curve).all()
    assert np.isfinite(model.coef_).all()
    assert np.isfinite(model.intercept_).all()
    assert curve.min() <= curve[0]
    if model.stop_reason_.find("coefficients are those of") < 0:
        assert curve[-1] <= curve[0] * (1 + 32 * np.finfo(problem.X.dtype).eps)
    assert not positive or (model.coef_ >= 0).all()
    assert model.coef_.dtype == scores_of(model, problem.X).dtype == problem.X.dtype
    assert model.predict(problem.X).shape == problem.y.shape


@law
@given(problem=strict)
def test_the_minimum_is_found(problem, Judge):
    """The optimality conditions of the formula hold where a fit ends, in columns of unit variance."""
    assume(problem.params["fit_intercept"] and np.ptp(problem.X, axis=0).min() > 0)
    judge = Judge(problem.X, problem.y, problem.weights, alpha=problem.params["alpha"], l1_ratio=problem.params["l1_ratio"])
    model = problem.fit(tol=1e-12, max_iter=5000)
    begun = judge.violation(*judge.constant)
    assert judge.violation(model.coef_, model.intercept_) <= 1e-4 * begun + 1e-9


@law
@given(convex, st.data())
def test_weights_count_rows(problem, data):
    """A weight of k is k copies of the row, a weight of 0 is none, and what counts none may be anything."""
    times = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(problem.y), max_size=len(problem.y))), dtype=float)
    times[:3] = np.maximum(times[:3], 1)
    tight = {"tol": 1e-10, "max_iter": 5000}
    X = np.where(times[:, None] == 0, 1e3 * problem.X + 7.0, problem.X)
    copies = times.astype(int)
    once = replace(problem, weights=None)
    repeated = once.fit(np.repeat(problem.X, copies, axis=0), np.repeat(problem.y, copies, axis=0), **tight)
    same_predictions(problem.fit(X, weights=times, **tight), repeated, problem.X, 1e-3)


@law
@given(convex, st.integers(-300, 300))
def test_unit_of_the_weights_is_not_seen(problem, power):
    """All weights times a power of two: the same bits."""
    assume(problem.weights is not None)
    expected, ours = problem.fit(max_iter=5), problem.fit(weights=problem.weights * 2.0**power, max_iter=5)
    assert_array_equal(ours.coef_, expected.coef_)
    assert ours.n_iter_ == expected.n_iter_


@law
@given(problems(kinds=("regression", "two targets"), losses=tuple(REGRESSION_LOSSES)), st.integers(-200, 200))
def test_unit_of_y_is_that_of_the_model(problem, power):
    """Targets times a power of two, and alpha by what is left of the loss's unit: so is the model, after as many epochs."""
    assume(problem.params["l1_ratio"] in (0.0, 1.0))
    unit = 2.0**power
    of_loss = 1 if problem.params["loss"] in ("quantile", "epsilon_insensitive") else 2
    alpha = problem.params["alpha"] * unit ** (of_loss - (1 if problem.params["l1_ratio"] else 2))
    expected, ours = problem.fit(max_iter=5), problem.fit(y=unit * problem.y, alpha=alpha, max_iter=5)
    assert ours.n_iter_ == expected.n_iter_
    assert_allclose(ours.coef_ / unit, expected.coef_, rtol=1e-6, atol=1e-9 * np.abs(expected.coef_).max(initial=0))


@law
@given(problems(penalties=(0.0,)), st.data())
def test_units_of_the_columns_are_not_seen(problem, data):
    """Without a penalty, columns in other units leave the predictions as they are."""
    powers = data.draw(st.lists(st.integers(-60, 60), min_size=problem.X.shape[1], max_size=problem.X.shape[1]))
    units = 2.0 ** np.array(powers)
    tight = {"tol": 1e-8, "max_iter": 100, "l1_ratio": 0.0}
    ours, expected = problem.fit(problem.X * units, **tight), problem.fit(**tight)
    assume(expected.converged_ and ours.converged_)  # classes that a plane separates have no minimum to compare
    same_predictions(ours_in(ours, units), expected, problem.X, 1e-2)


def ours_in(model, units):
    """The model for columns in the first units."""
    model.coef_ = model.coef_ * units
    return model


@law
@given(problems(variants=("batch",), penalties=(1e-3,)), st.randoms(use_true_random=False))
def test_order_of_rows_is_not_seen_in_batch(problem, random):
    """Rows in another order: the same model, but for the order of sums."""
    order = np.array(random.sample(range(len(problem.y)), len(problem.y)))
    weights = None if problem.weights is None else problem.weights[order]
    ours = replace(problem, weights=weights).fit(problem.X[order], problem.y[order], max_iter=5)
    same_predictions(ours, problem.fit(max_iter=5), problem.X, 1e-5)


@law
@given(problems(kinds=("binary", "multinomial"), penalties=(0.1,), scales=0), st.permutations(["a", "bb", "c"]))
def test_names_of_classes_are_not_seen(problem, names):
    """Classes by other names, in another order: the same probabilities, in the order of the names."""
    tight = {"tol": 1e-10, "max_iter": 5000}
    k = problem.y.max() + 1
    ours, expected = problem.fit(y=np.array(names)[problem.y], **tight), problem.fit(**tight)
    assert_array_equal(ours.classes_, sorted(names[:k]))
    order = np.argsort(names[:k])
    assert_allclose(ours.predict_proba(problem.X), expected.predict_proba(problem.X)[:, order], atol=1e-3)


@law
@given(any_method, st.integers(1, 4), st.integers(1, 4))
def test_a_warm_start_goes_on(problem, first, second):
    """Some epochs and some more, pickled in between, are as many in one go."""
    model = problem.fit(max_iter=first, tol=None, warm_start=True)
    model = pickle.loads(pickle.dumps(model)).set_params(max_iter=second).fit(problem.X, problem.y, sample_weight=problem.weights)
    whole = problem.fit(max_iter=first + second, tol=None)
    assert_array_equal(model.coef_, whole.coef_)
    assert_array_equal(model.loss_curve_, whole.loss_curve_)
    assert model.t_ == whole.t_


@law
@given(any_method)
def test_a_pickle_is_the_model(problem):
    """Pickled and read again it predicts the same bits, and from its parameters comes the same model again."""
    model = problem.fit(max_iter=3)
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(scores_of(again, problem.X), scores_of(model, problem.X))
    assert_array_equal(again.fit(problem.X, problem.y, sample_weight=problem.weights).coef_, model.coef_)


@law
@given(problems(dtypes=(np.float64,), penalties=(1e-3, 0.1)))
def test_warnings_are_of_one_kind(problem):
    """What a fit has to say it says once."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        problem.fit(max_iter=2, tol=1e-12)
    assert [w.category for w in seen] in ([], [ConvergenceWarning])
