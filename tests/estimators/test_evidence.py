"""What a diagnosis rests on: the objective of the rows as in the fit, the rise of the validation loss."""

import warnings

import numpy as np
import pytest

from sk_gd import GDLinearRegressor, GDLogisticClassifier


def test_weights_and_classes(rng):
    """The rows are looked at with sample weights, class weights and labels as in the fit."""
    X = rng.normal(size=(100, 2))
    y = np.where(X[:, 0] + 0.5 * rng.normal(size=100) > 0, "yes", "no")
    weights = rng.random(100)
    model = GDLogisticClassifier(class_weight="balanced").fit(X, y, sample_weight=weights)
    assert set(model.diagnose(X, y, weights).names) == {"converged"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert model._objective_of(X, y, weights).value_and_gradient(model._theta())[0] == pytest.approx(model.loss_curve_[-1])


def test_rise_of_the_validation_loss(rng):
    """From the best epoch to the end, row by row, over its standard error: by numpy."""
    X, y = rng.normal(size=(60, 20)), rng.normal(size=60)
    X_val, y_val, weights = rng.normal(size=(200, 20)), rng.normal(size=200), rng.random(200)
    model = GDLinearRegressor(
        optimizer="gd", preconditioner=None, tol=None, learning_rate=0.1, max_iter=40, early_stopping=True, record="path",
        random_state=0,
    )  # fmt: skip
    model.fit(X, y, X_val=X_val, y_val=y_val, sample_weight_val=weights)
    best, end = (
        (y_val - X_val @ theta[0, :-1] - theta[0, -1]) ** 2 / 2 for theta in model.coef_path_[[model.best_iter_, -1]]
    )  # fmt: skip
    change = weights / weights.mean() * (end - best)
    assert model._rise == pytest.approx(change.mean() / (change.std() / np.sqrt(200)))
