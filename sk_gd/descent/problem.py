"""What a descent asks of the function it goes down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from numpy.typing import NDArray

from sk_gd.penalties import ElasticNet
from sk_gd.preconditioners import Bending, Coordinates, Curvature, Metric

Array = NDArray[Any]
T = TypeVar("T")


class Problem(Protocol):
    """A function of theta, smooth up to a penalty: the objective of a linear model, or any function of a vector.

    Attributes
    ----------
    shape : tuple of int
        That of theta, (n_outputs, n_features + fit_intercept).
    n_samples, n_features : int
        Rows over which the function is a mean (1 where it is none), coefficients per output.
    dtype : dtype
        Precision of the arithmetic behind a value.
    penalty : ElasticNet
        The part with a kink, over which steps go by its proximal map; ``l2`` is its smooth part's strength, one or of each feature.
    quadratic : bool
        Whether the second derivative is the same everywhere.
    smooth : bool
        Whether it has a gradient everywhere, but for the penalty.
    jumps : bool
        Whether the second derivative does, so that what a step has shown of it says nothing of the next one.
    proves : bool
        Whether slopes of the rows prove how low it can be.
    couples : bool
        Whether the outputs pull on each other.
    max_full : int
        Features up to which a metric that relates them to each other is worth its making.
    n_passes : float
        Passes over the rows so far: gradients of some rows count by their share, and what is no gradient counts, too.
    constant_value : float
        Value at the reference point, from where the whole way to the minimum is counted.
    """

    shape: tuple[int, int]
    n_samples: int
    n_features: int
    dtype: Any
    penalty: ElasticNet
    l2: float | Array
    quadratic: bool
    smooth: bool
    jumps: bool
    proves: bool
    couples: bool
    max_full: int
    n_passes: float

    @property
    def constant_value(self) -> float: ...

    def coef(self, theta: Array) -> Array:
        """Theta without the intercept, as a view."""

    def symmetric(self, theta: Array) -> Array:
        """Theta as it is, or where a shift of all outputs alike leaves the loss as it is, with the cheapest one."""

    def rounding(self, value: float) -> float:
        """Differences of the value below this are noise of the arithmetic."""

    def value_and_gradient(self, theta: Array, rows: Array | None = None) -> tuple[float, Array]:
        """The value, and the gradient of its smooth part, on all rows or estimated on some."""

    def penalty_change(self, theta: Array, step: Array) -> float:
        """Change of the part without a gradient over a full step."""

    def curvature(self, theta: Array, full: bool, centred: bool = True) -> Curvature:
        """Second derivative at theta, or its diagonal, made positive."""

    def typical(self, theta: Array, share: int) -> Bending:
        """What bends at theta nearly as the function does, and has one row out of every ``share``."""

    def own_curvature(self, theta: Array) -> Curvature:
        """Diagonal of the second derivative at theta of every output by itself."""

    def joint_curvature(self, theta: Array) -> Curvature:
        """Second derivative at theta of all outputs against all."""

    def apart(self, theta: Array, count: int, use: Callable[[Curvature], T]) -> list[T]:
        """``use`` of the second derivative at theta of every output by itself, estimated on ``count`` rows."""

    def hessian_product(self, theta: Array) -> Callable[[Array], Array]:
        """The map from a step to the second derivative at theta times it."""

    def smoothness(self, metric: Metric) -> float:
        """Largest eigenvalue of the second derivative in a metric."""

    def row_smoothness(self, coordinates: Coordinates, theta: Array | None) -> float:
        """Largest curvature of a single row's share."""


P = TypeVar("P", bound=Problem)
P_contra = TypeVar("P_contra", bound=Problem, contravariant=True)
