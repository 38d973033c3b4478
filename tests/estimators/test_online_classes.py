"""Classes of a stream: those that come later, those that are announced, and weights by the counts so far."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sk_gd import GDLogisticClassifier


@pytest.mark.parametrize("optimizer", ["auto", "momentum"])
def test_new_classes(variant, optimizer, container, make_problem):
    """A class that comes later begins with zeros and is learned; what was known of the others stays."""
    X, y, _ = make_problem("multinomial", n_samples=600)
    names = np.array(["a", "c", "b"])[y]
    early, late = np.flatnonzero(names != "b")[:150], np.arange(len(y))
    params = {} if optimizer == "auto" else {"learning_rate": 1e-12}
    model = GDLogisticClassifier(variant, optimizer=optimizer, random_state=0, **params).partial_fit(
        container(X)[early], names[early]
    )
    assert_array_equal(model.classes_, ["a", "c"])
    before = model.decision_function(X)
    if optimizer == "momentum":
        model.partial_fit(container(X)[late], names[late])
        z = model.decision_function(X)
        assert_allclose(z[:, 2] - z[:, 0], before, atol=1e-6)
        assert_allclose(z[:, 1], 0.0, atol=1e-6)
        assert_allclose(model.coef_[1], 0.0, atol=1e-6)
    else:
        for chunk in [*np.split(late, 12)] * 3:
            model.partial_fit(container(X)[chunk], names[chunk])
        assert model.score(container(X), names) > GDLogisticClassifier().fit(X, names).score(X, names) - 0.03
    assert_array_equal(model.classes_, ["a", "b", "c"])
    model.partial_fit(container(X)[:20], np.where(np.arange(20) < 10, "d", "a"))
    assert_array_equal(model.classes_, ["a", "b", "c", "d"])
    assert model.predict_proba(X).shape == (600, 4)


def test_announced_classes(variant, make_problem):
    """Classes may be named before they come, and a first chunk of one class only needs that."""
    X, y, _ = make_problem("multinomial")
    first = y == 0
    with pytest.raises(ValueError, match=r"only one class, .*classes="):
        GDLogisticClassifier(variant).partial_fit(X[first], y[first])
    model = GDLogisticClassifier(variant, random_state=0).partial_fit(X[first], y[first], classes=[0, 1, 2])
    assert_array_equal(model.classes_, [0, 1, 2])
    assert (model.predict(X) == 0).all()
    model.partial_fit(X[~first], y[~first])
    assert np.isfinite(model.coef_).all()
    assert set(model.predict(X)) >= {1, 2}


def test_balanced_by_running_counts(variant, make_problem):
    """class_weight="balanced" weighs a chunk by the counts of all rows so far, those of a fit before included."""
    X, y, sample_weight = make_problem("multinomial", n_samples=300, weighted=True)
    chunks = [slice(0, 60), slice(60, 90), slice(90, 300)]
    balanced = GDLogisticClassifier(variant, class_weight="balanced", random_state=0)
    by_hand = GDLogisticClassifier(variant, random_state=0)
    for begun in (False, True):
        counts = np.zeros(3)
        for rows in chunks:
            counts += np.bincount(y[rows], weights=sample_weight[rows], minlength=3)
            weights = sample_weight[rows] * (counts.sum() / (3 * counts))[y[rows]]
            if begun and rows is chunks[0]:
                balanced.fit(X[rows], y[rows], sample_weight=sample_weight[rows])
                by_hand.fit(X[rows], y[rows], sample_weight=weights)
            else:
                balanced.partial_fit(X[rows], y[rows], classes=[0, 1, 2], sample_weight=sample_weight[rows])
                by_hand.partial_fit(X[rows], y[rows], classes=[0, 1, 2], sample_weight=weights)
            assert_allclose(balanced.coef_, by_hand.coef_, rtol=1e-7)
        balanced, by_hand = (model.set_params(random_state=0) for model in (balanced, by_hand))
