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
    "csr": lambda X, rest, folder: (sparse.csr_array(X), *rest),
    "memmap": lambda X, rest, folder: (mapped(X, folder), *rest),
    "torch": lambda X, rest, folder: (torch.asarray(X), *map(torch.asarray, rest)),
    "dask": lambda X, rest, folder: (in_partitions(X), *map(in_partitions, rest)),
}


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5])
@pytest.mark.parametrize("variant", ["batch", "mini-batch"])
@pytest.mark.parametrize("target", ["regression", "binary", "multinomial"])
def test_one_cell(make_problem, tmp_path, target, variant, l1_ratio, weighted, holder):
    """To the coefficients of NumPy's arrays, to 1e-6 of a feature's largest, by every variant that arrives at the minimum."""
    # in raw units a softmax beside a kink takes mini-batches more than 1,000 epochs, and says so
    columns = "well" if (target, variant, l1_ratio) == ("multinomial", "mini-batch", 0.5) else "raw"
    X, y, s = make_problem(target, columns=columns, weighted=weighted, n_samples=400)
    Estimator = GDLinearRegressor if target == "regression" else GDLogisticClassifier
    model, rest = Estimator(variant, alpha=1e-3, l1_ratio=l1_ratio, tol=1e-16, random_state=0), [y, s] if weighted else [y]
    expected = model.fit(X, *rest).coef_
    found = on_host(model.fit(*HOLDERS[holder](X, rest, tmp_path)).coef_)
    assert model.converged_
    difference, size = np.atleast_2d(np.abs(found - expected)), np.atleast_2d(np.abs(expected))
    assert np.all(difference <= 1e-6 * size.max(axis=0) + 1e-9 * size.max())
