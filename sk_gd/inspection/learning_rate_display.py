"""Objective against learning rate, over a short sweep: the picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from sk_gd.inspection._drawing import GREY, best, legend, log_ticks, pyplot, spread, style
from sk_gd.inspection._models import listed
from sk_gd.inspection.descent_display import WIDE
from sk_gd.inspection.learning_rate import LearningRateCurve, learning_rate_curve


class LearningRateDisplay:
    """The objective after a few epochs at each of several learning rates.

    Make one by :meth:`from_estimator`. A star marks the rate that came lowest, a vertical line the limit 2 / L of batch descent;
    where the line of an estimator ends on the right, it diverges.

    Parameters
    ----------
    curves : list of LearningRateCurve
        The numbers, see :func:`learning_rate_curve`.
    names : list of str
        Names for the legend.
    max_iter : int, default=10
        Epochs at each rate, for the label.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        That of ``ax_``.
    lines_ : list of matplotlib Line2D
        The line of every curve.

    See Also
    --------
    learning_rate_curve : The numbers.
    DescentDisplay : The way down at one rate.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sk_gd import GDLinearRegressor, LearningRateDisplay
    >>> X, y = load_diabetes(return_X_y=True)
    >>> display = LearningRateDisplay.from_estimator(GDLinearRegressor(optimizer="gd"), X, y)
    >>> display.ax_.get_xlabel()
    'learning rate'
    """

    def __init__(self, curves: list[LearningRateCurve], *, names: list[str], max_iter: int = 10) -> None:
        self.curves, self.names, self.max_iter = curves, names, max_iter

    @classmethod
    def from_estimator(
        cls,
        estimators: Any,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        rates: ArrayLike | None = None,
        max_iter: int = 10,
        names: Sequence[str] | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Sweep over learning rates, and draw.

        Parameters
        ----------
        estimators : estimator, list of estimators or dict of str to estimator
            Not fitted, nor changed; pipelines that end in one will do, too.
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets or labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        rates : array-like of shape (n_rates,), default=None
            Learning rates to try; None tries 28 around the automatic one of each estimator.
        max_iter : int, default=10
            Epochs at each rate.
        names : list of str, default=None
            Names for the legend; None tells them apart by the first parameters in which they differ.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **kwargs : dict
            Passed to matplotlib's ``plot``.

        Returns
        -------
        display : LearningRateDisplay
            With what was drawn in its attributes.

        Raises
        ------
        ValueError
            If a rate is not positive, or all rates diverge.
        ImportError
            If matplotlib is not installed.
        """
        found, titles = listed(estimators, names)
        curves = [learning_rate_curve(one, X, y, sample_weight, rates=rates, max_iter=max_iter) for one in found]
        return cls(curves, names=titles, max_iter=max_iter).plot(ax=ax, **kwargs)

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
        display : LearningRateDisplay
            This one.
        """
        self.ax_ = pyplot().subplots(layout="constrained", figsize=(6.4, 4.8))[1] if ax is None else ax
        self.figure_, self.lines_ = self.ax_.figure, []
        for i, (curve, name) in enumerate(zip(self.curves, self.names, strict=True)):
            look = style(i) | kwargs
            finite = np.where(np.isfinite(curve.objectives), curve.objectives, np.nan)
            edge = ", the largest tried" if len(curve.rates) > 1 and curve.suggested == curve.rates[-1] else ""
            (line,) = self.ax_.plot(curve.rates, finite, label=f"{name}: lowest at {curve.suggested:.2g}{edge}", **look)
            self.lines_.append(line)
            self.ax_.plot([curve.suggested], [curve.objectives.min()], color=line.get_color(), **best())
            if curve.limit is not None:
                self.ax_.axvline(
                    curve.limit, color=line.get_color(), linestyle=line.get_linestyle(), linewidth=1.0,
                    label=f"{name}: safe below 2 / L = {curve.limit:.2g}",
                )  # fmt: skip
        shown = np.concatenate([np.ravel(line.get_ydata()) for line in self.lines_])
        if spread(shown) > WIDE:
            log_ticks(self.ax_, shown)
        start = self.curves[0].start
        if all(curve.start == start for curve in self.curves):
            self.ax_.axhline(start, color=GREY, linewidth=0.8, linestyle=":", label="start")
        self.ax_.set_xscale("log")
        self.ax_.set_xlabel("learning rate")
        self.ax_.set_ylabel(f"objective F after {self.max_iter} epochs")
        legend(self.ax_, own=ax is None, few=0)
        return self
