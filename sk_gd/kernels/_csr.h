/* Rows of a CSR matrix, for one dtype and one width of its numbers of columns: _simd.h includes this file for each of the four,
   so it has no guard. data is Sweep's X. */

/* Asks for the values of the row that comes in a few visits, and where the row as far behind it begins: for the first level, as theta
   is to keep the second. Of a long row the hardware guesses the end from the beginning. */
INLINE void CSR(fetch)(const Sweep *a, const ptrdiff_t *rows, ptrdiff_t n_known)
{
    const REAL *data = a->X, *y = a->y, *s = a->weights;
    const INDEX *indptr = a->indptr;
    if (n_known > AHEAD)
        PREFETCH(indptr + rows[AHEAD]);
    if (n_known > a->ahead) {
        const ptrdiff_t row = rows[a->ahead], first = indptr[row], n = indptr[row + 1] - first;
        fetch_near(data + first, (n < 4 * PIECE ? n : 4 * PIECE) * (ptrdiff_t)sizeof(REAL));
        PREFETCH(y + row * a->n_targets);
        if (s)
            PREFETCH(s + row);
    }
}

/* Asks for its numbers of columns: later, as memory answers two small bursts sooner than one. */
INLINE void CSR(fetch_indices)(const Sweep *a, const ptrdiff_t *rows, ptrdiff_t n_known)
{
    const INDEX *indices = a->indices, *indptr = a->indptr;
    if (n_known > a->ahead) {
        const ptrdiff_t row = rows[a->ahead], first = indptr[row], n = indptr[row + 1] - first;
        fetch_near(indices + first, (n < 4 * PIECE ? n : 4 * PIECE) * (ptrdiff_t)sizeof(INDEX));
    }
}

#if VECTORS
typedef REAL CSR(Quad) __attribute__((vector_size(4 * sizeof(REAL)), aligned(sizeof(REAL)), may_alias));
#endif

/* x . w, four columns at a time: x is then one load of the two for each value that bound this loop. */
INLINE REAL CSR(dot)(const REAL *RESTRICT x, const INDEX *RESTRICT columns, ptrdiff_t n, const REAL *RESTRICT w)
{
    REAL sum = 0, rest = 0;
    ptrdiff_t p = 0;
#if VECTORS
    CSR(Quad) sums = {0};
    for (; p + 4 <= n; p += 4)
        sums += *(const CSR(Quad) *)(x + p)
                * (CSR(Quad)){w[columns[p]], w[columns[p + 1]], w[columns[p + 2]], w[columns[p + 3]]};
    sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
#endif
    for (; p < n; p++) {
        rest += x[p] * w[columns[p]];
        KEEP_APART(rest);
    }
    return sum + rest;
}

/* w += c x, four products at a time; a column may come twice in a row. */
#undef ADD_FOURS
#if VECTORS
#define ADD_FOURS \
    for (; p + 4 <= n; p += 4) { \
        const CSR(Quad) change = c * *(const CSR(Quad) *)(x + p); \
        w[columns[p]] += change[0]; \
        w[columns[p + 1]] += change[1]; \
        w[columns[p + 2]] += change[2]; \
        w[columns[p + 3]] += change[3]; \
    }
#else
#define ADD_FOURS
#endif
#undef ADD_ROW
#define ADD_ROW \
    ptrdiff_t p = 0; \
    ADD_FOURS \
    for (; p < n; p++) \
        w[columns[p]] += c * x[p];

INLINE void CSR(add)(const REAL *RESTRICT x, const INDEX *RESTRICT columns, ptrdiff_t n, REAL c, REAL *RESTRICT w)
{
    ADD_ROW
}

INLINE void CSR(add_to_sums)(const REAL *RESTRICT x, const INDEX *RESTRICT columns, ptrdiff_t n, REAL c, double *RESTRICT w)
{
    ADD_ROW
}

/* z = x u for m columns of u, side by side in memory: each stored value then meets one place of u instead of m. */
INLINE void CSR(dots)(const REAL *RESTRICT x, const INDEX *RESTRICT columns, ptrdiff_t n, const REAL *RESTRICT u, ptrdiff_t m,
                      REAL *RESTRICT z)
{
    REAL sum[MANY];
    if (m == 1) {
        *z = CSR(dot)(x, columns, n, u);
        return;
    }
    for (ptrdiff_t first = 0; first < m; first += MANY) {
        const ptrdiff_t some = m - first < MANY ? m - first : MANY;
        for (ptrdiff_t k = 0; k < some; k++)
            sum[k] = 0;
        for (ptrdiff_t p = 0; p < n; p++)
            for (ptrdiff_t k = 0; k < some; k++)
                sum[k] += x[p] * u[columns[p] * m + first + k];
        for (ptrdiff_t k = 0; k < some; k++)
            z[first + k] = sum[k];
    }
}

/* u += x c', c of length m. */
INLINE void CSR(add_outer)(const REAL *RESTRICT x, const INDEX *RESTRICT columns, ptrdiff_t n, const REAL *RESTRICT c, ptrdiff_t m,
                           REAL *RESTRICT u)
{
    if (m == 1) {
        CSR(add)(x, columns, n, *c, u);
        return;
    }
    for (ptrdiff_t p = 0; p < n; p++)
        for (ptrdiff_t k = 0; k < m; k++)
            u[columns[p] * m + k] += c[k] * x[p];
}

/* u += x c', remembering what the sums of the iterates must not hold of it: exactly, as rounded. */
INLINE void CSR(add_and_owe)(const REAL *RESTRICT x, const INDEX *RESTRICT columns, ptrdiff_t n, const REAL *RESTRICT c,
                             ptrdiff_t m, REAL *RESTRICT u, double *RESTRICT owed, double scales)
{
    for (ptrdiff_t p = 0; p < n; p++)
        for (ptrdiff_t at = columns[p] * m, k = 0; k < m; k++) {
            const double before = u[at + k];
            u[at + k] += c[k] * x[p];
            owed[at + k] += scales * (u[at + k] - before);
        }
}

/* Evaluates a call with few columns of u as a constant, so that their sums stay in registers. */
#undef FOR_COLUMNS
#define FOR_COLUMNS(m, call) \
    switch (m) { \
    case 1: call(1); break; \
    case 2: call(2); break; \
    case 3: call(3); break; \
    case 4: call(4); break; \
    default: call(m); \
    }

/* Asks for a row, for the first level or the second. */
INLINE void CSR(fetch_row)(const Sweep *a, ptrdiff_t row, int near)
{
    const REAL *data = a->X;
    const INDEX *indices = a->indices, *indptr = a->indptr;
    const ptrdiff_t first = indptr[row], n = indptr[row + 1] - first, some = n < 4 * PIECE ? n : 4 * PIECE;
    fetch_bytes(data + first, some * (ptrdiff_t)sizeof(REAL), near);
    fetch_bytes(indices + first, some * (ptrdiff_t)sizeof(INDEX), near);
}

/* z_i = x_i u of b rows, n_known rows being known from the first on; nonzero if it was interrupted. Rows come from memory into the
   second level, which has more places to wait, and from there into the first. */
SPARSE_KERNEL int CSR(predict)(const Sweep *a, const ptrdiff_t *batch, ptrdiff_t b, ptrdiff_t n_known, const REAL *u, ptrdiff_t m,
                         REAL *z, ptrdiff_t *work)
{
    const REAL *data = a->X, *y = a->y, *s = a->weights;
    const INDEX *indices = a->indices, *indptr = a->indptr;
#define CALL(m) \
    for (ptrdiff_t i = 0; i < b; i++) { \
        const ptrdiff_t first = indptr[batch[i]], n = indptr[batch[i] + 1] - first; \
        if (i + 3 * AHEAD / 2 < n_known) \
            PREFETCH(indptr + batch[i + 3 * AHEAD / 2]); \
        if (i + AHEAD < n_known) { \
            const ptrdiff_t row = batch[i + AHEAD]; \
            PREFETCH(y + row * a->n_targets); \
            if (s) \
                PREFETCH(s + row); \
            CSR(fetch_row)(a, row, 0); \
        } \
        if (i + NEXT < n_known) \
            CSR(fetch_row)(a, batch[i + NEXT], 1); \
        CSR(dots)(data + first, indices + first, n, u, m, z + i * (m)); \
        if (interrupted(work, n * (m))) \
            return 1; \
    }
    FOR_COLUMNS(m, CALL)
#undef CALL
    return 0;
}

/* u += sum_i x_i c_i' over b rows; nonzero if it was interrupted. The last rows come first: those the second level still holds. */
SPARSE_KERNEL int CSR(add_rows)(const Sweep *a, const ptrdiff_t *batch, ptrdiff_t b, const REAL *c, ptrdiff_t m, REAL *u,
                         double *owed, double scales, ptrdiff_t *work)
{
    const REAL *data = a->X;
    const INDEX *indices = a->indices, *indptr = a->indptr;
#define CALL(m) \
    for (ptrdiff_t i = b; i-- > 0;) { \
        const ptrdiff_t first = indptr[batch[i]], n = indptr[batch[i] + 1] - first; \
        if (i >= NEXT) \
            CSR(fetch_row)(a, batch[i - NEXT], 1); \
        if (owed) \
            CSR(add_and_owe)(data + first, indices + first, n, c + i * (m), m, u, owed, scales); \
        else \
            CSR(add_outer)(data + first, indices + first, n, c + i * (m), m, u); \
        if (interrupted(work, n * (m))) \
            return 1; \
    }
    FOR_COLUMNS(m, CALL)
#undef CALL
    return 0;
}
