# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False, freethreading_compatible=True
"""The proximal step in a full metric: an l1 problem on a small quadratic, solved by coordinate descent."""

from libc.math cimport fabs, sqrt

import numpy as np

from sk_gd.kernels._check import check_quadratic, refuse_unaligned

cdef extern from *:
    """
    #include <stddef.h>
    #include "_compiler.h"

    /* y += c x */
    KERNEL void add_row(double c, const double *x, ptrdiff_t n, double *y)
    {
        INDEPENDENT
        for (ptrdiff_t j = 0; j < n; j++)
            y[j] += c * x[j];
    }
    """
    void add_row(double, const double*, Py_ssize_t, double*) noexcept nogil

cdef extern from "_signals.h" nogil:
    int interrupted(Py_ssize_t*, Py_ssize_t) except -1


def coordinate_descent(
    const double[:, ::1] hessian not None,
    const double[::1] gradient not None,
    const double[::1] coef not None,
    const double[::1] l1 not None,
    const double[::1] lower not None,
    double[::1] delta not None,
    Py_ssize_t max_sweeps,
    double tolerance,
):
    """Minimise gradient . delta + delta' H delta / 2 + sum_j l1_j |coef_j + delta_j| over ``delta``, from the guess it holds.

    A sweep over all columns finds the active ones (coef + delta != 0); sweeps over these alone follow until they settle, then
    all columns are checked again. Settled means max_j sqrt(H_jj) |change_j| <= tolerance. coef + delta stays at
    ``lower``, -inf or 0, and above. Returns the number of sweeps, those over the active columns included. A signal whose handler
    raises, such as that of Ctrl-C, ends them.
    """
    cdef Py_ssize_t d = hessian.shape[0], n_active = 0, sweeps = 0, work = 0, i, j
    cdef bint full = True
    cdef double old, new, threshold, change, largest
    check_quadratic(d, hessian.shape[1], gradient.shape[0], coef.shape[0], l1.shape[0], lower.shape[0], delta.shape[0])
    refuse_unaligned((<size_t> &hessian[0, 0] | <size_t> &gradient[0] | <size_t> &coef[0] | <size_t> &l1[0] | <size_t> &lower[0]
                      | <size_t> &delta[0]) % sizeof(double))
    # H delta, kept up to date: a moved coordinate costs one row of the symmetric H.
    cdef double[::1] product = np.asarray(hessian) @ np.asarray(delta)
    cdef Py_ssize_t[::1] active = np.empty(d, np.intp)
    with nogil:
        while sweeps < max_sweeps:
            sweeps += 1
            interrupted(&work, d)
            largest = 0.0
            n_active = 0 if full else n_active
            for i in range(d if full else n_active):
                j = i if full else active[i]
                old = coef[j] + delta[j]
                new = old - (gradient[j] + product[j]) / hessian[j, j]
                threshold = l1[j] / hessian[j, j]
                new = max(lower[j], new - max(-threshold, min(threshold, new)))
                change = new - old
                if full and new != 0.0:
                    active[n_active] = j
                    n_active += 1
                if change != 0.0:
                    delta[j] = new - coef[j]  # so that coef + delta is an exact zero, and nothing rounds below lower
                    largest = max(largest, sqrt(hessian[j, j]) * fabs(change))
                    add_row(change, &hessian[j, 0], d, &product[0])
                    work += d
            if largest <= tolerance:
                if full:
                    break
                full = True
            else:
                full = False
    return sweeps
