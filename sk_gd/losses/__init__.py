"""Losses: what a wrong prediction costs. One file each, and one line here."""

from sk_gd.losses._base import Cost, Loss
from sk_gd.losses.bend import Bend
from sk_gd.losses.log_loss import LogLoss
from sk_gd.losses.multinomial import Multinomial
from sk_gd.losses.squared_error import SquaredError

LOSSES: dict[str, type[Loss]] = {
    "squared_error": SquaredError,
    "log_loss": LogLoss,
    "multinomial": Multinomial,
}

__all__ = ["LOSSES", "Bend", "Cost", "LogLoss", "Loss", "Multinomial", "SquaredError"]
