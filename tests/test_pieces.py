"""What grows with the rows alone is done some rows at a time: Ctrl-C comes through between two pieces, however many there are."""

import signal
from typing import ClassVar

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sk_gd import GDLinearRegressor, GDLogisticClassifier, _pieces
from sk_gd._array import namespace
from sk_gd._pieces import count_from, in_pieces, joined, numbers_where, of_pieces, sum_in_pieces, weigh_codes
from sk_gd.descent import metrics
from sk_gd.descent.duals import RowDuals
from sk_gd.descent.subsets import representatives
from sk_gd.estimators import _fitted, _held_out
from sk_gd.estimators._data import as_weights, keep_weighted
from sk_gd.estimators._labels import weigh_rows
from sk_gd.estimators._rows import Rows
from sk_gd.losses import REGRESSION_LOSSES, LogLoss, Multinomial, Quantile
from sk_gd.losses import _base as losses
from sk_gd.penalties import ElasticNet
from sk_gd.sources import _base as sources

N, PIECE = 2000, 128


class Watched(np.ndarray):
    """An array that tells which functions of NumPy's got more than a piece of it, in a thread that signals come to."""

    told: ClassVar[set[str]] = set()
    apart = False

    def look(self, function, x):
        if isinstance(x, Watched):
            if x.size > PIECE + 1 and not Watched.apart:  # sums that begin at zero are one more
                self.told.add(function.__name__)
            return np.asarray(x)
        return [self.look(function, part) for part in x] if isinstance(x, list | tuple) and function is not np.shape else x

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        kwargs = {name: tuple(self.look(ufunc, value)) if name == "out" else value for name, value in kwargs.items()}
        return seen(getattr(ufunc, method)(*self.look(ufunc, inputs), **kwargs))

    def __array_function__(self, function, types, args, kwargs):
        kwargs = {name: self.look(function, value) for name, value in kwargs.items()}
        return seen(function(*self.look(function, args), **kwargs))

    def astype(self, dtype, **kwargs):
        if dtype != self.dtype:
            self.look(np.ndarray.astype, self)
        return seen(np.asarray(self).astype(dtype, **kwargs))


def seen(made):
    """What is made of arrays that are watched is so, too."""
    return made.view(Watched) if isinstance(made, np.ndarray) and made.ndim else made


class Words:
    """NumPy's functions, but that what ``in_pieces`` fills is watched, too."""

    def __getattr__(self, name):
        return getattr(namespace(np.empty(0)), name)

    def empty(self, *args, **kwargs):
        return seen(namespace(np.empty(0)).empty(*args, **kwargs))


@pytest.fixture
def watched(monkeypatch):
    """Makes arrays of which no function may get more than a piece, but where it is apart."""

    def let_pass(function, argument, work):
        Watched.apart = True
        found = function(argument)
        Watched.apart = False
        return found

    monkeypatch.setattr(_pieces, "PIECE", PIECE)
    monkeypatch.setattr(sources, "BLOCK", PIECE)
    monkeypatch.setattr(_pieces, "namespace", lambda x: Words())
    monkeypatch.setattr(_held_out, "TILE", PIECE)
    monkeypatch.setattr(_pieces, "apart", let_pass)
    monkeypatch.setattr(Watched, "told", set())
    yield lambda x: np.array(x).view(Watched)
    assert not Watched.told


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", REGRESSION_LOSSES)
def test_of_targets(name, weighted, watched, rng):
    """What a loss takes from them, and the best constant, are those of one piece."""
    y, weights = rng.normal(size=(N, 2)), rng.gamma(1.0, size=N) if weighted else None
    constant = REGRESSION_LOSSES[name]().for_targets(watched(y), weights if weights is None else watched(weights))
    at = constant.constant(watched(y), weights if weights is None else watched(weights))
    _pieces.PIECE = N * 4
    whole = REGRESSION_LOSSES[name]().for_targets(y, weights)
    assert_allclose(constant.hyper(), whole.hyper(), rtol=1e-12)
    assert_allclose(at, whole.constant(y, weights), rtol=1e-12)


def test_of_labels(watched, rng):
    """Shares of classes, weights of classes and rows, what has weight zero."""
    codes, weights = rng.integers(3, size=N), rng.integers(4, size=N).astype(float)
    counts = np.bincount(codes, weights=weights)
    assert_allclose(weigh_codes(watched(codes), watched(weights), 3), counts)
    y = watched(codes[:, None].astype(float))
    assert_allclose(np.diff(Multinomial(3).constant(y, watched(weights))), np.diff(np.log(counts)))
    of_two = watched((codes[:, None] == 1).astype(float))
    assert_allclose(LogLoss().constant(of_two, watched(weights)), np.log(counts[1] / (counts[0] + counts[2])))
    slopes = rng.normal(size=(N, 3))
    assert_array_equal(np.asarray(Multinomial(3).mean_of(y, watched(slopes))), slopes + np.eye(3)[codes])
    assert_array_equal(np.asarray(weigh_rows(np.array([1.0, 2.0, 3.0]), watched(codes), watched(weights))), (codes + 1) * weights)
    assert_array_equal(np.asarray(as_weights(watched(weights), codes, np.float64)), weights)
    X, y, kept = map(np.asarray, keep_weighted(watched(slopes), y, watched(weights)))
    assert_array_equal(X, slopes[weights > 0])
    assert_allclose(kept, weights[weights > 0] / weights[weights > 0].mean())


@pytest.mark.parametrize("stratified", [False, True])
def test_of_a_split(stratified, watched, rng):
    """The rows held out are those of one piece."""
    X, codes, weights = rng.normal(size=(N, 2)), rng.integers(3, size=(N, 1)).astype(float), rng.integers(4, size=N).astype(float)
    _, held = Rows(X, codes[:, 0], weights, watched(codes), watched(weights)).split(0.2, stratified, 0)
    _pieces.PIECE = N * 4
    _, whole = Rows(X, codes[:, 0], weights, codes, weights).split(0.2, stratified, 0)
    assert_array_equal(np.asarray(held.X), whole.X)
    assert_allclose(held.for_scorer()[2].sum(), 0.2 * weights.sum(), rtol=0.02)


def test_of_duals(watched, rng):
    """Slopes of all rows: where a step leads them, how far they may go, what they prove there, and what rounding costs."""

    def path(y, weights):
        rows, penalty = Rows(X, y[:, 0], None, y, weights), ElasticNet(0.0)
        objective = rows.objective(rows.filled(Quantile(0.3)), penalty, 1, True)
        duals = RowDuals(objective)
        duals.known_by = in_pieces(lambda y: y * 0.01, y)
        duals.rounded(0.1, penalty)
        room = duals.aim(objective.constant, np.full(objective.shape, 1e-2))
        bound, pull = duals.follow(0.5 * room)
        return [objective.constant_value, room, bound, *pull[0], duals.lost(1.0)]

    X, y, weights = rng.normal(size=(N, 2)), rng.normal(size=(N, 1)), rng.gamma(1.0, size=N)
    found = path(watched(y), watched(weights))
    _pieces.PIECE = N * 4
    assert_allclose(found, path(y, weights), rtol=1e-9)


def test_of_a_metric(watched, rng, monkeypatch):
    """How uneven weights are, before a sample of the rows is taken for all of them."""
    monkeypatch.setattr(metrics, "worth_sampling", lambda objective: True)
    y, weights = rng.integers(2, size=(N, 1)).astype(float), rng.gamma(9.0, size=N)
    rows = Rows(rng.normal(size=(N, 2)), y[:, 0], None, watched(y), watched(weights))
    assert metrics.sample_suits(rows.objective(LogLoss(), ElasticNet(0.0), 1, True), 2)


def test_of_rows_in_place_of_all(watched, rng):
    """The same as of one piece."""
    weights = rng.gamma(0.1, size=N)
    rows, heavier = representatives(watched(weights), 100)
    _pieces.PIECE = N * 4
    expected, as_heavy = representatives(weights, 100)
    assert_array_equal(np.asarray(rows), expected)
    assert_allclose(np.asarray(heavier), as_heavy)


@pytest.mark.parametrize("numbers", ["spread", "few", "one", "sorted"])
@pytest.mark.parametrize("weighted", [False, True])
def test_quantiles(numbers, weighted, rng, monkeypatch):
    """Those of many rows are sought between two numbers of a sample, however many are equal or heavy."""
    monkeypatch.setattr(_pieces, "PIECE", PIECE)
    y = {"spread": rng.normal(size=N), "few": rng.integers(3, size=N), "one": np.ones(N), "sorted": np.arange(N)}[numbers]
    weights = rng.pareto(1.0, size=N) if weighted else None
    order, masses = np.argsort(y), np.ones(N) if weights is None else weights
    sums = np.cumsum(masses[order])
    for share in (1e-6, 0.0012, 0.1, 0.5, 0.9, 0.999):
        first, last = (y[order][min(np.searchsorted(sums, (share + side) * sums[-1]), N - 1)] for side in (-1e-12, 1e-12))
        assert losses.weighted_quantile(y[:, None], weights, share)[0] == (float(first) + float(last)) / 2


def test_as_in_one_call(rng, monkeypatch):
    """Whatever the rows are in; None stays None."""
    monkeypatch.setattr(_pieces, "PIECE", 7)
    for shape in [(50, 5), (50,), (1, 3), (0, 5)]:
        x, more = rng.normal(size=shape), rng.normal(size=shape)
        assert_array_equal(in_pieces(lambda x, more, none: x + more if none is None else 0, x, more, None), x + more)
        assert_allclose(sum_in_pieces(np.sum, x), x.sum())
        assert_array_equal(joined(of_pieces(np.copy, x)), x)
        assert_array_equal(numbers_where(x.ravel() > 0), np.flatnonzero(x.ravel() > 0))
    assert_array_equal(count_from(3, 50), np.arange(3, 53))
    X = sparse.csr_array(rng.random((50, 5)) * (rng.random((50, 5)) < 0.5))
    assert_allclose(in_pieces(lambda X: X @ np.arange(5.0), X), X @ np.arange(5.0))


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_predictions(container, rng, monkeypatch):
    """They are those of one piece; an interrupt between two is answered there."""
    X = container(rng.normal(size=(60, 3)))
    for model in (GDLinearRegressor(), GDLogisticClassifier()):
        for y in (rng.normal(size=60) > 0, np.arange(60) % 3):
            model.fit(X, y)
            methods = [method for name in dir(model) if name in METHODS and (method := getattr(model, name))]
            whole = [method(X) for method in methods]
            with monkeypatch.context() as patch:
                patch.setattr(_pieces, "PIECE", 30)
                for method, expected in zip(methods, whole, strict=True):
                    assert_allclose(method(X), expected, rtol=1e-12, atol=1e-15)
                sizes = interrupt_at(3, patch, _fitted, "safe_sparse_dot")
                with pytest.raises(KeyboardInterrupt):
                    model.predict(X)
            assert sizes == [10, 10, 10]


METHODS = {"predict", "decision_function", "predict_proba", "predict_log_proba"}


def interrupt_at(call, patch, module, name):
    """Ctrl-C in the n-th call of a function; the list of how many rows it gets."""
    function, sizes = getattr(module, name), []

    def look(rows, *args, **kwargs):
        sizes.append(rows.shape[0])
        if len(sizes) == call:
            signal.raise_signal(signal.SIGINT)
        return function(rows, *args, **kwargs)

    patch.setattr(module, name, look)
    return sizes


def test_an_interrupt_between_two_pieces_of_targets(Estimator, variant, rng, monkeypatch):
    """It is answered there, and the model is as it was."""
    X = rng.normal(size=(500, 3))
    model = Estimator(variant).fit(X[:, :2], X[:, 0] > 0)
    before = vars(model).copy()
    monkeypatch.setattr(_pieces, "PIECE", 100)
    sizes = interrupt_at(3, monkeypatch, losses, "double")
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, X[:, 0] > 0)
    assert sizes == [100, 100, 100]
    assert vars(model) == before
