/*
 * oracle.h - the design that truly is the fastest, for one who knows the
 * trace.
 *
 * The yardstick of regret: for each inference, every design is played against
 * the true trace, with the costs that the profile expects (the oracle knows
 * the future of the link, not the luck of a single run), and the one whose
 * answer is there first wins. Designs that break a constraint on what does
 * not change (accuracy, memory, head, size, bytes) are out; designs that
 * another one beats in all that takes time are never played.
 *
 * Greedy: the best for each inference, which is also the best for all where
 * one inference's choice does not change what the next one meets.
 *
 * Pure; belongs to one thread.
 */
#ifndef CLV_ORACLE_H
#define CLV_ORACLE_H

#include "plan/world.h"

struct clv_oracle {
    size_t *candidates; /* by time on the device */
    size_t count;
};

/* CLEAVE_NOT_FOUND if no design meets the constraints; CLEAVE_MEMORY. */
cleave_status clv_oracle_init(struct clv_oracle *oracle,
                              const struct clv_space *space,
                              const struct clv_slo *slo,
                              const struct clv_policy *policy,
                              cleave_error *err);

/* Takes an all-zero one, too. */
void clv_oracle_fini(struct clv_oracle *oracle);

/* The design, and when its answer is there; the world is not changed. */
size_t clv_oracle_best(const struct clv_oracle *oracle,
                       const struct clv_world *world, int64_t begin_ns,
                       int64_t *ret_answer_ns);

#endif
