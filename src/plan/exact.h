/*
 * exact.h - the best design of a product too large to go through.
 *
 * Who sits where is gone through (engines are few; seating.h); then every
 * objective and bound is a sum of what the tasks bring, and the best design is
 * the one whose sum is closest to utopia (closest.h). The result is exact:
 * that of going through all designs, ties by number included.
 *
 * The yardstick is that of the tasks' lists: ranges and covariance of all
 * designs that keep each task's own bounds, before bounds of all tasks
 * together, in closed form. (Fairness is no sum: where it is a goal, moments
 * are those of 65,536 designs spread evenly over all, and its range is 0 to
 * 1.) RASS uses it for products of more than CLV_RASS_MOST designs.
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
    double square; /* of the distance */
    double optimality;
    uint64_t visited; /* designs looked at, to show the effort */
    int is_proven;    /* 0: the search was given up after some ten seconds, and
                         a better design may exist */
};

/* The yardstick of the product's lists, and how many designs they have (NULL:
   not wanted). CLEAVE_NOT_FOUND, without a word, if that is none; CLEAVE_LIMIT
   for more ways to sit than CLV_SEATINGS_MOST; CLEAVE_MEMORY. */
cleave_status clv_exact_yardstick(const struct clv_product *product,
                                  struct clv_yardstick *ret_yardstick,
                                  double *ret_designs, cleave_error *err);

/* CLEAVE_NOT_FOUND, without a word, if there is no such design; else as
   above. */
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
