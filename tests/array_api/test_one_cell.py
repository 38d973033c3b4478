"""The same cell of a notebook fits rows wherever they are."""

import dask.array
import numpy as np
import pytest
import torch
from scipy import sparse

from sk_gd import GDLinearRegressor, GDLogisticClassifier
from sk_gd._array import on_host


def mapped(X, folder):
    """The same numbers in a file."""
    file = np.memmap(folder / "X", dtype=X.dtype, mode="w+", shape=X.shape)
    file[:] = X
    file.flush()
    return np.memmap(folder / "X", dtype=X.dtype, mode="r", shape=X.shape)


def in_partitions(values):
    """The same numbers in the four partitions of a collection."""
    return dask.array.from_array(values, chunks=(130, *values.shape[1:]))


HOLDERS = {
    "csr": lambda X, y, folder: (sparse.csr_array(X), y),
    "memmap": lambda X, y, folder: (mapped(X, folder), y),
    "torch": lambda X, y, folder: (torch.asarray(X), y),
    "dask": lambda X, y, folder: (in_partitions(X), in_partitions(y)),
}


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("target", ["regression", "binary", "multinomial"])
def test_one_cell(make_problem, tmp_path, target, holder):
    """To the coefficients of NumPy's arrays, to 1e-6."""
    X, y, _ = make_problem(target, columns="raw", n_samples=400)
    Estimator = GDLinearRegressor if target == "regression" else GDLogisticClassifier
    model = Estimator(alpha=1e-3, tol=1e-10)
    expected = model.fit(X, y).coef_
    np.testing.assert_allclose(on_host(model.fit(*HOLDERS[holder](X, y, tmp_path)).coef_), expected, rtol=1e-6)
