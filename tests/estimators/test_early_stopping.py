"""Early stopping: who is held out, what is scored, when it ends, and what comes back."""

import pickle
import warnings

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import get_scorer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_gd import GDLinearRegressor, GDLogisticClassifier

METHODS = ["auto", "gd", "momentum", "svrg", "saga"]
RATE = {"batch": 0.05, "mini-batch": 0.05, "stochastic": 0.003}


def plain(variant, **params):
    """The textbook's descent, slow enough that its best validation score lies on the way."""
    held = {"optimizer": "gd", "preconditioner": None, "learning_rate": RATE[variant], "alpha": 0.0, "random_state": 0}
    return {"variant": variant, **held, **params}


@pytest.fixture
def overfit(rng):
    """Few rows, many columns, little to learn: a fit without a penalty has its best validation score on the way."""

    def draw(Estimator):
        X = rng.normal(size=(90, 40))
        y = X[:, 0] - X[:, 1] + 2.0 * rng.normal(size=90)
        y = y if Estimator is GDLinearRegressor else (y > 0).astype(int)
        return X[:50], y[:50], X[50:], y[50:]

    return draw


def loss_of(model, X, y, weights=None):
    """Mean loss by the formula."""
    if isinstance(model, GDLinearRegressor):
        return np.average((model.predict(X) - y) ** 2 / 2, weights=weights)
    return -np.average(model.predict_log_proba(X)[np.arange(len(y)), np.searchsorted(model.classes_, y)], weights=weights)


@pytest.mark.parametrize("optimizer", METHODS)
def test_best_weights_come_back(Estimator, variant, optimizer, overfit):
    """Each way to step ends where validation says so; coef_ is that of the epoch with the best score, which is its true score."""
    X, y, X_val, y_val = overfit(Estimator)
    if variant == "batch" and optimizer in ("svrg", "saga"):
        optimizer = "nesterov"
    size = {"batch_size": 7} if variant == "mini-batch" else {}
    rate = RATE[variant] / (10 if size or optimizer == "momentum" else 1)
    rate = "auto" if optimizer in ("auto", "svrg", "saga") else rate
    model = Estimator(**plain(variant, optimizer=optimizer, learning_rate=rate, early_stopping=True, record="path", **size))
    model.fit(X, y, X_val=X_val, y_val=y_val)
    assert "validation" in model.stop_reason_
    assert 0 <= model.best_iter_ < model.n_iter_ < 1000
    assert model.best_iter_ == np.argmax(model.validation_scores_)
    assert f"epoch {model.best_iter_}" in model.stop_reason_
    assert_allclose(np.append(model.coef_, model.intercept_), model.coef_path_[model.best_iter_, 0], rtol=1e-12)
    assert_allclose(model.validation_scores_[model.best_iter_], -loss_of(model, X_val, y_val), rtol=1e-9)
    assert_array_equal(model.validation_scores_, model.history_["validation_score"])
    assert not model.converged_


@pytest.mark.parametrize("scoring", ["named", "callable"])
def test_any_scorer(Estimator, variant, scoring, overfit):
    """Scores are those that the scorer gives a model of so many epochs: labels as the user wrote them, weights included."""
    X, y, X_val, y_val = overfit(Estimator)
    if Estimator is GDLogisticClassifier:
        y, y_val = np.array(["z", "a"])[y], np.array(["z", "a"])[y_val]
    weights = np.linspace(0.1, 3.0, len(y_val))
    name = "r2" if Estimator is GDLinearRegressor else "balanced_accuracy"
    scorer = get_scorer(name)
    seen = []

    def watched(model, X, y, sample_weight):
        seen.append((X, y, sample_weight))
        return scorer(model, X, y, sample_weight=sample_weight)

    model = Estimator(**plain(variant, early_stopping=name if scoring == "named" else watched, max_iter=6, tol=None))
    model.fit(X, y, X_val=X_val, y_val=y_val, sample_weight_val=weights)
    for epochs in range(1, model.n_iter_ + 1):
        shorter = Estimator(**plain(variant, max_iter=epochs, tol=None)).fit(X, y)
        assert_allclose(model.validation_scores_[epochs], scorer(shorter, X_val, y_val, sample_weight=weights), rtol=1e-9)
    for given in seen:
        for one, other in zip(given, (X_val, y_val, weights), strict=True):
            assert_array_equal(one, other)


def test_tol_and_patience(Estimator, variant, overfit):
    """n_iter_no_change epochs without a new best end the descent, sooner with a larger tol; tol=None runs all epochs."""
    X, y, X_val, y_val = overfit(Estimator)
    params = plain(variant, early_stopping=True)
    given = {"X_val": X_val, "y_val": y_val}
    model = Estimator(**params, tol=0.0, n_iter_no_change=7).fit(X, y, **given)
    assert model.n_iter_ == model.best_iter_ + 7
    loose = Estimator(**params, tol=0.3, n_iter_no_change=7).fit(X, y, **given)
    assert loose.n_iter_ < model.n_iter_
    scores = loose.validation_scores_
    assert scores[-7:].max() - scores[:-7].max() <= 0.3 * (scores.max() - scores[0])
    every = Estimator(**params, tol=None, max_iter=model.n_iter_ + 20).fit(X, y, **given)
    assert every.n_iter_ == every.max_iter
    assert_array_equal(every.validation_scores_[: model.n_iter_ + 1], model.validation_scores_)
    assert every.best_iter_ == np.argmax(every.validation_scores_)
    with pytest.warns(ConvergenceWarning, match="increase max_iter"):
        Estimator(**params, max_iter=1).fit(X, y, **given)


def test_weights_of_validation_rows(Estimator, variant, overfit):
    """A validation row of weight two is the row twice, of weight zero none; only the ratios count."""
    X, y, X_val, y_val = overfit(Estimator)
    times = np.arange(len(y_val)) % 4
    model = Estimator(**plain(variant, early_stopping=True, max_iter=5, tol=None))
    weighted = model.fit(X, y, X_val=X_val, y_val=y_val, sample_weight_val=times).validation_scores_
    tenfold = model.fit(X, y, X_val=X_val, y_val=y_val, sample_weight_val=10.0 * times).validation_scores_
    repeated = model.fit(X, y, X_val=np.repeat(X_val, times, axis=0), y_val=np.repeat(y_val, times)).validation_scores_
    unweighted = model.fit(X, y, X_val=X_val, y_val=y_val).validation_scores_
    assert_allclose(weighted, repeated, rtol=1e-12)
    assert_allclose(weighted, tenfold, rtol=1e-12)
    assert np.abs(weighted - unweighted).max() > 1e-3


def test_weights_of_rows_held_out(Estimator, variant, overfit):
    """A scorer sees the held-out rows with their own labels and weights, not the classes' weights; none where there are none."""
    X, y, *_ = overfit(Estimator)
    labels = y if Estimator is GDLinearRegressor else np.array(["no", "yes"])[y]
    weights = np.linspace(0.0, 3.0, len(y))
    seen = []

    def watched(model, X, y, sample_weight=None):
        seen.append((X, y, sample_weight))
        return 0.0

    balanced = {} if Estimator is GDLinearRegressor else {"class_weight": {"no": 5.0}}
    model = Estimator(**plain(variant, early_stopping=watched, validation_fraction=0.3, max_iter=2, tol=None, **balanced))
    model.fit(X, labels, sample_weight=weights)
    held, held_labels, held_weights = seen[-1]
    rows = [int(np.flatnonzero((row == X).all(axis=1))[0]) for row in held]
    assert len(rows) > 5
    assert_array_equal(held_labels, labels[rows])
    assert_array_equal(held_weights, weights[rows])
    model.fit(X, labels)
    assert seen[-1][2] is None


def test_class_weight_is_part_of_the_loss(variant, overfit):
    """The validation loss weighs the classes as F does."""
    X, y, X_val, y_val = overfit(GDLogisticClassifier)
    model = GDLogisticClassifier(**plain(variant, early_stopping=True, class_weight={0: 9.0}, max_iter=3, tol=None))
    model.fit(X, y, X_val=X_val, y_val=y_val)
    expected = -loss_of(model, X_val, y_val, np.where(y_val == 0, 9.0, 1.0))
    assert_allclose(model.validation_scores_[model.best_iter_], expected, rtol=1e-9)


@pytest.mark.parametrize("optimizer", ["auto", "gd", "momentum"])
@pytest.mark.parametrize("across_pickle", [False, True])
def test_ten_epochs_and_ten_more(Estimator, variant, optimizer, across_pickle, overfit):
    """A warm start remembers who was held out, the scores and the best epoch."""
    X, y, *_ = overfit(Estimator)
    params = {"variant": variant, "early_stopping": True, "tol": None, "optimizer": optimizer, "warm_start": True}
    halves = Estimator(max_iter=10, random_state=0, **params).fit(X, y)
    halves = pickle.loads(pickle.dumps(halves)) if across_pickle else halves
    halves.fit(X, y)
    whole = Estimator(max_iter=20, random_state=0, **params).fit(X, y)
    assert_allclose(halves.coef_, whole.coef_, rtol=1e-9)
    assert_allclose(halves.validation_scores_, whole.validation_scores_, rtol=1e-9)
    assert halves.best_iter_ == whole.best_iter_


def test_a_stopped_descent_stays_stopped(Estimator, variant, overfit):
    """A warm start of what validation has ended does not step again."""
    X, y, X_val, y_val = overfit(Estimator)
    model = Estimator(**plain(variant, early_stopping=True, warm_start=True)).fit(X, y, X_val=X_val, y_val=y_val)
    coef, best = model.coef_, model.best_iter_
    model.fit(X, y, X_val=X_val, y_val=y_val)
    assert model.n_iter_ == 0
    assert model.best_iter_ == best
    assert_array_equal(model.coef_, coef)


def test_rows_of_a_pipeline(Estimator, variant, overfit):
    """X_val goes through the steps before, by transform_input and metadata routing."""
    X, y, X_val, y_val = overfit(Estimator)
    weights = np.linspace(0.5, 2.0, len(y_val))
    with sklearn.config_context(enable_metadata_routing=True):
        model = Estimator(**plain(variant, early_stopping=True))
        model.set_fit_request(X_val=True, y_val=True, sample_weight_val=True, sample_weight=True)
        pipe = Pipeline(
            [("scale", StandardScaler().set_fit_request(sample_weight=False)), ("fit", model)], transform_input=["X_val"]
        )
        pipe.fit(X, y, X_val=X_val, y_val=y_val, sample_weight_val=weights)
    scale = StandardScaler().fit(X)
    alone = Estimator(**plain(variant, early_stopping=True))
    alone.fit(scale.transform(X), y, X_val=scale.transform(X_val), y_val=y_val, sample_weight_val=weights)
    assert_allclose(pipe[-1].validation_scores_, alone.validation_scores_, rtol=1e-12)
    assert_allclose(pipe[-1].coef_, alone.coef_, rtol=1e-12)
    inner = make_pipeline(StandardScaler(), Estimator(**plain(variant, early_stopping=True))).fit(X, y)
    assert inner[-1].best_iter_ > 0


def test_frames_and_scorers(Estimator, overfit):
    """Named columns reach the validation without a warning, and the wrong names are refused."""
    pandas = pytest.importorskip("pandas")
    X, y, X_val, y_val = overfit(Estimator)
    names = [f"column {j}" for j in range(40)]
    frame, frame_val = pandas.DataFrame(X, columns=names), pandas.DataFrame(X_val, columns=names)
    name = "r2" if Estimator is GDLinearRegressor else "roc_auc"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Estimator(**plain("batch", early_stopping=name)).fit(frame, y, X_val=frame_val, y_val=y_val)
    with pytest.raises(ValueError, match="feature names"):
        Estimator(early_stopping=True).fit(frame, y, X_val=frame_val[names[::-1]], y_val=y_val)


BAD = {
    "nobody looks": ({"early_stopping": False}, {}, "early_stopping=False"),
    "no y_val": ({}, {"y_val": None}, "X_val and y_val must be given together"),
    "no X_val": ({}, {"X_val": None}, "X_val and y_val must be given together"),
    "too few columns": ({}, {"X_val": np.zeros((40, 3))}, "3 features"),
    "nan": ({}, {"X_val": np.full((40, 40), np.nan)}, "NaN"),
    "too few rows": ({}, {"y_val": np.array([0, 1])}, "inconsistent numbers of samples"),
    "weights of others": ({}, {"sample_weight_val": np.ones(3)}, "sample_weight"),
    "no weight": ({}, {"sample_weight_val": np.zeros(40)}, "zero"),
    "scorer says nan": ({"early_stopping": lambda model, X, y: np.nan}, {}, "validation score is nan"),
}


@pytest.mark.parametrize("case", BAD.values(), ids=BAD.keys())
def test_bad_validation(Estimator, case, overfit):
    """Rows that cannot be validated on are refused, and the old model stays."""
    params, spoilt, match = case
    X, y, X_val, y_val = overfit(Estimator)
    model = Estimator().fit(X, y)
    before = model.coef_
    model.set_params(**({"early_stopping": True} | params))
    with pytest.raises(ValueError, match=match):
        model.fit(X, y, **({"X_val": X_val, "y_val": y_val} | spoilt))
    assert_array_equal(model.coef_, before)


def test_scorers_that_do_not_fit(overfit):
    """The parameter is named when its scorer cannot score such a model."""
    X, y, *_ = overfit(GDLinearRegressor)
    for Estimator, scorer, target in ((GDLinearRegressor, "roc_auc", y), (GDLogisticClassifier, "f1", (y > 0).astype(str))):
        with pytest.raises(ValueError, match=r"early_stopping=make_scorer.*: choose another\. .*(predict_proba|pos_label)"):
            Estimator(early_stopping=scorer).fit(X, target)
    with pytest.raises(ValueError, match=r"early_stopping=<function .*: choose another\. .*'good'"):
        GDLinearRegressor(early_stopping=lambda model, X, y: "good").fit(X, y)


def test_other_targets(overfit):
    """Labels that y does not have, and targets of another number, are refused."""
    X, y, X_val, y_val = overfit(GDLogisticClassifier)
    with pytest.raises(ValueError, match=r"among those of the fit, .*got \[7\]"):
        GDLogisticClassifier(early_stopping=True).fit(X, y, X_val=X_val, y_val=np.where(y_val, 7, 0))
    with pytest.raises(ValueError, match="row of y_val"):
        GDLinearRegressor(early_stopping=True).fit(X, y.astype(float), X_val=X_val, y_val=np.column_stack([y_val, y_val]))
