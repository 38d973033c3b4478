/* exp, log(1 + u) and the losses of a block of rows, for one dtype: _simd.h includes this file for float and for double, so it
   has no guard. Numbers are those of the dtype, sums are double. */

#define DOUBLE (sizeof(REAL) == 8)
#define C(number) ((REAL)(number))
#define BIAS (DOUBLE ? 1023 : 127) /* of an exponent */
#define LAST C(DOUBLE ? 709.0 : 88.0) /* nearest to BIAS ln2: 2^-BIAS would be below the normal numbers, and becomes 0 */
#define ROUNDER (C(DOUBLE ? 0x1.8p52 : 0x1.8p23) + BIAS) /* a little added to it is rounded to an integer, in the lowest bits */

/* exp(-a) for a >= -LAST: 2^-k e^r with |r| <= ln2 / 2, and e^r as 1 + r + r^2 q(r), with q through the Chebyshev points, of degree
   4 in float, 9 in double (error 1.1e-8, 1.7e-17). Re-association would undo sums that are there to round: of `rounded`, which is
   positive, ABS hides from it where it comes from; and the low part of k ln2 multiplies the result. NaN passes through r. */
INLINE REAL NAMED(exp_minus)(REAL a)
{
    const REAL x = a > LAST ? LAST : a, rounded = ROUNDER - x * C(1.0 / LN2), k = ROUNDER - ABS(rounded);
    const REAL r = k * LN2_HIGH - x, r2 = r * r;
    const REAL of_fourth = DOUBLE ? C(0.04166666666662413) + r * C(0.008333333333330062)
                                        + r2 * (C(0.0013888888917213717) + r * C(0.00019841269863053618)
                                                + r2 * (C(2.4801521295954376e-05) + r * C(2.7557268459997064e-06)
                                                        + r2 * (C(2.7620088445409746e-07) + r * C(2.510038549551032e-08))))
                                  : C(0.041666554617174716) + r * C(0.008363179052722578) + r2 * C(0.0013926183589701765);
    const REAL p = 1 + r + r2 * (C(0.5) + r * (DOUBLE ? C(0.16666666666666669) : C(0.16666576989698775)) + r2 * of_fourth);
    BITS bits;
    memcpy(&bits, &rounded, sizeof bits);
    bits <<= DOUBLE ? 52 : 23; /* BIAS - k becomes the exponent */
    REAL scale;
    memcpy(&scale, &bits, sizeof scale);
    return (p + p * (k * LN2_LOW)) * scale;
}

/* log(1 + u) for 0 <= u <= 1 as 2 atanh(s), or ln2 + 2 atanh(s) with 1 + u halved above sqrt(2), so that |s| < 0.172. */
INLINE REAL NAMED(log1p_unit)(REAL u)
{
    const int above = u > C(0.41421356);
    const REAL s = (above ? u - 1 : u) / (above ? u + 3 : u + 2), q = s * s, q2 = q * q;
    REAL p = (1 + q * C(1.0 / 3)) + q2 * (C(1.0 / 5) + q * C(1.0 / 7));
    if (DOUBLE)
        p += q2 * q2 * ((C(1.0 / 9) + q * C(1.0 / 11)) + q2 * (C(1.0 / 13) + q * C(1.0 / 15))
                        + q2 * q2 * (C(1.0 / 17) + q * C(1.0 / 19)));
    return (above ? C(LN2) : 0) + 2 * s * p;
}

typedef struct { REAL value, slope; } NAMED(Point);

/* Loss and slope of one prediction. A new pointwise loss is a number in _simd.h, a branch here and a case in FOR_LOSS. */
INLINE NAMED(Point) NAMED(point)(int loss, const double *RESTRICT hyper, REAL y, REAL z)
{
    NAMED(Point) p;
    if (loss == LOG_LOSS) {
        /* In terms of the margin nothing cancels, however far z is on either side. No branch depends on a label or a sign: row by
           row, every second one would be guessed wrong. */
        const REAL sign = COPYSIGN(1, y - (REAL)0.5), margin = sign * z, behind = (REAL)(margin <= 0);
        const REAL size = margin < 0 ? -margin : margin, u = NAMED(exp_minus)(size);
        p.value = NAMED(log1p_unit)(u) + (margin < 0 ? size : 0);
        p.slope = -sign * (u > behind ? u : behind) / (1 + u);
    } else if (loss == PIECEWISE) {
        /* The maximum of u (z - y) - width |u| - bend / 2 u^2 over |u| <= steepest; u is the slope. */
        const REAL r = z - y, beyond = (r < 0 ? -r : r) - (REAL)hyper[0], bend = (REAL)hyper[1], steepest = (REAL)hyper[2];
        const REAL u = beyond <= 0 ? 0 : beyond >= steepest * bend ? steepest : beyond / bend;
        p.slope = r < 0 ? -u : u;
        p.value = u * (beyond - bend / 2 * u);
    } else if (loss == CORNERED) {
        /* high max(r - width, 0) + low max(-r - width, 0), made of |x|, which is sqrt(x^2 + radius^2). */
        const REAL above = z - y - (REAL)hyper[0], below = z - y + (REAL)hyper[0], radius = (REAL)hyper[3];
        const REAL low = (REAL)(hyper[1] / 2), high = (REAL)(hyper[2] / 2);
        const REAL up = SQRT(above * above + radius * radius), down = SQRT(below * below + radius * radius);
        p.value = high * (up + above) + low * (down - below);
        p.slope = high * (1 + (up == 0 ? 0 : above / up)) - low * (1 - (down == 0 ? 0 : below / down));
    } else {
        p.slope = z - y;
        p.value = p.slope * p.slope / 2;
    }
    return p;
}

/* The slope alone, where the next row waits for it: no branch, and one step after the other as few as can be. */
INLINE REAL NAMED(slope)(int loss, const double *RESTRICT hyper, REAL y, REAL z)
{
    if (loss == LOG_LOSS) {
        const REAL sign = COPYSIGN(1, y - (REAL)0.5), behind = -sign * z;
        return -sign / (1 + NAMED(exp_minus)(behind < -LAST ? -LAST : behind));
    }
    return NAMED(point)(loss, hyper, y, z).slope;
}

#undef DOUBLE
#undef C
#undef BIAS
#undef LAST
#undef ROUNDER

INLINE double NAMED(points)(int loss, const double *RESTRICT hyper, const REAL *RESTRICT y, const REAL *RESTRICT z,
                            const REAL *RESTRICT s, REAL weight, ptrdiff_t n, REAL *RESTRICT slope)
{
    double total = 0;
    INDEPENDENT
    for (ptrdiff_t i = 0; i < n; i++) {
        const NAMED(Point) p = NAMED(point)(loss, hyper, y[i], z[i]);
        const REAL w = s ? s[i] : weight;
        total += w * p.value;
        slope[i] = w * p.slope;
    }
    return total;
}

/* log x for x >= 1: the exponent's part and that of the mantissa 1 + u. x - x keeps a NaN. */
INLINE REAL NAMED(log_above_one)(REAL x)
{
    const int digits = sizeof(REAL) == 8 ? 52 : 23, bias = sizeof(REAL) == 8 ? 1023 : 127;
    BITS bits;
    memcpy(&bits, &x, sizeof bits);
    const REAL exponent = (REAL)(int32_t)((bits >> digits) - bias);
    bits = (bits & (((BITS)1 << digits) - 1)) | (BITS)bias << digits;
    REAL mantissa;
    memcpy(&mantissa, &bits, sizeof mantissa);
    return exponent * (REAL)LN2 + NAMED(log1p_unit)(mantissa - 1) + (x - x);
}

/* -log softmax(z)_y for the class number y, of up to BLOCK rows that lie side by side, `class` places from class to class: every loop
   runs in vectors, however few the classes. Not inlined: among a caller's variables its constants lose their registers. */
KERNEL double NAMED(softmax)(const REAL *RESTRICT y, const REAL *RESTRICT z, const REAL *RESTRICT s, ptrdiff_t n, ptrdiff_t n_outputs,
                             ptrdiff_t class, REAL *RESTRICT slope)
{
    REAL weight[BLOCK], top[BLOCK], value[BLOCK], sum[BLOCK];
    double total = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        weight[i] = 1;
        top[i] = z[i];
        value[i] = sum[i] = 0;
    }
    if (s) /* asked once: in a loop it becomes a masked load from NULL, for which the processor stops; that was half of the pass */
        memcpy(weight, s, (size_t)n * sizeof(REAL));
    for (ptrdiff_t k = 1; k < n_outputs; k++)
        for (ptrdiff_t i = 0; i < n; i++)
            top[i] = z[i + k * class] > top[i] ? z[i + k * class] : top[i];
    for (ptrdiff_t k = 0; k < n_outputs; k++)
        INDEPENDENT
        for (ptrdiff_t i = 0; i < n; i++) {
            const REAL behind = top[i] - z[i + k * class], size = NAMED(exp_minus)(behind);
            value[i] += k == y[i] ? behind : 0;
            slope[i + k * class] = size;
            sum[i] += size;
        }
    for (ptrdiff_t i = 0; i < n; i++) {
        total += weight[i] * (value[i] + NAMED(log_above_one)(sum[i]));
        sum[i] = weight[i] / sum[i];
    }
    for (ptrdiff_t k = 0; k < n_outputs; k++)
        INDEPENDENT
        for (ptrdiff_t i = 0; i < n; i++)
            slope[i + k * class] = slope[i + k * class] * sum[i] - (k == y[i] ? weight[i] : 0);
    return total;
}

/* The same for one row. */
INLINE double NAMED(softmax_of_row)(REAL y, const REAL *RESTRICT z, REAL weight, ptrdiff_t n_outputs, REAL *RESTRICT slope)
{
    REAL top = z[0], value = 0, sum = 0;
    for (ptrdiff_t k = 1; k < n_outputs; k++)
        top = z[k] > top ? z[k] : top;
    for (ptrdiff_t k = 0; k < n_outputs; k++) {
        const REAL behind = top - z[k], size = NAMED(exp_minus)(behind);
        value += k == y ? behind : 0;
        slope[k] = size;
        sum += size;
    }
    const double loss = value + NAMED(log_above_one)(sum);
    sum = weight / sum;
    for (ptrdiff_t k = 0; k < n_outputs; k++)
        slope[k] = slope[k] * sum - (k == y ? weight : 0);
    return weight * loss;
}

/* The same for n rows that follow each other: a few, or of very many classes, one by one, others turned some at a time. */
INLINE double NAMED(softmax_of_rows)(const REAL *RESTRICT y, const REAL *RESTRICT z, const REAL *RESTRICT s, ptrdiff_t n,
                                     ptrdiff_t n_outputs, REAL *RESTRICT slope)
{
    REAL turned[TURNED], slopes[TURNED];
    const ptrdiff_t most = TURNED / n_outputs < BLOCK ? TURNED / n_outputs : BLOCK;
    double total = 0;
    for (ptrdiff_t i = 0, m; i < n; i += m) {
        const REAL *RESTRICT of_rows = z + i * n_outputs;
        REAL *RESTRICT slope_of_rows = slope + i * n_outputs;
        m = n - i < most ? n - i : most;
        if (m < LANES) {
            m = 1;
            total += NAMED(softmax_of_row)(y[i], of_rows, s ? s[i] : 1, n_outputs, slope_of_rows);
            continue;
        }
        for (ptrdiff_t k = 0; k < n_outputs; k++)
            INDEPENDENT
            for (ptrdiff_t r = 0; r < m; r++)
                turned[k * m + r] = of_rows[r * n_outputs + k];
        total += NAMED(softmax)(y + i, turned, s ? s + i : NULL, m, n_outputs, m, slopes);
        for (ptrdiff_t r = 0; r < m; r++)
            INDEPENDENT
            for (ptrdiff_t k = 0; k < n_outputs; k++)
                slope_of_rows[r * n_outputs + k] = slopes[k * m + r];
    }
    return total;
}

/* z' H z / 2 with H = diag(p) - p p', or diag(p) unless it `couples`: p stands in the place of targets. Row i and output k of z lie at
   i * row + k * output, those of p side by side. */
INLINE double NAMED(bend)(const REAL *RESTRICT p, const REAL *RESTRICT z, const REAL *RESTRICT s, ptrdiff_t n, ptrdiff_t n_outputs,
                          ptrdiff_t row, ptrdiff_t output, int couples, REAL *RESTRICT slope)
{
    double total = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        const REAL weight = s ? s[i] : 1;
        REAL mean = 0, value = 0;
        for (ptrdiff_t k = 0; couples && k < n_outputs; k++)
            mean += p[i * n_outputs + k] * z[i * row + k * output];
        INDEPENDENT
        for (ptrdiff_t k = 0; k < n_outputs; k++) {
            const REAL at = z[i * row + k * output], bent = p[i * n_outputs + k] * (at - mean);
            slope[i * row + k * output] = weight * bent;
            value += bent * at;
        }
        total += weight * value / 2;
    }
    return total;
}

/* The weighted sum of the losses of n rows, their weighted slopes written beside; s = NULL means that all weights are one. */
KERNEL double NAMED(losses)(int loss, const double *hyper, const REAL *y, const REAL *z, const REAL *s, ptrdiff_t n,
                            ptrdiff_t n_outputs, REAL *slope)
{
    double total = 0, part;
    if (loss == MULTINOMIAL)
        return NAMED(softmax_of_rows)(y, z, s, n, n_outputs, slope);
    if (loss == BEND)
        return NAMED(bend)(y, z, s, n, n_outputs, n_outputs, 1, hyper[0] != 0, slope);
#define PLAIN(loss) NAMED(points)(loss, hyper, y, z, NULL, 1, n * n_outputs, slope)
#define WEIGHTED(loss) NAMED(points)(loss, hyper, y, z, s, 0, n, slope)
#define OF_ROW(loss) \
    NAMED(points)(loss, hyper, y + i * n_outputs, z + i * n_outputs, NULL, s[i], n_outputs, slope + i * n_outputs)
    if (!s) {
        FOR_LOSS(loss, total, PLAIN)
    } else if (n_outputs == 1) {
        FOR_LOSS(loss, total, WEIGHTED)
    } else
        for (ptrdiff_t i = 0; i < n; i++) {
            FOR_LOSS(loss, part, OF_ROW)
            total += part;
        }
#undef PLAIN
#undef WEIGHTED
#undef OF_ROW
    return total;
}
