"""The function that is minimised: mean loss plus penalty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from scipy.sparse import issparse

from sk_gd._array import Array, at_least, beside, double_sum, namespace, sums_on_host
from sk_gd._compat import cached_property
from sk_gd.descent.dual import dual_at, excess_after
from sk_gd.descent.moments import joint_moments, moments_apart
from sk_gd.descent.product import NO_SLOPES, TRACE, diagonals_at, greatest_product, product_at
from sk_gd.descent.smoothness import largest_eigenvalue, largest_of_rows
from sk_gd.descent.subsets import sampled
from sk_gd.descent.typical import typical_rows
from sk_gd.losses import Conjugate, Cornered, Loss, Piecewise
from sk_gd.penalties import ElasticNet
from sk_gd.preconditioners import Coordinates, Curvature, Metric, apart_from_shift
from sk_gd.sources import Block, DenseSource, PickedDense, PickedRows, Source, source_of

T = TypeVar("T")


class Objective:
    """``F(theta) = (1 / n) * sum_i s_i * loss(y_i, z_i) + penalty(coef)``, ``z_i = x_i . coef + intercept``.

    Parameters
    ----------
    loss, penalty, source
        See the rooms of these names. The source's weights have mean 1.
    n_outputs : int
        Number of raw predictions per row.
    fit_intercept : bool
        Whether theta, of shape (n_outputs, n_features + fit_intercept), ends with an intercept.
    """

    max_full = 1024  # a full metric holds three arrays of the square of the features

    def __init__(self, loss: Loss, penalty: ElasticNet, source: Source, n_outputs: int, fit_intercept: bool) -> None:
        self.loss, self.penalty, self.source, self.fit_intercept = loss, penalty, source, fit_intercept
        self.l2, self.quadratic, self.couples = penalty.l2, loss.quadratic, loss.couples
        self.jumps, self.proves = isinstance(loss, Piecewise), isinstance(loss, Conjugate)
        self.smooth = not isinstance(loss, Cornered) or bool(np.all(loss.radius))
        self.dtype = source.dtype
        self.n_samples, self.n_features = source.n_samples, source.n_features
        self.shape = (n_outputs, self.n_features + fit_intercept)
        self.n_passes = 0.0
        self.remembers = False  # whether passes over all rows keep the slopes that the next product with the Hessian begins with
        self.last: tuple[Array, Array] | None = None  # theta and slopes of the last pass that did
        self.raw: tuple[Array, Array] | None = None  # theta and raw predictions of all rows there, where a search has come by them
        self.bending: tuple[Array, Source] | None = None  # theta of the last product, and rows whose targets it begins with

    def coef(self, theta: Array) -> Array:
        """Theta without the intercept."""
        return theta[:, : self.n_features]

    def rounding(self, value: float) -> float:
        """Differences of F below this are noise of the arithmetic."""
        return float(16 * np.finfo(self.source.dtype).eps * abs(value))

    def symmetric(self, theta: Array) -> Array:
        """Theta with the cheapest of all common shifts of the outputs, where the loss does not see them.

        Intercepts get mean zero; under a pure L1 penalty every feature's coefficients get median zero (the least one zero, where
        none may be negative), which gradient steps would only creep towards. So they would where only a ridge penalty sees the
        shift: see :meth:`unshifted`.
        """
        if not self.loss.couples:
            return theta
        theta = theta.copy()
        if np.any(self.penalty.l1) and not np.any(self.penalty.l2):
            theta -= np.sort(theta, axis=0)[0 if self.penalty.positive else (len(theta) - 1) // 2]
        theta[:, self.n_features :] -= theta[:, self.n_features :].mean(axis=0)
        return theta

    def unshifted(self, theta: Array) -> Array:
        """``symmetric``, and with a mean of zero over the outputs where the ridge penalty alone sees it: there that is least."""
        return apart_from_shift(theta) if self.couples and not self.penalty.kinked else self.symmetric(theta)

    @cached_property
    def constant(self) -> Array:
        """Theta of the best model that ignores X."""
        theta = np.zeros(self.shape)
        if self.fit_intercept:
            theta[:, -1] = self.loss.constant(self.source.y, self.source.weights)
        return theta

    @cached_property
    def constant_value(self) -> float:
        """F of the best model that ignores X: where the relative gap is 1."""
        return self.value_without_features(self.constant[:, -1:] if self.fit_intercept else np.zeros((self.shape[0], 1)))

    def value_without_features(self, intercept: Array) -> float:
        """Mean loss of a model of intercepts, shape (n_outputs, 1), alone; X is not read for it."""
        ranges = self.source.ranges(self.shape[0])
        return sum(self.source.map(lambda rows: self.source.without_features(self.loss, intercept, rows), ranges)) / self.n_samples

    def on(self, source: Source, loss: Loss) -> Objective:
        """The same of other rows, or with another loss."""
        return Objective(loss, self.penalty, source, self.shape[0], self.fit_intercept)

    def over(self, features: Array) -> Objective:
        """The same function of some of the coefficients, the others being zero."""
        X = self.source.X
        columns = X[:, features] if issparse(X) else np.take(X, features, axis=1)
        source = source_of(columns, self.source.y, self.source.weights)
        return Objective(self.loss, self.penalty.of(features), source, self.shape[0], self.fit_intercept)

    def exact(self) -> Objective:
        """The same in double precision."""
        return self.on(self.source.exact(), self.loss)

    def costing(self, loss: Loss) -> Objective:
        """The same with another loss."""
        return self.on(self.source, loss)

    def of_parts(self, question: Callable[..., T], *arguments: Any) -> list[T]:
        """What a question gets of every part of the rows; here they are in one."""
        return [question(self, *arguments)]

    def rows(self, rows: Array, weights: Array | None = None, copied: bool = True) -> Objective:
        """The same function of some of the rows, with other weights if those are given; their mean is 1 again.

        Where that can be they are not ``copied``, but brought together whenever they are asked for.
        """
        source = self.source
        picked = not copied and isinstance(source, DenseSource) and not source.in_file
        block = source.bare(rows) if picked else source.take(rows)
        weights = block.weights if weights is None else beside(weights, block.y)
        if weights is not None:
            weights = weights / namespace(weights).mean(weights)
        if not picked:
            return self.on(source_of(block.X, block.y, weights), self.loss)
        X = source.X.of(rows) if isinstance(source, PickedDense) else PickedRows(source.X, rows)
        return self.on(PickedDense(X, block.y, weights), self.loss)

    def sample(self, share: int, copied: bool = True) -> Objective:
        """The same function of one row out of every ``share`` in succession, always the same ones."""
        self.n_passes += self.source.in_file  # there, reading is what counts
        return self.rows(sampled(self.n_samples // share, share), copied=copied)

    def value_and_gradient(self, theta: Array, rows: Array | None = None, slopes: Array = NO_SLOPES) -> tuple[float, Array]:
        """F and the gradient of its smooth part, on all rows or estimated on some.

        ``slopes`` of shape (n_samples, n_outputs) receives the weighted derivative of the loss of every row.
        """
        if rows is None:
            count = self.n_samples
            if self.remembers and not len(slopes):
                slopes = self.source.zeros(self.shape[0]) if self.last is None else self.last[1]
                self.last = theta, slopes
            value, gradient = self.source.value_and_gradient(self.loss, theta, slopes)
        else:
            block, count = self.source.take(rows), len(rows)
            per_row, slope = self.loss.value_and_slope(block.y, block.raw(theta))
            value = float(double_sum(block.weigh(per_row)))
            gradient = sums_on_host(block.gradient(block.weigh(slope), self.fit_intercept))
        self.n_passes += count / self.n_samples
        coef = self.coef(theta)
        gradient = gradient / count  # never by the rows' own weights: that would cancel them where a batch is one row
        self.coef(gradient)[:] += self.penalty.gradient(coef)
        return value / count + self.penalty.value(coef), gradient

    def prox(self, theta: Array, rate: float) -> Array:
        """Proximal map of the penalty's other part, which has no gradient at zero; at rate 0 the nearest theta allowed."""
        return np.hstack([self.penalty.prox(self.coef(theta), rate), theta[:, self.n_features :]])

    def penalty_change(self, theta: Array, step: Array) -> float:
        """Change of the penalty's part without a gradient over a full step."""
        coef = self.coef(theta)
        return float((self.penalty.l1 * (np.abs(coef + self.coef(step)) - np.abs(coef))).sum())

    def curvature(self, theta: Array, full: bool, centred: bool = True) -> Curvature:
        """Second moments of the rows weighted by the loss's second derivative at theta."""

        def curvature_of(block: Block) -> Array:
            z = block.constant(0.0, 1) if self.loss.quadratic else block.raw(theta)  # the same at any z, and for every output
            return self.bend_of(block, z)

        self.n_passes += 1
        total, center, moments = self.source.moments(curvature_of, full, centred and self.fit_intercept)
        total = np.broadcast_to(total, self.shape[:1])
        return Curvature(total / self.n_samples, center, moments / self.n_samples, self.source.blur(full))

    def bend_of(self, block: Block, z: Array) -> Array:
        """The weighted second derivative of the loss of some rows with raw predictions z."""
        h: Array = block.weigh(at_least(self.loss.curvature_at(block.y, z), TRACE * self.loss.curvature))
        return h

    def with_curvature(self, theta: Array) -> tuple[float, Array, Curvature]:
        """``value_and_gradient`` and the full ``curvature``, in one visit of the rows."""

        def of_rows(block: Block) -> tuple[Array, ...]:
            z = block.raw(theta)
            per_row, slope = self.loss.value_and_slope(block.y, z)
            values = double_sum(block.weigh(per_row)[:, None], axis=0)
            return self.bend_of(block, z), values, block.gradient(block.weigh(slope), self.fit_intercept)

        self.n_passes += 1
        n, sums = self.n_samples, self.source.moments_and_sums(of_rows, full=True, centred=self.fit_intercept)
        total, center, moments, value, gradient = sums
        coef, gradient = self.coef(theta), gradient / n
        self.coef(gradient)[:] += self.penalty.gradient(coef)
        curvature = Curvature(total / n, center, moments / n, self.source.blur(full=True))
        return float(value[0]) / n + self.penalty.value(coef), gradient, curvature

    def typical(self, theta: Array, share: int) -> Objective:
        """The same function of one row out of every ``share``, and of those that are rare; of all rows, if there are too many."""
        return typical_rows(self, theta, share)

    def own_curvature(self, theta: Array) -> Curvature:
        """Diagonal of the second moments of every output by itself, of CSR rows and a loss that couples."""
        return diagonals_at(self, theta)

    def joint_curvature(self, theta: Array) -> Curvature:
        """Mean over the rows of ``H (x) (x - center, 1)(x - center, 1)'``, all outputs against all; H is the loss's own."""
        return joint_moments(self, theta)

    def apart(self, theta: Array, count: int, use: Callable[[Curvature], T]) -> list[T]:
        """``use`` of the second moments of every output by itself, estimated on about ``count`` rows."""
        return moments_apart(self, theta, count, use)

    def hessian_product(self, theta: Array, again: bool = True) -> Callable[[Array], Array]:
        """The map from a step to the Hessian at theta times it; where it is wanted ``again``, passes keep what it begins with."""
        return product_at(self, theta, again)

    def dual(self, slopes: Array) -> tuple[float, Array]:
        """What slopes of all rows prove, as :func:`~sk_gd.descent.dual.lower_bound` takes it."""
        self.n_passes += 1
        return dual_at(self.source, self.loss, slopes, self.fit_intercept)

    def excess_after(self, theta: Array, step: Array) -> tuple[float, Array]:
        """What the slopes prove to which a step leads: see :func:`~sk_gd.descent.dual.excess_after`."""
        self.n_passes += 1
        return excess_after(self.source, self.loss, theta, step, self.fit_intercept)

    def smoothness(self, metric: Metric) -> float:
        """Largest eigenvalue of the Hessian's upper bound in a metric: L. Descent is stable below a rate of 2 / L."""
        return largest_eigenvalue(self, metric)

    def greatest_product(self) -> Callable[[Array], Array]:
        """The map from a step to the loss's greatest curvature, the same for all rows, times it."""
        return greatest_product(self)

    def row_smoothness(self, coordinates: Coordinates, theta: Array | None) -> float:
        """Largest curvature of the loss of a single row in these coordinates: anywhere, or at theta."""
        return largest_of_rows(self, coordinates, theta)
