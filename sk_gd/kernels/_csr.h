/* Rows of a CSR matrix, for one dtype and one width of its numbers of columns: _simd.h includes this file for each of the four,
   so it has no guard. data is Sweep's X. */

/* Asks for the values of the row that comes in a few visits, and where the row as far behind it begins. Of a long row the hardware
   guesses the end from the beginning. */
INLINE void CSR(fetch)(const Sweep *a, const ptrdiff_t *rows, ptrdiff_t n_known)
{
    const REAL *data = a->X, *y = a->y, *s = a->weights;
    const INDEX *indptr = a->indptr;
    if (n_known > AHEAD)
        PREFETCH(indptr + rows[AHEAD]);
    if (n_known > AHEAD / 2) {
        const ptrdiff_t row = rows[AHEAD / 2], first = indptr[row], n = indptr[row + 1] - first;
        fetch_lines(data + first, data + first + (n < 4 * PIECE ? n : 4 * PIECE));
        PREFETCH(y + row * a->n_targets);
        if (s)
            PREFETCH(s + row);
    }
}

/* Asks for its numbers of columns: later, as memory answers two small bursts sooner than one. */
INLINE void CSR(fetch_indices)(const Sweep *a, const ptrdiff_t *rows, ptrdiff_t n_known)
{
    const INDEX *indices = a->indices, *indptr = a->indptr;
    if (n_known > AHEAD / 2) {
        const ptrdiff_t row = rows[AHEAD / 2], first = indptr[row], n = indptr[row + 1] - first;
        fetch_lines(indices + first, indices + first + (n < 4 * PIECE ? n : 4 * PIECE));
    }
}

/* x . w in four sums, as one would wait for itself. */
INLINE REAL CSR(dot)(const REAL *RESTRICT x, const INDEX *RESTRICT columns, ptrdiff_t n, const REAL *RESTRICT w)
{
    REAL a = 0, b = 0, c = 0, d = 0;
    ptrdiff_t p = 0;
    for (; p + 4 <= n; p += 4) {
        a += x[p] * w[columns[p]];
        b += x[p + 1] * w[columns[p + 1]];
        c += x[p + 2] * w[columns[p + 2]];
        d += x[p + 3] * w[columns[p + 3]];
        KEEP_APART(a);
        KEEP_APART(b);
        KEEP_APART(c);
        KEEP_APART(d);
    }
    for (; p < n; p++) {
        a += x[p] * w[columns[p]];
        KEEP_APART(a);
    }
    return (a + b) + (c + d);
}

/* w += c x; a column may come twice in a row. */
INLINE void CSR(add)(const REAL *RESTRICT x, const INDEX *RESTRICT columns, ptrdiff_t n, REAL c, REAL *RESTRICT w)
{
    for (ptrdiff_t p = 0; p < n; p++)
        w[columns[p]] += c * x[p];
}

/* z = x u for m columns of u, side by side in memory: each stored value then meets one place of u instead of m. */
INLINE void CSR(dots)(const REAL *RESTRICT x, const INDEX *RESTRICT columns, ptrdiff_t n, const REAL *RESTRICT u, ptrdiff_t m,
                      REAL *RESTRICT z)
{
    REAL sum[MANY];
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

/* z_i = x_i u of b rows, n_known rows being known from the first on; nonzero if it was interrupted. */
SPARSE_KERNEL int CSR(predict)(const Sweep *a, const ptrdiff_t *batch, ptrdiff_t b, ptrdiff_t n_known, const REAL *u, ptrdiff_t m,
                         REAL *z, ptrdiff_t *work)
{
    const REAL *data = a->X;
    const INDEX *indices = a->indices, *indptr = a->indptr;
#define CALL(m) \
    for (ptrdiff_t i = 0; i < b; i++) { \
        const ptrdiff_t first = indptr[batch[i]], n = indptr[batch[i] + 1] - first; \
        CSR(fetch)(a, batch + i, n_known - i); \
        CSR(dots)(data + first, indices + first, n, u, m, z + i * (m)); \
        CSR(fetch_indices)(a, batch + i, n_known - i); \
        if (interrupted(work, n * (m))) \
            return 1; \
    }
    FOR_COLUMNS(m, CALL)
#undef CALL
    return 0;
}

/* u += sum_i x_i c_i' over b rows; nonzero if it was interrupted. A small batch is still in the cache, a large one is asked for
   once more. */
SPARSE_KERNEL int CSR(add_rows)(const Sweep *a, const ptrdiff_t *batch, ptrdiff_t b, const REAL *c, ptrdiff_t m, REAL *u,
                         double *owed, double scales, ptrdiff_t *work)
{
    const REAL *data = a->X;
    const INDEX *indices = a->indices, *indptr = a->indptr;
#define CALL(m) \
    for (ptrdiff_t i = 0; i < b; i++) { \
        const ptrdiff_t first = indptr[batch[i]], n = indptr[batch[i] + 1] - first; \
        if (b > BLOCK) { \
            CSR(fetch)(a, batch + i, b - i); \
            CSR(fetch_indices)(a, batch + i, b - i); \
        } \
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

/* Plain descent by one row at a time: one output, an l2 that is the same for all columns and, if `reduced`, a control variate that
   stays. theta = scale * u + shift * anchor, so that the decay of all columns is one product and their step along the anchor one sum;
   u and the anchor lie side by side in space. Now and then, seldom beside the values read, theta is multiplied out, as u would grow
   by what shift * anchor takes away. The loss is not needed to go on: it is computed for many rows at once. */
INLINE double CSR(one_by_one)(const Sweep *a, const int reduced)
{
    const REAL *RESTRICT data = a->X, *RESTRICT y = a->y, *RESTRICT s = a->weights, *slopes = a->slopes, *anchor = a->anchor;
    const INDEX *RESTRICT indices = a->indices, *RESTRICT indptr = a->indptr;
    const ptrdiff_t d = a->d, n = a->n, *RESTRICT rows = a->rows, side = 1 + reduced;
    const double *RESTRICT hyper = a->loss_hyper, l2 = ((const REAL *)a->l2)[0];
    const int loss = a->loss, fit_intercept = a->width > d;
    const int far = side * d > (1 << 20) / (ptrdiff_t)sizeof(REAL); /* u leaves the second level cache: it is asked for, too */
    REAL *RESTRICT u = reduced ? a->space : a->theta, *theta = a->theta;
    REAL intercept = !fit_intercept ? 0 : reduced ? theta[d] : u[d], seen_y[BLOCK], seen_z[BLOCK], seen_s[BLOCK], unused[BLOCK];
    const REAL pull = reduced && fit_intercept ? anchor[d] : 0;
    double total = 0, scale = 1, shift = 0;
    ptrdiff_t work = 0, since = 0;
    INDEPENDENT
    for (ptrdiff_t j = 0; reduced && j < d; j++) {
        u[2 * j] = theta[j];
        u[2 * j + 1] = anchor[j];
    }
    for (ptrdiff_t i = 0, kept = 0; i < n; i++) {
        const ptrdiff_t row = rows[i], first = indptr[row], m = indptr[row + 1] - first;
        const REAL target = y[row], weight = s ? s[row] : 1, rate = (REAL)a->rates[i];
        const double keep = 1 - a->rates[i] * l2;
        CSR(fetch)(a, rows + i, n - i);
        if (reduced && n - i > AHEAD / 2)
            PREFETCH(slopes + rows[i + AHEAD / 2]);
        if (far && i + 1 < n)
            for (INDEX p = indptr[rows[i + 1]]; p < indptr[rows[i + 1] + 1]; p++)
                PREFETCH_NEAR(u + side * indices[p]);
        REAL slope, of_u = 0, of_anchor = 0;
        for (ptrdiff_t p = first; p < first + m; p++) {
            of_u += data[p] * u[side * indices[p]];
            if (reduced)
                of_anchor += data[p] * u[side * indices[p] + 1];
        }
        const REAL z = (REAL)scale * of_u + (REAL)shift * of_anchor + intercept;
#define SLOPE(loss) weight * NAMED(point)(loss, hyper, target, z).slope
        FOR_LOSS(loss, slope, SLOPE)
#undef SLOPE
        if (reduced)
            slope -= slopes[row];
        scale *= keep;
        shift = keep * shift - a->rates[i];
        since += m;
        if (scale < SMALLEST_SCALE || (reduced && since > 8 * d)) {
            for (ptrdiff_t j = 0; j < d; j++)
                u[side * j] = (REAL)scale * u[side * j] + (reduced ? (REAL)shift * u[side * j + 1] : 0);
            scale = 1;
            shift = since = 0;
        }
        CSR(fetch_indices)(a, rows + i, n - i);
        const REAL c = -(REAL)(a->rates[i] / scale) * slope;
        for (ptrdiff_t p = first; p < first + m; p++)
            u[side * indices[p]] += c * data[p];
        if (fit_intercept)
            intercept -= rate * (slope + pull);
        seen_y[kept] = target;
        seen_z[kept] = z;
        seen_s[kept++] = weight;
        if (kept == BLOCK || i + 1 == n) {
            total += NAMED(losses)(loss, hyper, seen_y, seen_z, seen_s, kept, 1, unused);
            kept = 0;
        }
        if (interrupted(&work, side * m + 1))
            return INTERRUPTED;
    }
    INDEPENDENT
    for (ptrdiff_t j = 0; reduced && j < d; j++)
        theta[j] = (REAL)scale * u[2 * j] + (REAL)shift * u[2 * j + 1];
    for (ptrdiff_t j = 0; !reduced && scale != 1 && j < d; j++)
        u[j] *= (REAL)scale;
    if (fit_intercept)
        (reduced ? theta : u)[d] = intercept;
    return total;
}

SPARSE_KERNEL double CSR(stochastic)(const Sweep *a)
{
    return CSR(one_by_one)(a, 0);
}

SPARSE_KERNEL double CSR(reduced)(const Sweep *a)
{
    return CSR(one_by_one)(a, 1);
}
