"""Blocks of CSR rows: in place where SciPy would leave them alone, copied where it would sort them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sk_gd import GDLogisticClassifier
from sk_gd.losses import SquaredError
from sk_gd.sources import source_of


@pytest.fixture
def rows(rng):
    """X in canonical format, and y."""
    X = sparse.csr_array(rng.random((200, 30)) * (rng.random((200, 30)) < 0.2))
    X.sum_duplicates()
    return X, (X @ rng.normal(size=30) + 0.1 * rng.normal(size=200) > 0).astype(float)


@pytest.mark.parametrize("span", [slice(0, 200), slice(3, 90), slice(90, 90), slice(190, 200)])
def test_a_block_is_a_view(rows, span):
    X, y = rows
    block = source_of(X, y[:, None], None).take(span)
    assert_array_equal(block.X.toarray(), X.toarray()[span])
    assert_array_equal(block.y, y[span, None])
    assert not block.X.nnz or np.shares_memory(block.X.data, X.data)


@pytest.mark.parametrize("variant", ["batch", "stochastic"])
def test_entries_in_any_order_stay_in_it(rows, variant):
    """Entries out of order and in two parts are fitted as if they were in canonical format, and are not put into it."""
    X, y = rows
    entries = np.repeat(X.data[::-1] / 2, 2), np.repeat(X.indices[::-1], 2), 2 * (X.nnz - X.indptr[::-1])
    loose = sparse.csr_array(entries, shape=X.shape)
    data, indices = loose.data.copy(), loose.indices.copy()
    params = {"preconditioner": "diagonal", "tol": 1e-8, "alpha": 1e-2, "random_state": 0}
    model = GDLogisticClassifier(variant, **params).fit(loose, y[::-1])
    assert_array_equal(loose.data, data)
    assert_array_equal(loose.indices, indices)
    expected = GDLogisticClassifier(variant, **params).fit(X[::-1].tocsr(), y[::-1])
    assert_allclose(model.coef_, expected.coef_, atol=1e-3)


def test_memory_of_an_earlier_pass_is_used_again_and_not_seen(rows):
    """Passes in turn, of one and of several outputs, and of a copy with other targets, say what each says alone."""
    X, y = rows
    thetas, none = {1: np.full((1, 31), 0.1), 3: np.arange(93.0).reshape(3, 31) / 93}, np.empty((0, 0))

    def ask(source, K):
        return source.value_and_gradient(SquaredError(), thetas[K], none)

    def of(K):
        return source_of(X, np.repeat(y[:, None], K, axis=1), None)

    alone, sources = {K: ask(of(K), K) for K in thetas}, {1: of(1), 3: of(1).retarget(of(3).y, None)}
    sources[3].spare = sources[1].spare
    answers = [(K, ask(sources[K], K)) for K in (1, 1, 3, 3, 1)]
    assert sources[1].retarget(y[:, None], None).spare is sources[1].spare
    assert len(sources[1].spare) == 1
    for K, (value, gradient) in answers:
        assert value == alone[K][0]
        assert_array_equal(gradient, alone[K][1])
