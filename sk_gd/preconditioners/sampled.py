"""The Hessian of a sample of the rows."""

from __future__ import annotations

from sk_gd._array import Array
from sk_gd.preconditioners._base import Bending
from sk_gd.preconditioners.hessian import Hessian


class Sampled(Hessian):
    """The Hessian of one row out of every ``share``: off by about the root of features over rows, and as cheap as a pass.

    Only the first one is of a sample: where it has not led to the minimum in as many passes as the Hessian of all rows costs, that
    takes its place.

    Parameters
    ----------
    share : int
        One row in how many is in the sample; 1 once the metric is that of all rows.

    References
    ----------
    Erdogdu and Montanari, "Convergence rates of sub-sampled Newton methods", NeurIPS 2015; Roosta-Khorasani and Mahoney,
    "Sub-sampled Newton methods", Math. Program., 2019.
    """

    def __init__(self, share: int) -> None:
        self.share, self.built = share, False

    def update(self, objective: Bending, theta: Array, centred: bool = True) -> None:
        if self.built:
            self.share = 1
            super().update(objective, theta, centred)
        else:
            self.adopt(objective.estimate(theta, self.share, centred), objective.l2)
            self.built = True
