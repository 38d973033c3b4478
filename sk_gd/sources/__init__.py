"""Sources: where the rows are. One file each, and one line here.

Rows of Dask collections are in sources of the workers that hold them, see ``dask.py``.
"""

from collections.abc import Callable
from typing import Any

from scipy.sparse import issparse

from sk_gd._array import Array, in_place, is_foreign
from sk_gd.sources._base import Source
from sk_gd.sources._block import Block
from sk_gd.sources._compiled import BroughtSource, CompiledSource
from sk_gd.sources.array_api import ArrayAPISource
from sk_gd.sources.csr import CSRSource
from sk_gd.sources.dask import PartitionLostError
from sk_gd.sources.dense import DenseSource, PickedDense, PickedRows
from sk_gd.sources.files import StoredCSR, StoredDense, StoredRows

SOURCES: tuple[tuple[Callable[[Any], bool], type[Source]], ...] = (  # the first that recognises X takes it
    (issparse, CSRSource),
    (lambda X: isinstance(X, StoredRows) and X.sparse, StoredCSR),
    (lambda X: isinstance(X, StoredRows), StoredDense),
    (lambda X: isinstance(X, PickedRows), PickedDense),
    (is_foreign, ArrayAPISource),
    (lambda X: True, DenseSource),
)


def source_of(X: Any, y: Array, weights: Array | None) -> Source:
    """Choose the source that knows how to read X.

    Parameters
    ----------
    X : ndarray, CSR matrix, array of another library, some rows of an array or rows in a file
        The rows, of shape (n_samples, n_features); arrays of other libraries in the host's memory are as good as NumPy's.
    y : array of shape (n_samples, n_targets)
        Targets, or codes of classes.
    weights : array of shape (n_samples,) or None
        Of mean 1; None where all are one.

    Returns
    -------
    Source
        A source of the first kind in ``SOURCES`` that X belongs to.
    """
    rows = in_place(X)
    kind = next(source for recognises, source in SOURCES if recognises(rows))
    source = kind(rows, in_place(y), in_place(weights))
    source.given = X
    return source


__all__ = [
    "SOURCES",
    "ArrayAPISource",
    "Block",
    "BroughtSource",
    "CSRSource",
    "CompiledSource",
    "DenseSource",
    "PartitionLostError",
    "PickedDense",
    "PickedRows",
    "Source",
    "source_of",
]
