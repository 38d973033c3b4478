"""A warm start goes on with everything at once: every optimizer by every schedule, averaged, validated, pickled in between."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

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
