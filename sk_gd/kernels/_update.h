/* One update of the parameters, for one dtype: _simd.h includes this file for float and for double, so it has no guard. */

/* The proximal map of t |x| written as x minus its clipped self: NaN stays NaN. */
INLINE REAL NAMED(shrink)(REAL x, REAL t)
{
    const REAL clipped = x < -t ? -t : x;
    return x - (clipped > t ? t : clipped);
}

/* Turns a gradient into the direction to follow, in place. A new optimizer is a number in _simd.h and a case here. */
INLINE void NAMED(direct)(int optimizer, const double *hyper, ptrdiff_t n, REAL *RESTRICT gradient, REAL *RESTRICT memory)
{
    switch (optimizer) {
    case MOMENTUM:
        for (ptrdiff_t i = 0; i < n; i++)
            gradient[i] = memory[i] = (REAL)hyper[0] * memory[i] + gradient[i];
        break;
    case NESTEROV:
        for (ptrdiff_t i = 0; i < n; i++) {
            memory[i] = (REAL)hyper[0] * memory[i] + gradient[i];
            gradient[i] += (REAL)hyper[0] * memory[i];
        }
        break;
    default:
        break;
    }
}

/* One update of theta from the mean gradient of a batch, which is overwritten. The anchor may be NULL; it takes in `refresh`
   times the gradient. So may l1. */
KERNEL void NAMED(update)(REAL *RESTRICT theta, REAL *RESTRICT gradient, REAL *RESTRICT memory, REAL *RESTRICT anchor,
                          ptrdiff_t n_outputs, ptrdiff_t width, ptrdiff_t d, const REAL *RESTRICT l2, const REAL *RESTRICT l1,
                          int optimizer, const double *hyper, double rate, double refresh)
{
    const REAL step = (REAL)rate, part = (REAL)refresh;
    for (ptrdiff_t i = 0; anchor && i < n_outputs * width; i++) {
        const REAL fresh = gradient[i];
        gradient[i] += anchor[i];
        anchor[i] += part * fresh;
    }
    for (ptrdiff_t k = 0; k < n_outputs; k++)
        for (ptrdiff_t j = 0; j < d; j++)
            gradient[k * width + j] += l2[j] * theta[k * width + j];
    NAMED(direct)(optimizer, hyper, n_outputs * width, gradient, memory);
    for (ptrdiff_t i = 0; i < n_outputs * width; i++)
        theta[i] -= step * gradient[i];
    for (ptrdiff_t k = 0; l1 && k < n_outputs; k++)
        for (ptrdiff_t j = 0; j < d; j++)
            theta[k * width + j] = NAMED(shrink)(theta[k * width + j], step * l1[j]);
}
