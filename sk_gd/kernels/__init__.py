"""Compiled passes and sweeps. They are told, they do not choose: no printing, no stopping, no random numbers but the caller's.

``reference`` holds the same sweep in Python; ``LOSSES`` and ``OPTIMIZERS`` are the numbers by which the kernels know their parts.
"""

from sk_gd.kernels._check import LOSSES, MOST_OUTPUTS, OPTIMIZERS
from sk_gd.kernels._order import shuffle
from sk_gd.kernels._pass import add_products_csr, columns_csr, gram, gram_space, multiply_csr, pass_csr, pass_dense, pointwise
from sk_gd.kernels._quadratic import coordinate_descent
from sk_gd.kernels._sweep_csr import sweep_csr
from sk_gd.kernels._sweep_dense import sweep_dense

__all__ = [
    "LOSSES",
    "MOST_OUTPUTS",
    "OPTIMIZERS",
    "add_products_csr",
    "columns_csr",
    "coordinate_descent",
    "gram",
    "gram_space",
    "multiply_csr",
    "pass_csr",
    "pass_dense",
    "pointwise",
    "shuffle",
    "sweep_csr",
    "sweep_dense",
]
