from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]

def sweep_dense(
    X: Array,
    y: Array,
    weights: Array,
    rows: Array,
    batch_size: int,
    rates: Array,
    theta: Array,
    loss: int,
    loss_hyper: Array,
    l2: Array,
    l1: Array,
    positive: bool,
    optimizer: int,
    hyper: Array,
    memory: Array,
    slopes: Array,
    anchor: Array,
    refresh: bool,
    n_samples: int,
    sums: Array,
) -> float: ...
