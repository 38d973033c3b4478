"""Each parameter has its place in the signature, its line in the docstring, and an effect."""

import inspect
import re
import time
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.optimizers import OPTIMIZERS, Adam, Momentum
from sk_gd.preconditioners import PRECONDITIONERS
from sk_gd.schedules import SCHEDULES, Exponential

SHARED = {
    "variant": "batch", "batch_size": "auto", "optimizer": "auto", "learning_rate": "auto", "schedule": "constant",
    "preconditioner": "auto", "loss": "squared_error", "alpha": 0.0, "l1_ratio": 0.0, "fit_intercept": True, "positive": False,
    "max_iter": 1000, "tol": 1e-4, "n_iter_no_change": 5, "max_time": None, "early_stopping": False,
    "validation_fraction": 0.1, "shuffle": True, "random_state": None, "average": False, "class_weight": None, "warm_start": False,
    "record": "loss", "on_divergence": "recover",
    "on_interrupt": "raise", "verbose": 0,
}  # fmt: skip
OF_REGRESSOR, OF_CLASSIFIER = {"loss"}, {"class_weight"}
SIGNATURES = {
    GDLinearRegressor: {name: value for name, value in SHARED.items() if name not in OF_CLASSIFIER},
    GDLogisticClassifier: {name: value for name, value in SHARED.items() if name not in OF_REGRESSOR} | {"alpha": 1e-4},
}
ONLY_BY_NAME = ["X_val", "y_val", "sample_weight_val", "coef_init", "intercept_init"]
METHODS = {"fit": ["self", "X", "y", "sample_weight", *ONLY_BY_NAME], "predict": ["self", "X"],
           "score": ["self", "X", "y", "sample_weight"], "sparsify": ["self"], "densify": ["self"]}  # fmt: skip
MORE_METHODS = {name: ["self", "X"] for name in ("decision_function", "predict_proba", "predict_log_proba")}
FITTED = ["coef_", "intercept_", "n_iter_", "t_", "n_features_in_", "feature_names_in_", "loss_curve_", "learning_rate_",
          "converged_", "stop_reason_", "optimality_", "method_", "history_", "coef_path_", "path_epochs_",
          "validation_scores_", "best_iter_"]  # fmt: skip

TEXTBOOK = {"optimizer": "gd", "preconditioner": None, "learning_rate": 0.002, "tol": None, "max_iter": 5, "random_state": 0}
STOCHASTIC = {"variant": "stochastic", **TEXTBOOK}
OBJECTS = [Momentum(beta=0.5), Momentum(beta=0.5, nesterov=True), Adam(beta_1=0.5), Adam(weight_decay=1.0)]
UNSTALLED = [name for name in SCHEDULES if name != "adaptive"]  # which needs tol
EFFECTS = {  # parameter: what is held, then the values that must give different models
    "variant": (TEXTBOOK, ["batch", "mini-batch", "stochastic"]),
    "batch_size": ({"variant": "mini-batch", **TEXTBOOK}, [5, 20]),
    "optimizer": (TEXTBOOK, [*OPTIMIZERS, *OBJECTS]),
    "learning_rate": (TEXTBOOK, ["auto", 0.01, 0.02]),
    "schedule": (TEXTBOOK | {"alpha": 0.1, "max_iter": 15}, [*UNSTALLED, lambda steps: np.exp(-0.3 * np.asarray(steps))]),
    "preconditioner": (TEXTBOOK, list(PRECONDITIONERS)),
    "alpha": ({}, [0.0, 0.1, 1.0, [0.0, 0.1, 0.2, 0.3, 1.0]]),
    "l1_ratio": ({"alpha": 0.1}, [0.0, 0.5, 1.0]),
    "fit_intercept": ({}, [True, False]),
    "positive": ({}, [True, False]),
    "max_iter": (TEXTBOOK, [2, 5]),
    "early_stopping": (TEXTBOOK, [False, True]),
    "validation_fraction": (TEXTBOOK | {"early_stopping": True}, [0.1, 0.3]),
    "shuffle": (STOCHASTIC, [True, False]),
    "random_state": (STOCHASTIC, [0, 1]),
    "average": (STOCHASTIC, [False, True, 3, 5]),
}


@pytest.mark.parametrize(("Estimator", "expected"), SIGNATURES.items(), ids=["linear", "logistic"])
def test_signature(Estimator, expected):
    """The parameters stand in this order with these defaults, all but the variant by keyword only."""
    parameters = inspect.signature(Estimator).parameters
    assert {name: parameter.default for name, parameter in parameters.items()} == expected
    assert list(parameters) == list(expected)
    assert [name for name, p in parameters.items() if p.kind is not p.KEYWORD_ONLY] == ["variant"]


def test_methods(Estimator):
    """The methods and the names of their arguments; what the classifier can say more than the regressor."""
    for name, arguments in (METHODS | (MORE_METHODS if Estimator is GDLogisticClassifier else {})).items():
        assert list(inspect.signature(getattr(Estimator, name)).parameters) == arguments
    named = ["classes"] if Estimator is GDLogisticClassifier else []
    assert list(inspect.signature(Estimator.partial_fit).parameters) == ["self", "X", "y", *named, "sample_weight"]
    kinds = inspect.signature(Estimator.fit).parameters
    assert all(kinds[name].kind is inspect.Parameter.KEYWORD_ONLY for name in ONLY_BY_NAME)
    if Estimator is GDLinearRegressor:
        assert not any(hasattr(Estimator, name) for name in MORE_METHODS)


def section(doc, title):
    """Names that a section of a numpydoc docstring describes."""
    body = re.split(r"\n[A-Z][A-Za-z ]+\n-+\n", doc.split(f"\n{title}\n" + "-" * len(title) + "\n")[1])[0]
    return [name for line in re.findall(r"^(\w[\w, ]*) :", body, flags=re.M) for name in line.split(", ")]


def test_docstrings(Estimator):
    """Every parameter in order, every fitted attribute; fit documents its arguments."""
    doc = inspect.getdoc(Estimator)
    assert section(doc, "Parameters") == list(SIGNATURES[Estimator])
    attributes = set(FITTED) | ({"classes_"} if Estimator is GDLogisticClassifier else set())
    assert set(section(doc, "Attributes")) >= attributes
    assert {"X", "y", "sample_weight", *ONLY_BY_NAME} <= set(section(inspect.getdoc(Estimator.fit), "Parameters"))


def test_fitted_attributes(Estimator, variant, problem_for):
    """What fit leaves behind is what the docstring lists."""
    pandas = pytest.importorskip("pandas")
    X, y, _ = problem_for(Estimator)
    model = Estimator(variant).fit(pandas.DataFrame(X, columns=list("abcde")), y)
    assert {name for name in dir(model) if name.endswith("_") and not name.startswith("_")} == set(
        section(inspect.getdoc(Estimator), "Attributes")
    )
    assert model.n_features_in_ == 5
    assert isinstance(model.method_, str)
    assert isinstance(model.n_iter_, int)
    assert isinstance(model.converged_, bool)
    assert isinstance(model.optimality_, float)
    assert model.t_ >= model.n_iter_ > 0


@pytest.mark.parametrize("name", EFFECTS)
def test_no_parameter_is_ignored(Estimator, name, problem_for):
    """Values that mean different things give different models."""
    held, values = EFFECTS[name]
    X, y, _ = problem_for(Estimator, n_samples=600)
    models = [Estimator(**(held | {name: value})).fit(X, y) for value in values]
    found = [np.append(np.ravel(model.coef_), model.intercept_) for model in models]
    for i, one in enumerate(found):
        for other in found[:i]:
            assert np.abs(one - other).max() > 1e-6


@pytest.mark.parametrize(("name", "value", "same_as"), [
    ("optimizer", Momentum(beta=0.9), "momentum"), ("optimizer", Momentum(nesterov=True), "nesterov"),
    ("schedule", np.ones_like, "constant"), ("batch_size", "auto", 256),
])  # fmt: skip
def test_objects_are_what_names_stand_for(Estimator, name, value, same_as, problem_for):
    """An object, a callable or "auto" does what the name or the number that stands for it does."""
    X, y, _ = problem_for(Estimator, n_samples=600)
    held = {"variant": "mini-batch", **TEXTBOOK}
    if name == "schedule":
        value = lambda steps: np.ones(len(steps))  # noqa: E731
    ours, theirs = (Estimator(**(held | {name: v})).fit(X, y) for v in (value, same_as))
    assert_allclose(ours.coef_, theirs.coef_)


@pytest.mark.parametrize(
    ("preconditioner", "l1_ratio"), [*((name, 0.0) for name in PRECONDITIONERS), (None, 0.5), ("diagonal", 0.5)]
)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_metric_reaches_the_optimum(Estimator, optimizer, preconditioner, l1_ratio, problem_for, Judge):
    """In the batch variant each optimizer in each metric goes to the same minimum, given patience (and steps that shrink)."""
    X, y, sample_weight = problem_for(Estimator, weighted=True)
    schedule = Exponential(0.98) if optimizer in ("rmsprop", "adam") else "constant"
    model = Estimator(optimizer=optimizer, preconditioner=preconditioner, alpha=0.01, l1_ratio=l1_ratio, schedule=schedule,
                      tol=1e-8, n_iter_no_change=30)  # fmt: skip
    assert Judge(X, y, sample_weight, alpha=0.01, l1_ratio=l1_ratio).gap(model.fit(X, y, sample_weight=sample_weight)) < 1e-7


@pytest.mark.parametrize("optimizer", [name for name in OPTIMIZERS if name != "lbfgs"])
def test_patience_outlasts_the_swing_of_momentum(Estimator, optimizer, problem_for, Judge):
    """A velocity that overshoots for an epoch or two is no plateau: the default patience ends near the minimum."""
    X, y, _ = problem_for(Estimator)
    model = Estimator(optimizer=optimizer, alpha=0.01)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
    assert Judge(X, y, alpha=0.01).gap(model) < 0.01


def test_tol(Estimator, variant, problem_for):
    """A smaller tol means a smaller certified gap, and more epochs where one is not enough."""
    X, y, _ = problem_for(Estimator, columns="correlated", n_samples=8000)
    loose, tight = (Estimator(variant, tol=tol, random_state=0).fit(X, y) for tol in (0.1, 1e-8))
    assert tight.optimality_ <= 1e-8
    assert loose.optimality_ <= 0.1
    assert loose.n_iter_ <= tight.n_iter_
    if Estimator is GDLogisticClassifier or variant != "batch":
        assert loose.n_iter_ < tight.n_iter_
        assert tight.optimality_ < loose.optimality_


def test_max_time(Estimator, variant, problem_for):
    """max_time ends a fit that would go on, with a warning and a usable model."""
    X, y, _ = problem_for(Estimator)
    endless = {"max_iter": 200_000, "tol": 0.0, "n_iter_no_change": 10**8, "learning_rate": 1e-4, "random_state": 0}
    model = Estimator(variant, optimizer="gd", preconditioner=None, max_time=0.2, **endless)
    start = time.perf_counter()
    with pytest.warns(ConvergenceWarning, match="max_time"):
        model.fit(X, y)
    assert time.perf_counter() - start < 5.0
    assert not model.converged_
    assert "max_time" in model.stop_reason_
    assert np.isfinite(model.predict(X)).all()


def test_n_iter_no_change(Estimator, problem_for):
    """Plain stochastic descent has a noise floor: patience decides how long it may stay there."""
    X, y, _ = problem_for(Estimator)
    params = {
        "variant": "stochastic",
        "optimizer": "gd",
        "preconditioner": None,
        "learning_rate": 0.05,
        "random_state": 0,
        "tol": 1e-10,
    }
    epochs = []
    for patience in (2, 20):
        with pytest.warns(ConvergenceWarning):
            epochs.append(Estimator(n_iter_no_change=patience, **params).fit(X, y).n_iter_)
    assert epochs[0] < epochs[1] < 1000


def test_verbose(Estimator, variant, problem_for, capsys):
    """Silent by default, and with verbose=1 a line for what happens."""
    X, y, _ = problem_for(Estimator)
    Estimator(variant).fit(X, y)
    assert capsys.readouterr().out == ""
    Estimator(variant, verbose=1).fit(X, y)
    assert capsys.readouterr().out.count("\n") >= 1


def test_verbose_thins_itself(Estimator, variant, problem_for, capsys):
    """One tidy line for epochs 1 to 10, then for every tenth, then for every hundredth; all with 2; the score if there is one."""
    X, y, _ = problem_for(Estimator)
    params = {**TEXTBOOK, "learning_rate": 1e-5, "max_iter": 250}
    Estimator(variant, verbose=1, **params).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert [int(line.split()[1]) for line in lines] == [*range(1, 11), *range(20, 101, 10), 200]
    assert not any("validation" in line for line in lines)
    assert len({line.index("  rate ") for line in lines}) == 1
    Estimator(variant, verbose=2, early_stopping=True, **params).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 250
    assert all("validation" in line and "objective" in line for line in lines)
    assert len({line.index("  rate ") for line in lines}) == 1


def test_on_divergence_raise(Estimator, variant, problem_for):
    """on_divergence="raise" raises where "recover" recovers, and leaves nothing behind."""
    X, y, _ = problem_for(Estimator, columns="raw")
    model = Estimator(variant, optimizer="gd", preconditioner=None, learning_rate=1e6, on_divergence="raise", max_iter=20, tol=None)
    with pytest.raises((ValueError, FloatingPointError), match="learning_rate"):
        model.fit(X, y)
    assert not hasattr(model, "coef_")


def test_conversion_to_c(variant, make_problem, Judge):
    """Alpha = 1 / (C sum s), the default LogisticRegression included."""
    X, y, sample_weight = make_problem("binary", weighted=True)
    theirs = LogisticRegression(tol=1e-10).fit(X, y, sample_weight=sample_weight)
    ours = GDLogisticClassifier(variant, alpha=1 / sample_weight.sum(), tol=1e-10, max_iter=10_000, random_state=0)
    assert_allclose(ours.fit(X, y, sample_weight=sample_weight).coef_, theirs.coef_, atol=1e-3)


@pytest.mark.parametrize("optimizer", ["svrg", "saga"])
def test_a_rate_of_ones_own_is_kept(optimizer, make_problem):
    """Variance reduction finds its own rate only where none is given: a small one is slow, and stays."""
    X, y, _ = make_problem("regression", n_samples=400)
    settings = {"optimizer": optimizer, "preconditioner": None, "tol": None, "max_iter": 30, "random_state": 0}
    model = GDLinearRegressor("stochastic", learning_rate=1e-4, **settings).fit(X, y)
    assert model.learning_rate_ == 1e-4
    assert GDLinearRegressor("stochastic", **settings).fit(X, y).learning_rate_ > 1e-3
