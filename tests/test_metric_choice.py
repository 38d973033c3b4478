"""Which metric comes first: one that takes longer to build than a descent by products may take has to wait."""

import numpy as np
import pytest
from scipy import sparse

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.descent import Objective, metrics
from sk_gd.losses import SquaredError
from sk_gd.penalties import ElasticNet
from sk_gd.preconditioners import Blocks, Hessian, Implicit, Joint
from sk_gd.sources import source_of


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
    for limit in ("DEAR", "DEAREST"):
        monkeypatch.setattr(metrics, limit, 0.0)
    monkeypatch.setattr(metrics, "price_of", lambda objective, width: (1.0, 12.0))
    model = GDLogisticClassifier(tol=1e-9)
    metric = metric_of(model, X, y)
    assert type(metric) is Implicit
    assert metric.later is None
    assert type(metric.base.base) is held
    for limit in ("DEAR", "DEAREST"):
        monkeypatch.setattr(metrics, limit, np.inf)
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


@pytest.mark.parametrize(("d", "l1_ratio"), [(200, 0.0), (100, 1.0)])
def test_a_matrix_is_made_anew_once_steps_took_as_long(rng, monkeypatch, d, l1_ratio):
    """Of few rows a step takes its time whatever the rows, and beside a kink a multiple of it: a new matrix costs little beside."""
    X = rng.normal(size=(500, d))
    if l1_ratio:
        X = X * np.geomspace(1, 1e-2, d) @ np.linalg.qr(rng.normal(size=(d, d)))[0]
    y = X @ rng.normal(size=d) / np.sqrt(d) + 0.1 * rng.logistic(size=500) > 0
    params = {"alpha": 1e-4, "l1_ratio": l1_ratio, "tol": 1e-6}
    model = GDLogisticClassifier(**params).fit(X, y)
    monkeypatch.setattr(metrics, "price_of", lambda objective, width: (0.0, 0.0))  # unknown, and then thought dear
    at_last = GDLogisticClassifier(**params).fit(X, y)
    assert model.converged_
    assert model.n_iter_ <= 0.75 * at_last.n_iter_


@pytest.mark.parametrize("n", [60, 59])
@pytest.mark.parametrize("l1_ratio", [0.5, 1.0])
def test_products_beside_a_kink_want_a_model_that_bends(rng, monkeypatch, n, l1_ratio):
    """Rows as many as features, or a ridge, bend it in all directions."""
    monkeypatch.setattr(metrics, "SOON", 0.0)
    monkeypatch.setattr(metrics, "DEAR", 0)
    X = source_of(rng.normal(size=(n, 60)), rng.normal(size=(n, 1)), None)
    metric = metrics.best_metric(Objective(SquaredError(), ElasticNet(0.1, l1_ratio), X, 1, True))
    assert type(metric) is (Hessian if n < 60 and l1_ratio == 1.0 else Implicit)
