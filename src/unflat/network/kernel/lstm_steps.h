/*
 * The steps of a layer for one kind of processor; lstm.c includes this file once for each.
 *
 * Defined where it is included: NAME(x), a name of this kind's own; KIND, what it is called; TARGET, the attribute of its functions; WIDTH,
 * floats of a vector; HALF, half of it, or 0 where a vector is not worth halving; ROWS_MOST, ROWS_SOME, how many rows
 * of sums stay in registers beside four vectors of weights. All are taken back at its end.
 *
 * Units stand in panels of WIDTH, the last of HALF where that is enough: of each panel its gates i, f, g, o, one
 * vector each. Weights, gates and their gradients all have this order, so that a panel's four gates are the four
 * vectors of one product's sums, and become c and h without leaving the registers.
 */

#define INLINE static inline __attribute__((always_inline)) TARGET
#define GATES 4

typedef float NAME(Full) __attribute__((vector_size(4 * WIDTH), aligned(4), may_alias));
typedef int NAME(FullMask) __attribute__((vector_size(4 * WIDTH), may_alias));

#define VECTOR NAME(Full)
#define MASK NAME(FullMask)
#define LANES WIDTH
#define WIDE(x) NAME(x##_full)
#include "lstm_panel.h"

#if HALF
typedef float NAME(Part) __attribute__((vector_size(4 * HALF), aligned(4), may_alias));
typedef int NAME(PartMask) __attribute__((vector_size(4 * HALF), may_alias));
#define VECTOR NAME(Part)
#define MASK NAME(PartMask)
#define LANES HALF
#define WIDE(x) NAME(x##_half)
#include "lstm_panel.h"
#endif

static long NAME(padded)(long units)
{
    const long unit = HALF ? HALF : WIDTH;
    return (units + unit - 1) / unit * unit;
}

/* Put some rows of weights beside each other, column by column, and zeros where there are fewer rows than lanes. */
INLINE void NAME(pack_lanes)(const float *rows, long width, long some, const long lanes, float *to)
{
    if (some < lanes) {
        for (long k = 0; k < width; k++)
            for (long lane = 0; lane < lanes; lane++)
                to[k * GATES * lanes + lane] = lane < some ? rows[lane * width + k] : 0.0f;
        return;
    }
    for (long k = 0; k < width; k++)
        for (long lane = 0; lane < lanes; lane++)
            to[k * GATES * lanes + lane] = rows[lane * width + k];
}

INLINE void NAME(pack_panel)(const struct pass *p, long unit, const long lanes)
{
    const long features = p->features, units = p->units, rows = 1 + features + units;
    const long some = units - unit < lanes ? units - unit : lanes;
    float *to = p->packed + GATES * unit * rows;
    for (int g = 0; g < GATES; g++, to += lanes) {
        const long row = g * units + unit;
        for (long lane = 0; lane < lanes; lane++)
            to[lane] = lane < some ? p->bias_input[row + lane] + p->bias_hidden[row + lane] : 0.0f;
        NAME(pack_lanes)(p->weight_input + row * features, features, some, lanes, to + GATES * lanes);
        NAME(pack_lanes)(p->weight_hidden + row * units, units, some, lanes, to + (1 + features) * GATES * lanes);
    }
}

/* Put the weights in the order in which the forward products read them: of each panel its biases, then row by row. */
static TARGET void NAME(pack_forward)(void *job, long panel)
{
    const struct pass *p = job;
    const long unit = panel * WIDTH;
    if (p->padded - unit >= WIDTH)
        NAME(pack_panel)(p, unit, WIDTH);
#if HALF
    else
        NAME(pack_panel)(p, unit, HALF);
#endif
}

static TARGET void NAME(forward)(void *job, long share)
{
    const struct pass *p = job;
    const long first = p->batch * share / p->shares, last = p->batch * (share + 1) / p->shares;
    for (long t = 0; t < p->steps; t++) {
        long unit = 0;
        for (; unit + WIDTH <= p->padded; unit += WIDTH)
            NAME(forward_panel_full)(p, t, first, last, unit);
#if HALF
        if (unit < p->padded)
            NAME(forward_panel_half)(p, t, first, last, unit);
#endif
    }
}

/* How many columns of a matrix a product takes together, of so many that are left: up to four vectors, or half of one. */
static long NAME(columns_together)(long left)
{
    return left >= 4 * WIDTH ? 4 * WIDTH : left >= WIDTH ? left / WIDTH * WIDTH : left;
}

/* Put a matrix (4 units, width) in the order in which the products of the gates' gradients read it. */
static TARGET void NAME(pack_matrix)(const struct pass *p, const float *weights, long width, float *packed)
{
    const long count = GATES * p->padded, all = NAME(padded)(width);
    for (long column = 0, lanes; column < all; column += lanes) {
        lanes = NAME(columns_together)(all - column);
        const long some = width - column < lanes ? width - column : lanes;
        float *to = packed + count * column;
        for (long unit = 0; unit < p->padded; unit += WIDTH) {
            const long tall = p->padded - unit < WIDTH ? p->padded - unit : WIDTH;
            for (int g = 0; g < GATES; g++)
                for (long lane = 0; lane < tall; lane++, to += lanes) {
                    memset(to, 0, (size_t)lanes * sizeof *to);
                    if (unit + lane < p->units)
                        memcpy(to, weights + (g * p->units + unit + lane) * width + column, (size_t)some * sizeof *to);
                }
        }
    }
}

static TARGET void NAME(pack_backward)(void *job, long which)
{
    const struct pass *p = job;
    if (which == 0)
        NAME(pack_matrix)(p, p->weight_hidden, p->units, p->packed);
    else
        NAME(pack_matrix)(p, p->weight_input, p->features, p->packed + GATES * p->padded * p->padded);
}

/* Multiply the gates' gradients by a packed matrix; `width` is what rows of the result have, `columns` how many count. */
static TARGET void NAME(back)(const struct pass *p, const struct scratch *s, const float *packed, float *to, long width,
                              long columns, long rows)
{
    const long count = GATES * p->padded, all = NAME(padded)(columns);
    for (long column = 0, lanes; column < all; column += lanes) {
        lanes = NAME(columns_together)(all - column);
        const float *w = packed + count * column;
        const long left = width - column;
        switch (lanes / WIDTH) {
        case 4:
            NAME(back_columns_full)(4, s->gates, s->pitch, w, count, to + column, width, left, rows);
            break;
        case 3:
            NAME(back_columns_full)(3, s->gates, s->pitch, w, count, to + column, width, left, rows);
            break;
        case 2:
            NAME(back_columns_full)(2, s->gates, s->pitch, w, count, to + column, width, left, rows);
            break;
        case 1:
            NAME(back_columns_full)(1, s->gates, s->pitch, w, count, to + column, width, left, rows);
            break;
#if HALF
        default:
            NAME(back_columns_half)(1, s->gates, s->pitch, w, count, to + column, width, left, rows);
#endif
        }
    }
}

static TARGET void NAME(add_weights)(const float *read, long width, const struct pass *p, const struct scratch *s,
                                     long rows, float *to)
{
    long unit = 0;
    for (; unit + WIDTH <= p->padded; unit += WIDTH)
        NAME(weight_panel_full)(read, width, s->gates + GATES * unit, s->pitch, rows, to + GATES * unit, p->padded);
#if HALF
    if (unit < p->padded)
        NAME(weight_panel_half)(read, width, s->gates + GATES * unit, s->pitch, rows, to + GATES * unit, p->padded);
#endif
}

/* All steps of some sequences, last step first. */
static TARGET void NAME(backward_block)(const struct pass *p, const struct scratch *s, long first, long last)
{
    const long rows = last - first, padded = p->padded, features = p->features, units = p->units;
    memset(s->state, 0, (size_t)(rows * padded) * sizeof *s->state);
    memset(s->memory, 0, (size_t)(rows * padded) * sizeof *s->memory);
    for (long b = 0; b < rows && p->grad_memory; b++)
        memcpy(s->memory + b * padded, p->grad_memory + (first + b) * units, (size_t)units * sizeof *s->memory);
    for (long t = p->steps - 1; t >= 0; t--) {
        const long place = t * p->batch + first;
        long unit = 0;
        for (; unit + WIDTH <= padded; unit += WIDTH)
            NAME(gates_panel_full)(p, s, t, first, last, unit);
#if HALF
        if (unit < padded)
            NAME(gates_panel_half)(p, s, t, first, last, unit);
#endif
        if (t)
            NAME(back)(p, s, p->packed, s->state, padded, units, rows);
        if (p->grad_x)
            NAME(back)(p, s, p->packed + GATES * padded * padded, p->grad_x + place * features, features, features,
                       rows);
        NAME(add_weights)(p->x + place * features, features, p, s, rows, s->weights);
        if (t)
            NAME(add_weights)(p->states + (place - p->batch) * units, units, p, s, rows,
                              s->weights + features * GATES * padded);
    }
}

static TARGET void NAME(backward)(void *job, long share)
{
    const struct pass *p = job;
    const long first = p->batch * share / p->shares, last = p->batch * (share + 1) / p->shares;
    const struct scratch s = scratch_of(p, share);
    const long blocks = (last - first + BLOCK - 1) / BLOCK;
    memset(s.bias, 0, (size_t)((1 + p->features + p->units) * GATES * p->padded) * sizeof *s.bias);
    for (long block = 0; block < blocks; block++)
        NAME(backward_block)(p, &s, first + (last - first) * block / blocks, first + (last - first) * (block + 1) / blocks);
}

/* Add up the shares' gradients of the weights of a panel's units, always in the same order, and put them in torch's. */
static TARGET void NAME(merge)(void *job, long panel)
{
    const struct pass *p = job;
    const long features = p->features, units = p->units, unit = panel * WIDTH, all = GATES * p->padded;
    const long lanes = p->padded - unit < WIDTH ? p->padded - unit : WIDTH;
    for (long share = 1; share < p->shares; share++) {
        float *sum = scratch_of(p, 0).bias + GATES * unit;
        const float *more = scratch_of(p, share).bias + GATES * unit;
        for (long k = 0; k < 1 + features + units; k++)
            for (long n = 0; n < GATES * lanes; n++)
                sum[k * all + n] += more[k * all + n];
    }
    const float *sum = scratch_of(p, 0).bias + GATES * unit;
    for (int g = 0; g < GATES; g++)
        for (long lane = 0; lane < lanes && unit + lane < units; lane++) {
            const long row = g * units + unit + lane;
            const float *column = sum + g * lanes + lane;
            p->grad_bias[row] = column[0];
            for (long k = 0; k < features; k++)
                p->grad_weight_input[row * features + k] = column[(1 + k) * all];
            for (long k = 0; k < units; k++)
                p->grad_weight_hidden[row * units + k] = column[(1 + features + k) * all];
        }
}

static const struct kind NAME(kind) = {
    KIND, WIDTH, NAME(padded), NAME(pack_forward), NAME(forward), NAME(pack_backward), NAME(backward), NAME(merge),
};

#undef INLINE
#undef GATES
#undef NAME
#undef KIND
#undef TARGET
#undef WIDTH
#undef HALF
#undef ROWS_MOST
#undef ROWS_SOME
