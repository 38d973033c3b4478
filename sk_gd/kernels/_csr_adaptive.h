/* Descent by batches of CSR rows with an adaptive optimizer and no penalty, at the price of the stored entries: reference.sweep.
   Included as _csr.h is, after it.

   An update works on the columns of its batch alone, which are gathered, moved as dense ones are, and put back. What a column has
   missed since it was last seen, updates without a gradient, it is given before. AdaGrad does nothing in these, RMSProp forgets, and
   Adam coasts: with mean m and square v at first, the i-th of them is t-th in all and takes

       rate_t / (1 - beta_1^t) * beta_1^i m / (sqrt(beta_2^i v / (1 - beta_2^t)) + epsilon).

   In powers of epsilon / sqrt(v) that is a series whose n-th coefficient over all missed updates is the difference of two sums to the
   end of the epoch, which are known before it begins as the rates are. */

/* Terms of the series, and what a row of its two tables holds beside them. */
#undef TERMS
#undef ROW_OF
#undef LARGEST_RATIO
#define TERMS 4
#define ROW_OF (TERMS + 2)
#define LARGEST_RATIO 1e-3 /* of epsilon to sqrt(v): the terms left out are less than its fourth power */

/* For each update s: the sums from it on of rate B^(n + 1) / A rho_n^i, with A = 1 - beta_1^t, B = sqrt(1 - beta_2^t) and
   rho_n = beta_1 / beta_2^((n + 1) / 2), then rate / A and B. For each number of updates: the powers of rho_n, beta_1 and beta_2. */
INLINE void CSR(tabulate)(const double *rates, ptrdiff_t n, double beta_1, double beta_2, double before, double *sums, double *powers)
{
    double rho[TERMS], of_mean = pow(beta_1, before), of_square = pow(beta_2, before);
    for (int t = 0; t < TERMS; t++)
        rho[t] = beta_1 / pow(beta_2, (t + 1) / 2.0);
    for (ptrdiff_t s = 0; s <= n; s++) {
        double *row = sums + s * ROW_OF, *power = powers + s * ROW_OF;
        row[TERMS] = s < n ? rates[s] / (1 - (of_mean *= beta_1)) : 0;
        row[TERMS + 1] = sqrt(1 - (of_square *= beta_2));
        for (int t = 0; t < ROW_OF; t++)
            power[t] = s == 0 ? 1 : power[t - ROW_OF] * (t < TERMS ? rho[t] : t == TERMS ? beta_1 : beta_2);
        for (int t = 0; t < TERMS; t++)
            row[t] = 0;
    }
    for (ptrdiff_t s = n - 1; s >= 0; s--) {
        double *row = sums + s * ROW_OF, term = row[TERMS];
        for (int t = 0; t < TERMS; t++)
            row[t] = rho[t] * ((term *= row[TERMS + 1]) + row[t + ROW_OF]);
    }
}

/* How home Adam coasts in the updates from `first` to `step`. Where epsilon is not small they are added one by one, until too little
   is left to be seen. */
INLINE double CSR(coast)(const double *sums, const double *powers, ptrdiff_t first, ptrdiff_t step, double mean, double square,
                         double epsilon)
{
    const double *from = sums + first * ROW_OF, *to = sums + step * ROW_OF, *power = powers + (step - first) * ROW_OF;
    const double root = sqrt(square);
    double sum = 0;
    if (epsilon <= LARGEST_RATIO * root) {
        for (int t = TERMS - 1; t >= 0; t--)
            sum = from[t] - power[t] * to[t] - epsilon / root * sum;
        return mean / root * sum;
    }
    for (power = powers + ROW_OF; from < to && power[0] > 1e-17; from += ROW_OF, power += ROW_OF)
        sum += from[TERMS] * power[TERMS] / (sqrt(power[TERMS + 1]) * root / from[TERMS + 1] + epsilon);
    return mean * sum;
}

/* Gives a column the updates from `first` on that come before `step`. */
INLINE void CSR(catch_up)(const Sweep *a, const double *sums, const double *powers, ptrdiff_t j, ptrdiff_t first, ptrdiff_t step)
{
    REAL *theta = a->theta, *memory = a->memory;
    const double *power = powers + (step - first) * ROW_OF;
    for (ptrdiff_t at = j; first < step && a->optimizer != ADAGRAD && at < a->n_outputs * a->width; at += a->width) {
        REAL *square = memory + at;
        if (a->optimizer == ADAM) {
            square += a->n_outputs * a->width;
            if (memory[at] != 0)
                theta[at] = NAMED(shrink)(theta[at] - (REAL)CSR(coast)(sums, powers, first, step, memory[at], *square, a->hyper[2]),
                                          0, (REAL)a->lower); /* a coasting parameter never turns round */
            memory[at] *= (REAL)power[TERMS];
        }
        *square *= (REAL)power[TERMS + 1];
    }
}

/* Copies parameters and memory of some columns from their places to where they lie side by side, or back. */
INLINE void CSR(carry)(const Sweep *a, const ptrdiff_t *columns, ptrdiff_t n, ptrdiff_t slots, REAL *theta, REAL *memory, int back)
{
    for (ptrdiff_t part = 0; part < (1 + slots) * a->n_outputs; part++) {
        const ptrdiff_t slot = part - a->n_outputs;
        REAL *home = slot < 0 ? (REAL *)a->theta + part * a->width : (REAL *)a->memory + slot * a->width;
        REAL *local = slot < 0 ? theta + part * n : memory + slot * n;
        if (back) {
            INDEPENDENT
            for (ptrdiff_t i = 0; i < n; i++)
                home[columns[i]] = local[i];
        } else {
            INDEPENDENT
            for (ptrdiff_t i = 0; i < n; i++)
                local[i] = home[columns[i]];
        }
    }
}

SPARSE_KERNEL double CSR(adaptive)(const Sweep *a)
{
    const ptrdiff_t d = a->d, K = a->n_outputs, fit_intercept = a->width > d, most = a->batch_size, n_steps = (a->n + most - 1) / most;
    const ptrdiff_t slots = a->optimizer == ADAM ? 2 : 1, room = K * (a->room + 1);
    REAL *theta = a->space, *gradient = theta + room, *memory = gradient + room, *z = memory + slots * room + 1;
    REAL *fresh = z + most * K, *targets = fresh + most * K, *weights = targets + most * a->n_targets;
    REAL *count = (REAL *)a->memory + slots * K * a->width; /* of updates; only Adam has one */
    const REAL *data = a->X, *slopes = a->slopes;
    const INDEX *indices = a->indices, *indptr = a->indptr;
    /* Which columns a batch touches, at which place among them each is, and how many updates it has had. */
    ptrdiff_t *touched = a->touched, *place = touched + d + 1, *seen = place + d + 1;
    INDEX *local = a->local;
    double *powers = a->tables, *sums = powers + (n_steps + 1) * ROW_OF, total = 0;
    if (a->optimizer == ADAM)
        CSR(tabulate)(a->rates, n_steps, (REAL)a->hyper[0], (REAL)a->hyper[1], count[0], sums, powers);
    else if (a->optimizer == RMSPROP)
        CSR(tabulate)(a->rates, n_steps, 0, (REAL)a->hyper[0], 0, sums, powers);
    ptrdiff_t work = 0;
    for (ptrdiff_t start = 0, step = 0; start < a->n; start += most, step++) {
        const ptrdiff_t left = a->n - start, b = left < most ? left : most, *batch = a->rows + start;
        ptrdiff_t n_touched = 0, n_local = 0;
        for (ptrdiff_t i = 0; i < b; i++) {
            CSR(fetch)(a, batch + i, left - i);
            CSR(fetch_indices)(a, batch + i, left - i);
            for (INDEX p = indptr[batch[i]]; p < indptr[batch[i] + 1]; p++) {
                /* No branch: whether a column is a new one is anyone's guess. */
                const ptrdiff_t j = indices[p], at = place[j], is_new = (at >= n_touched) | (touched[at] != j);
                touched[n_touched] = j;
                place[j] = is_new ? n_touched : at;
                n_touched += is_new;
                local[n_local++] = (INDEX)place[j];
            }
            if (interrupted(&work, indptr[batch[i] + 1] - indptr[batch[i]]))
                return INTERRUPTED;
        }
        for (ptrdiff_t i = 0; i < n_touched; i++) {
            CSR(catch_up)(a, sums, powers, touched[i], seen[touched[i]], step);
            seen[touched[i]] = step + 1;
        }
        touched[n_touched] = d; /* the intercept, if there is one, misses nothing */
        const ptrdiff_t width = n_touched + fit_intercept;
        CSR(carry)(a, touched, width, slots, theta, memory, 0);
        memset(gradient, 0, (size_t)(K * width) * sizeof(REAL));

        n_local = 0;
        for (ptrdiff_t i = 0; i < b; i++) {
            const ptrdiff_t first = indptr[batch[i]], n = indptr[batch[i] + 1] - first;
            for (ptrdiff_t k = 0; k < K; k++) {
                const REAL *w = theta + k * width;
                z[i * K + k] = CSR(dot)(data + first, local + n_local, n, w) + (fit_intercept ? w[n_touched] : 0);
            }
            n_local += n;
        }
        total += NAMED(meet)(a, batch, b, z, targets, weights, fresh);
        n_local = 0;
        for (ptrdiff_t i = 0; i < b; i++) {
            const ptrdiff_t first = indptr[batch[i]], n = indptr[batch[i] + 1] - first;
            for (ptrdiff_t k = 0; k < K; k++) {
                const REAL change = (fresh[i * K + k] - (slopes ? slopes[batch[i] * K + k] : 0)) / (REAL)b;
                CSR(add)(data + first, local + n_local, n, change, gradient + k * width);
                if (fit_intercept)
                    gradient[k * width + n_touched] += change;
            }
            n_local += n;
            if (interrupted(&work, 2 * n * K))
                return INTERRUPTED;
        }
        if (slots > 1)
            memory[slots * K * width] = count[0];
        NAMED(update)(theta, gradient, memory, NULL, K, width, n_touched, a->l2, a->l1, a->lower, a->optimizer, a->hyper,
                      a->rates[step], 0);
        if (slots > 1)
            count[0] = memory[slots * K * width];
        CSR(carry)(a, touched, width, slots, theta, memory, 1);
    }
    for (ptrdiff_t j = 0; j < d; j++)
        CSR(catch_up)(a, sums, powers, j, seen[j], n_steps);
    return total;
}
