"""What grows with the rows, piece by piece: Ctrl-C waits for one, and a piece ends in the caches."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, TypeVar

import numpy as np
from scipy.sparse import issparse

from sk_gd._array import Array, beside, double, double_sum, finest, in_place, is_foreign, namespace, on_host, sums_on_host, there
from sk_gd._compat import device_of
from sk_gd._threads import apart

T = TypeVar("T")
Ranked = tuple[Any, Any, float, float]

SLACK = 1e-9  # of a share of all mass: sums of it are rounded
PIECE = 2**16  # numbers that one call of NumPy gets where it could get all: it lets no signal through, but ends in the caches


def spans(count: int, step: int) -> list[slice]:
    """Consecutive slices of ``step`` rows each, the last of what is left."""
    return [slice(start, min(start + step, count)) for start in range(0, count, step)]


def pieces(x: Any, size: int | None = None) -> list[slice]:
    """Consecutive ranges of rows of x, small enough for Ctrl-C to wait for one; a device has streams, and is not waited for.

    They have ``size`` numbers, if another size than PIECE pays.
    """
    count, few, size = x.shape[0], PIECE // 4, size or PIECE
    if isinstance(x, np.ndarray) and x.size <= few:  # soon known, for the sake of small fits
        return [slice(0, count)]
    size = few if x.dtype == object else size  # calls of Python
    if is_foreign(x) and str(device_of(x)) != "cpu":
        return [slice(0, count)]
    numbers = max(x.nnz, count) if issparse(x) else prod(x.shape)
    return spans(count, max(1, size * count // max(numbers, 1)))


def in_pieces(function: Callable[..., Any], *arrays: Any, size: int | None = None) -> Array:
    """``function(*arrays)``, which says of every row something that does not depend on the others, piece by piece of the first.

    An array may be None. See :func:`pieces` for ``size``.
    """
    ranges = pieces(arrays[0], size)
    if len(ranges) <= 1:
        return function(*arrays)
    whole: Any = None
    for piece in ranges:
        part = function(*cut(arrays, piece))
        if whole is None:
            whole = namespace(part).empty((ranges[-1].stop, *part.shape[1:]), dtype=part.dtype, device=device_of(part))
        whole[piece, ...] = part
    return whole


def of_pieces(function: Callable[..., T], *arrays: Any) -> list[T]:
    """What ``function`` says of the rows of each piece of the first array together."""
    ranges = pieces(arrays[0])
    return [function(*cut(arrays, piece)) for piece in ranges] if len(ranges) > 1 else [function(*arrays)]


def sum_in_pieces(function: Callable[..., Any], *arrays: Any) -> Any:
    """The sum of what it says of them."""
    parts = of_pieces(function, *arrays)
    return sum(parts[1:], parts[0])


def cut(arrays: tuple[Any, ...], piece: slice) -> list[Any]:
    """These rows of each array."""
    return [x if x is None else x[piece] if issparse(x) else x[piece, ...] for x in arrays]


def as_rows(x: Any, dtype: Any) -> Any:
    """X in another precision; NumPy's also in C order and at its place in memory, copied piece by piece if it is not."""
    if not isinstance(x, np.ndarray):
        return beside(x, x, dtype)
    if x.dtype == dtype and x.flags.c_contiguous and x.flags.aligned:
        return x
    rows = np.empty(x.shape, dtype)
    for piece in pieces(x):
        rows[piece] = x[piece]
    return rows


def picked(x: Array, numbers: Array, dtype: Any = None) -> Array:
    """``x[numbers]``, piece by piece, in another precision if one is named."""
    if len(numbers) * x.size <= PIECE * len(x):
        return x[numbers].astype(dtype or x.dtype, copy=False)
    found = np.empty((len(numbers), *x.shape[1:]), dtype or x.dtype)
    for piece in pieces(found):
        found[piece] = x[numbers[piece]]
    return found


def joined(parts: list[Any]) -> Any:
    """The rows of arrays of one kind in one array, part by part."""
    if is_foreign(parts[0]):
        return namespace(parts[0]).concat(parts)
    whole = np.empty((sum(map(len, parts)), *parts[0].shape[1:]), parts[0].dtype)
    stop = 0
    for part in parts:
        start, stop = stop, stop + len(part)
        place = whole[start:stop]
        for piece in pieces(part):
            place[piece] = part[piece]
    return whole


def count_from(first: int, count: int, dtype: Any = np.intp) -> Array:
    """So many whole numbers in succession: ``np.arange``, piece by piece."""
    numbers = np.empty(count, dtype)
    for piece in pieces(numbers):
        numbers[piece] = np.arange(first + piece.start, first + piece.stop)
    return numbers


def numbers_where(chosen: Array) -> Array:
    """The numbers of the rows where a mask says so, piece by piece; NumPy's are short if they can be."""
    if is_foreign(chosen):
        return joined([namespace(chosen).nonzero(chosen[piece])[0] + piece.start for piece in pieces(chosen)])
    count = sum(of_pieces(np.count_nonzero, chosen))
    numbers, stop = np.empty(count, np.int32 if len(chosen) <= np.iinfo(np.int32).max else np.intp), 0
    for piece in pieces(chosen):
        found = np.flatnonzero(chosen[piece])
        start, stop = stop, stop + len(found)
        numbers[start:stop] = found + piece.start
    return numbers


def added(parts: list[Array]) -> Array:
    """The sum of arrays, one after the other: they may be large, and NumPy would pile them up."""
    total = parts[0].copy()
    for part in parts[1:]:
        total += part
    return total


def rows_of(x: Any, rows: Any) -> Any:
    """The rows of x that a slice or an array of numbers names, which may be NumPy's."""
    if isinstance(rows, slice):
        return x[rows, ...]
    if isinstance(x, np.ndarray):
        return picked(x, on_host(rows))
    if issparse(x):
        return apart(x.__getitem__, rows, 8 * (x.nnz + x.shape[0]) * len(rows) // max(x.shape[0], 1))
    xp = namespace(x)
    return xp.take(x, beside(rows, x, xp.int64), axis=0)


def rows_where(x: Any, chosen: Any) -> Any:
    """The rows of x, which may be sparse, where a mask says so; the mask may be NumPy's."""
    here = in_place(x)
    if isinstance(here, np.ndarray):
        rows = picked(here, numbers_where(on_host(chosen)))
        return rows if here is x else beside(rows, x)
    if issparse(x):
        return rows_of(x, numbers_where(chosen))
    return x[there(chosen, x) if is_foreign(x) and not is_foreign(chosen) else chosen]


def ranked(of_rows: Callable[..., tuple[Any, Any]], share: float, *arrays: Any) -> Ranked:
    """Numbers in order around where a share of all mass is reached, the mass up to each, that before the first, and all mass.

    Parameters
    ----------
    of_rows : callable
        Makes the numbers and the masses of some rows of the arrays.
    share : float
        Between 0 and 1.
    arrays : arrays or None
        Of as many rows each. Of many rows few numbers are held at a time: those between two of a sample.
    """
    ranges = pieces(arrays[0], PIECE // 2)  # of a row may be made two numbers
    if is_foreign(arrays[0]) or len(ranges) == 1:
        return all_ranked(*of_rows(*arrays))
    sample, sums = in_order(*of_rows(*(x if x is None else x[:: len(ranges)] for x in arrays)))
    for margin in (0.01, 0.1) if len(sample) else ():
        first, last = np.searchsorted(sums, np.array([share - margin, share + margin]) * sums[-1])
        low, last = sample[max(first - 1, 0)], min(last, len(sample) - 1)
        high = sample[min(np.searchsorted(sample, sample[last], side="right"), len(sample) - 1)]
        numbers, sums, before, total = between(of_rows, ranges, arrays, low, high)
        if before < (share - SLACK) * total and len(sums) > 1 and sums[-2] > (share + SLACK) * total:
            return numbers, sums, before, total
    parts = [of_rows(*cut(arrays, piece)) for piece in ranges]
    whole = joined([numbers for numbers, _ in parts]), joined([masses for _, masses in parts])
    del parts
    return apart(lambda whole: all_ranked(*whole), whole, 16 * len(whole[0]))


def all_ranked(numbers: Any, masses: Any) -> Ranked:
    """What :func:`ranked` says, of all numbers; there may be none."""
    numbers, sums = in_order(numbers, masses)
    return numbers, sums, 0.0, float(sums[-1]) if sums.shape[0] else 0.0


def between(of_rows: Callable[..., Any], ranges: list[slice], arrays: Any, low: Any, high: Any) -> Ranked:
    """What :func:`ranked` says, of numbers from a low to a high one; many that are equal to one of these are taken as one."""
    before, total, ends, found = 0.0, 0.0, np.zeros(2), []
    for piece in ranges:
        numbers, masses = of_rows(*cut(arrays, piece))
        inside = (numbers > low) & (numbers < high)
        found.append((numbers[inside], masses[inside]))
        ends += masses[numbers == low].sum(), masses[numbers == high].sum()
        before += float(masses[numbers < low].sum())
        total += float(masses.sum())
    found.append((np.array([low, high]), ends))
    whole = joined([numbers for numbers, _ in found]), joined([masses for _, masses in found])
    numbers, sums = apart(lambda whole: in_order(*whole), whole, 16 * len(whole[0]))
    return numbers, before + sums, before, total


def in_order(numbers: Any, masses: Any) -> tuple[Any, Any]:
    """Numbers in order, and sums of the masses up to each."""
    xp = namespace(numbers)
    order = xp.argsort(numbers, stable=False)
    return xp.take(numbers, order), xp.cumulative_sum(double(xp.take(masses, order)))


def weigh_codes(codes: Any, weights: Any, count: int) -> Array:
    """The weights that the rows of each code 0 .. count - 1 sum to, as NumPy's numbers; None counts the rows."""
    codes, weights = in_place(codes), in_place(weights)
    if not is_foreign(codes):

        def counted(codes: Array, weights: Array | None) -> Array:
            return np.bincount(codes.astype(np.intp, copy=False), weights, count)

        counts: Array = sum_in_pieces(counted, codes, weights)
        return counts.astype(np.float64)
    xp, sums = namespace(codes), []
    for code in range(count):
        own = xp.astype(codes == code, finest(codes))
        sums.append(double_sum(own if weights is None else own * weights))
    return sums_on_host(xp.stack(sums))


def ones_for(x: Any) -> Any:
    """A one for every row of x, where that is, in the finest precision there, piece by piece."""
    return in_pieces(lambda some: namespace(some).ones(some.shape[0], dtype=finest(some), device=device_of(some)), x)
