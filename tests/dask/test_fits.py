"""A Dask collection is fitted to the same model as its rows in memory, by every variant; the way it is cut does not matter."""

import pickle

import dask
import dask.array as da
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.estimators._dask import DaskRows
from sk_gd.losses import EpsilonInsensitive, Huber, Quantile

pytestmark = pytest.mark.usefixtures("threads")

TARGETS = {"regression": GDLinearRegressor, "multi-output": GDLinearRegressor, "binary": GDLogisticClassifier,
           "multinomial": GDLogisticClassifier}  # fmt: skip


def same(model, other, rtol=1e-6):
    assert_allclose(model.coef_, other.coef_, rtol=rtol, atol=rtol * np.abs(other.coef_).max())
    assert_allclose(model.intercept_, other.intercept_, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("weighted", [False, True])
def test_every_target(target, weighted, variant, make_problem, split):
    """Raw columns, uneven and empty partitions, weights of which some are zero."""
    X, y, s = make_problem(target, columns="raw", weighted=weighted)
    s = s * (np.arange(len(s)) % 7 > 0) if weighted else None
    model = TARGETS[target](variant, alpha=1e-3, tol=1e-14, random_state=0)
    expected = TARGETS[target](variant, alpha=1e-3, tol=1e-14, random_state=0).fit(X, y, s)
    model.fit(split(X), split(y), split(s) if weighted else None)
    same(model, expected)
    assert model.converged_
    assert_allclose(model.to_sklearn().predict(X), model.predict(X))
    assert model._weight_sum == pytest.approx(expected._weight_sum)
    assert model._n_rows == expected._n_rows


@pytest.mark.parametrize("params", [{"l1_ratio": 0.7, "alpha": 0.02}, {"positive": True}, {"fit_intercept": False}], ids=str)
@pytest.mark.parametrize("target", ["regression", "multinomial"])
def test_penalties(params, target, variant, make_problem, split):
    """A kink in the penalty, a bound, no intercept."""
    X, y, _ = make_problem(target)
    make = lambda: TARGETS[target](variant, tol=1e-9, random_state=0, **params)  # noqa: E731
    same(make().fit(split(X), split(y)), make().fit(X, y), rtol=1e-4)


def test_wide_rows_use_products(make_problem, split):
    """Above max_full features the metric is known by its products: what bends in rows stays where they are."""
    X, y, _ = make_problem("binary", n_samples=150, n_features=1100)
    expected = GDLogisticClassifier(alpha=0.01, tol=1e-8).fit(X, y)
    model = GDLogisticClassifier(alpha=0.01, tol=1e-8).fit(split(X), split(y))
    assert "conjugate" in model.method_
    same(model, expected, rtol=1e-3)


@pytest.mark.parametrize("params", [{"class_weight": "balanced"}, {"class_weight": {0: 3.0}}], ids=str)
def test_class_weights(params, make_problem, split):
    """They come from the classes of all partitions; a partition may lack some."""
    X, y, _ = make_problem("binary")
    order = np.argsort(y, kind="stable")
    labels = np.array(["no", "yes"])[y[order]] if params["class_weight"] == "balanced" else y[order]
    expected = GDLogisticClassifier(tol=1e-10, **params).fit(X[order], labels)
    model = GDLogisticClassifier(tol=1e-10, **params).fit(split(X[order]), split(labels))
    same(model, expected)
    assert_array_equal(model.classes_, expected.classes_)


def test_robust_loss(make_problem, split):
    """Huber's width is in units of the spread of all targets."""
    X, y, s = make_problem(weighted=True)
    same(
        GDLinearRegressor(loss=Huber(), tol=1e-10).fit(split(X), split(y), split(s)),
        GDLinearRegressor(loss=Huber(), tol=1e-10).fit(X, y, s),
    )


def test_sparse_partitions(variant, make_problem):
    """Partitions that are CSR matrices are read as they are."""
    X, y, _ = make_problem("binary")
    rows = da.from_array(X, chunks=(40, -1)).map_blocks(sparse.csr_matrix)
    model = GDLogisticClassifier(variant, tol=1e-10, random_state=0).fit(rows, da.from_array(y, chunks=40))
    same(model, GDLogisticClassifier(variant, tol=1e-10, random_state=0).fit(X, y))


@pytest.mark.parametrize("optimizer", ["gd", "adam", "momentum"])
@pytest.mark.parametrize("average", [False, True])
def test_optimizers_of_the_user(optimizer, average, variant, make_problem, split, Judge):
    """Explicit optimizers come near the minimum in every variant; batch takes the very same steps."""
    X, y, _ = make_problem(n_samples=400)
    make = lambda: GDLinearRegressor(variant, optimizer=optimizer, average=average, max_iter=60, tol=None, random_state=0)  # noqa: E731
    assert Judge(X, y).gap(make().fit(split(X), split(y))) < 0.05
    if variant == "batch":  # not from the constant model: Adam takes whole steps along what rounding leaves of a gradient
        start = {"coef_init": np.zeros(5), "intercept_init": 1.0}
        same(make().fit(split(X), split(y), **start), make().fit(X, y, **start))


@pytest.mark.parametrize("params", [
    {}, {"alpha": 0.1}, {"alpha": 0.05, "l1_ratio": 1.0}, {"alpha": 0.05, "positive": True}, {"fit_intercept": False},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("loss", [Quantile(0.8), EpsilonInsensitive(0.5)], ids=str)
def test_corners(loss, params, variant, make_problem, split):
    """The slopes of rows stay with these, and what they prove is the same."""
    X, y, s = make_problem(columns="raw", weighted=True)
    make = lambda: GDLinearRegressor(variant, loss=loss, tol=1e-9, random_state=0, **params)  # noqa: E731
    model, expected = make().fit(split(X), split(y), split(s)), make().fit(X, y, s)
    same(model, expected, rtol=1e-6)
    assert model.converged_
    if variant == "batch":  # the very same steps, until they end in rounding
        assert_array_equal(model.history_["passes"][:8], expected.history_["passes"][:8])


def test_corners_of_several_targets(make_problem, split):
    """Which a metric of all of them has to know, and by products where features are many."""
    for n_features in (5, 1100):
        X, y, _ = make_problem("multi-output", n_samples=100, n_features=n_features)
        make = lambda: GDLinearRegressor(loss="quantile", alpha=0.1, tol=1e-7)  # noqa: E731
        same(make().fit(split(X), split(y)), make().fit(X, y), rtol=1e-3)


def test_corners_of_float32(make_problem, split):
    """No slopes balance in that, so rows are doubled where they are."""
    X, y, _ = make_problem()
    X, y = X.astype(np.float32), y.astype(np.float32)
    model = GDLinearRegressor(loss="quantile", tol=1e-7).fit(split(X), split(y))
    assert model.coef_.dtype == np.float32
    same(model, GDLinearRegressor(loss="quantile", tol=1e-7).fit(X, y), rtol=1e-5)


def test_corners_continued(make_problem, split):
    """A warm start leads the slopes to where they were: five steps and five more are ten, to the bit."""
    X, y, _ = make_problem()
    make = lambda n: GDLinearRegressor(loss="quantile", alpha=0.1, max_iter=n, tol=None, warm_start=True)  # noqa: E731
    twice, once = make(5), make(10).fit(split(X), split(y))
    for _ in range(2):
        twice.fit(split(X), split(y))
        twice = pickle.loads(pickle.dumps(twice))
    assert_array_equal(twice.coef_, once.coef_)
    assert_array_equal(twice.loss_curve_, once.loss_curve_)


@pytest.mark.parametrize("params", [{}, {"l1_ratio": 0.7, "alpha": 0.02}], ids=str)
@pytest.mark.parametrize("variant", ["mini-batch", "stochastic"])
@pytest.mark.parametrize("target", ["regression", "multinomial"])
def test_saga(params, variant, target, make_problem, split):
    """The anchor follows every visit, in each partition by itself, or every batch; the minimum is the same."""
    X, y, s = make_problem(target, weighted=True, n_samples=300)
    make = lambda **more: TARGETS[target](variant, tol=1e-8, random_state=0, **params, **more)  # noqa: E731
    batch = {"batch_size": 30} if variant == "mini-batch" else {}
    model = make(optimizer="saga", **batch).fit(split(X), split(y), split(s))
    assert "saga" in model.method_
    assert model.converged_
    same(model, make().fit(X, y, s), rtol=1e-3)
    again = make(optimizer="saga", **batch).fit(split(X), split(y), split(s))
    assert_array_equal(again.coef_, model.coef_)
    assert not np.array_equal(make(optimizer="svrg", **batch).fit(split(X), split(y), split(s)).coef_, model.coef_)


def test_saga_of_one_partition_is_saga(make_problem):
    """One partition, one batch after the other: the updates of a sweep in memory over the same rows."""
    X, y, _ = make_problem(n_samples=120)
    make = lambda: GDLinearRegressor(  # noqa: E731
        "mini-batch", batch_size=30, optimizer="saga", shuffle=False, learning_rate=0.3, preconditioner=None, max_iter=1, tol=None
    )
    sweep = make().fit(X, y)
    model = make().fit(da.from_array(X, chunks=-1), da.from_array(y, chunks=-1))
    same(model, sweep, rtol=1e-9)


@pytest.mark.parametrize("here", [True, False])
@pytest.mark.parametrize(("target", "params"), [("binary", {}), ("multinomial", {"alpha": 0.01, "l1_ratio": 0.5})])
def test_begun_on_a_sample(target, params, here, variant, make_problem, split, monkeypatch):
    """The minimum of one row in sixteen, taken from every partition, is where a descent on many rows begins.

    If they are few they come here, else they stay where they are.
    """
    X, y, s = make_problem(target, columns="raw", weighted=True, n_samples=6000, n_features=4)
    make = lambda: GDLogisticClassifier(variant, tol=1e-7, random_state=0, **params)  # noqa: E731
    for where in ("LARGE", "LARGE_APART"):
        monkeypatch.setattr(f"sk_gd.descent.sampled.{where}", 2**62)
    whole, plain = make().fit(split(X), split(y), split(s)), make().fit(X, y, s)
    monkeypatch.setattr("sk_gd.descent.sampled.LARGE" if here else "sk_gd.descent.sampled.LARGE_APART", 2**12)
    monkeypatch.setattr("sk_gd.descent.sampled.BROUGHT", 2**18 if here else 0)
    model = make().fit(split(X), split(y), split(s))
    assert "begun on 375 rows" in model.method_
    assert "begun" not in whole.method_
    assert model.converged_
    assert model.history_["passes"][1] % 1 != 0  # a sixteenth for a pass over the sample
    start, begun, *_, end = model.loss_curve_
    assert start == pytest.approx(plain.loss_curve_[0], rel=1e-12)  # from the targets and their weights, without a pass
    assert begun - end < 0.25 * (start - end)
    same(model, plain, rtol=1e-3)


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array], ids=["dense", "csr"])
def test_few_rounds(kind, make_problem, monkeypatch):
    """A sample that comes here leads where two or three rounds of all rows are enough, and no certificate has to be made."""
    X, y, _ = make_problem("binary", columns="raw", n_samples=40_000, n_features=20)
    parts = [da.from_delayed(dask.delayed(kind)(X[i : i + 10_000]), (10_000, 20), X.dtype) for i in range(0, 40_000, 10_000)]
    monkeypatch.setattr("sk_gd.descent.sampled.LARGE", 2**16)
    asked, ask = [], DaskRows.ask
    monkeypatch.setattr(DaskRows, "ask", lambda self, name, *rest: (asked.append(name), ask(self, name, *rest))[1])
    model = GDLogisticClassifier(alpha=1e-4, tol=1e-6).fit(da.concatenate(parts), da.from_array(y, chunks=10_000))
    assert "begun on" in model.method_
    assert model.converged_
    assert asked[:2] == ["some", "with_curvature"]
    assert set(asked[2:]) == {"value_and_gradient"}
    assert len(asked) <= 5


def test_parts_that_differ(make_problem, Judge):
    """Stochastic descent arrives though every partition by itself would lead elsewhere: rows sorted by their target."""
    X, y, _ = make_problem(n_samples=300)
    order = np.argsort(y)
    model = GDLinearRegressor("stochastic", tol=1e-6, random_state=0)
    model.fit(da.from_array(X[order], chunks=(60, -1)), da.from_array(y[order], chunks=60))
    assert Judge(X, y).gap(model) < 1e-6
    assert np.all(np.diff(model.loss_curve_) <= 1e-12 * model.loss_curve_[0])


def test_float32(make_problem, split):
    """float32 in, float32 out."""
    X, y, _ = make_problem()
    model = GDLinearRegressor().fit(split(X.astype(np.float32)), split(y.astype(np.float32)))
    assert model.coef_.dtype == np.float32
    assert model.predict(split(X.astype(np.float32))).compute().dtype == np.float32


def test_continued(make_problem, split):
    """Ten epochs and ten more from a warm start equal twenty."""
    X, y, _ = make_problem("binary")
    make = lambda n: GDLogisticClassifier(optimizer="gd", max_iter=n, tol=None, warm_start=True)  # noqa: E731
    twice, once = make(10), make(20).fit(split(X), split(y))
    for _ in range(2):
        twice.fit(split(X), split(y))
    assert_array_equal(twice.coef_, once.coef_)
    given = make(10).fit(split(X), split(y), coef_init=once.coef_, intercept_init=once.intercept_)
    assert given.loss_curve_[0] == pytest.approx(once.loss_curve_[-1])
