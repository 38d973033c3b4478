"""``partial_fit`` on streams that are not shuffled: class after class, and classes that turn up late."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import log_expit, softmax
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler

from sk_gd import GDLogisticClassifier
from sk_gd.descent.seen import Seen, chord

DATA = {"cancer": load_breast_cancer, "wine": load_wine}
every_stream = pytest.mark.parametrize("name", DATA)


def stream(model, X, y, order, classes, chunks=50):
    """Fifty chunks in this order, each seen once."""
    for rows in np.array_split(order, chunks):
        model.partial_fit(X[rows], y[rows], classes=classes)
    return model


def late(y, rng):
    """An order in which the last class comes in the second half only."""
    order = rng.permutation(len(y))
    last = y[order] == y.max()
    early = order[~last]
    half = len(early) // 2
    return np.concatenate([early[:half], rng.permutation(np.concatenate([early[half:], order[last]]))])


@every_stream
@pytest.mark.parametrize("order", ["class after class", "a late class"])
def test_no_worse_than_sgd(name, order, variant, rng):
    """On raw rows, unshuffled, nearer than SGDClassifier on the same, and class after class than on scaled rows, too."""
    X, y = DATA[name](return_X_y=True)
    Z, classes = StandardScaler().fit_transform(X), np.unique(y)
    rows = np.argsort(y, kind="stable") if order == "class after class" else late(y, rng)
    ours = stream(GDLogisticClassifier(variant, random_state=0), X, y, rows, classes)
    loss = log_loss(y, ours.predict_proba(X))
    for theirs in [X, Z] if order == "class after class" else [X]:
        sgd = stream(SGDClassifier("log_loss", random_state=0), theirs, y, rows, classes)
        z = sgd.decision_function(theirs)  # predict_proba of scikit-learn 1.8 divides by the sum of probabilities that are all zero
        assert loss < log_loss(y, softmax(log_expit(np.column_stack([-z, z]) if z.ndim == 1 else z), axis=1))
    assert ours.score(X, y) > 0.88
    assert min(ours.score(X[y == k], y[y == k]) for k in classes) > 0.7


def test_a_class_that_nobody_announced(variant, rng):
    """A class that partial_fit is not told of until it comes is learned as one that was announced."""
    X, y = load_wine(return_X_y=True)
    rows, classes = late(y, rng), np.unique(y)
    told = stream(GDLogisticClassifier(variant, random_state=0), X, y, rows, classes)
    surprised = stream(GDLogisticClassifier(variant, random_state=0), X, y, rows, classes[:2])
    assert surprised.score(X, y) > 0.9
    assert surprised.score(X, y) > told.score(X, y) - 0.05


def test_mixed_chunks_need_no_wall(variant, rng):
    """What the step asks of the order: 1 where every chunk has all classes, so that the plain second derivative is remembered."""
    X = rng.normal(size=(4000, 6))
    y = (4 * X @ rng.normal(size=6) + rng.logistic(size=4000) > 0).astype(int)
    model = stream(GDLogisticClassifier(variant, random_state=0), X, y, np.arange(4000), [0, 1])
    assert model._state.seen.mixed > 0.95
    apart = stream(GDLogisticClassifier(variant, random_state=0), X, y, np.argsort(y, kind="stable"), [0, 1])
    assert apart._state.seen.mixed < 0.05


def test_how_mixed_chunks_are():
    """The mean variance of the classes within a chunk, over that of all rows so far; 0 as long as there was one class."""
    seen = Seen()
    assert seen.mixed == 0.0
    seen = seen.count(np.array([0.0]), 1.0)
    assert seen.mixed == 0.0
    seen = seen.count(np.array([1.0]), 0.5)
    assert seen.mixed == 0.0
    seen = seen.count(np.array([0.5]), 0.5)
    assert_allclose(seen.mixed, 0.5)  # of three halves: half the weight mixed, half of one class
    assert Seen().count(np.array([0.2, 0.3, 0.5]), 1.0).mixed == 1.0


def test_chord():
    """A parabola of this curvature is above the loss and touches it, and nothing flatter is."""
    z = np.linspace(-20, 20, 401)
    for t in (-7.0, -1e-4, 0.0, 0.5, 3.0):
        bend = float(chord(1 / (1 + np.exp(-np.array([t]))))[0])
        touching = np.logaddexp(0, t) + (z - t) / (1 + np.exp(-t)) + bend / 2 * (z - t) ** 2
        above = touching - np.logaddexp(0, z)
        assert above.min() > -1e-9
        if abs(t) > 0.1:
            assert_allclose(np.interp(-t, z, above), 0.0, atol=1e-9)
