# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False, freethreading_compatible=True
"""The order of an epoch's visits: as many random numbers as rows, which takes an eighth of a fast epoch if NumPy's loop does it."""

from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

cdef extern from *:
    """
    #include <stddef.h>
    #include <stdint.h>

    #include "_compiler.h"

    /* NumPy's interface of what makes random bits, by which its generators are known to C. */
    typedef struct {
        void *state;
        uint64_t (*next_uint64)(void *);
        uint32_t (*next_uint32)(void *);
        double (*next_double)(void *);
        uint64_t (*next_raw)(void *);
    } Bits;

    /* A whole number below `bound`, all alike: of 32 bits times the bound the upper half, if the lower one is not among those that
       are too many (Lemire, "Fast random integer generation in an interval", ACM Trans. Model. Comput. Simul., 2019). */
    INLINE uint32_t below(const Bits *bits, uint32_t bound)
    {
        uint64_t product = (uint64_t)bits->next_uint32(bits->state) * bound;
        if ((uint32_t)product < bound)
            for (const uint32_t least = -bound % bound; (uint32_t)product < least;)
                product = (uint64_t)bits->next_uint32(bits->state) * bound;
        return (uint32_t)(product >> 32);
    }
    """
    ctypedef struct Bits:
        pass
    uint32_t below(const Bits*, uint32_t) noexcept nogil

cdef extern from "_signals.h" nogil:
    int interrupted(Py_ssize_t*, Py_ssize_t) except -1

ctypedef fused integer:
    int32_t
    int64_t


def shuffle(bit_generator, integer[::1] order not None):
    """Put ``order``, of fewer than 2^32 numbers, in a random order, all of them alike (Fisher and Yates, 1938).

    A signal whose handler raises, such as that of Ctrl-C, ends it.
    """
    cdef const Bits *bits = <const Bits *> PyCapsule_GetPointer(bit_generator.capsule, "BitGenerator")
    cdef Py_ssize_t i, j, work = 0
    with nogil:
        for i in range(order.shape[0] - 1, 0, -1):
            j = below(bits, <uint32_t> (i + 1))
            order[i], order[j] = order[j], order[i]
            interrupted(&work, 1)
