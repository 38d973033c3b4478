"""What the descent promises: where it starts, each step by the textbook, continuation, recovery, honest records."""

import pickle
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.optimizers import OPTIMIZERS, Adam

RULES = [name for name in OPTIMIZERS if name != "lbfgs"]
METHODS = [("batch", name) for name in ["auto", *OPTIMIZERS]] + [
    (variant, name) for variant in ("mini-batch", "stochastic") for name in ["auto", *RULES, "saga", "svrg"]
]
BATCH_SIZE = {"batch": "auto", "mini-batch": 10, "stochastic": "auto"}
every_method = pytest.mark.parametrize(("variant", "optimizer"), METHODS)


def follow_by_hand(optimizer, g, t, m, beta=0.9, beta_2=0.999):
    """The textbook's direction, how many times a lasting gradient it would be, and the memory m, from gradient g at step t."""
    if optimizer == "gd":
        return g, 1.0, m
    if optimizer in ("momentum", "nesterov"):
        v, lasting = beta * m[0] + g, sum(beta**k for k in range(t))
        return (v, lasting, [v]) if optimizer == "momentum" else (g + beta * v, 1 + beta * lasting, [v])
    if optimizer == "adagrad":
        G = m[0] + g**2
        return g / (np.sqrt(G) + 1e-10), 1 / (np.sqrt(G) + 1e-10), [G]
    if optimizer == "rmsprop":
        G = beta * m[0] + (1 - beta) * g**2
        return g / (np.sqrt(G) + 1e-8), 1 / (np.sqrt(G) + 1e-8), [G]
    v, G = beta * m[0] + (1 - beta) * g, beta_2 * m[1] + (1 - beta_2) * g**2
    size = np.sqrt(G / (1 - beta_2**t)) + 1e-8
    return v / (1 - beta**t) / size, 1 / size, [v, G]


def descend_by_hand(X, y, s, *, batch_size, optimizer, rate, power, alpha, l1_ratio, epochs):
    """The textbook: batches in the order of the rows, from the constant model; floats in y mean regression."""
    Z, mean = np.column_stack([X, np.ones(len(y))]), expit if y.dtype.kind == "i" else np.asarray
    share, s = np.average(y, weights=s), s / s.mean()
    theta, m, t = np.zeros(Z.shape[1]), [0.0, 0.0], 0
    theta[-1] = share if mean is np.asarray else np.log(share / (1 - share))
    free = np.append(np.ones(X.shape[1]), 0.0)  # the intercept is not penalised
    for first in list(range(0, len(y), batch_size)) * epochs:
        rows, t = slice(first, first + batch_size), t + 1
        slope = s[rows] * (mean(Z[rows] @ theta) - y[rows])
        g = Z[rows].T @ slope / len(slope) + alpha * (1 - l1_ratio) * free * theta
        direction, stretch, m = follow_by_hand(optimizer, g, t, m)
        step = rate / t**power
        theta = theta - step * direction
        theta = np.sign(theta) * np.maximum(np.abs(theta) - step * stretch * alpha * l1_ratio * free, 0.0)
    return theta[:-1], theta[-1], t


@pytest.mark.parametrize("penalty", [(0.0, 0.0), (0.1, 0.0), (0.1, 0.5)], ids=["none", "l2", "elastic net"])
@pytest.mark.parametrize("schedule", ["constant", "inverse_scaling"])
@pytest.mark.parametrize("optimizer", RULES)
def test_textbook(Estimator, variant, optimizer, schedule, penalty, container, problem_for):
    """preconditioner=None, an optimizer and a learning rate: the method of the textbook, to the letter."""
    X, y, sample_weight = problem_for(Estimator, weighted=True)
    rate = 0.1 if variant == "batch" else 0.002
    model = Estimator(
        variant, optimizer=optimizer, learning_rate=rate, schedule=schedule, preconditioner=None,
        batch_size=30 if variant == "mini-batch" else "auto",
        alpha=penalty[0], l1_ratio=penalty[1], max_iter=7, tol=None, shuffle=False,
    ).fit(container(X), y, sample_weight=sample_weight)  # fmt: skip
    coef, intercept, t = descend_by_hand(
        X, y, sample_weight, batch_size={"batch": len(y), "mini-batch": 30, "stochastic": 1}[variant], optimizer=optimizer,
        rate=rate, power=0.5 if schedule == "inverse_scaling" else 0.0, alpha=penalty[0], l1_ratio=penalty[1], epochs=7,
    )  # fmt: skip
    # of a first gradient that is zero but for rounding, unit-free rules make a direction of their own
    tolerance = 1e-5 if OPTIMIZERS[optimizer]().unit_free else 1e-8
    assert_allclose(np.ravel(model.coef_), coef, rtol=tolerance, atol=tolerance / 100)
    assert_allclose(np.ravel(model.intercept_), intercept, rtol=tolerance)
    assert model.t_ == t
    assert model.n_iter_ == 7


def test_weight_decay(Estimator, variant, container, problem_for):
    """AdamW: a first step is Adam's, less the rate times the decay times the coefficients; the intercept does not decay."""
    X, y, _ = problem_for(Estimator)
    X, y = np.abs(X)[np.argsort(y)], np.sort(y)  # and a start far above, so that the first step leads down for every row
    start = {"coef_init": np.linspace(1, 2, 5), "intercept_init": [9.0]}
    params = {"schedule": lambda steps: np.where(steps == 1, 1, 0), "learning_rate": 0.01, "preconditioner": None, "max_iter": 1}
    plain, decayed = (
        Estimator(variant, optimizer=Adam(weight_decay=decay), shuffle=False, tol=None, **params).fit(container(X), y, **start)
        for decay in (0.0, 0.5)
    )
    assert_allclose(np.ravel(plain.coef_ - decayed.coef_), 0.01 * 0.5 * start["coef_init"], rtol=1e-9)
    assert_allclose(decayed.intercept_, plain.intercept_, rtol=1e-12)


def test_textbook_of_two_outputs(variant, container, make_problem):
    """Two outputs are two descents side by side."""
    X, Y, sample_weight = make_problem("multi-output", weighted=True)
    params = {"optimizer": "gd", "learning_rate": 0.002, "preconditioner": None, "max_iter": 5, "tol": None, "random_state": 0}
    both = GDLinearRegressor(variant, **params).fit(container(X), Y, sample_weight=sample_weight)
    for k in range(2):
        one = GDLinearRegressor(variant, **params).fit(container(X), Y[:, k], sample_weight=sample_weight)
        assert_allclose(both.coef_[k], one.coef_, rtol=1e-9)
        assert_allclose(both.intercept_[k], one.intercept_, rtol=1e-9)


def test_start(Estimator, variant, problem_for, Judge):
    """A descent starts at the best constant model, or where it is told."""
    X, y, _ = problem_for(Estimator)
    model = Estimator(variant, optimizer="gd", preconditioner=None, learning_rate=1e-12, max_iter=1, tol=None)
    coef, intercept = Judge(X, y).constant
    model.fit(X, y)
    assert_allclose(np.atleast_2d(model.coef_), coef, atol=1e-6)
    assert_allclose(model.intercept_, np.squeeze(intercept) if Estimator is GDLinearRegressor else intercept, rtol=1e-6)
    model.fit(X, y, coef_init=np.arange(5.0), intercept_init=[2.0])
    assert_allclose(np.ravel(model.coef_), np.arange(5.0), atol=1e-6)
    assert_allclose(model.intercept_, 2.0, rtol=1e-6)


@pytest.mark.filterwarnings("ignore:learning_rate")  # its safety is another law
@pytest.mark.parametrize("across_pickle", [False, True], ids=["same object", "pickled between"])
@pytest.mark.parametrize("columns", ["well", "raw"])
@every_method
def test_ten_epochs_and_ten_more_are_twenty(Estimator, variant, optimizer, columns, across_pickle, container, problem_for):
    """A warm start goes on with memory, random order, step number and all."""
    X, y, sample_weight = problem_for(Estimator, columns=columns, weighted=True)
    params = {"optimizer": optimizer, "batch_size": BATCH_SIZE[variant], "tol": None, "random_state": 0, "warm_start": True}
    halves = Estimator(variant, max_iter=10, **params).fit(container(X), y, sample_weight=sample_weight)
    halves = pickle.loads(pickle.dumps(halves)) if across_pickle else halves
    halves.fit(container(X), y, sample_weight=sample_weight)
    whole = Estimator(variant, max_iter=20, **params).fit(container(X), y, sample_weight=sample_weight)
    assert_allclose(halves.coef_, whole.coef_, rtol=1e-9)
    assert_allclose(halves.intercept_, whole.intercept_, rtol=1e-9)
    assert halves.t_ == whole.t_


@pytest.mark.parametrize("start", ["default", "good", "bad"])
@pytest.mark.parametrize("learning_rate", ["auto", 1e6, 1e-12])
@pytest.mark.parametrize("preconditioner", ["auto", None])
@every_method
def test_never_worse(Estimator, variant, optimizer, preconditioner, learning_rate, start, problem_for, Judge, rng):
    """No fit is worse than its start, the constant model unless told otherwise, and each number in it is finite."""
    X, y, sample_weight = problem_for(Estimator, columns="raw", weighted=True, n_samples=40)
    judge = Judge(X, y, sample_weight, alpha=1e-3, l1_ratio=0.5 if optimizer in ("saga", "auto") else 0.0)
    init = {}
    if start != "default":
        coef = rng.normal(size=X.shape[1]) / judge.scale
        if start == "good":
            coef = Estimator(alpha=1e-3).fit(X, y, sample_weight=sample_weight).coef_
        init = {"coef_init": np.ravel(coef), "intercept_init": judge.constant[1] - np.ravel(coef) @ judge.mean}
    model = Estimator(
        variant, optimizer=optimizer, preconditioner=preconditioner, learning_rate=learning_rate,
        batch_size=BATCH_SIZE[variant], alpha=1e-3, l1_ratio=0.5 if judge.l1.any() else 0.0, max_iter=8, tol=None, random_state=0,
    )  # fmt: skip
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        model.fit(X, y, sample_weight=sample_weight, **init)
    assert np.isfinite(model.coef_).all()
    assert np.isfinite(model.intercept_).all()
    assert np.isfinite(model.loss_curve_).all()
    begun = judge.value(init["coef_init"], init["intercept_init"]) if init else judge.value(*judge.constant)
    assert judge(model) <= begun * (1 + 1e-9)


@pytest.mark.parametrize("optimizer", RULES)
def test_recovery_is_told(Estimator, variant, optimizer, container, problem_for):
    """A learning rate that diverges is answered by a warning and a smaller rate, which the model records."""
    X, y, _ = problem_for(Estimator, columns="raw")
    model = Estimator(variant, optimizer=optimizer, preconditioner=None, learning_rate=1e6, max_iter=20, tol=None, random_state=0)
    with pytest.warns(ConvergenceWarning, match="learning_rate"):
        model.fit(container(X), y)
    assert model.learning_rate_ < 1e6


@pytest.mark.parametrize("optimizer", ["gd", "momentum", "nesterov"])
def test_recovery_ends(optimizer, rng):
    """An epoch that met low values on its way up is no point to go back to: the rate is halved until it is small enough."""
    Z = rng.normal(size=(400, 5))
    X, y = Z + np.array([0, 0, 0, 0, 30]), Z.sum(axis=1) + rng.normal(size=400)
    for learning_rate in 0.1 * 2.0 ** np.arange(-5, 1):
        for seed in range(10):
            model = GDLinearRegressor(
                "mini-batch", batch_size=200, optimizer=optimizer, preconditioner=None, learning_rate=learning_rate, tol=None,
                max_iter=40, random_state=seed,
            )  # fmt: skip
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(X, y)
            assert model.learning_rate_ > 1e-6
            assert model.score(X, y) > 0


@pytest.mark.parametrize("preconditioner", ["auto", None])
@pytest.mark.parametrize("columns", ["well", "raw"])
@every_method
def test_automatic_rate_is_safe(Estimator, variant, optimizer, columns, preconditioner, container, problem_for):
    """No warning says that learning_rate="auto" was too large."""
    X, y, sample_weight = problem_for(Estimator, columns=columns, weighted=True)
    model = Estimator(
        variant, optimizer=optimizer, preconditioner=preconditioner, batch_size=BATCH_SIZE[variant], tol=None,
        max_iter=20, random_state=0,
    )  # fmt: skip
    model.fit(container(X), y, sample_weight=sample_weight)


def test_converged_and_its_contrary(Estimator, variant, problem_for):
    """Too few epochs: a ConvergenceWarning, converged_ False, a reason. Enough: no warning, True, another reason."""
    X, y, _ = problem_for(Estimator, columns="correlated")
    few = Estimator(variant, optimizer="gd", preconditioner=None, max_iter=2, random_state=0)
    with pytest.warns(ConvergenceWarning, match="max_iter"):
        few.fit(X, y)
    enough = Estimator(variant, random_state=0).fit(X, y)
    assert not few.converged_
    assert enough.converged_
    assert few.n_iter_ == 2
    assert enough.n_iter_ < enough.max_iter
    assert isinstance(few.stop_reason_, str)
    assert few.stop_reason_ != enough.stop_reason_
    assert enough.optimality_ <= enough.tol < few.optimality_


def test_loss_curve(Estimator, variant, container, problem_for, Judge):
    """loss_curve_ has one F per epoch; in the batch variant it never rises and ends at the model's F."""
    X, y, sample_weight = problem_for(Estimator, columns="raw", weighted=True)
    model = Estimator(variant, alpha=0.01, random_state=0).fit(container(X), y, sample_weight=sample_weight)
    judge = Judge(X, y, sample_weight, alpha=0.01)
    assert len(model.loss_curve_) - model.n_iter_ in (0, 1)
    null = judge.value(*judge.constant)
    if variant == "batch":
        assert np.all(np.diff(model.loss_curve_) <= 1e-9 * null)
    assert_allclose(model.loss_curve_[-1], judge(model), rtol=1e-6 if variant == "batch" else 0.05)


def test_refit_forgets(Estimator, variant, problem_for):
    """Without warm_start a second fit gives what a first one gives."""
    X, y, _ = problem_for(Estimator)
    other, z, _ = problem_for(Estimator, n_features=3)
    fresh = Estimator(variant, random_state=0, max_iter=3, tol=None).fit(X, y)
    model = Estimator(variant, random_state=0, max_iter=3, tol=None).fit(other, z).fit(X, y)
    assert_array_equal(model.coef_, fresh.coef_)
    model.set_params(warm_start=True).fit(X, y).set_params(warm_start=False).fit(X, y)
    assert_array_equal(model.coef_, fresh.coef_)


def test_separable_classes(variant, container, rng):
    """Where F has no minimiser the model still is finite and separates, and its probabilities are numbers."""
    X = rng.normal(size=(60, 3))
    y = (X[:, 0] > 0).astype(int)
    model = GDLogisticClassifier(variant, alpha=0.0, max_iter=100, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(container(X), y)
    assert model.score(X, y) == 1.0
    assert np.isfinite(model.coef_).all()
    assert np.isfinite(model.predict_proba(X)).all()


def test_constant_target(variant, container, rng):
    """A target that never changes is predicted, with zero coefficients, at once and without a warning."""
    X = rng.normal(size=(60, 3)) + 100.0
    model = GDLinearRegressor(variant).fit(container(X), np.full(60, 3.5))
    assert not np.any(model.coef_)
    assert model.intercept_ == pytest.approx(3.5)
    assert model.converged_
