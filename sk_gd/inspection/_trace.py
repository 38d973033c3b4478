"""One descent, as it is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sk_gd.descent import StopReason
from sk_gd.inspection._drawing import Array

ENDS = {
    StopReason.CONVERGED: "gap below tol",
    StopReason.ROUNDING: "as low as rounding lets it",
    StopReason.PLATEAU: "plateau",
    StopReason.MAX_ITER: "max_iter",
    StopReason.MAX_TIME: "max_time",
    StopReason.VALIDATION: "no better on validation rows",
    StopReason.CALLBACK: "ended by a callback",
}


@dataclass
class Trace:
    """One descent, as it is drawn.

    Attributes
    ----------
    history : dict of ndarray
        ``history_`` of an estimator.
    end : str
        Why it ended, in a few words.
    best : int
        Epoch whose coefficients were best: by the validation score if there is one, else by the objective.
    validation_loss : bool
        Whether the validation score is minus the loss, which belongs on the axis of the objective.
    left : float
        Estimate of what is left to gain at the end, in units of F; nan if that is not known.
    """

    history: Mapping[str, Array]
    end: str = ""
    best: int = 0
    validation_loss: bool = False
    left: float = np.nan

    @classmethod
    def of(cls, model: Any) -> Trace:
        """The trace of a fitted estimator."""
        check_is_fitted(model, "history_")
        curve, optimality = model.history_["objective"], float(getattr(model, "optimality_", np.nan))
        reason = getattr(model, "stop_reason_", "")
        known = curve[-1 if model.best_iter_ is None else model.best_iter_]  # F where the optimality was found
        return cls(
            model.history_,
            next((words for kind, words in ENDS.items() if reason.startswith(kind.value)), ""),
            int(np.argmin(curve)) if model.best_iter_ is None else model.best_iter_,
            model.early_stopping is True,
            max(optimality / (1 - optimality) * (curve[0] - known) - (known - curve[-1]), 0.0) if optimality < 1 else np.nan,
        )
