"""Every verdict on data made to deserve it, and none on data that do not."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.diagnosis import VERDICTS

TEXTBOOK = {"optimizer": "gd", "preconditioner": None, "tol": None, "random_state": 0}

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture
def plain(rng):
    """Rows of three independent features of unit variance: every second derivative is about 1."""
    X = rng.normal(size=(300, 3))
    return X, X @ [1.0, -2.0, 3.0] + rng.normal(size=300)


def limit(X, fit_intercept=True):
    """2 / L of least squares, by numpy."""
    A = np.column_stack([X, np.ones(len(X))]) if fit_intercept else X
    return 2 / np.linalg.eigvalsh(A.T @ A / len(X)).max()


def names(model, *rows):
    return set(model.diagnose(*rows).names)


def test_converged(Estimator, variant, problem_for):
    """A default fit has converged, with the rows at hand or without, and nothing needs to be changed."""
    X, y, _ = problem_for(Estimator, columns="raw", n_samples=300)
    model = Estimator(variant, random_state=0).fit(X, y)
    assert names(model) == names(model, X, y) == {"converged"}
    (verdict,) = model.diagnose(X, y).verdicts
    assert not verdict.change
    assert model.stop_reason_ in verdict.evidence


def test_slow(plain):
    """A ravine of condition number 10^4 is slow, the same rows scaled are not, and the number is numpy's."""
    X, y = plain
    ravine = X * [1.0, 0.5, 0.01]
    params = TEXTBOOK | {"learning_rate": 0.5 * limit(ravine), "max_iter": 200}
    model = GDLinearRegressor(**params).fit(ravine, y)
    assert names(model) == names(model, ravine, y) == {"slow"}
    A = np.column_stack([ravine, np.ones(len(X))])
    told = re.search(r"condition number is ([\d,]+)", str(model.diagnose(ravine, y)))[1]
    assert float(told.replace(",", "")) == pytest.approx(np.linalg.cond(A) ** 2, rel=0.06)
    assert model.diagnose(ravine, y).verdicts[0].change == "preconditioner='auto'"
    assert names(GDLinearRegressor(**params).fit(X, y), X, y) == {"converged"}
    scaled = GDLinearRegressor(**params | {"preconditioner": "diagonal"}).fit(ravine, y)
    assert names(scaled, ravine, y) == {"converged"}


def test_slow_by_a_small_rate(plain):
    """Well conditioned rows at a tiny rate: the rate is what has to change."""
    X, y = plain
    model = GDLinearRegressor(**TEXTBOOK, learning_rate=1e-3, max_iter=100).fit(X, y)
    (verdict,) = model.diagnose(X, y).verdicts
    assert (verdict.name, verdict.change) == ("slow", "learning_rate='auto'")


def test_few_epochs_are_not_slow(plain):
    """A descent that goes well and was merely stopped has no verdict, and the report says why it ended."""
    X, y = plain
    model = GDLinearRegressor(**TEXTBOOK, learning_rate=0.05, max_iter=30).fit(X, y)
    diagnosis = model.diagnose(X, y)
    assert diagnosis.names == ()
    assert "max_iter" in str(diagnosis)


@pytest.mark.parametrize(("share", "expected"), [(0.5, "converged"), (0.999, "oscillating"), (1.3, "oscillating")])
def test_oscillating(plain, share, expected):
    """Near 2 / L and beyond it, not at 1 / L."""
    X, y = plain
    model = GDLinearRegressor(**TEXTBOOK, learning_rate=share * limit(X), max_iter=80).fit(X, y)
    diagnosis = model.diagnose(X, y)
    assert expected in diagnosis.names
    if expected == "oscillating":
        assert "slow" not in diagnosis.names
        told = float(re.search(r"2 / L\s(?:=|is) ([\d.]+\d)", str(diagnosis))[1])
        assert told == pytest.approx(limit(X), rel=0.03)
    else:
        assert diagnosis.names == ("converged",)


def test_oscillating_of_the_limit_where_it_ends(rng):
    """The log loss bends most at the start: a rate above 2 / L there may be right at the end, and is not said to overshoot."""
    X = np.exp(rng.normal(size=(800, 11)))
    y = rng.random(800) < 1 / (1 + np.exp(4 - X[:, 0]))
    limit = 8 / np.linalg.eigvalsh(np.column_stack([X, np.ones(800)]).T @ np.column_stack([X, np.ones(800)]) / 800).max()
    model = GDLogisticClassifier(**TEXTBOOK, learning_rate=1.2 * limit, max_iter=60).fit(X, y)
    assert model.learning_rate_ == 1.2 * limit
    assert "oscillating" not in names(model, X, y)


def test_oscillating_on_single_rows(plain):
    """A rate that had to be halved is too large in the other variants, too; variance reduction finds its own."""
    X, y = plain
    wild = GDLinearRegressor("stochastic", **TEXTBOOK, learning_rate=2.0, max_iter=30).fit(X, y)
    assert "oscillating" in names(wild)
    assert "2 / L" not in str(wild.diagnose(X, y))
    reduced = GDLinearRegressor("stochastic", learning_rate=5.0, random_state=0).fit(X, y)
    assert names(reduced, X, y) == {"converged"}


@pytest.mark.parametrize(("variant", "rate"), [("stochastic", 0.05), ("mini-batch", 0.5)])
def test_noise_floor(plain, variant, rate):
    """Estimates from some rows at a constant rate stay above the minimum; averages, variance reduction and batch do not."""
    X, y = plain
    y = y + 3 * np.sin(17 * y)
    params = TEXTBOOK | {"variant": variant, "learning_rate": rate, "max_iter": 60}
    if variant == "mini-batch":
        params["batch_size"] = 5
    model = GDLinearRegressor(**params).fit(X, y)
    assert names(model) == names(model, X, y) == {"noise_floor"}
    assert model.diagnose().verdicts[0].change == "optimizer='auto'"
    for better in (
        {"optimizer": "svrg", "learning_rate": "auto"},
        {"variant": "batch", "batch_size": "auto", "learning_rate": 0.5},
    ):
        assert "noise_floor" not in names(GDLinearRegressor(**params | better).fit(X, y), X, y)


def test_noise_floor_of_an_ill_conditioned_problem(plain):
    """Where averages and exact gradients crawl, too, the metric is what has to change, and then it arrives."""
    X, y = plain
    X = X @ [[1000.0, 1000.0, 0.0], [1000.0, 1001.0, 0.0], [0.0, 0.0, 3.0]]
    params = TEXTBOOK | {"variant": "stochastic", "max_iter": 60}
    model = GDLinearRegressor(**params).fit(X, y)
    (verdict,) = model.diagnose(X, y).verdicts
    assert (verdict.name, verdict.change) == ("noise_floor", "preconditioner='auto'")
    assert "condition number" in verdict.evidence
    start = model.loss_curve_[0]
    least = GDLinearRegressor().fit(X, y).loss_curve_[-1]

    def left(**change):
        return (GDLinearRegressor(**params | change).fit(X, y).loss_curve_[-1] - least) / (start - least)

    assert left(preconditioner="auto") < 0.1 < min(left(average=True), left(optimizer="auto"))


def test_averages_are_slow_in_their_own_way(plain):
    """A mean of all places falls as one over the epochs: more of them help, another metric or optimizer does not."""
    X, y = plain
    ravine = X * [1.0, 0.5, 0.1]
    params = TEXTBOOK | {"variant": "stochastic", "average": True, "max_iter": 150}
    (verdict,) = GDLinearRegressor(**params).fit(ravine, y).diagnose(ravine, y).verdicts
    assert (verdict.name, verdict.change) == ("slow", "max_iter, to a larger one")


def test_tiny_rate_is_no_noise_floor(plain):
    """A stochastic descent that creeps is slow, not at its floor."""
    X, y = plain
    model = GDLinearRegressor("stochastic", **TEXTBOOK, learning_rate=1e-6, max_iter=60).fit(X, y)
    (verdict,) = model.diagnose(X, y).verdicts
    assert (verdict.name, verdict.change) == ("slow", "optimizer='auto'")
    assert "learning rate" in verdict.evidence


def test_overfitting(rng):
    """More features than rows and no penalty: the score turns down after epoch k; with rows enough it does not."""
    X = rng.normal(size=(3000, 60))
    y = X @ (0.3 * rng.normal(size=60)) + 3 * rng.normal(size=3000)
    params = TEXTBOOK | {"learning_rate": 0.1, "max_iter": 300, "early_stopping": True}
    few = GDLinearRegressor(**params).fit(X[:70], y[:70], X_val=X[300:], y_val=y[300:])
    (verdict,) = (verdict for verdict in few.diagnose().verdicts if verdict.name == "overfitting")
    assert verdict.title == f"Overfitting from epoch {few.best_iter_}"
    assert "alpha" in verdict.change
    many = GDLinearRegressor(**params).fit(X[:2000], y[:2000], X_val=X[2000:], y_val=y[2000:])
    assert "overfitting" not in names(many)
    scored = GDLinearRegressor(**params | {"early_stopping": "r2"}).fit(X[:70], y[:70], X_val=X[300:], y_val=y[300:])
    assert "overfitting" in names(scored)


def test_luck_is_no_overfitting(rng):
    """A few rows on which the score happened to turn down show nothing; the loss of each of them is counted before it is said."""
    X = rng.normal(size=(400, 8))
    y = X @ (0.3 * rng.normal(size=8)) + 3 * rng.normal(size=400)
    turned = said = 0
    for seed in range(30):
        model = GDLinearRegressor(**TEXTBOOK | {"random_state": seed}, learning_rate=0.3, max_iter=60, early_stopping=True)
        scores = model.fit(X, y).validation_scores_
        turned += model.best_iter_ < 50 and scores.max() - scores[-3:].max() > 0.05 * (scores.max() - scores[0])
        said += "overfitting" in names(model)
    assert turned > 5
    assert said == 0


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("alpha", [0.0, 1e-3])
def test_separable(rng, n_classes, alpha):
    """Classes apart are separable, with a penalty and without; one row among those of another class changes that."""
    y = np.arange(150) % n_classes
    X = rng.normal(size=(150, 2)) * 0.1 + np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 3.0]])[y]
    model = GDLogisticClassifier(alpha=alpha, max_iter=50).fit(X, y)
    assert "separable" in names(model, X, y)
    assert ("converged" in names(model, X, y)) == (alpha > 0)
    assert ("no minimum" in str(model.diagnose(X, y))) == (alpha == 0)
    assert "separable" not in names(model)
    X[0] = X[1]  # of another class
    assert "separable" not in names(GDLogisticClassifier(alpha=alpha, max_iter=50).fit(X, y), X, y)


@pytest.mark.parametrize("container", [np.asarray, csr_array])
def test_redundant(plain, container):
    """A copy in another unit, and a column of one value, are named; columns that merely resemble each other are not."""
    X, y = plain
    worse = np.column_stack([X, 9 / 5 * X[:, 1] + 32, np.full(len(X), 7.0)])
    model = GDLinearRegressor().fit(container(worse), y)
    diagnosis = model.diagnose(container(worse), y)
    assert "redundant" in diagnosis.names
    assert "feature 1 and feature 3" in str(diagnosis)
    assert "onstant: feature 4" in str(diagnosis)
    alike = np.column_stack([X, X[:, 1] + 1e-3 * X[:, 0]])
    assert "redundant" not in names(GDLinearRegressor().fit(container(alike), y), container(alike), y)


def test_dominated(plain):
    """One feature in small units, for a textbook's descent; not if all are, and not in a metric."""
    X, y = plain
    frame = pd.DataFrame(X * [1.0, 1000.0, 1.0], columns=["age", "grams", "height"])
    model = GDLinearRegressor(**TEXTBOOK, max_iter=50).fit(frame, y)
    assert "dominated" in names(model, frame, y)
    assert "grams alone makes 100% of L" in str(model.diagnose(frame, y))
    assert "dominated" not in names(GDLinearRegressor(**TEXTBOOK, max_iter=50).fit(1000 * X, y), 1000 * X, y)
    params = TEXTBOOK | {"preconditioner": "diagonal", "max_iter": 2}
    assert "dominated" not in names(GDLinearRegressor(**params).fit(frame, y), frame, y)


def test_every_verdict_has_a_test():
    """One named like it, in this file."""
    assert {name for name in VERDICTS if f"test_{name}" in globals()} == set(VERDICTS)


def test_report(plain):
    """Lines of a width that terminals have, markup that is closed and escaped, and a hint to show the rows."""
    X, y = plain
    frame = pd.DataFrame(X * [1.0, 1000.0, 1.0], columns=["age", "<grams>", "height"])
    model = GDLinearRegressor(**TEXTBOOK, max_iter=50).fit(frame, y)
    text = str(model.diagnose(frame, y))
    assert max(map(len, text.splitlines())) <= 100
    assert text.splitlines()[0] == f"GDLinearRegressor: {model.method_}"
    assert text.count("Change: ") == len(model.diagnose(frame, y).verdicts)
    markup = model.diagnose(frame, y)._repr_html_()
    assert "&lt;grams&gt;" in markup
    assert "<grams>" not in markup
    for tag in ("div", "dl", "dt", "dd", "p"):
        assert markup.count(f"<{tag}>") == markup.count(f"</{tag}>")
    assert "diagnose(X, y)" in str(model.diagnose())
    assert "diagnose(X, y)" not in text


def test_after_partial_fit(plain):
    """Nobody had all rows, so only with them can be said how near the minimum is."""
    X, y = plain
    model = GDLinearRegressor().partial_fit(X[:200], y[:200]).partial_fit(X[200:], y[200:])
    assert names(model) == set()
    assert names(model, X, y) == {"converged"}


def test_refuses(plain):
    """Half of the rows."""
    X, y = plain
    model = GDLinearRegressor().fit(X, y)
    for half in ({"X": X}, {"y": y}, {"sample_weight": y}):
        with pytest.raises(ValueError, match="X and y must be given together"):
            model.diagnose(**half)
