# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False, freethreading_compatible=True
"""One read of X for value and gradient, over a range of rows, so that threads can share the work without sharing a sum."""

import numpy as np

from cython cimport floating
from libc.math cimport fabs
from libc.stdint cimport int32_t, int64_t

from sk_gd.kernels._check import (MOST_OUTPUTS, check_columns, check_csr, check_gram, check_pass, check_pointwise, check_products,
                                  refuse_unaligned)

cdef extern from "_simd.h" nogil:
    int LANES
    double losses_f(int, const double*, const float*, const float*, const float*, Py_ssize_t, Py_ssize_t, float*) noexcept
    double losses_d(int, const double*, const double*, const double*, const double*, Py_ssize_t, Py_ssize_t, double*) noexcept
    double pass_f(const float*, Py_ssize_t, const float*, const float*, Py_ssize_t, const float*, double, int, const double*,
                  float*, float*, double*, int) noexcept
    double pass_d(const double*, Py_ssize_t, const double*, const double*, Py_ssize_t, const double*, double, int, const double*,
                  double*, double*, double*, int) noexcept
    double pass_outputs_f(const float*, Py_ssize_t, const float*, const float*, Py_ssize_t, Py_ssize_t, const float*,
                          const float*, int, const double*, float*, float*, float*, double*, int) noexcept
    double pass_outputs_d(const double*, Py_ssize_t, const double*, const double*, Py_ssize_t, Py_ssize_t, const double*,
                          const double*, int, const double*, double*, double*, double*, double*, int) noexcept
    Py_ssize_t outputs_block_f(Py_ssize_t) noexcept
    Py_ssize_t outputs_block_d(Py_ssize_t) noexcept
    void gram_f(const float*, Py_ssize_t, const float*, Py_ssize_t, const float*, float*, double*) noexcept
    void gram_d(const double*, Py_ssize_t, const double*, Py_ssize_t, const double*, double*, double*) noexcept
    Py_ssize_t gram_block_rows_f(Py_ssize_t) noexcept
    Py_ssize_t gram_block_rows_d(Py_ssize_t) noexcept
    Py_ssize_t gram_whole_f(Py_ssize_t) noexcept
    Py_ssize_t gram_whole_d(Py_ssize_t) noexcept
    double pass_csr32_f(const float*, const int32_t*, const int32_t*, Py_ssize_t, const float*, const float*, const float*, Py_ssize_t,
                        int, int, const double*, float*, double*) noexcept
    double pass_csr64_f(const float*, const int64_t*, const int64_t*, Py_ssize_t, const float*, const float*, const float*, Py_ssize_t,
                        int, int, const double*, float*, double*) noexcept
    double pass_csr32_d(const double*, const int32_t*, const int32_t*, Py_ssize_t, const double*, const double*, const double*, Py_ssize_t,
                        int, int, const double*, double*, double*) noexcept
    double pass_csr64_d(const double*, const int64_t*, const int64_t*, Py_ssize_t, const double*, const double*, const double*, Py_ssize_t,
                        int, int, const double*, double*, double*) noexcept
    void multiply_csr32_f(const float*, const int32_t*, const int32_t*, Py_ssize_t, const float*, Py_ssize_t, float*) noexcept
    void multiply_csr64_f(const float*, const int64_t*, const int64_t*, Py_ssize_t, const float*, Py_ssize_t, float*) noexcept
    void multiply_csr32_d(const double*, const int32_t*, const int32_t*, Py_ssize_t, const double*, Py_ssize_t, double*) noexcept
    void multiply_csr64_d(const double*, const int64_t*, const int64_t*, Py_ssize_t, const double*, Py_ssize_t, double*) noexcept
    void add_products_csr32_f(const float*, const int32_t*, const int32_t*, Py_ssize_t, const float*, Py_ssize_t, double*) noexcept
    void add_products_csr64_f(const float*, const int64_t*, const int64_t*, Py_ssize_t, const float*, Py_ssize_t, double*) noexcept
    void add_products_csr32_d(const double*, const int32_t*, const int32_t*, Py_ssize_t, const double*, Py_ssize_t, double*) noexcept
    void add_products_csr64_d(const double*, const int64_t*, const int64_t*, Py_ssize_t, const double*, Py_ssize_t, double*) noexcept

ctypedef fused integer:
    int32_t
    int64_t


cdef inline double losses(
    int loss, const double *hyper, const floating *y, const floating *z, const floating *s, Py_ssize_t n, Py_ssize_t n_outputs,
    floating *slopes
) noexcept nogil:
    if floating is float:
        return losses_f(loss, hyper, y, z, s, n, n_outputs, slopes)
    else:
        return losses_d(loss, hyper, y, z, s, n, n_outputs, slopes)


def pass_dense(
    const floating[:, ::1] X not None,
    const floating[:, ::1] y not None,
    const floating[::1] weights not None,
    const double[:, ::1] theta not None,
    int loss,
    const double[::1] hyper not None,
    slopes,
    double[:, ::1] gradient not None,
    Py_ssize_t start,
    Py_ssize_t stop,
):
    """Sum of s_i loss_i over rows start to stop; adds s_i slope_i (x_i, 1) to ``gradient``, keeps s_i slope_i in ``slopes``.

    theta and gradient have shape (n_outputs, d) or, with an intercept, (n_outputs, d + 1). ``slopes`` has shape (n, n_outputs), or
    is empty where nobody asks for them.
    """
    cdef Py_ssize_t d = X.shape[1], K = theta.shape[0], fit_intercept = theta.shape[1] - d, block
    check_pass(X.shape[0], d, y, weights, theta, loss, hyper, slopes, gradient, start, stop, MOST_OUTPUTS)
    dtype = np.asarray(X).dtype
    cdef Py_ssize_t whole = (d + LANES - 1) // LANES * LANES  # rows of w and part: whole vectors, zero beyond d
    cdef floating[:, ::1] part = np.zeros((K, whole), dtype), w = np.zeros((K, whole), dtype)
    cdef floating[::1] intercept = np.zeros(K, dtype)
    np.asarray(w)[:, :d] = np.asarray(theta)[:, :d]
    if fit_intercept:
        np.asarray(intercept)[:] = np.asarray(theta)[:, d]
    block = outputs_block_f(d) if floating is float else outputs_block_d(d)
    cdef floating[::1] space = np.empty(block * (whole + 2 * K) + LANES if K > 1 else 1, dtype)
    cdef const floating *s = &weights[start] if weights.shape[0] else NULL
    cdef floating[:, ::1] kept = slopes if len(slopes) else None
    cdef floating *first_slope = &kept[start, 0] if kept is not None else NULL
    cdef double total
    refuse_unaligned((<size_t> &X[0, 0] | <size_t> &y[0, 0] | <size_t> &weights[0] | <size_t> first_slope) % sizeof(floating)
                     or (<size_t> &theta[0, 0] | <size_t> &hyper[0] | <size_t> &gradient[0, 0]) % sizeof(double))
    with nogil:
        if floating is float and K == 1:
            total = pass_f(&X[start, 0], d, &y[start, 0], s, stop - start, &w[0, 0], intercept[0], loss, &hyper[0], first_slope,
                           &part[0, 0], &gradient[0, 0], fit_intercept)
        elif floating is float:
            total = pass_outputs_f(&X[start, 0], d, &y[start, 0], s, stop - start, K, &w[0, 0], &intercept[0], loss, &hyper[0],
                                   first_slope, &part[0, 0], &space[0], &gradient[0, 0], fit_intercept)
        elif K == 1:
            total = pass_d(&X[start, 0], d, &y[start, 0], s, stop - start, &w[0, 0], intercept[0], loss, &hyper[0], first_slope,
                           &part[0, 0], &gradient[0, 0], fit_intercept)
        else:
            total = pass_outputs_d(&X[start, 0], d, &y[start, 0], s, stop - start, K, &w[0, 0], &intercept[0], loss, &hyper[0],
                                   first_slope, &part[0, 0], &space[0], &gradient[0, 0], fit_intercept)
    return total


def gram_space(Py_ssize_t d, dtype):
    """How many numbers of this type ``gram`` works with, of rows with d features."""
    if dtype == np.float32:
        return gram_whole_f(d) * (gram_block_rows_f(d) + d + 1)
    return gram_whole_d(d) * (gram_block_rows_d(d) + d + 1)


def gram(
    const floating[:, ::1] X not None,
    const floating[::1] h not None,
    const floating[::1] shift not None,
    double[:, ::1] sums not None,
    floating[::1] space=None,
):
    """Writes the sum of h_i (x_i - shift, 1)(x_i - shift, 1)' into ``sums``, shape (d + 1, d + 1); an empty h is one.

    ``space`` is memory to work in, of ``gram_space(d, dtype)`` numbers; None allocates it.
    """
    cdef Py_ssize_t n = X.shape[0], d = X.shape[1]
    dtype = np.asarray(X).dtype
    if space is None:
        space = np.empty(gram_space(d, dtype), dtype)
    check_gram(n, d, h, shift, sums, space, gram_space(d, dtype))
    cdef const floating *of_rows = &h[0] if h.shape[0] else NULL
    refuse_unaligned((<size_t> &X[0, 0] | <size_t> of_rows | <size_t> &shift[0] | <size_t> &space[0]) % sizeof(floating)
                     or <size_t> &sums[0, 0] % sizeof(double))
    with nogil:
        if floating is float:
            gram_f(&X[0, 0], d, of_rows, n, &shift[0], &space[0], &sums[0, 0])
        else:
            gram_d(&X[0, 0], d, of_rows, n, &shift[0], &space[0], &sums[0, 0])


def pass_csr(
    const floating[::1] data not None,
    const integer[::1] indices not None,
    const integer[::1] indptr not None,
    Py_ssize_t n_features,
    const floating[:, ::1] y not None,
    const floating[::1] weights not None,
    const floating[:, ::1] theta not None,
    int loss,
    const double[::1] hyper not None,
    slopes,
    double[:, ::1] gradient not None,
    Py_ssize_t start,
    Py_ssize_t stop,
):
    """As :func:`pass_dense`, for the rows of a CSR matrix and one output, with theta in the dtype of X."""
    cdef Py_ssize_t n = indptr.shape[0] - 1, m = stop - start, d = n_features, fit_intercept = theta.shape[1] - d
    check_pass(n, d, y, weights, theta, loss, hyper, slopes, gradient, start, stop, 1)
    check_csr(data, indices, indptr, d, slice(start, stop))
    cdef floating[:, ::1] kept = slopes if len(slopes) else None
    cdef floating *first_slope = &kept[start, 0] if kept is not None else NULL
    cdef const floating *s = &weights[start] if weights.shape[0] else NULL
    refuse_unaligned((<size_t> &data[0] | <size_t> &y[0, 0] | <size_t> &weights[0] | <size_t> &theta[0, 0] | <size_t> first_slope)
                     % sizeof(floating) or (<size_t> &indices[0] | <size_t> &indptr[0]) % sizeof(integer)
                     or (<size_t> &hyper[0] | <size_t> &gradient[0, 0]) % sizeof(double))
    cdef double total
    with nogil:
        if floating is float and integer is int32_t:
            total = pass_csr32_f(&data[0], &indices[0], &indptr[start], m, &y[start, 0], s, &theta[0, 0], d, fit_intercept, loss,
                                 &hyper[0], first_slope, &gradient[0, 0])
        elif floating is float:
            total = pass_csr64_f(&data[0], &indices[0], &indptr[start], m, &y[start, 0], s, &theta[0, 0], d, fit_intercept, loss,
                                 &hyper[0], first_slope, &gradient[0, 0])
        elif integer is int32_t:
            total = pass_csr32_d(&data[0], &indices[0], &indptr[start], m, &y[start, 0], s, &theta[0, 0], d, fit_intercept, loss,
                                 &hyper[0], first_slope, &gradient[0, 0])
        else:
            total = pass_csr64_d(&data[0], &indices[0], &indptr[start], m, &y[start, 0], s, &theta[0, 0], d, fit_intercept, loss,
                                 &hyper[0], first_slope, &gradient[0, 0])
    return total


def multiply_csr(
    const floating[::1] data not None,
    const integer[::1] indices not None,
    const integer[::1] indptr not None,
    const floating[:, ::1] u not None,
    floating[:, ::1] z not None,
):
    """Writes X u into z, X being a CSR matrix: u has shape (d, n_outputs), z (n, n_outputs)."""
    cdef Py_ssize_t n = indptr.shape[0] - 1, m = u.shape[1]
    check_products(u, z, "u", "z", n)
    check_csr(data, indices, indptr, u.shape[0])
    refuse_unaligned((<size_t> &data[0] | <size_t> &u[0, 0] | <size_t> &z[0, 0]) % sizeof(floating)
                     or (<size_t> &indices[0] | <size_t> &indptr[0]) % sizeof(integer))
    with nogil:
        if floating is float and integer is int32_t:
            multiply_csr32_f(&data[0], &indices[0], &indptr[0], n, &u[0, 0], m, &z[0, 0])
        elif floating is float:
            multiply_csr64_f(&data[0], &indices[0], &indptr[0], n, &u[0, 0], m, &z[0, 0])
        elif integer is int32_t:
            multiply_csr32_d(&data[0], &indices[0], &indptr[0], n, &u[0, 0], m, &z[0, 0])
        else:
            multiply_csr64_d(&data[0], &indices[0], &indptr[0], n, &u[0, 0], m, &z[0, 0])


def add_products_csr(
    const floating[::1] data not None,
    const integer[::1] indices not None,
    const integer[::1] indptr not None,
    const floating[:, ::1] c not None,
    double[:, ::1] sums not None,
):
    """Adds X' c to sums, X being a CSR matrix: c has shape (n, n_outputs), sums (d, n_outputs)."""
    cdef Py_ssize_t n = indptr.shape[0] - 1, m = c.shape[1]
    check_products(sums, c, "sums", "c", n)
    check_csr(data, indices, indptr, sums.shape[0])
    refuse_unaligned((<size_t> &data[0] | <size_t> &c[0, 0]) % sizeof(floating) or <size_t> &sums[0, 0] % sizeof(double)
                     or (<size_t> &indices[0] | <size_t> &indptr[0]) % sizeof(integer))
    with nogil:
        if floating is float and integer is int32_t:
            add_products_csr32_f(&data[0], &indices[0], &indptr[0], n, &c[0, 0], m, &sums[0, 0])
        elif floating is float:
            add_products_csr64_f(&data[0], &indices[0], &indptr[0], n, &c[0, 0], m, &sums[0, 0])
        elif integer is int32_t:
            add_products_csr32_d(&data[0], &indices[0], &indptr[0], n, &c[0, 0], m, &sums[0, 0])
        else:
            add_products_csr64_d(&data[0], &indices[0], &indptr[0], n, &c[0, 0], m, &sums[0, 0])


def columns_csr(
    const floating[::1] data not None,
    const integer[::1] indices not None,
    const integer[::1] indptr not None,
    const double[::1] weights not None,
    double[:, ::1] sums not None,
):
    """Adds w_i x_ij and w_i x_ij^2, squared in the arithmetic of X, to sums, shape (d, 3), and keeps the largest |x_ij| there."""
    cdef Py_ssize_t n = indptr.shape[0] - 1, i, p
    cdef floating x, square
    cdef double *column
    check_columns(weights, sums, n)
    check_csr(data, indices, indptr, sums.shape[0])
    refuse_unaligned(<size_t> &data[0] % sizeof(floating) or (<size_t> &sums[0, 0] | <size_t> &weights[0]) % sizeof(double)
                     or (<size_t> &indices[0] | <size_t> &indptr[0]) % sizeof(integer))
    with nogil:
        for i in range(n):
            for p in range(indptr[i], indptr[i + 1]):
                x = data[p]
                square = x * x
                column = &sums[indices[p], 0]
                column[0] += weights[i] * x
                column[1] += weights[i] * square
                column[2] = max(column[2], <double> fabs(x))


def pointwise(
    const floating[:, ::1] y not None,
    const floating[:, ::1] z not None,
    const floating[::1] weights not None,
    int loss,
    const double[::1] hyper not None,
    floating[:, ::1] slopes not None,
):
    """Sum of s_i loss_i for the raw predictions z of a block of rows; writes s_i dloss_i/dz into ``slopes``."""
    cdef Py_ssize_t n = z.shape[0], n_outputs = z.shape[1]
    check_pointwise(y, z, weights, loss, hyper, slopes)
    refuse_unaligned((<size_t> &y[0, 0] | <size_t> &z[0, 0] | <size_t> &weights[0] | <size_t> &slopes[0, 0]) % sizeof(floating)
                     or <size_t> &hyper[0] % sizeof(double))
    cdef const floating *s = &weights[0] if weights.shape[0] else NULL
    cdef double total
    with nogil:
        total = losses(loss, &hyper[0], &y[0, 0], &z[0, 0], s, n, n_outputs, &slopes[0, 0])
    return total
