"""Schedules: how long the step is, as a multiple of the learning rate. One file each, and one line here."""

from collections.abc import Callable

from sk_gd._params import refuse_class
from sk_gd.schedules._base import Array, FromFunction, Schedule
from sk_gd.schedules.adaptive import Adaptive
from sk_gd.schedules.constant import Constant
from sk_gd.schedules.cosine import Cosine
from sk_gd.schedules.exponential import Exponential
from sk_gd.schedules.inverse_scaling import InverseScaling
from sk_gd.schedules.optimal import Optimal
from sk_gd.schedules.step_decay import StepDecay

SCHEDULES: dict[str, Callable[[], Schedule]] = {
    "constant": Constant,
    "inverse_scaling": InverseScaling,
    "exponential": Exponential,
    "step": StepDecay,
    "cosine": Cosine,
    "adaptive": Adaptive,
    "optimal": Optimal,
}


def as_schedule(given: str | Callable[[Array], Array] | Schedule) -> Schedule:
    """Look at a schedule's hyper-parameters, and make the one that a name or a function stands for.

    Parameters
    ----------
    given : str, callable or Schedule
        A name of ``SCHEDULES``, a function of step numbers, or an object.

    Returns
    -------
    Schedule
        Ready to be asked for rates.
    """
    if isinstance(given, str):
        return SCHEDULES[given]()
    refuse_class("schedule", given)
    schedule = given if isinstance(given, Schedule) else FromFunction(given)
    schedule.check()
    return schedule


__all__ = [
    "SCHEDULES",
    "Adaptive",
    "Constant",
    "Cosine",
    "Exponential",
    "FromFunction",
    "InverseScaling",
    "Optimal",
    "Schedule",
    "StepDecay",
    "as_schedule",
]
