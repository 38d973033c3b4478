"""The Hessian of several outputs that share their rows: softmax regression."""

from __future__ import annotations

import numpy as np

from sk_gd._array import Array
from sk_gd.preconditioners._base import Bending, Curvature, Metric, fill_diagonal
from sk_gd.preconditioners.diagonal import Diagonal
from sk_gd.preconditioners.hessian import factorise


class Joint(Metric):
    """``P = mean H_i (x) (x - center, 1)(x - center, 1)' + l2 I`` with H_i the second derivative of row i by its raw predictions.

    Where :class:`~sk_gd.preconditioners.Hessian` lets all outputs share one block, this one knows how they pull on each other;
    it holds (n_outputs * n_features)^2 numbers.
    """

    full = True

    @property
    def unit(self) -> float:
        return 1.0

    def update(self, objective: Bending, theta: Array, centred: bool = True) -> None:
        curvature = objective.joint_curvature(theta)
        self.center, self.total, diagonal = curvature.center, curvature.total, np.diag(curvature.moments)
        ridge, nothing = np.zeros(theta.shape), np.zeros(theta.shape)
        ridge[:, : objective.n_features], nothing[:, : objective.n_features] = objective.l2, curvature.nothing
        self.flat = diagonal <= nothing.ravel()
        self.hessian = curvature.moments + np.diag(fill_diagonal(diagonal, nothing.ravel()) - diagonal + ridge.ravel())
        self.matrix = factorise(self.hessian)

    def cost(self, n_features: int, n_outputs: int) -> float:
        return 1 + n_features * n_outputs / 8

    def apart(self, centred: bool) -> Diagonal:
        own = np.diag(self.hessian).reshape(len(self.total), -1)[:, : len(self.center)]
        return Diagonal.of(self.total, self.center, own.mean(axis=0), centred)

    def centred_gradient(self, gradient: Array) -> Array:
        """Gradient by the parameters over centred features."""
        d = len(self.center)
        moved = gradient.copy()
        moved[:, :d] -= gradient[:, d:].sum(axis=1, keepdims=True) * self.center
        return moved

    def uncentred_step(self, step: Array) -> Array:
        """Step of the parameters over the features as they are, from one over centred features."""
        d = len(self.center)
        moved = step.copy()
        moved[:, d:] -= step[:, :d] @ self.center[:, None]
        return moved

    def centred_step(self, step: Array) -> Array:
        """The inverse of ``uncentred_step``."""
        d = len(self.center)
        moved = step.copy()
        moved[:, d:] += step[:, :d] @ self.center[:, None]
        return moved

    def solve(self, gradient: Array) -> Array:
        direction = self.matrix.solve(self.centred_gradient(gradient).reshape(1, -1))
        return self.uncentred_step(direction.reshape(gradient.shape))

    def product(self, step: Array) -> Array:
        d = len(self.center)
        gradient = (self.hessian @ self.centred_step(step).ravel()).reshape(step.shape)
        gradient[:, :d] += gradient[:, d:].sum(axis=1, keepdims=True) * self.center
        return gradient


def recentred(part: Curvature, center: Array, shape: tuple[int, int]) -> Array:
    """Joint second moments about another center: ``(x - center, 1)`` is linear in ``(x - part.center, 1)``."""
    n_outputs, width = shape
    if width == len(center):
        return part.moments
    move = np.eye(width)
    move[:-1, -1] = part.center - center
    blocks = part.moments.reshape(n_outputs, width, n_outputs, width)
    moved: Array = np.einsum("ab,kblc,dc->kald", move, blocks, move, optimize=True)
    return moved.reshape(part.moments.shape)
