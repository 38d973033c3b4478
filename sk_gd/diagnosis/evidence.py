"""What verdicts are made of: numbers from the history of a fit and, if the rows are at hand, the facts of those."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sk_gd._compat import cached_property
from sk_gd.diagnosis.facts import DataFacts

Array = NDArray[Any]

EVERYDAY_TOL = 1e-4  # what counts as arrived where tol=None set no mark: the default of tol


@dataclass(frozen=True)
class Evidence:
    """A fit, as verdicts see it.

    Parameters
    ----------
    params : mapping
        The estimator's parameters.
    history : mapping of str to ndarray
        ``history_``.
    optimality : float
        Relative gap left; nan if unknown.
    tol : float or None
        What it should be.
    converged : bool
        Whether the fit is content with it.
    reason : str
        ``stop_reason_``.
    names : list of str
        Of the features.
    rise : float
        By how many standard errors the loss on the validation rows was higher at the end than in the best epoch; nan if unknown.
    kept : int or None
        Epoch of which ``optimality`` tells, where that is not the last.
    data : DataFacts or None
        None where nobody showed the rows.
    """

    params: Mapping[str, Any]
    history: Mapping[str, Array]
    optimality: float
    tol: float | None
    converged: bool
    reason: str
    names: list[str]
    rise: float = np.nan
    kept: int | None = None
    data: DataFacts | None = None

    @cached_property
    def arrived(self) -> bool:
        """Whether the end is near enough to the minimum."""
        return self.converged or self.optimality <= (EVERYDAY_TOL if self.tol is None else self.tol)

    @property
    def endless(self) -> bool:
        """Whether F is known to have no minimum: it goes on towards zero as the coefficients grow."""
        return self.data is not None and self.data.separated and not np.any(self.params["alpha"])

    @property
    def still(self) -> str:
        """How much is left, in words; empty where nobody knows."""
        return f"About {self.optimality:.1g} of the possible decrease of F is left" if self.optimality == self.optimality else ""

    @cached_property
    def curve(self) -> Array:
        """Objective at the start and after every epoch."""
        return self.history["objective"]

    @cached_property
    def noisy(self) -> bool:
        """Whether gradients were estimates that stay noisy at the minimum, so that no epoch knew the gradient of all rows."""
        return len(self.curve) > 1 and bool(np.isnan(self.history["gradient_norm"][1:]).all())

    @cached_property
    def left(self) -> float:
        """What is left to gain at the end, in units of F."""
        share, value = self.optimality, self.curve[-1 if self.kept is None else self.kept]
        below = share / (1 - share) * max(self.curve[0] - value, 0.0) if share < 1 else np.inf
        return float(max(below - (value - self.curve[-1]), 0.0))

    @cached_property
    def pace(self) -> float:
        """Share of the gap that an epoch leaves, over the second half of the descent; nan where that says nothing."""
        half = len(self.curve) // 2
        before = self.curve[-1 - half] - self.curve[-1] + self.left
        return float((self.left / before) ** (1 / half)) if half >= 2 and 0 < self.left < before else np.nan
