"""The compiled sweep equals the Python sweep, seen from an estimator: through metrics, chunks, sources and schedules."""

from functools import partial

import numpy as np
import pytest

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.losses import LogLoss, Multinomial, Piecewise, SquaredError
from sk_gd.optimizers import OPTIMIZERS, Adam

TARGETS = {
    "regression": (GDLinearRegressor, SquaredError),
    "robust regression": (partial(GDLinearRegressor, loss="huber"), Piecewise),
    "multi-output": (GDLinearRegressor, SquaredError),
    "binary": (GDLogisticClassifier, LogLoss),
    "multinomial": (GDLogisticClassifier, Multinomial),
}


def uncompiled(optimizer):
    """The same rule, without its twin."""
    return type("Uncompiled", (type(optimizer),), {"kernel": None})(**optimizer.get_params())


def parameters(model):
    """All that a fit has found, over centred coefficients' units."""
    return np.hstack([np.ravel(model.coef_), np.ravel(model.intercept_), model.loss_curve_])


@pytest.mark.parametrize("preconditioner", [None, "diagonal", "hessian"])
@pytest.mark.parametrize("optimizer", ["svrg", "saga"])
@pytest.mark.parametrize("target", TARGETS)
def test_losses(make_problem, container, monkeypatch, target, optimizer, preconditioner):
    """Variance-reduced epochs are the same whether the loss has a compiled twin or not."""
    Estimator, loss = TARGETS[target]
    X, y, sample_weight = make_problem(target.removeprefix("robust "), n_samples=60, weighted=True)
    model = Estimator("mini-batch", batch_size=7, optimizer=optimizer, preconditioner=preconditioner, alpha=0.01, max_iter=3,
                      tol=None, random_state=0)  # fmt: skip
    compiled = parameters(model.fit(container(X), y, sample_weight=sample_weight))
    monkeypatch.setattr(loss, "pointwise", None)
    np.testing.assert_allclose(parameters(model.fit(container(X), y, sample_weight=sample_weight)), compiled, rtol=1e-9)


@pytest.mark.parametrize("preconditioner", [None, "diagonal"])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5])
@pytest.mark.parametrize("rule", [*OPTIMIZERS.values(), lambda: Adam(weight_decay=0.1)], ids=[*OPTIMIZERS, "adamw"])
def test_optimizers(problem_for, Estimator, container, rule, l1_ratio, preconditioner):
    """Stochastic epochs are the same whether the optimizer has a compiled twin or not."""
    X, y, sample_weight = problem_for(Estimator, n_samples=60, weighted=True)
    models = [
        Estimator("stochastic", optimizer=optimizer, preconditioner=preconditioner, alpha=0.01, l1_ratio=l1_ratio, max_iter=3,
                  schedule="inverse_scaling", tol=None, random_state=0).fit(container(X), y, sample_weight=sample_weight)
        for optimizer in (rule(), uncompiled(rule()))
    ]  # fmt: skip
    np.testing.assert_allclose(parameters(models[0]), parameters(models[1]), rtol=1e-9)
