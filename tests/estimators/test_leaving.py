"""The ways out: scikit-learn's own estimators, ONNX, skops, pickles that know their version."""

import copy
import pickle
import re
import sys

import numpy as np
import onnxruntime
import pandas as pd
import pytest
import skl2onnx
import skops.io
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import InconsistentVersionWarning, NotFittedError
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sk_gd
from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.estimators import _doc_link

EXACT = {"tol": 1e-12, "max_iter": 10_000}
NUMBERS = [
    ({}, LinearRegression, {}),
    ({"fit_intercept": False}, LinearRegression, {"fit_intercept": False}),
    ({"alpha": 0.1}, Ridge, {"alpha": 0.1 * 150}),
    ({"alpha": 0.1, "l1_ratio": 1.0}, Lasso, {"alpha": 0.1}),
    ({"alpha": 0.1, "l1_ratio": 0.3}, ElasticNet, {"alpha": 0.1, "l1_ratio": 0.3}),
]
CLASSES = [
    ({"alpha": 0.02}, {"C": 1 / (0.02 * 150), "l1_ratio": 0.0}),
    ({"alpha": 0.02, "l1_ratio": 0.5}, {"C": 1 / (0.02 * 150), "l1_ratio": 0.5}),
    ({"alpha": 0.02, "fit_intercept": False}, {"fit_intercept": False}),
    ({"alpha": 0.0}, {"C": np.inf}),
]


@pytest.mark.parametrize(("params", "Twin", "of_twin"), NUMBERS, ids=["plain", "no intercept", "L2", "L1", "elastic net"])
@pytest.mark.parametrize("target", ["regression", "multi-output"])
def test_twin_of_the_regressor(params, Twin, of_twin, target, make_problem):
    """The twin is the estimator of the same objective: the same predictions now, and the same minimum when fitted anew."""
    X, y, weights = make_problem(target, n_samples=150, weighted=True)
    weights *= len(weights) / weights.sum()
    model = GDLinearRegressor(**params, **EXACT).fit(X, y, weights)
    twin = model.to_sklearn()
    assert type(twin) is Twin
    assert twin.get_params().items() >= {name: pytest.approx(value) for name, value in of_twin.items()}.items()
    assert_allclose(twin.predict(X), model.predict(X), rtol=1e-13)
    assert twin.predict(X).shape == model.predict(X).shape
    anew = clone(twin)
    if Twin in (Lasso, ElasticNet):
        anew.set_params(**EXACT)
    assert_allclose(anew.fit(X, y, sample_weight=weights).predict(X), twin.predict(X), atol=1e-4)


@pytest.mark.filterwarnings("ignore:Setting penalty=None")  # scikit-learn 1.8 at C=inf
@pytest.mark.parametrize(("params", "of_twin"), CLASSES, ids=["L2", "elastic net", "no intercept", "no penalty"])
@pytest.mark.parametrize("target", ["binary", "multinomial"])
@pytest.mark.parametrize("class_weight", [None, {0: 3.0}], ids=["", "class weight"])
def test_twin_of_the_classifier(params, of_twin, target, class_weight, make_problem):
    """LogisticRegression with the C that is meant, of two classes and of more."""
    X, y, weights = make_problem(target, n_samples=150, weighted="l1_ratio" not in params)  # saga's step forgets the weights
    model = GDLogisticClassifier(class_weight=class_weight, **params, **EXACT).fit(X, y, weights)
    twin = model.to_sklearn()
    assert_allclose(twin.predict_proba(X), model.predict_proba(X), atol=1e-14)
    assert_array_equal(twin.predict(X), model.predict(X))
    assert_allclose(twin.decision_function(X), model.decision_function(X), atol=1e-13)
    anew = clone(twin).set_params(tol=1e-8, max_iter=10_000, random_state=0).fit(X, y, sample_weight=weights)
    assert_allclose(anew.predict_proba(X), twin.predict_proba(X), atol=1e-5)
    plain = GDLogisticClassifier(**params).fit(X, y).to_sklearn()
    assert plain.get_params().items() >= {name: pytest.approx(value) for name, value in of_twin.items()}.items()


BEYOND = {
    "huber": (GDLinearRegressor, {"loss": "huber"}, "loss='huber'"),
    "quantile": (GDLinearRegressor, {"loss": "quantile", "alpha": 0.1, "l1_ratio": 1.0}, "loss='quantile'"),
    "tube": (GDLinearRegressor, {"loss": "squared_epsilon_insensitive"}, "loss='squared_epsilon_insensitive'"),
    "by feature": (GDLogisticClassifier, {"alpha": [0.1, 0.2, 0.3, 0.0, 1.0]}, "alpha by feature"),
    "positive": (GDLogisticClassifier, {"positive": True}, "positive=True"),
    "two of them": (GDLogisticClassifier, {"alpha": [0.1] * 5, "positive": True}, "alpha by feature and positive=True"),
}


@pytest.mark.parametrize(("Estimator", "params", "told"), BEYOND.values(), ids=BEYOND)
def test_what_scikit_learn_does_not_minimise(Estimator, params, told, problem_for):
    """The twin predicts the same, and one warning says that it would not be found anew, and why."""
    X, y, _ = problem_for(Estimator)
    model = Estimator(**params).fit(X, y)
    with pytest.warns(UserWarning, match="not to fit anew") as seen:
        twin = model.to_sklearn()
    assert len(seen) == 1
    assert told in str(seen[0].message)
    assert seen[0].filename == __file__
    assert type(twin) is (LinearRegression if Estimator is GDLinearRegressor else LogisticRegression)
    assert_allclose(twin.predict(X), model.predict(X), rtol=1e-12)


def test_twin_stands_alone(Estimator, problem_for):
    """It keeps names and dtype, shares no memory with the model, can be fitted, cloned and pickled, and needs no sk_gd."""
    X, y, _ = problem_for(Estimator)
    table = pd.DataFrame(X.astype(np.float32), columns=list("abcde"))
    model = Estimator(alpha=0.1).fit(table, y)
    twin = model.to_sklearn()
    assert_array_equal(twin.feature_names_in_, list("abcde"))
    assert twin.coef_.dtype == np.float32
    stored = pickle.dumps(twin)
    assert b"sk_gd" not in stored
    predicted = model.predict(table)
    model.coef_ += 1.0
    for alone in (twin, pickle.loads(stored)):  # to rounding: float32 products depend on where the arrays begin in memory
        assert_allclose(alone.predict(table), predicted, rtol=1e-6)
    with pytest.raises(NotFittedError):
        Estimator().to_sklearn()


def test_twin_after_partial_fit(Estimator, problem_for):
    """Of rows that came in chunks all weights count: alpha and C are those of the whole."""
    X, y, _ = problem_for(Estimator)
    model = Estimator("mini-batch", alpha=0.1)
    for rows in (slice(0, 70), slice(70, 120)):
        model.partial_fit(X[rows], y[rows], sample_weight=np.full(len(y[rows]), 2.0))
    twin = model.to_sklearn()
    assert (twin.alpha if Estimator is GDLinearRegressor else 1 / twin.C) == pytest.approx(0.1 * 240)
    assert_allclose(twin.predict(X), model.predict(X))


def test_twin_of_sparse_coefficients(Estimator, problem_for, container):
    """Sparsified coefficients stay sparse where scikit-learn's estimator can hold them so, and predict the same."""
    X, y, _ = problem_for(Estimator)
    model = Estimator(alpha=0.1, l1_ratio=1.0).fit(X, y)
    expected = model.predict(X)
    twin = model.sparsify().to_sklearn()
    assert sparse.issparse(twin.coef_) == (Estimator is GDLogisticClassifier)
    assert_allclose(twin.predict(container(X)), expected)
    assert sparse.issparse(model.coef_)


def run(converted, X):
    session = onnxruntime.InferenceSession(converted.SerializeToString())
    return session.run(None, {session.get_inputs()[0].name: X})


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("target", ["binary", "multinomial", "names"])
def test_onnx_of_the_classifier(dtype, target, make_problem):
    """In a pipeline, labels of any kind and probabilities are those of the model."""
    X, y, _ = make_problem("multinomial" if target == "names" else target, columns="raw")
    y = np.array(["x", "y", "z"])[y] if target == "names" else y
    model = make_pipeline(StandardScaler(), GDLogisticClassifier(alpha=0.01)).fit(X, y)
    model[-1].sparsify()
    sk_gd.onnx.register()
    labels, probabilities = run(
        skl2onnx.to_onnx(model, X[:1].astype(dtype), options={"gdlogisticclassifier__zipmap": False}), X.astype(dtype)
    )
    assert_array_equal(labels, model.predict(X))
    assert_allclose(probabilities, model.predict_proba(X), atol=1e-5)
    raw = {GDLogisticClassifier: {"zipmap": False, "raw_scores": True}}
    scores = run(skl2onnx.to_onnx(model, X[:1].astype(dtype), options=raw), X.astype(dtype))[1]
    expected = model.decision_function(X)
    assert_allclose(scores[:, -1], expected if expected.ndim == 1 else expected[:, -1], rtol=1e-4, atol=1e-4)
    assert type(model[-1]) is GDLogisticClassifier


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("target", ["regression", "multi-output"])
def test_onnx_of_the_regressor(dtype, target, make_problem):
    """One target or several."""
    X, y, _ = make_problem(target)
    model = make_pipeline(StandardScaler(), GDLinearRegressor(alpha=0.1)).fit(X, y)
    sk_gd.onnx.register()
    (predictions,) = run(skl2onnx.to_onnx(model, X[:1].astype(dtype)), X.astype(dtype))
    assert_allclose(predictions.reshape(y.shape), model.predict(X), rtol=1e-4, atol=1e-4)


def test_onnx_without_skl2onnx(monkeypatch):
    """Without the extra, the error says what to install."""
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    with pytest.raises(ImportError, match=r'pip install "sk_gd\[onnx\]"'):
        sk_gd.onnx.register()


def test_skops(Estimator, problem_for, tmp_path):
    """A file of skops names this package's types to be trusted, and gives the model back."""
    X, y, _ = problem_for(Estimator)
    model = make_pipeline(StandardScaler(), Estimator(alpha=0.1)).fit(X, y)
    skops.io.dump(model, tmp_path / "model.skops")
    types = skops.io.get_untrusted_types(file=tmp_path / "model.skops")
    assert all(name.startswith("sk_gd.") for name in types)
    assert_array_equal(skops.io.load(tmp_path / "model.skops", trusted=types).predict(X), model.predict(X))
    skops.io.dump(model[-1].to_sklearn(), tmp_path / "twin.skops")
    assert not skops.io.get_untrusted_types(file=tmp_path / "twin.skops")


def test_pickles_carry_the_version(Estimator, problem_for, monkeypatch):
    """Another version that reads a pickle warns, with both versions; the same one does not, and neither do copies."""
    X, y, _ = problem_for(Estimator)
    model = Estimator(warm_start=True).fit(X, y)
    stored = pickle.dumps(model)
    for same in (pickle.loads(stored), copy.copy(model), copy.deepcopy(model)):
        assert vars(same).keys() == vars(model).keys()
    monkeypatch.setattr(sk_gd, "__version__", "99.0")
    with pytest.warns(InconsistentVersionWarning, match=rf"{Estimator.__name__} was pickled by sk_gd 0.*read by 99.0") as caught:
        other = pickle.loads(stored)
    assert len(caught) == 1
    assert_array_equal(other.predict(X), model.predict(X))
    with pytest.warns(InconsistentVersionWarning, match=r"0\.1\.0"):
        Estimator().__setstate__(vars(Estimator()))  # as the first version wrote it


@pytest.fixture
def metadata_with(monkeypatch):
    """Lets the package's metadata tell of these addresses."""

    class Metadata(dict):
        get_all = dict.get

    def tell(urls):
        monkeypatch.setattr(_doc_link, "metadata", lambda name: Metadata({"Project-URL": urls}))
        _doc_link._of_the_package.cache_clear()

    monkeypatch.delenv("SK_GD_DOCS", raising=False)
    yield tell
    _doc_link._of_the_package.cache_clear()


def links_of(Estimator):
    """Where its HTML picture leads to."""
    return re.findall('href="(.*?)"', Estimator()._repr_html_().split('class="sk-top-container"')[-1])


@pytest.mark.parametrize("urls", [["Source, https://example.org"], None])
def test_no_address_no_link(Estimator, metadata_with, urls):
    """Without an address, the HTML picture has no link at all, neither an empty one nor one to scikit-learn."""
    metadata_with(urls)
    assert links_of(Estimator) == []


def test_link_to_the_documentation(Estimator, metadata_with, monkeypatch):
    """It leads to the page of the reference at the address of the metadata, or at SK_GD_DOCS, which is asked first, each time."""
    metadata_with(["Source, https://example.org", "Documentation, https://example.org/docs/"])
    for address in ("https://example.org/docs", "http://localhost:8000", "..", "https://docs.example.org/sk_gd/"):
        if address != "https://example.org/docs":
            monkeypatch.setenv("SK_GD_DOCS", address)
        page = f"{address.rstrip('/')}/generated/sk_gd.{Estimator.__name__}.html"
        assert {link.partition("#")[0] for link in links_of(Estimator)} == {page}


def test_link_to_a_file(Estimator, metadata_with, monkeypatch, tmp_path):
    """A site on the disk is looked at: no link to a page that is not there."""
    metadata_with(None)
    monkeypatch.setenv("SK_GD_DOCS", (tmp_path / "my site").as_uri())
    assert links_of(Estimator) == []
    page = tmp_path / "my site" / "generated" / f"sk_gd.{Estimator.__name__}.html"
    page.parent.mkdir(parents=True)
    page.touch()
    assert {link.partition("#")[0] for link in links_of(Estimator)} == {page.as_uri()}
