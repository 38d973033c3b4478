"""Tables are looked at and copied piece by piece; what comes in, and what is said, is what scikit-learn's check_array gives."""

import re
import signal
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn import get_config as settings
from sklearn.utils import validation
from sklearn.utils.validation import check_array, check_X_y

from sk_gd import GDLinearRegressor, _pieces
from sk_gd.estimators import _data, _labels
from sk_gd.estimators._data import check_rows

FLOATS = ["f8", "f4", ">f8", ">f4", "f2", "g"]
KINDS = [*FLOATS, "i1", "i8", ">i4", "u2", "?"]
LAYOUTS = {
    "C order": np.ascontiguousarray,
    "Fortran order": np.asfortranarray,
    "every other column": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "upside down": lambda X: X[::-1].copy()[::-1],
    "at an odd address": lambda X: np.frombuffer(b"-" + X.tobytes(), dtype=X.dtype, offset=1).reshape(X.shape),
    "a frame": lambda X: pd.DataFrame(X.astype(X.dtype.newbyteorder("="))),
    "a frame of columns": lambda X: pd.DataFrame({str(j): X.astype(X.dtype.newbyteorder("="))[:, j] for j in range(X.shape[1])}),
    "a frame of several kinds": lambda X: LAYOUTS["a frame"](X).astype({0: "i1", 4: "?"}),
    "a frame of float32, too": lambda X: LAYOUTS["a frame"](X).astype({0: "f4", 4: "i2"}),
    "a frame that knows missing values": lambda X: LAYOUTS["a frame"](X).astype({0: "Float64", 4: "Float32"}),
}
NUMBERS = {
    "sound": [],
    "NaN": [(40, 3, np.nan)],
    "infinity": [(40, 3, -np.inf)],
    "infinity, then NaN": [(3, 1, np.inf), (40, 3, np.nan)],
    "NaN, then infinity": [(3, 1, np.nan), (40, 3, np.inf)],
    "a sum that overflows": [(3, 1, "largest"), (3, 2, "largest")],
}


def outcome(call):
    """What came of it: an array and how it lies, or the words of an error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            rows = call()
    except ValueError as error:
        return str(error)
    assert rows.flags.c_contiguous
    return rows.dtype, rows.tobytes()


@pytest.fixture(params=[7, 2**18], ids=["pieces", "one piece"])
def _in_pieces(request, monkeypatch):
    """Numbers in a piece."""
    monkeypatch.setattr(_pieces, "PIECE", request.param)


@pytest.mark.usefixtures("_in_pieces")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("kind", "numbers"), [(kind, of) for kind in KINDS for of in NUMBERS if of == "sound" or kind in FLOATS])
def test_as_scikit_learn_checks(rng, kind, layout, numbers):
    """The same numbers, or the same words."""
    X = (10 * rng.normal(size=(50, 5))).astype(kind)
    for i, j, value in NUMBERS[numbers]:
        X[i, j] = np.finfo(kind).max if value == "largest" else value
    X, model = LAYOUTS[layout](X), GDLinearRegressor()
    words = {"estimator": model, "input_name": "X", "order": "C", "dtype": [np.float64, np.float32]}
    with np.errstate(over="ignore", invalid="ignore"):
        expected = outcome(lambda: check_array(X, **words))
    assert outcome(lambda: check_rows(model, X, reset=True)) == expected


def test_what_is_sound_is_not_copied(rng):
    """It is used where it lies."""
    X = rng.normal(size=(20, 3))
    assert check_rows(GDLinearRegressor(), X, reset=True) is X


def test_an_interrupt_between_two_pieces(rng, monkeypatch):
    """The rest is not looked at; the model is as it was."""
    X, seen = rng.normal(size=(50, 5)), []
    model = GDLinearRegressor().fit(X, X[:, 0])
    before = vars(model).copy()

    def look(rows):
        seen.append(rows)
        if len(seen) == 5:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(_pieces, "PIECE", 35)
    monkeypatch.setattr(_data, "assert_all_finite", look)
    with pytest.raises(KeyboardInterrupt):
        model.fit(np.asfortranarray(X[:, :4]), X[:, 0])
    assert [len(rows) for rows in seen] == [35, 15, 8, 8, 8]  # of y, then of X
    assert vars(model) == before


@pytest.mark.usefixtures("_in_pieces")
@pytest.mark.parametrize("kind", ["f8", "O"])
@pytest.mark.parametrize("container", [np.asarray, pd.DataFrame, sparse.csr_array])
def test_targets_are_refused_in_the_words_of_scikit_learn(rng, container, kind):
    """Of all of them, where the look at a piece has met what is not finite."""
    X, y = container(rng.normal(size=(50, 5))), rng.normal(size=50).astype(kind)
    y[3], y[40] = np.inf, np.nan
    with pytest.raises(ValueError, match=r"^Input.* contains (NaN|infinity)") as told:
        check_X_y(X, y, accept_sparse=True, y_numeric=True)
    with pytest.raises(ValueError, match=re.escape(str(told.value))):
        GDLinearRegressor().fit(X, y)


def test_targets_are_looked_at_in_pieces(rng, monkeypatch):
    """scikit-learn is told that they are finite."""
    X, y, sizes = rng.normal(size=(50, 5)), rng.normal(size=50), []
    monkeypatch.setattr(_pieces, "PIECE", 7)
    look = lambda x, *_, **__: sizes.append(0 if settings()["assume_finite"] else len(x))  # noqa: E731
    monkeypatch.setattr(validation, "_assert_all_finite", look)
    check_rows(GDLinearRegressor(), X, y, reset=True, y_numeric=True)
    assert max(sizes) == 7
    assert not settings()["assume_finite"]


def test_rows_are_picked_and_joined_in_pieces(rng, monkeypatch):
    """As NumPy does in one call."""
    monkeypatch.setattr(_pieces, "PIECE", 7)
    for shape in [(50, 5), (50,), (50, 0), (0, 5)]:
        x = rng.normal(size=shape)
        numbers, chosen = rng.integers(50, size=30) if len(x) else np.arange(0), rng.random(len(x)) < 0.5
        assert_array_equal(_pieces.rows_of(x, numbers), x[numbers])
        assert_array_equal(_pieces.rows_where(x, chosen), x[chosen])
        assert_array_equal(_pieces.joined([x[:7], x[7:7], x[7:]]), x)


@pytest.mark.parametrize("kind", ["?", "i8", "f8", "U3", "O"])
def test_labels_are_looked_at_in_pieces(kind, rng, monkeypatch):
    """No call of NumPy or scikit-learn sorts them all: those of objects take ten times as long as others."""
    y, sorted_ones, unique, shown = np.array([0, 1]).astype(kind)[rng.integers(2, size=500)], [], np.unique, []
    monkeypatch.setattr(_pieces, "PIECE", 320)
    monkeypatch.setattr(_labels.np, "unique", lambda x: sorted_ones.append(len(x)) or unique(x))
    monkeypatch.setattr(_labels, "check_classification_targets", shown.append)
    classes, codes = _labels.encode_labels(y, None, np.empty(0))
    monkeypatch.undo()
    assert_array_equal(classes, unique(y))
    assert_array_equal(classes[codes.astype(int)], y)
    assert max(sorted_ones) <= (320 / 4 if kind == "O" else 320)
    assert [len(labels) for labels in shown] == [6]
