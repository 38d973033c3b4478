"""Bad input is refused in scikit-learn's words, before anything is changed."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.utils._param_validation import InvalidParameterError

from sk_gd import GDLinearRegressor, GDLogisticClassifier


def put(value, at=(2, 1)):
    """A copy of the array with a value somewhere in it."""

    def spoil(a):
        a = np.array(a, dtype=complex if isinstance(value, complex) else object if isinstance(value, str) else float)
        a[at if a.ndim == 2 else at[0]] = value
        return a

    return spoil


def corrupt(part, position, value, container=sparse.csr_array):
    """The sparse array with one number of its structure overwritten; scipy only looks if asked to."""

    def spoil(X):
        rows = container(X)
        getattr(rows, part)[position] = value
        return rows

    return spoil


# name: (what happens to X, error, its words)
BAD_X = {
    "NaN": (put(np.nan), ValueError, "contains NaN"),
    "infinity": (put(np.inf), ValueError, "contains infinity"),
    "minus infinity": (put(-np.inf), ValueError, "contains infinity"),
    "too large for float32": (lambda X: put(np.inf)(X).astype(np.float32), ValueError, "contains infinity"),
    "sparse NaN": (lambda X: sparse.csr_array(put(np.nan)(X)), ValueError, "contains NaN"),
    "text": (put("much"), ValueError, "could not convert string to float"),
    "complex": (put(1j), ValueError, "Complex data not supported"),
    "sparse complex": (lambda X: sparse.csr_array(put(1j)(X)), ValueError, "Complex data not supported"),
    "no rows": (lambda X: X[:0], ValueError, r"0 sample\(s\)|inconsistent"),
    "no columns": (lambda X: X[:, :0], ValueError, r"0 feature\(s\)"),
    "one dimension": (lambda X: X[:, 0], ValueError, "Expected 2D array, got 1D array"),
    "three dimensions": (lambda X: X[None], ValueError, "dim 3|expected <= 2"),
    "scalar": (lambda X: 3.0, ValueError, "Expected 2D array, got scalar"),
    "fewer rows than y": (lambda X: X[:-1], ValueError, "inconsistent numbers of samples"),
    "None": (lambda X: None, ValueError, "Expected 2D array|None"),
    "dict": (lambda X: {"a": 1}, (ValueError, TypeError), None),
    "index out of range": (corrupt("indices", 3, 99), ValueError, "ind"),
    "index far out of range": (corrupt("indices", 3, 2**30), ValueError, "ind"),
    "negative index": (corrupt("indices", 3, -1), ValueError, "ind"),
    "indptr out of range": (corrupt("indptr", 5, 10**6), ValueError, "ind"),
    "indptr falls": (corrupt("indptr", 5, 1), ValueError, "ind"),
    "indptr ends late": (corrupt("indptr", -1, 10**6), ValueError, "ind"),
    "CSC index out of range": (corrupt("indices", 3, 999, sparse.csc_array), ValueError, "ind"),
    "BSR indptr falls": (corrupt("indptr", 5, 1, sparse.bsr_array), ValueError, "ind"),
    "indptr starts late": (corrupt("indptr", 0, 1), ValueError, "ind"),
}
BAD_Y = {
    "None": (lambda y: None, "requires y to be passed"),
    "NaN": (put(np.nan), "NaN"),
    "infinity": (put(np.inf), "infinity"),
    "too short": (lambda y: y[:-1], "inconsistent numbers of samples"),
    "scalar": (lambda y: 1.0, None),
    "empty": (lambda y: y[:0], "inconsistent|0 sample"),
    "three dimensions": (lambda y: np.zeros((len(y), 2, 2)), None),
    "sparse": (lambda y: sparse.csr_array(y[:, None]), r"y must be dense, got a csr matrix .*: pass y\.toarray\(\)"),
}
BAD_Y_OF_ONE = {
    (GDLinearRegressor, "text"): (put("much"), "y must hold numbers for a regressor, got 'much': labels are for"),
    (GDLinearRegressor, "a list of text"): (lambda y: ["much"] * len(y), "y must hold numbers for a regressor, got 'much': labels"),
    (GDLinearRegressor, "complex"): (put(1j), "Complex data not supported"),
    (GDLogisticClassifier, "one class"): (np.zeros_like, r"only one class: 0\.?0?\.$"),
    (GDLogisticClassifier, "words and None"): (lambda y: np.array([None, "a"])[y.astype(int)], "one kind that sorts, got NoneT"),
    (GDLogisticClassifier, "two columns"): (lambda y: np.column_stack([y, y]), "y should be a 1d array"),
    (GDLogisticClassifier, "continuous"): (lambda y: y + 0.1234 * np.arange(len(y)), "Unknown label type"),
}
BAD_WEIGHTS = {
    "negative": (put(-1.0), "Negative values in data passed to `sample_weight`"),
    "all zero": (np.zeros_like, "zero"),
    "NaN": (put(np.nan), "NaN"),
    "infinity": (put(np.inf), "infinity"),
    "too short": (lambda s: s[:-1], r"sample_weight\.shape ==|inconsistent"),
    "two columns": (lambda s: np.column_stack([s, s]), "1D array or scalar|1d array"),
    "text": (lambda s: np.array(["much"] * len(s)), "could not convert string to float"),
    "a word": (lambda s: "balanced", "must hold a number for every row, got 'balanced': .*class_weight"),
    "complex": (lambda s: s + 1j, "Complex data not supported"),
}
BAD_PARAMETERS = {
    "variant": "minibatch",
    "batch_size": 0,
    "optimizer": "adamant",
    "learning_rate": -0.1,
    "schedule": "sometimes",
    "preconditioner": "inverse",
    "alpha": -1.0,
    "l1_ratio": 1.5,
    "fit_intercept": "yes",
    "positive": "yes",
    "max_iter": 0,
    "tol": -1e-3,
    "n_iter_no_change": 0,
    "max_time": -1.0,
    "early_stopping": "accurately",
    "validation_fraction": 1.0,
    "shuffle": "yes",
    "random_state": "seven",
    "warm_start": "yes",
    "record": "everything",
    "on_divergence": "ignore",
    "on_interrupt": "ignore",
    "verbose": "loudly",
}
BAD_PARAMETERS_OF_ONE = {(GDLinearRegressor, "loss"): "hinge", (GDLogisticClassifier, "class_weight"): "fair"}
BAD_STRENGTHS = {
    "one too few": ([1.0] * 4, "one for each of the 5 features, got shape"),
    "two dimensions": (np.ones((1, 5)), "one for each of the 5 features, got shape"),
    "negative": ([1.0, 1.0, -1.0, 1.0, 1.0], "finite numbers from 0 up, got -1.0 to 1.0"),
    "NaN": ([1.0, np.nan, 1.0, 1.0, 1.0], "finite numbers from 0 up"),
    "infinite": ([1.0, np.inf, 1.0, 1.0, 1.0], "finite numbers from 0 up"),
    "text": (["a"] * 5, "one for each of the 5 features, got \\['a'"),
    "names": ({"age": 1.0}, "one for each of the 5 features, got {'age': 1.0}"),
}
BAD_STARTS = {
    "coefficients of another shape": {"coef_init": np.zeros(4)},
    "coefficients that are not numbers": {"coef_init": np.full(5, np.nan)},
    "intercepts of another shape": {"intercept_init": np.zeros(4)},
    "intercept that is no number": {"intercept_init": np.inf},
}


def table(cases):
    return pytest.mark.parametrize(
        "case", cases.values(), ids=[k if isinstance(k, str) else f"{k[0].__name__} {k[1]}" for k in cases]
    )


class Refusal:
    """Checks that a fit is refused: of a fresh model, which stays unfitted, and of a fitted one, which stays what it is."""

    def __init__(self, Estimator, variant, data):
        self.X, self.y, self.s = data
        self.fresh = Estimator(variant, random_state=0)
        self.fitted = Estimator(variant, random_state=0).fit(self.X, self.y, sample_weight=self.s)

    def of(self, error, match, X=None, y=None, *, sample_weight=None, set_params=(), **fit_params):
        X, y = self.X if X is None else X[0], self.y if y is None else y[0]
        scores = "predict" if isinstance(self.fitted, GDLinearRegressor) else "predict_proba"
        before, kept = getattr(self.fitted, scores)(self.X), set(vars(self.fitted))
        for model in (self.fresh, self.fitted):
            model.set_params(**dict(set_params))
            with pytest.raises(error, match=match):
                model.fit(X, y, sample_weight=sample_weight, **fit_params)
        assert not [name for name in vars(self.fresh) if name.endswith("_")]
        assert_array_equal(getattr(self.fitted, scores)(self.X), before)
        assert set(vars(self.fitted)) == kept


@pytest.fixture
def refusal(problem_for):
    """A Refusal for an estimator and a variant."""
    return lambda Estimator, variant: Refusal(Estimator, variant, problem_for(Estimator, weighted=True))


@table(BAD_X)
def test_bad_x(Estimator, variant, case, refusal):
    """A bad X is refused by fit; the old model stays."""
    spoil, error, match = case
    expected = refusal(Estimator, variant)
    expected.of(error, match, X=[spoil(expected.X)])


def test_words_are_named(Estimator, problem_for):
    """Columns of words by name or number, numbers that are written as words left out; text as text."""
    X, y, _ = problem_for(Estimator)
    frame = pd.DataFrame(X, columns=list("abcde")).assign(a="much", c="1.5", d=lambda frame: frame["d"].astype(object))
    frame.loc[3, "d"] = "more"
    for rows, column in ((frame, "'a', 'd'"), (frame.to_numpy(), "0, 3")):
        with pytest.raises(ValueError, match=rf"'much'\. X holds words in columns {column}: make them numbers"):
            Estimator().fit(rows, y)
    with pytest.raises(ValueError, match=r"'warm soup'\. X holds \d+ texts: make them numbers"):
        Estimator().fit(["warm soup"] * len(y), y)
    model = Estimator().fit(frame[["b", "c"]], y)
    with pytest.raises(ValueError, match="words in column 'c': "):
        model.predict(frame[["b", "c"]].assign(c="few"))


@table({name: case for name, case in BAD_X.items() if name not in ("no rows", "fewer rows than y")})
def test_bad_x_to_predict(Estimator, case, problem_for):
    """A bad X is refused by predict, corrupt structure included."""
    spoil, error, match = case
    X, y, _ = problem_for(Estimator)
    model = Estimator().fit(X, y)
    with pytest.raises(error, match=match):
        model.predict(spoil(X))


@table(BAD_Y)
def test_bad_y(Estimator, variant, case, refusal):
    """A bad y is refused; the old model stays."""
    spoil, match = case
    expected = refusal(Estimator, variant)
    expected.of((ValueError, TypeError), match, y=[spoil(expected.y)])


@pytest.mark.parametrize(("Estimator", "case"), [(k[0], v) for k, v in BAD_Y_OF_ONE.items()], ids=[k[1] for k in BAD_Y_OF_ONE])
def test_bad_y_of_one(Estimator, variant, case, refusal):
    """A y that only the other estimator could read is refused; the old model stays."""
    spoil, match = case
    expected = refusal(Estimator, variant)
    expected.of(ValueError, match, y=[spoil(expected.y)])


@table(BAD_WEIGHTS)
def test_bad_weights(Estimator, variant, case, refusal):
    """Bad weights are refused; the old model stays."""
    spoil, match = case
    expected = refusal(Estimator, variant)
    expected.of(ValueError, match, sample_weight=spoil(expected.s))


def test_one_class_by_weights(variant, refusal):
    """A class that has zero weight throughout leaves one class only."""
    expected = refusal(GDLogisticClassifier, variant)
    expected.of(ValueError, "class", sample_weight=expected.y.astype(float))


@pytest.mark.parametrize("name", BAD_PARAMETERS)
def test_bad_parameter(Estimator, variant, name, refusal):
    """A value that a parameter cannot have is refused with the values that it can."""
    value = BAD_PARAMETERS[name]
    match = rf"The '{name}' parameter of {Estimator.__name__} must be .*\. Got {value!r} instead"
    refusal(Estimator, variant).of(InvalidParameterError, match, set_params={name: value})


@pytest.mark.parametrize(("Estimator", "name"), BAD_PARAMETERS_OF_ONE)
def test_bad_parameter_of_one(Estimator, variant, name, refusal):
    """So are the parameters that only one of the two has."""
    value = BAD_PARAMETERS_OF_ONE[Estimator, name]
    match = rf"The '{name}' parameter of {Estimator.__name__} must be .*\. Got {value!r} instead"
    refusal(Estimator, variant).of(InvalidParameterError, match, set_params={name: value})


@table(BAD_STRENGTHS)
def test_bad_strengths(Estimator, variant, case, refusal):
    """An array of penalties that does not fit the features, or is no strength, is refused; the old model stays."""
    value, match = case
    refusal(Estimator, variant).of(ValueError, match, set_params={"alpha": value})


@table(BAD_STARTS)
def test_bad_start(Estimator, variant, case, refusal):
    """A starting point of a wrong shape or not finite is refused, and told which it is; the old model stays."""
    ((name, start),) = case.items()
    found = r"shape \(4,\)\.$" if np.isfinite(start).all() else rf"{np.ravel(start)[0]} among them\.$"
    refusal(Estimator, variant).of(ValueError, f"{name} must hold .*, got {found}", **case)


def test_starts_in_words_or_without_a_place(Estimator, variant, refusal):
    """Words for coefficients, an intercept for a model that has none."""
    ask = refusal(Estimator, variant)
    ask.of(ValueError, "coef_init must hold real numbers, got <U5: make it float64", coef_init="zeros")
    ask.of(ValueError, "intercept_init=5.0 has no place", set_params={"fit_intercept": False}, intercept_init=5.0)


def test_goes_on_without_an_intercept(Estimator, variant, problem_for):
    """What a model without an intercept ends with is a start for it."""
    X, y, _ = problem_for(Estimator)
    model, again = (Estimator(variant, fit_intercept=False, random_state=0) for _ in range(2))
    again.fit(X, y, coef_init=model.fit(X, y).coef_, intercept_init=model.intercept_)
    assert again.loss_curve_[0] == pytest.approx(model.loss_curve_[-1], rel=1e-6)


def test_interrupted_refit(Estimator, variant, monkeypatch, problem_for):
    """A refit that the user interrupts leaves the old model whole."""
    X, y, _ = problem_for(Estimator)
    model = Estimator(variant, random_state=0).fit(X, y)
    before = {name: value for name, value in vars(model).items() if name.endswith("_")}

    def interrupt(steps):
        raise KeyboardInterrupt

    model.set_params(schedule=interrupt, optimizer="gd", preconditioner=None, learning_rate=0.1)
    with pytest.raises(KeyboardInterrupt):
        model.fit(*problem_for(Estimator, n_features=3)[:2])
    for name, value in before.items():
        assert_array_equal(getattr(model, name), value)
