"""What a metric has to answer, and what it is built from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

import numpy as np

from sk_gd._array import Array, beside

T = TypeVar("T")


@dataclass(frozen=True)
class Curvature:
    """Second moments of the rows, weighted by the curvature h of the loss at some theta.

    The features are centred at their weighted mean: that takes the intercept out of the equations exactly, so an
    offset in X costs no digits and needs no column of its own.

    Attributes
    ----------
    total : ndarray of shape (n_outputs,)
        Mean of h, per output.
    center : ndarray of shape (n_features,)
        Mean of x weighted by h; zero without an intercept.
    moments : ndarray of shape (n_features,) or (n_features, n_features)
        Mean of h (x - center)^2, or of h (x - center)(x - center)', with h averaged over the outputs.
    blur : float
        Rounding of a moment as share of its center: what it leaves of a constant column is ``h (blur * center)^2`` at most.
    """

    total: Array
    center: Array
    moments: Array
    blur: float = 0.0

    @property
    def nothing(self) -> Array:
        """Moments up to which a column is constant, per output and feature."""
        return self.total[:, None] * (self.blur * self.center) ** 2

    def scaled(self, share: float) -> Curvature:
        """Of rows that count ``share`` times as much."""
        return Curvature(share * self.total, self.center, share * self.moments, self.blur)

    def __add__(self, other: Curvature) -> Curvature:
        """Of the rows of both, exactly: the centers' distance adds to the moments (Chan, Golub and LeVeque 1979)."""
        a, b = self.total.mean(), other.total.mean()
        apart, pull = other.center - self.center, a * b / (a + b)
        between = np.outer(apart, apart) if other.moments.ndim == 2 else apart**2
        center = (a * self.center + b * other.center) / (a + b)
        moments, blur = self.moments + other.moments + pull * between, max(self.blur, other.blur)
        return Curvature(self.total + other.total, center, moments, blur)


class Bending(Protocol):
    """What a metric asks of an objective."""

    l2: float | Array
    n_samples: int
    n_features: int
    n_passes: float
    couples: bool

    def curvature(self, theta: Array, full: bool, centred: bool) -> Curvature:
        """Second moments at theta, or only their diagonal."""

    def typical(self, theta: Array, share: int) -> Bending:
        """What bends at theta nearly as the objective does, and has one row out of every ``share``."""

    def own_curvature(self, theta: Array) -> Curvature:
        """Diagonal of the second moments at theta of every output by itself, about its own center."""

    def joint_curvature(self, theta: Array) -> Curvature:
        """Second derivative at theta by the parameters of all outputs, over centred features."""

    def apart(self, theta: Array, count: int, use: Callable[[Curvature], T]) -> list[T]:
        """``use`` of the second moments at theta of every output by itself, estimated on ``count`` rows."""

    def hessian_product(self, theta: Array) -> Callable[[Array], Array]:
        """The map from a step to the second derivative at theta times it."""


@dataclass(frozen=True)
class Coordinates:
    """A linear change of variables after which the metric is a multiple of the identity.

    Rows become ``(x - center) @ into``, coefficients ``out @ coef``; with the penalty still separable. One-dimensional
    ``into`` and ``out`` stand for diagonal matrices.
    """

    center: Array
    into: Array
    out: Array
    l1: Array
    l2: Array

    def beside(self, X: Any) -> Coordinates:
        """The same, with what moves rows where they are."""
        return replace(self, center=beside(self.center, X), into=beside(self.into, X))

    def rows(self, X: Array) -> Array:
        """Rows of X in these coordinates, in X's dtype."""
        centred, into = X - beside(self.center, X), beside(self.into, X)
        moved: Array = centred * into if self.into.ndim == 1 else centred @ into
        return moved

    def enter(self, theta: Array) -> Array:
        """Parameters in these coordinates: z is the same."""
        coef, intercept = np.split(theta, [len(self.center)], axis=1)
        moved = coef * self.out if self.out.ndim == 1 else coef @ self.out.T
        return np.hstack([moved, intercept + coef @ self.center[:, None]] if intercept.size else [moved])

    def leave(self, theta: Array) -> Array:
        """The inverse of ``enter``."""
        coef, intercept = np.split(theta, [len(self.center)], axis=1)
        moved = coef * self.into if self.into.ndim == 1 else coef @ self.into.T
        return np.hstack([moved, intercept - moved @ self.center[:, None]] if intercept.size else [moved])

    def gradient(self, gradient: Array) -> Array:
        """Gradient by the parameters in these coordinates."""
        coef, intercept = np.split(gradient, [len(self.center)], axis=1)
        if intercept.size:
            coef = coef - intercept * self.center
        moved = coef * self.into if self.into.ndim == 1 else coef @ self.into
        return np.hstack([moved, intercept])


class Metric(ABC):
    """A positive definite model of the objective's second derivative. Steepest descent in it is ``solve(gradient)``.

    Attributes
    ----------
    full : bool
        Whether it relates the features to each other: then rows cannot be used as they are, nor features be penalised apart.
    """

    full: bool

    @property
    @abstractmethod
    def unit(self) -> float:
        """The metric is ``unit * identity`` in its own coordinates."""

    @abstractmethod
    def update(self, objective: Bending, theta: Array, centred: bool = True) -> None:
        """Build the metric anew at theta; without ``centred`` it may scale features, but not move them."""

    @abstractmethod
    def cost(self, n_features: int, n_outputs: int) -> float:
        """About how many passes over the data an update takes; infinite where it would change nothing."""

    @abstractmethod
    def solve(self, gradient: Array) -> Array:
        """The direction of steepest ascent: the inverse of the metric times the gradient."""

    @abstractmethod
    def product(self, step: Array) -> Array:
        """The metric times a step: what the gradient would change by, were the model right."""

    def apart(self, centred: bool) -> Metric:
        """What of it a penalty with a kink lets updates have, which keeps the features apart: its diagonal."""
        return self

    def coordinates(self, l1: float | Array, l2: float | Array) -> Coordinates:
        """The change of variables that makes this metric a multiple of the identity; one that mixes or splits outputs has none."""
        raise TypeError(f"{type(self).__name__} has no coordinates that rows could be moved into: use Diagonal or Hessian.")


def apart_from_shift(step: Array) -> Array:
    """A step without what moves all outputs alike, which a softmax does not see."""
    own: Array = step - step.mean(axis=0)
    return own


def fill_diagonal(diagonal: Array, nothing: Array) -> Array:
    """Curvatures, with the mean of the others for constant columns, which have ``nothing``: their gradient is zero anyway."""
    positive = diagonal > nothing
    filled: Array = np.where(positive, diagonal, diagonal[positive].mean() if positive.any() else 1.0)
    return filled


class CentredMetric(Metric):
    """A metric over centred features: what the diagonal and the full Hessian share.

    With the features centred the Hessian falls apart into the intercept's entry and the coefficients' block, so ``solve``
    and ``product`` treat the two apart. Outputs share the block and differ by a factor (the mean curvature of each).
    """

    center: Array
    total: Array
    factor: Array
    nothing: Array
    flat: Array  # which columns are constant: what bends there is made up
    hessian: Array  # of one output, with the ridge penalty: shape (n_features,) or (n_features, n_features)

    @property
    def unit(self) -> float:
        return float(self.total.mean())

    def update(self, objective: Bending, theta: Array, centred: bool = True) -> None:
        self.adopt(objective.curvature(theta, self.full, centred), objective.l2)

    def adopt(self, curvature: Curvature, l2: float | Array) -> None:
        """Build the metric from moments that are known."""
        self.center, self.total = curvature.center, curvature.total
        self.factor, self.nothing = curvature.total / curvature.total.mean(), curvature.nothing.mean(axis=0)
        diagonal = curvature.moments if curvature.moments.ndim == 1 else np.diag(curvature.moments)
        self.flat = diagonal <= self.nothing
        self.build(curvature.moments, l2)

    def cost(self, n_features: int, n_outputs: int) -> float:
        return 1 + n_features / 8 if self.full else 20  # a diagonal takes one, but the secants that it makes void took more

    @abstractmethod
    def build(self, moments: Array, l2: float | Array) -> None:
        """Set ``hessian`` and what solving with it needs."""

    @abstractmethod
    def solve_coef(self, gradient: Array) -> Array:
        """Inverse of the block times gradients, shape (n_outputs, n_features)."""

    @abstractmethod
    def product_coef(self, step: Array) -> Array:
        """The block times steps, shape (n_outputs, n_features)."""

    def solve(self, gradient: Array) -> Array:
        coef, intercept = np.split(gradient, [len(self.center)], axis=1)
        if not intercept.size:
            return self.solve_coef(coef) / self.factor[:, None]
        direction, d = np.empty_like(gradient), len(self.center)
        part = direction[:, :d]  # in place: of a large theta every new array costs time
        np.subtract(coef, np.multiply(intercept, self.center, out=part), out=part)
        np.divide(self.solve_coef(part), self.factor[:, None], out=part)
        direction[:, d:] = intercept / self.total[:, None] - part @ self.center[:, None]
        return direction

    def product(self, step: Array) -> Array:
        coef, intercept = np.split(step, [len(self.center)], axis=1)
        gradient = self.product_coef(coef) * self.factor[:, None]
        if not intercept.size:
            return gradient
        of_intercept = self.total[:, None] * (intercept + coef @ self.center[:, None])
        return np.hstack([gradient + of_intercept * self.center, of_intercept])
