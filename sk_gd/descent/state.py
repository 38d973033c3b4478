"""Where a descent is: everything that changes, in one place, so that it can be kept, pickled and continued."""

from __future__ import annotations

import time
from copy import copy, deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sk_gd._array import is_foreign, on_host
from sk_gd.descent.history import History

Array = NDArray[Any]


@dataclass
class DescentState:
    """The one evolving thing of a descent.

    Attributes
    ----------
    theta : ndarray of shape (n_outputs, n_features + fit_intercept)
        Parameters, intercept last.
    value : float
        Objective at theta; for plain stochastic epochs the mean that the epoch met on its way.
    iterate : ndarray or None
        Where the descent goes on from, if theta is the mean of its last ``n_averaged`` points; None if that is theta itself.
    gradient : ndarray or None
        Gradient of the smooth part at theta, where a step has computed it on all rows.
    gap : float
        Estimate of value minus minimum; nan where the step makes none.
    rate : float
        Step length before the schedule; nan before a step has chosen one.
    memory : array or None
        What the optimizer remembers, beside the rows.
    trail : tuple of (start, end)
        The last epochs in the coordinates of the metric, where a step follows them further.
    metric : Metric or None
        Model of the second derivative; ``metric_age`` counts the passes over the data since it was built, ``scale`` is the
        factor by which the last step showed it to be off, ``foretold`` whether all steps since arrived where it sent them,
        ``closely`` whether the last one showed it to be right: within a twentieth, or by all but ending a smooth descent.
    doubt : float
        Factor by which the metric was seen to underestimate the gap.
    certificate : tuple of (theta, value, gap) or None
        What was last proved with all care, and where.
    direction : ndarray or None
        Where the next line search goes.
    full_value : float
        Objective at theta on all rows, once the descent has ended: how a later fit knows the same problem again.
    ceiling : float
        Objective above which the descent has diverged: that of its start, and what rounding adds.
    seen : Seen or None
        What is remembered of rows that come once; None where all rows are at hand.
    rounding : Rounding or None
        The descent on an objective with rounded corners, and the dual beside it; None where nothing has to be rounded.
    steady_since : int
        Epoch of the last recovery or answer to a stall: before it, standing still was no plateau.
    exact : bool
        Whether values are of all rows at one theta, and not means met during an epoch.
    n_stalls : int
        How often progress has stalled and the schedule had an answer.
    settled : bool
        Steps have become so short that no progress can be expected of them.
    stuck : bool
        No further decrease can be told from rounding.
    score : float
        Validation score at theta, the larger the better; nan where nobody validates. ``best_score`` was seen at theta
        ``best_scored``, after epoch ``best_epoch``.
    seed : int
        Of ``rng`` and of the rows held out for validation: a later fit has to hold out the same.
    history : History
        What has been, epoch by epoch; ``seconds_before`` and ``passes_before`` were spent by the fits that this one goes on from,
        the latter nan until that is known.
    """

    theta: Array
    rng: np.random.Generator
    value: float = np.nan
    gradient: Any = None
    gap: float = np.nan
    rate: float = np.nan
    rate_scale: float = 1.0
    memory: Any = None
    trail: Any = ()
    metric: Any = None
    metric_age: int = 0
    scale: float = 1.0
    foretold: bool = False
    closely: bool = False
    doubt: float = 1.0
    certificate: Any = None
    direction: Any = None
    n_epochs: int = 0
    n_updates: int = 0
    n_recoveries: int = 0
    steady_since: int = 0
    exact: bool = True
    iterate: Any = None
    n_averaged: int = 0
    n_stalls: int = 0
    settled: bool = False
    stuck: bool = False
    stalls: int = 0
    seed: int = 0
    score: float = np.nan
    best_score: float = -np.inf
    best_scored: Any = None
    best_epoch: int = 0
    history: History = field(default_factory=History)
    best_value: float = np.inf
    best_theta: Any = None
    full_value: float = np.nan
    ceiling: float = np.nan
    seen: Any = None
    rounding: Any = None
    began: float = field(default_factory=time.monotonic)
    seconds_before: float = 0.0
    passes_before: float = 0.0

    def __post_init__(self) -> None:
        self.start = self.theta

    @property
    def loss_curve(self) -> Array:
        """Objective at the start and after every epoch."""
        return self.history["objective"]

    def record(self, n_passes: float) -> None:
        """Close an epoch: write down what is known of it, keep the best point; ``n_passes`` are those of this fit."""
        known = self.exact and self.gradient is not None  # else the last gradient is that of another theta
        self.history.append(
            self.theta,
            epoch=self.n_epochs,
            updates=self.n_updates,
            passes=self.passes_before + n_passes,
            objective=self.value,
            gradient_norm=float(np.linalg.norm(self.gradient)) if known else np.nan,
            rate=self.rate * self.rate_scale,
            seconds=self.seconds_before + time.monotonic() - self.began,
            validation_score=self.score,
        )
        if self.value < self.best_value:
            self.best_value, self.best_theta = self.value, self.theta.copy()

    def move(self, point: Array, count: int, mean: Array | None) -> None:
        """Take in an epoch of updates: where it ended, and the mean of its points if theta is to be an average of points."""
        self.n_updates += count
        if mean is None:
            self.theta, self.iterate, self.n_averaged = point, None, 0
        else:
            self.iterate, self.n_averaged = point, self.n_averaged + count
            share = count / self.n_averaged
            self.theta = (1 - share) * self.theta + share * mean

    def forget_best(self) -> None:
        """Take the start for the best point."""
        self.best_value, self.best_theta = float(self.loss_curve[0]), self.start

    def recover(self) -> None:
        """Return to the best point, forget the velocity that led away from it, halve the rate."""
        self.theta, self.value, self.gradient = self.best_theta.copy(), self.best_value, None
        self.memory, self.trail, self.rate_scale = None, (), self.rate_scale / 2
        self.iterate, self.n_averaged = None, 0
        self.n_recoveries += 1
        self.steady_since = self.n_epochs

    @property
    def n_recorded(self) -> int:
        """Epochs that were closed, those of the fits before included; an interrupt leaves one open."""
        return int(self.history["epoch"][-1]) if len(self.history) else 0

    def retreat(self, validated: bool) -> tuple[Array, int, float, float]:
        """Give up an epoch that an interrupt has left open: the best point noted, its epoch, objective, and a gap of nan.

        The best one by the validation score, if there is one; no pass is spent on looking at it once more.
        """
        self.n_epochs = self.n_recorded
        self.theta, self.gradient, self.full_value = self.best_theta, None, np.nan
        if validated and self.best_epoch <= self.n_epochs:
            return self.best_scored, self.best_epoch, float(self.loss_curve[self.best_epoch]), np.nan
        return self.best_theta, int(np.nanargmin(self.loss_curve)), self.best_value, np.nan

    def resume(self) -> DescentState:
        """A copy to go on from, with the clock at zero."""
        state = deepcopy(self)
        state.began, state.stuck, state.settled = time.monotonic(), False, False
        state.seconds_before, state.passes_before = float(state.history["seconds"][-1]), np.nan
        return state

    def at_home(self) -> DescentState:
        """The same with NumPy's arrays in place of those that are beside the rows: what a pickle holds."""
        state = copy(self)
        state.memory = on_host(state.memory) if is_foreign(state.memory) else state.memory
        if state.rounding is not None:
            state.rounding = state.rounding.at_home()
        return state

    def hand_over(self) -> None:
        """Forget what the last step rule kept for itself, before another one takes over."""
        self.metric = self.direction = self.memory = None
        self.trail = ()
        self.gap, self.stuck, self.stalls, self.rate_scale, self.doubt = np.nan, False, 0, 1.0, 1.0
