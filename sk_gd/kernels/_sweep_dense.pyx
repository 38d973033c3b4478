# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False, freethreading_compatible=True
"""An epoch over dense rows: the compiled twin of :func:`sk_gd.kernels.reference.sweep`."""

import numpy as np

from cython cimport floating

from sk_gd.kernels._check import check_sweep

cdef extern from "_simd.h" nogil:
    int GRADIENT_DESCENT, BLOCK
    double stochastic_f(const float*, Py_ssize_t, const float*, const float*, const Py_ssize_t*, Py_ssize_t, const double*, int, double,
                        const float*, float*, int, float*, float*, double) noexcept
    double stochastic_d(const double*, Py_ssize_t, const double*, const double*, const Py_ssize_t*, Py_ssize_t, const double*, int, double,
                        const double*, double*, int, double*, double*, double) noexcept
    double sweep_f(const float*, Py_ssize_t, const float*, Py_ssize_t, const float*, const Py_ssize_t*, Py_ssize_t, Py_ssize_t,
                   const double*, int, const float*, const float*, int, const double*, float*, float*, float*, Py_ssize_t, Py_ssize_t,
                   float*, float*, double, float*) noexcept
    double sweep_d(const double*, Py_ssize_t, const double*, Py_ssize_t, const double*, const Py_ssize_t*, Py_ssize_t, Py_ssize_t,
                   const double*, int, const double*, const double*, int, const double*, double*, double*, double*, Py_ssize_t, Py_ssize_t,
                   double*, double*, double, double*) noexcept


def sweep_dense(
    const floating[:, ::1] X,
    const floating[:, ::1] y,
    const floating[::1] weights,
    const Py_ssize_t[::1] rows,
    Py_ssize_t batch_size,
    const double[::1] rates,
    floating[:, ::1] theta,
    int loss,
    const double[::1] l2,
    const double[::1] l1,
    int optimizer,
    const double[::1] hyper,
    floating[:, :, ::1] memory,
    slopes,
    floating[:, ::1] anchor,
    bint refresh,
    Py_ssize_t n_samples,
):
    """Visit ``rows`` in batches, changing theta, memory, slopes and anchor in place; the loss met on the way, before the updates."""
    cdef Py_ssize_t d = X.shape[1], n = rows.shape[0], n_outputs = theta.shape[0], width = theta.shape[1], batch = min(batch_size, n)
    check_sweep(X.shape[0], d, y, weights, rows, batch_size, rates, theta, loss, l2, l1, optimizer, hyper, memory, slopes, anchor, refresh)
    if n == 0:
        return 0.0
    dtype = np.asarray(X).dtype
    cdef bint one_by_one = batch == n_outputs == 1 and optimizer == GRADIENT_DESCENT and np.ptp(l2) == 0
    cdef const floating[::1] decay = np.asarray(l2, dtype), threshold = np.asarray(l1, dtype)
    cdef floating[:, ::1] old_slopes = slopes if len(slopes) else None
    cdef floating[:, ::1] gradient = np.empty_like(theta)
    cdef floating[::1] space = np.empty(BLOCK * (y.shape[1] + n_outputs + 1) + batch * n_outputs, dtype)
    cdef const floating *s = &weights[0] if weights.shape[0] else NULL
    cdef const floating *shrinks = &threshold[0] if np.any(l1) else NULL
    cdef floating *old = &old_slopes[0, 0] if old_slopes is not None else NULL
    cdef floating *mean = &anchor[0, 0] if anchor.shape[0] else NULL
    cdef double total, share = 1.0 / n_samples if refresh else 0.0
    with nogil:
        if floating is float:
            if one_by_one:
                total = stochastic_f(&X[0, 0], d, &y[0, 0], s, &rows[0], n, &rates[0], loss, l2[0], shrinks, &theta[0, 0], width > d, old,
                                     mean, share)
            else:
                total = sweep_f(&X[0, 0], d, &y[0, 0], y.shape[1], s, &rows[0], n, batch, &rates[0], loss, &decay[0], &threshold[0],
                                optimizer, &hyper[0], &theta[0, 0], &gradient[0, 0], &memory[0, 0, 0], n_outputs, width, old, mean, share,
                                &space[0])
        else:
            if one_by_one:
                total = stochastic_d(&X[0, 0], d, &y[0, 0], s, &rows[0], n, &rates[0], loss, l2[0], shrinks, &theta[0, 0], width > d, old,
                                     mean, share)
            else:
                total = sweep_d(&X[0, 0], d, &y[0, 0], y.shape[1], s, &rows[0], n, batch, &rates[0], loss, &decay[0], &threshold[0],
                                optimizer, &hyper[0], &theta[0, 0], &gradient[0, 0], &memory[0, 0, 0], n_outputs, width, old, mean, share,
                                &space[0])
    return total
