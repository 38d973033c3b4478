from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]

def pass_dense(
    X: Array,
    y: Array,
    weights: Array,
    theta: Array,
    loss: int,
    hyper: Array,
    slopes: Array,
    gradient: Array,
    start: int,
    stop: int,
) -> float: ...
def gram(X: Array, h: Array, shift: Array, sums: Array, space: Array | None = None) -> None: ...
def gram_space(d: int, dtype: Any) -> int: ...
def pass_csr(
    data: Array,
    indices: Array,
    indptr: Array,
    n_features: int,
    y: Array,
    weights: Array,
    theta: Array,
    loss: int,
    hyper: Array,
    slopes: Array,
    gradient: Array,
    start: int,
    stop: int,
) -> float: ...
def multiply_csr(data: Array, indices: Array, indptr: Array, u: Array, z: Array) -> None: ...
def add_products_csr(data: Array, indices: Array, indptr: Array, c: Array, sums: Array) -> None: ...
def columns_csr(data: Array, indices: Array, indptr: Array, weights: Array, sums: Array) -> None: ...
def pointwise(y: Array, z: Array, weights: Array, loss: int, hyper: Array, slopes: Array) -> float: ...
