/*
 * scheduler_bed.h - a random space of candidates, SLOs from text, random
 * conditions, and a scheduler by its policy's name: for the tests of deciding.
 */
#ifndef SCHEDULER_BED_H
#define SCHEDULER_BED_H

#include "costs_bed.h"

#include <string.h>

#include "plan/scheduler.h"

static const struct clv_power scheduler_bed_power = {4, 2, 1};

struct scheduler_bed {
    struct clv_costs costs;
    struct clv_space space;
};

static inline void scheduler_bed_init(struct scheduler_bed *w, struct seeded *s,
                                      const struct costs_bed *bed)
{
    costs_bed_fill(&w->costs, s, bed);
    assert_int_equal(
        clv_space_init(&w->space, &w->costs, &scheduler_bed_power, NULL),
        CLEAVE_OK);
}

static inline void scheduler_bed_fini(struct scheduler_bed *w)
{
    clv_space_fini(&w->space);
    clv_costs_fini(&w->costs);
}

static inline double scheduler_bed_between(struct seeded *s, double low,
                                           double high)
{
    return low * pow(high / low, seeded_unit(s));
}

static inline struct clv_conditions scheduler_bed_conditions(struct seeded *s,
                                                             size_t servers)
{
    struct clv_conditions c = clv_conditions_reference(servers);

    c.slowdown = scheduler_bed_between(s, 0.5, 80);
    for (size_t i = 0; i < servers; i++) {
        struct clv_reach *r = &c.reach[i];
        r->up_bps = scheduler_bed_between(s, 1e5, 1e9);
        r->down_bps = scheduler_bed_between(s, 1e5, 1e9);
        r->rtt_ns = scheduler_bed_between(s, 1e5, 2e8);
        r->rate_std = seeded_below(s, 2) ? 0.6 * seeded_unit(s) : 0;
        r->slowdown = scheduler_bed_between(s, 0.5, 10);
        r->queue_ns =
            seeded_below(s, 2) ? scheduler_bed_between(s, 1e4, 1e8) : 0;
        r->slots = 1 + seeded_below(s, 4);
        r->is_up = seeded_below(s, 6) != 0;
    }
    return c;
}

static inline struct clv_slo scheduler_bed_slo(const char *objective,
                                               const char *constraint)
{
    struct clv_slo slo = clv_slo_default();

    assert_int_equal(
        clv_objective_parse(strncmp(objective, "through", 7) == 0 ? "maximize"
                                                                  : "minimize",
                            objective, 0, &slo.objectives[0], NULL),
        CLEAVE_OK);
    slo.constraint_count = constraint != NULL;
    if (constraint != NULL) {
        assert_int_equal(
            clv_constraint_parse(constraint, &slo.constraints[0], NULL),
            CLEAVE_OK);
    }
    return slo;
}

static inline struct clv_scheduler *scheduler_bed_scheduler(
    const struct scheduler_bed *w, const struct clv_slo *slo, const char *name)
{
    const struct clv_policy *policy;
    struct clv_scheduler *scheduler;

    assert_int_equal(clv_policy_find(name, &policy, NULL), CLEAVE_OK);
    assert_int_equal(
        clv_scheduler_new(&w->space, slo, policy, &scheduler, NULL), CLEAVE_OK);
    return scheduler;
}

#endif
