/*
 * Vectors of one width, and what is done with a panel of that many units; lstm_steps.h includes this file for each.
 */

INLINE VECTOR WIDE(load)(const float *from)
{
    return *(const VECTOR *)from;
}

/* Store a vector, or its first lanes where the row ends before it does. */
INLINE void WIDE(store)(float *to, VECTOR value, long count)
{
    if (count >= LANES)
        *(VECTOR *)to = value;
    else if (count > 0)
        memcpy(to, &value, (size_t)count * sizeof *to);
}

/* Load a vector whose row may end before it does; zeros stand beyond. */
INLINE VECTOR WIDE(load_some)(const float *from, long count)
{
    if (count >= LANES)
        return *(const VECTOR *)from;
    VECTOR value = {0};
    memcpy(&value, from, (size_t)count * sizeof *from);
    return value;
}

/*
 * tanh as a ratio of polynomials of degree 13 over 6, with the coefficients of Eigen's float32 tanh (Eigen 3.4,
 * MathFunctionsImpl.h); its error is below 4e-7. NaN stays NaN.
 */
INLINE VECTOR WIDE(hyperbolic)(VECTOR x)
{
    const VECTOR most = (VECTOR){0} + TANH_IS_ONE, least = -most;
    MASK above = x > most;
    x = (VECTOR)((above & (MASK)most) | (~above & (MASK)x));
    MASK below = x < least;
    x = (VECTOR)((below & (MASK)least) | (~below & (MASK)x));
    const VECTOR s = x * x;
    VECTOR p = s * -2.76076847742355e-16f + 2.00018790482477e-13f;
    p = p * s + -8.60467152213735e-11f;
    p = p * s + 5.12229709037114e-08f;
    p = p * s + 1.48572235717979e-05f;
    p = p * s + 6.37261928875436e-04f;
    p = p * s + 4.89352455891786e-03f;
    VECTOR q = s * 1.19825839466702e-06f + 1.18534705686654e-04f;
    q = q * s + 2.26843463243900e-03f;
    q = q * s + 4.89352518554385e-03f;
    return x * p / q;
}

INLINE VECTOR WIDE(sigmoid)(VECTOR x)
{
    return WIDE(hyperbolic)(x * 0.5f) * 0.5f + 0.5f;
}

/* sums[r][v] += sum over k of a[r * row + k * step] * b[k * pitch + v * LANES]: all sums stay in registers. */
INLINE void WIDE(product)(VECTOR (*sums)[GATES], const int rows, const int vectors, const float *a, long row, long step,
                          const float *b, long pitch, long count)
{
    VECTOR kept[ROWS_MOST][GATES];
    _Pragma("GCC unroll 8") for (int r = 0; r < rows; r++)
        _Pragma("GCC unroll 4") for (int v = 0; v < vectors; v++) kept[r][v] = sums[r][v];
    for (long k = 0; k < count; k++, a += step, b += pitch) {
        VECTOR w[GATES];
        _Pragma("GCC unroll 4") for (int v = 0; v < vectors; v++) w[v] = WIDE(load)(b + v * LANES);
        _Pragma("GCC unroll 8") for (int r = 0; r < rows; r++) {
            const float value = a[r * row];
            _Pragma("GCC unroll 4") for (int v = 0; v < vectors; v++) kept[r][v] += w[v] * value;
        }
    }
    _Pragma("GCC unroll 8") for (int r = 0; r < rows; r++)
        _Pragma("GCC unroll 4") for (int v = 0; v < vectors; v++) sums[r][v] = kept[r][v];
}

/* Step t of some sequences, in the units of the panel at `unit`. */
INLINE void WIDE(forward_rows)(const int rows, const struct pass *p, long t, long b, long unit)
{
    const long units = p->units, features = p->features, place = t * p->batch + b;
    const float *w = p->packed + GATES * unit * (1 + features + units);
    VECTOR sums[ROWS_MOST][GATES];
    _Pragma("GCC unroll 8") for (int r = 0; r < rows; r++)
        _Pragma("GCC unroll 4") for (int g = 0; g < GATES; g++) sums[r][g] = WIDE(load)(w + g * LANES);
    w += GATES * LANES;
    WIDE(product)(sums, rows, GATES, p->x + place * features, features, 1, w, GATES * LANES, features);
    w += GATES * LANES * features;
    if (t)
        WIDE(product)(sums, rows, GATES, p->states + (place - p->batch) * units, units, 1, w, GATES * LANES, units);
    for (int r = 0; r < rows; r++) {
        float *gates = p->tape + tape_place(p, t, b + r, unit, LANES), *memory = gates + GATES * LANES;
        const VECTOR i = WIDE(sigmoid)(sums[r][0]), f = WIDE(sigmoid)(sums[r][1]);
        const VECTOR g = WIDE(hyperbolic)(sums[r][2]), o = WIDE(sigmoid)(sums[r][3]);
        VECTOR c = i * g;
        if (t)
            c += f * WIDE(load)(p->tape + tape_place(p, t - 1, b + r, unit, LANES) + GATES * LANES);
        WIDE(store)(gates, i, LANES);
        WIDE(store)(gates + LANES, f, LANES);
        WIDE(store)(gates + 2 * LANES, g, LANES);
        WIDE(store)(gates + 3 * LANES, o, LANES);
        WIDE(store)(memory, c, LANES);
        WIDE(store)(p->states + (place + r) * units + unit, o * WIDE(hyperbolic)(c), units - unit);
        if (t == p->steps - 1)
            WIDE(store)(p->memory + (b + r) * units + unit, c, units - unit);
    }
}

static TARGET void WIDE(forward_panel)(const struct pass *p, long t, long first, long last, long unit)
{
    long b = first;
    for (; b + ROWS_MOST <= last; b += ROWS_MOST)
        WIDE(forward_rows)(ROWS_MOST, p, t, b, unit);
    for (; b + ROWS_SOME <= last; b += ROWS_SOME)
        WIDE(forward_rows)(ROWS_SOME, p, t, b, unit);
    for (; b < last; b++)
        WIDE(forward_rows)(1, p, t, b, unit);
}

/* From the gradients of h and c after step t to those of the gates before their activations, and of c before it. */
static TARGET void WIDE(gates_panel)(const struct pass *p, const struct scratch *s, long t, long first, long last,
                                     long unit)
{
    const long units = p->units, padded = p->padded;
    VECTOR total[GATES];
    for (int g = 0; g < GATES; g++)
        total[g] = WIDE(load)(s->bias + GATES * unit + g * LANES);
    for (long b = first; b < last; b++) {
        const long place = t * p->batch + b;
        const float *gates = p->tape + tape_place(p, t, b, unit, LANES), *memory = gates + GATES * LANES;
        float *grad_state = s->state + (b - first) * padded + unit;
        float *grad_memory = s->memory + (b - first) * padded + unit;
        float *to = s->gates + (b - first) * s->pitch + GATES * unit;
        const VECTOR i = WIDE(load)(gates), f = WIDE(load)(gates + LANES);
        const VECTOR g = WIDE(load)(gates + 2 * LANES), o = WIDE(load)(gates + 3 * LANES);
        const VECTOR tanh_c = WIDE(hyperbolic)(WIDE(load)(memory));
        VECTOR dh = WIDE(load)(grad_state);
        if (p->grad_states)
            dh += WIDE(load_some)(p->grad_states + place * units + unit, units - unit);
        const VECTOR dc = WIDE(load)(grad_memory) + dh * o * (1.0f - tanh_c * tanh_c);
        const VECTOR before = t ? WIDE(load)(p->tape + tape_place(p, t - 1, b, unit, LANES) + GATES * LANES) : (VECTOR){0};
        const VECTOR di = dc * g * i * (1.0f - i), df = dc * before * f * (1.0f - f);
        const VECTOR dg = dc * i * (1.0f - g * g), d_o = dh * tanh_c * o * (1.0f - o);
        WIDE(store)(grad_memory, dc * f, LANES);
        WIDE(store)(to, di, LANES);
        WIDE(store)(to + LANES, df, LANES);
        WIDE(store)(to + 2 * LANES, dg, LANES);
        WIDE(store)(to + 3 * LANES, d_o, LANES);
        total[0] += di;
        total[1] += df;
        total[2] += dg;
        total[3] += d_o;
    }
    for (int g = 0; g < GATES; g++)
        WIDE(store)(s->bias + GATES * unit + g * LANES, total[g], LANES);
}

/* Add to the gradients of some rows of weights, in a panel: what the rows multiply, times the gates' gradients. */
INLINE void WIDE(weight_rows)(const int rows, const float *read, long width, const float *gates, long pitch, long count,
                              float *to, long padded)
{
    VECTOR sums[ROWS_MOST][GATES];
    _Pragma("GCC unroll 8") for (int r = 0; r < rows; r++)
        _Pragma("GCC unroll 4") for (int g = 0; g < GATES; g++)
            sums[r][g] = WIDE(load)(to + r * GATES * padded + g * LANES);
    WIDE(product)(sums, rows, GATES, read, 1, width, gates, pitch, count);
    _Pragma("GCC unroll 8") for (int r = 0; r < rows; r++)
        _Pragma("GCC unroll 4") for (int g = 0; g < GATES; g++)
            WIDE(store)(to + r * GATES * padded + g * LANES, sums[r][g], LANES);
}

static TARGET void WIDE(weight_panel)(const float *read, long width, const float *gates, long pitch, long count,
                                      float *to, long padded)
{
    long m = 0;
    for (; m + ROWS_MOST <= width; m += ROWS_MOST)
        WIDE(weight_rows)(ROWS_MOST, read + m, width, gates, pitch, count, to + m * GATES * padded, padded);
    for (; m + ROWS_SOME <= width; m += ROWS_SOME)
        WIDE(weight_rows)(ROWS_SOME, read + m, width, gates, pitch, count, to + m * GATES * padded, padded);
    for (; m < width; m++)
        WIDE(weight_rows)(1, read + m, width, gates, pitch, count, to + m * GATES * padded, padded);
}

/* Multiply the gates' gradients of some sequences by so many vectors of columns of weights. */
INLINE void WIDE(back_rows)(const int rows, const int vectors, const float *gates, long pitch, const float *w,
                            long count, float *to, long width, long left)
{
    VECTOR sums[ROWS_MOST][GATES];
    _Pragma("GCC unroll 8") for (int r = 0; r < rows; r++)
        _Pragma("GCC unroll 4") for (int v = 0; v < vectors; v++) sums[r][v] = (VECTOR){0};
    WIDE(product)(sums, rows, vectors, gates, pitch, 1, w, vectors * LANES, count);
    _Pragma("GCC unroll 8") for (int r = 0; r < rows; r++)
        _Pragma("GCC unroll 4") for (int v = 0; v < vectors; v++)
            WIDE(store)(to + r * width + v * LANES, sums[r][v], left - v * LANES);
}

INLINE void WIDE(back_columns)(const int vectors, const float *gates, long pitch, const float *w, long count, float *to,
                               long width, long left, long rows)
{
    long b = 0;
    for (; b + ROWS_MOST <= rows; b += ROWS_MOST)
        WIDE(back_rows)(ROWS_MOST, vectors, gates + b * pitch, pitch, w, count, to + b * width, width, left);
    for (; b + ROWS_SOME <= rows; b += ROWS_SOME)
        WIDE(back_rows)(ROWS_SOME, vectors, gates + b * pitch, pitch, w, count, to + b * width, width, left);
    for (; b < rows; b++)
        WIDE(back_rows)(1, vectors, gates + b * pitch, pitch, w, count, to + b * width, width, left);
}

#undef VECTOR
#undef MASK
#undef LANES
#undef WIDE
