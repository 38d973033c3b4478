"""What an optimizer has to answer: two pure functions, memory in and memory out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from sk_gd._array import Array, double, is_foreign, namespace
from sk_gd._params import Params


class Optimizer(Params, ABC):
    """An update rule, ``theta <- theta - rate * direction``; with an L1 penalty, soft thresholds follow each step.

    A rule of your own is a dataclass with ``init`` and ``direction``; what else there is here has a default that suits
    directions in proportion to the gradient.

    Attributes
    ----------
    kernel : int or None
        Number of the compiled twin; with None, the sweeps run in Python.
    gain : float
        Length of the directions that a constant gradient of length 1 leads to.
    unit_free : bool
        Whether directions forget the length of the gradient: each entry is then a number of about 1, and the learning rate has
        the unit of the parameters.
    settles : bool
        Whether such directions become shorter by themselves, with the root of the updates.
    weight_decay : float
        Decoupled decay: every update also subtracts ``rate * weight_decay * coef``, never from the intercept.
    """

    unit_free: bool = False
    settles: bool = False
    weight_decay: float = 0.0

    @property
    def kernel(self) -> int | None:
        return None

    @property
    def gain(self) -> float:
        return 1.0

    def hyper(self) -> Array:
        """Hyper-parameters as the compiled twin reads them."""
        return np.empty(0)

    @abstractmethod
    def init(self, theta: Array) -> Array:
        """Memory at the start: as many arrays of theta's shape as the rule needs, stacked.

        A rule that counts its updates keeps the count in the first entry of the last array.
        """

    @abstractmethod
    def direction(self, gradient: Array, memory: Array) -> tuple[Array, Array]:
        """Direction of the step against which theta moves, and the memory after it."""

    def stretch(self, memory: Array) -> float | Array:
        """How many times its gradient the direction is, where the gradient stays what it is.

        A soft threshold balances a gradient only if it is stretched like the direction: else the descent would end
        elsewhere than at the minimum.
        """
        return self.gain


def count_one(memory: Array) -> None:
    """Add to the count of updates in a memory."""
    memory[(-1, *(0,) * (memory.ndim - 1))] += 1


def built_up(share: float, memory: Array) -> Any:
    """``1 - share^t``, t being the count of updates: what a running mean that began with zero has of its full weight."""
    t = memory[(-1, *(0,) * (memory.ndim - 1))]
    if not is_foreign(memory):
        return 1 - share ** float(t)
    return namespace(memory).astype(1 - share ** double(t), memory.dtype)  # a power of many needs the digits; nobody waits for it
