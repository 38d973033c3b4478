"""Early stopping: what is watched on the rows that are held out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sk_gd._array import Array
from sk_gd.descent import DescentState, Objective


class Validation:
    """Scores a descent on rows that it does not learn from, after every epoch, and remembers where it was best."""

    def __init__(self, score: Callable[[Array], float]) -> None:
        self.score = score

    def __call__(self, state: DescentState) -> bool:
        state.score = float(self.score(state.theta))
        if state.score != state.score:
            raise ValueError(
                f"The validation score is nan after epoch {state.n_epochs}: early_stopping needs a scorer that is defined on the "
                "validation rows; choose another one, or other rows."
            )
        if state.score > state.best_score:
            state.best_score, state.best_scored, state.best_epoch = state.score, state.theta.copy(), state.n_epochs
        return False


def by_loss(objective: Objective) -> Callable[[Array], float]:
    """Minus the mean loss on the rows held out, weighted as in the objective, which has no penalty."""
    return lambda theta: -objective.value_and_gradient(theta)[0]


def by_scorer(
    scorer: Callable[..., float], model_at: Callable[[Array], Any], X: Any, y: Array, sample_weight: Array | None
) -> Callable[[Array], float]:
    """What a scikit-learn scorer says of the model, given the user's own weights."""
    weighted = {} if sample_weight is None else {"sample_weight": sample_weight}

    def score(theta: Array) -> float:
        try:
            return float(scorer(model_at(theta), X, y, **weighted))
        except (AttributeError, TypeError, ValueError) as error:
            raise ValueError(
                f"early_stopping={scorer} cannot score the model on these rows: choose another. It said: {error}"
            ) from error

    return score
