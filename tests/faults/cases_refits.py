"""A refit that fails leaves the last good model as it was: its attributes, its predictions, what a warm start goes on from."""

import pickle

import numpy as np

from tests.faults.battery import each, fits
from tests.faults.cases_sparse import at, rebuilt

TEXTBOOK = {"optimizer": "gd", "preconditioner": None, "learning_rate": 0.01, "tol": None, "max_iter": 5}


def interrupting(at, error):
    """A scorer that fails when it is called for the at-th time."""
    calls = []

    def score(model, X, y):
        calls.append(0)
        if len(calls) == at:
            raise error
        return 0.0

    return score


def frozen(model):
    """Everything that the model knows, as it stands in a pickle."""
    return {name: pickle.dumps(value) for name, value in vars(model).items() if name.endswith("_") or name.startswith("_")}


REFITS = {
    "nan in x": lambda lab, model: model.fit(np.full_like(lab.X, np.nan), lab.y),
    "nan in x of another width": lambda lab, model: model.fit(np.full((60, 7), np.nan), lab.y),
    "y too short": lambda lab, model: model.fit(lab.X[:, :2], lab.y[:-1]),
    "negative weights": lambda lab, model: model.fit(lab.X[:, :2], lab.y, sample_weight=-np.ones(60)),
    "wrong parameters": lambda lab, model: model.set_params(alpha=-1.0).fit(lab.X[:, :2], lab.y),
    "parameters that do not go together": lambda lab, model: model.set_params(
        variant="batch", optimizer="svrg").fit(lab.X[:, :2], lab.y),
    "a start of another shape": lambda lab, model: model.fit(lab.X[:, :2], lab.y, coef_init=np.zeros(9)),
    "a corrupt matrix": lambda lab, model: model.fit(
        rebuilt(lab.X, indices=at(3, 99)), lab.y),
    "a divergence": lambda lab, model: model.set_params(
        on_divergence="raise", **(TEXTBOOK | {"learning_rate": 1e9})).fit(lab.X[:, :2], lab.y),
    "a scorer that fails": lambda lab, model: model.set_params(
        early_stopping=interrupting(3, RuntimeError("no score")), **TEXTBOOK).fit(lab.X[:, :2], lab.y),
    "a lack of memory": lambda lab, model: model.set_params(
        early_stopping=interrupting(2, MemoryError("no memory")), **TEXTBOOK).fit(lab.X[:, :2], lab.y),
    "an interrupt": lambda lab, model: model.set_params(
        early_stopping=interrupting(4, KeyboardInterrupt("ctrl-c")), **TEXTBOOK).fit(lab.X[:, :2], lab.y),
    "an exit": lambda lab, model: model.set_params(
        early_stopping=interrupting(2, SystemExit("exit")), **TEXTBOOK).fit(lab.X[:, :2], lab.y),
}  # fmt: skip
GOES_ON = {
    "nan in x": lambda lab, model: model.fit(np.full_like(lab.X, np.nan), lab.y),
    "an interrupt": lambda lab, model: model.set_params(early_stopping=interrupting(3, KeyboardInterrupt())).fit(lab.X, lab.y),
    "an interrupt on other rows": lambda lab, model: model.set_params(
        early_stopping=interrupting(3, KeyboardInterrupt())).fit(lab.X[:50], lab.y[:50]),
    "other columns": lambda lab, model: model.fit(lab.X[:, :3], lab.y),
}  # fmt: skip
CHUNKS = {
    "nan in x": lambda lab, model: model.partial_fit(np.full_like(lab.X, np.nan), lab.y),
    "another width": lambda lab, model: model.partial_fit(lab.X[:, :3], lab.y),
    "negative weights": lambda lab, model: model.partial_fit(lab.X, lab.y, sample_weight=-np.ones(60)),
    "wrong parameters": lambda lab, model: model.set_params(l1_ratio=7.0).partial_fit(lab.X, lab.y),
}


def must_fail(lab, model, refit):
    """The refit raises."""
    failed = False
    try:
        refit(lab, model)
    except (Exception, KeyboardInterrupt, SystemExit):
        failed = True
    assert failed, "the refit did not fail"


@each(REFITS, fits(), "a refit that fails by {}", "{} changes nothing")
def _(lab, refit):
    model = lab.fitted(warm_start=False)
    before, predictions = frozen(model), model.predict(lab.X)
    must_fail(lab, model, refit)
    assert frozen(model) == before
    np.testing.assert_array_equal(model.predict(lab.X), predictions)


@each(REFITS, fits(), "a first fit that fails by {}", "{} leaves no half of a model")
def _(lab, refit):
    model = lab.model()
    must_fail(lab, model, refit)
    assert not frozen(model)


@each(GOES_ON, fits(), "a warm start that fails by {}", "after {} the next one goes on as if nothing had been")
def _(lab, refit):
    whole, model = (lab.fitted(warm_start=True, shuffle=True, **TEXTBOOK) for _ in range(2))
    before = frozen(model)
    must_fail(lab, model, refit)
    assert frozen(model) == before
    model.set_params(**whole.get_params())
    np.testing.assert_array_equal(model.fit(lab.X, lab.y).coef_, whole.fit(lab.X, lab.y).coef_)
    must_fail(lab, model, refit)
    model.set_params(**whole.get_params())
    np.testing.assert_array_equal(model.fit(lab.X[:40], lab.y[:40]).coef_, whole.fit(lab.X[:40], lab.y[:40]).coef_)


@each(CHUNKS, fits(), "a chunk that fails by {}", "after {} the next chunk is as if nothing had been")
def _(lab, refit):
    whole, model = (lab.model().partial_fit(lab.X, lab.y) for _ in range(2))
    before = frozen(model)
    must_fail(lab, model, refit)
    assert frozen(model) == before
    model.set_params(**whole.get_params())
    np.testing.assert_array_equal(model.partial_fit(lab.X, lab.y).coef_, whole.partial_fit(lab.X, lab.y).coef_)
