"""Paths over contours, and films of them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import rosen

import sk_gd
from sk_gd import DescentPathDisplay, GDLinearRegressor, GDLogisticClassifier
from sk_gd.inspection._drawing import labelled
from sk_gd.inspection._plane import percent


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


def test_numbers_that_can_be_told():
    """Levels that are close to each other get more digits, and a share is neither all nor nothing unless it is that."""
    assert labelled(np.array([1.0, 2.5])) == ["1", "2.5"]
    assert labelled(np.array([100.0001, 100.0002])) == ["100.0001", "100.0002"]
    assert [percent(share) for share in (0.0, 1e-9, 0.5, 1 - 1e-9, 1.0)] == ["0%", "<1%", "50%", ">99%", "100%"]


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
    with pytest.raises(ValueError, match="function of 1"):
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
