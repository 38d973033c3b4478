/* Descent by one CSR row at a time. Included as _csr.h is, after it. */

/* Plain descent by one row at a time: one output, an l2 that is the same for all columns and, if `reduced`, a control variate that
   stays. theta = scale * u + shift * anchor, so that the decay of all columns is one product and their step along the anchor one sum;
   u and the anchor lie side by side in space. Now and then, seldom beside the values read, theta is multiplied out, as u would grow
   by what shift * anchor takes away. What is read at random of a row, but for its values, is collected for a block of rows, as these
   reads do not wait for each other; and so is what the loss is of, which is not needed to go on. */
INLINE double CSR(one_by_one)(const Sweep *a, const int reduced)
{
    const REAL *RESTRICT data = a->X, *RESTRICT y = a->y, *RESTRICT s = a->weights, *slopes = a->slopes, *anchor = a->anchor;
    const INDEX *RESTRICT indices = a->indices, *RESTRICT indptr = a->indptr;
    const ptrdiff_t d = a->d, n = a->n, side = 1 + reduced, ahead = a->ahead;
    const double *RESTRICT hyper = a->loss_hyper, l2 = ((const REAL *)a->l2)[0];
    const int loss = a->loss, fit_intercept = a->width > d;
    const int far = side * d > (1 << 20) / (ptrdiff_t)sizeof(REAL); /* u leaves the second level cache: it is asked for, too */
    REAL *RESTRICT u = reduced ? a->space : a->theta, *theta = a->theta;
    REAL intercept = !fit_intercept ? 0 : reduced ? theta[d] : u[d], target[BLOCK], weight[BLOCK], z[BLOCK], unused[BLOCK];
    const REAL pull = reduced && fit_intercept ? anchor[d] : 0;
    ptrdiff_t start[BLOCK + AHEAD], length[BLOCK + AHEAD];
    double total = 0, scale = 1, shift = 0;
    ptrdiff_t work = 0, since = 0;
    INDEPENDENT
    for (ptrdiff_t j = 0; reduced && j < d; j++) {
        u[2 * j] = theta[j];
        u[2 * j + 1] = anchor[j];
    }
    for (ptrdiff_t first = 0; first < n; first += BLOCK) {
        const ptrdiff_t left = n - first, b = left < BLOCK ? left : BLOCK, known = left < BLOCK + AHEAD ? left : BLOCK + AHEAD;
        const ptrdiff_t *RESTRICT rows = a->rows + first;
        const double *RESTRICT rates = a->rates + first;
        for (ptrdiff_t i = 0; i < known; i++) {
            start[i] = indptr[rows[i]];
            length[i] = indptr[rows[i] + 1] - start[i];
        }
        for (ptrdiff_t i = 0; i < b; i++) {
            target[i] = y[rows[i]];
            weight[i] = s ? s[rows[i]] : 1;
        }
        for (ptrdiff_t i = 0; i < b; i++) {
            const REAL *RESTRICT x = data + start[i];
            const INDEX *RESTRICT columns = indices + start[i];
            const ptrdiff_t m = length[i];
            const double rate = rates[i], keep = 1 - rate * l2;
            const ptrdiff_t later = i + ahead < known ? i + ahead : i, some = length[later] < 4 * PIECE ? length[later] : 4 * PIECE;
            if (reduced)
                PREFETCH(slopes + rows[later]);
            if (far && i + 1 < known)
                for (ptrdiff_t p = 0; p < length[i + 1]; p++)
                    PREFETCH_NEAR(u + side * indices[start[i + 1] + p]);
            REAL slope, of_u = reduced ? 0 : CSR(dot)(x, columns, m, u), of_anchor = 0;
            for (ptrdiff_t p = 0; reduced && p < m; p++) {
                of_u += x[p] * u[2 * columns[p]];
                of_anchor += x[p] * u[2 * columns[p] + 1];
            }
            z[i] = (REAL)scale * of_u + (reduced ? (REAL)shift * of_anchor : 0) + intercept;
#define SLOPE(loss) weight[i] * NAMED(slope)(loss, hyper, target[i], z[i])
            FOR_LOSS(loss, slope, SLOPE)
#undef SLOPE
            if (reduced)
                slope -= slopes[rows[i]];
            scale *= keep;
            shift = keep * shift - rate;
            since += m;
            if (scale < SMALLEST_SCALE || (reduced && since > 8 * d)) {
                for (ptrdiff_t j = 0; j < d; j++)
                    u[side * j] = (REAL)scale * u[side * j] + (reduced ? (REAL)shift * u[side * j + 1] : 0);
                scale = 1;
                shift = since = 0;
            }
            /* Not before the dot: what u lacks in the first level would then wait behind a whole row from memory. And not for the
               first level: it has so few places to wait that u still would, for a third of an epoch of long rows. */
            fetch_bytes(data + start[later], some * (ptrdiff_t)sizeof(REAL), 0);
            fetch_bytes(indices + start[later], some * (ptrdiff_t)sizeof(INDEX), 0);
            const REAL c = -(REAL)(rate / scale) * slope;
            if (!reduced)
                CSR(add)(x, columns, m, c, u);
            for (ptrdiff_t p = 0; reduced && p < m; p++)
                u[2 * columns[p]] += c * x[p];
            if (fit_intercept)
                intercept -= (REAL)rate * (slope + pull);
            if (interrupted(&work, side * m + 1))
                return INTERRUPTED;
        }
        total += NAMED(losses)(loss, hyper, target, z, weight, b, 1, unused);
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
