"""Input that is not what a fit can read."""

import decimal
import fractions

import numpy as np
from scipy import sparse
from sklearn.exceptions import DataConversionWarning

from tests.faults.battery import LINEAR, LOGISTIC, each, either, fits, refused


def put(array, value, at=(2, 1)):
    """A copy of the array with a value somewhere in it."""
    copied = np.array(array, dtype=np.result_type(array, np.asarray(value).dtype) if not isinstance(value, str) else object)
    copied[at if copied.ndim == 2 else at[0]] = value
    return copied


BAD_X = {
    "nan": lambda X: put(X, np.nan),
    "infinity": lambda X: put(X, np.inf),
    "minus infinity": lambda X: put(X, -np.inf),
    "only nan": lambda X: np.full_like(X, np.nan),
    "both infinities": lambda X: put(put(X, np.inf), -np.inf, (3, 1)),
    "infinite float32": lambda X: put(X.astype(np.float32), np.float32(np.inf)),
    "long double beyond float64": lambda X: put(X, np.longdouble("1e4000")),
    "nan in a sparse matrix": lambda X: sparse.csr_array(put(X, np.nan)),
    "infinity in a csc matrix": lambda X: sparse.csc_array(put(X, np.inf)),
    "text": lambda X: put(X, "much"),
    "complex numbers": lambda X: X + 0j,
    "a complex sparse matrix": lambda X: sparse.csr_array(X + 1j),
    "no rows": lambda X: X[:0],
    "no columns": lambda X: X[:, :0],
    "a sparse matrix without columns": lambda X: sparse.csr_array(X[:, :0]),
    "one dimension": lambda X: X[:, 0],
    "three dimensions": lambda X: X[None],
    "a number": lambda X: 3.0,
    "fewer rows than y": lambda X: X[:-1],
    "more rows than y": lambda X: np.vstack([X, X]),
    "rows of different lengths": lambda X: [*X[:-1].tolist(), [1.0, 2.0]],
    "masked entries": lambda X: np.ma.masked_greater(X, 1.0),
    "None among numbers": lambda X: put(X.astype(object), None),
    "an empty list": lambda X: [],
    "missing decimals": lambda X: put(X.astype(object), decimal.Decimal("NaN")),
}
BAD_TYPE = {
    "None as X": lambda X: None,
    "a dict": lambda X: {"a": X},
    "a generator": lambda X: (row for row in X),
    "a set": lambda X: {1.0, 2.0},
    "a str": lambda X: "rows",
    "bytes": lambda X: b"rows",
    "a numpy matrix": lambda X: np.asmatrix(X),
    "structured records": lambda X: np.zeros(60, dtype=[("a", float), ("b", float)]),
    "dates": lambda X: (1e9 * X).astype("datetime64[s]"),
    "durations": lambda X: (100 * X).astype("timedelta64[s]"),
    "an object": lambda X: object(),
    "a function": lambda X: np.sin,
}
BAD_Y = {
    "nan": lambda y: put(y.astype(float), np.nan),
    "infinity": lambda y: put(y.astype(float), np.inf),
    "masked entries": lambda y: np.ma.masked_greater(y, 0.5),
    "one too few": lambda y: y[:-1],
    "no entries": lambda y: y[:0],
    "three dimensions": lambda y: np.zeros((60, 2, 2)),
    "a number": lambda y: 1.0,
    "complex numbers": lambda y: y + 1j,
    "a sparse column": lambda y: sparse.csr_array(np.asarray(y, dtype=float)[:, None]),
    "None": lambda y: None,
    "dates": lambda y: (1e9 * y).astype("datetime64[s]"),
    "no columns": lambda y: np.zeros((60, 0)),
}
BAD_WEIGHTS = {
    "negative": lambda s: put(s, -1.0),
    "all zero": np.zeros_like,
    "all negative": lambda s: -s,
    "nan": lambda s: put(s, np.nan),
    "infinite": lambda s: put(s, np.inf),
    "one too few": lambda s: s[:-1],
    "in two columns": lambda s: np.column_stack([s, s]),
    "text": lambda s: np.array(["much"] * len(s)),
    "complex": lambda s: s + 1j,
    "masked": lambda s: np.ma.masked_greater(s, 1.0),
    "sparse": lambda s: sparse.csr_array(s[:, None]),
}


@each(BAD_X, refused(), "x with {}", "{} in X cannot be read as finite rows of numbers")
def _(lab, spoil):
    lab.fit(spoil(lab.X))


@each(BAD_TYPE, refused(ValueError, TypeError), "{} for x", "{} holds no rows of numbers")
def _(lab, spoil):
    lab.fit(spoil(lab.X))


@each(BAD_Y, refused(ValueError, TypeError), "y of {}", "{} cannot be targets or labels of these rows")
def _(lab, spoil):
    lab.fit(lab.X, spoil(lab.y)) if spoil(lab.y) is not None else lab.model().fit(lab.X, None)


@each(BAD_WEIGHTS, refused(ValueError, TypeError), "weights that are {}", "{} weights have no meaning")
def _(lab, spoil):
    lab.fit(lab.X, sample_weight=spoil(lab.rng.gamma(1.0, size=60)))


@fits()
def nested_lists(lab):
    """Lists of lists are rows."""
    lab.fit(lab.X.tolist(), lab.y.tolist(), targets=lab.y)


@fits()
def tuples_of_tuples(lab):
    """So are tuples."""
    lab.fit(tuple(map(tuple, lab.X)), tuple(lab.y), targets=lab.y)


@fits()
def a_masked_array_without_masked_entries(lab):
    """Nothing is missing in it."""
    lab.fit(np.ma.masked_greater(lab.X, 1e9))


@fits()
def decimals_and_fractions(lab):
    """Objects that are numbers are read as numbers."""
    lab.fit([[decimal.Decimal(a), fractions.Fraction(b), c, d] for a, b, c, d in lab.X.tolist()], rows=lab.X)


@either(ValueError, TypeError)
def numbers_as_text(lab):
    """NumPy reads them, and scikit-learn would rather not."""
    lab.fit(lab.X.astype(str), rows=lab.X)


@fits(of=LINEAR)
def a_constant_y(lab):
    """The constant model is the answer."""
    lab.fit(lab.X, np.full(60, 7.0))


@fits(of=LINEAR)
def y_of_zeros(lab):
    """Nothing to be gained is no reason to divide by it."""
    lab.fit(lab.X, np.zeros(60))


@refused(of=LINEAR)
def text_as_targets(lab):
    """Words are no numbers."""
    lab.fit(lab.X, np.array(["much"] * 60))


@fits(of=LOGISTIC, warns=(DataConversionWarning,))
def labels_in_a_column(lab):
    """They are flattened, with scikit-learn's warning."""
    lab.fit(lab.X, lab.y[:, None], targets=lab.y)


@fits()
def a_single_number_as_weight(lab):
    """All rows count the same."""
    lab.model().fit(lab.X, lab.y, sample_weight=2.0)


@fits()
def weights_in_a_list(lab):
    """Integers too."""
    lab.fit(lab.X, sample_weight=[1, 2, 3] * 20)


@refused()
def validation_rows_without_targets(lab):
    """Half of them is nothing to validate on."""
    lab.model(early_stopping=True).fit(lab.X, lab.y, X_val=lab.X)


@refused()
def validation_rows_that_nobody_looks_at(lab):
    """They would be ignored in silence."""
    lab.model().fit(lab.X, lab.y, X_val=lab.X, y_val=lab.y)


@refused()
def validation_rows_of_another_width(lab):
    """They are rows of another problem."""
    lab.model(early_stopping=True).fit(lab.X, lab.y, X_val=lab.X[:, :3], y_val=lab.y)
