"""What the displays share: matplotlib when it is needed, and styles that differ in black and white, too."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sk_gd._compat import optional

Array = NDArray[Any]

# after the colour of the text: some that differ for the colour-blind (Okabe and Ito, 2008); what differs without colour
COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#56B4E9")
DASHES = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (6, 1.5, 1, 1.5)), (0, (3, 1, 1, 1, 1, 1)), (0, (9, 3)))
MARKERS = ("o", "s", "^", "D", "v", "P", "<")  # one more than colours: 42 lines differ
GREY = "#777777"  # seen on white and on black
TICKS = ((30.0, (1, 2, 5)), (300.0, (1, 3)), (np.inf, (1,)))  # up to this ratio of largest to smallest value, ticks at these digits
N_MARKS = 8  # markers on a line: enough to tell it from others, few enough to see it
PHASES = 6  # places where they may begin
FEW = 5  # entries of a legend for which there is room among the lines
END = {"marker": "x", "markersize": 14, "markeredgewidth": 2, "linestyle": "none", "zorder": 3}  # seen behind a star, too


def pyplot() -> Any:
    """matplotlib.pyplot, or an error that says how to get it."""
    return optional("matplotlib.pyplot", extra="plot")


def paper() -> Any:
    """Colour of what is drawn on: dark in a dark style."""
    return pyplot().rcParams["axes.facecolor"]


def best() -> dict[str, Any]:
    """Look of the star."""
    return {"marker": "*", "markersize": 13, "markeredgecolor": paper(), "linestyle": "none", "zorder": 4}


def style(i: int) -> dict[str, Any]:
    """Look of the i-th line."""
    k = i % len(DASHES)
    colour = (pyplot().rcParams["text.color"], *COLOURS)[k]
    return {"color": colour, "linestyle": DASHES[k], "marker": MARKERS[i % len(MARKERS)], "markersize": 4.5, "linewidth": 1.5}


def marks(count: int, i: int) -> list[int]:
    """Where the i-th line of ``count`` points has its markers, a little apart from those of the others."""
    later = i % PHASES * count / (PHASES * N_MARKS)
    return sorted({int(k) for k in np.linspace(0, max(count - 1, 0), N_MARKS) + later if k < count})


def legend(ax: Any, own: bool, few: int = FEW) -> None:
    """The legend: among the lines if it is small, else above them, where a figure of our own makes room for it."""
    among = not own or len(ax.get_legend_handles_labels()[1]) <= few
    above = {} if among else {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0), "frameon": False}
    ax.legend(fontsize="small", handlelength=3.2, **above)


def spread(values: Array) -> float:
    """Ratio of the largest to the smallest of positive numbers, 1 where there are others or none: what asks for a log axis."""
    finite = values[np.isfinite(values)]
    return float(finite.max() / finite.min()) if finite.size and finite.min() > 0 else 1.0


def labelled(values: Array) -> list[str]:
    """Numbers in as few digits as tell them apart, four at least."""
    for digits in range(4, 18):
        words = [f"{value:.{digits}g}" for value in values]
        if len(set(words)) == len(values):
            break
    return words


def log_ticks(axis: Any, values: Array, most: int = 7) -> None:
    """Make the vertical axis logarithmic, with labels that people can read: round, and of many powers of ten not many."""
    axis.set_yscale("log")
    ticker = optional("matplotlib.ticker", extra="plot")
    subs = next(subs for most, subs in TICKS if spread(values) <= most)
    axis.yaxis.set_major_locator(ticker.LogLocator(subs=subs, numticks=most))
    if len(subs) > 1:
        axis.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    axis.yaxis.set_minor_formatter(ticker.NullFormatter())
