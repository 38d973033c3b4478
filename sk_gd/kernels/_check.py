"""What the compiled kernels refuse before they touch memory: shapes and numbers that would lead them out of bounds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# The enums of _simd.h.
LOSSES = {"squared_error": 0, "log_loss": 1, "multinomial": 2, "piecewise": 3, "cornered": 4, "bend": 5}
OPTIMIZERS = {"gd": 0, "momentum": 1, "nesterov": 2, "adagrad": 3, "rmsprop": 4, "adam": 5}
# Outputs that the dense pass takes; more are matrices wide enough for BLAS.
MOST_OUTPUTS = 32
# Hyper-parameters that a loss uses, by its number.
_LOSS_NEEDS = {0: 0, 1: 0, 2: 0, 3: 3, 4: 4, 5: 1}
# Losses of a row that are one of several outputs together.
_JOINT = (LOSSES["multinomial"], LOSSES["bend"])
# Slots of memory and hyper-parameters that an optimizer uses, by its number.
_NEEDS = {0: (0, 0), 1: (2, 1), 2: (2, 1), 3: (1, 1), 4: (1, 2), 5: (3, 4)}


def _refuse(wrong: Iterable[tuple[bool, str]], of: str) -> None:
    problems = ", ".join(what for is_wrong, what in wrong if is_wrong)
    if problems:
        raise ValueError(f"A kernel got arrays that do not fit {of}: look at {problems}.")


def refuse_unaligned(unaligned: bool) -> None:
    """Vector instructions may trap on them, and C does not know them."""
    _refuse([(unaligned, "their numbers, which do not lie at multiples of their size, as in a copy they would")], "memory")


def check_quadratic(*lengths: int) -> None:
    """Sizes: rows of hessian, its columns, gradient, coef, l1, lower and delta."""
    names = ("hessian", "gradient", "coef", "l1", "lower", "delta")
    wrong = [(length != lengths[0], name) for name, length in zip(names, lengths[1:], strict=True)]
    _refuse(wrong, f"a Hessian of {lengths[0]} rows")


def check_csr(
    data: Array, indices: Array, indptr: Array, n_features: int, rows: slice = slice(None), support: Array | None = None
) -> None:
    """The structure of some rows of a CSR matrix: one read of their column numbers, 2 to 3 percent of what a kernel then does."""
    ends = np.asarray(indptr)[rows.start : None if rows.stop is None else rows.stop + 1]
    wrong = [
        (len(indices) != len(data), f"{len(indices)} column numbers"),
        (len(ends) == 0 or ends[0] < 0 or ends[-1] > len(data) or bool((ends[1:] < ends[:-1]).any()), "the row ends"),
        (support is not None and len(support) not in (0, n_features), "support"),
    ]
    _refuse(wrong, f"a CSR matrix of {len(data)} values")
    columns = np.asarray(indices)[ends[0] : ends[-1]]
    largest = columns.view(f"u{columns.itemsize}").max(initial=0)  # unsigned: a negative number is large
    _refuse([(len(columns) > 0 and largest >= n_features, "a column number")], f"{n_features} features")


def check_pass(
    n: int,
    d: int,
    y: Array,
    weights: Array,
    theta: Array,
    loss: int,
    hyper: Array,
    slopes: Array,
    gradient: Array,
    start: int,
    stop: int,
    most_outputs: int,
) -> None:
    """Arguments of a pass over rows start to stop."""
    shape, multinomial = np.shape(theta), loss == LOSSES["multinomial"]
    n_outputs = shape[0]
    wrong = [
        (loss not in LOSSES.values() or (loss in _JOINT and n_outputs == 1), "loss"),
        (len(hyper) < _LOSS_NEEDS.get(loss, 0), "hyper"),
        (np.shape(y) != (n, 1 if multinomial else n_outputs), "y"),
        (len(weights) not in (0, n), "weights"),
        (len(slopes) > 0 and np.shape(slopes) != (n, n_outputs), "slopes"),
        (shape[1] not in (d, d + 1) or d == 0 or not 0 < n_outputs <= most_outputs, "theta"),
        (np.shape(gradient) != shape, "gradient"),
        (not 0 <= start <= stop <= n, f"start {start}, stop {stop}"),
    ]
    _refuse(wrong, f"{n} rows with {d} features")


def check_gram(n: int, d: int, h: Array, shift: Array, sums: Array, space: Array, least: int) -> None:
    """Arguments of the products of the columns of n rows with each other."""
    wrong = [
        (d == 0, "X"),
        (len(h) not in (0, n), "h"),
        (len(shift) != d, "shift"),
        (np.shape(sums) != (d + 1, d + 1), "sums"),
        (len(space) < least, "space"),
    ]
    _refuse(wrong, f"{n} rows with {d} features")


def check_products(of_columns: Array, of_rows: Array, columns: str, rows: str, n: int) -> None:
    """Arguments, and their names, of a product of n rows with several columns."""
    wrong = [(0 in np.shape(of_columns), columns), (np.shape(of_rows) != (n, np.shape(of_columns)[1]), rows)]
    _refuse(wrong, f"{n} rows")


def check_columns(weights: Array, sums: Array, n: int) -> None:
    """Arguments of sums over the columns of n rows."""
    wrong = [(len(weights) != n, "weights"), (len(sums) == 0 or np.shape(sums)[1] != 3, "sums")]
    _refuse(wrong, f"{n} rows")


def check_pointwise(y: Array, z: Array, weights: Array, loss: int, hyper: Array, slopes: Array) -> None:
    """Arguments of a pointwise evaluation."""
    n, n_outputs = np.shape(z)
    wrong = [
        (loss not in LOSSES.values(), "loss"),
        (len(hyper) < _LOSS_NEEDS.get(loss, 0), "hyper"),
        (np.shape(y) != (n, 1 if loss == LOSSES["multinomial"] else n_outputs), "y"),
        (len(weights) not in (0, n), "weights"),
        (np.shape(slopes) != (n, n_outputs), "slopes"),
    ]
    _refuse(wrong, f"{n} rows with {n_outputs} outputs")


def check_sweep(
    n: int,
    d: int,
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
    optimizer: int,
    hyper: Array,
    memory: Array,
    slopes: Array,
    anchor: Array,
    refresh: bool,
    n_samples: int,
    sums: Array,
) -> None:
    """Arguments of a sweep, dense or CSR."""
    order, shape = np.asarray(rows), np.shape(theta)
    n_outputs = shape[0]
    slots, parameters = _NEEDS.get(optimizer, (0, 0))
    wrong = [
        (loss not in LOSSES.values() or loss == LOSSES["bend"], "loss"),
        (len(loss_hyper) < _LOSS_NEEDS.get(loss, 0), "loss_hyper"),
        (optimizer not in _NEEDS, "optimizer"),
        (shape[1] not in (d, d + 1) or d == 0 or n_outputs == 0, "theta"),
        (np.shape(y) != (n, 1 if loss == LOSSES["multinomial"] else n_outputs), "y"),
        (len(weights) not in (0, n), "weights"),
        (order.size > 0 and (order.min() < 0 or order.max() >= n), "rows"),
        (batch_size < 1 or len(rates) * batch_size < len(order), "batch_size or rates"),
        (len(l2) != d or len(l1) != d, "l2 or l1"),
        (len(hyper) < parameters, "hyper"),
        (slots > 0 and (len(memory) < slots or np.shape(memory)[1:] != shape), "memory"),
        (len(slopes) > 0 and np.shape(slopes) != (n, n_outputs), "slopes"),
        (len(anchor) > 0 and np.shape(anchor) != shape, "anchor"),
        (refresh and (len(slopes) == 0 or len(anchor) == 0), "refresh without slopes and anchor"),
        (refresh and n_samples < 1, "n_samples"),
        (len(sums) > 0 and (np.shape(sums) != shape or len(anchor) > 0), "sums, or sums beside an anchor"),
    ]
    _refuse(wrong, f"{n} rows with {d} features")
