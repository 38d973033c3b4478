"""Which rows are held out: a share of every class, by what is in a row and nothing else."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sk_gd import GDLinearRegressor
from sk_gd.estimators import _data
from sk_gd.estimators._held_out import fingerprints
from sk_gd.estimators._rows import Rows
from sk_gd.sources import PickedRows, dense


@pytest.mark.parametrize("stratified", [False, True])
def test_inner_split(stratified, container, rng):
    """The held-out share is right, of every class; copies of a row stay together; neither order nor container matters."""
    X = np.repeat(rng.integers(0, 3, size=(700, 8)) / 2, 2, axis=0)
    targets = (X[:, :1] > 0.9).astype(float)
    names = np.arange(len(X))
    sides = Rows(container(X), names, None, targets, None).split(0.2, stratified, seed=3)
    learn, held = (side.for_scorer()[1] for side in sides)
    assert sorted([*learn, *held]) == list(names)
    assert set(learn // 2).isdisjoint(held // 2)
    for part in np.unique(targets) if stratified else [None]:
        share = np.mean([row in set(held) for row in names[(targets[:, 0] == part) | (part is None)]])
        assert share == pytest.approx(0.2, abs=0.01)
    order = rng.permutation(len(X))
    again = Rows(X[order], names[order], None, targets[order], None).split(0.2, stratified, seed=3)[1]
    assert set(again.for_scorer()[1]) == set(held)
    assert set(Rows(X, names, None, targets, None).split(0.2, stratified, seed=4)[1].for_scorer()[1]) != set(held)


def test_inner_split_of_weights(rng):
    """The share is one of weight: rows of weight zero are on no side that counts, and weight two is the row twice."""
    X, times = rng.normal(size=(300, 3)), rng.integers(0, 4, size=300)
    rows = Rows(X, np.arange(300), times, np.zeros((300, 1)), times.astype(float))
    _, held, weights = rows.split(0.25, False, seed=0)[1].for_scorer()
    twice = Rows(np.repeat(X, times, axis=0), np.repeat(np.arange(300), times), None, np.zeros((times.sum(), 1)), None)
    assert set(held) == set(twice.split(0.25, False, seed=0)[1].for_scorer()[1])
    assert weights.all()
    assert weights.sum() / times.sum() == pytest.approx(0.25, abs=0.02)


def test_fingerprints(rng):
    """Rows that differ in a single value differ, stored zeros and negative zeros do not count."""
    X = rng.integers(0, 2, size=(4000, 16)).astype(float)
    distinct = len(np.unique(X, axis=0))
    assert len(np.unique(fingerprints(X, 0))) == distinct
    assert_array_equal(fingerprints(-X * -1.0, 0), fingerprints(X, 0))
    stored = sparse.csr_array(X + 1.0)
    stored.data -= 1.0
    assert_array_equal(fingerprints(stored, 0), fingerprints(X, 0))


@pytest.fixture
def in_place(monkeypatch):
    """However few the rows are, some of them are picked where they are; the list of what was picked."""
    picked, take = [], PickedRows.__getitem__
    monkeypatch.setattr(PickedRows, "__getitem__", lambda self, rows: picked.append(self.dtype) or take(self, rows))

    def start():
        for module, name in ((dense, "LARGE"), (dense, "TALL"), (_data, "TALL")):
            monkeypatch.setattr(module, name, 0)
        return picked

    return start


@pytest.mark.parametrize("early_stopping", [False, True, lambda model, X, y, **weights: model.score(X, y, **weights)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_left_out_where_they_are(Estimator, variant, dtype, early_stopping, in_place, rng):
    """The model is that of a copy without the rows that are held out, or of weight zero."""
    X = rng.normal(size=(400, 5)).astype(dtype)
    y, weights = (X[:, 0] + rng.normal(size=400) > 0).astype(float), rng.integers(0, 3, size=400)

    def fitted():
        return Estimator(variant, early_stopping=early_stopping, random_state=0).fit(X, y, weights)

    copied, picked = fitted(), in_place()
    model = fitted()
    assert picked
    assert_allclose(model.coef_, copied.coef_, rtol=1e-9 if dtype == np.float64 else 1e-3, atol=1e-6)
    assert model.n_iter_ == copied.n_iter_


@pytest.mark.parametrize("textbook", [{}, {"preconditioner": None, "optimizer": "gd", "learning_rate": 0.01}])
def test_corners_in_double_precision(variant, textbook, in_place, rng):
    """Of float32, too, where a large table is brought in double precision block by block."""
    X = rng.normal(size=(400, 5)).astype(np.float32)
    model = GDLinearRegressor(variant, loss="quantile", early_stopping=True, random_state=0, max_iter=20, tol=None, **textbook)
    y = X[:, 0] + rng.normal(size=400)
    copied, picked = model.fit(X, y).coef_, in_place()
    assert_allclose(model.fit(X, y).coef_, copied, rtol=1e-4, atol=1e-6)
    assert np.float32 in picked
    assert np.float64 in picked
