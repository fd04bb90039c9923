/*
 * closest.h - one vector from each of several lists, whose sum is closest to
 * nothing.
 *
 *     least of | offset + x_1 + x_2 + .. |^2,   x_i in list i
 *
 * perhaps with sides: numbers that each vector brings, too, whose sums must
 * not exceed limits; and with a loose part, a vector times the least of some
 * positive numbers over the greatest, one of each choice (fairness is such).
 *
 * The lists may have thousands of vectors and the number of sums be past all
 * counting, for the lists' convex hulls tell most of it: the point of least
 * norm in their sum is found by going to and fro between corners (Frank and
 * Wolfe's method), and its tangent plane, with prices on the sides, is a bound
 * from below that is a sum over lists. Vectors that even with the best of the
 * others lie beyond the best sum found so far are fixed out. What is left is
 * split in two and bounded again, until it is few.
 *
 * Bounds are computed with rounding and used with slack; what a sum is in
 * truth the caller says, who is asked about each one that may be the best.
 * So the answer is as exact as the caller's arithmetic.
 *
 * Pure; belongs to one thread.
 */
#ifndef CLV_CLOSEST_H
#define CLV_CLOSEST_H

#include <stddef.h>
#include <stdint.h>

#include "cleave/status.h"

#define CLV_CLOSEST_LISTS 16
#define CLV_CLOSEST_DIMENSIONS 16
#define CLV_CLOSEST_SIDES 96

struct clv_closest_list {
    size_t count;          /* 1 or more */
    const double *vectors; /* `dimensions` numbers each */
    const double *sides;   /* `sides` numbers each */
    const double *ratios;  /* one each, above 0; NULL without a loose part */
};

/* Filled in by the caller; all is borrowed. */
struct clv_closest {
    size_t lists;
    size_t dimensions;
    size_t sides;
    double offset[CLV_CLOSEST_DIMENSIONS];
    struct clv_closest_list list[CLV_CLOSEST_LISTS];
    double limits[CLV_CLOSEST_SIDES];
    const double *loose;  /* the loose part's vector, or NULL */
    double bound;         /* only sums whose square is at most this matter */
    uint64_t effort_most; /* vectors looked at; then it gives up */
    /*
     * A sum that may be the best: the choices' numbers, one a list. Returns
     * the bound from now on, which is what it was or less.
     */
    double (*offer)(void *self, const uint32_t *at);
    void *self;
    /* Results. */
    uint64_t effort;
    double below; /* no allowed sum's square is less, but for rounding;
                     infinite: no sum is allowed */
};

/* Bounds the whole, and offers a few sums that are likely good; `below` is
   then set. CLEAVE_MEMORY. */
cleave_status clv_closest_look(struct clv_closest *closest, cleave_error *err);

/* Offers all that may be the best. `below` is then the bound that was
   returned last; if it gave up, what it was before. CLEAVE_MEMORY. */
cleave_status clv_closest_search(struct clv_closest *closest,
                                 cleave_error *err);

#endif
