"""What the rows say of a fit: how far they let it step, what they repeat, whether their classes can be separated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sk_gd._array import beside, namespace
from sk_gd.descent import DescentState, Objective, Plan
from sk_gd.descent.scheduled import ScheduledStep
from sk_gd.preconditioners import Coordinates, Curvature, Identity
from sk_gd.sources import Block

Array = NDArray[Any]


@dataclass(frozen=True)
class DataFacts:
    """What the rows say.

    Parameters
    ----------
    condition : float
        Largest over smallest eigenvalue of the second derivative of F where the fit ended, in the coordinates of its steps; nan
        where these have none that stay (line search) or there are too many.
    limit : float
        2 / L, in the metric in which the descent starts; nan with a line search.
    limit_here : float
        The same with the largest eigenvalue of the second derivative where the fit ended in place of L, which is the largest that
        it may have anywhere; ``limit`` where there are too many.
    separated : bool
        Whether the model puts every row into its class, which proves that the classes can be separated.
    constant : list of int
        Columns that do not vary.
    duplicates : list of (int, int)
        Pairs of columns of which one is the other, but for scale and offset.
    steepest : tuple of (int, float, float)
        Without a metric: the feature along which F may bend most, its share of L, and its bend over that of the next.
    """

    condition: float
    limit: float
    limit_here: float
    separated: bool
    constant: list[int]
    duplicates: list[tuple[int, int]]
    steepest: tuple[int, float, float] | None


def look_at(objective: Objective, plan: Plan, theta: Array, separates: bool) -> DataFacts:
    """Take the facts of the rows, with a model at theta.

    Parameters
    ----------
    objective : Objective
        F over the rows.
    plan : Plan
        How it was descended from.
    theta : ndarray of shape (n_outputs, n_features + fit_intercept)
        The model.
    separates : bool
        Whether to ask if it is right in every row.

    Returns
    -------
    DataFacts
        What the rows say.
    """
    condition, limit, limit_here, steepest = np.nan, np.nan, np.nan, None
    if isinstance(plan.step, ScheduledStep):
        state = DescentState(theta, np.random.default_rng(0))
        plan.step.initialise(objective, state)
        limit = limit_here = stability(objective, state)
        if isinstance(state.metric, Identity):
            steepest = steepest_feature(objective, 2 / limit)
        if theta.size <= objective.max_full:
            bends = bends_at(objective, theta, plan.step.coordinates)
            if bends.size:
                condition, limit_here = float(bends[-1] / bends[0]), float(2 / (bends[-1] * plan.step.scaling.unit))
    constant, duplicates = alike(objective)
    separated = separates and all(objective.of_parts(separated_by, theta))
    return DataFacts(condition, limit, limit_here, separated, constant, duplicates, steepest)


def stability(objective: Objective, state: DescentState) -> float:
    """Find 2 / L: the rate up to which plain descent on all rows is stable, in what of the state's metric updates have.

    Parameters
    ----------
    objective : Objective
        F over the rows.
    state : DescentState
        Of a descent that has begun.

    Returns
    -------
    float
        The rate.
    """
    metric = state.metric.apart(centred=True) if objective.penalty.kinked else state.metric
    return 2 / max(objective.smoothness(metric) * metric.unit, np.finfo(np.float64).tiny)


def bends_at(objective: Objective, theta: Array, coordinates: Coordinates) -> Array:
    """Eigenvalues of the second derivative at theta, in coordinates, rising; those of directions without any bend left out."""
    multiply, size = objective.hessian_product(theta), theta.size
    basis = np.eye(size).reshape(size, *theta.shape)
    hessian = np.array([coordinates.gradient(multiply(one)).ravel() for one in basis])
    hessian = np.array([coordinates.gradient(row.reshape(theta.shape)).ravel() for row in hessian.T])
    values = np.linalg.eigvalsh((hessian + hessian.T) / 2)
    return values[values > size * np.finfo(objective.dtype).eps * values.max()]


def alike(objective: Objective) -> tuple[list[int], list[tuple[int, int]]]:
    """Constant columns and pairs of columns that are the same but for scale and offset, to rounding."""
    full = objective.n_features <= objective.max_full
    spread = moments_of(objective, full, centred=True)
    variance = np.diag(spread.moments) if full else spread.moments
    rounding = 64 * float(np.finfo(objective.dtype).eps)
    constant = variance <= (rounding * np.abs(spread.center)) ** 2
    if not full:
        return np.flatnonzero(constant).tolist(), []
    scale = np.where(constant, 1.0, np.sqrt(np.maximum(variance, np.finfo(np.float64).tiny)))
    correlation = np.abs(spread.moments / scale / scale[:, None])
    correlation[constant] = 0.0
    pairs = np.argwhere(np.triu(correlation > 1 - rounding, 1))
    return np.flatnonzero(constant).tolist(), [(int(i), int(j)) for i, j in pairs]


def moments_of(objective: Objective, full: bool, centred: bool) -> Curvature:
    """Second moments of the rows of all parts."""
    parts = objective.of_parts(moments_of_part, full, centred)
    return sum(parts[1:], parts[0]).scaled(1 / objective.n_samples)


def moments_of_part(objective: Objective, full: bool, centred: bool) -> Curvature:
    """Sums over the rows of a part."""
    return Curvature(*objective.source.moments(lambda block: block.weigh(block.constant(1.0, 1)), full, centred))


def separated_by(objective: Objective, theta: Array) -> bool:
    """Whether these parameters put every row of a part into its class."""
    return all(objective.source.map_blocks(lambda block: all_right(block, theta)))


def all_right(block: Block, theta: Array) -> bool:
    """Whether a classifier with these parameters puts every row of a block into its class."""
    z, xp = block.raw(theta), namespace(block.y)
    if z.shape[1] == 1:
        return bool(xp.all((2 * block.y - 1) * z > 0))
    own = block.y == beside(np.arange(z.shape[1]), block.y)
    rest = xp.max(xp.where(own, -xp.inf, z), axis=1)
    return bool(xp.all(xp.max(xp.where(own, z, -xp.inf), axis=1) > rest))


def steepest_feature(objective: Objective, smooth: float) -> tuple[int, float, float]:
    """Find the feature along which the objective may bend most.

    Parameters
    ----------
    objective : Objective
        F over the rows.
    smooth : float
        The largest bend along any direction, L.

    Returns
    -------
    tuple of (int, float, float)
        Its column, its share of L, and its bend over that of the next.
    """
    bends = objective.loss.curvature * moments_of(objective, full=False, centred=False).moments + objective.penalty.l2
    bends = np.broadcast_to(bends, objective.n_features)
    j = int(np.argmax(bends))
    others = np.append(np.delete(bends, j), objective.loss.curvature if objective.fit_intercept else [])
    return j, float(bends[j] / smooth), float(bends[j] / max(others.max(initial=0.0), np.finfo(np.float64).tiny))
