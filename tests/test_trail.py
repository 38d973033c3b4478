"""Epochs followed to where they lead: right on linear maps, worth it where the condition is bad, and no part of the answer."""

import pickle
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.preprocessing import normalize

from sk_gd import GDLogisticClassifier
from sk_gd.descent import certificates, trail


@pytest.fixture
def words(rng):
    """Rows of length 1 with few of many columns, some of them frequent."""
    density = np.where(np.arange(1500) < 40, 0.03, 0.01)
    X = sparse.csr_array(normalize(rng.random((600, 1500)) * (rng.random((600, 1500)) < density)))
    return X, (X @ rng.normal(size=1500) + 0.1 * rng.normal(size=600) > 0).astype(int)


def test_a_linear_map_is_followed_to_its_fixed_point(rng):
    """One epoch more than there are directions tells all of them."""
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    contraction, end = turn @ np.diag([0.95, 0.6, 0.2]) @ turn.T, rng.normal(size=(1, 3))
    points = [rng.normal(size=(1, 3))]
    for _ in range(4):
        points.append(end + (points[-1] - end) @ contraction)
    found = trail.extrapolate(list(pairwise(points)))
    before, after = (np.linalg.norm(point - end) for point in (points[-1], found))
    assert after < 1e-2 * before


def test_epochs_that_stand_still_lead_nowhere(rng):
    """At the minimum the steps are zero, and so are all combinations of them."""
    theta = rng.normal(size=(1, 3))
    assert_array_equal(trail.extrapolate([(theta, theta), (theta, theta)]), theta)


def test_memory_is_that_of_the_rows_at_most():
    assert trail.length_for(10**9, 100) == trail.LONGEST
    assert trail.length_for(3 * 2 * 1000, 1000) == 3
    assert trail.length_for(1000, 1000) == 0


@pytest.mark.parametrize("variant", ["mini-batch", "stochastic"])
def test_it_is_worth_it_where_the_condition_is_bad(words, variant, monkeypatch):
    """The same minimum in fewer epochs: of a single row's steps in most orders, but not in all."""
    make = lambda seed: GDLogisticClassifier(variant, alpha=1e-6, tol=1e-6, max_iter=200, random_state=seed)  # noqa: E731
    followed = [make(seed).fit(*words) for seed in range(5)]
    monkeypatch.setattr(trail, "LONGEST", 1)
    alone = [make(seed).fit(*words) for seed in range(5)]
    batch = GDLogisticClassifier(alpha=1e-6, tol=1e-8).fit(*words)
    assert sum(model.n_iter_ for model in followed) < 0.85 * sum(model.n_iter_ for model in alone)
    whole = batch.loss_curve_[0] - batch.loss_curve_[-1]
    assert max(model.loss_curve_[-1] for model in followed) - batch.loss_curve_[-1] < 2e-6 * whole


def test_half_and_the_rest_are_the_whole(words):
    """What is remembered of the epochs goes through a warm start and a pickle."""
    X, y = words
    params = {"alpha": 1e-6, "tol": None, "warm_start": True, "random_state": 0}
    whole = GDLogisticClassifier("stochastic", max_iter=12, **params)
    half = GDLogisticClassifier("stochastic", max_iter=6, **params)
    half = pickle.loads(pickle.dumps(half.fit(X, y))).fit(X, y)
    assert_array_equal(half.coef_, whole.fit(X, y).coef_)


def test_a_rate_of_the_users_is_the_textbooks(words, monkeypatch):
    """SVRG as Johnson and Zhang have it."""
    params = {"optimizer": "svrg", "learning_rate": 0.5, "tol": None, "max_iter": 5, "alpha": 1e-4, "random_state": 0}
    model = GDLogisticClassifier("stochastic", **params).fit(*words)
    monkeypatch.setattr(trail, "LONGEST", 1)
    assert_array_equal(GDLogisticClassifier("stochastic", **params).fit(*words).coef_, model.coef_)


def test_a_model_is_certified_once(words, monkeypatch):
    """What ends a descent and what the model says of itself are one proof."""
    proved, certificate = [], certificates.certificate

    def counted(objective, theta, *known):
        proved.append(theta.tobytes())
        return certificate(objective, theta, *known)

    monkeypatch.setattr(certificates, "certificate", counted)
    model = GDLogisticClassifier("stochastic", alpha=1e-3, random_state=0).fit(*words)
    assert 0 < model.optimality_ < model.tol
    assert len(set(proved)) == len(proved) > 0
