"""Losses whose slope jumps: their minima by linear programs, the proof of what is left, and what a user may not ask for."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import optimize, sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import QuantileRegressor
from sklearn.svm import LinearSVR

from sk_gd import GDLinearRegressor
from sk_gd.losses import EpsilonInsensitive, Quantile

TIGHT = {"tol": 1e-7, "random_state": 0}
every_loss = pytest.mark.parametrize(
    "loss", [Quantile(0.5), Quantile(0.9), EpsilonInsensitive(0.0), EpsilonInsensitive(0.5)], ids=str
)
everywhere = pytest.mark.parametrize("columns", ["correlated", "raw"])


def slopes_of(loss, y, s):
    """Slopes below and above the tube, and half its width."""
    told = loss.for_targets(np.reshape(y, (-1, 1)), s)
    return told.low, told.high, told.width


def value(loss, model, X, y, s, alpha=0.0, l1_ratio=0.0):
    """F by the formula."""
    low, high, width = slopes_of(loss, y, s)
    coef = model.coef_.ravel()
    r = X @ coef + model.intercept_ - y
    per_row = high * np.maximum(r - width, 0) + low * np.maximum(-r - width, 0)
    penalty = np.sum(alpha * (l1_ratio * np.abs(coef) + (1 - l1_ratio) / 2 * coef**2))
    return s @ per_row / s.sum() + penalty


def minimum(loss, X, y, s, l1=0.0, positive=False):
    """The least F without l2, as a linear program: coefficients in two parts, and the errors above and below the tube."""
    (n, d), (low, high, width), s = X.shape, slopes_of(loss, y, s), s / s.sum()
    mean, scale = s @ X, X.std(axis=0)
    Z = (X - mean) / scale
    price = np.broadcast_to(l1, d) / scale
    cost = np.concatenate([price, price, [0.0], high * s, low * s])
    rows = sparse.csr_array(np.hstack([Z, -Z, np.ones((n, 1)), -np.eye(n), np.eye(n)]))
    sides = [(0, None)] * d + [(0, 0 if positive else None)] * d + [(None, None)] + [(0, None)] * (2 * n)
    upper, ends = sparse.vstack([rows, -rows]), np.concatenate([y + width, width - y])
    found = optimize.linprog(cost, A_ub=upper, b_ub=ends, bounds=sides, method="highs")
    assert found.status == 0
    return found.fun


@pytest.fixture
def heavy(make_problem, rng):
    """Rows with noise of heavy tails, all of them of weight one if not ``weighted``."""

    def draw(columns="well", n_samples=120, weighted=True, target="regression", n_features=5):
        X, y, s = make_problem(target, columns, n_samples=n_samples, weighted=weighted, n_features=n_features)
        return X, y + rng.standard_t(1.5, size=y.shape), np.ones(len(y)) if s is None else s

    return draw


@every_loss
@everywhere
@pytest.mark.parametrize("penalty", ["none", "l1", "by feature", "positive"])
def test_minimum_is_that_of_the_linear_program(penalty, columns, loss, variant, container, heavy):
    """Every variant arrives at the minimum, and what it says to be left is no less than what is left."""
    X, y, s = heavy(columns)
    scale = X.std(axis=0)
    l1 = {"l1": 0.1, "by feature": 0.2 * scale * np.arange(5)}.get(penalty, 0.0)
    params = {"alpha": l1, "l1_ratio": 1.0, "positive": penalty == "positive"}
    model = GDLinearRegressor(variant, loss=loss, random_state=0, **params).fit(container(X), y, sample_weight=s)
    least = minimum(loss, X, y, s, l1, penalty == "positive")
    left = value(loss, model, X, y, s, l1, 1.0) - least
    whole = model.loss_curve_[0] - least
    assert model.converged_
    assert -1e-9 * whole <= left <= model.optimality_ * whole * (1 + 1e-9) + 1e-12
    assert model.optimality_ <= 1e-4


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("alpha", [0.0, 0.1])
def test_quantile_regressor(alpha, quantile, variant, heavy):
    """QuantileRegressor(quantile, alpha) minimises ours at the same numbers, l1_ratio=1."""
    X, y, s = heavy()
    theirs = QuantileRegressor(quantile=quantile, alpha=alpha, solver="highs").fit(X, y, sample_weight=s)
    loss = Quantile(quantile)
    ours = GDLinearRegressor(variant, loss=loss, alpha=alpha, l1_ratio=1.0, **TIGHT).fit(X, y, sample_weight=s)
    assert_allclose(ours.coef_, theirs.coef_, atol=1e-4)
    assert_array_equal(ours.coef_ == 0, np.abs(theirs.coef_) < 1e-12)


@pytest.mark.parametrize("width", [0.0, 0.4])
def test_linear_svr(width, variant, container, heavy):
    """LinearSVR minimises ours at alpha = 1 / (C n); it penalises an intercept, so there is none."""
    X, y, _ = heavy(weighted=False)
    y, alpha = y - np.median(y), 0.1
    params = {"C": 1 / (alpha * len(y)), "epsilon": width, "fit_intercept": False, "tol": 1e-10, "max_iter": 10**6}
    theirs = LinearSVR(loss="epsilon_insensitive", **params).fit(X, y)
    loss = EpsilonInsensitive(width, scale=1.0)
    ours = GDLinearRegressor(variant, loss=loss, alpha=alpha, fit_intercept=False, **TIGHT).fit(container(X), y)
    assert_allclose(ours.coef_, theirs.coef_, atol=1e-3 * np.abs(theirs.coef_).max())


def test_converged_is_proved(rng):
    """On problems of all kinds the minimum is reached, and what is said to be left is no less than a tighter fit still finds."""
    for _ in range(60):
        n, d, unit = rng.integers(30, 400), rng.integers(1, 20), 10.0 ** rng.integers(-3, 4)
        X = rng.normal(size=(n, d)) * np.logspace(-1, 2, d) + rng.choice([0.0, 100.0]) * rng.normal(size=d)
        y = X @ (rng.normal(size=d) / np.logspace(-1, 2, d)) + rng.choice([0.1, 3.0]) * rng.standard_t(1.5, size=n)
        y, s = unit * (np.round(y) if rng.random() < 0.3 else y), rng.gamma(1.0, size=n)
        loss = rng.choice([Quantile(0.5), Quantile(0.95), EpsilonInsensitive(0.0), EpsilonInsensitive(0.5)])
        model = GDLinearRegressor(loss=loss, alpha=rng.choice([0.0, 0.01 / unit, 0.1]), l1_ratio=rng.choice([0.0, 0.5, 1.0]))
        ours, best = (clone(model).set_params(tol=tol).fit(X, y, sample_weight=s) for tol in (1e-4, 1e-5))
        assert ours.converged_
        least, start = best.loss_curve_[-1], best.loss_curve_[0]
        assert ours.loss_curve_[-1] - least <= (ours.optimality_ * (1 + 1e-6) + 1e-12) * (start - least)


@every_loss
def test_outputs_are_models_of_their_own(loss, heavy):
    """Several outputs are several models: F is the sum of theirs."""
    X, Y, s = heavy(target="multi-output")
    loss = Quantile(loss.quantile) if isinstance(loss, Quantile) else EpsilonInsensitive(loss.epsilon, scale=2.0)
    params = {"loss": loss, "alpha": 0.02, "l1_ratio": 0.5, "tol": 1e-6}
    both = GDLinearRegressor(**params).fit(X, Y, sample_weight=s)
    apart = [GDLinearRegressor(**params).fit(X, y, sample_weight=s) for y in Y.T]
    assert both.converged_
    assert_allclose(both.loss_curve_[-1], sum(one.loss_curve_[-1] for one in apart), rtol=1e-5)


def test_where_no_row_pulls(heavy):
    """Targets that a model meets exactly leave nothing; neither do those that are all the same."""
    X, _, _ = heavy()
    for y in (X @ np.arange(5.0) + 3, np.full(len(X), 7.0)):
        model = GDLinearRegressor(loss="quantile").fit(X, y)
        assert model.converged_
        assert_allclose(model.predict(X), y, atol=2e-3)


@every_loss
def test_no_end_in_sight(loss, variant, heavy):
    """Without tol the steps go on when nothing is left to gain, and stay where they are."""
    X, y, s = heavy()
    model = GDLinearRegressor(variant, loss=loss, alpha=0.1, l1_ratio=0.5, tol=None, max_iter=100, random_state=0)
    model.fit(X, y, sample_weight=s)
    assert model.n_iter_ == 100
    assert model.optimality_ < 1e-6
    assert np.isfinite(model.coef_).all()


@every_loss
def test_explicit_optimizers_know_what_they_left(loss, heavy):
    """Subgradients at an automatic rate get near the minimum, and the gap that is told is the true one, nearly."""
    X, y, s = heavy("raw")
    model = GDLinearRegressor(
        "mini-batch", batch_size=20, loss=loss, optimizer="gd", average=10, tol=None, max_iter=30, random_state=0
    )
    model.fit(X, y, sample_weight=s)
    least = minimum(loss, X, y, s)
    left = (value(loss, model, X, y, s) - least) / (model.loss_curve_[0] - least)
    assert left <= model.optimality_ <= left + 2e-4
    assert left < 0.3
    assert not model.converged_


def test_automatic_rate_is_that_of_rounded_corners(heavy):
    """1 / L, L of the loss whose corners are rounded by the mean loss of the best constant, as an error."""
    X, y, s = heavy()
    model = GDLinearRegressor(loss="quantile", optimizer="gd", preconditioner=None, tol=None, max_iter=1).fit(X, y, sample_weight=s)
    s = s / s.mean()
    typical = np.average(np.abs(y - model_constant(y, s)), weights=s) / 2
    columns = np.column_stack([X, np.ones(len(X))])
    smooth = np.linalg.eigvalsh((columns * s[:, None]).T @ columns / len(X)).max() / (2 * typical)
    assert_allclose(model.learning_rate_, 1 / smooth, rtol=0.05)


def model_constant(y, s):
    """The weighted median."""
    order = np.argsort(y)
    return y[order][np.searchsorted(np.cumsum(s[order]), s.sum() / 2)]


def test_metric_of_the_users(heavy):
    """Another metric than the Hessian's is followed, by subgradients; what would need the Hessian's is refused."""
    X, y, _ = heavy()
    with pytest.warns(ConvergenceWarning):
        model = GDLinearRegressor(loss="quantile", preconditioner=None, max_iter=5).fit(X, y)
    assert model.method_ == "gd, all rows, no metric"
    with pytest.raises(ValueError, match=r"optimizer='svrg' .* leave it 'auto', or set optimizer='gd'"):
        GDLinearRegressor("mini-batch", loss="quantile", batch_size=9, optimizer="svrg", preconditioner="diagonal").fit(X, y)


def test_more_features_than_a_matrix_holds(rng):
    """Where the Hessian is known by its products alone, an l2 penalty leads to a proof; without one the truth is told."""
    X = sparse.csr_array(sparse.random(300, 1100, density=0.05, random_state=rng))
    y = X[:, :20].sum(axis=1) + 0.1 * rng.normal(size=300)
    model = GDLinearRegressor(loss="quantile", alpha=0.01).fit(X, y)
    assert model.converged_
    assert model.optimality_ <= 1e-4


def test_chunks(heavy):
    """partial_fit, chunk after chunk, comes near to what fit finds on all rows."""
    X, y, s = heavy(n_samples=2000)
    online = GDLinearRegressor(loss="quantile")
    for rows in np.split(np.arange(2000), 40):
        online.partial_fit(X[rows], y[rows], sample_weight=s[rows])
    best = GDLinearRegressor(loss="quantile").fit(X, y, sample_weight=s)
    start, least = best.loss_curve_[[0, -1]]
    assert value(Quantile(), online, X, y, s) - least < 0.05 * (start - least)
