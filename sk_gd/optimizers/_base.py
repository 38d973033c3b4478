"""What an optimizer has to answer: two pure functions, memory in and memory out."""

from __future__ import annotations

from typing import Any, Protocol

from numpy.typing import NDArray

Array = NDArray[Any]


class Optimizer(Protocol):
    """An update rule, ``theta <- theta - rate * direction``.

    Attributes
    ----------
    kernel : int or None
        Number of the compiled twin; None where there is none.
    gain : float
        Length of the directions that a constant gradient of length 1 leads to.
    """

    @property
    def kernel(self) -> int | None: ...

    @property
    def gain(self) -> float: ...

    def hyper(self) -> Array:
        """Hyper-parameters as the compiled twin reads them."""

    def init(self, theta: Array) -> Array:
        """Memory at the start: as many arrays of theta's shape as the rule needs, stacked."""

    def direction(self, gradient: Array, memory: Array) -> tuple[Array, Array]:
        """Direction of the step against which theta moves, and the memory after it."""
