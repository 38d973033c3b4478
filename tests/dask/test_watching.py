"""A fit on a collection is watched, diagnosed and continued as one in memory is: scorers, callbacks, diagnosis, partial_fit."""

import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.metrics import get_scorer

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.estimators._held_out import LEAST, fingerprints
from sk_gd.sources.dask import Team

pytestmark = [
    pytest.mark.usefixtures("threads"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]


def watched(scorer, target="binary", **params):
    Estimator = GDLinearRegressor if target in ("regression", "multi-output") else GDLogisticClassifier
    return Estimator(early_stopping=scorer, max_iter=20, random_state=0, **params)


@pytest.mark.parametrize(("target", "scorer"), [
    ("binary", "roc_auc"), ("binary", "accuracy"), ("multinomial", "neg_log_loss"), ("multinomial", "balanced_accuracy"),
    ("regression", "r2"), ("multi-output", "neg_mean_absolute_error"),
])  # fmt: skip
def test_any_scorer(target, scorer, variant, make_problem, split):
    """It sees predictions of the very rows that were held out, with the user's weights, and the best coefficients come back."""
    X, y, s = make_problem(target, weighted=True)
    y = np.array(["low", "middle", "high"])[y] if target == "multinomial" else y
    model = watched(scorer, target, variant=variant, validation_fraction=0.3, record="path", alpha=1e-3)
    model.fit(split(X), split(y), split(s))
    held = model_of_held(model, X, y, s, scorer)
    assert_allclose(model.validation_scores_, held, rtol=1e-9)
    assert model.validation_scores_[model.best_iter_] == model.validation_scores_.max()


def model_of_held(model, X, y, s, scorer):
    """The scores along the path, on the rows that a fit of the same seed holds out, here."""
    seed = np.random.RandomState(0).randint(np.iinfo(np.int32).max)
    held = fingerprints(X, seed) < int(0.3 * 2**64) - 1 + LEAST
    scores = []
    for theta in model.coef_path_:
        at = type(model)().fit(X, y)
        at.coef_, at.intercept_ = (theta[:, :-1], theta[:, -1]) if at.coef_.ndim == 2 else (theta[0, :-1], theta[0, -1])
        scores.append(get_scorer(scorer)(at, X[held], y[held], sample_weight=s[held]))
    return scores


def test_a_scorer_on_rows_of_the_user(make_problem, split):
    """X_val is a collection, too, of classes with weights, which are no business of a scorer's."""
    X, y, _ = make_problem("binary", n_samples=200)
    by = {"class_weight": {1: 5.0}, "alpha": 1e-3}
    here = watched("neg_log_loss", **by).fit(X[:120], y[:120], X_val=X[120:], y_val=y[120:])
    there = watched("neg_log_loss", **by)
    there.fit(split(X[:120]), split(y[:120]), X_val=split(X[120:]), y_val=split(y[120:]))
    assert_allclose(there.validation_scores_, here.validation_scores_, rtol=1e-8)


def test_a_scorer_that_looks_at_rows(make_problem, split):
    """Those of a callable may: it gets them, dense."""
    X, y, _ = make_problem("binary")
    seen = []

    def scorer(model, X_held, y_held):
        seen.append((np.asarray(X_held), len(X_held), len(y_held), X_held.shape))
        return model.score(X_held, y_held)

    watched(scorer).fit(split(X), split(y))
    rows, n, n_targets, shape = seen[0]
    assert rows.shape == shape == (n, X.shape[1]) == (n_targets, X.shape[1])
    assert all((row == X).all(axis=1).any() for row in rows)
    watched(scorer).fit(da.from_array(X, chunks=(40, -1)).map_blocks(sparse.csr_matrix), da.from_array(y, chunks=40))
    assert_array_equal(seen[-1][0], rows)


def test_rows_stay_where_they_are(make_problem, split, monkeypatch):
    """A scorer costs a number for every row held out, not the row."""
    X, y, _ = make_problem("binary", n_samples=2000, n_features=50)
    largest, ask = [], Team.ask

    def weighed(team, name, *arguments):
        answers = ask(team, name, *arguments)
        largest.append(max((np.size(answer) for answer in answers), default=0) if name == "raw" else 0)
        assert name != "rows"
        return answers

    monkeypatch.setattr(Team, "ask", weighed)
    watched("roc_auc").fit(split(X), split(y))
    assert 0 < max(largest) < 200


def test_callbacks(make_problem, split, variant):
    """They run where fit was called, and may score the collection, or end the fit."""
    pytest.importorskip("sklearn.callback", reason="scikit-learn 1.9")
    from sklearn.callback import ScoringMonitor

    from sk_gd.callbacks import EarlyStopping, ValidationMonitor

    X, y, _ = make_problem("binary")
    monitor, held = ScoringMonitor(scoring="accuracy"), ValidationMonitor(X[:30], y[:30], scoring="neg_log_loss")
    model = GDLogisticClassifier(variant, optimizer="gd", max_iter=4, tol=None, random_state=0)
    model.set_callbacks(monitor, held).fit(split(X), split(y))
    for callback in (monitor, held):
        assert sum(row["task_name"] == "epoch" for row in callback.get_logs().data) == 4
    assert monitor.get_logs().data[-1]["accuracy"] == pytest.approx(model.score(X, y))
    model = GDLogisticClassifier(variant, tol=None, max_iter=50, random_state=0)
    model.set_callbacks(EarlyStopping("accuracy", n_iter_no_change=2)).fit(split(X), split(y))
    assert model.stop_reason_ == "A callback asked to stop."


@pytest.mark.parametrize("form", ["frame", "filtered"])
@pytest.mark.parametrize("target", ["binary", "multinomial", "multi-output"])
def test_callbacks_of_unknown_sizes(form, target, make_problem, split):
    """The fit has learned how many rows there are, so a scorer knows, and X_val of unknown sizes is brought here."""
    pytest.importorskip("sklearn.callback", reason="scikit-learn 1.9")
    from sklearn.callback import ScoringMonitor

    from sk_gd.callbacks import EarlyStopping, ValidationMonitor

    X, y, s = make_problem(target, weighted=True)
    if form == "frame":
        frames = pd.DataFrame(X, columns=list("abcde")), (pd.Series if y.ndim == 1 else pd.DataFrame)(y), pd.Series(s)
        later = [dd.from_pandas(frame, npartitions=3) for frame in frames]
    else:
        kept = split(X)[:, 0] > -0.5
        later, (X, y, s) = [split(part)[kept] for part in (X, y, s)], (part[X[:, 0] > -0.5] for part in (X, y, s))
    names = ["r2"] if target == "multi-output" else ["accuracy", "neg_log_loss"]
    Estimator = GDLinearRegressor if target == "multi-output" else GDLogisticClassifier

    def logged(X, y, s):
        monitors = ScoringMonitor(scoring=names), ValidationMonitor(X, y, sample_weight_val=s, scoring=names)
        stop = EarlyStopping(names[0], n_iter_no_change=3), EarlyStopping(names[0], n_iter_no_change=3, X_val=X, y_val=y)
        Estimator(optimizer="gd", tol=None, max_iter=6).set_callbacks(*monitors, *stop).fit(X, y, s)
        return [[row[name] for name in names] for monitor in monitors for row in monitor.get_logs().data]

    assert_allclose(logged(*later), logged(X, y, s), rtol=1e-6)


@pytest.mark.parametrize("target", ["regression", "multinomial"])
@pytest.mark.parametrize("params", [{}, {"optimizer": "gd", "preconditioner": None, "max_iter": 40, "tol": None}], ids=str)
def test_diagnosis(target, params, make_problem, split):
    """The same words and numbers as of rows in memory: duplicated and constant columns, L, the condition number."""
    X, y, s = make_problem(target, columns="raw", weighted=True)
    X = np.column_stack([X, 2 * X[:, 0] + 1, np.full(len(X), 7.0)])
    Estimator = GDLinearRegressor if target == "regression" else GDLogisticClassifier
    model = Estimator(**params).fit(X, y, s)
    found, expected = model.diagnose(split(X), split(y), split(s)), model.diagnose(X, y, s)
    assert str(found) == str(expected)
    assert found.names if not params else {"dominated", "redundant"} <= set(found.names)


def test_separated(make_problem, split):
    """Every row of every partition has to be right."""
    X = np.random.default_rng(0).normal(size=(90, 2))
    y = (X[:, 0] > 0).astype(int)
    model = GDLogisticClassifier(alpha=0.0, max_iter=40, tol=None).fit(X, y)
    found = model.diagnose(split(X), split(y)).names
    assert found == model.diagnose(X, y).names
    assert "separable" in found
    y[-1] = 1 - y[-1]
    assert "separable" not in model.diagnose(split(X), split(y)).names


def test_divergence_is_told(split, make_problem):
    """With the limit and the feature to blame, as in memory."""
    X, y, _ = make_problem(columns="raw")
    textbook = GDLinearRegressor(optimizer="gd", preconditioner=None, learning_rate=1e9, on_divergence="raise")
    messages = []
    for rows in ((X, y), (split(X), split(y))):
        with pytest.raises(FloatingPointError, match="2 / L") as error:
            textbook.fit(*rows)
        messages.append(str(error.value))
    assert messages[0] == messages[1]


@pytest.mark.parametrize("target", ["regression", "multinomial"])
def test_partial_fit(target, variant, make_problem, split):
    """The partitions are learned from as so many chunks, to the bit; empty ones are none."""
    X, y, s = make_problem(target, weighted=True)
    order = np.argsort(y, kind="stable")  # not all classes are in the first one
    X, y, s = X[order], np.array(["b", "a", "c"])[y[order]] if target == "multinomial" else y[order], s[order]
    Estimator = GDLinearRegressor if target == "regression" else GDLogisticClassifier
    chunks, whole = Estimator(variant, random_state=0), Estimator(variant, random_state=0)
    known = {"classes": np.unique(y)} if target == "multinomial" else {}
    ends = np.cumsum(split(y).chunks[0])
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        if end > start:
            chunks.partial_fit(X[start:end], y[start:end], sample_weight=s[start:end], **known)
    assert whole.partial_fit(split(X), split(y), sample_weight=split(s)) is whole
    assert_array_equal(whole.coef_, chunks.coef_)
    assert whole.t_ == chunks.t_
    chunks.partial_fit(X, y)
    whole.partial_fit(da.from_array(X, chunks=-1), da.from_array(y, chunks=-1))
    assert_array_equal(whole.coef_, chunks.coef_)


def test_partial_fit_of_frames(make_problem):
    """Names of the columns are remembered, and a collection that is refused changes nothing."""
    X, y, _ = make_problem("binary")
    frame = dd.from_pandas(pd.DataFrame(X, columns=list("abcde")).assign(y=y), npartitions=3)
    model = GDLogisticClassifier().partial_fit(frame[list("abcde")], frame["y"])
    assert_array_equal(model.feature_names_in_, list("abcde"))
    before = vars(model).copy()
    for bad in (frame[list("edcba")], frame[["a"]]):
        with pytest.raises(ValueError, match="feature"):
            model.partial_fit(bad, frame["y"])
    assert vars(model) == before


def test_partial_fit_is_all_or_nothing(make_problem, split):
    """A later partition that is refused leaves the estimator as it was."""
    X, y, _ = make_problem()
    X[-1, 0] = np.nan
    model = GDLinearRegressor()
    with pytest.raises(ValueError, match="NaN"):
        model.partial_fit(split(X), split(y))
    assert not hasattr(model, "coef_")
