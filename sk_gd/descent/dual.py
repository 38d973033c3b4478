"""The dual of F: what a slope for every row proves of the minimum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sk_gd._array import Array, at_least, double_sum, namespace, together_on_host
from sk_gd._pieces import sum_in_pieces
from sk_gd.descent.product import TRACE
from sk_gd.losses import Conjugate, Cornered, Loss, halves
from sk_gd.sources import Block, CSRSource, Source
from sk_gd.sources._sums import InOrder

if TYPE_CHECKING:
    from sk_gd.descent.objective import Objective

FAR = 100  # steps to the minimum of a model, within which the minimum of F is reckoned with


def proved_gap(objective: Objective, theta: Array, step: Array) -> float:
    """How far F at theta is above what the slopes prove to which a step leads, kept within the loss's bounds.

    A model of the second derivative knows nothing of how that changes on the way, or of the rows that a step takes elsewhere;
    their slopes do. The gap is a sum of what every row, every coefficient and every intercept has at least to spare (Fenchel), of
    which none is below zero: nothing large cancels.
    """
    excess, pull = objective.excess_after(theta, step)
    (coef, _), (of_coef, of_intercept), (far, aside) = (np.split(x, [objective.n_features], axis=1) for x in (theta, pull, step))
    if objective.couples:  # to shift all intercepts is no change
        aside = aside - aside.mean(axis=0)
    penalty = objective.penalty
    of_penalty = penalty.value(coef) + float(np.vdot(of_coef, coef)) - penalty.least(of_coef, coef, FAR * np.abs(far))
    return excess + max(of_penalty, 0.0) + FAR * float(np.abs(of_intercept * aside).sum())


def excess_after(source: Source, loss: Loss, theta: Array, step: Array, fit_intercept: bool) -> tuple[float, Array]:
    """Means over the rows, for the slopes to which a step leads: of ``loss + conjugate - slope . z`` at theta, and the gradient.

    The second derivative at theta tells the slopes; it is taken to be at least so much. In double precision, whatever X has: what
    is left of a gap is as small as single precision's rounding.
    """
    assert isinstance(loss, Conjugate)
    to_theta_and_step, sums = np.vstack([theta, step]), InOrder()

    def of_block(block: Block) -> list[Array]:
        xp, (z, change) = namespace(block.y), halves(block.raw(to_theta_and_step))
        value, slope = loss.value_and_slope(block.y, z)
        if loss.couples:  # only differences of the outputs count
            p = loss.mean(z)
            turn = p * (change - xp.sum(p * change, axis=1, keepdims=True))
        else:
            turn = at_least(loss.curvature_at(block.y, z), TRACE * loss.curvature) * change
        slope = loss.bounded(block.y, slope + turn)
        excess = block.weigh(value + loss.conjugate(block.y, slope) - xp.sum(slope * z, axis=1))
        return [double_sum(excess), block.gradient(block.weigh(slope), fit_intercept)]

    # a gradient by many columns is to be small beside the rows that it is of
    blocks = source.ranges(len(theta)) if isinstance(source, CSRSource) else source.tiles(source.n_features)
    source.map(lambda i: sums.add(i, of_block(source.take(blocks[i]).double())), list(range(len(blocks))))
    excess, pull = together_on_host(sums.sums)
    return float(excess) / source.n_samples, pull / source.n_samples


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
