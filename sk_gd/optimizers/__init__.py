"""Optimizers: how a gradient becomes a direction. One file each, and one line here."""

from collections.abc import Callable
from functools import partial

from sk_gd.optimizers._base import Optimizer
from sk_gd.optimizers.adagrad import AdaGrad
from sk_gd.optimizers.adam import Adam
from sk_gd.optimizers.gradient_descent import GradientDescent
from sk_gd.optimizers.momentum import Momentum
from sk_gd.optimizers.rmsprop import RMSProp

OPTIMIZERS: dict[str, Callable[[], Optimizer]] = {
    "gd": GradientDescent,
    "momentum": Momentum,
    "nesterov": partial(Momentum, nesterov=True),
    "adagrad": AdaGrad,
    "rmsprop": RMSProp,
    "adam": Adam,
}


def as_optimizer(given: str | Optimizer) -> Optimizer:
    """Look at an optimizer's hyper-parameters, and make the one that a name stands for.

    Parameters
    ----------
    given : str or Optimizer
        A name of ``OPTIMIZERS``, or an object.

    Returns
    -------
    Optimizer
        Ready to be followed.
    """
    optimizer = OPTIMIZERS[given]() if isinstance(given, str) else given
    optimizer.check()
    return optimizer


__all__ = ["OPTIMIZERS", "AdaGrad", "Adam", "GradientDescent", "Momentum", "Optimizer", "RMSProp", "as_optimizer"]
