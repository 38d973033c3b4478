"""The pictures: what is on them, and the words of scikit-learn's displays."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgba
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_gd import (
    DescentDisplay,
    DescentPathDisplay,
    GDLinearRegressor,
    GDLogisticClassifier,
    LearningRateDisplay,
    learning_rate_curve,
)
from sk_gd.inspection._drawing import log_ticks
from sk_gd.inspection._models import differences
from sk_gd.inspection._trace import Trace


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
    assert labels(display.ax_)[:3] == [f"{variant} (end: max_iter)" for variant in ("batch", "mini-batch", "stochastic")]
    assert display.figure_ is display.ax_.figure
    assert [ax.get_ylabel() for ax in display.axes_] == ["objective F", "rate", "gradient norm"]


@pytest.mark.parametrize("sheet", ["default", "dark_background"])
def test_seen_on_any_ground(models, rows, sheet):
    """Nothing is drawn in the colour of what it is drawn on."""
    with plt.style.context(sheet):
        for display in (
            DescentDisplay.from_estimator(models),
            LearningRateDisplay.from_estimator(models[:2], *rows, rates=[0.01, 0.1], max_iter=2),
            DescentPathDisplay.from_estimator(models, *rows, resolution=5),
        ):
            for ax in display.figure_.axes:
                assert ax.lines
                assert all(to_rgba(line.get_color()) != ax.get_facecolor() for line in ax.lines)
                hollow = {to_rgba(line.get_markerfacecolor()) for line in ax.lines if line.get_marker() == "o"}
                assert hollow <= {to_rgba(line.get_color()) for line in ax.lines} | {ax.get_facecolor()}


@pytest.mark.parametrize("ratio", [4.0, 29.0, 33.0, 299.0, 301.0, 1e9])
def test_ticks_of_a_log_axis(ratio):
    """Two to eight, wherever the numbers lie."""
    for low in np.logspace(-2, 1, 31):
        ax = plt.figure().add_subplot()
        ax.plot([low, low * ratio])
        log_ticks(ax, np.array([low, low * ratio]))
        shown = [tick for tick in ax.get_yticks() if low <= tick <= low * ratio]
        assert 2 <= len(shown) <= 8
        plt.close("all")


def test_lines_differ_without_colour(models):
    """Dashes and markers are enough to tell them."""
    lines = DescentDisplay.from_estimator(models).lines_
    assert len({line.get_marker() for line in lines}) == len({str(line._unscaled_dash_pattern) for line in lines}) == 3
    many = DescentDisplay.from_estimator(models * 14, names=range(42)).lines_
    assert len({(line.get_marker(), str(line._unscaled_dash_pattern)) for line in many}) == 42
    assert all(len(line.get_markevery()) >= 7 for line in many)


def test_labels_have_room(models):
    """Those of the small axes, of many powers of ten too, are apart from each other."""
    for model in models:
        model.history_["gradient_norm"] = np.logspace(2, -11, len(model.history_["gradient_norm"]))
    display = DescentDisplay.from_estimator(models * 3, names=range(9))
    display.figure_.canvas.draw()
    for ax in display.axes_:
        low, high = ax.get_ylim()
        boxes = [tick.label1.get_window_extent() for tick in ax.yaxis.get_major_ticks() if low <= tick.get_loc() <= high]
        assert all(below.y1 <= above.y0 for below, above in pairwise(boxes))


def test_gap(models, rows, Judge):
    """F less the minimum; the estimated one is that of the certificate, so nearly scipy's."""
    minimum = Judge(*rows).minimum
    given = DescentDisplay.from_estimator(models, y="gap", minimum=minimum)
    assert_allclose(given.lines_[0].get_ydata(), models[0].loss_curve_ - minimum)
    assert given.ax_.get_yscale() == "log"
    estimated = DescentDisplay.from_estimator(models[0], y="gap")
    assert estimated._lowest() == pytest.approx(minimum, rel=1e-6)


def test_gap_by_the_surest():
    """A descent that ended far away knows little of the minimum, and does not spoil what one that arrived knows of it."""
    ends = [(0.9, 0.8), (0.5, 0.01), (0.6, np.nan)]  # F, and what is estimated to be left: the lowest guess is not the best
    traces = [Trace({"objective": np.array([1.0, end])}, left=left) for end, left in ends]
    assert DescentDisplay(traces, names=list("abc"))._lowest() == pytest.approx(0.49)
    assert DescentDisplay(traces[::2], names=list("ac"))._lowest() == pytest.approx(0.1)
    assert DescentDisplay(traces[2:], names=["c"])._lowest() == 0.6


def test_gap_of_a_fit_that_went_back(rows, textbook, Judge):
    """The optimality is that of the best epoch, so the minimum is found from there, not from the end."""
    X, y = rows
    model = GDLinearRegressor(**textbook, learning_rate=0.05, max_iter=40, early_stopping=True)
    model.fit(X, y, X_val=X, y_val=y.mean() + 0.7 * (y - y.mean()))
    assert 0 < model.best_iter_ < 40
    assert DescentDisplay.from_estimator(model, y="gap")._lowest() == pytest.approx(Judge(X, y).minimum, rel=1e-3)


def test_validation(rows, textbook):
    """The validation loss is on the objective's axis with the star on it; another score has an axis of its own."""
    X, y = rows
    params = textbook | {"learning_rate": 0.02, "max_iter": 12}
    by_loss = GDLinearRegressor(**params, early_stopping=True).fit(X, y)
    display = DescentDisplay.from_estimator(by_loss)
    assert_array_equal(display.ax_.lines[1].get_ydata(), -by_loss.validation_scores_)
    assert (by_loss.best_iter_, -by_loss.validation_scores_[by_loss.best_iter_]) in marked(display.ax_, "*")
    by_score = GDLinearRegressor(**params, early_stopping="r2").fit(X, y)
    display = DescentDisplay.from_estimator(by_score)
    assert display.axes_[1].get_ylabel() == "validation score"
    assert (by_score.best_iter_, by_score.validation_scores_[by_score.best_iter_]) in marked(display.axes_[1], "*")


def test_gradients_that_were_never_known_are_not_drawn(rows, textbook):
    """Epochs of one row at a time know the gradient of all rows at their start alone: a dot is no picture."""
    X, y = rows
    noisy = GDLinearRegressor("stochastic", **textbook | {"learning_rate": 1e-3, "max_iter": 5}).fit(X, y)
    assert np.isfinite(noisy.history_["gradient_norm"]).tolist() == [True] + [False] * 5
    assert [ax.get_ylabel() for ax in DescentDisplay.from_estimator(noisy).axes_] == ["objective F", "rate"]


def test_names(models):
    """Told by the user, by a dict, or by what differs."""
    assert DescentDisplay.from_estimator(models, names=["a", "b", "c"]).names == ["a", "b", "c"]
    assert DescentDisplay.from_estimator(dict(zip("abc", models, strict=True))).names == ["a", "b", "c"]
    assert DescentDisplay.from_estimator(models[0]).names == ["GDLinearRegressor"]
    with pytest.raises(ValueError, match="3 estimators, got 1"):
        DescentDisplay.from_estimator(models, names=["a"])
    with pytest.raises(ValueError, match="nothing to show"):
        DescentDisplay.from_estimator([])


def test_names_are_short():
    """Only parameters that tell estimators apart, the weightiest first; a seed is none."""
    few = {"optimizer": "gd", "preconditioner": None, "tol": None, "max_iter": 9, "random_state": 1}
    models = [GDLinearRegressor(variant, **params) for params in ({}, few) for variant in ("batch", "stochastic")]
    assert differences(models) == [
        f"{variant}, optimizer={name}" for name in ("auto", "gd") for variant in ("batch", "stochastic")
    ]  # fmt: skip
    assert differences([GDLinearRegressor(alpha=1.0), GDLinearRegressor(alpha=2.0)]) == ["alpha=1.0", "alpha=2.0"]
    assert differences([GDLinearRegressor(), GDLinearRegressor()]) == ["GDLinearRegressor 1", "GDLinearRegressor 2"]
    assert differences([GDLinearRegressor(), GDLogisticClassifier()]) == ["GDLinearRegressor", "GDLogisticClassifier"]


def test_legend_makes_room(models):
    """A long one is above the lines, in a figure that is the higher for it; a short one, or one on an ax of the user's, is not."""
    few, many = (DescentDisplay.from_estimator(some, details=False) for some in (models, models * 2))
    figure = few.figure_.get_size_inches()[1], many.figure_.get_size_inches()[1]
    few.figure_.draw_without_rendering(), many.figure_.draw_without_rendering()
    places = [display.ax_.get_legend().get_window_extent().y0 - display.ax_.get_window_extent().y1 for display in (few, many)]
    assert places[0] < 0 <= places[1]
    assert figure[0] < figure[1]
    _, ax = plt.subplots()
    assert DescentDisplay.from_estimator(models * 2, ax=ax).ax_.get_legend().get_frame_on()


def test_the_start_costs(models):
    """Passes and seconds before the first epoch, for the metric and the rate, are on the axis."""
    for x in ("passes", "seconds"):
        assert DescentDisplay.from_estimator(models, x=x).ax_.get_xlim()[0] == 0.0


def test_strangers(rows):
    """What keeps no history is told so, a search among it."""
    X, y = rows
    search = GridSearchCV(GDLinearRegressor(), {"alpha": [0.0, 0.1]}, cv=2).fit(X, y)
    with pytest.raises(TypeError, match=r"A GridSearchCV keeps no history of a descent.*best_estimator_"):
        DescentDisplay.from_estimator(search)
    with pytest.raises(TypeError, match="A LinearRegression keeps"):
        learning_rate_curve(make_pipeline(StandardScaler(), LinearRegression()), X, y)
    with pytest.raises(NotFittedError):
        DescentDisplay.from_estimator(GDLinearRegressor())
    with pytest.raises(TypeError, match="got 2 arguments besides: leave out X and y, or use DescentPathDisplay"):
        DescentDisplay.from_estimator(GDLinearRegressor().fit(X, y), X, y)


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


def test_learning_rate_curve(rows, textbook):
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
        model = GDLinearRegressor(**textbook, learning_rate=rate, max_iter=7).fit(X, y)
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


def test_the_largest_rate_is_best(rows):
    """If more might be better still, the legend says so."""
    lone = {"optimizer": "gd", "preconditioner": None}
    told = [
        labels(LearningRateDisplay.from_estimator(GDLinearRegressor(**lone), *rows, rates=rates, max_iter=2).ax_)[0]
        for rates in ([1e-6, 1e-5], [1e-2, 1e3], [1e-5])
    ]
    assert [", the largest tried" in text for text in told] == [True, False, False]


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
