/*
 * blocks_lanes.h - the arithmetic of blocks.h, for one kind of processor.
 *
 * Included by one source for each kind, which says BLOCKS_TARGET. Vectors of
 * four are the compiler's own: where registers are narrower, it takes two.
 * They are only passed by address, since how they are passed by value depends
 * on the processor, too.
 */
#ifndef CLV_BLOCKS_LANES_H
#define CLV_BLOCKS_LANES_H

#include <string.h>

#include "plan/blocks.h"

#define LANES 4
#define DESIGNS CLV_BLOCK_DESIGNS

/* Of four numbers anywhere in memory. */
typedef double lanes
    __attribute__((vector_size(8 * LANES), aligned(8), may_alias));
typedef int64_t masks
    __attribute__((vector_size(8 * LANES), aligned(8), may_alias));

#define BLOCKS_INLINE BLOCKS_TARGET static inline
#define AT(type, array, i) (*(type *)(uintptr_t)&(array)[i])

/* -- What is feasible -- */

BLOCKS_INLINE void keep_at_least(const double *value, double bound,
                                 int64_t *is_in)
{
    for (size_t i = 0; i < DESIGNS; i += LANES) {
        AT(masks, is_in, i) &= AT(const lanes, value, i) >= bound;
    }
}

BLOCKS_INLINE void keep_at_most(const double *value, double bound,
                                int64_t *is_in)
{
    for (size_t i = 0; i < DESIGNS; i += LANES) {
        AT(masks, is_in, i) &= AT(const lanes, value, i) <= bound;
    }
}

/* Infinity less itself is not a number, and no such is equal to 0. */
BLOCKS_INLINE void keep_finite(const double *value, int64_t *is_in)
{
    for (size_t i = 0; i < DESIGNS; i += LANES) {
        lanes x = AT(const lanes, value, i);
        AT(masks, is_in, i) &= x - x == 0;
    }
}

BLOCKS_INLINE void filter_block(const struct clv_rass_columns *c,
                                struct clv_block *b)
{
    size_t left = 0;

    for (size_t k = 0; k < c->bound_count; k++) {
        if (c->bounds[k].at_least) {
            keep_at_least(b->bounded[k], c->bounds[k].bound, b->is_in);
        } else {
            keep_at_most(b->bounded[k], c->bounds[k].bound, b->is_in);
        }
    }
    for (size_t g = 0; g < c->objective_count; g++) {
        keep_finite(b->objective[g], b->is_in);
    }
    for (size_t i = 0; i < DESIGNS; i++) {
        left -= (size_t)b->is_in[i];
    }
    b->feasible = left;
}

/* -- Moments -- */

/* Values less the pivot; 0 for what is not feasible, which `range` has as the
   pivot itself. */
BLOCKS_INLINE void add_values(const double *value, const int64_t *is_in,
                              double pivot, double *ret_values,
                              double low[LANES], double high[LANES],
                              double sum[LANES])
{
    lanes lows = AT(lanes, low, 0);
    lanes highs = AT(lanes, high, 0);
    lanes sums = AT(lanes, sum, 0);
    lanes pivots = lows - lows + pivot;

    for (size_t i = 0; i < DESIGNS; i += LANES) {
        masks in = AT(const masks, is_in, i);
        masks raw =
            ((masks)AT(const lanes, value, i) & in) | ((masks)pivots & ~in);
        lanes x = (lanes)raw;
        masks is_low = x < lows;
        masks is_high = x > highs;
        lows = (lanes)((raw & is_low) | ((masks)lows & ~is_low));
        highs = (lanes)((raw & is_high) | ((masks)highs & ~is_high));
        x -= pivots;
        sums += x;
        AT(lanes, ret_values, i) = x;
    }
    AT(lanes, low, 0) = lows;
    AT(lanes, high, 0) = highs;
    AT(lanes, sum, 0) = sums;
}

/* Sums that do not wait for each other. */
BLOCKS_INLINE double product_of(const double *x, const double *y)
{
    double sum[LANES] = {0};
    lanes a = AT(lanes, sum, 0);
    lanes b = a;
    lanes c = a;
    lanes d = a;

    for (size_t i = 0; i < DESIGNS; i += 4 * LANES) {
        a += AT(const lanes, x, i) * AT(const lanes, y, i);
        b += AT(const lanes, x, i + LANES) * AT(const lanes, y, i + LANES);
        c += AT(const lanes, x, i + 2 * LANES) *
             AT(const lanes, y, i + 2 * LANES);
        d += AT(const lanes, x, i + 3 * LANES) *
             AT(const lanes, y, i + 3 * LANES);
    }
    AT(lanes, sum, 0) = (a + b) + (c + d);
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

BLOCKS_INLINE void add_block(size_t objectives, const struct clv_block *b,
                             struct clv_block_moments *m)
{
    double values[CLV_GOALS][DESIGNS];

    for (size_t g = 0; g < objectives; g++) {
        double p = m->pivot[g];
        double low[LANES] = {p, p, p, p};
        double high[LANES] = {p, p, p, p};
        double sum[LANES] = {0};
        add_values(b->objective[g], b->is_in, p, values[g], low, high, sum);
        for (size_t l = 0; l < LANES; l++) {
            m->low[g] = low[l] < m->low[g] ? low[l] : m->low[g];
            m->high[g] = high[l] > m->high[g] ? high[l] : m->high[g];
        }
        m->sum[g] += (sum[0] + sum[1]) + (sum[2] + sum[3]);
        for (size_t h = 0; h <= g; h++) {
            m->product[g][h] += product_of(values[g], values[h]);
        }
    }
}

/* -- Distances -- */

/* How far from the best each value is. */
BLOCKS_INLINE void measure_away(const double *value, int maximize, double low,
                                double high, double *ret_away)
{
    if (maximize) {
        for (size_t i = 0; i < DESIGNS; i += LANES) {
            AT(lanes, ret_away, i) = high - AT(const lanes, value, i);
        }
    } else {
        for (size_t i = 0; i < DESIGNS; i += LANES) {
            AT(lanes, ret_away, i) = AT(const lanes, value, i) - low;
        }
    }
}

/* In the order of clv_yardstick_square, so that sums are the same. */
BLOCKS_INLINE void square_block(const struct clv_yardstick *y,
                                const struct clv_block *b, double *ret_squares)
{
    double away[CLV_GOALS][DESIGNS];

    for (size_t g = 0; g < y->count; g++) {
        measure_away(b->objective[g], y->maximize[g], y->low[g], y->high[g],
                     away[g]);
    }
    for (size_t k = 0; k < DESIGNS; k += 2 * LANES) {
        double none[LANES] = {0};
        lanes first = AT(lanes, none, 0);
        lanes second = first;
        for (size_t i = 0; i < y->count; i++) {
            const double *row = &y->from_values[i * CLV_GOALS];
            lanes x = AT(lanes, none, 0);
            lanes z = x;
            for (size_t j = 0; j <= i; j++) {
                x += row[j] * AT(const lanes, away[j], k);
                z += row[j] * AT(const lanes, away[j], k + LANES);
            }
            first += x * x;
            second += z * z;
        }
        AT(lanes, ret_squares, k) = first;
        AT(lanes, ret_squares, k + LANES) = second;
    }
}

#endif
