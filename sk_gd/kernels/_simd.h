/* What the compiled kernels share: numbers and, for both dtypes, the losses, the update and the dense rows.

   Everything is plain C that a compiler vectorises; with GNU C on Linux x86-64 each KERNEL is built for three instruction sets
   and the loader picks one. No libm call stands in a hot loop: it would stop the vectoriser. The build allows re-association
   (sums in any order), so nothing here may rely on the order of additions; NaN and infinity keep their meaning. */
#ifndef SK_GD_SIMD_H
#define SK_GD_SIMD_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "_signals.h"

/* The numbers are those of LOSSES and OPTIMIZERS in _check.py. */
enum { SQUARED_ERROR, LOG_LOSS, MULTINOMIAL, PIECEWISE, CORNERED, BEND };
enum { GRADIENT_DESCENT, MOMENTUM, NESTEROV, ADAGRAD, RMSPROP, ADAM };

/* Most rows that the dense kernels hold at a time; their callers size buffers by it. */
enum { BLOCK = 256 };

/* Most numbers of some rows that are turned into columns: sixteen rows of 512 classes. */
enum { TURNED = 1 << 13 };

/* Bytes of the rows whose columns are multiplied with each other at a time: they stay in the first level cache. */
enum { GRAM_BYTES = 1 << 15 };

/* Numbers of any dtype in the longest vector register. */
enum { LANES = 16 };

/* How many visits ahead a row is asked for at most, and how many of its numbers at a time. */
enum { AHEAD = 16, PIECE = 128 };

/* How many visits ahead a CSR row is asked for that the second level has. */
enum { NEXT = 3 };

/* Rows of a tile of predictions, and vectors of columns of a tile of the gradient: with three outputs 12 sums, of 16 registers. */
enum { TILE_ROWS = 4, TILE_VECTORS = 4 };

/* Columns of a matrix product with CSR rows that are summed at a time. */
enum { MANY = 16 };

/* What Sweep's `columns` holds of each column: how enlarged its dense terms are or up to which sum of steps it has its thresholds,
   and its penalty. */
enum { SUPPORT, SEEN = 0, L2, L1, LOWER };

/* Below this a common factor of theta is multiplied out: far from underflow, yet seldom. */
#define SMALLEST_SCALE 1e-9

/* Outside 1 / this and this the determinant of P would cost digits when P is undone: theta and velocity are multiplied out. */
#define LARGEST_DETERMINANT 100.0

/* Evaluates a call with the loss as a constant, so that each loss gets a loop of its own without a branch inside. */
#define FOR_LOSS(loss, answer, call) \
    switch (loss) { \
    case LOG_LOSS: answer = call(LOG_LOSS); break; \
    case PIECEWISE: answer = call(PIECEWISE); break; \
    case CORNERED: answer = call(CORNERED); break; \
    default: answer = call(SQUARED_ERROR); \
    }

/* What a sweep is told; `void` stands for the dtype of X, or for that of the numbers of columns (CSR: X is data then). NULL: weights
   that are all one, l1 that is all zero, no control variate (slopes, anchor), no sums of the iterates. No coefficient goes below
   `lower`, 0 or -INFINITY; above -INFINITY l1 is not NULL. The anchor takes in `refresh` times each new gradient, zero if it is to
   stay. gradient is like theta. Dense: space holds BLOCK * (n_targets + n_outputs + 1) numbers and n_outputs more for each row of a
   batch. CSR: n_outputs for each column, for momentum twice as many, for plain descent with one output none, and 4 n_outputs +
   n_targets + 1 for each row of a batch; gradient begins as zero; owed is like sums, and zero; columns, count and touched are for all
   columns or NULL, count being zero. One by one, a row is asked for `ahead` visits before it comes, less than AHEAD. CSR and adaptive:
   space holds, for each of the at most `room` columns that a batch touches and one more, n_outputs numbers four times; local a place
   for each value stored in a batch; tables 12 numbers for each update and one more; touched, for each column and one more, three
   numbers, zero at first. */
typedef struct {
    const void *X, *indices, *indptr, *y, *weights, *l2, *l1;
    void *theta, *memory, *slopes, *anchor, *gradient, *space;
    void *local;
    double *sums, *columns, *owed, *tables;
    int32_t *count;
    ptrdiff_t *touched;
    const double *rates, *hyper, *loss_hyper;
    const ptrdiff_t *rows;
    ptrdiff_t n, d, n_targets, n_outputs, width, batch_size, room, ahead;
    double refresh, lower;
    int loss, optimizer;
} Sweep;

INLINE void fetch(uintptr_t place, int near)
{
    if (near)
        PREFETCH_NEAR((const void *)place);
    else
        PREFETCH((const void *)place);
}

/* Asks for some bytes, for the first level or the second; how many times depends on their number alone, so that a loop's end is
   guessed right. The last byte asks for its line by itself: one line more, asked for just in case, would be read from memory. */
INLINE void fetch_bytes(const void *first, ptrdiff_t bytes, int near)
{
    const uintptr_t from = (uintptr_t)first;
    for (ptrdiff_t at = 0; at < bytes; at += 64)
        fetch(from + (uintptr_t)at, near);
    fetch(from + (uintptr_t)bytes - 1, near);
}

INLINE void fetch_near(const void *first, ptrdiff_t bytes)
{
    fetch_bytes(first, bytes, 1);
}

/* Asks for the lines of memory from one address to another. */
INLINE void fetch_lines(const void *first, const void *last)
{
    for (uintptr_t line = (uintptr_t)first / 64 * 64; line < (uintptr_t)last; line += 64)
        PREFETCH((const void *)line);
}

#define LN2 0.693147180559945309

/* ln 2 in two parts, the first with so few bits that its product with an exponent is exact. */
#define REAL float
#define REAL_BYTES 4
#define BITS uint32_t
#define NAMED(name) name##_f
#define SQRT sqrtf
#define COPYSIGN copysignf
#define ABS fabsf
#define LN2_HIGH 0.693145751953125f
#define LN2_LOW 1.4286068203e-6f
#include "_real.h"
#undef REAL
#undef REAL_BYTES
#undef BITS
#undef NAMED
#undef SQRT
#undef COPYSIGN
#undef ABS
#undef LN2_HIGH
#undef LN2_LOW

#define REAL double
#define REAL_BYTES 8
#define BITS uint64_t
#define NAMED(name) name##_d
#define SQRT sqrt
#define COPYSIGN copysign
#define ABS fabs
#define LN2_HIGH 0.6931471805598903
#define LN2_LOW 5.497923018708371e-14
#include "_real.h"
#undef REAL
#undef REAL_BYTES
#undef BITS
#undef NAMED
#undef SQRT
#undef COPYSIGN
#undef ABS
#undef LN2_HIGH
#undef LN2_LOW

#endif
