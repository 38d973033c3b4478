"""What a fit tells its user: an error with numbers, or at most one warning with the reason and one thing to do."""

from __future__ import annotations

import warnings
from typing import Any

from sklearn.exceptions import ConvergenceWarning

from sk_gd.descent import DescentState, Objective, StopReason
from sk_gd.diagnosis import stability, steepest_feature

LIMITS = {StopReason.MAX_ITER: "increase max_iter", StopReason.MAX_TIME: "raise max_time"}


def divergence(model: Any, objective: Objective, state: DescentState) -> str:
    """Why the descent blew up: the rate, the limit of stability, and the feature that is to blame for it."""
    limit = stability(objective, state)
    j, share, _ = steepest_feature(objective, 2 / limit)
    names = getattr(model, "feature_names_in_", None)
    name = f"feature {j}" if names is None else f"feature {names[j]!r} (column {j})"
    blame = f" {name[0].upper()}{name[1:]} alone makes {share:.0%} of L: scale it, or leave preconditioner='auto'."
    return (
        f"The objective rose above its start in epoch {state.n_epochs}, at a rate of {state.rate:.3g}; descent on all rows is "
        f"stable below 2 / L = {limit:.3g}.{blame if model.preconditioner is None else ''} "
        "Set learning_rate='auto' or a smaller one, or on_divergence='recover'."
    )


def of_rate(model: Any, recoveries: int, rate: float) -> str:
    """That the user's learning rate was too large."""
    times = f", {recoveries} times in all," if recoveries > 1 else ""
    return (
        f"learning_rate={model.learning_rate} was too large: the objective rose above its start, so the descent went back to its "
        f"best point and the rate was halved{times} to {rate:.3g}. Set learning_rate='auto' or a smaller one."
    )


def warn_of_rate(model: Any, recoveries: int) -> None:
    """The only thing to warn of after a single pass."""
    if recoveries and model.learning_rate != "auto":
        message = of_rate(model, recoveries, model.learning_rate_)
        warnings.warn(message, ConvergenceWarning, stacklevel=7)  # the line that called partial_fit


def warn(model: Any, reason: StopReason, recoveries: int, scale: float, back_at_start: bool) -> None:
    """Warn of a rate, ``scale`` times the user's, that had to be reduced, or of an end that nobody asked for."""
    message, validated = None, model.early_stopping is not False
    content = reason is StopReason.CALLBACK or (validated and reason not in LIMITS)  # an end that was asked for
    if reason is StopReason.INTERRUPT:
        again = "fit again" if model.warm_start else "fit with coef_init=model.coef_ and intercept_init=model.intercept_"
        message = f"{model.stop_reason_} To go on from there: {again}."
    elif recoveries and model.learning_rate != "auto":
        message = of_rate(model, recoveries, model.learning_rate * scale / 2**recoveries)  # steps may have ended by a line search
    elif back_at_start and not (validated or model.converged_):
        message = (
            f"{reason.value} Its noise had carried the descent above its start, so the start is what is left: set a smaller "
            "learning_rate, or a schedule that lets it shrink."
        )
    elif not (content or model.converged_ or model.tol is None):
        textbook = ["optimizer"] * (model.optimizer not in ("auto", "saga", "svrg"))
        textbook += ["preconditioner"] * (model.preconditioner is None)
        advice = LIMITS.get(reason, "loosen tol")
        if textbook and not validated:
            advice = f"leave {' and '.join(textbook)} 'auto'"
        message = f"{reason.value} The estimated relative gap to the minimum is {model.optimality_:.2g}, tol={model.tol}: {advice}."
    if message is not None:
        warnings.warn(message, ConvergenceWarning, stacklevel=7)  # the line that called fit
