"""Schedules and automatic rates, seen from an estimator."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import SGDClassifier, SGDRegressor

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.optimizers import OPTIMIZERS
from sk_gd.schedules import SCHEDULES

UNIT_FREE = [name for name in OPTIMIZERS if OPTIMIZERS[name]().unit_free]
THEIRS = {GDLinearRegressor: SGDRegressor, GDLogisticClassifier: lambda **params: SGDClassifier("log_loss", **params)}


@pytest.mark.parametrize("alpha", [1e-4, 0.01])
@pytest.mark.parametrize("learning_rate", ["optimal", "invscaling", "constant"])
def test_numbers_of_scikit_learn(Estimator, learning_rate, alpha, container, problem_for):
    """One row at a time with the schedules of SGDClassifier and SGDRegressor: their coefficients."""
    X, y, _ = problem_for(Estimator)
    X, fit_intercept = X / 30, learning_rate != "optimal"  # whose first steps are too long for an intercept
    theirs = THEIRS[Estimator](alpha=alpha, fit_intercept=fit_intercept, learning_rate=learning_rate, eta0=0.05, power_t=0.3,
                               shuffle=False, max_iter=4, tol=None).fit(X, y)  # fmt: skip
    schedule = {"optimal": "optimal", "constant": "constant", "invscaling": SCHEDULES["inverse_scaling"](power=0.3)}[learning_rate]
    ours = Estimator(
        "stochastic", alpha=alpha, fit_intercept=fit_intercept, learning_rate=alpha**-0.25 if learning_rate == "optimal" else 0.05,
        schedule=schedule, optimizer="gd", preconditioner=None, shuffle=False, max_iter=4, tol=None,
    ).fit(container(X), y, coef_init=np.zeros(5), intercept_init=[0.0] if fit_intercept else None)  # fmt: skip
    assert_allclose(np.ravel(ours.coef_), np.ravel(theirs.coef_), rtol=1e-9, atol=1e-12)
    assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-9)


def test_optimal_needs_a_penalty(Estimator, variant, problem_for):
    """Without alpha there is no such rate, and nothing is left behind."""
    X, y, _ = problem_for(Estimator)
    model = Estimator(variant, schedule="optimal", alpha=0.0)
    with pytest.raises(ValueError, match="alpha > 0, got alpha=0"):
        model.fit(X, y)
    assert not hasattr(model, "coef_")


@pytest.mark.parametrize("schedule", [lambda t: 1.0, lambda t: -1 / t, lambda t: np.nan * t, lambda t: np.inf * t, lambda t: t[:1]])
def test_functions_that_are_no_schedule(Estimator, schedule, problem_for):
    """As many numbers from zero up as there are steps, or an error that shows some."""
    X, y, _ = problem_for(Estimator)
    with pytest.raises(ValueError, match=r"schedule must map (.|\n){,250}$"):
        Estimator("stochastic", schedule=schedule, optimizer="gd").fit(X, y)


@pytest.mark.filterwarnings("ignore:The objective improved")
@pytest.mark.parametrize("optimizer", [name for name in OPTIMIZERS if name not in ("adagrad", "rmsprop")])  # shrinking; biased
@pytest.mark.parametrize("variant", ["mini-batch", "stochastic"])
def test_adaptive_goes_below_the_noise(Estimator, variant, optimizer, problem_for, Judge):
    """Where a constant rate settles in its noise, dividing it whenever progress stalls comes nearer to the minimum."""
    X, y, _ = problem_for(Estimator, n_samples=400)
    params = {"batch_size": 10 if variant == "mini-batch" else "auto", "optimizer": optimizer, "tol": 1e-3, "random_state": 0,
              "alpha": 0.01, "warm_start": True}  # fmt: skip
    constant = Estimator(variant, **params).fit(X, y)
    adaptive = Estimator(variant, schedule="adaptive", **params).fit(X, y)
    assert adaptive.n_iter_ > constant.n_iter_
    assert adaptive._state.n_stalls == 9  # 0.2^8 > 1e-6 > 0.2^9
    assert "n_iter_no_change" in adaptive.stop_reason_
    judge = Judge(X, y, alpha=0.01)
    assert judge.gap(adaptive) < judge.gap(constant) / 2


@pytest.mark.filterwarnings("ignore:max_iter epochs")
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_ten_epochs_and_ten_more(Estimator, variant, schedule, container, problem_for):
    """A warm start goes on in the middle of a schedule, stalls included, also across a pickle."""
    X, y, sample_weight = problem_for(Estimator, weighted=True)
    params = {
        "optimizer": "adam", "schedule": schedule, "learning_rate": 0.03, "preconditioner": None, "alpha": 0.01, "warm_start": True,
        "tol": 0.5 if schedule == "adaptive" else None, "n_iter_no_change": 2, "random_state": 0,
    }  # fmt: skip
    halves, whole = Estimator(variant, max_iter=10, **params), Estimator(variant, max_iter=20, **params)
    halves = pickle.loads(pickle.dumps(halves.fit(container(X), y, sample_weight=sample_weight)))
    halves.fit(container(X), y, sample_weight=sample_weight)
    whole.fit(container(X), y, sample_weight=sample_weight)
    assert_allclose(halves.coef_, whole.coef_, rtol=1e-9)
    assert halves.t_ == whole.t_
    assert halves._state.n_stalls == whole._state.n_stalls
    assert whole._state.n_stalls > 0 or schedule != "adaptive"


@pytest.mark.parametrize("optimizer", UNIT_FREE)
def test_automatic_rate_of_unit_steps(Estimator, variant, optimizer, problem_for, Judge):
    """The mean entry of gradient / L at the start, over the root of the updates in an epoch and the optimizer's gain."""
    X, y, _ = problem_for(Estimator)
    params = {"optimizer": optimizer, "preconditioner": None, "tol": None, "max_iter": 1, "alpha": 0.0}
    model = Estimator(variant, **params, batch_size=7 if variant == "mini-batch" else "auto").fit(X, y)
    Z = np.column_stack([X, np.ones(len(y))])
    smooth = np.linalg.eigvalsh(Z.T @ Z / len(y))[-1] / (1 if Estimator is GDLinearRegressor else 4)
    of_coef, of_intercept = Judge(X, y).gradient(*Judge(X, y).constant)
    size = np.abs(np.append(of_coef, of_intercept)).mean() / smooth
    gain = {"adagrad": 1.0, "rmsprop": 10**0.5, "adam": 1.0}[optimizer]
    assert_allclose(model.learning_rate_, size / gain / model.t_**0.5, rtol=0.03)
    assert model.loss_curve_[-1] < model.loss_curve_[0]
    scaled = Estimator(variant, **params, batch_size=7 if variant == "mini-batch" else "auto").fit(1e3 * X, y)
    assert scaled.loss_curve_[-1] < scaled.loss_curve_[0]
