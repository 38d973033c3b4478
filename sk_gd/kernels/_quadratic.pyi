from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]

def coordinate_descent(
    hessian: Array, gradient: Array, coef: Array, l1: Array, lower: Array, delta: Array, max_sweeps: int, tolerance: float
) -> int: ...
