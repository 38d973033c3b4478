"""The same descent for any differentiable function, in scipy's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import Bounds, OptimizeResult

from sk_gd._compat import settings_kept
from sk_gd.descent.batching import Batching
from sk_gd.descent.function import Function
from sk_gd.descent.line_search import LineSearchStep
from sk_gd.descent.loop import Step
from sk_gd.descent.projected import ProjectedLineSearchStep, ProjectedStep
from sk_gd.descent.scheduled import ScheduledStep
from sk_gd.descent.starts import from_one, join
from sk_gd.descent.stopping import StoppingRule
from sk_gd.optimizers import OPTIMIZERS, as_optimizer
from sk_gd.preconditioners import Identity, Isotropic
from sk_gd.schedules import SCHEDULES, Constant, as_schedule


@settings_kept
def minimize(
    fun: Callable[..., Any],
    x0: ArrayLike,
    args: tuple[Any, ...] = (),
    jac: Callable[..., Any] | bool | None = None,
    *,
    bounds: Any = None,
    optimizer: Any = "auto",
    learning_rate: float | str = "auto",
    schedule: Any = "constant",
    max_iter: int = 1000,
    tol: float | None = 1e-12,
    n_iter_no_change: int = 5,
    max_time: float | None = None,
    on_divergence: str = "recover",
    record: str = "loss",
    callback: Callable[..., Any] | None = None,
) -> OptimizeResult:
    """Go down a differentiable function of a vector, from one point or from several.

    The loop is the one of the estimators, ``x <- project(x - rate(t) * direction)``. By default the direction is steepest in a
    metric that learns from the steps (limited-memory BFGS), and a line search says how far to go; with an ``optimizer`` or a
    ``learning_rate`` it is the textbook's method. The function need not be convex: what is found is said to be a minimum only if
    the curvature there says so, and other starts may find other minima.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args) -> float``, with x of shape (n,); with ``jac=True`` it returns ``(float, gradient)``. Where it is not
        finite, no step is taken.
    x0 : array-like of shape (n,) or (k, n)
        Where to start; k rows are k starts, each descended from by itself. Points out of bounds are projected.
    args : tuple, default=()
        Further arguments of ``fun`` and ``jac``.
    jac : callable, True or None, default=None
        ``jac(x, *args) -> gradient`` of shape (n,). None takes central differences of ``fun``, 2 n values per gradient.
    bounds : scipy.optimize.Bounds or sequence of (low, high), default=None
        Bounds of every variable, None or infinity where there is none; kept by projection, at every point that is evaluated.
    optimizer : str or object, default="auto"
        How gradients become directions: a name from ``sk_gd.optimizers.OPTIMIZERS`` or such an object. "auto" is "gd", and where
        ``learning_rate`` and ``schedule`` are left alone too, steps in a learning metric.
    learning_rate : float or "auto", default="auto"
        Step length before the schedule. "auto" is a line search, or, for an optimizer or a schedule of your choice, 1 / L
        with L the largest curvature at x0: safe there, though perhaps not elsewhere.
    schedule : str, object or callable, default="constant"
        How the rate goes on: a name from ``sk_gd.schedules.SCHEDULES``, such an object (an epoch is one step), or a callable that
        maps step numbers 1, 2, ... (an array) to multiples of the learning rate.
    max_iter : int, default=1000
        Limit of steps per start.
    tol : float or None, default=1e-12
        The descent stops when the decrease still possible, as a quadratic model estimates it, is below this share of the whole way
        down from x0: a pure number, whatever the units of ``fun`` and x. With an optimizer or a rate of your choice it stops
        when ``n_iter_no_change`` steps together bring less than that share. None takes ``max_iter`` steps.
    n_iter_no_change : int, default=5
        See ``tol``.
    max_time : float or None, default=None
        Limit in seconds per start.
    on_divergence : {"recover", "raise"}, default="recover"
        When a learning rate is so large that ``fun`` rises above its start: go back to the best point and halve the rate (the
        message says so), or raise FloatingPointError.
    record : {"loss", "path"}, default="loss"
        "path" keeps every point in ``path``.
    callback : callable, default=None
        Called after every step, as scipy does: ``callback(intermediate_result)`` with an OptimizeResult if its only parameter has
        that name, else ``callback(x)``. Returning True or raising StopIteration ends the descent.

    Returns
    -------
    result : scipy.optimize.OptimizeResult
        Of the best start, with

        - ``x``, ``fun``, ``jac``: the best point, value and gradient there;
        - ``success``, ``status``, ``message``: whether it is a minimum as far as tol and curvature tell, the number of the
          reason to stop (0: below tol), and both in sentences;
        - ``curvature``: eigenvalues of the second derivative at x by the variables that no bound holds, in rising order; of
          more than 64 variables the lowest, to a ten-thousandth of the highest, and about the highest;
        - ``optimality``: estimate of the decrease left, as a share of the whole way down;
        - ``nit``, ``nfev``, ``njev``: steps, and calls of ``fun`` and ``jac``, certificate and curvature included;
        - ``loss_curve``: value after every step, entry 0 is the start;
        - ``path``: points of shape (nit + 1, n), entry 0 is the start; only with ``record="path"``;
        - ``learning_rate``: the one in use at the end, before the schedule;
        - ``starts``: the results of all starts, in the order of x0; ``minima``: those of distinct minima, lowest first.

    Raises
    ------
    ValueError
        If an argument is not usable, or ``fun`` is not finite at a start.
    FloatingPointError
        If the descent diverges and ``on_divergence="raise"``.

    References
    ----------
    Nocedal, "Updating quasi-Newton matrices with limited storage", Math. Comp., 1980.
    Bertsekas, "Projected Newton methods for optimization problems with simple constraints", SIAM J. Control Optim., 1982.
    Birgin, Martinez and Raydan, "Nonmonotone spectral projected gradient methods on convex sets", SIAM J. Optim., 2000.

    Examples
    --------
    Rosenbrock's valley is curved, and its minimum is at (1, 1):

    >>> import numpy as np
    >>> from scipy.optimize import rosen, rosen_der
    >>> import sk_gd
    >>> result = sk_gd.minimize(rosen, [-1.2, 1.0], jac=rosen_der)
    >>> result.success, result.x.round(4)
    (True, array([1., 1.]))

    Himmelblau's function has four minima, all of value 0; each of four starts finds another:

    >>> def himmelblau(x):
    ...     return (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2
    >>> result = sk_gd.minimize(himmelblau, [[4, 4], [-4, 4], [-4, -4], [4, -4]])
    >>> len(result.minima)
    4
    >>> np.array(sorted(minimum.x.round(3).tolist() for minimum in result.minima))
    array([[-3.779, -3.283],
           [-2.805,  3.131],
           [ 3.   ,  2.   ],
           [ 3.584, -1.848]])

    A gradient of zero is not enough to be a minimum:

    >>> result = sk_gd.minimize(lambda x: x[0] ** 2 - x[1] ** 2, [1.0, 0.0])
    >>> result.success, result.message.split(": ")[-1]
    (False, 'a saddle point, not a minimum. Start elsewhere.')
    """
    points = np.array(x0, dtype=np.float64)
    if points.ndim not in (1, 2) or points.size == 0 or not np.isfinite(points).all():
        raise ValueError(f"x0 must be finite numbers of shape (n,), or (k, n) for k starts, got shape {points.shape}.")
    if not callable(fun):
        raise ValueError(f"fun must be a callable, got {fun!r}.")
    if not (jac is None or jac is True or callable(jac)):
        raise ValueError(f"jac must be a callable, True (fun returns value and gradient) or None, got {jac!r}.")
    if on_divergence not in ("recover", "raise") or record not in ("loss", "path"):
        raise ValueError(
            f"on_divergence must be 'recover' or 'raise' and record 'loss' or 'path', got {on_divergence!r} and {record!r}."
        )
    for name, limit, least in (("max_iter", max_iter, 1), ("n_iter_no_change", n_iter_no_change, 1), ("tol", tol, 0)):
        if limit is not None and not limit >= least:
            raise ValueError(f"{name} must be {least} or more, got {limit!r}.")
    points = points.reshape(-1, points.shape[-1])
    box = make_bounds(bounds, points.shape[1])
    starts = []
    for start in points:
        function = Function(fun, jac, args, box, start)
        if not np.isfinite(function.constant_value):
            raise ValueError(f"fun and its gradient must be finite at the start, but are not at x0 = {start}: start elsewhere.")
        step = make_step(function, optimizer, learning_rate, schedule)
        stopping = StoppingRule(tol, max_iter, n_iter_no_change, max_time, function.constant_value)
        starts.append(from_one(function, step, stopping, on_divergence, record, callback))
    return join(starts)


def make_bounds(bounds: Any, n: int) -> Bounds:
    """Scipy's bounds, or pairs of numbers and Nones, as two arrays of shape (n,)."""
    if bounds is None:
        bounds = Bounds()
    elif not isinstance(bounds, Bounds):
        pairs = [(-np.inf if low is None else low, np.inf if high is None else high) for low, high in bounds]
        bounds = Bounds(*np.array(pairs, dtype=np.float64).reshape(-1, 2).T)
    if any(np.size(side) not in (1, n) for side in (bounds.lb, bounds.ub)):
        raise ValueError(f"bounds must hold a pair for each of the {n} variables, got {np.size(bounds.lb)}.")
    low, high = (np.broadcast_to(np.asarray(side, dtype=np.float64), n) for side in (bounds.lb, bounds.ub))
    if not (low <= high).all():
        k = int(np.argmin(low <= high))
        raise ValueError(f"Every lower bound must be at most the upper one, got {low[k]} and {high[k]} for variable {k}.")
    return Bounds(low, high)


def make_step(function: Function, optimizer: Any, learning_rate: float | str, schedule: Any) -> Step[Function]:
    """The step that the user's words mean."""
    for name, given, registry in (("optimizer", optimizer, OPTIMIZERS), ("schedule", schedule, SCHEDULES)):
        if isinstance(given, str) and given not in registry and not (name == "optimizer" and given == "auto"):
            raise ValueError(f"{name} must be one of {sorted(registry)} or an object, got {given!r}.")
    if not (learning_rate == "auto" or (not isinstance(learning_rate, str) and 0 < learning_rate < np.inf)):
        raise ValueError(f"learning_rate must be a positive number or 'auto', got {learning_rate!r}.")
    schedule = as_schedule(schedule)
    if optimizer == "auto" and learning_rate == "auto" and isinstance(schedule, Constant):
        search = ProjectedLineSearchStep if function.bounded else LineSearchStep
        return search(function.n_samples, Isotropic(), smooth=True)
    optimizer = as_optimizer("gd" if optimizer == "auto" else optimizer)
    rate = None if learning_rate == "auto" else float(learning_rate)
    kind = ProjectedStep if function.bounded else ScheduledStep
    return kind(Batching(function.n_samples), optimizer, schedule, rate, Identity())
