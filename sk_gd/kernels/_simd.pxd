"""What the sweeps share of ``_simd.h``."""

from libc.stdint cimport int32_t

cdef extern from "_simd.h" nogil:
    int BLOCK, GRADIENT_DESCENT, MOMENTUM, NESTEROV
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
        double *sums
        double *columns
        double *owed
        int32_t *count
        Py_ssize_t *touched
        const double *rates
        const double *hyper
        const double *loss_hyper
        const Py_ssize_t *rows
        Py_ssize_t n, d, n_targets, n_outputs, width, batch_size
        double refresh, lower
        int loss, optimizer
