"""Which library holds an array, and on which device: the only place that asks. Everything else speaks that library's Array API.

Numbers about rows stay where the rows are, on a GPU if that is where they came from. Numbers about parameters, of which there
are few, are NumPy's: ``beside`` takes them to the rows, ``on_host`` brings sums over rows back.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sk_gd._compat import array_namespace, convert_to_numpy, device_of, finest_dtype, is_array_api_obj

Array = NDArray[Any]

NAMESPACES: dict[type, Any] = {}  # asking takes a fifth of an update on one row, so what was asked is kept
FINEST: dict[tuple[Any, str], Any] = {}
GROUP = 1024  # rows: few enough for their sum in float32, enough for a product


def is_foreign(x: Any) -> bool:
    """Whether x is an array of another library than NumPy."""
    return not isinstance(x, np.ndarray) and bool(is_array_api_obj(x))


def namespace(x: Any) -> Any:
    """The functions of the library that x is an array of, by their standard names."""
    known = NAMESPACES.get(type(x))
    if known is None:
        known = NAMESPACES[type(x)] = array_namespace(x)
    return known


def finest(x: Any) -> Any:
    """The floating-point type of most digits that x's device has: float64 on all but a few."""
    xp, device = namespace(x), device_of(x)
    known = FINEST.get((xp, str(device)))
    if known is None:
        known = FINEST[xp, str(device)] = finest_dtype(xp, device)
    return known


def on_host(x: Any) -> Array:
    """The array as one of NumPy."""
    host: Array = convert_to_numpy(x, namespace(x)) if is_foreign(x) else np.asarray(x)
    return host


def in_place(x: Any) -> Any:
    """The same memory as an array of NumPy, if it is the host's and an array of another library's; else x as it is."""
    return np.from_dlpack(x) if is_foreign(x) and hasattr(x, "__dlpack__") and str(device_of(x)) == "cpu" else x


def sums_on_host(x: Any) -> Array:
    """Sums that were taken beside the rows, as NumPy's float64, whatever the precision that they were taken in."""
    return on_host(x).astype(np.float64, copy=False)


def together_on_host(arrays: list[Any]) -> list[Array]:
    """Sums that were taken beside the rows, in one transfer, for which the device is waited for once."""
    if not is_foreign(arrays[0]):
        return [sums_on_host(x) for x in arrays]
    xp, shapes = namespace(arrays[0]), [tuple(x.shape) for x in arrays]
    flat = sums_on_host(xp.concat([xp.reshape(double(x), (-1,)) for x in arrays]))
    parts = np.split(flat, np.cumsum([prod(shape) for shape in shapes])[:-1])
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]


def beside(values: Any, x: Any, dtype: Any = None) -> Any:
    """Values in x's library and on its device, in its dtype if no other is named."""
    return namespace(x).asarray(values, dtype=x.dtype if dtype is None else dtype, device=device_of(x))


def brought(values: Any, x: Any) -> Any:
    """Values of any library in x's, on its device and in its dtype."""
    return beside(values if type(values) is type(x) else on_host(values), x)


def there(values: Array, x: Any) -> Any:
    """NumPy's values in x's library and on its device, their dtype kept as far as that is known there."""
    dtype = finest(x) if values.dtype == np.float64 else None
    return namespace(x).asarray(values, dtype=dtype, device=device_of(x))


def double(x: Any) -> Any:
    """The numbers in the finest precision that their device has."""
    return namespace(x).astype(x, finest(x), copy=False)


def zeros(shape: tuple[int, ...], x: Any) -> Any:
    """Zeros in x's library, dtype and place."""
    return namespace(x).zeros(shape, dtype=x.dtype, device=device_of(x))


def bits(x: Any) -> Any:
    """The pattern of bits of every floating-point number, as a whole number."""
    xp = namespace(x)
    if not hasattr(x, "view"):  # array_api_strict has none
        return there(on_host(x).view(f"int{xp.finfo(x.dtype).bits}").astype(np.int64), x)
    return xp.astype(x.view(xp.int64 if xp.finfo(x.dtype).bits == 64 else xp.int32), xp.int64)


def double_sum(x: Any, axis: int | None = None) -> Any:
    """The sum, taken in the finest precision that the device has."""
    return namespace(x).sum(x, axis=axis, dtype=finest(x))


def cross_product(left: Any, right: Any) -> Any:
    """``left' right``, where right may be sparse, in double precision.

    Other libraries add up float32 in float32, whatever the number of rows, and do not share out a product of few columns among the
    cores of a GPU: theirs are products of groups of rows, whose sums are taken in double precision.
    """
    if not is_foreign(left):
        return double((right.T @ left).T)
    xp, count = namespace(left), left.shape[0] // GROUP
    rest = double(left[count * GROUP :, ...].T @ right[count * GROUP :, ...])
    if not count:
        return rest
    left, right = (xp.reshape(part[: count * GROUP, ...], (count, GROUP, part.shape[1])) for part in (left, right))
    return rest + double_sum(xp.matmul(xp.matrix_transpose(left), right), axis=0)


def numpy_dtype(x: Any) -> Any:
    """NumPy's name for x's float32 or float64."""
    return np.dtype(f"float{namespace(x).finfo(x.dtype).bits}")


def at_least(x: Any, least: float) -> Any:
    """x, or ``least`` where x is below it; nan stays nan."""
    xp = namespace(x)
    return xp.maximum(x, xp.full((), least, dtype=x.dtype, device=device_of(x)))
