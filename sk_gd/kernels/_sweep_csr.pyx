# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False, freethreading_compatible=True
"""An epoch over CSR rows: the compiled twin of :func:`sk_gd.kernels.reference.sweep`, at the price of the stored entries.

One batch loop, three ways to apply its gradient:

lazy     plain descent. theta = scale * u carries the l2 decay in one number, and a column takes its l1 thresholds, summed up since it
         was last seen, when a row needs it: prox of a then prox of b is prox of a + b while nothing comes between.
local    with ``support``: only the columns of the batch move, their dense terms enlarged.
dense    everything else: each update walks through all of theta.
"""

import numpy as np

from cython cimport floating
from libc.stdint cimport int32_t, int64_t
from libc.string cimport memset

from sk_gd.kernels._check import check_csr, check_sweep

cdef extern from "_simd.h" nogil:
    int GRADIENT_DESCENT, AHEAD
    void PREFETCH(const void*) noexcept
    double losses_f(int, const float*, const float*, const float*, Py_ssize_t, Py_ssize_t, float*) noexcept
    double losses_d(int, const double*, const double*, const double*, Py_ssize_t, Py_ssize_t, double*) noexcept
    void update_f(float*, float*, float*, float*, Py_ssize_t, Py_ssize_t, Py_ssize_t, const float*, const float*, int, const double*,
                  double, double) noexcept
    void update_d(double*, double*, double*, double*, Py_ssize_t, Py_ssize_t, Py_ssize_t, const double*, const double*, int, const double*,
                  double, double) noexcept

ctypedef fused integer:
    int32_t
    int64_t

# Below this the common factor of theta is multiplied out: far from underflow, yet seldom.
cdef double SMALLEST_SCALE = 1e-9


cdef inline double shrink(double x, double t) noexcept nogil:
    """The proximal map of t |x|; NaN stays NaN."""
    return x - (-t if x < -t else t if x > t else x)


cdef inline double dot(const floating *data, const integer *indices, Py_ssize_t n, const floating *w) noexcept nogil:
    cdef Py_ssize_t p
    cdef double total = 0.0
    for p in range(n):
        total += data[p] * w[indices[p]]
    return total


cdef inline void add(const floating *data, const integer *indices, Py_ssize_t n, double c, floating *w) noexcept nogil:
    cdef Py_ssize_t p
    for p in range(n):
        w[indices[p]] += <floating> (c * data[p])


cdef inline void fetch(const floating *data, const integer *indices, const integer *ends) noexcept nogil:
    """Ask for the memory of a row that is soon to come: eight values share a cache line."""
    cdef Py_ssize_t p
    for p in range(ends[0], ends[1], 8):
        PREFETCH(data + p)
        PREFETCH(indices + p)


cdef void settle(floating[:, ::1] theta, Py_ssize_t d, double factor, const double[::1] l1, double passed, double[::1] seen) noexcept nogil:
    """Give every column its outstanding thresholds and the common factor."""
    cdef Py_ssize_t j, k
    for j in range(d):
        for k in range(theta.shape[0]):
            theta[k, j] = <floating> (factor * (shrink(theta[k, j], l1[j] * (passed - seen[j])) if seen.shape[0] else theta[k, j]))
        if seen.shape[0]:
            seen[j] = 0.0


cdef void move(floating[:, ::1] theta, Py_ssize_t j, floating[:, ::1] gradient, floating[:, ::1] anchor, double share, double rate,
               double l2, double l1, double refresh) noexcept nogil:
    """One update of one column, from its gradient, which is set back to zero."""
    cdef Py_ssize_t k
    cdef double g, rest
    for k in range(theta.shape[0]):
        g = gradient[k, j]
        gradient[k, j] = 0
        rest = l2 * theta[k, j]
        if anchor.shape[0]:
            rest += anchor[k, j]
            anchor[k, j] += <floating> (refresh * g)
        theta[k, j] = <floating> shrink(theta[k, j] - rate * (g + share * rest), rate * share * l1)


cdef void enlarge(floating[:, ::1] gradient, floating[:, ::1] theta, floating[:, ::1] anchor, Py_ssize_t j, double share, double l2,
                  double refresh) noexcept nogil:
    """Add to the gradient of one column its dense terms, enlarged."""
    cdef Py_ssize_t k
    cdef double g
    for k in range(theta.shape[0]):
        g = gradient[k, j]
        gradient[k, j] += <floating> (share * l2 * theta[k, j])
        if anchor.shape[0]:
            gradient[k, j] += <floating> (share * anchor[k, j])
            anchor[k, j] += <floating> (refresh * g)


def sweep_csr(
    const floating[::1] data,
    const integer[::1] indices,
    const integer[::1] indptr,
    Py_ssize_t n_features,
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
    const double[::1] support,
):
    """Visit ``rows`` in batches, changing theta, memory, slopes and anchor in place; the loss met on the way, before the updates."""
    cdef Py_ssize_t n = rows.shape[0], n_rows = indptr.shape[0] - 1, d = n_features, K = theta.shape[0], width = theta.shape[1]
    cdef Py_ssize_t n_targets = y.shape[1], batch = max(1, min(batch_size, n)), n_touched = 0, step, start, b, i, j, k, p, row, first, m
    check_sweep(n_rows, d, y, weights, rows, batch_size, rates, theta, loss, l2, l1, optimizer, hyper, memory, slopes, anchor, refresh)
    check_csr(data, indices, indptr, support, d)
    cdef bint local = support.shape[0] and optimizer == GRADIENT_DESCENT, shrinks = np.any(l1)
    cdef bint lazy = not support.shape[0] and optimizer == GRADIENT_DESCENT and not anchor.shape[0] and np.ptp(l2) == 0
    dtype = np.asarray(data).dtype
    cdef floating[:, ::1] z = np.empty((batch, K), dtype), fresh = np.empty((batch, K), dtype), targets = np.empty((batch, n_targets), dtype)
    cdef floating[:, ::1] gradient = np.zeros_like(theta)
    cdef floating[::1] batch_weights = np.ones(batch, dtype), threshold = np.array(l1, dtype)
    cdef floating[::1] decay = np.zeros(d, dtype) if support.shape[0] else np.array(l2, dtype)
    cdef floating[:, ::1] old = slopes if len(slopes) else None
    cdef int32_t[::1] count = np.zeros(support.shape[0], np.int32)
    cdef Py_ssize_t[::1] touched = np.empty(d if local else 0, np.intp)
    cdef double[::1] seen = np.zeros(d if lazy and shrinks else 0)
    cdef floating *mean = &anchor[0, 0] if anchor.shape[0] and not support.shape[0] else NULL
    cdef bint reduced = old is not None
    cdef double total = 0.0, scale = 1.0, passed = 0.0, rate, keep, refreshed, change, share
    with nogil:
        for step in range((n + batch - 1) // batch):
            start, rate = step * batch, rates[step]
            b = min(batch, n - start)
            refreshed = <double> b / n_samples if refresh else 0.0

            # The slopes of the batch.
            for i in range(b):
                row = rows[start + i]
                first, m = indptr[row], indptr[row + 1] - indptr[row]
                if start + i + AHEAD < n:
                    fetch(&data[0], &indices[0], &indptr[rows[start + i + AHEAD]])
                if seen.shape[0]:
                    for p in range(first, first + m):
                        j = indices[p]
                        for k in range(K):
                            theta[k, j] = <floating> shrink(theta[k, j], l1[j] * (passed - seen[j]))
                        seen[j] = passed
                for k in range(K):
                    z[i, k] = <floating> (scale * dot(&data[first], &indices[first], m, &theta[k, 0]) + (theta[k, d] if width > d else 0.0))
                for k in range(n_targets):
                    targets[i, k] = y[row, k]
                if weights.shape[0]:
                    batch_weights[i] = weights[row]
            if floating is float:
                total += losses_f(loss, &targets[0, 0], &z[0, 0], &batch_weights[0], b, K, &fresh[0, 0])
            else:
                total += losses_d(loss, &targets[0, 0], &z[0, 0], &batch_weights[0], b, K, &fresh[0, 0])

            # Its gradient; the lazy way moves theta at once.
            if lazy:
                keep = 1.0 - rate * l2[0]
                if scale * keep >= SMALLEST_SCALE:
                    scale *= keep
                else:
                    settle(theta, d, scale * keep, l1, passed, seen)
                    scale, passed = 1.0, 0.0
                passed += rate / scale
            for i in range(b):
                row = rows[start + i]
                first, m = indptr[row], indptr[row + 1] - indptr[row]
                for k in range(K):
                    change = (fresh[i, k] - (old[row, k] if reduced else 0)) / b
                    if lazy:
                        add(&data[first], &indices[first], m, -rate / scale * change, &theta[k, 0])
                    else:
                        add(&data[first], &indices[first], m, change, &gradient[k, 0])
                    if width > d:
                        gradient[k, d] += <floating> change
                for p in range(first, first + m if support.shape[0] else first):
                    j = indices[p]
                    if local and count[j] == 0:
                        touched[n_touched] = j
                        n_touched += 1
                    count[j] += 1
            for i in range(b if refresh else 0):
                for k in range(K):
                    old[rows[start + i], k] = fresh[i, k]

            # The update, in so far as it has not happened.
            if local:
                for i in range(n_touched):
                    j = touched[i]
                    move(theta, j, gradient, anchor, count[j] * support[j] / b, rate, l2[j], l1[j], refreshed)
                    count[j] = 0
                n_touched = 0
            if width > d and (lazy or local):
                move(theta, d, gradient, anchor, 1.0, rate, 0.0, 0.0, refreshed)
            if not (lazy or local):
                if support.shape[0]:
                    for j in range(d):
                        share = count[j] * support[j] / b
                        threshold[j] = <floating> (share * l1[j])
                        enlarge(gradient, theta, anchor, j, share, l2[j], refreshed)
                        count[j] = 0
                    if width > d:
                        enlarge(gradient, theta, anchor, d, 1.0, 0.0, refreshed)
                if floating is float:
                    update_f(&theta[0, 0], &gradient[0, 0], &memory[0, 0, 0], mean, K, width, d, &decay[0], &threshold[0], optimizer,
                             &hyper[0], rate, refreshed)
                else:
                    update_d(&theta[0, 0], &gradient[0, 0], &memory[0, 0, 0], mean, K, width, d, &decay[0], &threshold[0], optimizer,
                             &hyper[0], rate, refreshed)
                memset(&gradient[0, 0], 0, K * width * sizeof(floating))
        if lazy:
            settle(theta, d, scale, l1, passed, seen)
    return total
