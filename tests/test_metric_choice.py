"""Which metric comes first: one that takes longer to build than a descent by products may take has to wait."""

import numpy as np
import pytest
from scipy import sparse

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.descent import metrics
from sk_gd.preconditioners import Blocks, Hessian, Implicit, Joint


def metric_of(model, X, y):
    """The metric that a fit has ended with."""
    model.set_params(warm_start=True).fit(X, y)
    metric = model._state.metric
    return metric if isinstance(metric, Implicit) else metric.base


def sparse_rows(rng, n, d, per_row):
    columns = rng.integers(0, d, (n, per_row))
    X = sparse.csr_array((rng.normal(size=n * per_row), columns.ravel(), np.arange(0, n * per_row + 1, per_row)), shape=(n, d))
    X.sum_duplicates()
    return X


def test_tall_rows_have_a_matrix_at_once(rng):
    X = rng.normal(size=(2000, 20))
    assert type(metric_of(GDLogisticClassifier(), X, X[:, 0] > 0)) is Hessian
    assert type(metric_of(GDLogisticClassifier(), X, np.digitize(X[:, 0], [-0.5, 0.5]))) is Joint


def test_sparse_rows_have_none_while_products_are_few(rng):
    """A matrix of 600 columns is a product of dense rows: hundreds of passes over five values in a row."""
    X = sparse_rows(rng, 3000, 600, 5)
    y = X @ rng.normal(size=600)
    for model, target in ((GDLogisticClassifier(alpha=0.01), y > 0), (GDLinearRegressor(alpha=0.01), y)):
        metric = metric_of(model, X, target)
        assert type(metric) is Implicit
        assert type(metric.later) is Hessian
        assert metric.n_all < 0.5 * metric.after


def test_sparse_rows_beside_a_kink(rng):
    """There, too, products are enough, and epochs leave the rows as they are."""
    X = sparse_rows(rng, 3000, 600, 5)
    y = X @ rng.normal(size=600) > 0
    for params in ({"l1_ratio": 0.5}, {"variant": "stochastic"}, {"variant": "mini-batch"}):
        model = GDLogisticClassifier(alpha=0.01, tol=1e-6, random_state=0, **params).fit(X, y)
        dense = GDLogisticClassifier(alpha=0.01, tol=1e-6, **params).set_params(variant="batch").fit(X.toarray(), y)
        assert "Hessian metric," not in model.method_ + ","
        assert model.converged_
        np.testing.assert_allclose(model.predict_proba(X), dense.predict_proba(X), atol=0.01)


@pytest.mark.parametrize(("n_classes", "held"), [(2, Hessian), (4, Joint), (30, Blocks)])
def test_a_matrix_follows_products_as_many_as_it_costs(rng, monkeypatch, n_classes, held):
    """Where products lead nowhere the descent takes twice as long as with the matrix at most; the minimum is the same."""
    n, d = 6000, 40
    X = rng.normal(size=(n, d)) @ (np.eye(d) + 3 * np.ones((d, d))) + 10.0
    y = np.digitize(X @ rng.normal(size=d) + rng.normal(size=n), np.linspace(-8, 8, n_classes - 1))
    monkeypatch.setattr(metrics, "DEAR", 0.0)
    monkeypatch.setattr(metrics, "price_of", lambda objective, width: (1.0, 12.0))
    model = GDLogisticClassifier(tol=1e-9)
    metric = metric_of(model, X, y)
    assert type(metric) is Implicit
    assert metric.later is None
    assert type(metric.base.base) is held
    monkeypatch.setattr(metrics, "DEAR", np.inf)
    at_once = GDLogisticClassifier(tol=1e-9).fit(X, y)
    np.testing.assert_allclose(model.loss_curve_[-1], at_once.loss_curve_[-1], rtol=1e-7)
    assert model.history_["passes"][-1] < 4 * (at_once.history_["passes"][-1] + 12)


def test_of_rows_in_a_file_a_matrix_is_one_pass(rng, tmp_path, monkeypatch):
    """There reading counts, and not what is made of it."""
    X = rng.normal(size=(600, 500))
    y = X[:, 0] > rng.normal(size=600)
    assert type(metric_of(GDLogisticClassifier(), X, y)) is Implicit
    np.save(tmp_path / "X.npy", X)
    monkeypatch.setattr("sk_gd.sources.files.LARGE", 0)
    assert type(metric_of(GDLogisticClassifier(), np.load(tmp_path / "X.npy", mmap_mode="r"), y)) is Hessian
