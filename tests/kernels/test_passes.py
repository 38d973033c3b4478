"""The compiled passes equal the same sums in NumPy, in any number of pieces."""

import numpy as np
import pytest
from scipy import sparse
from scipy.special import expit

from sk_gd.kernels import LOSSES, add_products_csr, columns_csr, gram, gram_space, multiply_csr, pass_csr, pass_dense, pointwise
from sk_gd.losses import Bend, Cornered, LogLoss, Multinomial, Piecewise, SquaredError

POINTWISE = {"squared_error": SquaredError(), "log_loss": LogLoss(), "piecewise": Piecewise(0.3, 0.5, 0.4),
             "cornered": Cornered(0.3, 0.5, 0.4, radius=0.2)}  # fmt: skip
NO_HYPER = np.empty(0)
TOLERANCE = {np.float64: 1e-12, np.float32: 2e-5}
NONE = np.empty((0, 0))


def run(container, X, y, weights, theta, *rest):
    """A pass over X, which is shown read-only, in one container."""
    if container == "dense":
        X.flags.writeable = False
        return pass_dense(X, y, weights, theta, *rest)
    index = np.int64 if container == "csr64" else np.int32
    X = sparse.csr_array(X)
    parts = X.data, X.indices.astype(index), X.indptr.astype(index)
    for part in parts:
        part.flags.writeable = False
    return pass_csr(*parts, X.shape[1], y, weights, theta.astype(X.dtype), *rest)


@pytest.fixture(params=["dense", "csr", "csr64"])
def container(request):
    return request.param


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", POINTWISE)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize(("n", "d"), [(1, 1), (7, 3), (9, 8), (300, 10), (1030, 1), (600, 37), (40, 5000)])
def test_pass_equals_numpy(container, dtype, loss, weighted, intercept, n, d):
    """Sums over the rows between start and stop, added to what the gradient holds; the slopes of other rows are left alone."""
    rng = np.random.default_rng(n)
    X = (rng.normal(size=(n, d)) * (rng.random((n, d)) < 0.5)).astype(dtype)
    y = (rng.integers(0, 2, (n, 1)) if loss == "log_loss" else rng.normal(size=(n, 1))).astype(dtype)
    weights = rng.gamma(1.0, size=n if weighted else 0).astype(dtype)
    theta = rng.normal(size=(1, d + intercept)) / np.sqrt(d)
    start, stop = n // 3, n - n // 5
    z = X.astype(float) @ theta[:, :d].T + (theta[0, d] if intercept else 0.0)
    per_row, slope = POINTWISE[loss].value_and_slope(y.astype(float), z)
    s = weights.astype(float)[:, None] if weighted else np.ones((n, 1))
    slope = s * slope
    ones = np.hstack([X, np.ones((n, int(intercept)))])
    gradient = np.ones_like(theta)
    slopes = np.full((n, 1), 7, dtype)
    for array in (y, weights, theta):
        array.flags.writeable = False
    hyper = POINTWISE[loss].hyper()
    total = run(container, X, y, weights, theta, LOSSES[loss], hyper, slopes, gradient, start, stop)
    without = np.ones_like(theta)
    assert total == run(container, X, y, weights, theta, LOSSES[loss], hyper, NONE, without, start, stop)
    np.testing.assert_array_equal(gradient, without)
    rows, tolerance = slice(start, stop), TOLERANCE[dtype]
    size = max(1.0, np.abs(slope[rows]).sum())
    np.testing.assert_allclose(total, (s[:, 0] * per_row)[rows].sum(), rtol=tolerance)
    np.testing.assert_allclose(gradient, 1 + slope[rows].T @ ones[rows], rtol=tolerance, atol=tolerance * size)
    np.testing.assert_allclose(slopes[rows], slope[rows], rtol=tolerance, atol=tolerance)
    assert (np.delete(slopes, np.r_[rows]) == 7).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "loss", [*map(Multinomial, (2, 3, 7, 10)), SquaredError(), Piecewise(0.3, 0.5, 0.4), Bend(True), Bend(False)]
)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize(("n", "d"), [(1, 1), (7, 3), (300, 10), (1030, 1), (600, 31), (600, 37), (70, 3000)])
def test_dense_pass_of_several_outputs(dtype, loss, weighted, intercept, n, d):
    """As above, with the number of outputs in no, one or several tiles, and rows that fill up no vector."""
    rng = np.random.default_rng(n + d)
    multinomial = isinstance(loss, Multinomial)
    K = loss.n_classes if multinomial else 5
    X = rng.normal(size=(n, d)).astype(dtype)
    y = rng.integers(0, K if multinomial else 2, (n, 1 if multinomial else K)).astype(dtype)
    y /= K if isinstance(loss, Bend) else 1
    weights = rng.gamma(1.0, size=n if weighted else 0).astype(dtype)
    theta = rng.normal(size=(K, d + intercept)) / np.sqrt(d)
    start, stop = n // 3, n - n // 5
    z = X.astype(float) @ theta[:, :d].T + (theta[:, d] if intercept else 0.0)
    per_row, slope = loss.value_and_slope(y.astype(float), z)
    s = weights.astype(float)[:, None] if weighted else np.ones((n, 1))
    ones = np.hstack([X, np.ones((n, int(intercept)))])
    gradient, slopes = np.ones_like(theta), np.full((n, K), 7, dtype)
    total = run("dense", X, y, weights, theta, loss.pointwise, loss.hyper(), slopes, gradient, start, stop)
    rows, tolerance, slope = slice(start, stop), TOLERANCE[dtype], s * slope
    np.testing.assert_allclose(total, (s[:, 0] * per_row)[rows].sum(), rtol=tolerance)
    scale = max(1.0, np.abs(slope[rows]).sum())
    np.testing.assert_allclose(gradient, 1 + slope[rows].T @ ones[rows], rtol=tolerance, atol=tolerance * scale)
    np.testing.assert_allclose(slopes[rows], slope[rows], rtol=tolerance, atol=tolerance)
    assert (np.delete(slopes, np.r_[rows], axis=0) == 7).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("d", [1, 2, 3, 4, 7, 8, 15, 16, 31, 64, 130])
@pytest.mark.parametrize("n", [1, 5, 257, 700])
def test_gram(rng, dtype, weighted, n, d):
    """Columns in no, one or several tiles, rows in several blocks; what stood in the sums is forgotten, both halves are written."""
    X, shift = (3 + rng.normal(size=shape) for shape in ((n, d), d))
    X, shift, h = X.astype(dtype), shift.astype(dtype), rng.gamma(1.0, size=n * weighted).astype(dtype)
    sums = np.full((d + 1, d + 1), np.nan)
    gram(X, h, shift, sums)
    again = np.full_like(sums, np.nan)
    gram(X, h, shift, again, np.full(gram_space(d, dtype), np.nan, dtype))  # memory of the caller's, whatever it holds
    np.testing.assert_array_equal(again, sums)
    rows = np.hstack([X.astype(float) - shift, np.ones((n, 1))])
    expected = (rows * h.astype(float)[:, None] if weighted else rows).T @ rows
    np.testing.assert_allclose(sums, expected, rtol=10 * TOLERANCE[dtype], atol=10 * TOLERANCE[dtype] * n)
    np.testing.assert_array_equal(sums, sums.T)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("m", [1, 2, 16, 17, 40])
def test_products_of_csr_rows_with_several_columns(dtype, index, m):
    """Empty rows, columns that come twice, and outputs that fill one block of sums, a part of it, or several."""
    rng = np.random.default_rng(m)
    counts = rng.integers(0, 9, 50)
    indices, indptr = rng.integers(0, 30, counts.sum()).astype(index), np.append(0, np.cumsum(counts)).astype(index)
    data, u, c = (rng.normal(size=size).astype(dtype) for size in (len(indices), (30, m), (50, m)))
    X = sparse.csr_array((data, indices, indptr), shape=(50, 30)).toarray().astype(float)
    z, sums = np.full((50, m), 7, dtype), np.ones((30, m))
    multiply_csr(data, indices, indptr, u, z)
    np.testing.assert_allclose(z, X @ u, rtol=TOLERANCE[dtype], atol=10 * TOLERANCE[dtype])
    add_products_csr(data, indices, indptr, c, sums)
    np.testing.assert_allclose(sums, 1 + X.T @ c, rtol=TOLERANCE[dtype], atol=10 * TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_sums_over_csr_columns(rng, dtype, index):
    """Weighted values and their squares, and the largest size; what is there already counts."""
    X = sparse.csr_array((rng.normal(size=(50, 30)) * (rng.random((50, 30)) < 0.2)).astype(dtype))
    weights, sums = rng.gamma(1.0, size=50), np.ones((30, 3))
    columns_csr(X.data, X.indices.astype(index), X.indptr.astype(index), weights, sums)
    dense = X.toarray().astype(float)
    expected = [1 + weights @ dense, 1 + weights @ dense**2, np.maximum(1, abs(dense).max(axis=0))]
    np.testing.assert_allclose(sums.T, expected, rtol=TOLERANCE[dtype], atol=10 * TOLERANCE[dtype])
    with pytest.raises(ValueError, match="weights"):
        columns_csr(X.data, X.indices.astype(index), X.indptr.astype(index), weights[1:], sums)


def test_long_sums_in_single_precision_keep_their_digits():
    """Of 400 000 rows of ones: a running sum in float32 would be off in the fourth digit."""
    n = 400_000
    X, y, gradient = np.full((n, 3), 0.1, np.float32), np.ones((n, 1), np.float32), np.zeros((1, 4))
    pass_dense(X, y, np.empty(0, np.float32), np.zeros((1, 4)), LOSSES["squared_error"], NO_HYPER, NONE, gradient, 0, n)
    np.testing.assert_allclose(gradient, [[-0.1 * n, -0.1 * n, -0.1 * n, -n]], rtol=1e-6)


@pytest.mark.parametrize("target", [0.0, 1.0])
def test_log_loss_is_exact_wherever_z_lies(target):
    """To a few units in the last place, from the smallest to the largest double, and at infinity."""
    magnitudes = np.concatenate([np.linspace(0, 750, 30_001), np.logspace(-320, 308, 4001), [np.inf]])
    z = np.concatenate([magnitudes, -magnitudes])
    margin = (z if target else -z).astype(np.longdouble)
    u = np.exp(-np.abs(margin))
    slope = np.where(margin > 0, u, 1) / (1 + u) * (-1 if target else 1)
    slopes, found = np.empty((len(z), 1)), np.empty(len(z))
    pointwise(np.full((len(z), 1), target), z[:, None], np.empty(0), LOSSES["log_loss"], NO_HYPER, slopes)
    for i, one in enumerate(z):
        y, z_i = np.full((1, 1), target), np.full((1, 1), one)
        found[i] = pointwise(y, z_i, np.empty(0), LOSSES["log_loss"], NO_HYPER, np.empty((1, 1)))
    ulp = np.finfo(float).eps
    np.testing.assert_allclose(slopes[:, 0], slope.astype(float), rtol=4 * ulp, atol=1e-307)
    np.testing.assert_allclose(found, (np.log1p(u) + np.maximum(-margin, 0)).astype(float), rtol=4 * ulp, atol=1e-307)


@pytest.mark.parametrize("loss", LOSSES)
def test_not_a_number_is_not_hidden(loss):
    z, slopes = np.array([[np.nan, 0.0], [1.0, 2.0]]), np.empty((2, 2))
    y = np.zeros((2, 1 if loss == "multinomial" else 2))
    assert np.isnan(pointwise(y, z, np.empty(0), LOSSES[loss], np.array([0.1, 0.5, 1.0, 0.2]), slopes))
    assert np.isnan(slopes[0, 0])
    assert np.isfinite(slopes[1]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("loss", "n_outputs"),
    [("squared_error", 1), ("squared_error", 3), ("log_loss", 1), ("multinomial", 2), ("multinomial", 11), ("piecewise", 3),
     ("cornered", 3), ("bend", 3)],
)
def test_pointwise_equals_the_loss_classes(dtype, weighted, loss, n_outputs):
    rng = np.random.default_rng(0)
    n = 101
    z = (30 * rng.normal(size=(n, n_outputs))).astype(dtype)
    twin = {**POINTWISE, "multinomial": Multinomial(n_outputs), "bend": Bend(True)}[loss]
    y = rng.integers(0, n_outputs if loss == "multinomial" else 2, (n, 1 if loss == "multinomial" else n_outputs)).astype(dtype)
    y /= n_outputs if loss == "bend" else 1
    weights = rng.gamma(1.0, size=n if weighted else 0).astype(dtype)
    per_row, slope = twin.value_and_slope(y.astype(float), z.astype(float))
    s = weights.astype(float) if weighted else np.ones(n)
    slopes = np.empty_like(z)
    for array in (y, z, weights):
        array.flags.writeable = False
    total = pointwise(y, z, weights, LOSSES[loss], twin.hyper(), slopes)
    tolerance = TOLERANCE[dtype]
    np.testing.assert_allclose(total, s @ per_row, rtol=tolerance)
    np.testing.assert_allclose(slopes, s[:, None] * slope, rtol=tolerance, atol=tolerance)


def test_probabilities_far_apart_do_not_overflow():
    slopes = np.empty((1, 3))
    total = pointwise(np.array([[2.0]]), np.array([[1e308, 0.0, -1e308]]), np.empty(0), LOSSES["multinomial"], NO_HYPER, slopes)
    assert total == np.inf
    np.testing.assert_array_equal(slopes, [[1.0, 0.0, -1.0]])
    np.testing.assert_allclose(
        pointwise(np.zeros((1, 1)), np.array([[800.0, 0.0, 1.0]]), np.empty(0), LOSSES["multinomial"], NO_HYPER, slopes), 0
    )


@pytest.mark.parametrize(
    ("name", "position", "value"),
    [
        ("y", 0, np.zeros((9, 1))),
        ("weights", 1, np.ones(9)),
        ("theta", 2, np.zeros((1, 6))),
        ("loss", 3, LOSSES["multinomial"]),
        ("loss", 3, 5),
        ("hyper", 3, LOSSES["piecewise"]),
        ("slopes", 5, np.zeros((9, 1))),
        ("gradient", 6, np.zeros((1, 3))),
        ("start", 7, -1),
        ("stop", 8, 11),
    ],
)
def test_wrong_shapes_are_refused(container, name, position, value):
    arguments = [np.zeros((10, 1)), np.empty(0), np.zeros((1, 4)), 0, NO_HYPER, NONE, np.zeros((1, 4)), 0, 10]
    run(container, np.ones((10, 3)), *arguments)
    arguments[position] = value
    with pytest.raises(ValueError, match=name):
        run(container, np.ones((10, 3)), *arguments)


def test_pieces_add_up(container):
    """A row belongs to one piece only, whatever the pieces."""
    rng = np.random.default_rng(0)
    X, y, theta = rng.normal(size=(1000, 5)), rng.integers(0, 2, (1000, 1)).astype(float), rng.normal(size=(1, 6))
    whole, parts = np.zeros((1, 6)), np.zeros((1, 6))
    total = run(container, X, y, np.empty(0), theta, 1, NO_HYPER, NONE, whole, 0, 1000)
    edges = [0, 0, 3, 250, 777, 1000]
    pieces = [run(container, X, y, np.empty(0), theta, 1, NO_HYPER, NONE, parts, *edges[i : i + 2]) for i in range(5)]
    np.testing.assert_allclose(sum(pieces), total, rtol=1e-13)
    np.testing.assert_allclose(parts, whole, rtol=1e-12)
    z = X @ theta[0, :5] + theta[0, 5]
    np.testing.assert_allclose(whole[0, :5], X.T @ (expit(z) - y[:, 0]), rtol=1e-12)
