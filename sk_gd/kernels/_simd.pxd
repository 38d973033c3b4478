"""What the sweeps share of ``_simd.h``."""

from libc.stdint cimport int32_t

cdef extern from "_simd.h" nogil:
    int AHEAD, BLOCK, GRADIENT_DESCENT, MOMENTUM, NESTEROV, RMSPROP, ADAM
    ctypedef struct Sweep:
        const void *X
        const void *indices
        const void *indptr
        const void *y
        const void *weights
        const void *l2
        const void *l1
        void *theta
        void *memory
        void *slopes
        void *anchor
        void *gradient
        void *space
        void *local
        double *sums
        double *columns
        double *owed
        double *tables
        int32_t *count
        Py_ssize_t *touched
        const double *rates
        const double *hyper
        const double *loss_hyper
        const Py_ssize_t *rows
        Py_ssize_t n, d, n_targets, n_outputs, width, batch_size, room, ahead
        double refresh, lower
        int loss, optimizer


cdef inline bint unaligned(const Sweep *run, size_t size) noexcept:
    """Whether an array of the caller's lies at an odd place in memory; ``size`` is that of a number of X's dtype."""
    cdef size_t numbers = (<size_t> run.X | <size_t> run.y | <size_t> run.weights | <size_t> run.theta | <size_t> run.memory
                           | <size_t> run.slopes | <size_t> run.anchor)
    cdef size_t doubles = (<size_t> run.sums | <size_t> run.rates | <size_t> run.hyper | <size_t> run.loss_hyper
                           | <size_t> run.rows)
    return numbers % size != 0 or doubles % sizeof(double) != 0
