"""Preconditioners: the metric in which the direction is steepest. One file each, and one line here."""

from sk_gd.preconditioners._base import Bending, CentredMetric, Coordinates, Curvature, Metric, apart_from_shift, fill_diagonal
from sk_gd.preconditioners.blocks import Blocks
from sk_gd.preconditioners.diagonal import Diagonal
from sk_gd.preconditioners.diagonals import Diagonals
from sk_gd.preconditioners.hessian import Hessian, factorise
from sk_gd.preconditioners.identity import Identity
from sk_gd.preconditioners.implicit import Implicit
from sk_gd.preconditioners.isotropic import Isotropic
from sk_gd.preconditioners.joint import Joint, recentred
from sk_gd.preconditioners.ridge import Ridge
from sk_gd.preconditioners.sampled import Sampled
from sk_gd.preconditioners.secant import Secant

PRECONDITIONERS: dict[str | None, type[CentredMetric]] = {
    None: Identity,
    "diagonal": Diagonal,
    "hessian": Hessian,
}

__all__ = [
    "PRECONDITIONERS",
    "Bending",
    "Blocks",
    "CentredMetric",
    "Coordinates",
    "Curvature",
    "Diagonal",
    "Diagonals",
    "Hessian",
    "Identity",
    "Implicit",
    "Isotropic",
    "Joint",
    "Metric",
    "Ridge",
    "Sampled",
    "Secant",
    "apart_from_shift",
    "factorise",
    "fill_diagonal",
    "recentred",
]
