"""The dual of F: what a slope for every row proves of the minimum."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from sk_gd._array import Array, at_least, double_sum, namespace
from sk_gd._pieces import sum_in_pieces
from sk_gd.losses import Cornered, Loss, Piecewise, halves
from sk_gd.sources import Block, Source

if TYPE_CHECKING:
    from sk_gd.descent.objective import Objective

FAR = 10  # steps to the minimum of a model, within which the minimum of F is reckoned with


def proved_gap(objective: Objective, value: float, theta: Array, step: Array) -> float:
    """How far F at theta is above what the slopes prove to which a step leads, kept within the loss's bounds.

    Where the second derivative jumps, a model of it knows nothing of the rows that a step takes elsewhere; their slopes do.
    """
    return max(value - lower_bound(objective, *objective.dual_after(theta, step), theta, FAR * np.abs(step)), 0.0)


def slopes_after(block: Block, loss: Loss, theta: Array, step: Array, least: float) -> Array:
    """The rows' slopes after a step as the second derivative at theta tells them, which is taken to be at least so much."""
    assert isinstance(loss, Piecewise)  # no other jumps
    z, change = halves(block.raw(np.vstack([theta, step])))
    bend = at_least(loss.curvature_at(block.y, z), least)
    return loss.bounded(loss.value_and_slope(block.y, z)[1] + bend * change)


def dual_means(
    source: Source, loss: Loss, slopes_of: Callable[[Block], tuple[Array, Array]], fit_intercept: bool
) -> tuple[float, Array]:
    """Means over the rows of the conjugate at some slopes, and of the gradient they make; ``slopes_of`` tells targets and them."""
    assert isinstance(loss, Cornered | Piecewise)  # whose conjugates are known

    def of_block(block: Block) -> tuple[Array, Array]:
        y, slope = slopes_of(block)
        conjugates = block.weigh(loss.conjugate(y, slope))
        return namespace(slope).sum(conjugates, axis=0, keepdims=True), block.gradient(block.weigh(slope), fit_intercept)

    conjugates, pull = source.sum_over_blocks(of_block)
    return float(conjugates[0]) / source.n_samples, pull / source.n_samples


def dual_at(source: Source, loss: Loss, slopes: Array, fit_intercept: bool) -> tuple[float, Array]:
    """The same means at slopes of all rows, which are the only copies of a number for every row."""
    assert isinstance(loss, Cornered)

    def conjugates(y: Array, slopes: Array, weights: Array | None) -> Any:
        return double_sum(Block(y, y, weights).weigh(loss.conjugate(y, slopes)))

    def pull(block: Block) -> tuple[Array]:
        return (block.gradient(block.weigh(block.y), fit_intercept),)

    of_rows = float(sum_in_pieces(conjugates, source.y, slopes, source.weights))
    return of_rows / source.n_samples, source.retarget(slopes, source.weights).sum_over_blocks(pull)[0] / source.n_samples


def lower_bound(objective: Objective, conjugate: float, pull: Array, theta: Array, reach: Array) -> float:
    """What the minimum of F cannot be below: ``-mean s conjugate(slope) + min over theta' of penalty + mean s slope . z(theta')``.

    By Fenchel's inequality that holds for any slopes within the bounds of the loss's own. Where they do not balance and nothing
    penalises it, the minimum over theta' is -infinity; as arithmetic leaves a little, it is taken over those within reach of theta.

    Parameters
    ----------
    conjugate : float
    pull : ndarray of the shape of theta
        The means over the rows.
    theta, reach : ndarray of the shape of theta
        How far the minimum may be from theta, entry by entry.
    """
    of_coef, of_intercept = np.split(pull, [objective.n_features], axis=1)
    (coef, intercept), (far, aside) = (np.split(x, [objective.n_features], axis=1) for x in (theta, reach))
    balance = (of_intercept * intercept - np.abs(of_intercept) * aside).sum()
    return float(balance + objective.penalty.least(of_coef, coef, far) - conjugate)
