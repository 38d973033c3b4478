"""Dtypes and memory layouts of X, y and weights."""

import tempfile
from pathlib import Path

import joblib
import numpy as np

from tests.faults.battery import each, either, fits


def unaligned(array):
    """The same numbers, a byte beside where the processor wants them."""
    place = np.empty(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    place[:] = array
    return place


def read_only(array):
    """A copy that nobody may write to."""
    copied = array.copy()
    copied.flags.writeable = False
    return copied


def mapped(array):
    """The array in a file that is mapped for reading."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "array.joblib"
        joblib.dump(array, file)
        return joblib.load(file, mmap_mode="r")  # the file is gone, what is mapped stays


def strided(array):
    """Every other place of a larger array."""
    larger = np.full(tuple(2 * n for n in array.shape), 99, array.dtype)
    larger[tuple(slice(None, None, 2) for _ in array.shape)] = array
    return larger[tuple(slice(None, None, 2) for _ in array.shape)]


class Subclass(np.ndarray):
    """An array by another name."""


LAYOUTS = {
    "fortran order": np.asfortranarray,
    "strides": strided,
    "rows in reverse": lambda a: a[::-1].copy()[::-1],
    "all axes in reverse": lambda a: np.flip(np.flip(a).copy()),
    "unaligned numbers": unaligned,
    "read-only numbers": read_only,
    "a memory map": mapped,
    "a subclass": lambda a: a.view(Subclass),
    "big-endian numbers": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "objects": lambda a: a.astype(object),
    "a buffer of bytes": lambda a: np.frombuffer(a.tobytes(), a.dtype).reshape(a.shape),
}
DTYPES = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "g", ">i2", ">i4", ">f2", ">f4", ">f8"]


@each(LAYOUTS, fits(), "x in {}", "X in {} has the same numbers as X")
def _(lab, arranged):
    X = arranged(lab.X)
    assert np.array_equal(X, lab.X)
    np.testing.assert_array_equal(lab.fit(X, rows=lab.X).coef_, lab.fitted().coef_)


@each(LAYOUTS, fits(), "float32 x in {}", "32 bits in {}, too")
def _(lab, arranged):
    X = arranged(lab.X.astype(np.float32))
    assert lab.fit(X, rows=lab.X).coef_.dtype == (np.float32 if X.dtype == np.float32 else np.float64)


@each(LAYOUTS, fits(), "y and weights in {}", "{} for what goes with the rows")
def _(lab, arranged):
    s = lab.rng.gamma(1.0, size=60)
    ours = lab.fit(lab.X, arranged(lab.y), arranged(s), targets=lab.y) if arranged(lab.y).dtype != object else None
    if ours is not None:
        np.testing.assert_array_equal(ours.coef_, lab.model().fit(lab.X, lab.y, s).coef_)


@each({dtype: np.dtype(dtype) for dtype in DTYPES}, fits(), "x of dtype {}", "numbers of dtype {} are numbers")
def _(lab, dtype):
    X = np.abs(np.round(3 * lab.X)) if dtype.kind in "u?" else 3 * lab.X
    lab.fit(X.astype(dtype))


@each({dtype: np.dtype(dtype) for dtype in DTYPES}, fits(), "y and weights of dtype {}", "targets of dtype {} are numbers")
def _(lab, dtype):
    y = np.abs(np.round(3 * lab.y)).astype(dtype)
    s = np.abs(np.round(3 * lab.rng.gamma(1.0, size=60)) + 1).astype(dtype)
    lab.fit(lab.X, y if lab.linear else lab.y, s)


@fits()
def zero_strides_between_rows(lab):
    """All rows are one row in memory: nothing to learn, nothing to crash on."""
    lab.fit(np.broadcast_to(lab.X[:1], (60, 4)))


@fits()
def zero_strides_between_columns(lab):
    """All columns are one."""
    lab.fit(np.broadcast_to(lab.X[:, :1], (60, 4)))


@fits()
def zero_strides_of_weights(lab):
    """One weight in memory for all rows."""
    lab.fit(lab.X, sample_weight=np.broadcast_to(2.0, 60))


@fits()
def overlapping_rows(lab):
    """Windows into a series share their numbers."""
    lab.fit(np.lib.stride_tricks.sliding_window_view(lab.rng.normal(size=63), 4))


@fits()
def integers_beyond_the_digits_of_a_float(lab):
    """2^63 is read with the digits that there are."""
    lab.fit((lab.X * 2.0**60).astype(np.int64))


@either()
def unsigned_integers_near_their_limit(lab):
    """2^64 is."""
    lab.fit(np.uint64(2**64 - 1) - np.abs(lab.X * 1000).astype(np.uint64))
