"""Rows in Dask partitions as a scorer of scikit-learn takes them: what a model says of them is made where they are."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse, vstack

from sk_gd._array import Array
from sk_gd.sources.dask import Team


class FarRows:
    """Stands for X: of its rows a model asks the workers for raw predictions, a number per row and output.

    A scorer that looks at the rows themselves gets them by ``numpy.asarray``, all of them.

    Parameters
    ----------
    team : Team
        Of actors that hold :class:`~sk_gd.estimators._partition.Partition`.
    side : {"train", "held out"}
        Which of their rows.
    shape : tuple of int
        That of X.
    """

    ndim = 2

    def __init__(self, team: Team, side: str, shape: tuple[int, int]) -> None:
        self.team, self.side, self.shape = team, side, shape

    def __len__(self) -> int:
        return self.shape[0]

    def raw(self, coef: Array, intercept: Any) -> Array:
        """``X @ coef.T + intercept``."""
        return np.concatenate(self.team.ask("raw", self.side, coef, intercept))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        parts = self.team.ask("rows", self.side)
        rows = vstack(parts).toarray() if any(issparse(part) for part in parts) else np.concatenate(parts)
        return np.asarray(rows, dtype)
