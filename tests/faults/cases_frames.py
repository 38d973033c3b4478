"""Data frames."""

import datetime

import numpy as np
import pandas as pd
import polars as pl

from tests.faults.battery import LINEAR, LOGISTIC, each, either, fits, refused

NAMES = list("abcd")


def frame(X):
    """A frame of pandas."""
    return pd.DataFrame(X, columns=NAMES)


NUMERIC = {
    "pandas": frame,
    "pandas in float32": lambda X: frame(X.astype(np.float32)),
    "pandas of several dtypes": lambda X: frame(np.round(X)).astype({"a": int, "b": bool, "c": np.float32}),
    "nullable floats": lambda X: frame(X).astype("Float64"),
    "nullable integers": lambda X: frame(np.round(X)).astype("Int64"),
    "nullable booleans": lambda X: frame(X > 0).astype("boolean"),
    "sparse columns": lambda X: frame(np.where(X > 0, X, 0.0)).astype(pd.SparseDtype(float, 0.0)),
    "categories of numbers": lambda X: frame(X).assign(a=pd.Categorical(np.round(X[:, 0]))),
    "objects": lambda X: frame(X).astype(object),
    "an unusual index": lambda X: frame(X).set_index(pd.Index(np.arange(60)[::-1] * 7)),
    "names that are numbers": lambda X: pd.DataFrame(X, columns=[3, 1, 2, 0]),
    "polars": lambda X: pl.DataFrame(X, schema=NAMES),
    "polars in float32": lambda X: pl.DataFrame(X.astype(np.float32), schema=NAMES),
    "polars of several dtypes": lambda X: pl.DataFrame({"a": X[:, 0], "b": X[:, 1] > 0, "c": np.round(X[:, 2]).astype(int)}),
}
MISSING = {
    "pandas": lambda X: frame(np.where(X > 2, np.nan, X)),
    "nullable floats": lambda X: frame(X).astype("Float64").mask(X > 2),
    "nullable integers": lambda X: frame(np.round(X)).astype("Int64").mask(X > 1),
    "nullable booleans": lambda X: frame(X > 0).astype("boolean").mask(X > 1),
    "sparse columns": lambda X: frame(np.where(X > 2, np.nan, 0.0)).astype(pd.SparseDtype(float, 0.0)),
    "objects": lambda X: frame(X).astype(object).mask(X > 2, None),
    "polars": lambda X: pl.DataFrame(np.where(X > 2, np.nan, X), schema=NAMES),
    "polars as null": lambda X: pl.DataFrame({"a": [None, *X[1:, 0]], "b": X[:, 1]}),
}
NOT_NUMERIC = {
    "a column of words": lambda X: frame(X).assign(c="word"),
    "a category of words": lambda X: frame(X).assign(c=pd.Categorical(["x", "y"] * 30)),
    "a column of dates": lambda X: frame(X).assign(c=pd.date_range("2026", periods=60)),
    "a column of arrays": lambda X: frame(X).assign(c=[np.zeros(2)] * 60),
    "names of different types": lambda X: pd.DataFrame(X, columns=["a", 1, "c", 2.0]),
    "words of polars": lambda X: pl.DataFrame({"a": X[:, 0], "b": ["word"] * 60}),
    "categories of polars": lambda X: pl.DataFrame({"a": X[:, 0], "b": pl.Series(["x", "y"] * 30, dtype=pl.Categorical)}),
    "dates of polars": lambda X: pl.DataFrame({"a": pl.Series([datetime.date(2026, 1, 1)] * 60)}),
    "missing dates of polars": lambda X: pl.DataFrame({"a": pl.Series([None] * 60, dtype=pl.Date)}),
    "nothing but dates": lambda X: pd.DataFrame({"a": pd.date_range("2026", periods=60)}),
    "durations": lambda X: pd.DataFrame({"a": pd.to_timedelta(np.arange(60), unit="s")}),
    "complex columns": lambda X: frame(X + 1j),
}


@each(NUMERIC, fits(), "frame: {}", "{}: numbers in columns are rows of numbers")
def _(lab, make):
    table = make(lab.X)
    lab.fit(table, rows=np.asarray(table.to_numpy(), dtype=float))


@each(MISSING, refused(ValueError, TypeError), "frame with gaps: {}", "{}: what is missing is not zero")
def _(lab, make):
    lab.fit(make(lab.X))


@each(NOT_NUMERIC, refused(ValueError, TypeError), "frame: {}", "{} has to be encoded first")
def _(lab, make):
    lab.fit(make(lab.X))


@either()
def names_that_come_twice(lab):
    """Scikit-learn refuses them since it asks narwhals for them."""
    lab.fit(pd.DataFrame(lab.X, columns=["a", "b", "a", "b"]))


@each({"pandas": pd.Series, "polars": pl.Series, "an index": pd.Index}, fits(), "y as a series: {}", "y of {} is taken by position")
def _(lab, series):
    lab.fit(lab.X, series(lab.y), targets=lab.y)


@fits()
def weights_as_a_series(lab):
    """Taken by position, whatever the index says."""
    s = lab.rng.gamma(1.0, size=60)
    ours = lab.model().fit(frame(lab.X), pd.Series(lab.y), pd.Series(s, index=np.arange(60)[::-1]))
    np.testing.assert_array_equal(ours.coef_, lab.model().fit(lab.X, lab.y, s).coef_)


@refused(ValueError, TypeError)
def a_y_with_gaps(lab):
    """A target that is missing is none."""
    lab.fit(lab.X, pd.Series(lab.y).astype("Float64").mask(np.arange(60) == 3))


@fits(of=LINEAR)
def several_targets_in_a_frame(lab):
    """A column for each."""
    lab.fit(lab.X, pd.DataFrame({"a": lab.y, "b": -lab.y}), targets=np.column_stack([lab.y, -lab.y]))


@fits(of=LOGISTIC)
def labels_in_a_category(lab):
    """Also where the category has more values than there are."""
    y = np.where(lab.y, "yes", "no")
    lab.fit(lab.X, pd.Series(pd.Categorical(y, categories=["no", "perhaps", "yes"])), targets=y)


@either(ValueError, TypeError, of=LOGISTIC)
def nullable_labels(lab):
    """Integers that might be missing, but are not."""
    lab.fit(lab.X, pd.Series(lab.y).astype("Int64"), targets=lab.y)


@refused()
def columns_in_another_order(lab):
    """Predictions would take one feature for another."""
    lab.model().fit(frame(lab.X), lab.y).predict(frame(lab.X)[NAMES[::-1]])


@refused()
def a_column_that_is_missing(lab):
    """There is nothing to put in its place."""
    lab.model().fit(frame(lab.X), lab.y).predict(frame(lab.X)[NAMES[:3]])


@refused()
def a_column_too_many(lab):
    """Its coefficient is not known."""
    lab.model().fit(frame(lab.X), lab.y).predict(frame(lab.X).assign(e=1.0))


@refused()
def columns_of_other_names(lab):
    """They are other features."""
    lab.model().fit(frame(lab.X), lab.y).predict(frame(lab.X).rename(columns={"a": "z"}))


@fits(warns=(UserWarning,))
def names_that_come_and_go(lab):
    """Scikit-learn's warning about names, and the same predictions."""
    model = lab.model().fit(frame(lab.X), lab.y)
    np.testing.assert_array_equal(model.predict(lab.X), model.predict(frame(lab.X)))
