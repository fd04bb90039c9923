/*
 * dominance.h - which candidates can never be the best.
 *
 * One candidate dominates another if it is no worse in any stake of any
 * formula in use, nor in what decides between equal costs, and if both need
 * the same server, or the better one none: then it is at least as good under
 * all conditions, and the other never the choice. Of equal ones the first
 * stays.
 *
 * Comparing all with all is bounded: after so many comparisons the rest is
 * taken as it is. Pure.
 */
#ifndef CLV_DOMINANCE_H
#define CLV_DOMINANCE_H

#include <stddef.h>
#include <stdint.h>

/* A candidate on its way to a slot. */
struct clv_entrant {
    uint32_t row;
    uint32_t group;  /* 0: needs no server */
    double key;      /* never greater than that of what it dominates */
    float coords[4]; /* what laying out goes by */
};

/*
 * Keeps the places that nothing dominates, sorted by group and key, and
 * returns how many. `rows` are `width` doubles each, less being better.
 */
size_t clv_dominance_prune(struct clv_entrant *places, size_t count,
                           const double *rows, size_t width);

#endif
