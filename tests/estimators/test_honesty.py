"""What a descent that goes wrong says: the numbers, the reason, one thing to do; and what it leaves behind."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import ConvergenceWarning

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.descent.metrics import foretells
from sk_gd.descent.state import DescentState

WILD = {"optimizer": "gd", "preconditioner": None, "learning_rate": 1e3, "max_iter": 10, "tol": None, "random_state": 0}


@pytest.mark.parametrize("named", [False, True])
def test_error_with_numbers(Estimator, variant, named, problem_for):
    """The error of a divergence tells the rate, the limit 2 / L of the objective, and the feature that carries the curvature."""
    X, y, sample_weight = problem_for(Estimator, weighted=True)
    X = (X + X[:, [2]]) * [1.0, 15.0, 20.0, 1.0, 1.0]
    rows = pd.DataFrame(X, columns=["a", "b", "long", "c", "d"]) if named else X
    model = Estimator(variant, on_divergence="raise", alpha=0.1, **WILD)
    with pytest.raises(FloatingPointError) as error:
        model.fit(rows, y, sample_weight=sample_weight)
    message = str(error.value)
    Z = np.column_stack([X, np.ones(len(y))])
    hessian = (Z * sample_weight[:, None]).T @ Z / sample_weight.sum() * (1.0 if Estimator is GDLinearRegressor else 0.25)
    largest = np.linalg.eigvalsh(hessian + 0.1 * np.diag([1, 1, 1, 1, 1, 0]))[-1]
    assert "rate of 1e+03" in message
    assert float(re.search(r"2 / L = ([\d.e+-]+)\. ", message)[1]) == pytest.approx(2 / largest, rel=0.02)
    assert ("Feature 'long' (column 2)" if named else "Feature 2 alone") in message
    assert int(re.search(r"makes (\d+)% of L", message)[1]) == pytest.approx(100 * (hessian[2, 2] + 0.1) / largest, abs=2)
    assert "learning_rate='auto'" in message


@pytest.mark.parametrize("tol", [None, 1e-4])
def test_recovery_warns_once(Estimator, variant, tol, problem_for, Judge):
    """A rate that is too large costs one warning, which tells what was done; the model is better than the start."""
    X, y, _ = problem_for(Estimator)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        model = Estimator(variant, **(WILD | {"max_iter": 60, "tol": tol})).fit(X, y)
    assert [w.category for w in seen] == [ConvergenceWarning]
    halvings = int(re.search(r"halved, (\d+) times", str(seen[0].message))[1])
    assert model.learning_rate_ == 1e3 / 2**halvings
    assert Judge(X, y).gap(model) < 1.0
    assert np.all(model.loss_curve_ <= model.loss_curve_[0] * (1 + 1e-9))


@pytest.mark.parametrize("optimizer", ["svrg", "saga"])
def test_halvings_are_told(Estimator, optimizer, problem_for):
    """Of the user's rate, also where small data end with a line search, whose steps have another one."""
    X, y, _ = problem_for(Estimator)
    with pytest.warns(ConvergenceWarning, match="halved, ") as seen:
        model = Estimator("mini-batch", optimizer=optimizer, learning_rate=20.0, batch_size=20, random_state=0).fit(X, y)
    halvings, rate = re.search(r"halved, (\d+) times in all, to ([\d.e-]+)\. ", str(seen[0].message)).groups()
    assert float(rate) == pytest.approx(20 / 2 ** int(halvings), rel=5e-3)
    assert model.learning_rate_ == 1.0


@pytest.mark.parametrize(("params", "advice"), [
    ({"max_iter": 2}, "increase max_iter"),
    ({"max_time": 1e-9}, "raise max_time"),
    ({"max_iter": 2, "preconditioner": None}, "leave preconditioner 'auto'"),
    ({"max_iter": 2, "optimizer": "gd"}, "leave optimizer 'auto'"),
    ({"max_iter": 2, "optimizer": "gd", "preconditioner": None}, "leave optimizer and preconditioner 'auto'"),
])  # fmt: skip
def test_one_thing_to_do(Estimator, params, advice, problem_for):
    """The warning is the reason, the gap that is left, and one piece of advice."""
    X, y, _ = problem_for(Estimator, n_samples=2000)
    model = Estimator("mini-batch", tol=1e-13, random_state=0, **params)
    with pytest.warns(ConvergenceWarning) as seen:
        model.fit(X, y)
    (warning,) = seen
    assert str(warning.message).startswith(model.stop_reason_)
    assert str(warning.message).endswith(f"tol=1e-13: {advice}.")
    assert warning.filename == __file__


def test_optimality_is_of_all_rows(Estimator, variant, problem_for, Judge):
    """Even where an epoch only met means on its way, the certificate is near the true gap at the end."""
    X, y, _ = problem_for(Estimator)
    model = Estimator(variant, optimizer="gd", preconditioner=None, learning_rate=0.01, max_iter=3, tol=None, alpha=0.01)
    gap = Judge(X, y, alpha=0.01).gap(model.set_params(random_state=0).fit(X, y))
    assert model.optimality_ == pytest.approx(gap, rel=1e-6 if Estimator is GDLinearRegressor else 0.3)  # a parabola tells it all


def test_interrupt_in_the_middle(Estimator, variant, problem_for):
    """Ctrl-C after some epochs leaves the last good model as it was, and the next fit works."""
    X, y, _ = problem_for(Estimator)
    model = Estimator(variant, random_state=0, warm_start=True).fit(X, y)
    before = dict(vars(model))
    calls = []

    def interrupting(model, X, y):
        calls.append(len(calls))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return 0.0

    model.set_params(early_stopping=interrupting, warm_start=False, optimizer="gd", learning_rate=0.01, tol=None)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X[:, :3], y)
    assert len(calls) == 3
    for name, value in before.items():
        if name.endswith("_"):
            assert_array_equal(getattr(model, name), value)
    assert model.set_params(early_stopping=False, max_iter=2).fit(X, y).n_iter_ == 2


@pytest.mark.parametrize("params", [{}, {"optimizer": "gd", "preconditioner": "hessian", "learning_rate": 0.1}], ids=["auto", "gd"])
def test_a_metric_ages(variant, params, rng, Judge):
    """Classes that are nearly apart bend less and less on the way: the metric of the start would make gaps look small."""
    X = rng.normal(size=(300, 150)) * (rng.random((300, 150)) < 0.1)
    y = (X @ rng.normal(size=150) + rng.logistic(size=300) > 0).astype(int)
    model = GDLogisticClassifier(variant, alpha=1e-4, tol=1e-3, max_iter=3000, n_iter_no_change=1000, random_state=0, **params)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
    gap = Judge(X, y, alpha=1e-4).gap(model)
    assert gap <= 2 * model.optimality_


@pytest.mark.parametrize("tol", [1e-4, 1e-6])
def test_a_metric_of_two_steps_ago_ages(tol, rng, Judge):
    """Classes that are apart: the curvature falls by e with every step, so that a step old metric foretells a third of the gap."""
    for _ in range(5):
        X, y = rng.normal(size=(20, 40)), rng.permutation(np.repeat([0, 1], 10))
        model = GDLogisticClassifier(alpha=1e-6, tol=tol).fit(X, y)
        assert Judge(X, y, alpha=1e-6).gap(model) <= 3 * model.optimality_


@pytest.mark.parametrize(("scale", "right"), [(0.4, False), (1.0, True), (7.0, False)])
def test_a_metric_that_was_off_has_foretold_nothing(scale, right):
    """A short step after which the gap is small because the model was bent to what the step showed."""
    state = DescentState(np.zeros((1, 2)), np.random.default_rng(0), gap=1.0, scale=scale)
    assert foretells(state, 30.0) is right
    assert not foretells(state, 3.0)


@pytest.mark.parametrize("variant", ["batch", "mini-batch", "stochastic"])
def test_nothing_to_be_gained_in_single_precision(variant, rng):
    """Where the constant model is the minimum, what is left is rounding, and the descent at its end."""
    X = np.linalg.qr(rng.normal(size=(300, 40)))[0].astype(np.float32)
    model = GDLogisticClassifier(variant, alpha=0.1, l1_ratio=0.5, random_state=0, max_iter=50).fit(X, rng.integers(3, size=300))
    assert model.converged_
    assert not model.coef_.any()
