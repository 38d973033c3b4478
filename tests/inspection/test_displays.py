"""The pictures: what is on them, and the words of scikit-learn's displays."""

import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import rosen
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sk_gd
from sk_gd import (
    DescentDisplay,
    DescentPathDisplay,
    GDLinearRegressor,
    GDLogisticClassifier,
    LearningRateDisplay,
    learning_rate_curve,
)

mpl.use("Agg")

TEXTBOOK = {"optimizer": "gd", "preconditioner": None, "tol": None, "random_state": 0}
VARIANTS = ["batch", "mini-batch", "stochastic"]


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    plt.close("all")


@pytest.fixture
def rows(make_problem):
    X, y, _ = make_problem("regression")
    return X, y


@pytest.fixture
def models(rows):
    """The three variants, with their paths."""
    params = TEXTBOOK | {"learning_rate": 0.02, "max_iter": 12, "record": "path"}
    return [GDLinearRegressor(variant, **params).fit(*rows) for variant in VARIANTS]


def labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def marked(ax, marker):
    """Places of single marks."""
    return [
        tuple(float(np.ravel(side)[0]) for side in line.get_data())
        for line in ax.lines
        if line.get_marker() == marker and len(line.get_xdata()) == 1
    ]


@pytest.mark.parametrize(
    ("x", "column"), [("epochs", "epoch"), ("updates", "updates"), ("passes", "passes"), ("seconds", "seconds")]
)
def test_descent_lines(models, x, column):
    """A line per estimator, against the column that was asked for; the best epoch has a star, the end a cross."""
    display = DescentDisplay.from_estimator(models, x=x)
    for model, line in zip(models, display.lines_, strict=True):
        assert_array_equal(line.get_xdata(), model.history_[column])
        assert_array_equal(line.get_ydata(), model.loss_curve_)
        best = int(np.argmin(model.loss_curve_))
        assert (model.history_[column][best], model.loss_curve_[best]) in marked(display.ax_, "*")
        assert (model.history_[column][-1], model.loss_curve_[-1]) in marked(display.ax_, "x")
    assert labels(display.ax_)[:3] == [f"{variant} (end: max_iter)" for variant in VARIANTS]
    assert display.figure_ is display.ax_.figure
    assert [ax.get_ylabel() for ax in display.axes_] == ["objective F", "rate", "gradient norm"]


def test_lines_differ_without_colour(models):
    """Dashes and markers are enough to tell them."""
    lines = DescentDisplay.from_estimator(models).lines_
    assert len({line.get_marker() for line in lines}) == len({str(line._unscaled_dash_pattern) for line in lines}) == 3


def test_gap(models, rows, Judge):
    """F less the minimum; the estimated one is that of the certificate, so nearly scipy's."""
    minimum = Judge(*rows).minimum
    given = DescentDisplay.from_estimator(models, y="gap", minimum=minimum)
    assert_allclose(given.lines_[0].get_ydata(), models[0].loss_curve_ - minimum)
    assert given.ax_.get_yscale() == "log"
    estimated = DescentDisplay.from_estimator(models[0], y="gap")
    assert estimated._lowest() == pytest.approx(minimum, rel=1e-6)


def test_validation(rows):
    """The validation loss is on the objective's axis with the star on it; another score has an axis of its own."""
    X, y = rows
    params = TEXTBOOK | {"learning_rate": 0.02, "max_iter": 12}
    by_loss = GDLinearRegressor(**params, early_stopping=True).fit(X, y)
    display = DescentDisplay.from_estimator(by_loss)
    assert_array_equal(display.ax_.lines[1].get_ydata(), -by_loss.validation_scores_)
    assert (by_loss.best_iter_, -by_loss.validation_scores_[by_loss.best_iter_]) in marked(display.ax_, "*")
    by_score = GDLinearRegressor(**params, early_stopping="r2").fit(X, y)
    display = DescentDisplay.from_estimator(by_score)
    assert display.axes_[1].get_ylabel() == "validation score"
    assert (by_score.best_iter_, by_score.validation_scores_[by_score.best_iter_]) in marked(display.axes_[1], "*")


def test_names(models):
    """Told by the user, by a dict, or by what differs."""
    assert DescentDisplay.from_estimator(models, names=["a", "b", "c"]).names == ["a", "b", "c"]
    assert DescentDisplay.from_estimator(dict(zip("abc", models, strict=True))).names == ["a", "b", "c"]
    assert DescentDisplay.from_estimator(models[0]).names == ["GDLinearRegressor"]
    with pytest.raises(ValueError, match="3 estimators, got 1"):
        DescentDisplay.from_estimator(models, names=["a"])
    with pytest.raises(ValueError, match="nothing to show"):
        DescentDisplay.from_estimator([])


def test_own_axes(models, rows):
    """An ax of the user's is drawn on, and no other figure is made."""
    figure, axes = plt.subplots(3)
    assert DescentDisplay.from_estimator(models, ax=axes[0]).axes_ == [axes[0]]
    assert DescentPathDisplay.from_estimator(models, *rows, resolution=5, ax=axes[1]).ax_ is axes[1]
    assert LearningRateDisplay.from_estimator(GDLinearRegressor(), *rows, rates=[0.1, 0.2], ax=axes[2]).ax_ is axes[2]
    assert plt.get_fignums() == [figure.number]


def test_scales(models):
    """Log axes where they are asked for; words that are none are refused."""
    display = DescentDisplay.from_estimator(models, xscale="log", yscale="log", details=False)
    assert (display.ax_.get_xscale(), display.ax_.get_yscale(), len(display.axes_)) == ("symlog", "log", 1)
    for wrong in ({"x": "days"}, {"y": "loss"}, {"xscale": "auto"}, {"yscale": "cubic"}):
        with pytest.raises(ValueError, match="must be one of"):
            DescentDisplay.from_estimator(models, **wrong)


def test_pipelines(rows):
    """The last step is what descends, on rows as it sees them."""
    X, y = rows
    pipeline = make_pipeline(StandardScaler(), GDLinearRegressor(optimizer="gd", record="path", max_iter=5, tol=None)).fit(X, y)
    assert_array_equal(DescentDisplay.from_estimator(pipeline).lines_[0].get_ydata(), pipeline[-1].loss_curve_)
    display = DescentPathDisplay.from_estimator(pipeline, X, y, resolution=5)
    direct = DescentPathDisplay.from_estimator(pipeline[-1], pipeline[:-1].transform(X), y, resolution=5)
    assert_array_equal(display.values, direct.values)
    curve = learning_rate_curve(pipeline, X, y, rates=[0.1])
    assert_array_equal(curve.objectives, learning_rate_curve(pipeline[-1], pipeline[:-1].transform(X), y, rates=[0.1]).objectives)


def test_path_over_two_coefficients(models, rows, Judge):
    """Path and contours in the plane of two coefficients, the others as at the end; F on the grid is the judge's."""
    display = DescentPathDisplay.from_estimator(models, *rows, coefficients=(1, "intercept"), resolution=7)
    assert display.labels == ("coefficient of feature 1", "intercept")
    for model, path, line in zip(models, display.paths, display.lines_, strict=True):
        assert_allclose(path, model.coef_path_[:, 0, [1, 5]])
        assert_array_equal(np.column_stack(line.get_data()), path)
    judge, theta = Judge(*rows), models[0].coef_path_[-1, 0].copy()
    for i, j in ((0, 0), (3, 5), (6, 2)):
        theta[[1, 5]] = display.across[j], display.along[i]
        assert display.values[i, j] == pytest.approx(judge.value(theta[:-1], theta[-1:]))
    seen = np.vstack(display.paths)
    assert np.all(seen.min(axis=0) > [display.across[0], display.along[0]])
    assert np.all(seen.max(axis=0) < [display.across[-1], display.along[-1]])


def test_path_in_its_main_plane(models, rows, Judge):
    """The plane keeps as much of the motion as any can, and has the end of the first path in it."""
    display = DescentPathDisplay.from_estimator(models[0], *rows, resolution=5)
    moves = models[0].coef_path_[:, 0] - models[0].coef_path_[-1, 0]
    kept = np.linalg.svd(moves, compute_uv=False)[:2]
    assert np.sum(display.paths[0] ** 2) == pytest.approx(np.sum(kept**2))
    assert_allclose(display.paths[0][-1], 0.0, atol=1e-12)
    assert display.values.min() >= Judge(*rows).minimum


def test_path_of_several_outputs(make_problem):
    """A classifier of three classes has a path, too, with a plane of two numbered coefficients of the first."""
    X, y, _ = make_problem("multinomial")
    model = GDLogisticClassifier("stochastic", record="path", random_state=0, max_iter=5, tol=None).fit(X, y)
    assert DescentPathDisplay.from_estimator(model, X, y, resolution=4).paths[0].shape == (6, 2)
    display = DescentPathDisplay.from_estimator(model, X, y, coefficients=(0, 2), resolution=4)
    assert_allclose(display.paths[0], model.coef_path_[:, 0, [0, 2]])
    assert display.labels[0] == "coefficient of feature 0 (output 0)"


def test_path_refuses(models, rows):
    """What has no path, coefficients that are none, and a plane of one."""
    with pytest.raises(ValueError, match="record='path'"):
        DescentPathDisplay.from_estimator(GDLinearRegressor().fit(*rows), *rows)
    for wrong in ((0, 9), ("age", 1), (-1, 0)):
        with pytest.raises(ValueError, match="coefficients must be two of 0 to 4 or intercept"):
            DescentPathDisplay.from_estimator(models, *rows, coefficients=wrong)
    with pytest.raises(ValueError, match="different"):
        DescentPathDisplay.from_estimator(models, *rows, coefficients=(1, 1))
    with pytest.raises(ValueError, match="resolution"):
        DescentPathDisplay.from_estimator(models, *rows, resolution=1)


def test_paths_of_minimize():
    """Every start has a path over the function's own values; a function of one variable has no plane."""
    result = sk_gd.minimize(rosen, [[-1.2, 1.0], [1.5, 0.5]], record="path")
    display = DescentPathDisplay.from_minimize(result, rosen, resolution=9)
    assert display.names == ["from (-1.2, 1)", "from (1.5, 0.5)"]
    for one, path in zip(result.starts, display.paths, strict=True):
        assert_allclose(path, one.path)
    assert display.values[2, 3] == rosen([display.across[3], display.along[2]])
    named = {"gd": sk_gd.minimize(rosen, [1.2, 1.0], optimizer="gd", max_iter=9, record="path")}
    assert DescentPathDisplay.from_minimize(named, rosen, resolution=3).names == ["gd"]
    wide = sk_gd.minimize(lambda x, c: float(((x - c) ** 2).sum()), np.ones(4), (2.0,), record="path")
    assert (
        DescentPathDisplay.from_minimize(wide, lambda x, c: ((x - c) ** 2).sum(), (2.0,), resolution=3).labels[0].startswith("1st")
    )
    with pytest.raises(ValueError, match="record='path'"):
        DescentPathDisplay.from_minimize(sk_gd.minimize(rosen, [1.2, 1.0]), rosen)
    with pytest.raises(ValueError, match="has one"):
        DescentPathDisplay.from_minimize(sk_gd.minimize(lambda x: x[0] ** 2, [1.0], record="path"), rosen)


@pytest.mark.filterwarnings("ignore:invalid value")
def test_path_beside_a_wall():
    """Where the function is not finite there are no contours, and elsewhere there are."""

    def barrier(x):
        return float(x[0] ** 2 + x[1] - np.log(x[1]))

    result = sk_gd.minimize(barrier, [1.0, 0.1], bounds=[(None, None), (1e-3, None)], record="path")
    display = DescentPathDisplay.from_minimize(result, barrier, resolution=21)
    assert np.isnan(display.values).any()
    assert np.isfinite(display.contours_.levels).all()


def test_animation(models, rows, tmp_path):
    """A GIF and a page without ffmpeg; the first picture has the start only, the last all."""
    display = DescentPathDisplay.from_estimator(models, *rows, resolution=5)
    film = display.animate(tmp_path / "descent.gif", n_frames=4)
    assert (tmp_path / "descent.gif").read_bytes()[:6] == b"GIF89a"
    assert_array_equal(np.column_stack(display.lines_[0].get_data()), display.paths[0])
    film._func(0)
    assert len(display.lines_[2].get_xdata()) == 1
    display.animate(str(tmp_path / "descent.html"), n_frames=3)
    assert "<img" in (tmp_path / "descent.html").read_text()
    assert "<img" in display.animate(n_frames=2).to_jshtml()
    with pytest.raises(ValueError, match=r"\.gif or \.html"):
        display.animate("descent.mp4")


def test_learning_rate_curve(rows):
    """F after as many epochs as asked for, infinite where the descent diverges; the limit is numpy's 2 / L."""
    X, y = rows
    A = np.column_stack([X, np.ones(len(X))])
    limit = 2 / np.linalg.eigvalsh(A.T @ A / len(X)).max()
    estimator = GDLinearRegressor(preconditioner=None)
    curve = learning_rate_curve(estimator, X, y, rates=limit * np.array([1.5, 0.5, 0.01]), max_iter=7)
    assert curve.limit == pytest.approx(limit, rel=0.02)
    assert_allclose(curve.rates, limit * np.array([0.01, 0.5, 1.5]))
    assert curve.suggested == curve.rates[1]
    assert np.isinf(curve.objectives[2])
    for rate, objective in zip(curve.rates[:2], curve.objectives, strict=False):
        model = GDLinearRegressor(**TEXTBOOK, learning_rate=rate, max_iter=7).fit(X, y)
        assert objective == model.loss_curve_[-1]
        assert curve.start == model.loss_curve_[0]
    assert estimator.get_params() == GDLinearRegressor(preconditioner=None).get_params()
    assert not hasattr(estimator, "coef_")


def test_learning_rate_curve_by_itself(Estimator, variant, problem_for):
    """Without rates it tries some around a good one: the best is inside, well below the start."""
    X, y, sample_weight = problem_for(Estimator, weighted=True)
    curve = learning_rate_curve(Estimator(variant, optimizer="gd", random_state=0), X, y, sample_weight)
    assert curve.rates[0] < curve.suggested < curve.rates[-1]
    assert curve.objectives.min() < 0.9 * curve.start
    assert (curve.limit is None) == (variant != "batch")
    with pytest.raises(ValueError, match="positive"):
        learning_rate_curve(Estimator(variant), X, y, rates=[0.1, -1.0])


def test_learning_rate_curve_diverging(rows):
    """Rates that all are too large."""
    with pytest.raises(ValueError, match="diverges at every rate"):
        learning_rate_curve(GDLinearRegressor(preconditioner=None), *rows, rates=[1e3, 1e4])


def test_learning_rate_display(rows):
    """A line for each, a star at the lowest, the limit as a vertical line."""
    estimators = [GDLinearRegressor(optimizer=optimizer, preconditioner=None) for optimizer in ("gd", "momentum")]
    display = LearningRateDisplay.from_estimator(estimators, *rows, max_iter=4)
    for curve, line in zip(display.curves, display.lines_, strict=True):
        finite = np.isfinite(curve.objectives)
        assert_array_equal(line.get_ydata()[finite], curve.objectives[finite])
        assert (curve.suggested, curve.objectives.min()) in marked(display.ax_, "*")
    assert any(list(line.get_xdata()) == [display.curves[0].limit] * 2 for line in display.ax_.lines)
    assert display.curves[1].limit is None
    assert display.ax_.get_ylabel() == "objective F after 4 epochs"


def test_without_matplotlib():
    """The import needs none of it, and drawing says what to install."""
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "import sk_gd, numpy as np\n"
        "model = sk_gd.GDLinearRegressor().fit(np.arange(6.0).reshape(-1, 1), np.arange(6.0))\n"
        "print(model.diagnose().names)\n"
        "try: sk_gd.DescentDisplay.from_estimator(model)\n"
        "except ImportError as error: print(error)"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=Path.home()).stdout
    assert out.splitlines() == ["('converged',)", 'matplotlib is needed for this: pip install "sk_gd[plot]".']
