/* Tiles of matrix products with few columns, for one dtype and one length of vectors: _outputs.h includes this file for each, so it
   has no guard. Sums stay in registers; what bounds the speed is how many of them share each number that is loaded. */

#if VECTORS
typedef REAL TILED(Vector) __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(REAL)), may_alias));
#else
typedef REAL TILED(Vector);
#endif
#define WIDE ((ptrdiff_t)(sizeof(TILED(Vector)) / sizeof(REAL)))
#define AT(address) (*(const TILED(Vector) *)(address))

/* The sum of a vector's fours of places. */
INLINE void TILED(add_fours)(const TILED(Vector) *v, NAMED(Four) *sum)
{
#if VECTORS
    typedef REAL Eight __attribute__((vector_size(8 * sizeof(REAL))));
#define AS_EIGHT(i) __builtin_shufflevector(*v, *v, i, i + 1, i + 2, i + 3, (i + 4) % (2 * WIDE), (i + 5) % (2 * WIDE), \
                                            (i + 6) % (2 * WIDE), (i + 7) % (2 * WIDE))
    Eight half = AS_EIGHT(0);
    if (WIDE > 8)
        half += AS_EIGHT(8 % WIDE);
    *sum = __builtin_shufflevector(half, half, 0, 1, 2, 3);
    if (WIDE > 4)
        *sum += __builtin_shufflevector(half, half, 4, 5, 6, 7);
#undef AS_EIGHT
#else
    *sum = *v;
#endif
}

/* z = x . w of R rows and C outputs, over `whole` places of each; m lies between the outputs of a row. */
INLINE void TILED(tile_dots)(const REAL *RESTRICT x, ptrdiff_t stride, const REAL *RESTRICT w, ptrdiff_t whole, const int R,
                             const int C, REAL *RESTRICT z, ptrdiff_t m)
{
    TILED(Vector) sum[TILE_ROWS][TILE_OUTPUTS];
    memset(sum, 0, sizeof sum);
    for (ptrdiff_t j = 0; j < whole; j += WIDE)
        for (int r = 0; r < R; r++)
            for (int c = 0; c < C; c++)
                sum[r][c] += AT(x + r * stride + j) * AT(w + c * whole + j);
    for (int c = 0; c < C; c++) {
        NAMED(Four) of_rows[TILE_ROWS];
        for (int r = 0; r < TILE_ROWS; r++)
            TILED(add_fours)(&sum[r][c], &of_rows[r]);
        NAMED(add_places)(of_rows, R, z + c * m);
    }
}

/* g += sum_r s_r x_r over m rows, for C outputs and V vectors of columns; asks for as much of `next` (NULL: of none). From s of a
   row to the next one's there are `along` places, to the next output's `across`. */
INLINE void TILED(tile_adds)(const REAL *RESTRICT x, ptrdiff_t stride, ptrdiff_t m, const REAL *s, ptrdiff_t along,
                             ptrdiff_t across, REAL *RESTRICT g, ptrdiff_t whole, const int C, const int V, const REAL *next)
{
    TILED(Vector) sum[TILE_OUTPUTS][TILE_VECTORS];
    for (int c = 0; c < C; c++)
        for (int v = 0; v < V; v++)
            sum[c][v] = AT(g + c * whole + v * WIDE);
    for (ptrdiff_t r = 0; r < m; r++)
        for (int v = 0; v < V; v++) {
            if (next)
                PREFETCH(next + r * stride + v * WIDE);
            for (int c = 0; c < C; c++)
                sum[c][v] += s[c * across + r * along] * AT(x + r * stride + v * WIDE);
        }
    for (int c = 0; c < C; c++)
        for (int v = 0; v < V; v++)
            memcpy(g + c * whole + v * WIDE, &sum[c][v], sizeof sum[c][v]);
}

/* Evaluates a call for the outputs from k on with their number as a constant, as even as can be: K = 10 is 3 + 3 + 2 + 2, or
   5 + 5. */
#define FOR_OUTPUTS(K, call) \
    for (ptrdiff_t k = 0, left = ((K) + TILE_OUTPUTS - 1) / TILE_OUTPUTS; k < (K); left--) \
        switch ((K - k + left - 1) / left) { \
        case TILE_OUTPUTS: call(TILE_OUTPUTS); k += TILE_OUTPUTS; break; \
        case TILE_OUTPUTS - 1: call(TILE_OUTPUTS - 1); k += TILE_OUTPUTS - 1; break; \
        default: call(TILE_OUTPUTS - 2); k += TILE_OUTPUTS - 2; \
        }

/* Predictions of m rows, those of an output side by side. */
TILES void TILED(predict_block)(const REAL *x, ptrdiff_t stride, ptrdiff_t m, const REAL *w, ptrdiff_t whole, ptrdiff_t K,
                                REAL *z)
{
    ptrdiff_t i = 0;
    for (; i + TILE_ROWS <= m; i += TILE_ROWS) {
        /* Four rows at a time look like no straight read to the hardware: without this, 100 columns took twice as long. */
        const REAL *soon = x + i * stride + 8192 / (ptrdiff_t)sizeof(REAL);
        fetch_lines(soon, soon + TILE_ROWS * stride);
#define CALL(C) TILED(tile_dots)(x + i * stride, stride, w + k * whole, whole, TILE_ROWS, C, z + k * m + i, m)
        FOR_OUTPUTS(K, CALL)
#undef CALL
    }
    for (; i < m; i++) {
#define CALL(C) TILED(tile_dots)(x + i * stride, stride, w + k * whole, whole, 1, C, z + k * m + i, m)
        FOR_OUTPUTS(K, CALL)
#undef CALL
    }
}

/* Adds the gradient of m rows to `part`. Meanwhile memory has as many of the next ones to bring, if there are any. */
TILES void TILED(gradient_block)(const REAL *x, ptrdiff_t stride, ptrdiff_t m, const REAL *slope, REAL *part, ptrdiff_t whole,
                                 ptrdiff_t K, const REAL *next)
{
    ptrdiff_t j = 0;
#define CALL(C) \
    TILED(tile_adds)(x + j, stride, m, slope + k * m, 1, m, part + k * whole + j, whole, C, V, next && k == 0 ? next + j : NULL)
#define FOR_COLUMNS \
    for (; j + V * WIDE <= whole; j += V * WIDE) \
        FOR_OUTPUTS(K, CALL)
#define V TILE_VECTORS
    FOR_COLUMNS
#undef V
#define V 2
    FOR_COLUMNS
#undef V
#define V 1
    FOR_COLUMNS
#undef V
#undef CALL
#undef FOR_COLUMNS
}

/* Adds the products of C columns, from k on, with all that follow to `part`; places below the diagonal may get some of theirs. */
INLINE void TILED(multiply_columns)(const REAL *x, ptrdiff_t whole, ptrdiff_t m, ptrdiff_t k, REAL *part, const int C)
{
    ptrdiff_t j = k / WIDE * WIDE;
#define ADD(V) \
    for (; j + (V) * WIDE <= whole; j += (V) * WIDE) \
        TILED(tile_adds)(x + j, whole, m, x + k, whole, 1, part + k * whole + j, whole, C, V, NULL)
    ADD(TILE_VECTORS);
    ADD(2);
    ADD(1);
#undef ADD
}

/* Adds the products of the columns of m rows with each other to `part`, from the diagonal on. */
TILES void TILED(gram_block)(const REAL *x, ptrdiff_t whole, ptrdiff_t m, ptrdiff_t width, REAL *part)
{
#define CALL(C) TILED(multiply_columns)(x, whole, m, k, part, C)
    FOR_OUTPUTS(width, CALL)
#undef CALL
}

#undef WIDE
#undef AT
#undef FOR_OUTPUTS
