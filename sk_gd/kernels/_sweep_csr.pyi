from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]

def sweep_csr(
    data: Array,
    indices: Array,
    indptr: Array,
    n_features: int,
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
    support: Array,
    sums: Array,
) -> float: ...
