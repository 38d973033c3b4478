"""``partial_fit``: rows that come in chunks and are seen once, in raw units, in any cut."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd.optimizers import OPTIMIZERS

TEXTBOOK = {"preconditioner": None, "learning_rate": 0.0005, "tol": None, "random_state": 0}


def learn(model, X, y, sample_weight=None, size=50, **kwargs):
    """Every chunk once."""
    for i in range(0, len(y), size):
        rows = slice(i, i + size)
        model.partial_fit(X[rows], y[rows], sample_weight=None if sample_weight is None else sample_weight[rows], **kwargs)
    return model


@pytest.mark.parametrize("size", [1, 7, 300])
@pytest.mark.parametrize("columns", ["well", "correlated", "raw"])
@pytest.mark.parametrize("alpha", [0.0, 0.1])
def test_recursive_least_squares(size, columns, alpha, container, make_problem):
    """In the batch variant the squared error's minimiser over all rows so far is what every chunk ends with, in any order."""
    X, Y, sample_weight = make_problem("multi-output", columns, n_samples=300, weighted=True)
    order = np.argsort(Y[:, 0])
    X, Y, sample_weight = container(X[order]), Y[order], sample_weight[order]
    model = learn(GDLinearRegressor(alpha=alpha), X, Y, sample_weight, size=size)
    whole = GDLinearRegressor(alpha=alpha, tol=1e-14).fit(X, Y, sample_weight=sample_weight)
    assert_allclose(model.predict(X), whole.predict(X), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_passes_are_epochs(Estimator, variant, optimizer, container, problem_for):
    """On the same rows, passes at a rate of the user's are a fit's epochs: order, memory and schedule go on, pickled or not."""
    X, y, sample_weight = problem_for(Estimator, weighted=True)
    size = {"batch_size": 10} if variant == "mini-batch" else {}
    params = {"variant": variant, "optimizer": optimizer, "schedule": "inverse_scaling", **TEXTBOOK, **size}
    passes = Estimator(**params)
    for _ in range(4):
        passes.partial_fit(container(X), y, sample_weight=sample_weight)
        passes = pickle.loads(pickle.dumps(passes))
    epochs = Estimator(max_iter=4, **params).fit(container(X), y, sample_weight=sample_weight)
    assert_allclose(passes.coef_, epochs.coef_, rtol=1e-9)
    assert_allclose(passes.intercept_, epochs.intercept_, rtol=1e-9)
    assert passes.t_ == epochs.t_
    assert_allclose(passes.loss_curve_, epochs.loss_curve_, rtol=1e-9)
    assert passes.n_iter_ == 1


@pytest.mark.parametrize("order", ["random", "by a feature"])
@pytest.mark.parametrize("target", ["regression", "binary", "multinomial"])
def test_stream_in_raw_units(target, variant, order, container, make_problem, Judge):
    """A hundred chunks in units from 1e-2 to 1e4, by default: near the minimum over all rows, which nobody ever saw at once."""
    X, y, _ = make_problem(target, "raw", n_samples=5000)
    rows = np.argsort(X[:, 2], kind="stable") if order == "by a feature" else slice(None)
    X, y = X[rows], y[rows]
    Estimator = GDLinearRegressor if target == "regression" else GDLogisticClassifier
    kwargs = {} if target == "regression" else {"classes": np.unique(y)}
    model = learn(Estimator(variant, alpha=0.0, random_state=0), container(X), y, **kwargs)
    assert Judge(X, y).gap(model, Judge(X, y)(Estimator(alpha=0.0).fit(X, y))) < (0.02 if order == "random" else 0.1)
    assert model.t_ == {"batch": 100, "mini-batch": 100, "stochastic": 5000}[variant]


def test_a_poor_beginning_is_forgotten(variant, rng, Judge):
    """Where classes are far apart, what the first chunks taught at wrong curvatures fades with the square of what is seen."""
    X = rng.normal(size=(5000, 8))
    y = (5 * X @ rng.normal(size=8) + rng.logistic(size=5000) > 0).astype(int)
    model = learn(
        GDLogisticClassifier(variant, batch_size=10 if variant == "mini-batch" else "auto", random_state=0), X, y, size=500
    )
    judge = Judge(X, y, alpha=1e-4)
    assert judge.gap(model, judge(GDLogisticClassifier().fit(X, y))) < 0.05


@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
def test_row_by_row(Estimator, variant, l1_ratio, problem_for, Judge):
    """Single rows from the very first are learned from without an accident, with an L1 penalty, too."""
    X, y, _ = problem_for(Estimator, columns="raw", n_samples=1000)
    kwargs = {} if Estimator is GDLinearRegressor else {"classes": [0, 1]}
    model = learn(Estimator(variant, alpha=1e-3, l1_ratio=l1_ratio, random_state=0), X, y, size=1, **kwargs)
    judge = Judge(X, y, alpha=1e-3, l1_ratio=l1_ratio)
    best = judge(Estimator(alpha=1e-3, l1_ratio=l1_ratio).fit(X, y))
    assert judge.gap(model, best) < (0.05 if l1_ratio == 0 else 0.3)


def test_units_of_a_stream(Estimator, variant, container, problem_for):
    """Columns in other units, and all weights times a constant: the same predictions after every chunk."""
    X, y, sample_weight = problem_for(Estimator, n_samples=300, weighted=True)
    units = np.logspace(-5, 5, X.shape[1])
    raw = "predict" if Estimator is GDLinearRegressor else "decision_function"
    ours = learn(Estimator(variant, alpha=0.0, random_state=0), container(X), y, sample_weight)
    scaled = learn(Estimator(variant, alpha=0.0, random_state=0), container(X * units), y, 1e6 * sample_weight)
    assert_allclose(getattr(scaled, raw)(container(X * units)), getattr(ours, raw)(container(X)), rtol=1e-4, atol=1e-4)


def test_integer_weight_is_repetition(Estimator, problem_for, rng):
    """In the batch variant a weight of k is k copies of the row, within a chunk and between chunks; zero leaves it out.

    For classes nearly so: how far the first rows are trusted depends on how many they are.
    """
    X, y, _ = problem_for(Estimator, n_samples=200)
    times = rng.integers(0, 4, size=200)
    times[100:] *= 3
    weighted, repeated = Estimator(), Estimator()
    for rows in (slice(0, 100), slice(100, 200)):
        weighted.partial_fit(X[rows], y[rows], sample_weight=times[rows])
        repeated.partial_fit(np.repeat(X[rows], times[rows], axis=0), np.repeat(y[rows], times[rows]))
    tolerance = 1e-7 if Estimator is GDLinearRegressor else 0.1
    assert_allclose(weighted.coef_, repeated.coef_, rtol=tolerance)
    assert_allclose(weighted.intercept_, repeated.intercept_, rtol=tolerance)


@pytest.mark.parametrize("begin", ["partial_fit", "fit"])
def test_weights_between_chunks(Estimator, variant, begin, problem_for):
    """At a rate of the user's, a chunk of weights 3 after one of as many rows of weight 1 steps 3 / 2 as far: only ratios count."""
    X, y, _ = problem_for(Estimator)
    rate, half = 1e-9, slice(0, 60)
    model = Estimator(variant, optimizer="gd", **(TEXTBOOK | {"learning_rate": rate, "max_iter": 1}))
    getattr(model, begin)(X[half], y[half], sample_weight=np.full(60, 0.1))
    first = np.ravel(model.coef_)
    second = np.ravel(model.partial_fit(X[half], y[half], sample_weight=np.full(60, 0.3)).coef_) - first
    assert_allclose(second, 1.5 * first, rtol=1e-4)


def test_after_a_fit(Estimator, variant, problem_for):
    """partial_fit goes on from a fit, whose rows keep their weight; what only a whole fit can know is gone, and fit starts anew."""
    X, y, _ = problem_for(Estimator, n_samples=2000)
    fresh = Estimator(variant, random_state=0).fit(X, y)
    model = Estimator(variant, random_state=0).fit(X, y)
    updates = model.t_
    model.partial_fit(X[:20], y[:20])
    assert model.t_ > updates
    moved = np.abs(model.coef_ - fresh.coef_).max()
    assert 0 < moved < 0.1 * np.abs(fresh.coef_).max()
    assert not any(hasattr(model, name) for name in ("converged_", "stop_reason_", "optimality_"))
    assert_array_equal(model.fit(X, y).coef_, fresh.coef_)
    textbook = Estimator(variant, optimizer="gd", max_iter=3, schedule="inverse_scaling", shuffle=False, **TEXTBOOK).fit(X, y)
    whole = Estimator(variant, optimizer="gd", max_iter=4, schedule="inverse_scaling", shuffle=False, **TEXTBOOK).fit(X, y)
    assert_allclose(textbook.partial_fit(X, y).coef_, whole.coef_, rtol=1e-9)


def test_warm_start_after_a_stream(Estimator, variant, problem_for):
    """A fit with warm_start begins where the stream ended."""
    X, y, _ = problem_for(Estimator)
    model = Estimator(variant, warm_start=True, random_state=0, tol=None, max_iter=1, optimizer="gd", learning_rate=1e-12)
    streamed = Estimator(variant, random_state=0).partial_fit(X, y)
    model.partial_fit(X, y, sample_weight=None)
    model._state = streamed._state
    assert_allclose(model.fit(X, y).coef_, streamed.coef_, atol=1e-6)


def test_history_of_a_stream(Estimator, variant, problem_for):
    """loss_curve_ begins with the start and has an entry per pass: the objective on the pass's own rows."""
    X, y, _ = problem_for(Estimator, n_samples=300)
    model = Estimator(variant, record="path", random_state=0)
    for passes in range(1, 5):
        model.partial_fit(X, y)
        assert len(model.loss_curve_) == len(model.coef_path_) == passes + 1
    assert np.all(np.diff(model.loss_curve_) <= 1e-9)
    assert_allclose(model.coef_path_[-1, 0, :-1], np.ravel(model.coef_))


def test_what_cannot_be_online(Estimator, problem_for):
    """Methods that need every row again say so, and hasattr knows."""
    X, y, _ = problem_for(Estimator)
    assert hasattr(Estimator(), "partial_fit")
    for params, match in (({"optimizer": "svrg"}, "visits every row again"), ({"early_stopping": True}, "no later epoch")):
        model = Estimator("stochastic", **params)
        assert not hasattr(model, "partial_fit")
        with pytest.raises(AttributeError) as error:
            model.partial_fit(X, y)
        assert match in f"{error.value} {error.value.__cause__}"


def test_a_bad_chunk_changes_nothing(Estimator, variant, problem_for):
    """Another number of columns or targets, nan, or an interrupt: the model stays, and the next chunk is learned from."""
    X, y, _ = problem_for(Estimator)
    model = Estimator(variant, random_state=0).partial_fit(X[:60], y[:60])
    twin = pickle.loads(pickle.dumps(model))
    for bad, match in ((X[60:, :3], "3 features"), (np.full((60, 5), np.nan), "NaN")):
        with pytest.raises(ValueError, match=match):
            model.partial_fit(bad, y[60:])
    if Estimator is GDLinearRegressor:
        with pytest.raises(ValueError, match="2 of"):
            model.partial_fit(X[60:], np.column_stack([y, y])[60:])
    assert_array_equal(model.partial_fit(X[60:], y[60:]).coef_, twin.partial_fit(X[60:], y[60:]).coef_)
    with pytest.raises(NotFittedError):
        Estimator(variant).predict(X)


def test_divergence_is_told(Estimator, variant, problem_for):
    """A learning rate that blows up a pass is halved with a warning, or raised as an error that leaves the model."""
    X, y, _ = problem_for(Estimator)
    model = Estimator(variant, optimizer="gd", preconditioner=None, learning_rate=1e4, random_state=0)
    with pytest.warns(ConvergenceWarning, match=r"was halved to 5e\+03"):
        model.partial_fit(X, y)
    coef = model.coef_
    assert np.isfinite(coef).all()
    with pytest.raises(FloatingPointError, match="rate of"):
        model.set_params(on_divergence="raise").partial_fit(X, y)
    assert model.coef_ is coef


def test_rows_of_an_automatic_explicit_optimizer(Estimator, variant, container, problem_for, Judge):
    """An optimizer by name with learning_rate="auto" takes a rate that is safe for every chunk, in the metric of all so far."""
    X, y, _ = problem_for(Estimator, columns="raw", n_samples=2000)
    model = Estimator(variant, optimizer="momentum", alpha=0.0, random_state=0)
    for _ in range(2):
        learn(model, container(X), y)
    judge = Judge(X, y)
    assert judge.gap(model, judge(Estimator(alpha=0.0).fit(X, y))) < 0.5
    assert sparse.issparse(container(X)) == (container is not np.asarray)


@pytest.mark.parametrize("optimizer", ["adam", "adagrad", "rmsprop"])
@pytest.mark.parametrize("beginning", [1, 20])
def test_unit_free_steps_after_targets_that_are_equal(optimizer, beginning, rng):
    """The constant model is the best of the first rows, so no step can be made of them; of later ones it is."""
    X = rng.normal(size=(2000, 4)) * [1e-3, 1.0, 1e3, 1e6]
    y = X @ [1e3, 2.0, 3e-3, 4e-6] + 0.1
    y[:beginning] = 0.1
    model = GDLinearRegressor("stochastic", optimizer=optimizer, random_state=0).partial_fit(X[:beginning], y[:beginning])
    assert model.learning_rate_ < 1e-12
    learn(model, X[beginning:], y[beginning:], size=1 if beginning == 1 else 50)
    assert model.score(X, y) > 0.9


@pytest.mark.parametrize("optimizer", ["adam", "adagrad", "rmsprop"])
def test_unit_free_steps_of_single_rows(optimizer, rng):
    """What one row says of a step, whose velocity others have made, neither shortens the steps for ever nor lengthens them."""
    units = np.geomspace(1e-3, 1e6, 8)
    Z = rng.normal(size=(1500, 8))
    X, y = (Z + rng.normal(size=8)) * units, Z.sum(axis=1) + rng.normal(size=1500)
    model = GDLinearRegressor("stochastic", optimizer=optimizer, random_state=0)
    learn(model, X, y, size=1)
    assert model.score(X, y) > 0.8 * GDLinearRegressor().fit(X, y).score(X, y)
    assert model._state.n_recoveries < 5


@pytest.mark.parametrize(("params", "told"), [
    ({}, "online descent, one pass, Hessian metric"),
    ({"preconditioner": None}, "gd, one pass, no metric"),
    ({"optimizer": "adam"}, "adam, one pass, diagonal metric"),
])  # fmt: skip
def test_method(Estimator, params, told, problem_for):
    """A stream's method is told in the words of a fit's."""
    X, y, _ = problem_for(Estimator)
    assert Estimator(**params).partial_fit(X, y).method_ == told
