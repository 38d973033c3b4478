# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False, freethreading_compatible=True
"""An epoch over CSR rows: the compiled twin of :func:`sk_gd.kernels.reference.sweep`, at the price of the stored entries."""

import numpy as np

from cython cimport floating
from libc.math cimport INFINITY
from libc.stdint cimport int32_t, int64_t

from sk_gd.kernels._check import check_csr, check_sweep, refuse_unaligned
from sk_gd.kernels._simd cimport ADAM, AHEAD, GRADIENT_DESCENT, MOMENTUM, NESTEROV, Sweep, unaligned

cdef extern from "_simd.h" nogil:
    double stochastic_csr32_f(const Sweep*) except? -1
    double stochastic_csr64_f(const Sweep*) except? -1
    double stochastic_csr32_d(const Sweep*) except? -1
    double stochastic_csr64_d(const Sweep*) except? -1
    double reduced_csr32_f(const Sweep*) except? -1
    double reduced_csr64_f(const Sweep*) except? -1
    double reduced_csr32_d(const Sweep*) except? -1
    double reduced_csr64_d(const Sweep*) except? -1
    double lazy_csr32_f(const Sweep*) except? -1
    double lazy_csr64_f(const Sweep*) except? -1
    double lazy_csr32_d(const Sweep*) except? -1
    double lazy_csr64_d(const Sweep*) except? -1
    double adaptive_csr32_f(const Sweep*) except? -1
    double adaptive_csr64_f(const Sweep*) except? -1
    double adaptive_csr32_d(const Sweep*) except? -1
    double adaptive_csr64_d(const Sweep*) except? -1
    double sweep_csr32_f(const Sweep*) except? -1
    double sweep_csr64_f(const Sweep*) except? -1
    double sweep_csr32_d(const Sweep*) except? -1
    double sweep_csr64_d(const Sweep*) except? -1

ctypedef fused integer:
    int32_t
    int64_t

ctypedef double (*Kernel)(const Sweep*) except? -1 nogil


def sweep_csr(
    const floating[::1] data not None,
    const integer[::1] indices not None,
    const integer[::1] indptr not None,
    Py_ssize_t n_features,
    const floating[:, ::1] y not None,
    const floating[::1] weights not None,
    const Py_ssize_t[::1] rows not None,
    Py_ssize_t batch_size,
    const double[::1] rates not None,
    floating[:, ::1] theta not None,
    int loss,
    const double[::1] loss_hyper not None,
    const double[::1] l2 not None,
    const double[::1] l1 not None,
    bint positive,
    int optimizer,
    const double[::1] hyper not None,
    floating[:, :, ::1] memory not None,
    slopes,
    floating[:, ::1] anchor not None,
    bint refresh,
    Py_ssize_t n_samples,
    const double[::1] support not None,
    double[:, ::1] sums not None,
):
    """Visit ``rows`` in batches, changing theta, memory, slopes, anchor and sums in place; return the loss on the way.

    A signal whose handler raises, such as that of Ctrl-C, ends the visits where they are.
    """
    check_sweep(indptr.shape[0] - 1, n_features, y, weights, rows, batch_size, rates, theta, loss, loss_hyper, l2, l1, optimizer,
                hyper, memory, slopes, anchor, refresh, n_samples, sums)
    check_csr(data, indices, indptr, n_features, support=support)
    if rows.shape[0] == 0:
        return 0.0
    dtype = np.asarray(data).dtype
    cdef Sweep run
    run.n, run.d, run.batch_size = rows.shape[0], n_features, min(batch_size, rows.shape[0])
    run.n_targets, run.n_outputs, run.width = y.shape[1], theta.shape[0], theta.shape[1]
    run.refresh, run.lower = 1.0 / n_samples if refresh else 0.0, 0.0 if positive else -INFINITY
    run.loss, run.optimizer = loss, optimizer
    # 5 KB of values and columns, little beside a first level cache; fewer rows come too late.
    run.ahead = min(max(400 * indptr.shape[0] // max(data.shape[0], 1), 4), 3 * AHEAD // 4)

    # The kernel: the cheapest of those that can do it.
    cdef bint supported = support.shape[0] > 0, averaged = sums.shape[0] > 0, kinked = positive or np.any(l1)
    cdef bint uniform = anchor.shape[0] == 0 and not supported and np.ptp(l2) == 0
    cdef bint inertial = (optimizer == MOMENTUM or optimizer == NESTEROV) and not averaged and not kinked
    cdef bint lazy = uniform and (inertial or optimizer == GRADIENT_DESCENT and not (averaged and kinked))
    cdef bint single = run.batch_size == run.n_outputs == 1 and optimizer == GRADIENT_DESCENT and not (averaged or kinked)
    cdef bint one_by_one = single and uniform and not len(slopes)
    cdef bint reduced = single and not (supported or refresh) and len(anchor) and len(slopes) and np.ptp(l2) == 0
    # Adaptive optimizers rest, forget or coast where a gradient is zero; any penalty makes it another one at every step. The sums
    # over the updates that Adam coasts in must converge.
    cdef bint adaptive = optimizer > NESTEROV and uniform and not averaged and not np.any(l2) and not np.any(l1)
    if adaptive and optimizer == ADAM:
        adaptive = hyper[3] == 0 and hyper[0] < 0.999 * hyper[1] ** 2
    cdef Kernel kernel
    if floating is float and integer is int32_t:
        kernel = stochastic_csr32_f if one_by_one else lazy_csr32_f if lazy else adaptive_csr32_f if adaptive else sweep_csr32_f
        kernel = reduced_csr32_f if reduced else kernel
    elif floating is float:
        kernel = stochastic_csr64_f if one_by_one else lazy_csr64_f if lazy else adaptive_csr64_f if adaptive else sweep_csr64_f
        kernel = reduced_csr64_f if reduced else kernel
    elif integer is int32_t:
        kernel = stochastic_csr32_d if one_by_one else lazy_csr32_d if lazy else adaptive_csr32_d if adaptive else sweep_csr32_d
        kernel = reduced_csr32_d if reduced else kernel
    else:
        kernel = stochastic_csr64_d if one_by_one else lazy_csr64_d if lazy else adaptive_csr64_d if adaptive else sweep_csr64_d
        kernel = reduced_csr64_d if reduced else kernel

    # What it works on. All that is read at random of one column lies together, and the intercept is one more column.
    cdef const floating[::1] decay = np.zeros(n_features, dtype) if supported else np.asarray(l2, dtype)
    cdef const floating[::1] threshold = np.asarray(l1, dtype)
    cdef double[:, ::1] columns = np.zeros((n_features + 1 if supported or lazy and kinked else 0, 4))
    if len(columns):
        np.asarray(columns)[:n_features, 1:] = np.stack([l2, l1, np.full(n_features, run.lower)], axis=1)
        columns[n_features, 0], columns[n_features, 3] = 1.0, -INFINITY
    if supported:
        np.asarray(columns)[:n_features, 0] = support
    cdef Py_ssize_t of_row = 4 * run.n_outputs + run.n_targets + 1, of_column = run.n_outputs * (2 if inertial else 1)
    cdef Py_ssize_t n_steps = (run.n - 1) // run.batch_size + 1, most = 0
    if adaptive:
        lengths, starts = np.diff(indptr)[rows], np.arange(n_steps) * run.batch_size
        most = np.add.reduceat(lengths, starts, dtype=np.intp).max()
        run.room = min(n_features, most)
        of_column *= 4
    cdef bint in_place = one_by_one or lazy and of_column == 1  # the numbers of a column are where they are needed
    columns_at_a_time = 0 if in_place else 2 * n_features if reduced else run.room + 1 if adaptive else n_features
    cdef floating[::1] space = np.empty(of_column * columns_at_a_time + run.batch_size * of_row + 1, dtype)
    cdef integer[::1] local = np.empty(most, np.asarray(indices).dtype)
    cdef double[::1] tables = np.empty(12 * (n_steps + 1) if adaptive else 0)
    cdef floating[:, ::1] old = slopes if len(slopes) else None
    cdef floating[:, ::1] gradient = np.zeros_like(theta)
    cdef double[:, ::1] owed = np.zeros_like(sums)
    cdef int32_t[::1] count = np.zeros(n_features if supported else 0, np.int32)
    cdef Py_ssize_t[::1] touched = np.zeros(n_features if supported else 3 * (n_features + 1) if adaptive else 0, np.intp)
    run.X, run.indices, run.indptr = &data[0], &indices[0], &indptr[0]
    run.y, run.weights = &y[0, 0], &weights[0] if weights.shape[0] else NULL
    run.rows, run.rates, run.hyper, run.loss_hyper = &rows[0], &rates[0], &hyper[0], &loss_hyper[0]
    run.l2, run.l1 = &decay[0], &threshold[0] if kinked else NULL
    run.theta, run.memory, run.gradient, run.space = &theta[0, 0], &memory[0, 0, 0], &gradient[0, 0], &space[0]
    run.slopes, run.anchor = &old[0, 0] if old is not None else NULL, &anchor[0, 0] if anchor.shape[0] else NULL
    run.sums, run.owed = &sums[0, 0] if averaged else NULL, &owed[0, 0] if averaged else NULL
    run.columns = &columns[0, 0] if columns.shape[0] else NULL
    run.count, run.touched = &count[0] if supported else NULL, &touched[0] if supported or adaptive else NULL
    run.local, run.tables = &local[0] if adaptive else NULL, &tables[0] if adaptive else NULL
    refuse_unaligned(unaligned(&run, sizeof(floating)) or (<size_t> run.indices | <size_t> run.indptr) % sizeof(integer)
                     or (<size_t> &l2[0] | <size_t> &l1[0] | <size_t> &support[0]) % sizeof(double))
    cdef double total
    with nogil:
        total = kernel(&run)
    return total
