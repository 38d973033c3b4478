"""The descent as a method of scipy's own ``minimize``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import OptimizeResult

from sk_gd.descent.minimize import minimize


def descent_method(
    fun: Callable[..., Any],
    x0: ArrayLike,
    args: tuple[Any, ...] = (),
    jac: Any = None,
    hess: Any = None,
    hessp: Any = None,
    bounds: Any = None,
    constraints: Any = (),
    callback: Callable[..., Any] | None = None,
    **options: Any,
) -> OptimizeResult:
    """:func:`minimize` as a ``method`` of :func:`scipy.optimize.minimize`.

    Parameters
    ----------
    fun : callable
        As in :func:`minimize`, and so are all arguments of which nothing else is said.
    x0 : array-like of shape (n,)
        Start.
    args : tuple, default=()
        Further arguments of ``fun`` and ``jac``.
    jac : callable, bool or None, default=None
        Gradient.
    hess, hessp : callable, default=None
        Not needed by a descent that learns the second derivative from its steps, so passing one is an error.
    bounds : Bounds or sequence of pairs, default=None
        Bounds of the variables.
    constraints : sequence, default=()
        Must be empty: a descent keeps to bounds, not to constraints.
    callback : callable, default=None
        Sees every step.
    **options : dict
        Further parameters of :func:`minimize`, from scipy's ``options``; ``tol`` is scipy's ``tol``.

    Returns
    -------
    result : scipy.optimize.OptimizeResult
        As from :func:`minimize`.

    Raises
    ------
    ValueError
        If there are constraints or a Hessian, or an argument is not usable.

    Examples
    --------
    >>> from scipy.optimize import minimize, rosen, rosen_der
    >>> import sk_gd
    >>> result = minimize(rosen, [2.0, 2.0], jac=rosen_der, bounds=[(1.5, 3.0), (None, None)], method=sk_gd.descent_method)
    >>> result.x.round(3)
    array([1.5 , 2.25])
    """
    if np.size(constraints):
        raise ValueError(
            f"A descent keeps to bounds but not to constraints, got {constraints!r}: use scipy's 'SLSQP', 'COBYQA' or "
            "'trust-constr'."
        )
    if hess is not None or hessp is not None:
        raise ValueError(
            f"A descent uses no Hessian, got hess={hess!r} and hessp={hessp!r}: leave them out, or use scipy's 'trust-exact' or "
            "'Newton-CG'."
        )
    return minimize(fun, x0, args, jac, bounds=bounds, callback=callback, **options)
