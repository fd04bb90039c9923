/*
 * blocks_lanes.h - the arithmetic of blocks.h, for one kind of processor.
 *
 * Included by one source for each kind, which says BLOCKS_TARGET, and
 * BLOCKS_LESSER and BLOCKS_GREATER where the processor has these in one step.
 * Vectors of four are the compiler's own: where registers are narrower, it
 * takes two. They are only passed by address, since how they are passed by
 * value depends on the processor, too.
 *
 * Everything goes by four vectors at a time: what is added up, or compared,
 * one after the other would wait for itself.
 */
#ifndef CLV_BLOCKS_LANES_H
#define CLV_BLOCKS_LANES_H

#include <math.h>
#include <string.h>

#include "plan/blocks.h"

#define LANES 4
#define STEP (4 * LANES)
#define DESIGNS CLV_BLOCK_DESIGNS

/* Of four numbers anywhere in memory. */
typedef double lanes
    __attribute__((vector_size(8 * LANES), aligned(8), may_alias));
typedef int64_t masks
    __attribute__((vector_size(8 * LANES), aligned(8), may_alias));
typedef int8_t flags __attribute__((vector_size(LANES), aligned(1), may_alias));

#define BLOCKS_INLINE BLOCKS_TARGET static inline
#define AT(type, array, i) (*(type *)(uintptr_t)&(array)[i])

/* Where a mask is set the first, else the second. */
#define EITHER(mask, x, y) \
    ((lanes)(((masks)(x) & (mask)) | ((masks)(y) & ~(mask))))

#ifndef BLOCKS_LESSER
#define BLOCKS_LESSER(x, y) EITHER((masks)((x) < (y)), x, y)
#define BLOCKS_GREATER(x, y) EITHER((masks)((x) > (y)), x, y)
#endif

/* The flags of four designs as masks. */
#ifndef BLOCKS_FLAGGED
#define BLOCKS_FLAGGED(is_in) \
    __builtin_convertvector(AT(const flags, is_in, 0), masks)
#endif

#define SAME(x) ((lanes){(x), (x), (x), (x)})

/* Asks for sixteen numbers that are read soon. */
BLOCKS_INLINE void fetch(const double *values)
{
    __builtin_prefetch(values);
    __builtin_prefetch(values + STEP / 2);
}

/* -- What is feasible -- */

BLOCKS_INLINE void keep_at_least(const double *value, double bound,
                                 masks is_in[4])
{
    is_in[0] &= AT(const lanes, value, 0) >= bound;
    is_in[1] &= AT(const lanes, value, LANES) >= bound;
    is_in[2] &= AT(const lanes, value, 2 * LANES) >= bound;
    is_in[3] &= AT(const lanes, value, 3 * LANES) >= bound;
}

BLOCKS_INLINE void keep_at_most(const double *value, double bound,
                                masks is_in[4])
{
    is_in[0] &= AT(const lanes, value, 0) <= bound;
    is_in[1] &= AT(const lanes, value, LANES) <= bound;
    is_in[2] &= AT(const lanes, value, 2 * LANES) <= bound;
    is_in[3] &= AT(const lanes, value, 3 * LANES) <= bound;
}

/* Infinity less itself is not a number, and no such is equal to 0. */
BLOCKS_INLINE void keep_finite(const double *value, masks is_in[4])
{
    lanes a = AT(const lanes, value, 0);
    lanes b = AT(const lanes, value, LANES);
    lanes c = AT(const lanes, value, 2 * LANES);
    lanes d = AT(const lanes, value, 3 * LANES);

    is_in[0] &= a - a == 0;
    is_in[1] &= b - b == 0;
    is_in[2] &= c - c == 0;
    is_in[3] &= d - d == 0;
}

BLOCKS_INLINE void filter_block(const struct clv_rass_columns *c,
                                struct clv_block *b)
{
    size_t left = 0;

    for (size_t i = 0; i < DESIGNS; i += STEP) {
        masks in[4];
        for (size_t v = 0; v < 4; v++) {
            in[v] = BLOCKS_FLAGGED(b->is_in + i + v * LANES);
        }
        for (size_t k = 0; k < c->bound_count; k++) {
            fetch(b->bounded[k] + i + b->ahead);
            if (c->bounds[k].at_least) {
                keep_at_least(b->bounded[k] + i, c->bounds[k].bound, in);
            } else {
                keep_at_most(b->bounded[k] + i, c->bounds[k].bound, in);
            }
        }
        for (size_t g = 0; g < c->objective_count; g++) {
            keep_finite(b->objective[g] + i, in);
        }
        for (size_t v = 0; v < 4; v++) {
            AT(flags, b->is_in, i + v * LANES) =
                __builtin_convertvector(in[v], flags);
        }
    }
    for (size_t i = 0; i < DESIGNS; i++) {
        left += b->is_in[i] != 0;
    }
    b->feasible = left;
}

/* -- Moments -- */

/* Every fourth vector of one objective. */
struct chain {
    lanes low;
    lanes high;
    lanes sum;
};

/* Four values less the pivot; 0 for what is not feasible. */
BLOCKS_INLINE void add_values(struct chain *c, const double *value,
                              const int8_t *is_in, double pivot,
                              double *ret_values)
{
    masks in = BLOCKS_FLAGGED(is_in);
    lanes x = EITHER(in, AT(const lanes, value, 0), SAME(pivot));

    c->low = BLOCKS_LESSER(x, c->low);
    c->high = BLOCKS_GREATER(x, c->high);
    x -= pivot;
    c->sum += x;
    AT(lanes, ret_values, 0) = x;
}

BLOCKS_INLINE void add_objective(const struct clv_block *b, size_t g,
                                 struct clv_block_moments *m,
                                 double *ret_values)
{
    double pivot = m->pivot[g];
    struct chain c = {SAME(pivot), SAME(pivot), SAME(0)};
    struct chain d = c;
    struct chain e = c;
    struct chain f = c;
    lanes low;
    lanes high;
    lanes sum;

    for (size_t i = 0; i < DESIGNS; i += STEP) {
        const double *value = b->objective[g] + i;
        const int8_t *in = b->is_in + i;
        double *to = ret_values + i;
        fetch(value + b->ahead);
        add_values(&c, value, in, pivot, to);
        add_values(&d, value + LANES, in + LANES, pivot, to + LANES);
        add_values(&e, value + 2 * LANES, in + 2 * LANES, pivot,
                   to + 2 * LANES);
        add_values(&f, value + 3 * LANES, in + 3 * LANES, pivot,
                   to + 3 * LANES);
    }
    c.low = BLOCKS_LESSER(c.low, d.low);
    e.low = BLOCKS_LESSER(e.low, f.low);
    low = BLOCKS_LESSER(c.low, e.low);
    c.high = BLOCKS_GREATER(c.high, d.high);
    e.high = BLOCKS_GREATER(e.high, f.high);
    high = BLOCKS_GREATER(c.high, e.high);
    sum = (c.sum + d.sum) + (e.sum + f.sum);
    for (size_t l = 0; l < LANES; l++) {
        m->low[g] = low[l] < m->low[g] ? low[l] : m->low[g];
        m->high[g] = high[l] > m->high[g] ? high[l] : m->high[g];
    }
    m->sum[g] += (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

BLOCKS_INLINE double product_of(const double *x, const double *y)
{
    lanes a = SAME(0);
    lanes b = a;
    lanes c = a;
    lanes d = a;
    lanes sum;

    for (size_t i = 0; i < DESIGNS; i += STEP) {
        a += AT(const lanes, x, i) * AT(const lanes, y, i);
        b += AT(const lanes, x, i + LANES) * AT(const lanes, y, i + LANES);
        c += AT(const lanes, x, i + 2 * LANES) *
             AT(const lanes, y, i + 2 * LANES);
        d += AT(const lanes, x, i + 3 * LANES) *
             AT(const lanes, y, i + 3 * LANES);
    }
    sum = (a + b) + (c + d);
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

BLOCKS_INLINE void add_block(size_t objectives, const struct clv_block *b,
                             struct clv_block_moments *m)
{
    double values[CLV_GOALS][DESIGNS];

    for (size_t g = 0; g < objectives; g++) {
        add_objective(b, g, m, values[g]);
        for (size_t h = 0; h <= g; h++) {
            m->product[g][h] += product_of(values[g], values[h]);
        }
    }
}

/* -- Distances -- */

/* How far from the best sixteen values of each objective are. */
BLOCKS_INLINE void measure_away(const struct clv_yardstick *y,
                                const struct clv_block *b, size_t k,
                                double ret_away[CLV_GOALS][STEP])
{
    for (size_t g = 0; g < y->count; g++) {
        const double *value = b->objective[g] + k;
        double best = y->maximize[g] ? y->high[g] : y->low[g];
        double sign = y->maximize[g] ? -1 : 1;
        fetch(value + b->ahead);
        for (size_t i = 0; i < STEP; i += LANES) {
            AT(lanes, ret_away[g], i) =
                (AT(const lanes, value, i) - best) * sign;
        }
    }
}

/* Squares of four vectors, in the order of clv_yardstick_square, so that sums
   are the same. */
BLOCKS_INLINE void square_step(const struct clv_yardstick *y,
                               double away[CLV_GOALS][STEP],
                               double ret_squares[STEP])
{
    lanes a = SAME(0);
    lanes b = a;
    lanes c = a;
    lanes d = a;

    for (size_t i = 0; i < y->count; i++) {
        const double *row = &y->from_values[i * CLV_GOALS];
        lanes p = SAME(0);
        lanes q = p;
        lanes r = p;
        lanes s = p;
        for (size_t j = 0; j <= i; j++) {
            p += row[j] * AT(const lanes, away[j], 0);
            q += row[j] * AT(const lanes, away[j], LANES);
            r += row[j] * AT(const lanes, away[j], 2 * LANES);
            s += row[j] * AT(const lanes, away[j], 3 * LANES);
        }
        a += p * p;
        b += q * q;
        c += r * r;
        d += s * s;
    }
    AT(lanes, ret_squares, 0) = a;
    AT(lanes, ret_squares, LANES) = b;
    AT(lanes, ret_squares, 2 * LANES) = c;
    AT(lanes, ret_squares, 3 * LANES) = d;
}

BLOCKS_INLINE double square_block(const struct clv_yardstick *y,
                                  const struct clv_block *b,
                                  double *ret_squares)
{
    double away[CLV_GOALS][STEP];
    lanes least = SAME(INFINITY);

    for (size_t k = 0; k < DESIGNS; k += STEP) {
        measure_away(y, b, k, away);
        square_step(y, away, ret_squares + k);
        for (size_t v = k; v < k + STEP; v += LANES) {
            masks in = BLOCKS_FLAGGED(b->is_in + v);
            lanes x = EITHER(in, AT(lanes, ret_squares, v), SAME(INFINITY));
            AT(lanes, ret_squares, v) = x;
            least = BLOCKS_LESSER(x, least);
        }
    }
    for (size_t l = 1; l < LANES; l++) {
        least[0] = least[l] < least[0] ? least[l] : least[0];
    }
    return least[0];
}

/* -- What is rare -- */

BLOCKS_INLINE int is_any(const masks in[4])
{
    masks any = (in[0] | in[1]) | (in[2] | in[3]);

    return ((any[0] | any[1]) | (any[2] | any[3])) != 0;
}

/* Counts of one lane each. */
struct parting {
    lanes low;
    lanes high;
    masks known;
    masks below;
    masks to_low;
    masks to_high;
};

/* Which of four values are between. Of what is not finite nothing is left when
   it is taken from itself. */
BLOCKS_INLINE void part(struct parting *p, const double *value,
                        const int8_t *is_in, masks *ret_between)
{
    lanes x = AT(const lanes, value, 0);
    masks known = BLOCKS_FLAGGED(is_in) & (x - x == 0) & (x != CLV_UNKNOWN);

    masks to_low = known & (x <= p->low);

    p->known -= known;
    p->below -= known & (x < p->low);
    p->to_low -= to_low;
    p->to_high -= known & (x <= p->high);
    *ret_between = known & (x < p->high) & ~to_low;
}

BLOCKS_INLINE void part_block(const double *value, const int8_t *is_in,
                              struct clv_block_parts *parts)
{
    struct parting p = {.low = SAME(parts->low), .high = SAME(parts->high)};
    int64_t between[STEP];
    masks in[4];

    for (size_t i = 0; i < DESIGNS; i += STEP) {
        fetch(value + i + parts->ahead);
        for (size_t v = 0; v < 4; v++) {
            size_t at = i + v * LANES;
            part(&p, value + at, is_in + at, &in[v]);
        }
        if (!is_any(in)) {
            continue;
        }
        memcpy(between, in, sizeof between);
        for (size_t k = 0; k < STEP; k++) {
            parts->between[parts->count] = value[i + k];
            parts->count += (size_t)-between[k];
        }
    }
    for (size_t l = 0; l < LANES; l++) {
        parts->known += (size_t)p.known[l];
        parts->below += (size_t)p.below[l];
        parts->to_low += (size_t)p.to_low[l];
        parts->to_high += (size_t)p.to_high[l];
    }
}

/* Leaves those of four that get over. */
BLOCKS_INLINE void leap(const struct clv_block_hurdle *hurdle, size_t i,
                        masks *is_in)
{
    *is_in &= hurdle->sign * AT(const lanes, hurdle->value, i) >= hurdle->bound;
}

BLOCKS_INLINE size_t list_block(const struct clv_block_hurdle hurdles[2],
                                const int8_t *is_in, uint32_t first,
                                uint32_t *list)
{
    size_t count = 0;
    int64_t over[STEP];
    masks in[4];

    for (size_t i = 0; i < DESIGNS; i += STEP) {
        fetch(hurdles[0].value + i + hurdles[0].ahead);
        fetch(hurdles[1].value + i + hurdles[1].ahead);
        for (size_t v = 0; v < 4; v++) {
            size_t at = i + v * LANES;
            in[v] = BLOCKS_FLAGGED(is_in + at);
            leap(&hurdles[0], at, &in[v]);
            leap(&hurdles[1], at, &in[v]);
        }
        if (!is_any(in)) {
            continue;
        }
        memcpy(over, in, sizeof over);
        for (size_t k = 0; k < STEP; k++) {
            list[count] = first + (uint32_t)(i + k);
            count += (size_t)-over[k];
        }
    }
    return count;
}

#endif
