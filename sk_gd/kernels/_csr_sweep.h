/* Descent by batches of CSR rows where the terms of the other columns cannot wait: reference.sweep. Included as _csr.h is, after it.

   With a support and plain descent only the columns of the batch move, their dense terms enlarged. Everything else walks through all
   of theta at each update: where a penalty moves a column at every step, an adaptive optimizer moves it by how far only all the steps
   tell. */

/* Asks for what belongs to the columns of a row that is about to come: worth it where more than theta is read. */
INLINE void CSR(fetch_columns)(const Sweep *a, const ptrdiff_t *rows, ptrdiff_t n_known)
{
    const REAL *theta = a->theta, *anchor = a->anchor;
    const INDEX *indices = a->indices, *indptr = a->indptr;
    if (n_known > AHEAD / 2)
        for (INDEX p = indptr[rows[AHEAD / 2]]; p < indptr[rows[AHEAD / 2] + 1]; p++) {
            PREFETCH(theta + indices[p]);
            PREFETCH(a->columns + 4 * indices[p]);
            if (anchor)
                PREFETCH(anchor + indices[p]);
        }
}

/* The dense terms of one gradient. The anchor takes in g, the gradient of the loss. */
INLINE double CSR(rest)(const Sweep *a, ptrdiff_t at, double g, double share, const double *column, double refresh)
{
    REAL *theta = a->theta, *anchor = a->anchor;
    double terms = column[L2] * theta[at];
    if (anchor) {
        terms += anchor[at];
        anchor[at] += (REAL)(refresh * g);
    }
    return share * column[SUPPORT] * terms;
}

/* One update of one parameter. */
INLINE void CSR(move)(const Sweep *a, ptrdiff_t at, double g, double rate, double share, const double *column, double refresh)
{
    REAL *theta = a->theta;
    g += CSR(rest)(a, at, g, share, column, refresh);
    theta[at] = NAMED(shrink)((REAL)(theta[at] - rate * g), (REAL)(rate * share * column[SUPPORT] * column[L1]), (REAL)column[LOWER]);
}

SPARSE_KERNEL double CSR(sweep)(const Sweep *a)
{
    const ptrdiff_t d = a->d, K = a->n_outputs, width = a->width, most = a->batch_size;
    const int local = a->columns && a->optimizer == GRADIENT_DESCENT;
    REAL *theta = a->theta, *gradient = a->gradient, *slopes = a->slopes, *memory = a->memory, *threshold = a->space;
    REAL *z = threshold + d, *fresh = z + most * K, *targets = fresh + most * K, *weights = targets + most * a->n_targets;
    const REAL *data = a->X, *l1 = a->columns && a->l1 ? threshold : a->l1;
    const INDEX *indices = a->indices, *indptr = a->indptr;
    double total = 0, *columns = a->columns;
    ptrdiff_t n_touched = 0, work = 0;
    for (ptrdiff_t start = 0, step = 0; start < a->n; start += most, step++) {
        const ptrdiff_t left = a->n - start, b = left < most ? left : most, *batch = a->rows + start;
        const double rate = a->rates[step], refresh = (double)b * a->refresh;
        for (ptrdiff_t i = 0; i < b; i++) {
            const ptrdiff_t first = indptr[batch[i]], n = indptr[batch[i] + 1] - first;
            CSR(fetch)(a, batch + i, left - i);
            CSR(fetch_indices)(a, batch + i, left - i);
            if (columns)
                CSR(fetch_columns)(a, batch + i, left - i);
            for (ptrdiff_t k = 0; k < K; k++) {
                const REAL *w = theta + k * width;
                z[i * K + k] = CSR(dot)(data + first, indices + first, n, w) + (width > d ? w[d] : 0);
            }
            if (interrupted(&work, n * K))
                return INTERRUPTED;
        }
        total += NAMED(meet)(a, batch, b, z, targets, weights, fresh);

        for (ptrdiff_t i = 0; i < b; i++) {
            const ptrdiff_t row = batch[i], first = indptr[row], n = indptr[row + 1] - first;
            for (ptrdiff_t k = 0; k < K; k++) {
                const double change = (fresh[i * K + k] - (slopes ? slopes[row * K + k] : 0)) / (double)b;
                if (local && b == 1)
                    for (ptrdiff_t p = first; p < first + n; p++)
                        CSR(move)(a, k * width + indices[p], change * data[p], rate, 1, columns + 4 * indices[p], refresh);
                else
                    CSR(add)(data + first, indices + first, n, (REAL)change, gradient + k * width);
                if (width > d)
                    gradient[k * width + d] += (REAL)change;
            }
            for (ptrdiff_t p = first; columns && !(local && b == 1) && p < first + n; p++)
                if (a->count[indices[p]]++ == 0)
                    a->touched[n_touched++] = indices[p];
            if (interrupted(&work, n * K + (local ? 0 : K * width / b)))
                return INTERRUPTED;
        }
        for (ptrdiff_t i = 0; a->refresh != 0 && i < b; i++)
            memcpy(slopes + batch[i] * K, fresh + i * K, (size_t)K * sizeof(REAL));

        if (local) {
            for (; n_touched > 0; n_touched--) {
                const ptrdiff_t j = a->touched[n_touched - 1];
                INDEPENDENT
                for (ptrdiff_t k = 0; k < K; k++) {
                    CSR(move)(a, k * width + j, gradient[k * width + j], rate, a->count[j] / (double)b, columns + 4 * j, refresh);
                    gradient[k * width + j] = 0;
                }
                a->count[j] = 0;
            }
            const ptrdiff_t n_intercepts = width > d ? K : 0;
            INDEPENDENT
            for (ptrdiff_t k = 0; k < n_intercepts; k++) {
                CSR(move)(a, k * width + d, gradient[k * width + d], rate, 1, columns + 4 * d, refresh);
                gradient[k * width + d] = 0;
            }
            continue;
        }
        for (ptrdiff_t j = 0; columns && j < width; j++) {
            const double share = j < d ? a->count[j] / (double)b : 1;
            INDEPENDENT
            for (ptrdiff_t k = 0; k < K; k++)
                gradient[k * width + j] += (REAL)CSR(rest)(a, k * width + j, gradient[k * width + j], share, columns + 4 * j, refresh);
            if (j < d) {
                threshold[j] = (REAL)(share * columns[4 * j + SUPPORT] * columns[4 * j + L1]);
                a->count[j] = 0;
            }
        }
        n_touched = 0;
        NAMED(update)(theta, gradient, memory, columns ? NULL : a->anchor, K, width, d, a->l2, l1, a->lower, a->optimizer, a->hyper,
                      rate, refresh);
        memset(gradient, 0, (size_t)(K * width) * sizeof(REAL));
        NAMED(sum_up)(a->sums, theta, K * width);
    }
    return total;
}
