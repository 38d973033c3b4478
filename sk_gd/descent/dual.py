"""The dual of F: what a slope for every row proves of the minimum."""

from __future__ import annotations

import numpy as np

from sk_gd._array import Array, at_least, namespace
from sk_gd.descent.objective import TRACE, Objective
from sk_gd.losses import Cornered, Piecewise, halves
from sk_gd.sources import Block

FAR = 10  # steps to the minimum of a model, within which the minimum of F is reckoned with


def proved_gap(objective: Objective, value: float, theta: Array, step: Array) -> float:
    """How far F at theta is above what the slopes prove to which a step leads, kept within the loss's bounds.

    Where the second derivative jumps, a model of it knows nothing of the rows that a step takes elsewhere; their slopes do.
    """

    loss = objective.loss
    assert isinstance(loss, Piecewise)  # no other jumps

    def of_block(block: Block) -> Array:
        z, change = halves(block.raw(np.vstack([theta, step])))
        bend = at_least(loss.curvature_at(block.y, z), TRACE * loss.curvature)
        return loss.bounded(loss.value_and_slope(block.y, z)[1] + bend * change)

    objective.n_passes += 1
    slopes = objective.source.per_row(of_block)
    return max(value - lower_bound(objective, slopes, theta, FAR * np.abs(step)), 0.0)


def lower_bound(objective: Objective, slopes: Array, theta: Array, reach: Array) -> float:
    """What the minimum of F cannot be below: ``-mean s conjugate(slope) + min over theta' of penalty + mean s slope . z(theta')``.

    By Fenchel's inequality that holds for any slopes. Where they do not balance and nothing penalises it, the minimum over theta'
    is -infinity; as arithmetic leaves a little, it is taken over those within reach of theta.

    Parameters
    ----------
    slopes : array of shape (n_samples, n_outputs)
        Within the bounds of the loss's own.
    theta, reach : ndarray of the shape of theta
        How far the minimum may be from theta, entry by entry.
    """
    source, loss = objective.source, objective.loss
    assert isinstance(loss, Cornered | Piecewise)  # whose conjugates are known
    objective.n_passes += 1

    def of_block(block: Block) -> tuple[Array, Array]:
        y, slope = halves(block.y)
        conjugates = block.weigh(loss.conjugate(y, slope))
        return namespace(slope).sum(conjugates, axis=0, keepdims=True), block.gradient(block.weigh(slope), objective.fit_intercept)

    both = source.retarget(namespace(slopes).concat([source.y, slopes], axis=1), source.weights)
    conjugates, pull = both.sum_over_blocks(of_block)
    of_coef, of_intercept = np.split(pull / objective.n_samples, [objective.n_features], axis=1)
    (coef, intercept), (far, aside) = (np.split(x, [objective.n_features], axis=1) for x in (theta, reach))
    balance = (of_intercept * intercept - np.abs(of_intercept) * aside).sum()
    return float(balance + objective.penalty.least(of_coef, coef, far) - conjugates[0] / objective.n_samples)
