/*
 * exact.h - the best design of a product too large to go through.
 *
 * Who sits where is gone through (engines are few); then every objective and
 * bound is a sum of what the tasks bring, the distance to utopia is a convex
 * quadratic of that sum, and its tangent at any point is a bound from below
 * that separates by tasks. Configurations that the tangent puts beyond the
 * best design found so far are fixed out, and what is left is gone through
 * depth first, bounded likewise. The result is exact: that of going through
 * all designs, ties by number included.
 *
 * The yardstick is that of the tasks' lists: ranges and covariance of all
 * designs, before bounds of all tasks together, in closed form. RASS on a
 * product uses the same whichever way it goes.
 *
 * Pure; each call belongs to one thread.
 */
#ifndef CLV_EXACT_H
#define CLV_EXACT_H

#include "plan/product.h"
#include "plan/yardstick.h"

/* What is asked of the design besides the goals' bounds. Zero: nothing. */
struct clv_exact_question {
    uint32_t avoids;    /* processors, a bit each */
    double memory_most; /* 0: any */
    double workload_most;
    const double *beats; /* values of the objectives that it must be no worse
                            than, and better in one; or NULL */
};

struct clv_exact_answer {
    uint32_t choice[CLV_SEATS];
    double optimality;
    uint64_t visited; /* designs looked at, to show the effort */
};

/* The yardstick of the product's lists. CLEAVE_MEMORY. */
cleave_status clv_exact_yardstick(const struct clv_product *product,
                                  struct clv_yardstick *ret_yardstick,
                                  cleave_error *err);

/* CLEAVE_NOT_FOUND, without a word, if there is no such design. */
cleave_status clv_exact_solve(const struct clv_product *product,
                              const struct clv_yardstick *yardstick,
                              const struct clv_exact_question *question,
                              struct clv_exact_answer *ret_answer,
                              cleave_error *err);

/* The same by going through all designs: what the tests compare with. */
cleave_status clv_exact_by_force(const struct clv_product *product,
                                 const struct clv_yardstick *yardstick,
                                 const struct clv_exact_question *question,
                                 struct clv_exact_answer *ret_answer,
                                 cleave_error *err);

#endif
