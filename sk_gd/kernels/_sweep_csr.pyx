# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False, freethreading_compatible=True
"""An epoch over CSR rows: the compiled twin of :func:`sk_gd.kernels.reference.sweep`, at the price of the stored entries.

One batch loop, three ways to apply its gradient:

lazy     plain descent. theta = scale * u carries the l2 decay in one number, and a column takes its l1 thresholds, summed up
         since it was last seen, when a row needs it: prox of a then prox of b is prox of a + b while nothing comes between.
         Iterates are summed as A u - owed, A being the sum of the scales: a change of u after t updates was not yet in the
         first t iterates, so A_t times it is owed (Xu 2011). With thresholds still to come there is no such sum.
         Momentum, without l1 or sums: (theta, velocity) = P u, where the 2 x 2 matrix P carries what happens to an untouched column.
local    with ``support``: only the columns of the batch move, their dense terms enlarged.
dense    everything else: each update walks through all of theta.
"""

import numpy as np

from cython cimport floating
from libc.math cimport INFINITY
from libc.stdint cimport int32_t, int64_t
from libc.string cimport memset

from sk_gd.kernels._check import check_csr, check_sweep

cdef extern from "_simd.h" nogil:
    int GRADIENT_DESCENT, MOMENTUM, NESTEROV, AHEAD
    void PREFETCH(const void*) noexcept
    double losses_f(int, const double*, const float*, const float*, const float*, Py_ssize_t, Py_ssize_t, float*) noexcept
    double losses_d(int, const double*, const double*, const double*, const double*, Py_ssize_t, Py_ssize_t, double*) noexcept
    void update_f(float*, float*, float*, float*, Py_ssize_t, Py_ssize_t, Py_ssize_t, const float*, const float*,
                  double, int, const double*, double, double) noexcept
    void update_d(double*, double*, double*, double*, Py_ssize_t, Py_ssize_t, Py_ssize_t, const double*,
                  const double*, double, int, const double*, double, double) noexcept

ctypedef fused integer:
    int32_t
    int64_t

# Below this the common factor of theta is multiplied out: far from underflow, yet seldom.
cdef double SMALLEST_SCALE = 1e-9

# Outside 1 / this and this the determinant of P would cost digits when P is undone: theta and velocity are multiplied out.
cdef double LARGEST_DETERMINANT = 100.0


cdef inline double shrink(double x, double t, double lower) noexcept nogil:
    """The proximal map of t |x| over x >= lower, 0 or -inf; NaN stays NaN."""
    cdef double clipped = -t if x < -t else x
    cdef double shrunk = x - (t if clipped > t else clipped)
    return lower if shrunk < lower else shrunk


cdef inline double dot(const floating *data, const integer *indices, Py_ssize_t n, const floating *w) noexcept nogil:
    cdef Py_ssize_t p
    cdef double total = 0.0
    for p in range(n):
        total += data[p] * w[indices[p]]
    return total


cdef inline void add(const floating *data, const integer *indices, Py_ssize_t n, double c, floating *w) noexcept nogil:
    cdef Py_ssize_t p
    cdef floating factor = <floating> c
    for p in range(n):
        w[indices[p]] += factor * data[p]


cdef inline void add_and_owe(
    const floating *data, const integer *indices, Py_ssize_t n, double c, floating *w, double *owed, double scales
) noexcept nogil:
    """:func:`add`, remembering what the sums must not hold of it: exactly, as rounded."""
    cdef Py_ssize_t p
    cdef double before
    for p in range(n):
        before = w[indices[p]]
        w[indices[p]] += <floating> (c * data[p])
        owed[indices[p]] += scales * (w[indices[p]] - before)


cdef inline void fetch(const floating *data, const integer *indices, const integer *ends) noexcept nogil:
    """Ask for the memory of a row that is soon to come: a shuffled order no hardware can guess. Eight values share a line."""
    cdef Py_ssize_t p
    for p in range(ends[0], ends[1], 8):
        PREFETCH(data + p)
        PREFETCH(indices + p)


cdef inline void fetch_columns(
    const integer *indices, const integer *ends, const floating *theta, const floating *anchor, const double *columns
) noexcept nogil:
    """Ask for what belongs to the columns of a row that is about to come: worth it where more than theta is read."""
    cdef Py_ssize_t p
    for p in range(ends[0], ends[1]):
        PREFETCH(theta + indices[p])
        PREFETCH(columns + 4 * indices[p])
        if anchor != NULL:
            PREFETCH(anchor + indices[p])


cdef inline void settle(floating *theta, Py_ssize_t n_outputs, Py_ssize_t width, double *column, double passed) noexcept nogil:
    """Give one column its outstanding thresholds."""
    cdef Py_ssize_t k
    cdef double threshold = column[2] * (passed - column[0])
    for k in range(n_outputs):
        theta[k * width] = <floating> shrink(theta[k * width], threshold, column[3])
    column[0] = passed


cdef inline double rest(
    const floating *theta, floating *anchor, Py_ssize_t at, double g, double share, const double *column, double refresh
) noexcept nogil:
    """The dense terms of one gradient. The anchor takes in g, the gradient of the loss."""
    cdef double terms = column[1] * theta[at]
    if anchor != NULL:
        terms += anchor[at]
        anchor[at] += <floating> (refresh * g)
    return share * column[0] * terms


cdef inline void move(
    floating *theta, floating *anchor, Py_ssize_t at, double g, double rate, double share, const double *column, double refresh
) noexcept nogil:
    """One update of one parameter."""
    g += rest(theta, anchor, at, g, share, column, refresh)
    theta[at] = <floating> shrink(theta[at] - rate * g, rate * share * column[0] * column[2], column[3])


cdef void multiply_out(
    floating *theta, Py_ssize_t n_outputs, Py_ssize_t width, double[:, ::1] columns, double factor, double passed
) noexcept nogil:
    """Settle all columns and give them the common factor."""
    cdef Py_ssize_t j, k
    for j in range(columns.shape[0] - 1):
        settle(theta + j, n_outputs, width, &columns[j, 0], passed)
        columns[j, 0] = 0.0
        for k in range(n_outputs):
            theta[k * width + j] *= <floating> factor


cdef void sum_up(
    const floating *theta, Py_ssize_t n_outputs, Py_ssize_t width, Py_ssize_t d, double *sums, double *owed, double scales
) noexcept nogil:
    """Add all iterates since the last time to the sums."""
    cdef Py_ssize_t j, k
    for k in range(n_outputs):
        for j in range(k * width, k * width + d):
            sums[j] += scales * theta[j] - owed[j]
            owed[j] = 0.0


cdef void multiply_out_pairs(floating *theta, floating *velocity, Py_ssize_t n, const double *P) noexcept nogil:
    """Turn n pairs u into (theta, velocity) = P u."""
    cdef Py_ssize_t j
    cdef double first
    for j in range(n):
        first = theta[j]
        theta[j] = <floating> (P[0] * first + P[1] * velocity[j])
        velocity[j] = <floating> (P[2] * first + P[3] * velocity[j])


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
    const double[::1] loss_hyper,
    const double[::1] l2,
    const double[::1] l1,
    bint positive,
    int optimizer,
    const double[::1] hyper,
    floating[:, :, ::1] memory,
    slopes,
    floating[:, ::1] anchor,
    bint refresh,
    Py_ssize_t n_samples,
    const double[::1] support,
    double[:, ::1] sums,
):
    """Visit ``rows`` in batches, changing theta, memory, slopes, anchor and sums in place; return the loss on the way."""
    cdef Py_ssize_t n = rows.shape[0], d = n_features, K = theta.shape[0], width = theta.shape[1], n_targets = y.shape[1]
    cdef Py_ssize_t batch = min(batch_size, n), n_touched = 0, step, start, b, i, j, k, p, row, first, m
    check_sweep(indptr.shape[0] - 1, d, y, weights, rows, batch_size, rates, theta, loss, loss_hyper, l2, l1, optimizer, hyper,
                memory, slopes, anchor, refresh, sums)
    check_csr(data, indices, indptr, support, d)
    if n == 0:
        return 0.0
    dtype = np.asarray(data).dtype
    cdef bint plain = optimizer == GRADIENT_DESCENT, supported = support.shape[0] > 0, local = plain and supported
    cdef bint averaged = sums.shape[0] > 0, kinked = positive or np.any(l1)
    cdef bint uniform = anchor.shape[0] == 0 and not supported and np.ptp(l2) == 0
    cdef bint inertial = uniform and not averaged and not kinked and (optimizer == MOMENTUM or optimizer == NESTEROV)
    cdef bint lazy = inertial or plain and uniform and not (averaged and kinked), settles = lazy and kinked
    cdef double lower = 0.0 if positive else -INFINITY
    cdef floating[:, ::1] z = np.empty((batch, K), dtype), fresh = np.empty_like(z), gradient = np.zeros_like(theta)
    cdef floating[:, ::1] targets = np.empty((batch, n_targets), dtype), old = slopes if len(slopes) else None
    cdef floating[::1] batch_weights = np.ones(batch, dtype), threshold = np.array(l1, dtype)
    cdef floating[::1] decay = np.zeros(d, dtype) if supported else np.array(l2, dtype)
    # What is read at random lies together: a column's support (local) or the thresholds it has seen (lazy), its l2, its l1
    # and the least value it may take. The intercept is one more column, which every row stores.
    cdef double[:, ::1] columns = np.zeros((d + 1, 4))
    np.asarray(columns)[:d] = np.stack([support if supported else np.zeros(d), l2, l1, np.full(d, lower)], axis=1)
    columns[d, 0], columns[d, 3] = 1.0, -INFINITY
    cdef int32_t[::1] count = np.zeros(d + 1, np.int32)
    cdef Py_ssize_t[::1] touched = np.empty(d if supported else 0, np.intp)
    cdef const double *beside = &columns[0, 0] if settles or supported else NULL
    cdef floating *w = &theta[0, 0]
    cdef floating *kinks = &threshold[0] if kinked else NULL
    cdef double[:, ::1] owing = np.zeros_like(sums)
    cdef double *total_theta = &sums[0, 0] if averaged else NULL
    cdef double *owed = &owing[0, 0] if averaged else NULL
    cdef floating *mean = &anchor[0, 0] if anchor.shape[0] else NULL
    cdef bint reduced = old is not None
    cdef double total = 0.0, scale = 1.0, scales = 0.0, passed = 0.0, rate, keep, refreshed, change, share, value
    # velocity = beta * velocity + gradient, direction = now * gradient + later * velocity
    cdef floating *velocity = &memory[0, 0, 0] if inertial else NULL
    cdef double beta = hyper[0] if inertial else 0.0, now = optimizer == NESTEROV, later = beta if now else 1.0
    cdef double[4] P = [1.0, 0.0, 0.0, 1.0]
    cdef double determinant = 1.0, to_velocity = 0.0, to_theta
    with nogil:
        for step in range((n + batch - 1) // batch):
            start, rate = step * batch, rates[step]
            b = min(batch, n - start)
            refreshed = <double> b / n_samples if refresh else 0.0

            # The slopes of the batch.
            for i in range(b):
                row = rows[start + i]
                first, m = indptr[row], indptr[row + 1] - indptr[row]
                if start + i + 2 * AHEAD < n:
                    PREFETCH(&indptr[rows[start + i + 2 * AHEAD]])
                    fetch(&data[0], &indices[0], &indptr[rows[start + i + AHEAD]])
                    if beside != NULL:
                        fetch_columns(&indices[0], &indptr[rows[start + i + AHEAD // 2]], w, mean, beside)
                for p in range(first, first + m if settles else first):
                    settle(w + indices[p], K, width, &columns[indices[p], 0], passed)
                for k in range(K):
                    value = scale * dot(&data[first], &indices[first], m, w + k * width)
                    if inertial:
                        value += P[1] * dot(&data[first], &indices[first], m, velocity + k * width)
                    z[i, k] = <floating> (value + theta[k, d] if width > d else value)
                for k in range(n_targets):
                    targets[i, k] = y[row, k]
                if weights.shape[0]:
                    batch_weights[i] = weights[row]
            if floating is float:
                total += losses_f(loss, &loss_hyper[0], &targets[0, 0], &z[0, 0], &batch_weights[0], b, K, &fresh[0, 0])
            else:
                total += losses_d(loss, &loss_hyper[0], &targets[0, 0], &z[0, 0], &batch_weights[0], b, K, &fresh[0, 0])

            # Its gradient; the lazy way moves theta at once, and so does the local way with one row.
            to_theta = -rate
            if inertial:
                memory[1, 0, 0] += 1  # the updates, counted
                keep = 1.0 - rate * (now + later) * l2[0]
                for i in range(2):
                    value = P[i]
                    P[i] = keep * value - rate * later * beta * P[2 + i]
                    P[2 + i] = l2[0] * value + beta * P[2 + i]
                determinant *= beta * (1.0 - rate * now * l2[0])
                if not 1 / LARGEST_DETERMINANT < determinant < LARGEST_DETERMINANT:
                    for k in range(K):
                        multiply_out_pairs(w + k * width, velocity + k * width, d, P)
                    P[0], P[1], P[2], P[3], determinant = 1.0, 0.0, 0.0, 1.0, 1.0
                scale = P[0]
                to_theta = (-rate * (now + later) * P[3] - P[1]) / determinant
                to_velocity = (rate * (now + later) * P[2] + P[0]) / determinant
            elif lazy:
                keep = 1.0 - rate * l2[0]
                if scale * keep >= SMALLEST_SCALE:
                    scale *= keep
                else:
                    if averaged:
                        sum_up(w, K, width, d, total_theta, owed, scales)
                    multiply_out(w, K, width, columns, scale * keep, passed)
                    scale, scales, passed = 1.0, 0.0, 0.0
                passed += rate / scale
                to_theta = -rate / scale
            for i in range(b):
                row = rows[start + i]
                first, m = indptr[row], indptr[row + 1] - indptr[row]
                for k in range(K):
                    change = (fresh[i, k] - (old[row, k] if reduced else 0)) / b
                    if lazy and averaged:
                        value = to_theta * change
                        add_and_owe(&data[first], &indices[first], m, value, w + k * width, owed + k * width, scales)
                    elif lazy:
                        add(&data[first], &indices[first], m, to_theta * change, w + k * width)
                        if inertial:
                            add(&data[first], &indices[first], m, to_velocity * change, velocity + k * width)
                    elif local and b == 1:
                        for p in range(first, first + m):
                            j = k * width + indices[p]
                            move(w, mean, j, change * data[p], rate, 1.0, &columns[indices[p], 0], refreshed)
                    else:
                        add(&data[first], &indices[first], m, change, &gradient[k, 0])
                    if width > d:
                        gradient[k, d] += <floating> change
                for p in range(first, first + m if supported and not (local and b == 1) else first):
                    j = indices[p]
                    if count[j] == 0:
                        touched[n_touched] = j
                        n_touched += 1
                    count[j] += 1
            for i in range(b if refresh else 0):
                for k in range(K):
                    old[rows[start + i], k] = fresh[i, k]

            # The update, in so far as it has not happened.
            if local:
                for i in range(n_touched):
                    for k in range(K):
                        j = k * width + touched[i]
                        share = count[touched[i]] / <double> b
                        move(w, mean, j, gradient[k, touched[i]], rate, share, &columns[touched[i], 0], refreshed)
                        gradient[k, touched[i]] = 0
                    count[touched[i]] = 0
                n_touched = 0
            if lazy or local:
                for k in range(K if width > d else 0):
                    j = k * width + d
                    value = gradient[k, d]
                    if inertial:
                        velocity[j] = <floating> (beta * velocity[j] + value)
                        value = now * value + later * velocity[j]
                    move(w, mean, j, value, rate, 1.0, &columns[d, 0], refreshed)
                    gradient[k, d] = 0
                    if averaged:
                        total_theta[j] += w[j]
            else:
                if supported:
                    count[d] = b
                    for j in range(width):
                        share = count[j] / <double> b
                        for k in range(K):
                            value = rest(w, mean, k * width + j, gradient[k, j], share, &columns[j, 0], refreshed)
                            gradient[k, j] += <floating> value
                        if j < d:
                            threshold[j] = <floating> (share * support[j] * l1[j])
                        count[j] = 0
                    n_touched = 0
                if floating is float:
                    update_f(w, &gradient[0, 0], &memory[0, 0, 0], NULL if supported else mean, K, width, d, &decay[0],
                             kinks, lower, optimizer, &hyper[0], rate, refreshed)
                else:
                    update_d(w, &gradient[0, 0], &memory[0, 0, 0], NULL if supported else mean, K, width, d, &decay[0],
                             kinks, lower, optimizer, &hyper[0], rate, refreshed)
                memset(&gradient[0, 0], 0, K * width * sizeof(floating))
                for j in range(K * width if averaged else 0):
                    total_theta[j] += w[j]
            scales += scale
        if lazy and averaged:
            sum_up(w, K, width, d, total_theta, owed, scales)
        if inertial:
            for k in range(K):
                multiply_out_pairs(w + k * width, velocity + k * width, d, P)
        elif lazy:
            multiply_out(w, K, width, columns, scale, passed)
    return total
