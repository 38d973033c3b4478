"""What a model fitted on another library's arrays says, and how it leaves for NumPy."""

import pickle
import re

import numpy as np
import pytest
import sklearn
import torch
from sklearn.model_selection import GridSearchCV

from sk_gd import DescentPathDisplay, GDLinearRegressor, GDLogisticClassifier, _pieces
from sk_gd._array import on_host
from sk_gd._compat import device_of
from sk_gd.estimators._labels import encode_labels

METHODS = ["predict", "decision_function", "predict_proba", "predict_log_proba"]


@pytest.fixture(params=["regression", "multi-output", "binary", "multinomial"])
def fitted(request, place, make_problem):
    """X, y, a model of arrays of another library, and one of NumPy's."""
    X, y, _ = make_problem(request.param)
    Estimator = GDLogisticClassifier if request.param in ("binary", "multinomial") else GDLinearRegressor
    return X, y, Estimator().fit(place(X), place(y)), Estimator().fit(X, y)


def test_predictions(fitted, place):
    """Predictions are in X's library and on its device, and are NumPy's; also of float32 rows."""
    X, y, model, expected = fitted
    for rows in (X, X.astype(np.float32)):
        for method in METHODS:
            if hasattr(model, method):
                found = getattr(model, method)(place(rows))
                assert type(found) is type(place(X))
                assert device_of(found) == device_of(place(X))
                np.testing.assert_allclose(on_host(found), getattr(expected, method)(rows), rtol=1e-5, atol=1e-5)
    assert model.score(place(X), place(y)) == pytest.approx(expected.score(X, y))


def test_another_library_is_refused(fitted):
    """scikit-learn's error, which names the method."""
    X, _, model, _ = fitted
    for method in METHODS:
        if hasattr(model, method):
            with pytest.raises(ValueError, match=rf"\.{method}\(\) must use the same namespace"):
                getattr(model, method)(X)


def test_without_dispatch(fitted):
    """Outside of the context the error says what to do, and the ways to NumPy work."""
    X, _, model, expected = fitted
    with sklearn.config_context(array_api_dispatch=False):
        with pytest.raises(ValueError, match=re.escape("config_context(array_api_dispatch=True)")):
            model.predict(X)
        for other in (pickle.loads(pickle.dumps(model)), model.to_sklearn()):
            assert isinstance(other.coef_, np.ndarray)
            np.testing.assert_allclose(other.predict(X), expected.predict(X), rtol=1e-5, atol=1e-8)
        with pytest.raises(ValueError, match="only NumPy's can be sparse"):
            model.sparsify()


def test_rows_elsewhere_without_dispatch(strict, make_problem):
    """Rows that NumPy cannot read are refused with the two things to do."""
    X, y, _ = make_problem("regression")
    with (
        sklearn.config_context(array_api_dispatch=False),
        pytest.raises(ValueError, match=r"array_api_dispatch=True\), .* SCIPY_ARRAY_API=1"),
    ):
        GDLinearRegressor().fit(strict(X), strict(y))


def test_labels_that_are_strings(place, make_problem):
    """They stay NumPy's, in fit and in predictions."""
    X, y, _ = make_problem("multinomial")
    y = np.array(["low", "middle", "high"])[y]
    model = GDLogisticClassifier().fit(place(X), y)
    np.testing.assert_array_equal(model.classes_, ["high", "low", "middle"])
    np.testing.assert_array_equal(model.predict(place(X)), GDLogisticClassifier().fit(X, y).predict(X))


def test_labels_that_are_true_or_false(place, make_problem):
    """A mask is a label, too."""
    X, y, _ = make_problem("binary")
    model = GDLogisticClassifier().fit(place(X), place(y == 1))
    assert model.classes_.dtype == bool
    np.testing.assert_array_equal(on_host(model.predict(place(X))), GDLogisticClassifier().fit(X, y == 1).predict(X))


def test_labels_are_looked_at_in_pieces(rng, monkeypatch):
    """By NumPy, where they are in the host's memory: no call sorts all of them, for which Ctrl-C would wait."""
    y, sizes = rng.integers(3, size=500), []
    for library in (np, torch):
        unique = library.unique
        monkeypatch.setattr(library, "unique", lambda x, unique=unique, **how: sizes.append(len(x)) or unique(x, **how))
    monkeypatch.setattr(_pieces, "PIECE", 64)
    labels = torch.asarray(y)
    classes, codes = encode_labels(labels, None, labels)
    assert max(sizes) <= 64
    assert isinstance(codes, torch.Tensor)
    np.testing.assert_array_equal(classes, [0, 1, 2])
    np.testing.assert_array_equal(codes, y)


def test_everything_follows_the_rows(place, make_problem):
    """Targets, weights and validation rows that are NumPy's come to where X is; a tensor comes to NumPy if that is where X is."""
    X, y, weights = make_problem("binary", weighted=True)
    model = GDLogisticClassifier().fit(place(X), y, weights)
    np.testing.assert_allclose(on_host(model.coef_), GDLogisticClassifier().fit(X, place(y), place(weights)).coef_, rtol=1e-9)
    listed = GDLinearRegressor().fit(place(X), y.tolist(), weights.tolist())
    np.testing.assert_allclose(on_host(listed.coef_), GDLinearRegressor().fit(X, y, weights).coef_, rtol=1e-9)
    rows = {"X_val": place(X), "y_val": y, "sample_weight_val": weights}
    assert isinstance(GDLogisticClassifier(early_stopping=True).fit(place(X), y, **rows).validation_scores_, np.ndarray)


def test_search(place, make_problem):
    """Folds are rows like any other, and alpha is a number."""
    X, y, _ = make_problem("regression")
    X, y = torch.asarray(X), torch.asarray(y)
    search = GridSearchCV(GDLinearRegressor(), {"alpha": [0.01, 100.0]}).fit(X, y)
    assert search.best_params_ == {"alpha": 0.01}
    assert isinstance(search.predict(X), torch.Tensor)


def test_diagnosis_and_pictures(place, make_problem):
    """Both read the rows where they are."""
    X, y, _ = make_problem("multinomial", columns="correlated")
    model = GDLogisticClassifier("mini-batch", optimizer="gd", record="path", max_iter=5, tol=None).fit(place(X), place(y))
    other = GDLogisticClassifier("mini-batch", optimizer="gd", record="path", max_iter=5, tol=None).fit(X, y)
    found, expected = (diagnosed.verdicts for diagnosed in (model.diagnose(place(X), place(y)), other.diagnose(X, y)))
    assert [verdict.title for verdict in found] == [verdict.title for verdict in expected]
    assert DescentPathDisplay.from_estimator(model, place(X), place(y), resolution=3).values.shape == (3, 3)


ODD = {
    "pass {}.detach()": lambda x: x.requires_grad_(),
    "pass {}.to_dense()": lambda x: x.to_sparse(),
    "Complex data not supported, but {} holds": lambda x: x + 0j,
}


@pytest.mark.parametrize("name", ["X", "y", "sample_weight"])
@pytest.mark.parametrize("words", ODD)
def test_odd_tensors_are_refused(words, name):
    """Tensors that record gradients, are sparse or complex, before anything changes."""
    given = {"X": torch.ones((4, 2)), "y": torch.ones(4), "sample_weight": torch.ones(4)}
    given[name] = ODD[words](given[name])
    with pytest.raises(ValueError, match=re.escape(words.format(name))):
        GDLinearRegressor().fit(**given)


def test_complex_arrays_are_refused(place):
    """On any device."""
    with pytest.raises(ValueError, match="Complex data not supported"):
        GDLinearRegressor().fit(place(np.full((4, 2), 1j)), place(np.ones(4)))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_none(place, make_problem, bad):
    """Rows with nan or infinite numbers are refused as in NumPy."""
    X, y, _ = make_problem("regression")
    X[3, 1] = bad
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        GDLinearRegressor().fit(place(X), place(y))
    with pytest.raises(ValueError, match=r"[Nn]egative"):
        GDLinearRegressor().fit(place(X[4:]), place(y[4:]), place(-np.ones(len(y) - 4)))
