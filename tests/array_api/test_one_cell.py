"""The same cell of a notebook fits rows wherever they are."""

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


HOLDERS = {
    "csr": lambda X, folder: sparse.csr_array(X),
    "memmap": mapped,
    "torch": lambda X, folder: torch.asarray(X),
}


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("target", ["regression", "binary", "multinomial"])
def test_one_cell(make_problem, tmp_path, target, holder):
    """To the coefficients of NumPy's arrays, to 1e-6."""
    X, y, _ = make_problem(target, columns="raw", n_samples=400)
    model = GDLinearRegressor(alpha=1e-3) if target == "regression" else GDLogisticClassifier(alpha=1e-3)
    expected = model.fit(X, y).coef_
    np.testing.assert_allclose(on_host(model.fit(HOLDERS[holder](X, tmp_path), y).coef_), expected, rtol=1e-6)
