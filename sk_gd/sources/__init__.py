"""Sources: where the rows are. One file each, and one line here."""

from collections.abc import Callable
from typing import Any

from scipy.sparse import issparse

from sk_gd._array import Array, is_foreign
from sk_gd.sources._base import Block, Source
from sk_gd.sources._compiled import CompiledSource
from sk_gd.sources.array_api import ArrayAPISource
from sk_gd.sources.csr import CSRSource
from sk_gd.sources.dense import DenseSource

SOURCES: tuple[tuple[Callable[[Any], bool], type[Source]], ...] = (  # the first that recognises X takes it
    (issparse, CSRSource),
    (is_foreign, ArrayAPISource),
    (lambda X: True, DenseSource),
)


def source_of(X: Any, y: Array, weights: Array | None) -> Source:
    """The source that knows how to read X."""
    return next(source(X, y, weights) for recognises, source in SOURCES if recognises(X))


__all__ = ["SOURCES", "ArrayAPISource", "Block", "CSRSource", "CompiledSource", "DenseSource", "Source", "source_of"]
