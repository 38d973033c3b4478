"""Labels and targets: what they may be, and how many of each."""

import numpy as np

from tests.faults.battery import LINEAR, LOGISTIC, each, either, fits, refused

PAIRS = {
    "words": ("no", "yes"),
    "words of very different lengths": ("", "y" * 5000),
    "booleans": (False, True),
    "negative integers": (-7, -3),
    "whole floats": (1.0, 2.0),
    "zeros of both signs and a one": (-0.0, 1.0),
    "the ends of int64": (-(2**63), 2**63 - 1),
    "letters of many scripts": ("ja", "\u0434\u0430"),
}
NO_LABELS = {
    "numbers that are continuous": lambda y: y + 0.1234 * np.arange(60),
    "words and numbers together": lambda y: np.array(["a" if label else 1 for label in y], dtype=object),
    "None among them": lambda y: np.array([None if label else "a" for label in y], dtype=object),
    "only one class": lambda y: np.zeros(60),
    "several columns": lambda y: np.column_stack([y, 1 - y]),
    "nan among objects": lambda y: np.array([np.nan if label else "a" for label in y], dtype=object),
    "bytes": lambda y: np.array([b"no", b"yes"])[y],
    "dates that are missing": lambda y: np.full(60, np.datetime64("NaT")),
    "lists": lambda y: np.array([[1, 2] if label else [3] for label in y], dtype=object),
}
CLASS_WEIGHTS = {
    "negative": {0: -1.0},
    "nan": {0: np.nan},
    "infinite": {1: np.inf},
    "zero for all": {0: 0.0, 1: 0.0},
    "of a label that is not there": {7: 1.0},
    "text": {0: "much"},
    "a list": [1.0, 2.0],
    "another word": "fair",
}


@each(PAIRS, fits(of=LOGISTIC), "labels: {}", "{} are labels")
def _(lab, labels):
    y = np.array(labels)[lab.y]
    model = lab.fit(lab.X, y)
    assert set(model.predict(lab.X)) <= set(y.tolist())


@each(NO_LABELS, refused(ValueError, TypeError, of=LOGISTIC), "no labels: {}", "{} are no classes")
def _(lab, spoil):
    lab.fit(lab.X, spoil(lab.y))


@each(CLASS_WEIGHTS, refused(ValueError, TypeError, of=LOGISTIC), "class weights: {}", "class weights that are {}")
def _(lab, weights):
    lab.fit(lab.X, class_weight=weights)


@either(of=LOGISTIC)
def the_end_of_uint64(lab):
    """Scikit-learn may take it for a float."""
    lab.fit(lab.X, np.array([0, 2**64 - 1], dtype=np.uint64)[lab.y])


@fits(of=LOGISTIC)
def objects_as_labels(lab):
    """Words as Python's objects."""
    lab.fit(lab.X, np.array(["no", "yes"], dtype=object)[lab.y])


@fits(of=LOGISTIC, warns=(UserWarning,))
def one_sample_per_class(lab):
    """As many classes as rows; scikit-learn wonders."""
    lab.fit(lab.X, lab.rng.permutation(60))


@fits(of=LOGISTIC)
def one_sample_of_a_class(lab):
    """A single row is a class."""
    lab.fit(lab.X, np.arange(60) == 7)


@fits(of=LOGISTIC)
def two_rows(lab):
    """The smallest classification."""
    lab.fit(lab.X[:2], np.array([0, 1]))


@fits(of=LOGISTIC)
def ninety_nine_to_one(lab):
    """A rare class is found or not, but nothing breaks."""
    X = lab.rng.normal(size=(2000, 3))
    lab.fit(X, X[:, 0] > np.quantile(X[:, 0], 0.99))


@fits(of=LOGISTIC)
def ninety_nine_to_one_in_balance(lab):
    """Weights of classes from 1 to 99."""
    X = lab.rng.normal(size=(2000, 3))
    y = X[:, 0] + lab.rng.normal(size=2000) > 3.0
    assert lab.model(class_weight="balanced").fit(X, y).score(X[y], y[y]) > 0.5


@fits(of=LOGISTIC)
def seventeen_hundred_classes(lab):
    """Neither memory nor time runs out."""
    X = lab.rng.normal(size=(3400, 5))
    lab.fit(X, np.arange(3400) % 1700, max_iter=3)


@fits(of=LOGISTIC)
def contradictions(lab):
    """The same row in both classes."""
    lab.fit(np.repeat(lab.X, 2, axis=0), np.tile([0, 1], 60))


@fits(of=LOGISTIC)
def separable(lab):
    """Without a penalty there is no minimum; there is an end all the same."""
    model = lab.fit(lab.X, lab.X[:, 0] > 0, alpha=0.0)
    assert model.score(lab.X, lab.X[:, 0] > 0) == 1.0


@fits(of=LOGISTIC)
def separable_by_a_wide_margin(lab):
    """Nor with a gap between the classes."""
    X = lab.X + np.where(lab.y, 1e6, -1e6)[:, None]
    lab.fit(X, lab.y, alpha=0.0)


@fits(of=LOGISTIC)
def separable_classes_of_three(lab):
    """Nor for three."""
    lab.fit(lab.X, np.digitize(lab.X[:, 0], [-0.5, 0.5]), alpha=0.0)


@fits(of=LOGISTIC)
def a_class_of_weight_zero(lab):
    """Of three, two are left: as if its rows were not there."""
    y = np.arange(60) % 3
    model = lab.model().fit(lab.X, y, sample_weight=(y < 2).astype(float))
    np.testing.assert_array_equal(model.classes_, [0, 1])


@refused(of=LOGISTIC)
def one_class_left_by_weights(lab):
    """Of two, one is left."""
    lab.fit(lab.X, sample_weight=lab.y.astype(float))


@fits(of=LINEAR)
def targets_zero_but_for_one(lab):
    """One row is different."""
    lab.fit(lab.X, (np.arange(60) == 7).astype(float))


@fits(of=LINEAR)
def a_single_row(lab):
    """It is its own mean."""
    lab.fit(lab.X[:1], lab.y[:1])


@fits(of=LINEAR)
def targets_as_a_column(lab):
    """One target in two dimensions keeps them."""
    assert lab.fit(lab.X, lab.y[:, None]).predict(lab.X).shape == (60, 1)


@fits(of=LINEAR)
def many_targets(lab):
    """More than rows."""
    lab.fit(lab.X, lab.rng.normal(size=(60, 200)))


@fits(of=LINEAR)
def targets_of_different_size(lab):
    """From 1e-9 to 1e9, each is fitted."""
    scales = np.logspace(-9, 9, 4)
    model = lab.fit(lab.X, (3.0 + lab.X @ lab.rng.normal(size=(4, 4))) * scales, tol=1e-12)
    np.testing.assert_allclose(model.coef_.std(axis=1) > 0, True)


@either(of=LINEAR)
def integers_beyond_float64(lab):
    """Targets of 200 digits."""
    lab.fit(lab.X, np.array([10**200 + i for i in range(60)], dtype=object), targets=np.full(60, 1e200))
