"""Losses: what a wrong prediction costs. One file each, and one line here."""

from collections.abc import Callable
from typing import Any

from sk_gd.losses._base import Conjugate, Cost, Loss, weighted_mean
from sk_gd.losses._cornered import Cornered, PrimalDual, halves, side_by_side
from sk_gd.losses._piecewise import Piecewise
from sk_gd.losses.bend import Bend
from sk_gd.losses.epsilon_insensitive import EpsilonInsensitive
from sk_gd.losses.huber import Huber
from sk_gd.losses.log_loss import LogLoss
from sk_gd.losses.multinomial import Multinomial
from sk_gd.losses.quantile import Quantile
from sk_gd.losses.squared_epsilon_insensitive import SquaredEpsilonInsensitive
from sk_gd.losses.squared_error import SquaredError

REGRESSION_LOSSES: dict[str, Callable[[], Any]] = {
    "squared_error": SquaredError,
    "huber": Huber,
    "epsilon_insensitive": EpsilonInsensitive,
    "squared_epsilon_insensitive": SquaredEpsilonInsensitive,
    "quantile": Quantile,
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
    "Conjugate",
    "Cornered",
    "Cost",
    "EpsilonInsensitive",
    "Huber",
    "LogLoss",
    "Loss",
    "Multinomial",
    "Piecewise",
    "PrimalDual",
    "Quantile",
    "SquaredEpsilonInsensitive",
    "SquaredError",
    "halves",
    "side_by_side",
    "weighted_mean",
]
