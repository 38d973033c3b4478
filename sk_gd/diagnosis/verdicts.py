"""What may be said of a descent: one function per verdict, which answers or is silent. A new one is a function and a line below."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sk_gd.descent import StopReason
from sk_gd.diagnosis.evidence import Evidence

ILL = 1e4  # condition number from which neither averages nor exact gradients get far, but only a metric
SLOW = 100.0  # condition number, or epochs per factor e, from which a descent is slow
TIMID = 0.25  # share of 2 / L below which a descent is slow by its rate
NEAR_LIMIT = 0.9  # share of 2 / L from which steps overshoot so much that the steepest direction is what takes longest
FALL = 0.05  # share of all that a validation score had gained by whose loss overfitting shows
LASTING = 3  # epochs of which each has to be worse than the best
CERTAIN = 3.0  # standard errors by which the validation loss rose: at two, one verdict of three is luck, of rows or of noise
DOMINANT, ABOVE_NEXT = 0.9, 100.0  # share of L, and bend over the next feature's, from which one feature rules the step length
RISING = 0.25  # share of epochs that go up on a floor of noise; slow descents hardly ever do
STALLED = 0.1  # share of what is left that the last quarter of the epochs gained, below which nothing moves


@dataclass(frozen=True)
class Verdict:
    """What was found.

    Parameters
    ----------
    name : str
        Of the verdict, in ``VERDICTS``.
    title, evidence, change : str
        The finding, the numbers that show it, and one thing to change; empty if nothing needs to be.
    """

    name: str
    title: str
    evidence: str
    change: str = ""


def converged(seen: Evidence) -> Verdict | None:
    """The gap is small."""
    if not seen.arrived or seen.endless:
        return None
    reason = seen.reason if seen.converged else ""  # with tol=None the epochs ran out, whatever was reached
    n_epochs = len(seen.curve) - 1
    way = f"{n_epochs} epoch{'s' * (n_epochs != 1)}"
    return Verdict("converged", "Converged", f"{seen.still or 'F is flat'} after {way}. {reason}".rstrip())


def oscillating(seen: Evidence) -> Verdict | None:
    """The rate is above the limit of stability, or so near it that steps overshoot the valley."""
    params, rate = seen.params, seen.history["rate"][-1]
    batch, own = params["variant"] == "batch", params["learning_rate"]
    limit, here = (seen.data.limit, seen.data.limit_here) if batch and seen.data is not None else (np.nan, np.nan)
    known = limit == limit
    change = f"learning_rate={min(limit, here) / 2:.2g} (1 / L)" if known else "learning_rate='auto'"
    finds_its_own = not batch and params["optimizer"] in ("auto", "svrg", "saga")  # lower and higher, as it goes
    if own != "auto" and params["schedule"] == "constant" and not finds_its_own and rate < own:
        beside = f"; 2 / L is {limit:.3g}" if known else ""
        shown = f"F rose above its start at a rate of {own:.3g}, which was halved to {rate:.3g}{beside}."
        title = "beyond 2 / L" if batch else "too large"
        return Verdict("oscillating", f"Oscillating: the learning rate is {title}", shown, change)
    if params["optimizer"] in ("auto", "gd") and not seen.arrived and rate > NEAR_LIMIT * here:
        shown = f"The rate of {rate:.3g} is {rate / here:.0%} of 2 / L = {here:.3g}: every step overshoots the valley."
        return Verdict("oscillating", "Oscillating: the learning rate is near 2 / L", shown, change)
    return None


def noise_floor(seen: Evidence) -> Verdict | None:
    """Estimates of the gradient from some rows keep the descent away from the minimum."""
    quarter = len(seen.curve) // 4
    if not seen.noisy or seen.arrived or quarter < 2 or not seen.left > 0:
        return None
    gained = seen.curve[:-quarter].min() - seen.curve[-quarter:].min()
    rises = np.mean(np.diff(seen.curve[-2 * quarter :]) > 0)
    if gained > STALLED * seen.left or rises < RISING:
        return None
    shown = f"{rises:.0%} of the last {2 * quarter} epochs went up, and the last {quarter} brought next to nothing. {seen.still}."
    if seen.data is not None and ill(seen):
        shown += f" The condition number is {about(seen.data.condition, 2)} in the coordinates of the steps."
    return Verdict("noise_floor", "On the noise floor", *cured(seen, shown))


def slow(seen: Evidence) -> Verdict | None:
    """Still going down, but by little an epoch."""
    pace, data = seen.pace, seen.data
    asked = seen.reason.startswith((StopReason.VALIDATION.value, StopReason.CALLBACK.value))  # to end there
    if seen.arrived or asked or pace != pace or oscillating(seen) or noise_floor(seen) or -1 / np.log(pace) < SLOW / 2:
        return None
    per_ten = np.log(0.1) / np.log(pace)
    shown = f"An epoch takes off {1 - pace:.1g} of the gap, so a tenth of it is reached in about {per_ten:,.0f} epochs. "
    if data is not None and data.condition == data.condition:
        shown += f"The condition number is {about(data.condition, 2)} in the coordinates of the steps."
    else:
        shown += f"Steepest descent at 1 / L is as slow at a condition number of about {about(1 / (1 - np.sqrt(pace)), 1)}."
    own, batch = seen.params["learning_rate"] != "auto", seen.params["variant"] == "batch"
    timid = data is not None and (data.condition < SLOW or seen.history["rate"][-1] < TIMID * data.limit_here)
    if own and batch and timid:
        return Verdict("slow", "Slow: the learning rate is small", shown, "learning_rate='auto'")
    return Verdict("slow", "Slow", *cured(seen, shown))


def ill(seen: Evidence) -> bool:
    """Whether nothing but a metric will help."""
    return seen.params["preconditioner"] is None and seen.data is not None and seen.data.condition >= ILL


def cured(seen: Evidence, shown: str) -> tuple[str, str]:
    """The evidence, and what gets a descent on that is not where it should be: a metric, or gradients without noise."""
    params = seen.params
    own, longer = params["optimizer"] != "auto", "max_iter, to a larger one"
    if params["average"] is not False:  # which keeps to plain gradients, and falls as one over the epochs
        return shown, longer if own else "average=False"
    metric = params["preconditioner"] is None and (ill(seen) or not own or params["variant"] == "batch")
    if params["learning_rate"] != "auto" and (metric or own):
        shown += " The learning rate is of this descent only: leave that 'auto' with the change."
    return shown, "preconditioner='auto'" if metric else "optimizer='auto'" if own else longer


def overfitting(seen: Evidence) -> Verdict | None:
    """The score of the validation rows turned down while the objective went on."""
    scores = seen.history["validation_score"]
    if not np.isfinite(scores).any() or len(scores) <= LASTING:
        return None
    best = int(np.nanargmax(scores))
    fall, gain = scores[best] - np.nanmax(scores[-LASTING:]), scores[best] - scores[0]
    if best + LASTING >= len(scores) or not fall > FALL * gain or not seen.curve[-1] < seen.curve[best]:
        return None
    if not seen.rise >= CERTAIN:  # also where nobody knows
        return None
    shown = (
        f"The validation score was best after epoch {best} ({scores[best]:.4g}) and came down to {scores[-1]:.4g} by epoch "
        f"{len(scores) - 1}, while F fell from {seen.curve[best]:.4g} to {seen.curve[-1]:.4g}. The loss on its rows rose by "
        f"{seen.rise:.0f} standard errors. The coefficients of epoch {best} were kept."
    )
    return Verdict("overfitting", f"Overfitting from epoch {best}", shown, "alpha, to a larger one")


def separable(seen: Evidence) -> Verdict | None:
    """Classes that a plane separates."""
    if seen.data is None or not seen.data.separated:
        return None
    alpha = float(np.max(seen.params["alpha"]))
    so = f"only alpha={alpha:.3g} keeps the coefficients finite" if alpha else "F has no minimum and coefficients grow without end"
    return Verdict("separable", "Separable data", f"The model puts every row into its class, so {so}.", "alpha, to a larger one")


def redundant(seen: Evidence) -> Verdict | None:
    """Columns that say nothing, or nothing new."""
    if seen.data is None or not (seen.data.constant or seen.data.duplicates):
        return None
    parts = []
    if seen.data.constant:
        parts.append("constant: " + listing([seen.names[j] for j in seen.data.constant]))
    if seen.data.duplicates:
        pairs = [f"{seen.names[i]} and {seen.names[j]}" for i, j in seen.data.duplicates]
        parts.append("the same but for scale and offset: " + listing(pairs))
    shown = "; ".join(parts) + ". Their coefficients are not determined by the data."
    return Verdict("redundant", "Duplicated or constant columns", shown[0].upper() + shown[1:], "X, without these columns")


def dominated(seen: Evidence) -> Verdict | None:
    """Without a metric, one feature in small units sets the step length of all."""
    if seen.arrived or seen.data is None or seen.data.steepest is None:
        return None
    j, share, above = seen.data.steepest
    if share < DOMINANT or above < ABOVE_NEXT:
        return None
    shown = f"{seen.names[j]} alone makes {share:.0%} of L and bends F {above:.2g} times as much as any other feature."
    return Verdict("dominated", "Dominated by one unscaled feature", shown, "preconditioner='auto' (or scale the feature)")


def about(value: float, digits: int) -> str:
    """A large number, rounded to some digits."""
    return f"{float(f'{value:.{digits}g}'):,.0f}" if value < 1e6 else f"{value:.{digits}g}"


def listing(things: list[str], most: int = 5) -> str:
    """Names, the first few of many."""
    more = f", and {len(things) - most} more" if len(things) > most else ""
    return ", ".join(things[:most]) + more


VERDICTS: dict[str, Callable[[Evidence], Verdict | None]] = {
    "converged": converged,
    "oscillating": oscillating,
    "noise_floor": noise_floor,
    "slow": slow,
    "overfitting": overfitting,
    "separable": separable,
    "redundant": redundant,
    "dominated": dominated,
}
