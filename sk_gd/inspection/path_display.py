"""The path of a descent over the contours of what it goes down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from sk_gd._array import on_host
from sk_gd.inspection._drawing import GREY, Array, best, labelled, legend, marks, paper, pyplot, style
from sk_gd.inspection._film import check_writable, grow, write
from sk_gd.inspection._models import index_of, listed, model_of, parameter_names, transformed
from sk_gd.inspection._plane import Plane, coordinate_plane, main_plane, surface

N_LEVELS = 14
START = {"marker": "o", "markersize": 9, "markeredgewidth": 1.5, "linestyle": "none", "zorder": 4}


class DescentPathDisplay:
    """Paths of descents over the contours of their objective, in a plane of two coefficients or of the two main directions.

    Make one by :meth:`from_estimator` or :meth:`from_minimize`. A circle marks the start, a star the end.

    Parameters
    ----------
    paths : list of ndarray of shape (n_places, 2)
        Places in the plane.
    across, along : ndarray of shape (n,)
        Horizontal and vertical coordinates of the grid.
    values : ndarray of shape (n, n)
        Objective on the grid, a row for every vertical coordinate.
    labels : tuple of str
        Of the two axes.
    names : list of str
        Of the paths.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        That of ``ax_``.
    lines_ : list of matplotlib Line2D
        The line of every path.
    contours_ : matplotlib QuadContourSet
        The contours.

    See Also
    --------
    DescentDisplay : The objective epoch by epoch.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sk_gd import DescentPathDisplay, GDLinearRegressor
    >>> X, y = load_diabetes(return_X_y=True, scaled=False)
    >>> model = GDLinearRegressor("stochastic", record="path", random_state=0).fit(X, y)
    >>> DescentPathDisplay.from_estimator(model, X, y, coefficients=(2, 3)).ax_.get_xlabel()
    'coefficient of feature 2'
    """

    def __init__(
        self, paths: list[Array], across: Array, along: Array, values: Array, *, labels: tuple[str, str], names: list[str]
    ) -> None:
        self.paths, self.across, self.along, self.values = paths, across, along, values
        self.labels, self.names = labels, names

    @classmethod
    def from_estimator(
        cls,
        estimators: Any,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        coefficients: tuple[Any, Any] | None = None,
        resolution: int = 61,
        names: Sequence[str] | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Show the paths of fitted estimators over the objective of the first.

        Parameters
        ----------
        estimators : estimator, list of estimators or dict of str to estimator
            Fitted with ``record="path"``; pipelines that end in one will do, too, if their other steps are the same.
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows of the fit.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Their targets or labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Their weights.
        coefficients : pair of int or str, default=None
            The two coefficients of the plane, by number or name of the feature, or "intercept", of the first output; the others
            stay at the end of the first path. None takes both coefficients where there are only two, else the two directions in
            which the paths went furthest.
        resolution : int, default=61
            Points of the grid on each side; each point of the grid costs a pass over the rows.
        names : list of str, default=None
            Names for the legend; None tells them apart by the first parameters in which they differ.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **kwargs : dict
            Passed to matplotlib's ``plot``.

        Returns
        -------
        display : DescentPathDisplay
            With what was drawn in its attributes.

        Raises
        ------
        ValueError
            If an estimator has kept no path, or a coefficient is unknown.
        ImportError
            If matplotlib is not installed.
        """
        found, titles = listed(estimators, names)
        models = [model_of(one) for one in found]
        for model, title in zip(models, titles, strict=True):
            if getattr(model, "coef_path_", None) is None:
                raise ValueError(f"{title} has kept no path: fit it with record='path'.")
        objective = models[0]._objective_of(transformed(found[0], X), y, sample_weight)
        paths = [on_host(model.coef_path_).reshape(model.coef_path_.shape[0], -1) for model in models]
        parameters = parameter_names(models[0])
        if coefficients is None and paths[0].shape[1] > 2:
            plane = main_plane(paths)
        else:
            chosen = [0, 1] if coefficients is None else [index_of(one, models[0]) for one in coefficients]
            plane = coordinate_plane(paths[0][-1], chosen, parameters)

        def value(theta: Array) -> float:
            return objective.value_and_gradient(theta.reshape(objective.shape))[0]

        return cls._over(plane, paths, value, resolution, titles).plot(ax=ax, **kwargs)

    @classmethod
    def from_minimize(
        cls,
        results: Any,
        fun: Callable[..., Any],
        args: tuple[Any, ...] = (),
        *,
        variables: tuple[int, int] | None = None,
        resolution: int = 81,
        names: Sequence[str] | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Show the paths that :func:`sk_gd.minimize` took down a function.

        Parameters
        ----------
        results : OptimizeResult, list of OptimizeResult or dict of str to OptimizeResult
            From ``minimize(..., record="path")``; a single result of several starts shows all of these.
        fun : callable
            ``fun(x, *args) -> float``.
        args : tuple, default=()
            Further arguments of ``fun``.
        variables : pair of int, default=None
            The two variables of the plane; the others stay at the end of the first path. None takes both where there are only two,
            else the two directions in which the paths went furthest.
        resolution : int, default=81
            Points of the grid on each side, each a call of ``fun``.
        names : list of str, default=None
            Names for the legend.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **kwargs : dict
            Passed to matplotlib's ``plot``.

        Returns
        -------
        display : DescentPathDisplay
            With what was drawn in its attributes.

        Raises
        ------
        ValueError
            If a result has no path, or there is only one variable.
        ImportError
            If matplotlib is not installed.

        Examples
        --------
        >>> from scipy.optimize import rosen
        >>> import sk_gd
        >>> result = sk_gd.minimize(rosen, [-1.2, 1.0], record="path")
        >>> display = sk_gd.DescentPathDisplay.from_minimize(result, rosen)
        >>> display.ax_.get_xlabel(), len(display.paths[0]) == result.nit + 1
        ('x[0]', True)
        """
        if isinstance(results, dict) and "x" not in results:
            results, names = list(results.values()), list(results) if names is None else names
        found = list(results) if isinstance(results, list | tuple) else results.starts
        if pathless := [i for i, one in enumerate(found) if "path" not in one]:
            raise ValueError(f"Result {pathless[0]} has kept no path: call minimize with record='path'.")
        names = [f"from ({', '.join(f'{x:.3g}' for x in one.path[0])})" for one in found] if names is None else list(names)
        paths = [one.path for one in found]
        n = paths[0].shape[1]
        if n < 2:
            raise ValueError(f"A plane needs two variables, got a function of {n}.")
        if variables is None and n > 2:
            plane = main_plane(paths)
        else:
            chosen = (0, 1) if variables is None else variables
            plane = coordinate_plane(paths[0][-1], chosen, [f"x[{k}]" for k in range(n)])
        return cls._over(plane, paths, lambda x: float(fun(x, *args)), resolution, names).plot(ax=ax, **kwargs)

    @classmethod
    def _over(cls, plane: Plane, paths: list[Array], value: Callable[[Array], float], resolution: int, names: list[str]) -> Self:
        across, along, values = surface(plane, paths, value, resolution)
        return cls([plane.project(path) for path in paths], across, along, values, labels=plane.labels, names=names)

    def plot(self, *, ax: Any = None, **kwargs: Any) -> Self:
        """Draw, see :meth:`from_estimator`.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **kwargs : dict
            Passed to matplotlib's ``plot``.

        Returns
        -------
        display : DescentPathDisplay
            This one.
        """
        self.ax_ = pyplot().subplots(layout="constrained")[1] if ax is None else ax
        self.figure_, self.lines_ = self.ax_.figure, []
        start = START | {"markerfacecolor": paper()}
        finite = self.values[np.isfinite(self.values)]
        low, high = finite.min(), finite.max()
        # closer levels near the ground, where the descent spends its time
        levels = np.unique(low + (high - low) * np.linspace(0, 1, N_LEVELS + 1)[1:] ** 3)
        self.contours_ = self.ax_.contour(
            self.across, self.along, self.values, levels=levels, colors="#9a9a9a", linewidths=0.7, linestyles="solid"
        )
        told = levels[3::3]
        self.ax_.clabel(self.contours_, told, fmt=dict(zip(told, labelled(told), strict=True)), fontsize=7, colors=GREY)
        for i, (path, name) in enumerate(zip(self.paths, self.names, strict=True)):
            (line,) = self.ax_.plot(*path.T, label=name, **style(i) | {"markevery": marks(len(path), i)} | kwargs)
            self.lines_.append(line)
            self.ax_.plot(*path[:1].T, color=line.get_color(), **start)
            self.ax_.plot(*path[-1:].T, color=line.get_color(), **best())
        self.ax_.plot([], [], color=GREY, label="start", **start)
        self.ax_.plot([], [], color=GREY, label="end", **best())
        self.ax_.locator_params(axis="x", nbins=6)  # room for small coefficients, which have long labels
        self.ax_.set_xlabel(self.labels[0])
        self.ax_.set_ylabel(self.labels[1])
        legend(self.ax_, own=ax is None)
        return self

    def animate(self, path: str | Path | None = None, *, n_frames: int = 60, interval: int = 80) -> Any:
        """Let the paths grow, epoch by epoch, all at the same pace.

        Parameters
        ----------
        path : str or Path, default=None
            Where to write the film: "*.gif" (needs Pillow, which matplotlib brings) or "*.html" (a page with buttons, for a browser
            or a notebook). None writes nothing.
        n_frames : int, default=60
            Pictures of the film, at most one for each place of the longest path.
        interval : int, default=80
            Milliseconds from one to the next.

        Returns
        -------
        animation : matplotlib FuncAnimation
            The film; ``animation.to_jshtml()`` is the page.

        Raises
        ------
        ValueError
            If ``path`` ends in something else.
        ImportError
            If matplotlib is not installed.
        """
        check_writable(path)
        film = grow(self.plot().figure_, self.lines_, self.paths, n_frames, interval)
        write(film, path)
        return film
