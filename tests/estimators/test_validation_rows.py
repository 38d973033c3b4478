"""Whose rows early stopping validates on, and that weights count among those it learns from."""

import numpy as np
from numpy.testing import assert_allclose

from sk_gd import GDLinearRegressor, GDLogisticClassifier


def test_weights_in_early_stopping_on_rows_of_the_users(Estimator, variant, rng):
    """With X_val given, a weight of zero is the row left out; in batch a weight of two is the row twice; ratios alone count."""
    X, y = rng.normal(size=(90, 6)), rng.normal(size=90)
    y = y if Estimator is GDLinearRegressor else (y > 0).astype(int)
    X_val, y_val, times = X[60:], y[60:], np.arange(60) % 3
    X, y = X[:60], y[:60]
    params = {"optimizer": "gd", "preconditioner": None, "learning_rate": 0.01, "early_stopping": True, "shuffle": False}
    model = Estimator(variant, **params, max_iter=20, tol=None)

    def fitted(X, y, s):
        model.fit(X, y, sample_weight=s, X_val=X_val, y_val=y_val)
        return model.validation_scores_, model.best_iter_, model.coef_

    present = times > 0
    weighted = fitted(X, y, times)
    others = [fitted(X[present], y[present], times[present]), fitted(X, y, 7.0 * times)]
    if variant == "batch":
        others.append(fitted(np.repeat(X, times, axis=0), np.repeat(y, times), None))
    for other in others:
        for one, expected in zip(other, weighted, strict=True):
            assert_allclose(one, expected, rtol=1e-9)
    assert np.abs(fitted(X, y, None)[0] - weighted[0]).max() > 1e-4


def test_a_rare_class_is_held_out_in_its_share(variant, rng):
    """The inner split of a classifier is one of every class, whatever the seed."""
    X, y = rng.normal(size=(400, 3)), np.repeat(["common", "rare"], [380, 20])
    counts = []

    def counting(model, X, y):
        counts.append([(y == name).sum() for name in ("common", "rare")])
        return 0.0

    for seed in range(8):
        params = {"early_stopping": counting, "validation_fraction": 0.25, "random_state": seed, "max_iter": 1, "tol": None}
        GDLogisticClassifier(variant, **params).fit(X, y)
    assert np.abs(np.array(counts) - [95, 5]).max() <= 1
