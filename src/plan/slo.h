/*
 * slo.h - service-level objectives: what the user wants of a task.
 *
 *     minimize: latency.p95          an objective
 *     accuracy.drop <= 1pp           a constraint
 *
 * Constraints decide which designs may run; of these the objectives choose.
 * Several objectives are taken in order (the second decides between designs
 * that are alike in the first, within `tolerance`), or, when they carry
 * weights, by the weighted sum of their ratios to the best there is.
 *
 * Pure; an slo is a plain value.
 */
#ifndef CLV_SLO_H
#define CLV_SLO_H

#include <stddef.h>
#include <stdint.h>

#include "plan/metric.h"

#define CLV_OBJECTIVES 8
#define CLV_CONSTRAINTS 16

struct clv_objective {
    struct clv_measure measure;
    int maximize;
    double weight; /* 0: objectives go in order */
};

struct clv_constraint {
    struct clv_measure measure;
    int at_least; /* >= instead of <= */
    double bound; /* in the metric's base unit */
};

struct clv_slo {
    struct clv_objective objectives[CLV_OBJECTIVES];
    size_t objective_count;
    struct clv_constraint constraints[CLV_CONSTRAINTS];
    size_t constraint_count;
    double tolerance;    /* of "alike", a share; 0.01 by default */
    int64_t deadline_ns; /* of each inference; 0: none */
    int accuracy_surely; /* a drop counts at the bad end of its interval */
};

/* What a task without any wishes gets: minimize latency, accuracy.drop <= 1pp,
   as observed. */
struct clv_slo clv_slo_default(void);

/* `verb` is "minimize" or "maximize". CLEAVE_INVALID for a metric that is
   none, or the senseless direction ("maximize: latency"). */
cleave_status clv_objective_parse(const char *verb, const char *measure,
                                  double weight,
                                  struct clv_objective *ret_objective,
                                  cleave_error *err);

/* "latency.p95 <= 80ms". CLEAVE_INVALID also for a bound on the senseless
   side ("latency >= 80ms"); of the head's share both sides have sense. */
cleave_status clv_constraint_parse(const char *text,
                                   struct clv_constraint *ret_constraint,
                                   cleave_error *err);
const char *clv_constraint_text(const struct clv_constraint *constraint,
                                char into[2 * CLV_MEASURE_TEXT]);

/*
 * What can be told without any measurement: the same objective twice or both
 * ways, two constraints that no value meets, weights for some only, a bound
 * no design can meet (head >= 120%). CLEAVE_INVALID says which two.
 */
cleave_status clv_slo_check(const struct clv_slo *slo, cleave_error *err);

#endif
