"""Rows in an array of another library than NumPy: torch, CuPy; on a GPU, or wherever it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sk_gd._array import Array, beside, double, double_sum, numpy_dtype, together_on_host
from sk_gd._pieces import rows_of, spans
from sk_gd.losses import Cost
from sk_gd.sources._base import S, Source, T
from sk_gd.sources._block import Block

DEVICE_BLOCK = 2**26  # values worked on at a time: large beside the launch of a dozen functions, small beside a device's memory
DEVICE_CHUNK = 2**22  # values copied in the order of their visits at a time


class ArrayAPISource(Source):
    """A float32 or float64 array that stays where it is: a pass brings the parameters to it and takes their gradient back.

    All is said in the words of the Python array API standard, so the library does not matter.

    Parameters
    ----------
    X : array of shape (n_samples, n_features)
        The rows, on their device.
    y : array of shape (n_samples, n_targets)
        Targets, or codes of classes.
    weights : array of shape (n_samples,) or None
        Of mean 1; None where all are one.
    """

    def __init__(self, X: Any, y: Any, weights: Any) -> None:
        super().__init__(X, y, weights)
        self.dtype = numpy_dtype(X)
        self.chunk = max(Source.chunk, DEVICE_CHUNK // self.n_features)

    @property
    def n_stored(self) -> int:
        return self.n_samples * self.n_features

    def take(self, rows: Array | slice) -> Block:
        weights = None if self.weights is None else rows_of(self.weights, rows)
        return Block(rows_of(self.X, rows), rows_of(self.y, rows), weights)

    def exact(self) -> Source:
        return type(self)(double(self.X), self.y, self.weights)

    def ranges(self, n_outputs: int = 1) -> list[slice]:
        return self.tiles(max(self.n_features, n_outputs))

    def tiles(self, width: int) -> list[slice]:
        return spans(self.n_samples, max(64, DEVICE_BLOCK // width))

    def map(self, function: Callable[[S], T], items: list[S]) -> list[T]:
        return [function(item) for item in items]  # the device has its own threads

    def value_and_gradient(self, loss: Cost, theta: Array, slopes: Any) -> tuple[float, Array]:
        there, sums = beside(theta, self.X), []
        for rows in self.ranges(len(theta)):
            block = self.take(rows)
            value, slope = loss.value_and_slope(block.y, block.raw(there))
            slope = block.weigh(slope)
            if slopes.shape[0]:
                slopes[rows, ...] = slope
            gradient = block.gradient(slope, theta.shape[1] > self.n_features)
            sums.append((double_sum(block.weigh(value)), gradient))
        value, gradient = together_on_host([sum(parts[1:], parts[0]) for parts in zip(*sums, strict=True)])
        return float(value), gradient
