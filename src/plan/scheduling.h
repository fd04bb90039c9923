/*
 * scheduling.h - what scheduler.c and explain.c share, and nobody else.
 */
#ifndef CLV_SCHEDULING_H
#define CLV_SCHEDULING_H

#include "plan/problem.h"
#include "plan/scheduler.h"

#define CLV_AIMS 2

struct clv_scheduler {
    const struct clv_space *space;
    struct clv_slo slo;
    const struct clv_policy *policy;
    double patience;
    struct clv_field field;
    struct clv_search search;
    struct clv_problem problems[CLV_AIMS];
    size_t problem_count;
    uint32_t hints[CLV_AIMS][CLV_HINTS]; /* active rows */
    /* each of a known row */
    uint8_t *out; /* excluded */
    uint8_t *wanted_out;
    uint8_t *in;    /* for laying out */
    double *ratios; /* to the constant constraint that is worst; 0: all met */
    int *broken;    /* that constraint, or -1 */
    double constant_ratio; /* of the active ones */
};

/* A decision without hysteresis. */
struct clv_answer {
    const struct clv_problem *problem;
    uint32_t row;
    int is_feasible;
    int is_nearest; /* no active row passes all tests */
    int broken;     /* constraint of the SLO, or -1 */
};

struct clv_answer clv_scheduler_solve(struct clv_scheduler *scheduler,
                                      const struct clv_conditions *conditions);

/* As clv_predict, but accuracy as the SLO counts it. */
double clv_scheduler_value(const struct clv_scheduler *scheduler, uint32_t row,
                           const struct clv_conditions *conditions,
                           struct clv_measure measure);

#endif
