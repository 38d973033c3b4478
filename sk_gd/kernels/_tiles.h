/* Tiles of matrix products with few columns, for one dtype and one length of vectors: _outputs.h includes this file for each, so it
   has no guard. Sums stay in registers; what bounds the speed is how many of them share each number that is loaded. */

#if VECTORS
typedef REAL TILED(Vector) __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(REAL)), may_alias));
#else
typedef REAL TILED(Vector);
#endif
#define WIDE ((ptrdiff_t)(sizeof(TILED(Vector)) / sizeof(REAL)))
#define AT(address) (*(const TILED(Vector) *)(address))
#define SHORT_ROW (256 / REAL_BYTES) /* columns of rows for which turning them costs less than the sums within vectors */
/* Of each 16 bytes of two vectors the lower (0) or upper half of the places, in turn; and what brings shorter vectors together. */
#if VECTORS && VECTOR_BYTES == 64
#define PLACES (16 / REAL_BYTES)
#if REAL_BYTES == 4
#define ZIP(a, b, i) __builtin_shufflevector(a, b, i, i + 16, i + 1, i + 17, i + 4, i + 20, i + 5, i + 21, \
                                             i + 8, i + 24, i + 9, i + 25, i + 12, i + 28, i + 13, i + 29)
#define PAIR(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7)
#define JOIN(a, b, c, d) \
    __builtin_shufflevector(PAIR(a, b), PAIR(c, d), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#else
#define ZIP(a, b, i) __builtin_shufflevector(a, b, i, i + 8, i + 2, i + 10, i + 4, i + 12, i + 6, i + 14)
#define PAIR(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3)
#define JOIN(a, b, c, d) __builtin_shufflevector(PAIR(a, b), PAIR(c, d), 0, 1, 2, 3, 4, 5, 6, 7)
#endif
#endif

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

/* z = x . w + intercept of R rows and C outputs, over `whole` places of each; m lies between the outputs of a row. */
INLINE void TILED(tile_dots)(const REAL *RESTRICT x, ptrdiff_t stride, const REAL *RESTRICT w, const REAL *intercept, ptrdiff_t whole,
                             const int R, const int C, REAL *RESTRICT z, ptrdiff_t m)
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
        NAMED(add_places)(of_rows, R, intercept[c], z + c * m);
    }
}

/* Short rows: the places of a vector are rows, not columns, so that nothing is left to be summed within vectors. */
#ifdef ZIP
/* Turns as many rows as a vector has places into columns, `places` apart. 16 bytes of a row seldom lie across two lines of memory, and
   need few registers until they are columns; whole vectors of all rows were more than there are. */
INLINE void TILED(turn)(const REAL *RESTRICT x, ptrdiff_t stride, ptrdiff_t d, REAL *RESTRICT turned, ptrdiff_t places)
{
    typedef REAL Quarter __attribute__((vector_size(16), aligned(sizeof(REAL)), may_alias));
#define QUARTER(r) (*(const Quarter *)(x + (r) * stride + j))
    for (ptrdiff_t j = 0; j < d; j += PLACES) {
        TILED(Vector) v[PLACES], zipped[PLACES];
        for (int r = 0; r < PLACES; r++)
            v[r] = JOIN(QUARTER(r), QUARTER(r + PLACES), QUARTER(r + 2 * PLACES), QUARTER(r + 3 * PLACES));
        for (int stage = 1; stage < PLACES; stage *= 2) {
            for (int r = 0; r < PLACES / 2; r++) {
                zipped[2 * r] = ZIP(v[r], v[r + PLACES / 2], 0);
                zipped[2 * r + 1] = ZIP(v[r], v[r + PLACES / 2], PLACES / 2);
            }
            memcpy(v, zipped, sizeof v);
        }
        for (int r = 0; r < PLACES; r++)
            memcpy(turned + (j + r) * places, &v[r], sizeof v[r]);
    }
#undef QUARTER
}

/* z = x . w + intercept of two vectors of turned rows and C outputs. */
INLINE void TILED(turned_dots)(const REAL *RESTRICT turned, ptrdiff_t d, const REAL *RESTRICT w, const REAL *intercept, ptrdiff_t whole,
                               const int C, REAL *RESTRICT z, ptrdiff_t m)
{
    TILED(Vector) sum[TILE_OUTPUTS][2];
    for (int c = 0; c < C; c++)
        for (int v = 0; v < 2; v++)
            sum[c][v] = intercept[c] + (TILED(Vector)){0};
    for (ptrdiff_t j = 0; j < d; j++)
        for (int c = 0; c < C; c++)
            for (int v = 0; v < 2; v++)
                sum[c][v] += w[c * whole + j] * AT(turned + (2 * j + v) * WIDE);
    for (int c = 0; c < C; c++)
        memcpy(z + c * m, sum[c], sizeof sum[c]);
}
#endif

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
TILES void TILED(predict_block)(const REAL *x, ptrdiff_t stride, ptrdiff_t m, ptrdiff_t d, const REAL *w, const REAL *intercept,
                                ptrdiff_t whole, ptrdiff_t K, REAL *z)
{
    ptrdiff_t i = 0;
#ifdef ZIP
    for (; d <= SHORT_ROW && i + 2 * WIDE <= m; i += 2 * WIDE) {
        REAL turned[SHORT_ROW * 2 * WIDE] __attribute__((aligned(VECTOR_BYTES)));
        TILED(turn)(x + i * stride, stride, d, turned, 2 * WIDE);
        TILED(turn)(x + (i + WIDE) * stride, stride, d, turned + WIDE, 2 * WIDE);
#define CALL(C) TILED(turned_dots)(turned, d, w + k * whole, intercept + k, whole, C, z + k * m + i, m)
        FOR_OUTPUTS(K, CALL)
#undef CALL
    }
#endif
#define CALL(C) TILED(tile_dots)(x + i * stride, stride, w + k * whole, intercept + k, whole, R, C, z + k * m + i, m)
#define R TILE_ROWS
    for (; i + R <= m; i += R) {
        /* Four rows at a time look like no straight read to the hardware: without this, 100 columns took twice as long. */
        const REAL *soon = x + i * stride + 8192 / (ptrdiff_t)sizeof(REAL);
        fetch_lines(soon, soon + R * stride);
        FOR_OUTPUTS(K, CALL)
    }
#undef R
#define R 1
    for (; i < m; i++)
        FOR_OUTPUTS(K, CALL)
#undef R
#undef CALL
}

/* Adds the gradient of m rows to `part`. Meanwhile memory has as many of the next ones to bring, if there are any. */
TILES void TILED(gradient_block)(const REAL *x, ptrdiff_t stride, ptrdiff_t m, const REAL *slope, REAL *part, ptrdiff_t whole,
                                 ptrdiff_t K, const REAL *next)
{
    ptrdiff_t j = 0;
#define CALL(C) \
    TILED(tile_adds)(x + j, stride, m, slope + k * m, 1, m, part + k * whole + j, whole, C, V, next && k == 0 ? next + j : NULL)
#define FOR_VECTORS \
    for (; j + V * WIDE <= whole; j += V * WIDE) \
        FOR_OUTPUTS(K, CALL)
#define V TILE_VECTORS
    FOR_VECTORS
#undef V
#define V 2
    FOR_VECTORS
#undef V
#define V 1
    FOR_VECTORS
#undef V
#undef CALL
#undef FOR_VECTORS
}

/* Sums of the m slopes of each output, of four at a time: one alone would wait for itself. */
TILES void TILED(sum_block)(const REAL *slope, ptrdiff_t m, ptrdiff_t K, REAL *sums)
{
    for (ptrdiff_t k = 0; k < K; k += 4) {
        const ptrdiff_t some = K - k < 4 ? K - k : 4;
        const REAL *of[4];
        TILED(Vector) sum[4];
        NAMED(Four) fours[4];
        ptrdiff_t r = 0;
        memset(sum, 0, sizeof sum);
        for (int c = 0; c < 4; c++)
            of[c] = slope + (c < some ? k + c : k) * m;
        for (; r + WIDE <= m; r += WIDE)
            for (int c = 0; c < 4; c++)
                sum[c] += AT(of[c] + r);
        for (int c = 0; c < 4; c++)
            TILED(add_fours)(&sum[c], &fours[c]);
        NAMED(add_places)(fours, (int)some, 0, sums + k);
        for (; r < m; r++)
            for (int c = 0; c < some; c++)
                sums[k + c] += of[c][r];
    }
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
#undef SHORT_ROW
#undef ZIP
#undef PLACES
#undef PAIR
#undef JOIN
#undef FOR_OUTPUTS
