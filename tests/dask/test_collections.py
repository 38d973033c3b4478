"""Arrays and frames, cut in any way; what does not fit is refused by name; predictions are lazy."""

import warnings

import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from sk_gd import GDLinearRegressor, GDLogisticClassifier, LearningRateDisplay


@pytest.fixture
def rows(make_problem):
    X, y, _ = make_problem("binary")
    return X, y, GDLogisticClassifier(tol=1e-10).fit(X, y)


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("chunks", [(30, 2), (120, 5), (50, 5)], ids=str)
def test_chunks(chunks, rows):
    """Columns in several chunks are joined; y cut otherwise is cut as X is."""
    X, y, expected = rows
    model = GDLogisticClassifier(tol=1e-10).fit(da.from_array(X, chunks=chunks), da.from_array(y, chunks=45))
    assert_allclose(model.coef_, expected.coef_, rtol=1e-6)


@pytest.mark.usefixtures("threads")
def test_unknown_chunks(rows):
    """Partitions whose number of rows no one knows before."""
    X, y, _ = rows
    A, b = da.from_array(X, chunks=(30, -1)), da.from_array(y, chunks=30)
    kept = A[:, 0] > -0.5
    model = GDLogisticClassifier(tol=1e-10).fit(A[kept], b[kept])
    kept = X[:, 0] > -0.5
    assert_allclose(model.coef_, GDLogisticClassifier(tol=1e-10).fit(X[kept], y[kept]).coef_, rtol=1e-6)
    unknown, known = A[A[:, 0] > -np.inf], GDLogisticClassifier(tol=1e-10).fit(A, b)  # the sizes of y alone are known
    assert_array_equal(GDLogisticClassifier(tol=1e-10).fit(unknown, b).coef_, known.coef_)
    predicted = model.predict_proba(A[A[:, 0] > -0.5])
    assert predicted.shape[1] == 2
    assert_allclose(predicted.compute(), model.predict_proba(X[kept]))


@pytest.mark.usefixtures("threads")
def test_frames(rows):
    """A frame of dask.dataframe with a series of labels; names of the columns are remembered and looked at."""
    X, y, expected = rows
    frame = dd.from_pandas(pd.DataFrame(X, columns=list("abcde")).assign(y=y), npartitions=3)
    model = GDLogisticClassifier(tol=1e-10).fit(frame[list("abcde")], frame["y"], frame["y"] * 0 + 2.0)
    assert_allclose(model.coef_, expected.coef_, rtol=1e-6)
    assert_array_equal(model.feature_names_in_, list("abcde"))
    later, now = model.predict(frame[list("abcde")]), expected.predict(X)
    assert isinstance(later, da.Array)
    assert (later.dtype, later._meta.dtype, later.ndim) == (now.dtype, now.dtype, now.ndim)
    assert_array_equal(later.compute(), now)
    assert_allclose(model.predict_proba(frame[list("abcde")]).compute(), expected.predict_proba(X), rtol=1e-6)
    words = frame.assign(c=frame["y"].astype(str) + "x")
    with pytest.raises(ValueError, match=r"In partition \d: .*words in column 'c'.*OneHotEncoder"):
        GDLogisticClassifier().fit(words[["a", "c"]], frame["y"])
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[list("edcba")])


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_log_proba", "decision_function"])
def test_predictions_are_lazy(method, rows, split):
    """With the shape, dtype and kind that they turn out to have."""
    X, _, model = rows
    now, later = getattr(model, method)(X), getattr(model, method)(split(X))
    assert isinstance(later, da.Array)
    assert (later.shape, later.dtype, later._meta.ndim) == (now.shape, now.dtype, now.ndim)
    assert_array_equal(later.compute(), now)


@pytest.mark.usefixtures("threads")
def test_score(make_problem, split):
    """Scores read predictions and targets."""
    X, y, _ = make_problem()
    model = GDLinearRegressor().fit(split(X), split(y))
    assert model.score(split(X), split(y)) == pytest.approx(model.score(X, y))


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("form", ["known", "filtered", "frame"])
def test_score_of_unknown_sizes(form, weighted, make_problem, split):
    """By sums over partitions, some of them empty, whose sizes nobody knows before."""
    for target, kind in (("binary", GDLogisticClassifier), ("multi-output", GDLinearRegressor), ("regression", GDLinearRegressor)):
        X, y, s = make_problem(target, weighted=True)
        model, kept = kind(max_iter=3, tol=None).fit(X, y), X[:, 0] > -0.5
        parts = [X, y, *[s] * weighted]
        if form == "frame":
            later = [dd.from_pandas(pd.DataFrame(part) if part.ndim == 2 else pd.Series(part), npartitions=3) for part in parts]
            kept[:] = True
        else:
            later = [split(part) for part in parts]
        if form == "filtered":
            known = later[0][:, 0] > -0.5
            later, parts = [part[known] for part in later], [part[kept] for part in parts]
        assert model.score(*later) == pytest.approx(model.score(*parts), rel=1e-12)


@pytest.mark.usefixtures("threads")
def test_score_refuses(rows, split):
    """Rows that do not match, and collections without any."""
    X, y, model = rows
    A, b = split(X), split(y)
    with pytest.raises(ValueError, match="y must be a Dask array or frame"):
        model.score(A, y)
    with pytest.raises(ValueError, match="rows, but that of y has"):
        model.score(A[A[:, 0] > 0], b[A[:, 1] > 0])
    with pytest.raises(ValueError, match="Found 0 samples"):
        model.score(A[A[:, 0] > 1e9], b[A[:, 0] > 1e9])


def bad(name, X, y):
    A, b = da.from_array(X, chunks=(40, -1)), da.from_array(y, chunks=40)
    nan = X.copy()
    nan[50, 2] = np.nan
    known = A[:, 0] > 0
    return {
        "y in memory": lambda: (A, y, "must be a Dask array or frame"),
        "rows": lambda: (A, b[:100], "120 rows, but y has 100"),
        "partitions": lambda: (A[known], da.from_array(y, chunks=30)[:60], "4 partitions|3 partitions"),
        "unknown rows": lambda: (A[known], b[A[:, 1] > 0], r"In partition \d: X has \d+ rows, but y has"),
        "nan": lambda: (da.from_array(nan, chunks=(40, -1)), b, "In partition 1: Input X contains NaN"),
        "one class": lambda: (A, b * 0, "only one class"),
        "dimensions": lambda: (A[:, 0], b, "two dimensions"),
        "three": lambda: (A[:, :, None], b, "two dimensions"),
        "empty": lambda: (A[A[:, 0] > 1e9], b[A[:, 0] > 1e9], "0 sample"),
        "floats": lambda: (A, b + 0.5 * da.random.random(120, chunks=40), "Unknown label type"),
    }[name]()


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize(
    "name",
    ["y in memory", "rows", "partitions", "unknown rows", "nan", "one class", "dimensions", "three", "empty", "floats"],
)
def test_refused(name, rows):
    """What is wrong, and in which partition; the estimator is left as it was."""
    X, y, fitted = rows
    A, b, message = bad(name, X, y)
    model = clone(fitted).fit(X, y)
    before = vars(model).copy()
    with pytest.raises(ValueError, match=message):
        model.fit(A, b)
    assert vars(model) == before


@pytest.mark.usefixtures("threads")
def test_refused_weights(rows, split):
    """Negative ones by their partition, and none at all."""
    X, y, _ = rows
    for s, message in ((np.arange(120.0) - 5, "In partition 0: .*[Nn]egative"), (np.zeros(120), "at least one non-zero|2 classes")):
        with pytest.raises(ValueError, match=message):
            GDLogisticClassifier().fit(split(X), split(y), split(s))


@pytest.mark.usefixtures("threads")
def test_in_memory_only(rows, split):
    """What reads rows in memory says so."""
    X, y, model = rows
    with pytest.raises(ValueError, match="beside one as X_val"):
        GDLogisticClassifier(early_stopping=True).fit(X, y, X_val=split(X), y_val=split(y))
    with pytest.raises(ValueError, match="Give some of the rows"):
        LearningRateDisplay.from_estimator(model, split(X), split(y))


@pytest.mark.usefixtures("threads")
def test_early_stopping(rows, split, variant):
    """On rows held out by their values, on a collection, or on arrays with a scorer; the best coefficients come back."""
    X, y, _ = rows
    by = {"random_state": 0, "max_iter": 30}
    for model, validation in (
        (GDLogisticClassifier(variant, early_stopping=True, validation_fraction=0.3, **by), {}),
        (GDLogisticClassifier(variant, early_stopping=True, **by), {"X_val": split(X), "y_val": split(y)}),
        (GDLogisticClassifier(variant, early_stopping="accuracy", **by), {"X_val": X, "y_val": y}),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(split(X), split(y), **validation)
        assert model.validation_scores_[model.best_iter_] == np.nanmax(model.validation_scores_)
    again = clone(model).set_params(early_stopping=True, validation_fraction=0.3)
    one = clone(again).fit(split(X), split(y))
    other = clone(again).fit(da.from_array(X, chunks=(50, -1)), da.from_array(y, chunks=50))
    assert one._n_rows == other._n_rows
    assert one.validation_scores_[0] == pytest.approx(other.validation_scores_[0])  # the same rows, however cut


@pytest.mark.usefixtures("threads")
def test_no_row_to_validate_on(split, make_problem):
    """So few that the fraction is none."""
    X, y, _ = make_problem(n_samples=4)
    with pytest.raises(ValueError, match="to validate on"):
        GDLinearRegressor(early_stopping=True, validation_fraction=1e-6).fit(split(X), split(y))
