"""Films of paths that grow, and the files that hold them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sk_gd._compat import optional
from sk_gd.inspection._drawing import Array, marks

ENDINGS = (".gif", ".html")


def check_writable(path: str | Path | None) -> None:
    """Refuse a file that nobody knows how to write, before anything is drawn."""
    if path is not None and Path(path).suffix not in ENDINGS:
        raise ValueError(f"path must end in {' or '.join(ENDINGS)}, got {str(path)!r}.")


def grow(figure: Any, lines: list[Any], paths: list[Array], n_frames: int, interval: int) -> Any:
    """A film in which every line follows its path, epoch by epoch, all at the same pace."""
    last = max(len(places) for places in paths) - 1
    ends = np.unique(np.linspace(0, last, max(n_frames, 2)).round().astype(int))

    def draw(end: int) -> list[Any]:
        for line, places in zip(lines, paths, strict=True):
            line.set_data(*places[: end + 1].T)
            line.set_markevery(marks(min(end + 1, len(places)), 0))
        return lines

    return optional("matplotlib.animation", extra="plot").FuncAnimation(figure, draw, frames=ends, interval=interval)


def write(film: Any, path: str | Path | None) -> None:
    """Write a film as its file's ending says; None writes nothing."""
    if path is None:
        return
    if Path(path).suffix == ".gif":
        film.save(str(path), writer="pillow")
    else:
        Path(path).write_text(film.to_jshtml(), encoding="utf-8")
