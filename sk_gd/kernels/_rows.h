/* Passes and sweeps over dense rows, for one dtype: _simd.h includes this file for float and for double (no guard, on purpose).
   The rows are X with a list of row numbers, or X alone (rows = NULL) for rows that follow each other. */

#define ROW(i) (X + (rows ? rows[i] : (i)) * d)

INLINE void NAMED(fetch)(const REAL *x, ptrdiff_t d)
{
    for (ptrdiff_t j = 0; j < d; j += (ptrdiff_t)(64 / sizeof(REAL)))
        PREFETCH(x + j);
}

/* z_i = x_i . w + intercept of n rows, written every `stride` places. One row after the other: the hardware guesses what comes
   next in a straight read, and eight rows side by side took three times as long. In a shuffled order nothing can guess, so the
   rows that come next (n_known of them are) are asked for here: waiting for them is what an epoch costs.
   Sums run over the first `width` places of a row: d, or the next multiple of LANES where w is zero beyond d. */
INLINE void NAMED(dots)(const REAL *RESTRICT X, ptrdiff_t d, ptrdiff_t width, const ptrdiff_t *rows, ptrdiff_t n, ptrdiff_t n_known,
                        const REAL *RESTRICT w, REAL intercept, REAL *RESTRICT z, ptrdiff_t stride)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        const REAL *x = ROW(i);
        REAL sum = 0;
        if (rows && i + AHEAD < n_known)
            NAMED(fetch)(ROW(i + AHEAD), d);
        for (ptrdiff_t j = 0; j < width; j++)
            sum += x[j] * w[j];
        z[i * stride] = sum + intercept;
    }
}

/* g += sum_i c_i x_i over n rows, the c_i `stride` places apart; eight rows share each load and store of g. */
INLINE void NAMED(add_rows)(const REAL *RESTRICT X, ptrdiff_t d, ptrdiff_t width, const ptrdiff_t *rows, ptrdiff_t n,
                            const REAL *RESTRICT c, ptrdiff_t stride, REAL *RESTRICT g)
{
    ptrdiff_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const REAL *a = ROW(i), *b = ROW(i + 1), *e = ROW(i + 2), *f = ROW(i + 3);
        const REAL *h = ROW(i + 4), *k = ROW(i + 5), *l = ROW(i + 6), *m = ROW(i + 7);
        const REAL A = c[i * stride], B = c[(i + 1) * stride], E = c[(i + 2) * stride], F = c[(i + 3) * stride];
        const REAL H = c[(i + 4) * stride], K = c[(i + 5) * stride], L = c[(i + 6) * stride], M = c[(i + 7) * stride];
        for (ptrdiff_t j = 0; j < width; j++)
            g[j] += (A * a[j] + B * b[j]) + (E * e[j] + F * f[j]) + ((H * h[j] + K * k[j]) + (L * l[j] + M * m[j]));
    }
    for (; i < n; i++) {
        const REAL *x = ROW(i);
        const REAL C = c[i * stride];
        for (ptrdiff_t j = 0; j < width; j++)
            g[j] += C * x[j];
    }
}

/* How many rows go from dot products to gradient at a time: 8 KB were fastest, well inside the first level cache. */
INLINE ptrdiff_t NAMED(block)(ptrdiff_t d)
{
    const ptrdiff_t fit = 8192 / (ptrdiff_t)sizeof(REAL) / d / 8 * 8;
    return fit < 8 ? 8 : fit > BLOCK ? BLOCK : fit;
}

/* Rows from i to i + m of a pass: their losses, and their part of the gradient, which `part` collects. */
INLINE double NAMED(pass_block)(const REAL *RESTRICT X, ptrdiff_t d, ptrdiff_t width, const REAL *y, const REAL *s, ptrdiff_t m,
                                const REAL *RESTRICT w, REAL intercept, int loss, REAL *RESTRICT slope, REAL *RESTRICT part)
{
    REAL z[BLOCK];
    NAMED(dots)(X, d, width, NULL, m, m, w, intercept, z, 1);
    const double total = NAMED(losses)(loss, y, z, s, m, 1, slope);
    NAMED(add_rows)(X, d, width, NULL, m, slope, 1, part);
    return total;
}

/* Loss and gradient of n rows that follow each other in one read, one output. w and part are as long as d rounded up to LANES and
   start as zeros beyond d and everywhere: so rows can be read in whole vectors, what lies behind them meeting zeros, except the last
   ones. `part` collects BLOCK rows in the dtype of X before they join the sum in double: long sums in float would lose digits. */
KERNEL double NAMED(pass)(const REAL *RESTRICT X, ptrdiff_t d, const REAL *RESTRICT y, const REAL *RESTRICT s, ptrdiff_t n,
                          const REAL *RESTRICT w, double intercept, int loss, REAL *RESTRICT slopes, REAL *RESTRICT part,
                          double *RESTRICT gradient, int fit_intercept)
{
    const ptrdiff_t block = NAMED(block)(d), whole = (d + LANES - 1) / LANES * LANES;
    REAL slope[BLOCK];
    double total = 0, of_intercept = 0;
    for (ptrdiff_t i = 0, pending = 0; i < n; i += block) {
        const ptrdiff_t m = n - i < block ? n - i : block;
        const REAL *weights = s ? s + i : NULL;
        if (i + m + LANES <= n)
            total += NAMED(pass_block)(X + i * d, d, whole, y + i, weights, m, w, (REAL)intercept, loss, slope, part);
        else
            total += NAMED(pass_block)(X + i * d, d, d, y + i, weights, m, w, (REAL)intercept, loss, slope, part);
        for (ptrdiff_t r = 0; r < m; r++)
            of_intercept += slope[r];
        if (slopes)
            memcpy(slopes + i, slope, (size_t)m * sizeof(REAL));
        pending += m;
        if (pending >= BLOCK || i + m == n) {
            for (ptrdiff_t j = 0; j < d; j++)
                gradient[j] += part[j];
            memset(part, 0, (size_t)whole * sizeof(REAL));
            pending = 0;
        }
    }
    if (fit_intercept)
        gradient[d] += of_intercept;
    return total;
}

/* One row at a time, gradient descent, one output, l2 equal for all columns: a dot, a slope, one fused update per row. l1 is NULL
   where it is zero; slopes and anchor are NULL or the control variate, which takes in `refresh` times each new gradient. */
KERNEL double NAMED(stochastic)(const REAL *RESTRICT X, ptrdiff_t d, const REAL *RESTRICT y, const REAL *RESTRICT s,
                                const ptrdiff_t *RESTRICT rows, ptrdiff_t n, const double *RESTRICT rates, int loss, double l2,
                                const REAL *RESTRICT l1, REAL *RESTRICT theta, int fit_intercept, REAL *RESTRICT slopes,
                                REAL *RESTRICT anchor, double refresh)
{
    /* The loss is not needed to go on: it is kept for later and computed for many rows at once. */
    REAL seen_y[BLOCK], seen_z[BLOCK], seen_s[BLOCK], unused[BLOCK];
    const REAL part = (REAL)refresh;
    double total = 0;
    for (ptrdiff_t i = 0, kept = 0; i < n; i++) {
        const ptrdiff_t row = rows[i];
        const REAL *RESTRICT x = X + row * d, target = y[row], weight = s ? s[row] : 1;
        REAL z = 0, slope;
        if (i + AHEAD < n) {
            const ptrdiff_t next = rows[i + AHEAD];
            NAMED(fetch)(X + next * d, d);
            PREFETCH(y + next);
            if (slopes)
                PREFETCH(slopes + next);
        }
        for (ptrdiff_t j = 0; j < d; j++)
            z += x[j] * theta[j];
        if (fit_intercept)
            z += theta[d];
#define SLOPE(loss) weight * NAMED(point)(loss, target, z).slope
        FOR_LOSS(loss, slope, SLOPE)
#undef SLOPE
        const REAL rate = (REAL)rates[i], keep = (REAL)(1.0 - rates[i] * l2);
        if (anchor) {
            const REAL change = slopes ? slope - slopes[row] : slope, step = rate * change, fresh = part * change;
            for (ptrdiff_t j = 0; j < d; j++) {
                theta[j] = keep * theta[j] - step * x[j] - rate * anchor[j];
                anchor[j] += fresh * x[j];
            }
            for (ptrdiff_t j = 0; l1 && j < d; j++)
                theta[j] = NAMED(shrink)(theta[j], rate * l1[j]);
            if (fit_intercept) {
                theta[d] -= step + rate * anchor[d];
                anchor[d] += fresh;
            }
            if (refresh != 0)
                slopes[row] = slope;
        } else {
            const REAL step = rate * slope;
            if (l1)
                for (ptrdiff_t j = 0; j < d; j++)
                    theta[j] = NAMED(shrink)(keep * theta[j] - step * x[j], rate * l1[j]);
            else
                for (ptrdiff_t j = 0; j < d; j++)
                    theta[j] = keep * theta[j] - step * x[j];
            if (fit_intercept)
                theta[d] -= step;
        }
        seen_y[kept] = target;
        seen_z[kept] = z;
        seen_s[kept++] = weight;
        if (kept == BLOCK || i + 1 == n) {
            total += NAMED(losses)(loss, seen_y, seen_z, seen_s, kept, 1, unused);
            kept = 0;
        }
    }
    return total;
}

/* Descent by batches: reference.sweep. `gradient` is like theta, `space` holds BLOCK * (n_targets + n_outputs + 1) numbers and
   n_outputs more for each row of a batch: its slopes join `slopes` only after the batch, in which a row may come twice. */
KERNEL double NAMED(sweep)(const REAL *RESTRICT X, ptrdiff_t d, const REAL *RESTRICT y, ptrdiff_t n_targets, const REAL *RESTRICT s,
                           const ptrdiff_t *RESTRICT rows, ptrdiff_t n, ptrdiff_t batch_size, const double *rates, int loss,
                           const REAL *l2, const REAL *l1, int optimizer, const double *hyper, REAL *theta, REAL *gradient,
                           REAL *memory, ptrdiff_t n_outputs, ptrdiff_t width, REAL *slopes, REAL *anchor, double refresh,
                           REAL *RESTRICT space)
{
    const ptrdiff_t block = NAMED(block)(d);
    REAL *RESTRICT z = space, *RESTRICT targets = z + BLOCK * n_outputs, *RESTRICT weights = targets + BLOCK * n_targets;
    REAL *RESTRICT fresh = weights + BLOCK;
    double total = 0;
    for (ptrdiff_t start = 0; start < n; start += batch_size, rates++) {
        const ptrdiff_t b = n - start < batch_size ? n - start : batch_size;
        const ptrdiff_t *batch = rows + start;
        memset(gradient, 0, (size_t)(n_outputs * width) * sizeof(REAL));
        for (ptrdiff_t i = 0; i < b; i += block) {
            const ptrdiff_t m = b - i < block ? b - i : block;
            REAL *RESTRICT slope = fresh + i * n_outputs;
            for (ptrdiff_t k = 0; k < n_outputs; k++)
                NAMED(dots)(X, d, d, batch + i, m, k ? 0 : n - start - i, theta + k * width, width > d ? theta[k * width + d] : 0, z + k,
                            n_outputs);
            for (ptrdiff_t r = 0; r < m; r++) {
                for (ptrdiff_t k = 0; k < n_targets; k++)
                    targets[r * n_targets + k] = y[batch[i + r] * n_targets + k];
                weights[r] = s ? s[batch[i + r]] : 1;
            }
            total += NAMED(losses)(loss, targets, z, s ? weights : NULL, m, n_outputs, slope);
            for (ptrdiff_t r = 0; r < m; r++)
                for (ptrdiff_t k = 0; k < n_outputs; k++)
                    z[r * n_outputs + k] = (slope[r * n_outputs + k] - (slopes ? slopes[batch[i + r] * n_outputs + k] : 0)) / b;
            for (ptrdiff_t k = 0; k < n_outputs; k++) {
                NAMED(add_rows)(X, d, d, batch + i, m, z + k, n_outputs, gradient + k * width);
                if (width > d)
                    for (ptrdiff_t r = 0; r < m; r++)
                        gradient[k * width + d] += z[r * n_outputs + k];
            }
        }
        for (ptrdiff_t i = 0; refresh != 0 && i < b; i++)
            memcpy(slopes + batch[i] * n_outputs, fresh + i * n_outputs, (size_t)n_outputs * sizeof(REAL));
        NAMED(update)(theta, gradient, memory, anchor, n_outputs, width, d, l2, l1, optimizer, hyper, *rates, b * refresh);
    }
    return total;
}

#undef ROW
