"""Polyak-Ruppert averaging: the model is the mean of the points, and the descent does not know of it."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import SGDClassifier, SGDRegressor

from sk_gd import GDLinearRegressor
from sk_gd.optimizers import OPTIMIZERS

PLAIN = {"preconditioner": None, "learning_rate": 0.01, "tol": None, "random_state": 0, "shuffle": False}


def parameters(model):
    return np.append(np.ravel(model.coef_), model.intercept_)


@pytest.mark.parametrize("preconditioner", [None, "diagonal", "hessian"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("average", [1, 3])
def test_mean_of_the_points(Estimator, variant, optimizer, preconditioner, average, container, problem_for):
    """The model is the mean of the points after each update, from that epoch on: seen by as many fits as there are updates."""
    X, y, sample_weight = problem_for(Estimator, n_samples=12, weighted=True)
    params = {**PLAIN, "optimizer": optimizer, "alpha": 0.1, "preconditioner": preconditioner, "batch_size": 5}
    if variant != "mini-batch":
        params["batch_size"] = "auto"
    batch = {"batch": 12, "mini-batch": 5, "stochastic": 1}[variant]
    X, start = np.abs(X), {"coef_init": np.ones(5), "intercept_init": [30.0]}  # from where every row leads down
    points = []

    def stop(steps):
        """With a rate of zero the descent stays where it is."""
        return np.where(steps <= stop.after, 1.0, 0.0)

    averaged = Estimator(variant, average=average, max_iter=4, **params).fit(container(X), y, sample_weight=sample_weight, **start)
    updates = -(-12 // batch)
    for last in range((average - 1) * updates + 1, 4 * updates + 1):
        stop.after = last
        model = Estimator(variant, schedule=stop, max_iter=4, **params)
        points.append(parameters(model.fit(container(X), y, sample_weight=sample_weight, **start)))
    assert averaged.t_ == 4 * updates
    assert_allclose(parameters(averaged), np.mean(points, axis=0), rtol=1e-7)


@pytest.mark.parametrize("alpha", [1e-4, 0.01])
def test_numbers_of_scikit_learn(Estimator, alpha, container, problem_for):
    """One row at a time, averaged from the first update on: coefficients of SGDClassifier and SGDRegressor with average=True."""
    X, y, _ = problem_for(Estimator)
    Theirs = SGDRegressor if Estimator is GDLinearRegressor else lambda **params: SGDClassifier("log_loss", **params)
    theirs = Theirs(alpha=alpha, learning_rate="constant", eta0=0.01, shuffle=False, max_iter=4, tol=None, average=True).fit(X, y)
    ours = Estimator("stochastic", alpha=alpha, optimizer="gd", max_iter=4, average=True, **PLAIN)
    ours.fit(container(X), y, coef_init=np.zeros(5), intercept_init=[0.0])
    assert_allclose(np.ravel(ours.coef_), np.ravel(theirs.coef_), rtol=1e-9)
    assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-9)


@pytest.mark.parametrize("average", [True, 5, 15])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_ten_epochs_and_ten_more(Estimator, variant, optimizer, average, container, problem_for):
    """A warm start goes on with the point and with the mean, also across a pickle."""
    X, y, sample_weight = problem_for(Estimator, weighted=True)
    params = {**PLAIN, "optimizer": optimizer, "average": average, "shuffle": True, "warm_start": True}
    halves = Estimator(variant, max_iter=10, **params).fit(container(X), y, sample_weight=sample_weight)
    halves = pickle.loads(pickle.dumps(halves)).fit(container(X), y, sample_weight=sample_weight)
    whole = Estimator(variant, max_iter=20, **params).fit(container(X), y, sample_weight=sample_weight)
    assert_array_equal(halves.coef_, whole.coef_)
    assert_array_equal(halves.loss_curve_, whole.loss_curve_)


def test_records_are_of_the_mean(Estimator, variant, problem_for, Judge):
    """loss_curve_ is F of the published model, and the mean can be left again: the next fit goes on from the point."""
    X, y, _ = problem_for(Estimator)
    params = {**PLAIN, "optimizer": "momentum", "alpha": 0.01, "warm_start": True, "max_iter": 6}
    model, plain = Estimator(variant, average=True, **params).fit(X, y), Estimator(variant, **params).fit(X, y)
    assert_allclose(model.loss_curve_[-1], Judge(X, y, alpha=0.01)(model), rtol=1e-12)
    assert not np.allclose(model.coef_, plain.coef_)
    assert_allclose(model.set_params(average=False).fit(X, y).coef_, plain.fit(X, y).coef_)


@pytest.mark.parametrize("variant", ["mini-batch", "stochastic"])
@pytest.mark.parametrize("optimizer", [name for name in OPTIMIZERS if name not in ("adagrad", "rmsprop")])
def test_less_noise(Estimator, variant, optimizer, problem_for, Judge):
    """The mean of noisy points is nearer to the minimum than they are (AdaGrad's noise fades anyway, RMSProp has a bias)."""
    X, y, _ = problem_for(Estimator, n_samples=400)
    judge = Judge(X, y, alpha=0.01)
    params = {"optimizer": optimizer, "alpha": 0.01, "max_iter": 30, "tol": None, "batch_size": 10}
    if variant == "stochastic":
        params["batch_size"] = "auto"

    def mean_gap(average):
        models = [Estimator(variant, average=average, random_state=seed, **params).fit(X, y) for seed in range(5)]
        return np.mean([judge.gap(model) for model in models])

    assert mean_gap(10) < 0.7 * mean_gap(False)


@pytest.mark.parametrize("optimizer", ["svrg", "saga"])
@pytest.mark.parametrize("variant", ["mini-batch", "stochastic"])
def test_refused_where_there_is_no_noise(Estimator, variant, optimizer, problem_for):
    """An estimate of reduced variance is exact at the minimum: an error says what to do instead."""
    X, y, _ = problem_for(Estimator)
    with pytest.raises(ValueError, match="set average=False, or another optimizer"):
        Estimator(variant, optimizer=optimizer, average=True).fit(X, y)


def test_method(Estimator, variant, problem_for):
    """The automatic optimizer is plain gradient descent where points are to be averaged."""
    X, y, _ = problem_for(Estimator)
    params = {"max_iter": 3, "tol": None, "random_state": 0, "average": True}
    model = Estimator(variant, **params).fit(X, y)
    assert model.method_.startswith("averaged gd")
    assert_array_equal(model.coef_, Estimator(variant, optimizer="gd", **params).fit(X, y).coef_)


@pytest.mark.parametrize("average", [1, 2])
def test_partial_fit(Estimator, variant, average, container, problem_for):
    """A pass over rows that come again and again is an epoch: the mean goes on from call to call."""
    X, y, _ = problem_for(Estimator)
    params = {**PLAIN, "optimizer": "momentum", "learning_rate": 0.002, "average": average}
    whole, model = Estimator(variant, max_iter=3, **params).fit(container(X), y), Estimator(variant, **params)
    for _ in range(3):
        model.partial_fit(container(X), y, **({} if Estimator is GDLinearRegressor else {"classes": [0, 1]}))
    assert_allclose(parameters(model), parameters(whole), rtol=1e-9)
