# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False, freethreading_compatible=True
"""An epoch over dense rows: the compiled twin of :func:`sk_gd.kernels.reference.sweep`."""

import numpy as np

from cython cimport floating
from libc.math cimport INFINITY

from sk_gd.kernels._check import check_sweep, refuse_unaligned
from sk_gd.kernels._simd cimport BLOCK, GRADIENT_DESCENT, Sweep, unaligned

cdef extern from "_simd.h" nogil:
    double stochastic_f(const Sweep*) except? -1
    double stochastic_d(const Sweep*) except? -1
    double sweep_f(const Sweep*) except? -1
    double sweep_d(const Sweep*) except? -1


def sweep_dense(
    const floating[:, ::1] X not None,
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
    double[:, ::1] sums not None,
):
    """Visit ``rows`` in batches, changing theta, memory, slopes, anchor and sums in place; return the loss on the way.

    A signal whose handler raises, such as that of Ctrl-C, ends the visits where they are.
    """
    check_sweep(X.shape[0], X.shape[1], y, weights, rows, batch_size, rates, theta, loss, loss_hyper, l2, l1, optimizer, hyper,
                memory, slopes, anchor, refresh, n_samples, sums)
    if rows.shape[0] == 0:
        return 0.0
    dtype = np.asarray(X).dtype
    cdef Sweep run
    run.n, run.d, run.batch_size = rows.shape[0], X.shape[1], min(batch_size, rows.shape[0])
    run.n_targets, run.n_outputs, run.width = y.shape[1], theta.shape[0], theta.shape[1]
    cdef const floating[::1] decay = np.asarray(l2, dtype), threshold = np.asarray(l1, dtype)
    cdef floating[:, ::1] old = slopes if len(slopes) else None
    cdef floating[:, ::1] gradient = np.empty_like(theta)
    cdef floating[::1] space = np.empty(BLOCK * (run.n_targets + run.n_outputs + 1) + run.batch_size * run.n_outputs, dtype)
    run.X, run.y, run.weights = &X[0, 0], &y[0, 0], &weights[0] if weights.shape[0] else NULL
    run.rows, run.rates, run.hyper, run.loss_hyper = &rows[0], &rates[0], &hyper[0], &loss_hyper[0]
    run.l2, run.l1 = &decay[0], &threshold[0] if positive or np.any(l1) else NULL
    run.theta, run.memory, run.gradient, run.space = &theta[0, 0], &memory[0, 0, 0], &gradient[0, 0], &space[0]
    run.slopes, run.anchor = &old[0, 0] if old is not None else NULL, &anchor[0, 0] if anchor.shape[0] else NULL
    run.sums = &sums[0, 0] if sums.shape[0] else NULL
    refuse_unaligned(unaligned(&run, sizeof(floating)) or (<size_t> &l2[0] | <size_t> &l1[0]) % sizeof(double))
    run.refresh, run.lower = 1.0 / n_samples if refresh else 0.0, 0.0 if positive else -INFINITY
    run.loss, run.optimizer = loss, optimizer
    cdef bint one_by_one = run.batch_size == run.n_outputs == 1 and optimizer == GRADIENT_DESCENT and np.ptp(l2) == 0
    cdef double total
    with nogil:
        if floating is float:
            total = stochastic_f(&run) if one_by_one else sweep_f(&run)
        else:
            total = stochastic_d(&run) if one_by_one else sweep_d(&run)
    return total
