"""When it is enough. The reason is a value with a sentence in it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum

import numpy as np

from sk_gd.descent.state import Array, DescentState


class StopReason(Enum):
    """Why a descent ended; the value is the sentence that users read."""

    CONVERGED = "The estimated gap to the minimum fell below tol."
    ROUNDING = "No further decrease can be told from rounding."
    PLATEAU = "The objective improved by less than tol over n_iter_no_change epochs."
    MAX_ITER = "max_iter epochs were done before the objective settled."
    MAX_TIME = "max_time ran out before the objective settled."
    VALIDATION = "The validation score improved by less than tol over n_iter_no_change epochs."
    CALLBACK = "A callback asked to stop."
    INTERRUPT = "An interrupt ended the descent before the objective settled."


@dataclass(frozen=True)
class StoppingRule:
    """Stop at a small relative gap, else on a plateau, else at a limit.

    Parameters
    ----------
    tol : float or None
        Share of the decrease ``F(constant model) - F(minimum)`` that may be left: a pure number. None goes on to the limit.
    max_iter : int
        Limit of epochs.
    constant_value : float
        Objective of the best model that ignores X.
    first_epoch : int, default=0
        From which ``max_iter`` is counted.
    eps : float
        Share of the objective that the precision of the rows rounds.
    """

    tol: float | None
    max_iter: int
    n_iter_no_change: int
    max_time: float | None
    constant_value: float
    first_epoch: int = 0
    eps: float = float(np.finfo(np.float64).eps)

    def __call__(self, state: DescentState) -> StopReason | None:
        if self.tol is not None:
            if self.relative(state.value, state.gap) <= self.tol:
                return StopReason.CONVERGED
            if state.stuck:
                return StopReason.ROUNDING
        if state.n_epochs - self.first_epoch >= self.max_iter:
            return StopReason.MAX_ITER
        if self.max_time is not None and time.monotonic() - state.began > self.max_time:
            return StopReason.MAX_TIME
        if self.tol is not None and self.validated_enough(state):
            return StopReason.VALIDATION
        return StopReason.PLATEAU if self.tol is not None and (state.settled or self.plateau(state)) else None

    def validated_enough(self, state: DescentState) -> bool:
        """Whether the last epochs brought no new best score, or one that is little beside what the descent had gained before."""
        scores, n = state.history["validation_score"], self.n_iter_no_change
        scores = scores[~np.isnan(scores)]
        if state.score != state.score or len(scores) <= n or state.n_epochs - state.steady_since <= n:
            return False
        progress, whole = scores[-n:].max() - scores[:-n].max(), scores.max() - scores[0]
        return bool(progress <= (self.tol or 0.0) * whole)

    def relative(self, value: float, gap: float) -> float:
        """A gap as share of the whole decrease that the constant model leaves to be made."""
        whole = max(self.constant_value - value, 0.0) + gap
        if whole <= self.eps * abs(self.constant_value):  # rounding of nothing to be gained; nan is not
            return 0.0
        return gap / whole

    def stalled(self, state: DescentState) -> bool:
        """Whether n_iter_no_change epochs at the present rate were not worth it: by the validation score if there is one."""
        if self.tol is None or state.n_epochs - state.steady_since <= self.n_iter_no_change:
            return False
        if state.score == state.score:
            return self.validated_enough(state)
        return self.progress(state.loss_curve) <= self.small(state.loss_curve)

    def plateau(self, state: DescentState) -> bool:
        """Whether a step without an estimate of the gap has stopped to make progress."""
        curve, n = state.loss_curve, self.n_iter_no_change
        if state.gap == state.gap or state.n_epochs - max(self.first_epoch, state.steady_since) <= n:
            return False
        recent = curve[-n - 1 :]
        # exact values that still swing (momentum) are no plateau; noisy ones always swing, so there only the best counts
        progress = recent.max() - recent.min() if state.exact else self.progress(curve)
        return bool(progress <= self.small(curve))

    def progress(self, curve: Array) -> float:
        """By how much the last n_iter_no_change epochs have lowered the best value."""
        return float(curve[: -self.n_iter_no_change].min() - curve[-self.n_iter_no_change :].min())

    def small(self, curve: Array) -> float:
        """A decrease that is not worth n_iter_no_change epochs."""
        return (self.tol or 0.0) * max(self.constant_value - float(curve.min()), 0.0)
