"""What a point with a vanishing gradient is: minimum, saddle, maximum, or flat."""

from __future__ import annotations

import numpy as np

from sk_gd.descent.function import Array, Function


def describe(function: Function, theta: Array, gradient: Array) -> tuple[Array | None, str, bool]:
    """Eigenvalues of the second derivative by the variables that no bound holds, a sentence, and whether it may be a minimum.

    By the second order conditions a point is a minimum if all are positive, and none if one is negative.
    """
    free = ~function.held(theta, gradient)[0]
    count = int(free.sum())
    if count == 0:
        return np.empty(0), "Every variable is held by a bound that the gradient pushes against: a local minimum in a corner.", True
    if function.n_features > function.max_full:
        return None, f"The curvature of more than {function.max_full} variables was not looked at.", True
    hessian = function.hessian(theta)[np.ix_(free, free)]
    if not np.isfinite(hessian).all():
        return None, "The curvature could not be looked at: fun is not finite around the point.", True
    values = np.linalg.eigvalsh(hessian)
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
