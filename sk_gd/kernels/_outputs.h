/* The pass over dense rows for several outputs, for one dtype: _simd.h includes this file for float and for double, so it has no
   guard. Matrix products with so few columns are where libraries are slow: they spend their time on repacking X. Here a tile of sums
   stays in registers, and a block of rows in the cache between its predictions and its part of the gradient. */

#if VECTORS
typedef REAL NAMED(Four) __attribute__((vector_size(4 * sizeof(REAL))));
#else
typedef REAL NAMED(Four);
#endif

/* The sums of the places of four vectors and `more`, the first R of which are written: half by half for all four, not one after the
   other. */
INLINE void NAMED(add_places)(const NAMED(Four) *v, const int R, REAL more, REAL *z)
{
#if VECTORS
    const NAMED(Four) a = __builtin_shufflevector(v[0], v[1], 0, 4, 2, 6) + __builtin_shufflevector(v[0], v[1], 1, 5, 3, 7);
    const NAMED(Four) b = __builtin_shufflevector(v[2], v[3], 0, 4, 2, 6) + __builtin_shufflevector(v[2], v[3], 1, 5, 3, 7);
    const NAMED(Four) sums = more + __builtin_shufflevector(a, b, 0, 1, 4, 5)
                             + __builtin_shufflevector(a, b, 2, 3, 6, 7);
    memcpy(z, &sums, (size_t)R * sizeof(REAL));
#else
    for (int r = 0; r < R; r++)
        z[r] = v[r] + more;
#endif
}

#define TILED(name) NAMED(name)
#define TILES INLINE
#define VECTOR_BYTES 32
#define TILE_OUTPUTS 3
#include "_tiles.h"
#undef TILED
#undef TILES
#undef VECTOR_BYTES
#undef TILE_OUTPUTS

/* With 32 registers of 64 bytes five outputs share the numbers of a row; up to three are faster in shorter vectors, which seldom
   lie across two lines of memory. */
#ifdef LONG_KERNEL
#define TILED(name) NAMED(name##_long)
#define TILES LONG_KERNEL
#define VECTOR_BYTES 64
#define TILE_OUTPUTS 5
#include "_tiles.h"
#undef TILED
#undef TILES
#undef VECTOR_BYTES
#undef TILE_OUTPUTS
#define BY_TILES(name, ...) \
    (K > 3 && __builtin_cpu_supports("x86-64-v4") ? NAMED(name##_long)(__VA_ARGS__) : NAMED(name)(__VA_ARGS__))
#else
#define BY_TILES(name, ...) NAMED(name)(__VA_ARGS__)
#endif

/* How many rows go from predictions to gradient at a time: 16 KB, inside the first level cache, or 32 rows in up to 128 KB, well
   inside the second. More at a time would leave memory idle for as long as their losses take. */
INLINE ptrdiff_t NAMED(outputs_block)(ptrdiff_t d)
{
    const ptrdiff_t most = (1 << 17) / (ptrdiff_t)sizeof(REAL) / d / TILE_ROWS * TILE_ROWS, near = most / 8 / 32 * 32;
    return most < 2 * TILE_ROWS ? 2 * TILE_ROWS : most < 32 ? most : near < 32 ? 32 : near > BLOCK ? BLOCK : near;
}

/* Loss and gradient of n rows that follow each other, in one read. w (n_outputs rows) and part (as many) have d rounded up to
   LANES places a row; w is zero beyond d, part everywhere. Rows are read in whole vectors: what lies behind them meets a zero. Behind
   the last rows lies nothing, so these are copied. `part` collects BLOCK rows or more in the dtype of X before they join the sum in
   double. space holds outputs_block(d) * (d rounded up + 2 n_outputs) + LANES numbers: what is read and written in it begins with a
   line of memory. */
KERNEL double NAMED(pass_outputs)(const REAL *X, ptrdiff_t d, const REAL *y, const REAL *s, ptrdiff_t n, ptrdiff_t K,
                                  const REAL *w, const REAL *intercept, int loss, const double *hyper, REAL *slopes, REAL *part,
                                  REAL *space, double *gradient, int fit_intercept)
{
    const ptrdiff_t block = NAMED(outputs_block)(d), whole = (d + LANES - 1) / LANES * LANES, width = d + fit_intercept;
    REAL *z = (REAL *)(((uintptr_t)space + 63) / 64 * 64), *slope = z + block * K, *copy = slope + block * K;
    double total = 0;
    for (ptrdiff_t i = 0, pending = 0; i < n; i += block) {
        const ptrdiff_t m = n - i < block ? n - i : block;
        const int last = i + m + LANES > n;
        const REAL *x = last ? copy : X + i * d;
        const ptrdiff_t stride = last ? whole : d;
        for (ptrdiff_t r = 0; last && r < m; r++) {
            memcpy(copy + r * whole, X + (i + r) * d, (size_t)d * sizeof(REAL));
            memset(copy + r * whole + d, 0, (size_t)(whole - d) * sizeof(REAL));
        }
        BY_TILES(predict_block, x, stride, m, d, w, intercept, whole, K, z);
        if (loss == MULTINOMIAL)
            total += NAMED(softmax)(y + i, z, s ? s + i : NULL, m, K, m, slope);
        else if (loss == BEND)
            total += NAMED(bend)(y + i * K, z, s ? s + i : NULL, m, K, 1, m, hyper[0] != 0, slope);
        for (ptrdiff_t k = 0; loss != MULTINOMIAL && loss != BEND && k < K; k++) {
            REAL targets[BLOCK];
            INDEPENDENT
            for (ptrdiff_t r = 0; r < m; r++)
                targets[r] = y[(i + r) * K + k];
            total += NAMED(losses)(loss, hyper, targets, z + k * m, s ? s + i : NULL, m, 1, slope + k * m);
        }
        BY_TILES(gradient_block, x, stride, m, slope, part, whole, K, last || i + 2 * m > n ? NULL : x + m * d);
        REAL *sums = z; /* nobody needs the predictions any more */
        BY_TILES(sum_block, slope, m, K, sums);
        for (ptrdiff_t k = 0; k < K; k++) {
            if (fit_intercept)
                gradient[k * width + d] += sums[k];
            for (ptrdiff_t r = 0; slopes && r < m; r++)
                slopes[(i + r) * K + k] = slope[k * m + r];
        }
        pending += m;
        if (pending >= BLOCK || i + m == n) {
            for (ptrdiff_t k = 0; k < K; k++) {
                INDEPENDENT
                for (ptrdiff_t j = 0; j < d; j++)
                    gradient[k * width + j] += part[k * whole + j];
            }
            memset(part, 0, (size_t)(K * whole) * sizeof(REAL));
            pending = 0;
        }
    }
    return total;
}

/* Places of a row of (x, 1): whole vectors of the longest kind. */
INLINE ptrdiff_t NAMED(gram_whole)(ptrdiff_t d)
{
    const ptrdiff_t lanes = 64 / (ptrdiff_t)sizeof(REAL);
    return (d + lanes) / lanes * lanes;
}

/* How many rows are brought together at a time. */
INLINE ptrdiff_t NAMED(gram_block_rows)(ptrdiff_t d)
{
    const ptrdiff_t fit = GRAM_BYTES / (ptrdiff_t)sizeof(REAL) / NAMED(gram_whole)(d);
    return fit < 8 ? 8 : fit > BLOCK ? BLOCK : fit;
}

/* sums = sum_i h_i (x_i - shift, 1)(x_i - shift, 1)' of n rows, shape (d + 1, d + 1); h is NULL where it is one. space holds
   gram_whole(d) * (gram_block_rows(d) + d + 1) numbers; they are added up in the dtype of X over BLOCK rows or more. */
KERNEL void NAMED(gram)(const REAL *X, ptrdiff_t d, const REAL *h, ptrdiff_t n, const REAL *shift, REAL *space, double *sums)
{
    const ptrdiff_t block = NAMED(gram_block_rows)(d), whole = NAMED(gram_whole)(d), width = d + 1, K = width;
    REAL *rows = space, *part = space + block * whole;
    memset(space, 0, (size_t)((block + width) * whole) * sizeof(REAL));
    memset(sums, 0, (size_t)(width * width) * sizeof(double));
    for (ptrdiff_t i = 0, pending = 0; i < n; i += block) {
        const ptrdiff_t m = n - i < block ? n - i : block;
        for (ptrdiff_t r = 0; r < m; r++) {
            const REAL root = h ? SQRT(h[i + r]) : 1, *x = X + (i + r) * d;
            REAL *row = rows + r * whole;
            INDEPENDENT
            for (ptrdiff_t j = 0; j < d; j++)
                row[j] = (x[j] - shift[j]) * root;
            row[d] = root;
        }
        BY_TILES(gram_block, rows, whole, m, width, part);
        pending += m;
        if (pending >= BLOCK || i + m == n) {
            for (ptrdiff_t k = 0; k < width; k++) {
                INDEPENDENT
                for (ptrdiff_t j = k; j < width; j++)
                    sums[k * width + j] += part[k * whole + j];
            }
            memset(part, 0, (size_t)(width * whole) * sizeof(REAL));
            pending = 0;
        }
    }
    for (ptrdiff_t k = 1; k < width; k++)
        for (ptrdiff_t j = 0; j < k; j++)
            sums[k * width + j] = sums[j * width + k];
}

#undef BY_TILES
