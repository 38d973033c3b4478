"""What a sparse sweep puts off for columns that no row touches comes out as in Python, however long that is."""

import numpy as np
import pytest

from sk_gd.optimizers import AdaGrad, Adam, Momentum, RMSProp
from tests.kernels.both_sweeps import PROBLEMS, assert_equal_sweeps, draw


@pytest.mark.parametrize("rate", [0.1, 2.0, 5.0, 40.0])
@pytest.mark.parametrize("l1", [0.0, 1e-3])
@pytest.mark.parametrize("positive", [False, True])
def test_lazy_decay_survives_any_step(rate, l1, positive):
    """The common factor 1 - rate * l2 shrinks fast, vanishes, or turns negative."""
    rng = np.random.default_rng(0)
    a = draw(rng, 40, 6, "log_loss", 1, np.float64, l2=0.5, l1=l1, positive=positive, n_rows=120, averaged=True)
    a["rates"] = np.full(120, rate)
    a["X"] = 1e-3 * a["X"]
    if rate > 4:
        a["rows"] = a["rows"][:12]
    for batch_size in (1, 4):
        assert_equal_sweeps(a, batch_size, "csr")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("loss", "n_outputs"), PROBLEMS)
@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("beta", [0.0, 0.3, 0.9, 0.99])
def test_lazy_momentum_survives_many_updates(beta, nesterov, loss, n_outputs, dtype):
    """Columns that no row touches go on moving: over hundreds of updates, with rates that change."""
    rng = np.random.default_rng(0)
    for rate, l2, intercept in ((0.05, 0.0, True), (0.05, 0.5, False), (2.0, 0.5, True)):
        a = draw(rng, 40, 30, loss, n_outputs, dtype, l2=l2, intercept=intercept, n_rows=400, optimizer="momentum")
        a["X"] *= (rng.random(a["X"].shape) < 0.1) * dtype(min(1.0, 0.3 / rate))
        a["optimizer"] = Momentum(beta=beta, nesterov=nesterov)
        a["rates"] = rng.uniform(0, rate, 400) * (1 - beta)
        for batch_size in (1, 4):
            assert_equal_sweeps(a, batch_size, "csr")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", ["squared_error", "log_loss", "cornered"])
@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize(("rate", "l2"), [(0.1, 0.0), (0.1, 0.5), (2.0, 0.5), (3.0, 0.5)])
def test_steps_along_the_anchor_survive_many_updates(rate, l2, intercept, loss, dtype):
    """Columns that no row touches move along the anchor: over hundreds of updates, while the common factor vanishes or turns."""
    rng = np.random.default_rng(0)
    a = draw(rng, 40, 30, loss, 1, dtype, l2=l2, intercept=intercept, n_rows=400, estimate="svrg", weighted=True)
    a["X"] *= (rng.random(a["X"].shape) < 0.1) * dtype(min(1.0, 0.3 / rate))
    a["rates"] = rng.uniform(0, rate, 400)
    assert_equal_sweeps(a, 1, "csr")


ADAPTIVE = [AdaGrad(), RMSProp(), RMSProp(rho=0.0), Adam(), Adam(beta_1=0.0), Adam(beta_1=0.99, beta_2=0.9999),
            Adam(epsilon=1e-3), Adam(epsilon=10.0), Adam(beta_2=0.8), Adam(weight_decay=0.1)]  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("loss", "n_outputs"), PROBLEMS)
@pytest.mark.parametrize("rule", ADAPTIVE, ids=repr)
def test_lazy_adaptive_updates_survive_many_others(rule, loss, n_outputs, dtype):
    """Columns that no row touches wait for it: over hundreds of updates, with rates that change, from a memory and from none."""
    rng = np.random.default_rng(0)
    for intercept, positive, begun in ((True, False, True), (False, True, False), (True, True, True)):
        a = draw(rng, 40, 30, loss, n_outputs, dtype, intercept=intercept, positive=positive, n_rows=400, optimizer="adam")
        a["X"] *= rng.random(a["X"].shape) < 0.1
        memory = rule.init(a["theta"])
        gradient = rng.normal(size=a["theta"].shape).astype(dtype)
        a |= {"optimizer": rule, "memory": rule.direction(gradient, memory)[1] if begun else memory}
        a["rates"] = rng.uniform(0, 0.01, 400)
        for batch_size in (1, 4):
            assert_equal_sweeps(a, batch_size, "csr")
