"""Losses: what a wrong prediction costs. One file each, and one line here."""

from collections.abc import Callable
from typing import Any

from sk_gd.losses._base import Cost, Loss
from sk_gd.losses._piecewise import Piecewise
from sk_gd.losses.bend import Bend
from sk_gd.losses.huber import Huber
from sk_gd.losses.log_loss import LogLoss
from sk_gd.losses.multinomial import Multinomial
from sk_gd.losses.squared_epsilon_insensitive import SquaredEpsilonInsensitive
from sk_gd.losses.squared_error import SquaredError

REGRESSION_LOSSES: dict[str, Callable[[], Any]] = {
    "squared_error": SquaredError,
    "huber": Huber,
    "squared_epsilon_insensitive": SquaredEpsilonInsensitive,
}

LOSSES: dict[str, Callable[..., Any]] = {
    **REGRESSION_LOSSES,
    "log_loss": LogLoss,
    "multinomial": Multinomial,
}

__all__ = [
    "LOSSES",
    "REGRESSION_LOSSES",
    "Bend",
    "Cost",
    "Huber",
    "LogLoss",
    "Loss",
    "Multinomial",
    "Piecewise",
    "SquaredEpsilonInsensitive",
    "SquaredError",
]
