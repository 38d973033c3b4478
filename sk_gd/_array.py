"""Which library holds an array, and on which device: the only place that asks. Everything else speaks that library's Array API.

Numbers about rows stay where the rows are, on a GPU if that is where they came from. Numbers about parameters, of which there
are few, are NumPy's: ``beside`` takes them to the rows, ``on_host`` brings sums over rows back.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sk_gd._compat import array_namespace, convert_to_numpy, device_of, finest_dtype, is_array_api_obj

Array = NDArray[Any]


def is_foreign(x: Any) -> bool:
    """Whether x is an array of another library than NumPy."""
    return not isinstance(x, np.ndarray) and bool(is_array_api_obj(x))


def namespace(x: Any) -> Any:
    """The functions of the library that x is an array of, by their standard names."""
    return array_namespace(x)


def on_host(x: Any) -> Array:
    """The array as one of NumPy."""
    host: Array = convert_to_numpy(x, namespace(x)) if is_foreign(x) else np.asarray(x)
    return host


def beside(values: Any, x: Any, dtype: Any = None) -> Any:
    """Values in x's library and on its device, in its dtype if no other is named."""
    return namespace(x).asarray(values, dtype=x.dtype if dtype is None else dtype, device=device_of(x))


def there(values: Array, x: Any) -> Any:
    """NumPy's values in x's library and on its device, their dtype kept as far as that is known there."""
    xp, device = namespace(x), device_of(x)
    dtype = finest_dtype(xp, device) if values.dtype == np.float64 else None
    return xp.asarray(values, dtype=dtype, device=device)


def double(x: Any) -> Any:
    """The numbers in the finest precision that their device has, which is float64 on all but a few."""
    xp = namespace(x)
    return xp.astype(x, finest_dtype(xp, device_of(x)), copy=False)


def zeros(shape: tuple[int, ...], x: Any) -> Any:
    """Zeros in x's library, dtype and place."""
    return namespace(x).zeros(shape, dtype=x.dtype, device=device_of(x))


def spans(count: int, step: int) -> list[slice]:
    """Consecutive slices of ``step`` rows each, the last of what is left."""
    return [slice(start, min(start + step, count)) for start in range(0, count, step)]


def rows_of(x: Any, rows: Any) -> Any:
    """The rows of x that a slice or an array of NumPy names."""
    if isinstance(rows, slice):
        return x[rows, ...]
    xp = namespace(x)
    return xp.take(x, beside(rows, x, xp.int64), axis=0)


def rows_where(x: Any, chosen: Any) -> Any:
    """The rows of x, which may be sparse, where a mask says so; the mask may be NumPy's."""
    return x[there(chosen, x) if is_foreign(x) and not is_foreign(chosen) else chosen]


def bits(x: Any) -> Any:
    """The pattern of bits of every floating-point number, as a whole number."""
    xp = namespace(x)
    if not hasattr(x, "view"):  # array_api_strict has none
        return there(on_host(x).view(f"int{xp.finfo(x.dtype).bits}").astype(np.int64), x)
    return xp.astype(x.view(xp.int64 if xp.finfo(x.dtype).bits == 64 else xp.int32), xp.int64)


def numpy_dtype(x: Any) -> Any:
    """NumPy's name for x's float32 or float64."""
    return np.dtype(f"float{namespace(x).finfo(x.dtype).bits}")


def at_least(x: Any, least: float) -> Any:
    """x, or ``least`` where x is below it; nan stays nan."""
    xp = namespace(x)
    return xp.maximum(x, xp.full((), least, dtype=x.dtype, device=device_of(x)))
