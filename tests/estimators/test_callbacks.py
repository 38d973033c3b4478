"""scikit-learn's callbacks on our estimators, and ours on anybody's."""

import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_gd import GDLinearRegressor
from sk_gd.callbacks import EarlyStopping, ValidationMonitor

callback = pytest.importorskip("sklearn.callback", reason="scikit-learn 1.9")
PLAIN = {"optimizer": "gd", "preconditioner": None, "learning_rate": 0.002, "tol": None, "random_state": 0}


class Diary:
    """Writes down what it is told; stops after some epochs, or raises an error there."""

    def __init__(self, stop=None, error=None):
        self.events, self.models, self.stop, self.error = [], [], stop, error

    def setup(self, estimator, context):
        self.events.append("setup")

    def teardown(self, estimator, context):
        self.events.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.events.append(f"begin {context.task_name} {context.task_id}")

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        self.events.append(f"end {context.task_name} {context.task_id}")
        self.models.append(fitted_estimator)
        if context.task_name == "epoch" and context.task_id + 1 == self.stop:
            if self.error:
                raise self.error
            return True
        return False


def scores_of(monitor, name):
    return np.array([row[name] for row in monitor.get_logs().data if row["task_name"] == "epoch"])


@pytest.mark.parametrize("optimizer", ["auto", "gd"])
def test_one_task_per_epoch(Estimator, variant, optimizer, problem_for):
    """A fit is a task with one task per epoch, each begun and ended in turn; the models told of are those on the way."""
    X, y, _ = problem_for(Estimator)
    diary = Diary()
    model = Estimator(variant, **(PLAIN | {"optimizer": optimizer}), max_iter=4, record="path").set_callbacks(diary).fit(X, y)
    epochs = [f"{what} epoch {k}" for k in range(4) for what in ("begin", "end")]
    assert diary.events == ["setup", "begin fit 0", *epochs, "end fit 0", "teardown"]
    for told, theta in zip(diary.models, [*model.coef_path_[1:, 0], np.append(model.coef_, model.intercept_)], strict=True):
        assert_allclose(np.append(told.coef_, told.intercept_), theta, rtol=1e-12)
        assert told.predict(X).shape == y.shape
    alone = Estimator(variant, **(PLAIN | {"optimizer": optimizer}), max_iter=4).fit(X, y)
    assert_array_equal(alone.coef_, model.coef_)


def test_no_task_without_a_callback(Estimator, variant, problem_for, monkeypatch):
    """A fit that nobody watches makes no context, neither for itself nor for an epoch."""
    X, y, _ = problem_for(Estimator)
    monkeypatch.setattr(Estimator, "_init_callback_context", None)
    model = Estimator(variant, random_state=0).fit(X, y)
    assert model.partial_fit(X, y) is model


def test_one_epoch_of_a_stream(Estimator, variant, problem_for):
    """Each call of partial_fit is a fit of one epoch on the rows that it was given, and the model told of is the one it makes."""
    X, y, _ = problem_for(Estimator)
    diary = Diary(stop=1)
    model = Estimator(variant, random_state=0).set_callbacks(diary)
    named = {"classes": np.unique(y)} if hasattr(model, "predict_proba") else {}
    for k in range(2):
        model.partial_fit(X[k::2], y[k::2], **named)
        assert diary.events == ["setup", "begin fit 0", "begin epoch 0", "end epoch 0", "end fit 0", "teardown"]
        assert_array_equal(diary.models[0].predict(X), model.predict(X))
        diary.events.clear(), diary.models.clear()
    silent = Estimator(variant, random_state=0)
    for k in range(2):
        silent.partial_fit(X[k::2], y[k::2], **named)
    assert_array_equal(silent.coef_, model.coef_)


def test_wish_to_stop(Estimator, variant, problem_for):
    """True from a callback ends the descent after that epoch, without a warning, and the reason says so."""
    X, y, _ = problem_for(Estimator)
    params = PLAIN | {"tol": 1e-9}
    model = Estimator(variant, **params).set_callbacks(Diary(stop=3)).fit(X, y)
    assert model.n_iter_ == 3
    assert "callback" in model.stop_reason_
    assert_array_equal(model.coef_, Estimator(variant, **PLAIN, max_iter=3).fit(X, y).coef_)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_error_in_a_callback(Estimator, variant, error, problem_for):
    """Callbacks are torn down, the old model stays, and the next fit works."""
    X, y, _ = problem_for(Estimator)
    model = Estimator(variant, **PLAIN, max_iter=5).fit(X, y)
    coef, diary = model.coef_, Diary(stop=2, error=error())
    with pytest.raises(error):
        model.set_callbacks(diary).fit(X[:, :2], y)
    assert diary.events[-1] == "teardown"
    assert model.coef_ is coef
    diary.error = None
    assert model.fit(X, y).n_iter_ == 2


def test_scoring_monitor(Estimator, variant, problem_for):
    """Alone: a score per epoch, of the rows and with the weights of the fit."""
    X, y, sample_weight = problem_for(Estimator, weighted=True)
    name = "r2" if Estimator is GDLinearRegressor else "neg_log_loss"
    monitor = callback.ScoringMonitor(scoring=name)
    Estimator(variant, **PLAIN, max_iter=3).set_callbacks(monitor).fit(X, y, sample_weight=sample_weight)
    for epochs, score in enumerate(scores_of(monitor, name), start=1):
        model = Estimator(variant, **PLAIN, max_iter=epochs).fit(X, y, sample_weight=sample_weight)
        assert_allclose(score, get_scorer(name)(model, X, y, sample_weight=sample_weight), rtol=1e-9)
    assert epochs == 3


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_grid_search_in_processes(Estimator, variant, n_jobs, problem_for, capsys):
    """ProgressBar on the search and ScoringMonitor inside its pipeline work, and the scores come back from the processes."""
    X, y, _ = problem_for(Estimator)
    name = "r2" if Estimator is GDLinearRegressor else "accuracy"
    monitor = callback.ScoringMonitor(scoring=name)
    pipe = make_pipeline(StandardScaler(), Estimator(variant, **PLAIN, max_iter=3).set_callbacks(monitor))
    search = GridSearchCV(pipe, {f"{Estimator.__name__.lower()}__alpha": [0.0, 1.0]}, cv=2, n_jobs=n_jobs)
    search.set_callbacks(callback.ProgressBar(max_propagation_depth=None)).fit(X, y)
    assert len(scores_of(monitor, name)) == (2 * 2 + 1) * 3
    assert Estimator.__name__ in capsys.readouterr().out


def test_progress_bar_alone(Estimator, variant, problem_for, capsys):
    """And on an estimator by itself."""
    X, y, _ = problem_for(Estimator)
    Estimator(variant, **PLAIN, max_iter=3).set_callbacks(callback.ProgressBar()).fit(X, y)
    assert "100%" in capsys.readouterr().out


def test_in_a_pipeline(Estimator, variant, problem_for, capsys):
    """A pipeline's bar shows the last step, which keeps its scores and ends when a callback asks it to."""
    X, y, _ = problem_for(Estimator)
    name = "r2" if Estimator is GDLinearRegressor else "accuracy"
    monitor, stop = callback.ScoringMonitor(scoring=name), Diary(stop=4)
    pipe = make_pipeline(StandardScaler(), Estimator(variant, **PLAIN, max_iter=9).set_callbacks(monitor, stop))
    pipe.set_callbacks(callback.ProgressBar(max_propagation_depth=None)).fit(X, y)
    assert pipe[-1].n_iter_ == len(scores_of(monitor, name)) == 4
    assert pipe[-1].stop_reason_ == "A callback asked to stop."
    assert Estimator.__name__ in capsys.readouterr().out
    assert_allclose(scores_of(monitor, name)[-1], get_scorer(name)(pipe, X, y))


def test_validation_monitor(Estimator, variant, problem_for):
    """Scores of other rows, with their weights, epoch by epoch: those of early_stopping with the same scorer."""
    X, y, sample_weight = problem_for(Estimator, weighted=True)
    held = {"X_val": X[80:], "y_val": y[80:], "sample_weight_val": sample_weight[80:]}
    name = "r2" if Estimator is GDLinearRegressor else "neg_log_loss"
    monitor = ValidationMonitor(**held, scoring=[name])
    model = Estimator(variant, **PLAIN, max_iter=5, early_stopping=name).set_callbacks(monitor)
    model.fit(X[:80], y[:80], **held)
    assert_allclose(scores_of(monitor, name), model.validation_scores_[1:], rtol=1e-9)
    plain = ValidationMonitor(X[80:], y[80:], scoring=name)
    model.set_callbacks(plain).fit(X[:80], y[:80], **held)
    assert np.abs(scores_of(plain, name) - scores_of(monitor, name)).max() > 1e-4


def test_validation_monitor_in_a_search(Estimator, problem_for):
    """The rows travel to the processes of a search, and the scores back."""
    X, y, _ = problem_for(Estimator)
    name = "r2" if Estimator is GDLinearRegressor else "accuracy"
    monitor = ValidationMonitor(X[80:], y[80:], scoring=name)
    model = Estimator("stochastic", **PLAIN, max_iter=2).set_callbacks(monitor)
    GridSearchCV(model, {"alpha": [0.1, 1.0]}, cv=2, n_jobs=2).fit(X[:80], y[:80])
    assert len(scores_of(monitor, name)) == (2 * 2 + 1) * 2


@pytest.mark.parametrize("weighted", [False, True])
def test_early_stopping(Estimator, variant, weighted, rng):
    """The descent ends n_iter_no_change epochs after the best score of any metric, on its rows or on others, weights included."""
    X = rng.normal(size=(90, 40))
    y = X[:, 0] + 2.0 * rng.normal(size=90)
    y = y if Estimator is GDLinearRegressor else (y > 0).astype(int)
    weights = rng.gamma(1.0, size=40) if weighted else None
    held = {"X_val": X[50:], "y_val": y[50:], "sample_weight_val": weights}
    name = "neg_mean_squared_error" if Estimator is GDLinearRegressor else "neg_log_loss"
    monitor = ValidationMonitor(**held, scoring=name)
    model = Estimator(variant, **(PLAIN | {"learning_rate": 0.01}), alpha=0.0)
    model.set_callbacks(monitor, EarlyStopping(name, n_iter_no_change=4, **held)).fit(X[:50], y[:50])
    scores = scores_of(monitor, name)
    assert model.n_iter_ == len(scores) == np.argmax(scores) + 1 + 4
    assert "callback" in model.stop_reason_
    model.set_callbacks(EarlyStopping(lambda model, X, y, sample_weight=None: 0.0, n_iter_no_change=2))
    assert model.fit(X, y).n_iter_ == 3
    model.set_callbacks(EarlyStopping(n_iter_no_change=2, min_delta=10.0))
    assert model.fit(X, y, sample_weight=np.ones(90)).n_iter_ == 3


def test_early_stopping_serves_a_whole_search(Estimator, variant, problem_for):
    """One callback on all clones: each fit begins anew."""
    X, y, _ = problem_for(Estimator)
    model = Estimator(variant, **PLAIN).set_callbacks(EarlyStopping(lambda model, X, y: 0.0, n_iter_no_change=2))
    for n_jobs in (1, 2):
        assert GridSearchCV(model, {"alpha": [0.0, 1.0]}, cv=2, n_jobs=n_jobs).fit(X, y).best_estimator_.n_iter_ == 3


def test_bad_early_stopping():
    """Half of the rows, or no patience, is refused."""
    with pytest.raises(ValueError, match="X_val and y_val must be given together"):
        EarlyStopping(X_val=np.ones((2, 2)))
    with pytest.raises(ValueError, match="n_iter_no_change must be 1 or more"):
        EarlyStopping(n_iter_no_change=0)


def test_warning_after_callbacks(Estimator, problem_for):
    """Where nobody asked to stop, the limit still warns."""
    X, y, _ = problem_for(Estimator)
    with pytest.warns(ConvergenceWarning, match="max_iter"):
        Estimator(**(PLAIN | {"tol": 1e-9}), max_iter=2).set_callbacks(Diary()).fit(X, y)


def test_without_callbacks_in_scikit_learn():
    """Where scikit-learn has none (1.8), the estimators work all the same, and the monitor says what it needs."""
    code = """if True:
        import sys, sklearn.linear_model
        sys.modules["sklearn.callback"] = None
        import numpy as np, sk_gd
        from sk_gd.callbacks import EarlyStopping, ValidationMonitor
        assert not hasattr(sk_gd.GDLinearRegressor, "set_callbacks")
        assert sk_gd.GDLinearRegressor().fit(np.arange(9.0)[:, None], np.arange(9.0)).converged_
        EarlyStopping("r2")
        try:
            ValidationMonitor(None, None, scoring="r2")
        except ImportError as error:
            assert "1.9" in str(error)
    """
    subprocess.run([sys.executable, "-P", "-c", code], check=True)  # -P: the installed package, not this folder's
