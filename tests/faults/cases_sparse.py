"""Sparse matrices: every format, kinds of indices, and structure that scipy does not look at unless it is asked to."""

import numpy as np
from scipy import sparse

from tests.faults.battery import each, either, fits, refused
from tests.faults.cases_layouts import mapped, read_only

FORMATS = ["bsr", "coo", "csc", "csr", "dia", "dok", "lil"]
CONTAINERS = {
    f"{name} {kind}": getattr(sparse, f"{name}_{kind}") for name in FORMATS for kind in ("array", "matrix")
}  # fmt: skip


def half(X):
    """X with half of its entries zero."""
    return X * (np.random.default_rng(0).random(X.shape) < 0.5)


def rebuilt(X, kind="csr", **parts):
    """The matrix of this format with other parts, whatever they are: past all of scipy's questions."""
    rows = getattr(sparse, f"{kind}_array")(half(X))
    for name, value in parts.items():
        setattr(rows, name, value(getattr(rows, name)) if callable(value) else value)
    return rows


def at(position, value):
    """Overwrites one number."""

    def spoil(part):
        part = part.copy()
        part[position] = value
        return part

    return spoil


def with_a_key_out_of_range(X):
    """A dictionary of keys that its shape does not have."""
    rows = rebuilt(X, "dok")
    dict.__setitem__(getattr(rows, "_dict", rows), (3, 99), 1.0)  # before SciPy 1.11 the matrix is the dictionary
    return rows


CORRUPT = {
    "a column out of range": lambda X: rebuilt(X, indices=at(3, 99)),
    "a column just out of range": lambda X: rebuilt(X, indices=at(3, 4)),
    "a column far out of range": lambda X: rebuilt(X, indices=at(3, 2**31 - 1)),
    "a negative column": lambda X: rebuilt(X, indices=at(3, -1)),
    "a very negative column": lambda X: rebuilt(X, indices=at(0, -(2**31))),
    "row ends out of range": lambda X: rebuilt(X, indptr=at(5, 10**6)),
    "row ends that fall": lambda X: rebuilt(X, indptr=at(5, 1)),
    "a last row that ends late": lambda X: rebuilt(X, indptr=at(-1, 10**6)),
    "a first row that starts late": lambda X: rebuilt(X, indptr=at(0, 1)),
    "a negative row end": lambda X: rebuilt(X, indptr=at(1, -5)),
    "too few row ends": lambda X: rebuilt(X, indptr=lambda p: p[:-1]),
    "too many row ends": lambda X: rebuilt(X, indptr=lambda p: np.append(p, p[-1])),
    "fewer columns than values": lambda X: rebuilt(X, indices=lambda i: i[:-7]),
    "fewer values than columns": lambda X: rebuilt(X, data=lambda v: v[:-7]),
    "columns that are floats": lambda X: rebuilt(X, indices=lambda i: i.astype(float)),
    "columns in two dimensions": lambda X: rebuilt(X, indices=lambda i: i[:, None]),
    "csc with a row out of range": lambda X: rebuilt(X, "csc", indices=at(3, 999)),
    "csc with a negative row": lambda X: rebuilt(X, "csc", indices=at(3, -2)),
    "csc with column ends that fall": lambda X: rebuilt(X, "csc", indptr=at(2, 1)),
    "bsr with a block out of range": lambda X: rebuilt(X, "bsr", indices=at(3, 999)),
    "bsr with row ends that fall": lambda X: rebuilt(X, "bsr", indptr=at(5, 1)),
    "coo with a column out of range": lambda X: rebuilt(X, "coo", col=at(3, 99)),
    "coo with a negative row": lambda X: rebuilt(X, "coo", row=at(3, -7)),
    "coo with coordinates of different lengths": lambda X: rebuilt(X, "coo", col=lambda c: c[:-5]),
    "lil with a column out of range": lambda X: rebuilt(X, "lil", rows=at(3, [0, 99])),
    "lil with a column too many": lambda X: rebuilt(X, "lil", rows=at(3, [0, 1, 2, 3])),
    "dok with a key out of range": with_a_key_out_of_range,
}


@each(CONTAINERS, fits(), "{}", "a {} is what its dense twin is")
def _(lab, container):
    X = half(lab.X)
    np.testing.assert_allclose(lab.fit(container(X)).predict(X), lab.fit(X).predict(X), rtol=0.01, atol=0.01)


@each(CORRUPT, refused(ValueError, IndexError, TypeError), "{}", "{} would be a wild pointer in compiled code")
def _(lab, spoil):
    lab.fit(spoil(lab.X), rows=half(lab.X))


@each(CORRUPT, refused(ValueError, IndexError, TypeError), "{} in predict", "{} would be one in predict, too")
def _(lab, spoil):
    lab.fitted().predict(spoil(lab.X))


@each(CORRUPT, refused(ValueError, IndexError, TypeError), "{} in partial fit", "{} would be one in partial_fit")
def _(lab, spoil):
    lab.fitted().partial_fit(spoil(lab.X), lab.y)


@fits()
def indices_of_64_bits(lab):
    """What large matrices have."""
    lab.fit(rebuilt(lab.X, indices=lambda i: i.astype(np.int64), indptr=lambda p: p.astype(np.int64)))


@either(ValueError, TypeError)
def indices_of_different_widths(lab):
    """Columns of 32 bits, row ends of 64."""
    lab.fit(rebuilt(lab.X, indptr=lambda p: p.astype(np.int64)), rows=half(lab.X))


@either(ValueError, TypeError)
def indices_of_16_bits(lab):
    """Nobody makes them, anybody can."""
    lab.fit(rebuilt(lab.X, indices=lambda i: i.astype(np.int16), indptr=lambda p: p.astype(np.int16)), rows=half(lab.X))


@either(ValueError, TypeError)
def big_endian_indices(lab):
    """From a file of another machine."""
    lab.fit(rebuilt(lab.X, indices=lambda i: i.astype(">i4"), indptr=lambda p: p.astype(">i4")), rows=half(lab.X))


@fits()
def unsorted_columns(lab):
    """A row's entries in any order."""
    X = sparse.csr_array(lab.X)
    X.indices, X.data = X.indices.reshape(60, 4)[:, ::-1].ravel().copy(), X.data.reshape(60, 4)[:, ::-1].ravel().copy()
    X.has_sorted_indices = False
    lab.fit(X, rows=lab.X)


@fits()
def duplicate_entries(lab):
    """Two entries in one place add up."""
    X = sparse.csr_array((np.repeat(lab.X.ravel() / 2, 2), np.tile(np.repeat(np.arange(4), 2), 60), np.arange(0, 481, 8)))
    lab.fit(X, rows=lab.X)


@fits()
def duplicate_entries_in_coo(lab):
    """The format in which they are common."""
    rows, columns = np.divmod(np.tile(np.arange(240), 3), 4)
    lab.fit(sparse.coo_array((np.tile(lab.X.ravel() / 3, 3), (rows, columns)), shape=(60, 4)), rows=lab.X)


@fits()
def stored_zeros(lab):
    """An entry may be zero."""
    X = sparse.csr_array(lab.X)
    X.data[::2] = 0.0
    lab.fit(X)


@fits()
def no_entries(lab):
    """All zero: the constant model."""
    lab.fit(sparse.csr_array((60, 4)))


@fits()
def empty_rows_and_columns(lab):
    """Rows and columns without an entry."""
    X = lab.X.copy()
    X[::3], X[:, 2] = 0.0, 0.0
    lab.fit(sparse.csr_array(X))


@fits()
def read_only_parts(lab):
    """Nobody may write to the matrix."""
    lab.fit(rebuilt(lab.X, data=read_only, indices=read_only, indptr=read_only))


@fits()
def memory_mapped_parts(lab):
    """The matrix is in a file."""
    lab.fit(mapped(sparse.csr_array(half(lab.X))), rows=half(lab.X))


@each({code: np.dtype(code) for code in ("?", "i1", "u8", "f4", ">f8", "g")}, either(ValueError, TypeError),
      "sparse values of dtype {}", "values of dtype {} in a sparse matrix")  # fmt: skip
def _(lab, dtype):
    X = np.round(np.abs(3 * half(lab.X)))
    lab.fit(rebuilt(X, data=lambda v: v.astype(dtype)), rows=half(X).astype(dtype))


@either(ValueError, TypeError)
def sparse_objects(lab):
    """Python's numbers in a sparse matrix."""
    lab.fit(rebuilt(lab.X, data=lambda v: v.astype(object)), rows=half(lab.X))


@refused(ValueError, TypeError)
def a_sparse_vector(lab):
    """One dimension is no rows."""
    lab.fit(sparse.coo_array(lab.X[:, 0]))


@refused(MemoryError, ValueError, OverflowError)
def more_columns_than_memory(lab):
    """2^42 coefficients fit no machine."""
    X = sparse.csr_array((np.ones(60), np.arange(60) * 2**35, np.arange(61)), shape=(60, 2**42))
    lab.fit(X, rows=lab.X)
