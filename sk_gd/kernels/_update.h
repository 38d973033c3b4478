/* One update of the parameters, for one dtype: _simd.h includes this file for float and for double, so it has no guard. */

/* The proximal map of t |x| over x >= lower (0 or -INFINITY), written as x minus its clipped self: NaN stays NaN. */
INLINE REAL NAMED(shrink)(REAL x, REAL t, REAL lower)
{
    const REAL clipped = x < -t ? -t : x, shrunk = x - (clipped > t ? t : clipped);
    return shrunk < lower ? lower : shrunk;
}

/* Add what an update has made of theta to the sum of the iterates, if one is wanted. */
INLINE void NAMED(sum_up)(double *RESTRICT sums, const REAL *RESTRICT theta, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; sums && i < n; i++)
        sums[i] += theta[i];
}

INLINE void NAMED(adam)(const double *hyper, ptrdiff_t n, REAL *RESTRICT gradient, REAL *RESTRICT mean, REAL *RESTRICT square,
                        double count)
{
    const REAL beta_1 = (REAL)hyper[0], beta_2 = (REAL)hyper[1], epsilon = (REAL)hyper[2];
    const REAL of_mean = (REAL)(1 / (1 - pow(hyper[0], count))), of_square = (REAL)(1 / (1 - pow(hyper[1], count)));
    for (ptrdiff_t i = 0; i < n; i++) {
        mean[i] = beta_1 * mean[i] + (1 - beta_1) * gradient[i];
        square[i] = beta_2 * square[i] + (1 - beta_2) * gradient[i] * gradient[i];
        gradient[i] = of_mean * mean[i] / (SQRT(of_square * square[i]) + epsilon);
    }
}

/* Turns a gradient into the direction to follow, in place. The first number of the last slot of memory counts the updates for
   those who need it. A new optimizer is a number in _simd.h, a case here and one in `stretch`. */
INLINE void NAMED(direct)(int optimizer, const double *hyper, ptrdiff_t n, REAL *RESTRICT gradient, REAL *RESTRICT memory)
{
    switch (optimizer) {
    case MOMENTUM:
        memory[n] += 1;
        for (ptrdiff_t i = 0; i < n; i++)
            gradient[i] = memory[i] = (REAL)hyper[0] * memory[i] + gradient[i];
        break;
    case NESTEROV:
        memory[n] += 1;
        for (ptrdiff_t i = 0; i < n; i++) {
            memory[i] = (REAL)hyper[0] * memory[i] + gradient[i];
            gradient[i] += (REAL)hyper[0] * memory[i];
        }
        break;
    case ADAGRAD:
        for (ptrdiff_t i = 0; i < n; i++) {
            memory[i] += gradient[i] * gradient[i];
            gradient[i] /= SQRT(memory[i]) + (REAL)hyper[0];
        }
        break;
    case RMSPROP:
        for (ptrdiff_t i = 0; i < n; i++) {
            memory[i] = (REAL)hyper[0] * memory[i] + (REAL)(1 - hyper[0]) * gradient[i] * gradient[i];
            gradient[i] /= SQRT(memory[i]) + (REAL)hyper[1];
        }
        break;
    case ADAM:
        memory[2 * n] += 1;
        NAMED(adam)(hyper, n, gradient, memory, memory + n, memory[2 * n]);
        break;
    default:
        break;
    }
}

/* How many times its gradient the direction is, where the gradient stays what it is. */
INLINE void NAMED(stretch)(int optimizer, const double *hyper, ptrdiff_t n, const REAL *RESTRICT memory, REAL *RESTRICT factor)
{
    double constant = 1;
    switch (optimizer) {
    case ADAGRAD:
        for (ptrdiff_t i = 0; i < n; i++)
            factor[i] = 1 / (SQRT(memory[i]) + (REAL)hyper[0]);
        return;
    case RMSPROP:
        for (ptrdiff_t i = 0; i < n; i++)
            factor[i] = 1 / (SQRT(memory[i]) + (REAL)hyper[1]);
        return;
    case ADAM:
        constant = 1 / (1 - pow(hyper[1], memory[2 * n]));
        for (ptrdiff_t i = 0; i < n; i++)
            factor[i] = 1 / (SQRT((REAL)constant * memory[n + i]) + (REAL)hyper[2]);
        return;
    case MOMENTUM:
        constant = (1 - pow(hyper[0], memory[n])) / (1 - hyper[0]);
        break;
    case NESTEROV:
        constant = 1 + hyper[0] * (1 - pow(hyper[0], memory[n])) / (1 - hyper[0]);
        break;
    default:
        break;
    }
    for (ptrdiff_t i = 0; i < n; i++)
        factor[i] = (REAL)constant;
}

/* One update of theta from the mean gradient of a batch, which is overwritten. The anchor may be NULL; it takes in `refresh`
   times the gradient. So may l1. */
KERNEL void NAMED(update)(REAL *RESTRICT theta, REAL *RESTRICT gradient, REAL *RESTRICT memory, REAL *RESTRICT anchor,
                          ptrdiff_t n_outputs, ptrdiff_t width, ptrdiff_t d, const REAL *RESTRICT l2, const REAL *RESTRICT l1,
                          double lower, int optimizer, const double *hyper, double rate, double refresh)
{
    const ptrdiff_t n = n_outputs * width;
    const REAL step = (REAL)rate, part = (REAL)refresh, floor = (REAL)lower, decay = optimizer == ADAM ? (REAL)hyper[3] : 0;
    for (ptrdiff_t i = 0; anchor && i < n; i++) {
        const REAL fresh = gradient[i];
        gradient[i] += anchor[i];
        anchor[i] += part * fresh;
    }
    for (ptrdiff_t k = 0; k < n_outputs; k++)
        for (ptrdiff_t j = 0; j < d; j++)
            gradient[k * width + j] += l2[j] * theta[k * width + j];
    NAMED(direct)(optimizer, hyper, n, gradient, memory);
    for (ptrdiff_t k = 0; decay != 0 && k < n_outputs; k++)
        for (ptrdiff_t j = 0; j < d; j++)
            gradient[k * width + j] += decay * theta[k * width + j];
    for (ptrdiff_t i = 0; i < n; i++)
        theta[i] -= step * gradient[i];
    if (l1)
        NAMED(stretch)(optimizer, hyper, n, memory, gradient);
    for (ptrdiff_t k = 0; l1 && k < n_outputs; k++)
        for (ptrdiff_t j = 0; j < d; j++)
            theta[k * width + j] = NAMED(shrink)(theta[k * width + j], step * l1[j] * gradient[k * width + j], floor);
}
