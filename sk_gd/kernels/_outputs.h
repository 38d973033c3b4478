/* The pass over dense rows for several outputs, for one dtype: _simd.h includes this file for float and for double, so it has no
   guard. Matrix products with so few columns are where libraries are slow: they spend their time on repacking X. Here a tile of sums
   stays in registers, and a block of rows in the cache between its predictions and its part of the gradient. */

#if defined(__GNUC__)
typedef REAL NAMED(Vector) __attribute__((vector_size(32), aligned(sizeof(REAL)), may_alias)); /* all that one instruction adds */
#define LANE(vector, l) (vector)[l]
#else
typedef REAL NAMED(Vector);
#define LANE(vector, l) (vector)
#endif
#define WIDE ((ptrdiff_t)(sizeof(NAMED(Vector)) / sizeof(REAL)))
#define AT(address) (*(const NAMED(Vector) *)(address))

/* z = x . w of R rows and C outputs, over `whole` places of each; m lies between the outputs of a row. */
INLINE void NAMED(tile_dots)(const REAL *RESTRICT x, ptrdiff_t stride, const REAL *RESTRICT w, ptrdiff_t whole, const int R,
                             const int C, REAL *RESTRICT z, ptrdiff_t m)
{
    NAMED(Vector) sum[TILE_ROWS][TILE_OUTPUTS];
    memset(sum, 0, sizeof sum);
    for (ptrdiff_t j = 0; j < whole; j += WIDE)
        for (int r = 0; r < R; r++)
            for (int c = 0; c < C; c++)
                sum[r][c] += AT(x + r * stride + j) * AT(w + c * whole + j);
    for (int r = 0; r < R; r++)
        for (int c = 0; c < C; c++) {
            REAL total = 0;
            for (int l = 0; l < WIDE; l++)
                total += LANE(sum[r][c], l);
            z[c * m + r] = total;
        }
}

/* g += sum_r s_r x_r over m rows, for C outputs and V vectors of columns. */
INLINE void NAMED(tile_adds)(const REAL *RESTRICT x, ptrdiff_t stride, ptrdiff_t m, const REAL *RESTRICT s, REAL *RESTRICT g,
                             ptrdiff_t whole, const int C, const int V)
{
    NAMED(Vector) sum[TILE_OUTPUTS][TILE_VECTORS];
    for (int c = 0; c < C; c++)
        for (int v = 0; v < V; v++)
            sum[c][v] = AT(g + c * whole + v * WIDE);
    for (ptrdiff_t r = 0; r < m; r++)
        for (int v = 0; v < V; v++)
            for (int c = 0; c < C; c++)
                sum[c][v] += s[c * m + r] * AT(x + r * stride + v * WIDE);
    for (int c = 0; c < C; c++)
        for (int v = 0; v < V; v++)
            memcpy(g + c * whole + v * WIDE, &sum[c][v], sizeof sum[c][v]);
}

/* Evaluates a call for the outputs from k on with their number as a constant; K = 10 is 3 + 3 + 2 + 2. */
#define FOR_OUTPUTS(K, call) \
    for (ptrdiff_t k = 0, left = ((K) + TILE_OUTPUTS - 1) / TILE_OUTPUTS; k < (K); left--) \
        switch ((K - k + left - 1) / left) { \
        case 1: call(1); k += 1; break; \
        case 2: call(2); k += 2; break; \
        default: call(3); k += 3; \
        }

/* Predictions of m rows, those of an output side by side. */
INLINE void NAMED(predict_block)(const REAL *x, ptrdiff_t stride, ptrdiff_t m, const REAL *w, ptrdiff_t whole, ptrdiff_t K,
                                 REAL *z)
{
    ptrdiff_t i = 0;
    for (; i + TILE_ROWS <= m; i += TILE_ROWS) {
        /* Four rows at a time look like no straight read to the hardware: without this, 100 columns took twice as long. */
        const REAL *soon = x + i * stride + 8192 / (ptrdiff_t)sizeof(REAL);
        fetch_lines(soon, soon + TILE_ROWS * stride);
#define CALL(C) NAMED(tile_dots)(x + i * stride, stride, w + k * whole, whole, TILE_ROWS, C, z + k * m + i, m)
        FOR_OUTPUTS(K, CALL)
#undef CALL
    }
    for (; i < m; i++) {
#define CALL(C) NAMED(tile_dots)(x + i * stride, stride, w + k * whole, whole, 1, C, z + k * m + i, m)
        FOR_OUTPUTS(K, CALL)
#undef CALL
    }
}

/* Adds the gradient of m rows to `part`. */
INLINE void NAMED(gradient_block)(const REAL *x, ptrdiff_t stride, ptrdiff_t m, const REAL *slope, REAL *part, ptrdiff_t whole,
                                  ptrdiff_t K)
{
    ptrdiff_t j = 0;
    for (; j + TILE_VECTORS * WIDE <= whole; j += TILE_VECTORS * WIDE) {
#define CALL(C) NAMED(tile_adds)(x + j, stride, m, slope + k * m, part + k * whole + j, whole, C, TILE_VECTORS)
        FOR_OUTPUTS(K, CALL)
#undef CALL
    }
    for (; j < whole; j += WIDE) {
#define CALL(C) NAMED(tile_adds)(x + j, stride, m, slope + k * m, part + k * whole + j, whole, C, 1)
        FOR_OUTPUTS(K, CALL)
#undef CALL
    }
}

/* How many rows go from predictions to gradient at a time: 128 KB, well inside the second level cache. */
INLINE ptrdiff_t NAMED(outputs_block)(ptrdiff_t d)
{
    const ptrdiff_t fit = (1 << 17) / (ptrdiff_t)sizeof(REAL) / d / TILE_ROWS * TILE_ROWS;
    return fit < 2 * TILE_ROWS ? 2 * TILE_ROWS : fit > BLOCK ? BLOCK : fit;
}

/* Loss and gradient of n rows that follow each other, in one read. w (n_outputs rows) and part (as many) have d rounded up to
   LANES places a row; w is zero beyond d, part everywhere. Rows are read in whole vectors: what lies behind them meets a zero. Behind
   the last rows lies nothing, so these are copied. `part` collects BLOCK rows or more in the dtype of X before they join the sum in
   double. space holds outputs_block(d) * (d rounded up + 2 n_outputs) numbers. */
KERNEL double NAMED(pass_outputs)(const REAL *X, ptrdiff_t d, const REAL *y, const REAL *s, ptrdiff_t n, ptrdiff_t K,
                                  const REAL *w, const double *theta, int loss, const double *hyper, REAL *slopes, REAL *part,
                                  REAL *space, double *gradient, int fit_intercept)
{
    const ptrdiff_t block = NAMED(outputs_block)(d), whole = (d + LANES - 1) / LANES * LANES, width = d + fit_intercept;
    REAL *z = space, *slope = z + block * K, *copy = slope + block * K;
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
        NAMED(predict_block)(x, stride, m, w, whole, K, z);
        for (ptrdiff_t k = 0; fit_intercept && k < K; k++) {
            INDEPENDENT
            for (ptrdiff_t r = 0; r < m; r++)
                z[k * m + r] += (REAL)theta[k * width + d];
        }
        if (loss == MULTINOMIAL)
            total += NAMED(softmax)(y + i, z, s ? s + i : NULL, m, K, 1, m, slope);
        else if (loss == BEND)
            total += NAMED(bend)(y + i * K, z, s ? s + i : NULL, m, K, 1, m, hyper[0] != 0, slope);
        for (ptrdiff_t k = 0; loss != MULTINOMIAL && loss != BEND && k < K; k++) {
            REAL targets[BLOCK];
            INDEPENDENT
            for (ptrdiff_t r = 0; r < m; r++)
                targets[r] = y[(i + r) * K + k];
            total += NAMED(losses)(loss, hyper, targets, z + k * m, s ? s + i : NULL, m, 1, slope + k * m);
        }
        NAMED(gradient_block)(x, stride, m, slope, part, whole, K);
        for (ptrdiff_t k = 0; k < K; k++) {
            double sum = 0;
            for (ptrdiff_t r = 0; r < m; r++)
                sum += slope[k * m + r];
            if (fit_intercept)
                gradient[k * width + d] += sum;
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

#undef LANE
#undef WIDE
#undef AT
#undef FOR_OUTPUTS
