"""On many rows a descent begins at the minimum of a sample: fewer passes, the same answer."""

import numpy as np
import pytest

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.descent import plan

MANY = {"n_samples": 110_000, "n_features": 10}


@pytest.fixture
def without_samples(monkeypatch):
    """Plans as they are on few rows."""
    return lambda: monkeypatch.setattr(plan, "worth_sampling", lambda objective: False)


@pytest.mark.parametrize(("target", "params"), [
    ("binary", {"alpha": 1e-5}),
    ("binary", {"alpha": 1e-3, "l1_ratio": 1.0}),
    ("multinomial", {"alpha": 1e-4, "fit_intercept": False}),
])  # fmt: skip
def test_the_minimum_of_all_rows(target, params, variant, make_problem, Judge):
    """The sample moves the start, not the minimum: where zero is a subgradient of the formula on all rows."""
    X, y, sample_weight = make_problem(target, columns="raw", weighted=True, **MANY)
    model = GDLogisticClassifier(variant, tol=1e-8, random_state=0, **params).fit(X, y, sample_weight)
    assert model.method_.endswith("begun on 2291 rows")
    assert model.converged_
    assert Judge(X, y, sample_weight, **params).violation(model.coef_, model.intercept_) < 2e-4


def test_fewer_passes_from_the_constant_model(make_problem, without_samples):
    """What is counted and what is kept: passes, the sample's among them, and the constant model as the start."""
    X, y, _ = make_problem("binary", columns="raw", **MANY)
    begun = GDLogisticClassifier(alpha=1e-6, tol=1e-8).fit(X, y)
    without_samples()
    whole = GDLogisticClassifier(alpha=1e-6, tol=1e-8).fit(X, y)
    assert "begun" not in whole.method_
    assert begun.history_["passes"][-1] < 0.8 * whole.history_["passes"][-1]
    assert begun.history_["passes"][0] == 0  # F of the constant model is known without one
    assert begun.history_["passes"][1] % 1 != 0  # a part of a pass for one over the sample
    assert begun.loss_curve_[0] == pytest.approx(whole.loss_curve_[0], rel=1e-12)
    np.testing.assert_allclose(begun.coef_, whole.coef_, rtol=1e-2)


@pytest.mark.parametrize("wanted", [1, 100])
def test_the_sample_is_an_epoch_like_any_other(wanted, make_problem):
    """Callbacks see it and may stop after it, early stopping scores it, the history has it."""
    pytest.importorskip("sklearn.callback", reason="scikit-learn 1.9")
    X, y, _ = make_problem("binary", **MANY)
    scores = []

    class Stop:
        def setup(self, estimator, context): ...
        def teardown(self, estimator, context): ...
        def on_fit_task_begin(self, estimator, context): ...
        def on_fit_task_end(self, estimator, context, *, fitted_estimator):
            if context.task_name == "epoch":
                scores.append(fitted_estimator.score(X[:1000], y[:1000]))
            return len(scores) >= wanted

    model = GDLogisticClassifier(tol=1e-8, early_stopping="accuracy")
    model.set_callbacks(Stop()).fit(X, y, X_val=X[:1000], y_val=y[:1000])
    assert model.n_iter_ == len(scores) == len(model.loss_curve_) - 1
    np.testing.assert_array_equal(model.validation_scores_[1:], scores)
    assert np.all(np.diff(model.loss_curve_) < 0)
    assert (model.stop_reason_[:10] == "A callback") == (wanted == 1)


def test_order_and_threads_and_repetition_change_nothing(make_problem):
    """The same rows give the same bits; in another order, or with weights for copies, the same model as near as tol says."""
    X, y, _ = make_problem("binary", **MANY)
    model = GDLogisticClassifier(alpha=1e-4, tol=1e-12)
    coef = model.fit(X, y).coef_
    np.testing.assert_array_equal(model.fit(X, y).coef_, coef)
    np.testing.assert_allclose(model.fit(X[::-1], y[::-1]).coef_, coef, rtol=1e-4)
    copies = np.random.default_rng(0).integers(0, 3, len(y))
    weighted = model.fit(X, y, copies).coef_
    np.testing.assert_allclose(model.fit(np.repeat(X, copies, axis=0), np.repeat(y, copies)).coef_, weighted, rtol=1e-4)


def test_a_sample_that_misleads_is_not_believed(make_problem, Judge):
    """Rows in an order such that the sample has one class, and then one: the descent begins at the constant model."""
    X, y, _ = make_problem("binary", **MANY)
    y = np.zeros_like(y)
    y[np.setdiff1d(np.arange(64), 24 * np.arange(3) + np.random.default_rng(0).integers(24, size=110_000 // 24)[:3])] = 1
    model = GDLogisticClassifier(alpha=1e-4, tol=1e-6).fit(X, y)
    assert model.method_.endswith("begun on 4583 rows")
    assert np.all(model.loss_curve_ <= model.loss_curve_[0] * (1 + 1e-12))
    assert model.converged_
    assert Judge(X, y, alpha=1e-4).violation(model.coef_, model.intercept_) < 1e-5


@pytest.mark.parametrize("change", [
    {"preconditioner": None}, {"preconditioner": "diagonal"}, {"learning_rate": 0.1}, {"optimizer": "gd"}, {"average": True}
])  # fmt: skip
def test_only_where_the_method_was_left_open(change, make_problem):
    """The textbook's methods begin where the textbook says."""
    X, y, _ = make_problem("binary", **MANY)
    model = GDLogisticClassifier("mini-batch", max_iter=1, tol=None, random_state=0, **change).fit(X, y)
    assert "begun" not in model.method_


def test_squared_loss_in_one_step_needs_no_sample(make_problem):
    """Batch descent on it has its statistics; epochs profit."""
    X, y, _ = make_problem("regression", **MANY)
    assert "begun" not in GDLinearRegressor().fit(X, y).method_
    assert "begun" in GDLinearRegressor("mini-batch", random_state=0).fit(X, y).method_


def test_the_users_start_is_the_start(make_problem):
    """Coefficients to begin with are worth more than a sample."""
    X, y, _ = make_problem("binary", **MANY)
    model = GDLogisticClassifier(alpha=1e-3, tol=1e-6).fit(X, y)
    again = GDLogisticClassifier(alpha=1e-3, tol=1e-6).fit(X, y, coef_init=model.coef_, intercept_init=model.intercept_)
    assert again.loss_curve_[0] == pytest.approx(model.loss_curve_[-1], rel=1e-9)
    assert again.n_iter_ == 0
