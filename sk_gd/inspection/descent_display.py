"""The way down, epoch by epoch: objective or gap, validation score, rate, gradient norm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from sk_gd.inspection._drawing import END, FEW, GREY, best, legend, log_ticks, marks, paper, pyplot, spread, style
from sk_gd.inspection._models import listed, model_of
from sk_gd.inspection._trace import Trace

X_AXES = {
    "epochs": ("epoch", "epoch"),
    "updates": ("updates", "updates of the parameters"),
    "passes": ("passes", "passes over the data"),
    "seconds": ("seconds", "time in seconds"),
}  # column of the history, label
Y_AXES = {"objective": "objective F", "gap": "gap to the minimum, F - F_min"}
DETAILS = {"validation_score": "validation score", "rate": "rate", "gradient_norm": "gradient norm"}
WIDE = 5.0  # largest over smallest value from which an axis is logarithmic


class DescentDisplay:
    """How descents came down: the objective or its gap, and below it rate and gradient norm.

    Make one by :meth:`from_estimator`. A star marks the epoch that was best, a cross the end; the legend says why that was it.

    Parameters
    ----------
    traces : list of Trace
        What is shown of each descent.
    names : list of str
        Names of the descents, for the legend.
    minimum : float, default=None
        F_min, for gaps. None takes the end of the descent that is surest of it, less what it estimated to be left.

    Attributes
    ----------
    ax_ : matplotlib Axes
        With the objective or the gap.
    axes_ : list of matplotlib Axes
        All of them, from top to bottom.
    figure_ : matplotlib Figure
        That of ``ax_``.
    lines_ : list of matplotlib Line2D
        The line of every descent on ``ax_``.

    See Also
    --------
    DescentPathDisplay : The path over the objective's contours.
    LearningRateDisplay : Objective against learning rate.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sk_gd import DescentDisplay, GDLogisticClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> variants = ["batch", "mini-batch", "stochastic"]
    >>> models = [GDLogisticClassifier(variant, random_state=0).fit(X, y) for variant in variants]
    >>> display = DescentDisplay.from_estimator(models, y="gap")
    >>> display.ax_.get_yscale(), display.names
    ('log', ['batch', 'mini-batch', 'stochastic'])
    """

    def __init__(self, traces: list[Trace], *, names: list[str], minimum: float | None = None) -> None:
        self.traces, self.names, self.minimum = traces, names, minimum

    @classmethod
    def from_estimator(
        cls,
        estimators: Any,
        *rows: Any,
        x: str = "epochs",
        y: str = "objective",
        xscale: str = "linear",
        yscale: str = "auto",
        minimum: float | None = None,
        names: Sequence[str] | None = None,
        details: bool = True,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Show fitted estimators on one axis.

        Parameters
        ----------
        estimators : estimator, list of estimators or dict of str to estimator
            Fitted; pipelines that end in one will do, too.
        *rows : tuple
            Not taken: what is drawn has been recorded by ``fit``.
        x : {"epochs", "updates", "passes", "seconds"}, default="epochs"
            What the way is measured in; "passes" over the data count what line searches and metrics take, too.
        y : {"objective", "gap"}, default="objective"
            The objective F, or F minus its minimum.
        xscale : {"linear", "log"}, default="linear"
            Scale of the horizontal axis; "log" is linear in its first epoch, as the start is at zero.
        yscale : {"auto", "linear", "log"}, default="auto"
            Scale of the vertical axis; "auto" is "log" for gaps, and for objectives above zero that fall to a fifth or less.
        minimum : float, default=None
            F_min, where you know it; None estimates it.
        names : list of str, default=None
            Names for the legend; None tells them apart by the first parameters in which they differ.
        details : bool, default=True
            Whether to draw validation score, rate and gradient norm below; with an ``ax`` of yours there is no room for them.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **kwargs : dict
            Passed to matplotlib's ``plot``.

        Returns
        -------
        display : DescentDisplay
            With what was drawn in its attributes.

        Raises
        ------
        TypeError
            If X or y are given.
        ValueError
            If ``x``, ``y`` or a scale is none of these.
        ImportError
            If matplotlib is not installed.
        """
        if rows:
            raise TypeError(
                f"DescentDisplay draws what fit has recorded, from estimators alone, got {len(rows)} arguments besides: leave out "
                "X and y, or use DescentPathDisplay or LearningRateDisplay, which look at them."
            )
        found, titles = listed(estimators, names)
        display = cls([Trace.of(model_of(one)) for one in found], names=titles, minimum=minimum)
        return display.plot(x=x, y=y, xscale=xscale, yscale=yscale, details=details, ax=ax, **kwargs)

    def plot(
        self,
        *,
        x: str = "epochs",
        y: str = "objective",
        xscale: str = "linear",
        yscale: str = "auto",
        details: bool = True,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw, see :meth:`from_estimator`.

        Parameters
        ----------
        x : {"epochs", "updates", "passes", "seconds"}, default="epochs"
            What the way is measured in.
        y : {"objective", "gap"}, default="objective"
            The objective F, or F minus its minimum.
        xscale : {"linear", "log"}, default="linear"
            Scale of the horizontal axis.
        yscale : {"auto", "linear", "log"}, default="auto"
            Scale of the vertical axis.
        details : bool, default=True
            Whether to draw validation score, rate and gradient norm below.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **kwargs : dict
            Passed to matplotlib's ``plot``.

        Returns
        -------
        display : DescentDisplay
            This one.
        """
        for name, value, known in (
            ("x", x, X_AXES),
            ("y", y, Y_AXES),
            ("xscale", xscale, ("linear", "log")),
            ("yscale", yscale, ("auto", "linear", "log")),
        ):
            if value not in known:
                raise ValueError(f"{name} must be one of {', '.join(map(repr, known))}, got {value!r}.")
        below = [column for column in DETAILS if self._shows(column)] if details and ax is None else []
        if ax is None:
            heights = [3.0, *[1.0] * len(below)]
            size = (6.4, 1.1 * sum(heights) + 1.2 + 0.2 * len(self.names) * (len(self.names) + 2 > FEW))
            rows = {"sharex": True, "squeeze": False, "height_ratios": heights, "layout": "constrained", "figsize": size}
            self.axes_ = list(pyplot().subplots(len(heights), **rows)[1][:, 0])
        else:
            self.axes_ = [ax]
        self.ax_, self.figure_ = self.axes_[0], self.axes_[0].figure
        column, label = X_AXES[x]
        self._draw_descents(column, y == "gap", kwargs)
        for axis, detail in zip(self.axes_[1:], below, strict=True):
            self._draw_detail(axis, column, detail)
        shown = np.concatenate([np.ravel(line.get_ydata()) for line in self.ax_.lines])
        if yscale == "log" or (yscale == "auto" and (y == "gap" or spread(shown) > WIDE)):
            log_ticks(self.ax_, shown)
        if xscale == "log":
            first = min(float(trace.history[column][1:2].min(initial=np.inf)) for trace in self.traces)
            self.ax_.set_xscale("symlog", linthresh=first if np.isfinite(first) else 1.0)
            self.ax_.set_xlim(0.0, 1.5 * max(float(trace.history[column][-1]) for trace in self.traces) or None)
        else:
            self.ax_.xaxis.get_major_locator().set_params(integer=x in ("epochs", "updates"))
            if x in ("passes", "seconds"):  # what the descent cost before its first epoch is part of the way
                self.ax_.set_xlim(left=0.0)
        self.ax_.set_ylabel(Y_AXES[y])
        self.axes_[-1].set_xlabel(label)
        legend(self.ax_, own=ax is None)
        return self

    def _shows(self, detail: str) -> bool:
        """Whether any descent has something to show of a column of its history: more than where it starts."""
        return any(np.isfinite(trace.history[detail][1:]).any() and not (detail == "validation_score" and trace.validation_loss)
                   for trace in self.traces)  # fmt: skip

    def _lowest(self) -> float:
        """F_min: the user's, or the end of the descent that is surest of it, less what is estimated to be left."""
        if self.minimum is not None:
            return self.minimum
        curves = [trace.history["objective"] for trace in self.traces]
        known = [(trace.left, curve[-1]) for curve, trace in zip(curves, self.traces, strict=True) if trace.left == trace.left]
        ends = [end - left for left, end in [min(known)]] if known else []
        return float(min([*ends, *(np.nanmin(curve) for curve in curves)]))

    def _draw_descents(self, column: str, gaps: bool, kwargs: dict[str, Any]) -> None:
        """Objective or gap of every descent, its validation loss, its best epoch and its end."""
        base = self._lowest() if gaps else 0.0
        self.lines_ = []
        for i, (trace, name) in enumerate(zip(self.traces, self.names, strict=True)):
            across, curve = trace.history[column], trace.history["objective"] - base
            if gaps:  # a gap that rounding hides is drawn as one rounding error
                curve = np.maximum(curve, np.finfo(np.float64).eps * np.abs(trace.history["objective"]).max())
            look = style(i) | {"markevery": marks(len(curve), i)} | kwargs
            label = f"{name} (end: {trace.end})" if trace.end else name
            (line,) = self.ax_.plot(across, curve, label=label, **look)
            self.lines_.append(line)
            at = curve
            if trace.validation_loss and not gaps:
                at = -trace.history["validation_score"]
                thin = look | {"linewidth": 0.8, "markerfacecolor": paper(), "color": line.get_color()}
                self.ax_.plot(across, at, label=f"{name}, loss on validation rows", **thin)
            self.ax_.plot(across[-1:], curve[-1:], color=line.get_color(), **END)
            self.ax_.plot(across[[trace.best]], at[[trace.best]], color=line.get_color(), **best())
        self.ax_.plot([], [], color=GREY, label="best epoch", **best())
        self.ax_.plot([], [], color=GREY, label="end", **END | {"markersize": 9})

    def _draw_detail(self, axis: Any, column: str, detail: str) -> None:
        """One column of the histories below."""
        for i, trace in enumerate(self.traces):
            across, values = trace.history[column], trace.history[detail]
            if detail == "validation_score":
                if trace.validation_loss:
                    continue
                axis.plot(across[[trace.best]], values[[trace.best]], color=style(i)["color"], **best())
            axis.plot(across, values, **style(i) | {"markevery": marks(len(values), i), "markersize": 3.5})
        values = np.concatenate([trace.history[detail] for trace in self.traces])
        if detail != "validation_score" and spread(values) > WIDE:
            log_ticks(axis, values, most=4)
        axis.set_ylabel(DETAILS[detail], fontsize="small")
