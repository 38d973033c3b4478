"""What is remembered of rows that come once: who they were, and how the loss bends over them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sk_gd._array import Array, at_least, namespace
from sk_gd.descent.objective import Objective
from sk_gd.losses import LogLoss, Multinomial
from sk_gd.preconditioners import Curvature
from sk_gd.sources import Block


@dataclass(frozen=True)
class Seen:
    """What is remembered of the rows so far: their weight, and their second moments weighted by the loss's curvature.

    Attributes
    ----------
    weight, rows : float
        Sum of the sample weights, number of rows.
    curvature : Curvature or None
        Means over all rows; None before the first chunk.
    caution : float
        Weight that the rates are divided by as if it had come before: see :class:`OnlineStep`.
    shares : ndarray of shape (n_outputs,) or None
        Of every class in the rows so far, as the loss counts them; None of targets that are no classes.
    within : float
        Mean over the chunks of the variance that the classes have in one.
    slope : ndarray of shape (n_outputs, n_parameters) or None
        Mean gradient where the stream began, for optimizers that forget the length of gradients; ``smooth`` is the mean of the
        chunks' smoothness in the metric. Both are of the rows that the curvature is of.
    """

    weight: float = 0.0
    rows: float = 0.0
    curvature: Curvature | None = None
    caution: float = 0.0
    shares: Array | None = None
    within: float = 0.0
    slope: Array | None = None
    smooth: float = 0.0

    @property
    def mixed(self) -> float:
        """1 where every chunk has the classes of all rows so far, 0 where each has only one."""
        whole = 0.0 if self.shares is None else variance(self.shares)
        return min(self.within / whole, 1.0) if whole > 0 else 0.0

    def count(self, new: Array, share: float) -> Seen:
        """With the classes of another chunk of this share."""
        if self.shares is None:
            return replace(self, shares=new, within=variance(new))
        return replace(
            self, shares=(1 - share) * self.shares + share * new, within=(1 - share) * self.within + share * variance(new)
        )

    def add(self, new: Curvature, share: float) -> Seen:
        """With another chunk of this share."""
        if self.curvature is None:  # rows of an earlier fit count as if they had been like these
            return replace(self, curvature=new)
        return replace(self, curvature=self.curvature.scaled(1 - share) + new.scaled(share))

    def lean(self, slope: Array, smooth: float, share: float) -> Seen:
        """With another chunk's slope and smoothness."""
        if self.slope is None:
            return replace(self, slope=slope, smooth=smooth)
        return replace(self, slope=(1 - share) * self.slope + share * slope, smooth=(1 - share) * self.smooth + share * smooth)


def shrunk(curvature: Curvature, share: float) -> Curvature:
    """Second moments with more of their diagonal: as if every feature had been seen by itself once.

    Directions that the first few rows leave unseen look flat, and a step would be thrown far along them; where the slopes of the
    loss saturate nothing would ever bring it back.
    """
    return replace(curvature, moments=curvature.moments + share * np.diag(np.diag(curvature.moments)))


def variance(shares: Array) -> float:
    """That of the classes of a row drawn from these shares."""
    return float((shares * (1 - shares)).sum())


def class_shares(objective: Objective) -> Array:
    """The share of every class among the rows: by how much the slopes at zero fall short of an even guess."""

    def of_block(block: Block) -> tuple[Array]:
        z = block.constant(0.0, objective.shape[0])
        return (namespace(z).sum(block.weigh(objective.loss.mean(z) - objective.loss.value_and_slope(block.y, z)[1]), axis=0),)

    (total,) = objective.source.sum_over_blocks(of_block)
    return total / objective.n_samples


def steady_curvature(objective: Objective, theta: Array, full: bool, centred: bool, mixed: float) -> Curvature:
    """Second moments of a chunk, weighted by a curvature that a single row's step cannot outrun.

    A row that is wrong with confidence has hardly any curvature, and Newton's step would throw it anywhere. The square of the
    slope of a log-likelihood has the curvature as its mean (Fisher's identity), so half of each is right on average, and large
    where the slope is. A row that is right with confidence has hardly any, either, and later rows of another class would carry it
    over to their side, as if there were no wall beyond the flat: so where chunks are not ``mixed``, what is remembered is not the
    curvature but :func:`chord`'s. Other losses that are not quadratic take their greatest curvature.
    """

    def of_block(block: Block) -> Array:
        z = block.raw(theta)
        h = objective.loss.curvature_at(block.y, z)
        if isinstance(objective.loss, LogLoss | Multinomial):
            h = mixed * h + (1 - mixed) * chord(objective.loss.mean(z))
            h = (h + objective.loss.value_and_slope(block.y, z)[1] ** 2) / 2
        elif not objective.quadratic:
            h = block.constant(objective.loss.curvature, h.shape[1])
        return block.weigh(at_least(h, 1e-10 * objective.loss.curvature))

    objective.n_passes += 1
    total, center, moments = objective.source.moments(of_block, full, centred and objective.fit_intercept)
    return Curvature(total / objective.n_samples, center, moments / objective.n_samples, objective.source.blur(full))


def chord(p: Array) -> Array:
    """Curvature ``(p - 1/2) / log(p / (1 - p))`` of the least parabola above the loss that touches it at the probability p.

    It touches on the other side, too, where the row would be wrong: there the wall begins (Jaakkola and Jordan 2000).
    """
    xp = namespace(p)
    least = float(xp.finfo(p.dtype).eps)
    p = xp.clip(p, least, 1 - least)
    odds = xp.log(p) - xp.log1p(-p)
    near = xp.abs(odds) < 1e-3
    bend: Array = xp.where(near, 0.25 * xp.ones_like(p), (p - 0.5) / xp.where(near, xp.ones_like(p), odds))
    return bend
