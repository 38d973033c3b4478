"""How threads sum over rows: in memory that each of them keeps, and added in an order that does not depend on them."""

from __future__ import annotations

from threading import Lock, local
from typing import Any

import numpy as np

from sk_gd._array import Array, is_foreign, namespace
from sk_gd.kernels import gram, gram_space


class Scratch(local):
    """Memory of a thread for one tile after the other: were it made anew for each, the system would have to give it page by page.

    Arrays of other libraries than NumPy are left to these.
    """

    def difference(self, a: Array, b: Array) -> Array:
        """``a - b``, up to the next one."""
        return a - b if is_foreign(a) else np.subtract(a, b, out=self.kept("tile", a.shape, a.dtype))

    def products(self, X: Array, h: Array, shift: Array) -> tuple[Array, Array]:
        """Sums over the rows of ``h (x - shift)`` and ``h (x - shift)(x - shift)'``, up to the next ones."""
        if is_foreign(X):
            root = namespace(X).sqrt(h)
            moved = (X - shift) * root[:, None]
            return root @ moved, moved.T @ moved
        sums = self.kept("sums", (X.shape[1] + 1, X.shape[1] + 1), np.float64)
        gram(X, h, shift, sums, self.kept("space", (gram_space(X.shape[1], X.dtype),), X.dtype))
        return sums[-1, :-1], sums[:-1, :-1]

    def kept(self, name: str, shape: tuple[int, ...], dtype: Any) -> Array:
        """The memory of this name, as the first rows of what it was made for."""
        known: Array | None = vars(self).get(name)
        if known is None or len(known) < shape[0]:
            known = vars(self)[name] = np.empty(shape, dtype)
        return known[: shape[0]]


class InOrder:
    """Sums of parts that are added in the order of their numbers, whichever thread is first: few wait for their turn."""

    def __init__(self) -> None:
        self.sums: list[Array] = []
        self.waiting: dict[int, list[Array]] = {}
        self.turn, self.lock = 0, Lock()

    def add(self, number: int, parts: list[Array]) -> None:
        """Take in a part, which may be changed."""
        with self.lock:
            self.waiting[number] = parts
            while parts := self.waiting.pop(self.turn, []):
                self.sums = self.sums or parts
                for i in range(len(parts) if self.turn else 0):
                    self.sums[i] += parts[i]
                self.turn += 1
