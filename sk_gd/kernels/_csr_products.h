/* Passes over rows of a CSR matrix that follow each other, for one dtype and one width of its numbers of columns: _simd.h includes
   this file for each of the four, so it has no guard. */

/* Loss and gradient of n rows for one output. w has d places, or with an intercept one more; so has gradient. Nothing is asked for
   before its time: the hardware guesses what is read in a row, and what it cannot guess cost more asked for than waited for. */
SPARSE_KERNEL double CSR(pass)(const REAL *RESTRICT data, const INDEX *RESTRICT indices, const INDEX *RESTRICT indptr, ptrdiff_t n,
                               const REAL *y, const REAL *s, const REAL *RESTRICT w, ptrdiff_t d, int fit_intercept, int loss,
                               const double *hyper, REAL *slopes, double *RESTRICT gradient)
{
    REAL z[BLOCK], slope[BLOCK];
    double total = 0, of_intercept = 0;
    for (ptrdiff_t i = 0; i < n; i += BLOCK) {
        const ptrdiff_t m = n - i < BLOCK ? n - i : BLOCK;
        for (ptrdiff_t r = 0; r < m; r++) {
            const ptrdiff_t first = indptr[i + r];
            z[r] = CSR(dot)(data + first, indices + first, indptr[i + r + 1] - first, w) + (fit_intercept ? w[d] : 0);
        }
        total += NAMED(losses)(loss, hyper, y + i, z, s ? s + i : NULL, m, 1, slope);
        for (ptrdiff_t r = 0; r < m; r++) {
            const ptrdiff_t first = indptr[i + r];
            of_intercept += slope[r];
            CSR(add_to_sums)(data + first, indices + first, indptr[i + r + 1] - first, slope[r], gradient);
        }
        if (slopes)
            memcpy(slopes + i, slope, (size_t)m * sizeof(REAL));
    }
    if (fit_intercept)
        gradient[d] += of_intercept;
    return total;
}

#if VECTORS
typedef REAL CSR(Whole) __attribute__((vector_size(32), aligned(sizeof(REAL)), may_alias));
typedef REAL CSR(Half) __attribute__((vector_size(16), aligned(sizeof(REAL)), may_alias));
typedef double CSR(Four) __attribute__((vector_size(32), aligned(sizeof(double)), may_alias));
typedef double CSR(Two) __attribute__((vector_size(16), aligned(sizeof(double)), may_alias));
#else
typedef REAL CSR(Whole), CSR(Half);
typedef double CSR(Four), CSR(Two);
#endif

/* Evaluates a tile for up to five whole vectors of the m columns that a stored value meets, until k has passed all of them; a
   half one and single columns are left. The sums of a tile stay in registers. */
#undef FOR_TILES
#define FOR_TILES(m, whole, half, one, tile) \
    for (ptrdiff_t k = 0, left; k < (m);) { \
        left = ((m) - k) * (ptrdiff_t)sizeof(one) / (ptrdiff_t)sizeof(whole); \
        switch (left < 5 ? left : 5) { \
        case 5: tile(whole, 5) break; \
        case 4: tile(whole, 4) break; \
        case 3: tile(whole, 3) break; \
        case 2: tile(whole, 2) break; \
        case 1: tile(whole, 1) break; \
        default: \
            if (((m) - k) * sizeof(one) >= sizeof(half)) \
                tile(half, 1) \
            else \
                tile(one, 1) \
        } \
    }

/* Asks for the places of u, `size` bytes a column, that a row will meet, if that is more than a line of memory: less is sooner read
   than asked for. As often for every column, wherever its lines begin: a loop of now two and now three would be guessed wrong. */
INLINE void CSR(fetch_places)(const INDEX *columns, ptrdiff_t n, const void *u, ptrdiff_t size)
{
    for (ptrdiff_t p = 0; size > 64 && p < n; p++) {
        const char *place = (const char *)u + columns[p] * size;
        for (ptrdiff_t at = 0; at < size - 1; at += 64)
            PREFETCH(place + at);
        PREFETCH(place + size - 1);
    }
}

/* z = X u of n rows that follow each other, for m columns of u. */
SPARSE_KERNEL void CSR(multiply)(const REAL *RESTRICT data, const INDEX *RESTRICT indices, const INDEX *RESTRICT indptr, ptrdiff_t n,
                                 const REAL *RESTRICT u, ptrdiff_t m, REAL *RESTRICT z)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        const ptrdiff_t first = indptr[i], next = indptr[i + 1];
        if (i + 1 < n)
            CSR(fetch_places)(indices + next, indptr[i + 2] - next, u, m * (ptrdiff_t)sizeof(REAL));
#define TILE(VECTOR, V) \
    { \
        VECTOR sum[V]; \
        memset(sum, 0, sizeof sum); \
        for (ptrdiff_t p = first; p < next; p++) \
            for (int v = 0; v < V; v++) \
                sum[v] += data[p] * ((const VECTOR *)(u + indices[p] * m + k))[v]; \
        memcpy(z + i * m + k, sum, sizeof sum); \
        k += V * (ptrdiff_t)(sizeof(VECTOR) / sizeof(REAL)); \
    }
        FOR_TILES(m, CSR(Whole), CSR(Half), REAL, TILE)
#undef TILE
    }
}

/* sums += X' c of n rows that follow each other, for m columns of c. */
SPARSE_KERNEL void CSR(add_products)(const REAL *RESTRICT data, const INDEX *RESTRICT indices, const INDEX *RESTRICT indptr, ptrdiff_t n,
                                     const REAL *RESTRICT c, ptrdiff_t m, double *RESTRICT sums)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        const ptrdiff_t first = indptr[i], next = indptr[i + 1];
        if (i + 1 < n)
            CSR(fetch_places)(indices + next, indptr[i + 2] - next, sums, m * (ptrdiff_t)sizeof(double));
#define TILE(VECTOR, V) \
    { \
        double numbers[V * (sizeof(VECTOR) / sizeof(double))]; \
        VECTOR slope[V]; \
        for (ptrdiff_t j = 0; j < V * (ptrdiff_t)(sizeof(VECTOR) / sizeof(double)); j++) \
            numbers[j] = c[i * m + k + j]; \
        memcpy(slope, numbers, sizeof slope); \
        for (ptrdiff_t p = first; p < next; p++) \
            for (int v = 0; v < V; v++) \
                ((VECTOR *)(sums + indices[p] * m + k))[v] += (double)data[p] * slope[v]; \
        k += V * (ptrdiff_t)(sizeof(VECTOR) / sizeof(double)); \
    }
        FOR_TILES(m, CSR(Four), CSR(Two), double, TILE)
#undef TILE
    }
}
