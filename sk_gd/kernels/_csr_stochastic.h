/* Descent by one CSR row at a time. Included as _csr.h is, after it. */

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
        if (reduced && n - i > a->ahead)
            PREFETCH(slopes + rows[i + a->ahead]);
        if (far && i + 1 < n)
            for (INDEX p = indptr[rows[i + 1]]; p < indptr[rows[i + 1] + 1]; p++)
                PREFETCH_NEAR(u + side * indices[p]);
        REAL slope, of_u = reduced ? 0 : CSR(dot)(data + first, indices + first, m, u), of_anchor = 0;
        for (ptrdiff_t p = first; reduced && p < first + m; p++) {
            of_u += data[p] * u[2 * indices[p]];
            of_anchor += data[p] * u[2 * indices[p] + 1];
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
        if (!reduced)
            CSR(add)(data + first, indices + first, m, c, u);
        for (ptrdiff_t p = first; reduced && p < first + m; p++)
            u[2 * indices[p]] += c * data[p];
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
