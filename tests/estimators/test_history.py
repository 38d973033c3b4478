"""What a fit keeps of its way, and that a warm start goes on with it."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sk_gd.descent.history import COLUMNS, History
from sk_gd.schedules import SCHEDULES

TEXTBOOK = {"optimizer": "gd", "preconditioner": None, "learning_rate": 0.0005, "tol": None, "random_state": 0}


def test_columns(Estimator, variant, problem_for):
    """Every column has an entry for the start and one per epoch, the objective is the loss curve, time and updates only grow."""
    X, y, _ = problem_for(Estimator)
    model = Estimator(variant, max_iter=7, **TEXTBOOK).fit(X, y)
    assert tuple(model.history_) == COLUMNS
    assert {len(column) for column in model.history_.values()} == {model.n_iter_ + 1}
    assert_array_equal(model.history_["epoch"], np.arange(8))
    assert_array_equal(model.history_["updates"], model.t_ / 7 * np.arange(8))
    assert_array_equal(model.history_["objective"], model.loss_curve_)
    assert np.all(model.history_["rate"] == 0.0005)
    assert np.all(np.diff(model.history_["seconds"]) > 0)
    assert np.isnan(model.history_["validation_score"]).all()
    assert model.validation_scores_ is model.best_iter_ is None


def test_passes(Estimator, variant, problem_for):
    """A textbook's epoch is a pass; variance reduction takes a sweep and a full gradient; a line search a pass or more."""
    X, y, _ = problem_for(Estimator)
    plain = Estimator(variant, max_iter=7, **TEXTBOOK).fit(X, y).history_["passes"]
    assert_array_equal(np.diff(plain), 1.0)
    method = Estimator(variant, batch_size=9 if variant == "mini-batch" else "auto", tol=None, max_iter=4, random_state=0)
    passes = np.diff(method.fit(X, y).history_["passes"])
    assert passes[0] >= (1.0 if variant == "batch" else 2.0)
    calm = Estimator(variant, max_iter=7, **TEXTBOOK | {"warm_start": True}).fit(X, y).fit(X, y)
    assert_array_equal(np.diff(calm.history_["passes"]), 1.0)


@pytest.mark.parametrize("optimizer", ["auto", "gd"])
def test_gradient_norm(Estimator, variant, optimizer, problem_for, Judge):
    """The norm of the gradient of F where the epoch has computed it on all rows, nan where that would take another pass."""
    X, y, sample_weight = problem_for(Estimator, weighted=True)
    model = Estimator(variant, **(TEXTBOOK | {"optimizer": optimizer}), max_iter=4, record="path", alpha=0.1)
    norms = model.fit(X, y, sample_weight=sample_weight).history_["gradient_norm"]
    judge = Judge(X, y, sample_weight, alpha=0.1)
    noisy = variant != "batch" and optimizer == "gd"
    if variant == "mini-batch":
        noisy = False  # all rows fit into one batch
    for epoch, (coef, norm) in enumerate(zip(model.coef_path_[:, 0], norms, strict=True)):
        gradient = np.append(*judge.gradient(coef[:-1], coef[-1:]))
        assert np.isnan(norm) if noisy and epoch else norm == pytest.approx(np.linalg.norm(gradient), rel=1e-6, abs=1e-9)


def test_path(Estimator, variant, problem_for):
    """coef_path_ begins at the constant model, ends at the model, and each place is what a fit of so many epochs gives."""
    X, y, _ = problem_for(Estimator)
    model = Estimator(variant, max_iter=5, record="path", **TEXTBOOK).fit(X, y)
    assert model.coef_path_.shape == (6, 1, 6)
    assert_array_equal(model.path_epochs_, np.arange(6))
    assert not model.coef_path_[0, 0, :-1].any()
    for epochs in (1, 3, 5):
        shorter = Estimator(variant, max_iter=epochs, **TEXTBOOK).fit(X, y)
        assert shorter.coef_path_ is shorter.path_epochs_ is None
        assert_allclose(model.coef_path_[epochs, 0], np.append(shorter.coef_, shorter.intercept_), rtol=1e-12)
    assert Estimator(fit_intercept=False, record="path").fit(X, y).coef_path_.shape[1:] == (1, 5)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_warm_start_continues_every_schedule(Estimator, variant, schedule, problem_for):
    """Ten epochs and ten more are twenty, across a pickle, by every schedule, at the rates that the history tells."""
    X, y, sample_weight = problem_for(Estimator, weighted=True)
    params = TEXTBOOK | {"optimizer": "momentum", "schedule": schedule, "warm_start": True, "alpha": 0.01}
    halves = pickle.loads(pickle.dumps(Estimator(variant, max_iter=10, **params).fit(X, y, sample_weight=sample_weight)))
    halves.fit(X, y, sample_weight=sample_weight)
    whole = Estimator(variant, max_iter=20, **params).fit(X, y, sample_weight=sample_weight)
    assert_allclose(halves.coef_, whole.coef_, rtol=1e-9)
    assert_allclose(halves.loss_curve_, whole.loss_curve_, rtol=1e-9)


def test_thinned_path():
    """A path never outgrows its bound, covers the whole way evenly, and always ends at the end."""
    history = History(keep_path=True, path_size=40)
    for epoch in range(1000):
        history.append(np.full((2, 2), epoch), **(dict.fromkeys(COLUMNS, np.nan) | {"epoch": epoch}))
        epochs, path = history.places(epoch, np.full((2, 2), epoch))
        assert len(epochs) <= 11
        assert_array_equal(path[:, 0, 0], epochs)
        assert (epochs[0], epochs[-1]) == (0, epoch)
        assert len(set(np.diff(epochs[:-1]))) <= 1
    assert_array_equal(history["epoch"], np.arange(1000))


@pytest.mark.parametrize("optimizer", ["auto", "momentum"])
def test_warm_start_continues_the_history(Estimator, variant, optimizer, problem_for):
    """Ten epochs and ten more have the history of twenty; other data begin another one."""
    X, y, _ = problem_for(Estimator)
    params = TEXTBOOK | {"optimizer": optimizer, "record": "path", "warm_start": True}
    halves = Estimator(variant, max_iter=10, **params).fit(X, y).fit(X, y)
    whole = Estimator(variant, max_iter=20, **params).fit(X, y)
    for column in COLUMNS:
        if column != "seconds":
            assert_allclose(halves.history_[column], whole.history_[column], rtol=1e-9)
    assert np.all(np.diff(halves.history_["seconds"]) > 0)
    assert_allclose(halves.coef_path_, whole.coef_path_, rtol=1e-9)
    halves.fit(X[:-3], y[:-3])
    assert len(halves.loss_curve_) == 11
    assert halves.t_ > whole.t_
