"""As people use it: pipelines, searches, frames, pickles, text, class weights, odd memory layouts."""

import pickle
from contextlib import nullcontext
from itertools import chain

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight

from sk_gd import GDLinearRegressor, GDLogisticClassifier

CORPUS = {
    "sea": ["the ship sails on the sea", "salt water and waves", "a sailor fears the storm at sea",
            "fish swim below the ship", "the harbour lights guide the sailor", "waves break on the harbour wall"],
    "bread": ["flour water yeast and salt", "the baker kneads the dough", "bread rises in the warm oven",
              "a crust of fresh bread", "the oven bakes the dough", "the baker sells a fresh loaf"],
    "music": ["the violin plays a slow song", "drums and a loud guitar", "a choir sings the song",
              "the pianist plays a sonata", "guitar strings and a singer", "the violin and the choir"],
}  # fmt: skip


@pytest.fixture
def real(request):
    """A real, unscaled table for an estimator."""

    def load(Estimator):
        return (
            load_diabetes(return_X_y=True, scaled=False) if Estimator is GDLinearRegressor else load_breast_cancer(return_X_y=True)
        )

    return load


def test_grid_search_in_a_pipeline(Estimator, variant, real):
    """A pipeline is searched over learning_rate and batch_size in two processes, and beats the constant model."""
    X, y = real(Estimator)
    name = Estimator.__name__.lower()
    grid = {f"{name}__learning_rate": ["auto", 1e-5, 1e-2]}
    if variant == "mini-batch":
        grid[f"{name}__batch_size"] = [8, 64]
    model = Estimator(variant, optimizer="gd", tol=None, max_iter=30, random_state=0)
    search = GridSearchCV(make_pipeline(StandardScaler(), model), grid, cv=3, n_jobs=2).fit(X, y)
    assert search.best_score_ > (0.4 if Estimator is GDLinearRegressor else 0.95)
    assert len(set(search.cv_results_["mean_test_score"])) > 1


def test_two_processes(Estimator, variant, real):
    """Fits in other processes give the model of this one."""
    X, y = real(Estimator)
    model = Estimator(variant, random_state=0)
    here = cross_validate(model, X, y, cv=2, return_estimator=True)
    there = cross_validate(model, X, y, cv=2, n_jobs=2, return_estimator=True)
    assert_allclose(here["test_score"], there["test_score"])
    assert_allclose(here["estimator"][1].coef_, there["estimator"][1].coef_)


def test_copies(Estimator, variant, problem_for, tmp_path):
    """A clone has the parameters, a pickle (or joblib file) the model."""
    X, y, _ = problem_for(Estimator)
    model = Estimator(variant, alpha=0.01, max_iter=50, random_state=0).fit(X, y)
    assert clone(model).get_params() == model.get_params()
    assert not hasattr(clone(model), "coef_")
    joblib.dump(model, tmp_path / "model.joblib")
    for copy in (pickle.loads(pickle.dumps(model)), joblib.load(tmp_path / "model.joblib")):
        assert_array_equal(copy.predict(X), model.predict(X))


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_frames(Estimator, variant, frame, problem_for):
    """Data frames give the array's model, and their column names are kept and asked for, where scikit-learn finds them.

    Version 1.8 asks by the interchange protocol, which polars has given up.
    """
    X, y, _ = problem_for(Estimator)
    named = frame is pd.DataFrame or sklearn.__version__ >= "1.9" or hasattr(frame, "__dataframe__")
    names = [f"column {i}" for i in range(X.shape[1])]
    table = frame(dict(zip(names, X.T, strict=True)))
    model = Estimator(variant, random_state=0).fit(table, (pd if frame is pd.DataFrame else pl).Series(y))
    assert_array_equal(getattr(model, "feature_names_in_", None), names if named else None)
    assert_allclose(model.coef_, Estimator(variant, random_state=0).fit(X, y).coef_)
    assert_array_equal(model.predict(table), Estimator(variant, random_state=0).fit(X, y).predict(X))
    with pytest.raises(ValueError, match="feature names should match") if named else nullcontext():
        model.predict(frame(dict(zip(names[::-1], X.T, strict=True))))
    with pytest.warns(UserWarning, match="does not have valid feature names") if named else nullcontext():
        model.predict(X)


@pytest.mark.parametrize(
    "wrap", [OneVsRestClassifier, lambda model: CalibratedClassifierCV(model, cv=3)], ids=["OneVsRest", "calibrated"]
)
def test_inside_meta_estimators(wrap, variant):
    """scikit-learn's wrappers of classifiers take it as their own."""
    X, y = load_wine(return_X_y=True)
    model = wrap(GDLogisticClassifier(variant, random_state=0)).fit(X, y)
    assert model.score(X, y) > 0.95
    assert_allclose(model.predict_proba(X).sum(axis=1), 1.0)


def test_metadata_routing(Estimator, variant, problem_for):
    """sample_weight is routed to fit and score where it was asked for, and refused where it was not."""
    X, y, _ = problem_for(Estimator)
    sample_weight = np.repeat([1.0, 5.0], len(y) // 2)
    with sklearn.config_context(enable_metadata_routing=True):
        model = Estimator(variant, random_state=0).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        search = GridSearchCV(model, {"alpha": [0.1]}, cv=2).fit(X, y, sample_weight=sample_weight)
        with pytest.raises(sklearn.exceptions.UnsetMetadataPassedError):
            GridSearchCV(Estimator(variant), {"alpha": [0.1]}, cv=2).fit(X, y, sample_weight=sample_weight)
    expected = Estimator(variant, alpha=0.1, random_state=0).fit(X, y, sample_weight=sample_weight)
    assert_allclose(search.best_estimator_.coef_, expected.coef_)


def test_sparse_text(variant):
    """Words in, topics out, without a dense matrix between."""
    texts, topics = list(chain(*CORPUS.values())), np.repeat(list(CORPUS), 6)
    model = make_pipeline(TfidfVectorizer(), GDLogisticClassifier(variant, alpha=1e-3, random_state=0)).fit(texts, topics)
    assert model.score(texts, topics) == 1.0
    assert_array_equal(
        model.predict(["a sailor on the waves", "dough in the oven", "the choir plays guitar"]), ["sea", "bread", "music"]
    )
    assert model[-1].coef_.shape == (3, len(model[0].vocabulary_))


def test_sparsify(Estimator, variant, problem_for):
    """Sparsify holds coef_ in CSR, densify undoes it, and predictions do not change."""
    X, y, _ = problem_for(Estimator)
    model = Estimator(variant, alpha=0.05, l1_ratio=1.0, random_state=0).fit(X, y)
    coef, before = model.coef_, model.predict(X)
    assert model.sparsify() is model
    assert sparse.issparse(model.coef_)
    assert_allclose(model.predict(X), before)
    assert model.densify() is model
    assert_array_equal(model.coef_, coef)
    assert_allclose(model.predict(X), before)
    with pytest.raises(NotFittedError):
        Estimator(variant).sparsify()


@pytest.mark.parametrize("names", [["no", "yes"], ["c", "a", "b"], [True, False], [7, -1, 3]], ids=str)
def test_labels(names, variant, make_problem):
    """Classes have names of any type, sorted in classes_."""
    X, y, _ = make_problem("binary" if len(names) == 2 else "multinomial")
    named = np.array(names)[y]
    model = GDLogisticClassifier(variant, random_state=0).fit(X, named)
    assert_array_equal(model.classes_, np.unique(names))
    assert model.predict(X).dtype == named.dtype
    plain = GDLogisticClassifier(variant, random_state=0).fit(X, np.unique(named, return_inverse=True)[1])
    assert_allclose(model.coef_, plain.coef_)


@pytest.mark.parametrize("class_weight", [{0: 5.0, 1: 1.0}, {0: 3.0}, "balanced"], ids=str)
def test_class_weight(class_weight, variant, container, make_problem):
    """class_weight multiplies sample_weight, as in scikit-learn."""
    X, y, sample_weight = make_problem("multinomial", weighted=True)
    params = {"tol": 1e-10, "max_iter": 10_000, "random_state": 0, "alpha": 0.01}
    by_class = GDLogisticClassifier(variant, class_weight=class_weight, **params).fit(container(X), y, sample_weight=sample_weight)
    if class_weight == "balanced":  # counts are weighted, as LogisticRegression's are
        counts = np.bincount(y, weights=sample_weight)
        times = (sample_weight.sum() / (3 * counts))[y]
    else:
        times = compute_sample_weight(class_weight, y)
    by_row = GDLogisticClassifier(variant, **params).fit(container(X), y, sample_weight=sample_weight * times)
    assert_allclose(by_class.coef_, by_row.coef_, atol=1e-4 * np.abs(by_row.coef_).max())
    s = sample_weight * times
    theirs = LogisticRegression(class_weight=class_weight, C=1 / (0.01 * s.sum()), tol=1e-10, solver="newton-cholesky")
    assert_allclose(by_class.coef_, theirs.fit(X, y, sample_weight=sample_weight).coef_, atol=1e-3)


def test_several_outputs(variant, container, make_problem):
    """Y of two columns: coefficients, predictions and score as in LinearRegression."""
    X, Y, _ = make_problem("multi-output")
    model = GDLinearRegressor(variant, random_state=0).fit(container(X), Y)
    assert model.coef_.shape == (2, 5)
    assert model.intercept_.shape == (2,)
    assert model.predict(container(X)).shape == Y.shape
    assert model.score(container(X), Y) > 0.8
    column = GDLinearRegressor(variant, random_state=0).fit(container(X), Y[:, :1])
    assert column.coef_.shape == (1, 5)
    assert column.predict(X).shape == (len(Y), 1)


@pytest.mark.parametrize("layout", ["F-order", "strided", "read-only", "memmap", "integers", "float16", "list", "big-endian"])
def test_layouts(layout, Estimator, variant, problem_for, tmp_path):
    """X may be read-only, on disk, in any order and number type: the same model, and X untouched."""
    X, y, _ = problem_for(Estimator)
    X = np.round(X * 4)
    expected = Estimator(variant, random_state=0).fit(X, y)
    given = {
        "F-order": lambda: np.asfortranarray(X),
        "strided": lambda: np.repeat(np.repeat(X, 2, axis=0), 2, axis=1)[::2, ::2],
        "read-only": X.copy,
        "memmap": lambda: np.memmap(tmp_path / "X", mode="w+", shape=X.shape, dtype=float),
        "integers": lambda: X.astype(np.int32),
        "float16": lambda: X.astype(np.float16),
        "list": X.tolist,
        "big-endian": lambda: X.astype(">f8"),
    }[layout]()
    if layout == "memmap":
        given[:] = X
        given = np.memmap(tmp_path / "X", mode="r", shape=X.shape, dtype=float)
    if layout == "read-only":
        given.flags.writeable = y.flags.writeable = False
    model = Estimator(variant, random_state=0).fit(given, y)
    assert_allclose(model.coef_, expected.coef_)
    assert_allclose(model.predict(given), expected.predict(X))
    assert_array_equal(given, X)


def test_read_only_csr(Estimator, variant, problem_for):
    """A CSR matrix on read-only memory is read, not written; unsorted and repeated indices are well."""
    X, y, _ = problem_for(Estimator)
    rows = sparse.csr_array(X)
    for part in (rows.data, rows.indices, rows.indptr):
        part.flags.writeable = False
    expected = Estimator(variant, random_state=0).fit(rows, y)
    twice = sparse.csr_array(  # every value in two halves, stored in falling order of the columns
        (np.repeat(rows.data[::-1] / 2, 2), np.repeat(rows.indices[::-1], 2), 2 * (rows.nnz - rows.indptr[::-1])),
        shape=X.shape,
    )
    params = {"random_state": 0, "tol": 1e-10, "max_iter": 10_000}
    model = Estimator(variant, **params).fit(twice[::-1], y)
    assert_allclose(model.coef_, Estimator(variant, **params).fit(X, y).coef_, atol=1e-4 * np.abs(expected.coef_).max())


def test_tol_none_runs_all_epochs(Estimator, variant, problem_for):
    """tol=None means max_iter epochs, no fewer, and no warning."""
    X, y, _ = problem_for(Estimator)
    model = Estimator(variant, tol=None, max_iter=13, random_state=0).fit(X, y)
    assert model.n_iter_ == 13
