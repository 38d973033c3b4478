/* Descent by batches of CSR rows at the price of their stored entries, without a control variate: reference.sweep for plain descent
   and momentum with one l2 for all columns. Included as _csr.h is, after it.

   Plain: theta = scale * u carries the l2 decay in one number, and a column takes its l1 thresholds, summed up since it was last
   seen, when a row needs it: prox of a then prox of b is prox of a + b while nothing comes between. Iterates are summed as
   A u - owed, A being the sum of the scales: a change of u after t updates was not yet in the first t iterates, so A_t times it is
   owed (Xu 2011). With thresholds still to come there is no such sum.
   Momentum, without l1 or sums: (theta, velocity) = P u, where the 2 x 2 matrix P carries what happens to an untouched column.

   u holds the m = n_outputs (theta) or 2 n_outputs (theta, velocity) numbers of a column side by side. */

/* Gives one column its outstanding thresholds. */
INLINE void CSR(settle)(REAL *u, ptrdiff_t m, double *column, double passed)
{
    const REAL threshold = (REAL)(column[L1] * (passed - column[SEEN])), lower = (REAL)column[LOWER];
    for (ptrdiff_t k = 0; k < m; k++)
        u[k] = NAMED(shrink)(u[k], threshold, lower);
    column[SEEN] = passed;
}

/* Gives all columns their outstanding thresholds and the common factor. */
INLINE void CSR(multiply_out)(REAL *u, ptrdiff_t d, ptrdiff_t m, double *columns, double factor, double passed)
{
    for (ptrdiff_t j = 0; columns && j < d; j++) {
        CSR(settle)(u + j * m, m, columns + 4 * j, passed);
        columns[4 * j + SEEN] = 0;
    }
    for (ptrdiff_t i = 0; i < d * m; i++)
        u[i] *= (REAL)factor;
}

/* Turns u = (theta, velocity) of every column into P u. */
INLINE void CSR(multiply_out_pairs)(REAL *u, ptrdiff_t d, ptrdiff_t K, const double *P)
{
    for (ptrdiff_t j = 0; j < d; j++, u += 2 * K) {
        INDEPENDENT
        for (ptrdiff_t k = 0; k < K; k++) {
            const double theta = u[k], velocity = u[K + k];
            u[k] = (REAL)(P[0] * theta + P[1] * velocity);
            u[K + k] = (REAL)(P[2] * theta + P[3] * velocity);
        }
    }
}

/* Adds all iterates since the last time to the sums. */
INLINE void CSR(sum_up)(const Sweep *a, const REAL *u, double scales)
{
    for (ptrdiff_t k = 0; k < a->n_outputs; k++) {
        INDEPENDENT
        for (ptrdiff_t j = 0; j < a->d; j++) {
            a->sums[k * a->width + j] += scales * u[j * a->n_outputs + k] - a->owed[j * a->n_outputs + k];
            a->owed[j * a->n_outputs + k] = 0;
        }
    }
}

SPARSE_KERNEL double CSR(lazy)(const Sweep *a)
{
    const ptrdiff_t d = a->d, K = a->n_outputs, width = a->width, most = a->batch_size;
    const int inertial = a->optimizer != GRADIENT_DESCENT;
    const ptrdiff_t m = inertial ? 2 * K : K;
    REAL *theta = a->theta, *velocity = a->memory, *space = a->space;
    const int in_place = m == 1; /* a column is one number: theta itself */
    REAL *u = in_place ? theta : space, *raw = space + (in_place ? 0 : d * m), *z = raw + most * m;
    REAL *fresh = z + most * K, *targets = fresh + most * K, *weights = targets + most * a->n_targets;
    const REAL *slopes = a->slopes;
    const INDEX *indices = a->indices, *indptr = a->indptr;
    const double l2 = ((const REAL *)a->l2)[0];
    /* velocity = beta * velocity + gradient, direction = now * gradient + later * velocity */
    const double beta = inertial ? a->hyper[0] : 0, now = a->optimizer == NESTEROV, later = now ? beta : 1;
    ptrdiff_t work = 0;
    double P[4] = {1, 0, 0, 1}, determinant = 1, total = 0, scales = 0, passed = 0;
    for (ptrdiff_t j = 0; !in_place && j < d; j++)
        for (ptrdiff_t k = 0; k < K; k++) {
            u[j * m + k] = theta[k * width + j];
            if (inertial)
                u[j * m + K + k] = velocity[k * width + j];
        }
    for (ptrdiff_t start = 0, step = 0; start < a->n; start += most, step++) {
        const ptrdiff_t left = a->n - start, b = left < most ? left : most, *batch = a->rows + start;
        const double rate = a->rates[step];
        for (ptrdiff_t i = 0; a->columns && i < b; i++) {
            CSR(fetch)(a, batch + i, left - i);
            CSR(fetch_indices)(a, batch + i, left - i);
            for (INDEX p = indptr[batch[i]]; p < indptr[batch[i] + 1]; p++)
                CSR(settle)(u + indices[p] * m, m, a->columns + 4 * indices[p], passed);
        }
        for (ptrdiff_t first = 0; first < b; first += BLOCK) { /* what is read of a row beside its values is still near then */
            const ptrdiff_t some = b - first < BLOCK ? b - first : BLOCK;
            if (CSR(predict)(a, batch + first, some, left - first, u, m, raw + first * m, &work))
                return INTERRUPTED;
            for (ptrdiff_t i = 0; i < some; i++) {
                const REAL *of_row = raw + (first + i) * m;
                INDEPENDENT
                for (ptrdiff_t k = 0; k < K; k++) {
                    const REAL moving = inertial ? (REAL)P[1] * of_row[K + k] : 0;
                    z[i * K + k] = (REAL)P[0] * of_row[k] + moving + (width > d ? theta[k * width + d] : 0);
                }
            }
            total += NAMED(meet)(a, batch + first, some, z, targets, weights, fresh + first * K);
        }

        double to_theta, to_velocity = 0;
        if (inertial) {
            const double keep = 1 - rate * (now + later) * l2;
            velocity[K * width] += 1; /* the updates, counted */
            for (int i = 0; i < 2; i++) {
                const double before = P[i];
                P[i] = keep * before - rate * later * beta * P[2 + i];
                P[2 + i] = l2 * before + beta * P[2 + i];
            }
            determinant *= beta * (1 - rate * now * l2);
            if (!(1 / LARGEST_DETERMINANT < determinant && determinant < LARGEST_DETERMINANT)) {
                CSR(multiply_out_pairs)(u, d, K, P);
                P[0] = P[3] = determinant = 1;
                P[1] = P[2] = 0;
            }
            to_theta = (-rate * (now + later) * P[3] - P[1]) / determinant;
            to_velocity = (rate * (now + later) * P[2] + P[0]) / determinant;
        } else {
            P[0] *= 1 - rate * l2;
            if (P[0] < SMALLEST_SCALE) {
                if (a->sums)
                    CSR(sum_up)(a, u, scales);
                CSR(multiply_out)(u, d, m, a->columns, P[0], passed);
                P[0] = 1;
                scales = passed = 0;
            }
            passed += rate / P[0];
            to_theta = -rate / P[0];
        }
        for (ptrdiff_t k = 0; k < K; k++) {
            double sum = 0;
            INDEPENDENT
            for (ptrdiff_t i = 0; i < b; i++) {
                const double change = (fresh[i * K + k] - (slopes ? slopes[batch[i] * K + k] : 0)) / (double)b;
                raw[i * m + k] = (REAL)(to_theta * change);
                if (inertial)
                    raw[i * m + K + k] = (REAL)(to_velocity * change);
                sum += change;
            }
            const ptrdiff_t at = k * width + d;
            if (width > d && inertial) {
                velocity[at] = (REAL)(beta * velocity[at] + sum);
                sum = now * sum + later * velocity[at];
            }
            if (width > d)
                theta[at] -= (REAL)(rate * sum);
            if (width > d && a->sums)
                a->sums[at] += theta[at];
        }
        if (CSR(add_rows)(a, batch, b, raw, m, u, a->sums ? a->owed : NULL, scales, &work))
            return INTERRUPTED;
        scales += P[0];
    }
    if (a->sums)
        CSR(sum_up)(a, u, scales);
    if (inertial)
        CSR(multiply_out_pairs)(u, d, K, P);
    else
        CSR(multiply_out)(u, d, m, a->columns, P[0], passed);
    for (ptrdiff_t j = 0; !in_place && j < d; j++)
        for (ptrdiff_t k = 0; k < K; k++) {
            theta[k * width + j] = u[j * m + k];
            if (inertial)
                velocity[k * width + j] = u[j * m + K + k];
        }
    return total;
}
