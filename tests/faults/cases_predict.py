"""Predictions from the wrong thing, at the wrong time."""

import numpy as np
from scipy import sparse
from sklearn.exceptions import NotFittedError

from tests.faults.battery import LOGISTIC, each, either, fits, refused
from tests.faults.cases_input import BAD_TYPE, BAD_X
from tests.faults.cases_layouts import DTYPES, LAYOUTS

NO_MATTER = ("no rows", "fewer rows than y", "more rows than y")  # to predict, there is no y
UNFITTED = {
    "predict": lambda model, X, y: model.predict(X),
    "score": lambda model, X, y: model.score(X, y),
    "sparsify": lambda model, X, y: model.sparsify(),
    "densify": lambda model, X, y: model.densify(),
    "diagnose": lambda model, X, y: model.diagnose(),
    "to_sklearn": lambda model, X, y: model.to_sklearn(),
}


@each({name: case for name, case in BAD_X.items() if name not in NO_MATTER}, refused(), "predict x with {}", "{} in predict")
def _(lab, spoil):
    lab.fitted().predict(spoil(lab.X))


@each(BAD_TYPE, refused(ValueError, TypeError), "predict {}", "{} has no predictions")
def _(lab, spoil):
    lab.fitted().predict(spoil(lab.X))


@each(UNFITTED, refused(NotFittedError), "{} before fit", "{} needs a model")
def _(lab, call):
    call(lab.model(), lab.X, lab.y)


@each(LAYOUTS, fits(), "predict x in {}", "predictions do not depend on {}")
def _(lab, arranged):
    model = lab.fitted()
    np.testing.assert_allclose(model.predict(arranged(lab.X)), model.predict(lab.X))


@each({dtype: np.dtype(dtype) for dtype in DTYPES}, fits(), "predict x of dtype {}", "predictions for {}")
def _(lab, dtype):
    assert np.isfinite(lab.fitted().predict(np.abs(np.round(lab.X)).astype(dtype))).all()


@refused()
def predict_another_width(lab):
    """The model has four coefficients."""
    lab.fitted().predict(lab.X[:, :3])


@refused()
def predict_another_width_in_a_sparse_matrix(lab):
    """Also for a sparse matrix."""
    lab.fitted().predict(sparse.csr_array(np.hstack([lab.X, lab.X])))


@refused()
def score_against_too_few_targets(lab):
    """Every row needs one."""
    lab.fitted().score(lab.X, lab.y[:-1])


@refused()
def diagnose_half_of_the_data(lab):
    """X needs its y."""
    lab.fitted().diagnose(lab.X)


@refused()
def diagnose_other_data(lab):
    """The rows must be of the model's kind."""
    lab.fitted().diagnose(lab.X[:, :2], lab.y)


@refused(AttributeError)
def partial_fit_with_early_stopping(lab):
    """There is no later epoch."""
    lab.model(early_stopping=True).partial_fit(lab.X, lab.y)


@refused()
def partial_fit_of_another_width(lab):
    """The model has four coefficients."""
    lab.fitted().partial_fit(lab.X[:, :3], lab.y)


@refused(of=LOGISTIC)
def partial_fit_of_one_class(lab):
    """Without a word about the others."""
    lab.model().partial_fit(lab.X, np.zeros(60))


@either()
def predict_the_largest_floats(lab):
    """The sum of products is beyond a float."""
    with np.errstate(over="ignore", invalid="ignore"):
        lab.fitted().predict(np.full((2, 4), np.finfo(float).max))


@fits(of=LOGISTIC)
def probabilities_far_out(lab):
    """They are 0 and 1, sum to one, and their logarithms are finite."""
    model, X = lab.fitted(), lab.X * 1e15
    assert np.isfinite(model.predict_log_proba(X)).all()
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1.0)


@fits(of=LOGISTIC)
def probabilities_of_many_far_out(lab):
    """Also of several classes."""
    model, X = lab.model().fit(lab.X, np.arange(60) % 3), lab.X * 1e15
    assert np.isfinite(model.predict_log_proba(X)).all()
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1.0)


@fits()
def sparsified_predictions(lab):
    """The same, of dense and sparse rows."""
    model = lab.fitted()
    before = model.predict(lab.X)
    for X in (lab.X, sparse.csr_array(lab.X), sparse.coo_array(lab.X), lab.X.tolist()):
        np.testing.assert_allclose(model.sparsify().predict(X), before)
