/*
 * nearest.h - the design that comes nearest to what cannot be had.
 *
 * Where no design keeps all bounds, something has to run all the same: of the
 * designs that break the situation's bounds the least (a server away, a
 * processor out of order, too much memory), the one with the least worst
 * violation of the goals' (clv_product_violation); of equals the one with the
 * least sum of violations.
 *
 * A small product is gone through. In a large one each task's choice is
 * improved in turn until none can be, from several places to start: exact
 * where tasks do not press upon each other, else near enough for what is a
 * last resort.
 *
 * Pure; thread-safe.
 */
#ifndef CLV_NEAREST_H
#define CLV_NEAREST_H

#include "plan/product.h"

/* Designs that are gone through one by one. */
#define CLV_NEAREST_MOST 4096

/* How far a design is from what is wanted; all 0: it keeps everything. */
struct clv_nearness {
    uint32_t away;         /* tasks that need a server that is not up */
    uint32_t out_of_order; /* processors of the situation's that it uses */
    double memory;         /* times the situation's, less 1 */
    double worst;          /* of the goals' bounds: value to bound, less 1 */
    double sum;
};

/* `goals` need not be the product's. */
struct clv_nearness clv_nearness_of(const struct clv_product *product,
                                    const struct clv_goals *goals,
                                    const uint32_t *choice);

/* `ret_choice` has room for all tasks. */
void clv_nearest(const struct clv_product *product, uint32_t *ret_choice);

#endif
