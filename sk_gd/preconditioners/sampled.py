"""The second derivative of a sample of the rows."""

from __future__ import annotations

from sk_gd._array import Array
from sk_gd.preconditioners._base import Bending, Coordinates, Metric


class Sampled(Metric):
    """Another metric, made of one row out of every ``share``: as cheap as a pass, and off by the root of parameters over rows.

    Only the first one is of a sample: where it has not led to the minimum in as many passes as the metric of all rows costs, that
    takes its place.

    Parameters
    ----------
    base : Metric
        What is made of the sample.
    share : int
        One row in how many is in the sample; 1 once the metric is that of all rows.

    References
    ----------
    Erdogdu and Montanari, "Convergence rates of sub-sampled Newton methods", NeurIPS 2015; Roosta-Khorasani and Mahoney,
    "Sub-sampled Newton methods", Math. Program., 2019.
    """

    def __init__(self, base: Metric, share: int) -> None:
        self.base, self.share, self.built = base, share, False
        self.full = base.full

    @property
    def unit(self) -> float:
        return self.base.unit

    def update(self, objective: Bending, theta: Array, centred: bool = True) -> None:
        sample = objective if self.built else objective.typical(theta, self.share)
        self.base.update(sample, theta, centred)
        self.built = True
        if sample is objective:
            self.share = 1
        else:
            objective.n_passes += sample.n_passes * sample.n_samples / objective.n_samples

    def cost(self, n_features: int, n_outputs: int) -> float:
        return self.base.cost(n_features, n_outputs)

    def solve(self, gradient: Array) -> Array:
        return self.base.solve(gradient)

    def product(self, step: Array) -> Array:
        return self.base.product(step)

    def coordinates(self, l1: float | Array, l2: float | Array) -> Coordinates:
        return self.base.coordinates(l1, l2)
