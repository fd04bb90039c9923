/*
 * trials.h - which tasks to try together on which engines, and in what order.
 *
 *     1. each task on each engine, beside hogs
 *     2. pairs of tasks: on one engine, then on two
 *     3. all tasks, of three and more: on one engine, then on all tuples
 *
 * Pure; thread-safe.
 */
#ifndef CLV_TRIALS_H
#define CLV_TRIALS_H

#include <stddef.h>
#include <stdint.h>

#include "profile/contention.h"

/* Trials that are listed; of more, the last are not. */
#define CLV_TRIALS ((size_t)2048)

/* Who takes part. */
struct clv_trial {
    uint32_t seats[CLV_SEATS]; /* engines; CLV_NO_SEAT: does not run */
    int is_of_hogs;            /* one task, with and without hogs */
    int is_needed; /* others add up to those that are not: sets of all that
                      are on different engines */
};

/* Lists; `ret_trials` has room for CLV_TRIALS. Returns how many there are, and
   tells how many there could be. */
size_t clv_trials_list(uint32_t tasks, uint32_t engines,
                       struct clv_trial *ret_trials, double *ret_possible);

#endif
