"""Optimizers: how a gradient becomes a direction. One file each, and one line here."""

from collections.abc import Callable
from functools import partial

from sk_gd.optimizers._base import Optimizer
from sk_gd.optimizers.gradient_descent import GradientDescent
from sk_gd.optimizers.momentum import Momentum

OPTIMIZERS: dict[str, Callable[[], Optimizer]] = {
    "gd": GradientDescent,
    "momentum": Momentum,
    "nesterov": partial(Momentum, nesterov=True),
}

__all__ = ["OPTIMIZERS", "GradientDescent", "Momentum", "Optimizer"]
