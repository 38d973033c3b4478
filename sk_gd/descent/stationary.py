"""What a point with a vanishing gradient is: minimum, saddle, maximum, or flat."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

from sk_gd._threads import apart
from sk_gd.descent.function import Array, Function

RESTARTS = 30  # of Lanczos' method, some twenty products each
COARSE, FINE = 1e-2, 1e-4  # shares of the highest eigenvalue to which it and the lowest one are told


def describe(function: Function, theta: Array, gradient: Array) -> tuple[Array | None, str, bool]:
    """Eigenvalues of the second derivative by the variables that no bound holds, a sentence, and whether it may be a minimum.

    By the second order conditions a point is a minimum if all are positive, and none if one is negative. Of more than
    ``function.max_full`` variables they are the lowest and the highest.
    """
    free = ~function.held(theta, gradient)[0]
    count = int(free.sum())
    if count == 0:
        return np.empty(0), "Every variable is held by a bound that the gradient pushes against: a local minimum in a corner.", True
    if function.n_features > function.max_full and count > 2:
        return describe_ends(function, theta, free)
    hessian = function.hessian(theta)[np.ix_(free, free)]
    if not np.isfinite(hessian).all():
        return None, "The curvature could not be looked at: fun is not finite around the point.", True
    values = apart(np.linalg.eigvalsh, hessian, count**3)
    nothing = function.noise * np.abs(values).max()
    negative, positive = int((values < -nothing).sum()), int((values > nothing).sum())
    span = f"({values[0]:.3g} to {values[-1]:.3g})"
    if negative == count:
        return values, f"The curvature is negative in every direction {span}: a maximum, not a minimum. Start elsewhere.", False
    if negative:
        where = f"in {negative} of {count} directions {span}"
        return values, f"The curvature is negative {where}: a saddle point, not a minimum. Start elsewhere.", False
    if positive < count:
        return values, f"The curvature is zero in {count - positive} of {count} directions: flat there, as a minimum may be.", True
    return values, f"The curvature is positive in every direction {span}: a local minimum.", True


def describe_ends(function: Function, theta: Array, free: Array) -> tuple[Array | None, str, bool]:
    """The same of many variables, of which only the lowest and the highest eigenvalue are sought, by Lanczos' method.

    A direction in which the curvature is negative proves that the point is no minimum, wherever the search has got to.
    """
    multiply, count, seen = function.hessian_product(theta), int(free.sum()), []

    def product(v: Array) -> Array:
        step = np.zeros(theta.shape)
        step[0, free] = v.ravel()
        bent: Array = multiply(step)[0, free]
        seen.append(float(v.ravel() @ bent / (v.ravel() @ v.ravel())))
        return bent

    def highest(of_vector: Callable[[Array], Array], tol: float) -> float:
        operator = LinearOperator((count, count), matvec=of_vector, dtype=np.float64)
        return float(eigsh(operator, 1, which="LA", v0=start, tol=tol, maxiter=RESTARTS, return_eigenvectors=False)[0])

    start = np.random.default_rng(0).normal(size=count)
    if not np.isfinite(bent := product(start)).all():
        return None, "The curvature could not be looked at: fun is not finite around the point.", True
    if not bent.any():
        return np.zeros(2), "The curvature is zero in every direction: flat there, as a minimum may be.", True
    sure = True
    try:
        top = highest(product, COARSE)
        shift = top + abs(top)
        low = min(shift - highest(lambda v: shift * v.ravel() - product(v), FINE), *seen)
    except ArpackNoConvergence:
        top, low, sure = max(seen), min(seen), False
    values, nothing, span = np.array([low, top]), FINE * max(abs(low), abs(top)), f"({low:.3g} to {top:.3g})"
    if low < -nothing:
        kind = "every direction {}: a maximum" if top < -nothing else "some direction {}: a saddle point"
        return values, f"The curvature is negative in {kind.format(span)}, not a minimum. Start elsewhere.", False
    if not sure:
        return values, f"No direction of negative curvature was found in {len(seen)} products {span}: maybe a local minimum.", True
    if low <= nothing:
        return values, f"The curvature is zero in some direction {span}: flat there, as a minimum may be.", True
    return values, f"The curvature is positive in every direction {span}: a local minimum.", True
