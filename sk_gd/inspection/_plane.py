"""The plane in which a path is seen: two coordinates of the parameters, or the two directions in which it went furthest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sk_gd.inspection._drawing import Array

MARGIN = 0.15  # of the paths' extent, on each side
FLAT = 0.05  # smallest extent of one side, as share of the other: a path straight along an axis still has a picture


@dataclass(frozen=True)
class Plane:
    """``origin + (a - shift[0]) * axes[0] + (b - shift[1]) * axes[1]``, the axes of length one and orthogonal.

    Attributes
    ----------
    origin : ndarray of shape (n,)
        A point of it.
    axes : ndarray of shape (2, n)
        Its directions.
    shift : ndarray of shape (2,)
        Coordinates of the origin.
    labels : tuple of str
        What the coordinates are.
    """

    origin: Array
    axes: Array
    shift: Array
    labels: tuple[str, str]

    def project(self, path: Array) -> Array:
        """Coordinates of the points of the plane that are nearest to those of a path."""
        projected: Array = (path - self.origin) @ self.axes.T + self.shift
        return projected

    def at(self, a: float, b: float) -> Array:
        """The point with these coordinates."""
        point: Array = self.origin + (np.array([a, b]) - self.shift) @ self.axes
        return point


def coordinate_plane(origin: Array, chosen: Sequence[int], names: Sequence[str]) -> Plane:
    """Two coordinates, the others as in the origin; ``names`` are those of all."""
    first, second = chosen
    if first == second:
        raise ValueError(f"A plane needs two different coordinates, got {names[first]!r} twice.")
    return Plane(origin, np.eye(len(origin))[[first, second]], origin[[first, second]], (names[first], names[second]))


def main_plane(paths: list[Array]) -> Plane:
    """The plane through the end of the first path that comes nearest to all of them (principal directions)."""
    origin = paths[0][-1]
    moves = np.vstack([path - origin for path in paths])
    _, sizes, axes = np.linalg.svd(np.vstack([moves, np.zeros((2, len(origin)))]), full_matrices=False)
    shares = sizes**2 / max(float((sizes**2).sum()), np.finfo(float).tiny)
    first, second = (f"main direction ({percent(share)} of the motion)" for share in shares[:2])
    return Plane(origin, axes[:2], np.zeros(2), (f"1st {first}", f"2nd {second}"))


def percent(share: float) -> str:
    """A share in per cent, which is neither all nor nothing unless it is that."""
    return "<1%" if 0 < share < 0.005 else ">99%" if 0.995 <= share < 1 else f"{share:.0%}"


def surface(plane: Plane, paths: list[Array], value: Callable[[Array], float], resolution: int) -> tuple[Array, Array, Array]:
    """Grid around the paths, and the objective on it."""
    if resolution < 2:
        raise ValueError(f"resolution must be 2 or more, got {resolution}.")
    seen = np.vstack([plane.project(path) for path in paths])
    low, high = seen.min(axis=0), seen.max(axis=0)
    size = high - low
    size = np.maximum(size, FLAT * (size.max() or 1.0))
    middle = (low + high) / 2
    sides: list[Any] = [
        np.linspace(middle[k] - (0.5 + MARGIN) * size[k], middle[k] + (0.5 + MARGIN) * size[k], resolution) for k in (0, 1)
    ]
    values = np.array([[value(plane.at(a, b)) for a in sides[0]] for b in sides[1]])
    return sides[0], sides[1], values
