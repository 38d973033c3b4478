"""A warm start goes on with everything at once: every optimizer by every schedule, averaged, validated, pickled in between."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sk_gd import GDLinearRegressor
from sk_gd.descent.history import COLUMNS
from sk_gd.optimizers import OPTIMIZERS
from sk_gd.schedules import SCHEDULES

SLOW = {"learning_rate": 0.0005, "preconditioner": None, "alpha": 0.01, "warm_start": True, "random_state": 0}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_ten_epochs_and_ten_more_with_everything(Estimator, variant, optimizer, schedule, problem_for):
    """The coefficients, the history, the best epoch and what it scored are those of twenty epochs."""
    X, y, sample_weight = problem_for(Estimator, weighted=True)
    params = SLOW | {"optimizer": optimizer, "schedule": schedule, "average": 5, "early_stopping": True, "tol": None}
    params |= {"batch_size": 10} if variant == "mini-batch" else {}
    halves = Estimator(variant, max_iter=10, **params).fit(X, y, sample_weight=sample_weight)
    halves = pickle.loads(pickle.dumps(halves)).fit(X, y, sample_weight=sample_weight)
    whole = Estimator(variant, max_iter=20, **params).fit(X, y, sample_weight=sample_weight)
    assert_allclose(halves.coef_, whole.coef_, rtol=1e-9)
    assert_allclose(halves.intercept_, whole.intercept_, rtol=1e-9)
    assert (halves.t_, halves.best_iter_) == (whole.t_, whole.best_iter_)
    for column in set(COLUMNS) - {"seconds"}:
        assert_allclose(halves.history_[column], whole.history_[column], rtol=1e-7)


def test_weights_in_early_stopping_on_rows_of_the_users(Estimator, variant, rng):
    """With X_val given, a weight of zero is the row left out; in batch a weight of two is the row twice; ratios alone count."""
    X, y = rng.normal(size=(90, 6)), rng.normal(size=90)
    y = y if Estimator is GDLinearRegressor else (y > 0).astype(int)
    X_val, y_val, times = X[60:], y[60:], np.arange(60) % 3
    X, y = X[:60], y[:60]
    params = {"optimizer": "gd", "preconditioner": None, "learning_rate": 0.01, "early_stopping": True, "shuffle": False}
    model = Estimator(variant, **params, max_iter=20, tol=None)

    def fitted(X, y, s):
        model.fit(X, y, sample_weight=s, X_val=X_val, y_val=y_val)
        return model.validation_scores_, model.best_iter_, model.coef_

    present = times > 0
    weighted = fitted(X, y, times)
    others = [fitted(X[present], y[present], times[present]), fitted(X, y, 7.0 * times)]
    if variant == "batch":
        others.append(fitted(np.repeat(X, times, axis=0), np.repeat(y, times), None))
    for other in others:
        for one, expected in zip(other, weighted, strict=True):
            assert_allclose(one, expected, rtol=1e-9)
    assert np.abs(fitted(X, y, None)[0] - weighted[0]).max() > 1e-4


def test_a_start_of_the_users_begins_anew(Estimator, variant, problem_for):
    """With coef_init and intercept_init a warm start does not go on, and the start is entry 0 of the loss curve."""
    X, y, _ = problem_for(Estimator)
    params = SLOW | {"optimizer": "gd", "tol": None, "max_iter": 3}
    model = Estimator(variant, **params).fit(X, y)
    init = {"coef_init": np.linspace(-1, 1, X.shape[1]), "intercept_init": [0.5]}
    again = model.fit(X, y, **init)
    fresh = Estimator(variant, **params).fit(X, y, **init)
    assert_array_equal(again.coef_, fresh.coef_)
    assert len(again.loss_curve_) == 4
