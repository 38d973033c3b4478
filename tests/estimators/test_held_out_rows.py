"""Which rows are held out: a share of every class, by what is in a row and nothing else."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from sk_gd.estimators._validation import Rows, fingerprints


@pytest.mark.parametrize("stratified", [False, True])
def test_inner_split(stratified, container, rng):
    """The held-out share is right, of every class; copies of a row stay together; neither order nor container matters."""
    X = np.repeat(rng.integers(0, 3, size=(700, 8)) / 2, 2, axis=0)
    targets = (X[:, :1] > 0.9).astype(float)
    names = np.arange(len(X))
    learn, held = Rows(container(X), names, None, targets, None).split(0.2, stratified, seed=3)
    assert sorted([*learn.y, *held.y]) == list(names)
    assert set(learn.y // 2).isdisjoint(held.y // 2)
    for part in np.unique(targets) if stratified else [None]:
        share = np.mean([row in set(held.y) for row in names[(targets[:, 0] == part) | (part is None)]])
        assert share == pytest.approx(0.2, abs=0.01)
    order = rng.permutation(len(X))
    again = Rows(X[order], names[order], None, targets[order], None).split(0.2, stratified, seed=3)[1]
    assert set(again.y) == set(held.y)
    assert set(Rows(X, names, None, targets, None).split(0.2, stratified, seed=4)[1].y) != set(held.y)


def test_inner_split_of_weights(rng):
    """The share is one of weight: rows of weight zero are on no side that counts, and weight two is the row twice."""
    X, times = rng.normal(size=(300, 3)), rng.integers(0, 4, size=300)
    rows = Rows(X, np.arange(300), times, np.zeros((300, 1)), times.astype(float))
    held = rows.split(0.25, False, seed=0)[1]
    twice = Rows(np.repeat(X, times, axis=0), np.repeat(np.arange(300), times), None, np.zeros((times.sum(), 1)), None)
    assert set(held.y) == set(twice.split(0.25, False, seed=0)[1].y)
    assert held.weights.all()
    assert held.weights.sum() / times.sum() == pytest.approx(0.25, abs=0.02)


def test_fingerprints(rng):
    """Rows that differ in a single value differ, stored zeros and negative zeros do not count."""
    X = rng.integers(0, 2, size=(4000, 16)).astype(float)
    distinct = len(np.unique(X, axis=0))
    assert len(np.unique(fingerprints(X, 0))) == distinct
    assert_array_equal(fingerprints(-X * -1.0, 0), fingerprints(X, 0))
    stored = sparse.csr_array(X + 1.0)
    stored.data -= 1.0
    assert_array_equal(fingerprints(stored, 0), fingerprints(X, 0))
