/* Passes and sweeps over dense rows, for one dtype: _simd.h includes this file for float and for double, so it has no guard.
   The rows are X with a list of row numbers, or X alone (rows = NULL) for rows that follow each other. */

#define ROW(i) (X + (rows ? rows[i] : (i)) * d)

/* How many visits ahead a row is asked for: 12 KB in all, but at least one row. They come by way of the second level: asked for in the
   first, which has few places to wait, they kept the rows at hand waiting for a third of an epoch. */
INLINE ptrdiff_t NAMED(ahead)(ptrdiff_t d)
{
    const ptrdiff_t fit = 12288 / (ptrdiff_t)sizeof(REAL) / d;
    return fit < 1 ? 1 : fit < AHEAD ? fit : AHEAD;
}

/* x . w over n places; asks for as many places of `next`, for the first level, and of `later`, for the second (NULL: for none), piece
   by piece, as a burst would wait for memory. */
INLINE REAL NAMED(dot)(const REAL *RESTRICT x, const REAL *RESTRICT w, ptrdiff_t n, const REAL *next, const REAL *later)
{
    REAL sum = 0;
    for (ptrdiff_t j = 0, m; j < n; j += m) {
        REAL part = 0;
        m = (next || later) && n - j > PIECE ? PIECE : n - j;
        if (later)
            fetch_bytes(later + j, m * (ptrdiff_t)sizeof(REAL), 0);
        if (next)
            fetch_near(next + j, m * (ptrdiff_t)sizeof(REAL));
        for (ptrdiff_t k = j; k < j + m; k++)
            part += x[k] * w[k];
        sum += part;
    }
    return sum;
}

/* z_i = x_i . w + intercept of n rows, written every `stride` places. One row after the other: the hardware guesses what comes
   next in a straight read, and eight rows side by side took three times as long. In a shuffled order nothing can guess, so the
   rows that come next (n_known of them are) are asked for here: waiting for them is what an epoch costs. The second half of a short
   row is left to add_rows, so that memory always has something to do; a long one comes into the first level just before it is read.
   Sums run over the first `width` places of a row: d, or the next multiple of LANES where w is zero beyond d. */
INLINE void NAMED(dots)(const REAL *RESTRICT X, ptrdiff_t d, ptrdiff_t width, const ptrdiff_t *rows, ptrdiff_t n,
                        ptrdiff_t n_known, const REAL *RESTRICT w, REAL intercept, REAL *RESTRICT z, ptrdiff_t stride)
{
    const ptrdiff_t fit = (1 << 17) / (ptrdiff_t)sizeof(REAL) / d, far = fit < 2 ? 2 : fit < AHEAD ? fit : AHEAD;
    const ptrdiff_t ahead = d <= PIECE ? NAMED(ahead)(d) : far;
    for (ptrdiff_t i = 0; i < n; i++) {
        const REAL *later = rows && i + ahead < n_known ? ROW(i + ahead) : NULL;
        const REAL *next = rows && i + 1 < n_known ? ROW(i + 1) : NULL;
        if (later && d <= PIECE)
            fetch_bytes(later, d / 2 * (ptrdiff_t)sizeof(REAL), 0);
        z[i * stride] = NAMED(dot)(ROW(i), w, width, d <= PIECE ? NULL : next, d <= PIECE ? NULL : later) + intercept;
    }
}

/* g += sum_i c_i x_i over n rows, the c_i `stride` places apart; eight rows share each load and store of g. Rows in a list that come
   later, n_known counting from the first, are asked for as in `dots`. */
INLINE void NAMED(add_rows)(const REAL *RESTRICT X, ptrdiff_t d, ptrdiff_t width, const ptrdiff_t *rows, ptrdiff_t n,
                            ptrdiff_t n_known, const REAL *RESTRICT c, ptrdiff_t stride, REAL *RESTRICT g)
{
    const ptrdiff_t ahead = rows && d <= PIECE ? NAMED(ahead)(d) : 0;
    ptrdiff_t i = 0;
    for (; i + 8 <= n; i += 8) {
        for (ptrdiff_t r = i + ahead; r < i + ahead + 8 && ahead && r < n_known; r++)
            fetch_bytes(ROW(r) + d / 2, (d - d / 2) * (ptrdiff_t)sizeof(REAL), 0);
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
INLINE double NAMED(pass_block)(const REAL *RESTRICT X, ptrdiff_t d, ptrdiff_t width, const REAL *y, const REAL *s,
                                ptrdiff_t m, const REAL *RESTRICT w, REAL intercept, int loss, const double *hyper,
                                REAL *RESTRICT slope, REAL *RESTRICT part)
{
    REAL z[BLOCK];
    NAMED(dots)(X, d, width, NULL, m, m, w, intercept, z, 1);
    const double total = NAMED(losses)(loss, hyper, y, z, s, m, 1, slope);
    NAMED(add_rows)(X, d, width, NULL, m, m, slope, 1, part);
    return total;
}

/* Loss and gradient of n rows that follow each other, in one read, for one output. w and part are as long as d rounded up to
   LANES; w is zero beyond d, part everywhere. So rows can be read in whole vectors: what lies behind them meets a zero, and
   only behind the last rows lies nothing. `part` collects BLOCK rows in the dtype of X before they join the sum in double: a
   long sum in float would lose digits. */
KERNEL double NAMED(pass)(const REAL *RESTRICT X, ptrdiff_t d, const REAL *RESTRICT y, const REAL *RESTRICT s, ptrdiff_t n,
                          const REAL *RESTRICT w, double intercept, int loss, const double *hyper, REAL *RESTRICT slopes,
                          REAL *RESTRICT part, double *RESTRICT gradient, int fit_intercept)
{
    const ptrdiff_t block = NAMED(block)(d), whole = (d + LANES - 1) / LANES * LANES;
    REAL slope[BLOCK];
    double total = 0, of_intercept = 0;
    for (ptrdiff_t i = 0, pending = 0; i < n; i += block) {
        const ptrdiff_t m = n - i < block ? n - i : block;
        const REAL *weights = s ? s + i : NULL;
        if (i + m + LANES <= n)
            total += NAMED(pass_block)(X + i * d, d, whole, y + i, weights, m, w, (REAL)intercept, loss, hyper, slope,
                                       part);
        else
            total += NAMED(pass_block)(X + i * d, d, d, y + i, weights, m, w, (REAL)intercept, loss, hyper, slope,
                                       part);
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

/* Gradient descent by one row at a time, with one output and an l2 that is the same for all columns: a dot, a slope and one
   fused update per row. */
KERNEL double NAMED(stochastic)(const Sweep *a)
{
    const REAL *RESTRICT X = a->X, *RESTRICT y = a->y, *RESTRICT s = a->weights, *RESTRICT l1 = a->l1;
    REAL *RESTRICT theta = a->theta, *RESTRICT slopes = a->slopes, *RESTRICT anchor = a->anchor;
    const ptrdiff_t d = a->d, n = a->n, ahead = NAMED(ahead)(d), *RESTRICT rows = a->rows;
    const double *RESTRICT hyper = a->loss_hyper;
    const REAL l2 = ((const REAL *)a->l2)[0], part = (REAL)a->refresh, lower = (REAL)a->lower;
    const int loss = a->loss, fit_intercept = a->width > d;
    /* The loss is not needed to go on: it is kept for later and computed for many rows at once. */
    REAL seen_y[BLOCK], seen_z[BLOCK], seen_s[BLOCK], unused[BLOCK];
    double total = 0;
    ptrdiff_t work = 0;
    for (ptrdiff_t i = 0, kept = 0; i < n; i++) {
        const ptrdiff_t row = rows[i];
        const REAL *RESTRICT x = X + row * d;
        const REAL target = y[row], weight = s ? s[row] : 1, rate = (REAL)a->rates[i], keep = 1 - rate * l2;
        const ptrdiff_t known = i + AHEAD < n ? rows[i + AHEAD] : row;
        const REAL *later = i + ahead < n ? ROW(i + ahead) : NULL;
        PREFETCH(y + known);
        if (s)
            PREFETCH(s + known);
        if (slopes)
            PREFETCH(slopes + known);
        REAL slope, z = NAMED(dot)(x, theta, d, NULL, later);
        if (fit_intercept)
            z += theta[d];
#define SLOPE(loss) weight * NAMED(point)(loss, hyper, target, z).slope
        FOR_LOSS(loss, slope, SLOPE)
#undef SLOPE
        const REAL change = slopes ? slope - slopes[row] : slope, step = rate * change;
        if (anchor) {
            INDEPENDENT
            for (ptrdiff_t j = 0; j < d; j++) {
                theta[j] = keep * theta[j] - step * x[j] - rate * anchor[j];
                anchor[j] += part * change * x[j];
            }
            if (fit_intercept) {
                theta[d] -= rate * anchor[d];
                anchor[d] += part * change;
            }
        } else {
            INDEPENDENT
            for (ptrdiff_t j = 0; j < d; j++)
                theta[j] = keep * theta[j] - step * x[j];
        }
        if (fit_intercept)
            theta[d] -= step;
        if (l1) {
            INDEPENDENT
            for (ptrdiff_t j = 0; j < d; j++)
                theta[j] = NAMED(shrink)(theta[j], rate * l1[j], lower);
        }
        if (part != 0)
            slopes[row] = slope;
        NAMED(sum_up)(a->sums, theta, a->width);
        if (interrupted(&work, d))
            return INTERRUPTED;
        seen_y[kept] = target;
        seen_z[kept] = z;
        seen_s[kept++] = weight;
        if (kept == BLOCK || i + 1 == n) {
            total += NAMED(losses)(loss, hyper, seen_y, seen_z, seen_s, kept, 1, unused);
            kept = 0;
        }
    }
    return total;
}

/* The losses of some rows whose raw predictions are z, and their slopes; targets and weights are room for theirs. */
INLINE double NAMED(meet)(const Sweep *a, const ptrdiff_t *rows, ptrdiff_t n, const REAL *z, REAL *targets, REAL *weights,
                          REAL *slope)
{
    const ptrdiff_t M = a->n_targets;
    const REAL *y = a->y, *s = a->weights;
    for (ptrdiff_t i = 0; i < n; i++) {
        INDEPENDENT
        for (ptrdiff_t k = 0; k < M; k++)
            targets[i * M + k] = y[rows[i] * M + k];
        weights[i] = s ? s[rows[i]] : 1;
    }
    return NAMED(losses)(a->loss, a->loss_hyper, targets, z, s ? weights : NULL, n, a->n_outputs, slope);
}

/* Descent by batches: reference.sweep. The slopes of a batch join `slopes` only after it: a row may come twice in it. */
KERNEL double NAMED(sweep)(const Sweep *a)
{
    const REAL *RESTRICT X = a->X;
    REAL *theta = a->theta, *gradient = a->gradient, *RESTRICT slopes = a->slopes;
    const ptrdiff_t d = a->d, K = a->n_outputs, width = a->width, fit = NAMED(block)(d);
    const ptrdiff_t block = fit < AHEAD ? fit : AHEAD; /* what is asked for must not be needed in the same block */
    REAL *RESTRICT z = a->space, *RESTRICT targets = z + BLOCK * K, *RESTRICT weights = targets + BLOCK * a->n_targets;
    REAL *RESTRICT fresh = weights + BLOCK;
    double total = 0;
    ptrdiff_t work = 0;
    for (ptrdiff_t start = 0, step = 0; start < a->n; start += a->batch_size, step++) {
        const ptrdiff_t left = a->n - start, b = left < a->batch_size ? left : a->batch_size, *batch = a->rows + start;
        memset(gradient, 0, (size_t)(K * width) * sizeof(REAL));
        for (ptrdiff_t i = 0; i < b; i += block) {
            const ptrdiff_t m = b - i < block ? b - i : block, *rows = batch + i;
            REAL *RESTRICT slope = fresh + i * K;
            for (ptrdiff_t k = 0; k < K; k++) {
                const REAL *w = theta + k * width;
                NAMED(dots)(X, d, d, rows, m, k ? 0 : left - i, w, width > d ? w[d] : 0, z + k, K);
            }
            total += NAMED(meet)(a, rows, m, z, targets, weights, slope);
            for (ptrdiff_t r = 0; r < m; r++) {
                INDEPENDENT
                for (ptrdiff_t k = 0; k < K; k++)
                    z[r * K + k] = (slope[r * K + k] - (slopes ? slopes[rows[r] * K + k] : 0)) / b;
            }
            for (ptrdiff_t k = 0; k < K; k++) {
                NAMED(add_rows)(X, d, d, rows, m, k ? 0 : left - i, z + k, K, gradient + k * width);
                for (ptrdiff_t r = 0; width > d && r < m; r++)
                    gradient[k * width + d] += z[r * K + k];
            }
            if (interrupted(&work, m * d * K))
                return INTERRUPTED;
        }
        for (ptrdiff_t i = 0; a->refresh != 0 && i < b; i++)
            memcpy(slopes + batch[i] * K, fresh + i * K, (size_t)K * sizeof(REAL));
        NAMED(update)(theta, gradient, a->memory, a->anchor, K, width, d, a->l2, a->l1, a->lower, a->optimizer, a->hyper,
                      a->rates[step], b * a->refresh);
        NAMED(sum_up)(a->sums, theta, K * width);
    }
    return total;
}

#undef ROW
