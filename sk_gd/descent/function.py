"""Any differentiable function of a vector, as a descent asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds

from sk_gd._compat import approx_derivative
from sk_gd.penalties import ElasticNet
from sk_gd.preconditioners import Coordinates, Curvature, Identity, Metric

Array = NDArray[Any]
T = TypeVar("T")

WALL = 1e20  # curvature of a variable that a bound holds, as a multiple of the largest of the others


class Function:
    """``fun(x)``, possibly within bounds; theta is x as a row, there is one "sample" and nothing to average over.

    Where the value or a derivative is not a number or infinite, the value is nan: no step is taken there.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args) -> float``, or with ``jac=True`` ``(float, gradient)``.
    jac : callable, True or None
        ``jac(x, *args) -> gradient``; None differentiates numerically (central differences that keep to the bounds).
    bounds : Bounds
        Of x; infinite where there are none.
    start : ndarray of shape (n,)
        Where the way down begins.
    """

    n_samples = 1
    dtype = np.dtype(np.float64)
    penalty = ElasticNet(0.0)
    l2: float | Array = 0.0
    quadratic = couples = False
    smooth, jumps, proves = True, False, False
    max_full = 64  # a Hessian takes two gradients a variable

    def __init__(self, fun: Callable[..., Any], jac: Any, args: tuple[Any, ...], bounds: Bounds, start: Array) -> None:
        self.fun, self.jac, self.args, self.bounds = fun, jac, args, bounds
        self.n_features = len(start)
        self.shape = (1, self.n_features)
        self.start = start[None]
        self.bounded = bool(np.isfinite(bounds.lb).any() or np.isfinite(bounds.ub).any())
        self.n_values = self.n_gradients = 0
        self.n_passes = 0.0
        # gradients are known to about this relative error, which says how far apart to take two of them
        error = np.finfo(np.float64).eps ** (1.0 if jac else 2 / 3)
        self.spacing, self.noise = error ** (1 / 3), 10 * error ** (2 / 3)
        self.constant_value = self.value_and_gradient(self.project(self.start))[0]

    def value(self, x: Array) -> float:
        """``fun(x)`` alone."""
        self.n_values += 1
        return one_number(self.fun(x.copy(), *self.args))

    def value_and_gradient(self, theta: Array, rows: Array | None = None) -> tuple[float, Array]:
        """Value and gradient; (nan, nan) outside the domain, where arithmetic may complain in silence."""
        with np.errstate(all="ignore"):
            return self.evaluate(self.project(theta)[0])  # a point on a bound may round to beyond it

    def evaluate(self, x: Array) -> tuple[float, Array]:
        """Call fun and jac."""
        if self.jac is True:
            value, gradient = self.fun(x.copy(), *self.args)
            value, self.n_values = one_number(value), self.n_values + 1
        else:
            value = self.value(x)
            if not np.isfinite(value):
                return np.nan, np.full(self.shape, np.nan)
            gradient = self.jac(x.copy(), *self.args) if self.jac else self.differences(x, value)
        self.n_gradients, self.n_passes = self.n_gradients + 1, self.n_passes + 1
        gradient = np.asarray(gradient, dtype=np.float64)
        if gradient.size != self.n_features:
            raise ValueError(f"The gradient must have the {self.n_features} entries of x, got shape {gradient.shape}.")
        gradient = gradient.reshape(self.shape)
        return (value if np.isfinite(value) and np.isfinite(gradient).all() else np.nan), gradient

    def differences(self, x: Array, value: float) -> Array:
        """The gradient by central differences of values; zero by variables that the bounds leave no room."""
        low, high = self.bounds.lb, self.bounds.ub
        free, moved, gradient = low < high, x.copy(), np.zeros(len(x))

        def value_of(part: Array) -> float:
            moved[free] = part
            return self.value(moved)

        gradient[free] = approx_derivative(value_of, x[free], method="3-point", f0=value, bounds=(low[free], high[free]))
        return gradient

    def coef(self, theta: Array) -> Array:
        """Theta: there is no intercept."""
        return theta

    def symmetric(self, theta: Array) -> Array:
        """Theta as it is: there is one output."""
        return theta

    def rounding(self, value: float) -> float:
        """Differences of the value below this are noise of the arithmetic."""
        return float(16 * np.finfo(self.dtype).eps * abs(value))

    def penalty_change(self, theta: Array, step: Array) -> float:
        """There is no penalty."""
        return 0.0

    def project(self, theta: Array) -> Array:
        """The nearest point within the bounds."""
        return np.clip(theta, self.bounds.lb, self.bounds.ub)

    def held(self, theta: Array, gradient: Array) -> Array:
        """Which variables are at a bound that the descent pushes against."""
        low, high = self.bounds.lb, self.bounds.ub
        return ((theta <= low) & (gradient > 0)) | ((theta >= high) & (gradient < 0)) | (low == high)

    def hessian(self, theta: Array) -> Array:
        """Second derivative, shape (n, n), by central differences of gradients (one-sided at a bound)."""
        steps = self.spacing * (np.abs(theta[0]) + 1)
        columns = []
        for step in np.diag(steps):
            high, low = self.project(theta + step), self.project(theta - step)
            change = self.value_and_gradient(high)[1] - self.value_and_gradient(low)[1]
            columns.append(change[0] / max((high - low).sum(), np.finfo(np.float64).tiny))
        return (np.array(columns) + np.array(columns).T) / 2

    def bend(self, theta: Array, gradient: Array) -> float:
        """Size of the second derivative along the gradient; where that is straight, one that makes a first step of x's size."""
        length = float(np.linalg.norm(gradient))
        if length == 0 or not np.isfinite(length):
            return 1.0
        size = self.spacing * (1 + float(np.abs(theta).max()))
        moved = self.project(theta - size * gradient / length)
        change = self.value_and_gradient(moved)[1] - gradient
        curvature = float(np.abs(np.vdot(change, moved - theta))) / max(float(np.sum((moved - theta) ** 2)), 1e-300)
        return curvature if curvature > 0 and np.isfinite(curvature) else length / (1 + float(np.linalg.norm(theta)))

    def curvature(self, theta: Array, full: bool, centred: bool = True) -> Curvature:
        """``|H|``, the Hessian with its eigenvalues made positive, or the one number of :meth:`bend`.

        A bound that holds a variable is a wall: as stiff as can be.
        """
        gradient = self.value_and_gradient(theta)[1]
        bend, held = self.bend(theta, gradient), self.held(theta, gradient)[0]
        moments = np.full(self.n_features, bend)
        if full and np.isfinite(hessian := self.hessian(theta)).all():
            free = ~held
            values, vectors = np.linalg.eigh(hessian[np.ix_(free, free)])
            values = np.maximum(np.abs(values), self.noise * np.abs(values).max(initial=0.0))
            moments = np.zeros((self.n_features, self.n_features))
            moments[np.ix_(free, free)] = (vectors * values) @ vectors.T
            moments[held, held] = WALL * max(np.diag(moments).max(initial=0.0), bend)
        elif full:
            moments = np.diag(moments)
        else:
            moments[held] *= WALL
        return Curvature(np.array([bend]), np.zeros(self.n_features), moments)

    def typical(self, theta: Array, share: int) -> Function:
        """There are no rows."""
        return self

    def own_curvature(self, theta: Array) -> Curvature:
        """There is one output."""
        return self.curvature(theta, full=False)

    def joint_curvature(self, theta: Array) -> Curvature:
        """There is one output."""
        return self.curvature(theta, full=True)

    def apart(self, theta: Array, count: int, use: Callable[[Curvature], T]) -> list[T]:
        """There is one output."""
        return [use(self.curvature(theta, full=True))]

    def hessian_product(self, theta: Array) -> Callable[[Array], Array]:
        """The map from a step to the second derivative at theta times it: the change of the gradient over a small step."""

        def multiply(step: Array) -> Array:
            size = self.spacing * (1 + np.abs(theta).max()) / max(float(np.abs(step).max()), 1e-300)
            high, low = self.project(theta + size * step), self.project(theta - size * step)
            return (self.value_and_gradient(high)[1] - self.value_and_gradient(low)[1]) / (2 * size)

        return multiply

    def smoothness(self, metric: Metric) -> float:
        """Largest size of an eigenvalue of the second derivative at the start, in a metric, by power iteration on gradients."""
        theta = self.project(self.start)
        gradient = self.value_and_gradient(theta)[1]
        v, largest = metric.solve(gradient if gradient.any() else np.ones(self.shape)), 0.0
        for _ in range(20):
            v = v / max(np.sqrt(abs(float(np.vdot(v, metric.product(v))))), 1e-300)
            size = self.spacing * (1 + np.abs(theta).max()) / max(np.abs(v).max(), 1e-300)
            high, low = self.project(theta + size * v), self.project(theta - size * v)
            bent = self.value_and_gradient(high)[1] - self.value_and_gradient(low)[1]
            length = float(np.vdot(high - low, metric.product(high - low)))
            previous, largest = largest, abs(float(np.vdot(high - low, bent))) / max(length, 1e-300)
            if not largest > previous * 1.01:
                break
            v = metric.solve(bent)
        return largest

    def row_smoothness(self, coordinates: Coordinates, theta: Array | None) -> float:
        """The only row is all of them."""
        metric = Identity()
        metric.update(self, self.start)
        return self.smoothness(metric)


def one_number(value: Any) -> float:
    """What a function of the user's returned, which may be an array with a single entry."""
    if np.size(value) != 1:
        raise ValueError(f"fun must return one number, got an array of shape {np.shape(value)}.")
    return float(np.asarray(value).item())
