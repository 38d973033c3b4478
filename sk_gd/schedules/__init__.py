"""Schedules: how long the step is, as a multiple of the learning rate. One file each, and one line here."""

from collections.abc import Callable

from sk_gd.schedules.constant import Constant
from sk_gd.schedules.inverse_scaling import Array, InverseScaling

Schedule = Callable[[Array], Array]

SCHEDULES: dict[str, Callable[[], Schedule]] = {
    "constant": Constant,
    "inverse_scaling": InverseScaling,
}

__all__ = ["SCHEDULES", "Constant", "InverseScaling", "Schedule"]
