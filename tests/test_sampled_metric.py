"""The Hessian of a sample: where it is taken, what it may say of the gap, and when all rows are asked after all."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.descent import Objective, metrics, plan
from sk_gd.losses import LogLoss
from sk_gd.penalties import ElasticNet
from sk_gd.preconditioners import Hessian, Sampled
from sk_gd.sources import source_of

MANY = {"n_samples": 110_000, "n_features": 10}
OF_A_SAMPLE = "Hessian metric of a sample, begun on 4583 rows"


@pytest.fixture
def objective_of(make_problem):
    """The default objective of a binary problem, some columns of which may be changed."""

    def make(change=lambda X: X, weights=None, **options):
        X, y, _ = make_problem("binary", columns="raw", **MANY)
        source = source_of(change(X), y[:, None].astype(float), weights)
        penalty = ElasticNet(np.full(10, options.get("l1", 0.0)), np.full(10, 1e-4))
        return Objective(LogLoss(), penalty, source, 1, True)

    return make


def gap_of(model, X, y, sample_weight=None):
    """The true relative gap: the minimum by the Hessian of all rows, to rounding."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "first_metric", metrics.best_metric)
        best = GDLogisticClassifier(alpha=model.alpha, tol=1e-14).fit(X, y, sample_weight)
    assert "of a sample" not in best.method_
    least = best.loss_curve_.min()
    return (model.loss_curve_[-1] - least) / (model.loss_curve_[0] - least)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("alpha", [1e-3, 1e-7])
@pytest.mark.parametrize("tol", [1e-3, 1e-5, 1e-7])
def test_the_gap_is_not_played_down(tol, alpha, dtype, make_problem):
    """With a column of rare rows, of which the sample has but some: the true gap is within tol, and within what is said of it."""
    X, y, _ = make_problem("binary", columns="raw", **MANY)
    X[:, 9] = np.arange(len(X)) % 3500 == 0
    X = X.astype(dtype)
    model = GDLogisticClassifier(alpha=alpha, tol=tol).fit(X, y)
    assert model.method_.endswith(OF_A_SAMPLE)
    assert model.converged_
    true = gap_of(model, X, y)
    assert true <= 1.5 * model.optimality_
    assert true <= tol
    assert model.history_["passes"][-1] < 12


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("alpha", [1e-3, 1e-7])
@pytest.mark.parametrize("tol", [1e-4, 1e-7])
def test_several_classes(tol, alpha, weighted, make_problem, Judge):
    """The softmax has the joint Hessian of the sample, with the same promise."""
    X, y, sample_weight = make_problem("multinomial", columns="raw", weighted=weighted, **MANY)
    X[:, 9] = np.arange(len(X)) % 3500 == 0
    model = GDLogisticClassifier(alpha=alpha, tol=tol).fit(X, y, sample_weight)
    assert model.method_.endswith("Hessian metric of a sample, begun on 2291 rows" if weighted else OF_A_SAMPLE)
    assert model.converged_
    true = gap_of(model, X, y, sample_weight)
    assert true <= min(1.5 * model.optimality_, tol)


@pytest.mark.parametrize("alpha", [1e-3, 1e-6])
@pytest.mark.parametrize("variant", ["mini-batch", "stochastic"])
def test_epochs_in_it(variant, alpha, make_problem):
    """They go where they went, and so does what is said of the gap."""
    X, y, _ = make_problem("binary", columns="raw", **MANY)
    model = GDLogisticClassifier(variant, alpha=alpha, tol=1e-5, random_state=0).fit(X, y)
    assert OF_A_SAMPLE in model.method_
    assert model.converged_
    assert gap_of(model, X, y) <= 1.5 * model.optimality_


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("values", "exact"), [
    (lambda rows: rows % 7 == 0, False),
    (lambda rows: 0.0 * rows, True),
    (lambda rows: 2.5 + 0.0 * rows, True),
    (lambda rows: rows < 3, True),  # none in the sample
    (lambda rows: 1.0 + 0.5 * (rows % 30_000 == 0), True),
])  # fmt: skip
def test_rare_rows_are_all_there(values, exact, weighted, objective_of, rng):
    """Of a column that few rows of the sample know, all rows that are not as usual count; of the other columns the sample does."""

    def change(X):
        X[:, 3] = values(np.arange(len(X)))
        return X

    weights = rng.gamma(2.0, size=MANY["n_samples"]) if weighted else None
    objective, theta = objective_of(change, None if weights is None else weights / weights.mean()), np.zeros((1, 11))
    estimate, known = objective.typical(theta, 16).curvature(theta, True), objective.curvature(theta, True)
    near = pytest.approx(known.moments[3, 3], rel=1e-9, abs=1e-15)
    assert (estimate.moments[3, 3] == near) == exact
    np.testing.assert_allclose(estimate.total, known.total, rtol=0.05)
    np.testing.assert_allclose(np.diag(estimate.moments), np.diag(known.moments), rtol=0.2, atol=1e-15)
    assert not np.array_equal(estimate.moments, known.moments)


def test_where_rows_would_be_too_many_all_are_taken(objective_of):
    """A column with a few large numbers, and no two rows alike."""

    def change(X):
        X[:, 3] = 1 / (1 + np.arange(len(X)))
        return X

    objective, theta = objective_of(change), np.zeros((1, 11))
    assert objective.typical(theta, 16) is objective
    metric, known = Sampled(Hessian(), 16), Hessian()
    metric.update(objective, theta)
    known.update(objective, theta)
    assert metric.share == 1
    np.testing.assert_array_equal(metric.base.hessian, known.hessian)


def test_all_rows_take_its_place(make_problem, monkeypatch):
    """Of a sample whose Hessian leads nowhere: as many passes as that of all rows costs, and then it is that."""
    X, y, _ = make_problem("binary", columns="raw", **MANY)

    def misleading(self, theta, share):
        return self.on(source_of(np.ascontiguousarray(self.source.X[:5000, ::-1]), self.source.y[:5000], None), self.loss)

    monkeypatch.setattr(Objective, "typical", misleading)
    shares = []
    update = Sampled.update
    monkeypatch.setattr(Sampled, "update", lambda self, *how: (update(self, *how), shares.append(self.share))[0])
    model = GDLogisticClassifier(alpha=1e-4, tol=1e-12).fit(X, y)
    assert model.converged_
    assert shares == [16, 1]


def test_only_where_it_pays(objective_of):
    """Uneven weights count as few rows; sparse rows, kinks and other losses have metrics of their own."""
    assert isinstance(metrics.first_metric(objective_of()), Sampled)
    uneven = np.ones(MANY["n_samples"])
    uneven[:100] = 500
    assert not metrics.sample_suits(objective_of(weights=uneven / uneven.mean()), 10)
    assert not metrics.sample_suits(objective_of(l1=1e-4), 10)
    assert type(metrics.best_metric(objective_of())) is Hessian
    few = objective_of(lambda X: csr_matrix(X * (np.random.default_rng(0).random(X.shape) < 0.02)))
    assert not metrics.sample_suits(few, 10)  # so few values that there is nothing to save


@pytest.mark.parametrize(("Estimator", "target", "params"), [
    (GDLogisticClassifier, "binary", {"preconditioner": "hessian"}),
    (GDLogisticClassifier, "multinomial", {"preconditioner": "hessian"}),
    (GDLinearRegressor, "regression", {}),
    (GDLinearRegressor, "regression", {"loss": "huber"}),
])  # fmt: skip
def test_others_have_all_rows(Estimator, target, params, make_problem):
    """A metric of the user's, statistics that suffice, and second derivatives that jump."""
    X, y, _ = make_problem(target, **MANY)
    assert "sample" not in Estimator(max_iter=2, tol=None, **params).fit(X, y).method_


def test_stopped_and_continued(make_problem):
    """A warm start goes on in the metric of the sample, with what the steps have taught it, to the same bits."""
    X, y, _ = make_problem("binary", columns="raw", **MANY)
    whole = GDLogisticClassifier(alpha=1e-6, tol=None, max_iter=6).fit(X, y)
    part = GDLogisticClassifier(alpha=1e-6, tol=None, max_iter=3, warm_start=True).fit(X, y)
    part.fit(X, y)
    np.testing.assert_array_equal(part.coef_, whole.coef_)
    np.testing.assert_array_equal(part.loss_curve_, whole.loss_curve_)
