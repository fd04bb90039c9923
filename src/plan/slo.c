/*
 * slo.c - objectives and constraints as words, and whether they make sense.
 *
 * Every metric has one good direction, so an objective the other way is a
 * mistake. So is a constraint, but for the head's share, of which somebody
 * may want at most so much on the device.
 */
#include "plan/slo.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"

#define TOLERANCE 0.01

struct clv_slo clv_slo_default(void)
{
    return (struct clv_slo){
        .objectives = {{.measure = {CLV_METRIC_LATENCY, CLV_STATISTIC_MEAN}}},
        .objective_count = 1,
        .constraints = {{.measure = {CLV_METRIC_DROP, CLV_STATISTIC_MEAN},
                         .bound = 1}},
        .constraint_count = 1,
        .tolerance = TOLERANCE,
    };
}

/* -- Reading and writing -- */

static const char *verb_of(int maximize)
{
    return maximize ? "maximize" : "minimize";
}

static cleave_status check_direction(struct clv_measure measure, int maximize,
                                     cleave_error *err)
{
    const char *name = clv_metric_name(measure.metric);
    int more = clv_metric_more_is_better(measure.metric);

    return maximize == more
               ? CLEAVE_OK
               : clv_fail(err, CLEAVE_INVALID, name,
                          "'%s: %s' makes no sense, of %s %s is better: write "
                          "'%s: %s'.",
                          verb_of(maximize), name, name, more ? "more" : "less",
                          verb_of(more), name);
}

cleave_status clv_objective_parse(const char *verb, const char *measure,
                                  double weight,
                                  struct clv_objective *ret_objective,
                                  cleave_error *err)
{
    struct clv_objective objective = {.weight = weight};
    cleave_status status;

    objective.maximize = strcmp(verb, "maximize") == 0;
    if (!objective.maximize && strcmp(verb, "minimize") != 0) {
        return clv_fail(err, CLEAVE_INVALID, verb,
                        "An objective is 'minimize: METRIC' or 'maximize: "
                        "METRIC', not '%.40s'.",
                        verb);
    }
    if (!(weight >= 0) || isinf(weight)) {
        return clv_fail(err, CLEAVE_INVALID, "weight",
                        "A weight is a number above 0, or left out.");
    }
    status = clv_measure_parse(measure, &objective.measure, err);
    if (status == CLEAVE_OK) {
        status = check_direction(objective.measure, objective.maximize, err);
    }
    if (status == CLEAVE_OK) {
        *ret_objective = objective;
    }
    return status;
}

static cleave_status check_side(const struct clv_constraint *constraint,
                                cleave_error *err)
{
    enum clv_metric metric = constraint->measure.metric;
    int more = clv_metric_more_is_better(metric);

    return constraint->at_least == more || metric == CLV_METRIC_HEAD
               ? CLEAVE_OK
               : clv_fail(err, CLEAVE_INVALID, clv_metric_name(metric),
                          "Of %s %s is better, so a bound of it is written "
                          "with %s.",
                          clv_metric_name(metric), more ? "more" : "less",
                          more ? ">=" : "<=");
}

/* The measure in front of the sign, without blanks around it. */
static cleave_status read_left(const char *text, size_t length,
                               struct clv_measure *ret_measure,
                               cleave_error *err)
{
    char measure[CLV_MEASURE_TEXT];

    while (length > 0 && text[length - 1] == ' ') {
        length--;
    }
    if (length == 0 || length >= sizeof measure) {
        return clv_fail(err, CLEAVE_INVALID, "constraint",
                        "There is no metric before the sign in '%.80s'.", text);
    }
    memcpy(measure, text, length);
    measure[length] = '\0';
    return clv_measure_parse(measure, ret_measure, err);
}

cleave_status clv_constraint_parse(const char *text,
                                   struct clv_constraint *ret_constraint,
                                   cleave_error *err)
{
    struct clv_constraint constraint = {0};
    const char *sign = strpbrk(text, "<>");
    cleave_status status;

    if (sign == NULL || sign[1] != '=') {
        return clv_fail(err, CLEAVE_INVALID, "constraint",
                        "A constraint is METRIC <= VALUE or METRIC >= VALUE, "
                        "as in 'latency.p95 <= 80ms', not '%.80s'.",
                        text);
    }
    constraint.at_least = *sign == '>';
    text += strspn(text, " ");
    status = read_left(text, (size_t)(sign - text), &constraint.measure, err);
    if (status == CLEAVE_OK) {
        const char *value = sign + 2 + strspn(sign + 2, " ");
        status =
            clv_value_parse(value, clv_metric_unit(constraint.measure.metric),
                            &constraint.bound, err);
    }
    if (status == CLEAVE_OK) {
        status = check_side(&constraint, err);
    }
    if (status == CLEAVE_OK) {
        *ret_constraint = constraint;
    }
    return status;
}

const char *clv_constraint_text(const struct clv_constraint *constraint,
                                char into[2 * CLV_MEASURE_TEXT])
{
    char measure[CLV_MEASURE_TEXT];
    char value[CLV_MEASURE_TEXT];

    snprintf(into, (size_t)2 * CLV_MEASURE_TEXT, "%s %s %s",
             clv_measure_text(constraint->measure, measure),
             constraint->at_least ? ">=" : "<=",
             clv_value_text(constraint->bound,
                            clv_metric_unit(constraint->measure.metric),
                            value));
    return into;
}

/* -- Contradictions -- */

static int same_measure(struct clv_measure a, struct clv_measure b)
{
    return a.metric == b.metric && a.statistic == b.statistic;
}

static cleave_status check_pair(const struct clv_objective *a,
                                const struct clv_objective *b,
                                cleave_error *err)
{
    char text[CLV_MEASURE_TEXT];

    clv_measure_text(a->measure, text);
    if (same_measure(a->measure, b->measure)) {
        return clv_fail(err, CLEAVE_INVALID, "objectives",
                        "'%s: %s' and '%s: %s' are %s: leave one out.",
                        verb_of(a->maximize), text, verb_of(b->maximize), text,
                        a->maximize == b->maximize ? "the same"
                                                   : "contradictory");
    }
    if ((a->weight > 0) != (b->weight > 0)) {
        char other[CLV_MEASURE_TEXT];
        clv_measure_text(b->measure, other);
        return clv_fail(err, CLEAVE_INVALID, "objectives",
                        "Only '%s' has a weight, and '%s' has none: give all "
                        "objectives weights, or none, for them to go in "
                        "order.",
                        a->weight > 0 ? text : other,
                        a->weight > 0 ? other : text);
    }
    return CLEAVE_OK;
}

static cleave_status check_objectives(const struct clv_slo *slo,
                                      cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    if (slo->objective_count == 0 || slo->objective_count > CLV_OBJECTIVES) {
        return clv_fail(err, CLEAVE_INVALID, "objectives",
                        "From 1 to %d objectives are wanted, not %zu.",
                        CLV_OBJECTIVES, slo->objective_count);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < slo->objective_count; i++) {
        const struct clv_objective *a = &slo->objectives[i];
        for (size_t j = 0; status == CLEAVE_OK && j < i; j++) {
            status = check_pair(&slo->objectives[j], a, err);
        }
        if (status == CLEAVE_OK) {
            status = check_direction(a->measure, a->maximize, err);
        }
    }
    return status;
}

/* True if some design could meet it, as far as one can tell from here. */
static int can_be_met(const struct clv_constraint *c)
{
    enum clv_unit unit = clv_metric_unit(c->measure.metric);

    if (!isfinite(c->bound)) {
        return 0;
    }
    if (c->at_least) {
        return unit != CLV_UNIT_SHARE || c->bound <= 1;
    }
    if (c->measure.metric == CLV_METRIC_LATENCY &&
        c->measure.statistic != CLV_STATISTIC_STD) {
        return c->bound > 0;
    }
    if (c->measure.metric == CLV_METRIC_NTT ||
        c->measure.metric == CLV_METRIC_ANTT) {
        return c->bound >= 1; /* others do not make a task faster */
    }
    return c->bound >= 0;
}

static cleave_status check_constraint(const struct clv_constraint *c,
                                      cleave_error *err)
{
    char text[2 * CLV_MEASURE_TEXT];

    return can_be_met(c) ? check_side(c, err)
                         : clv_fail(err, CLEAVE_INVALID, "constraints",
                                    "No design can meet '%s'.",
                                    clv_constraint_text(c, text));
}

/* A least above a most of the same measure. */
static int is_empty(const struct clv_constraint *a,
                    const struct clv_constraint *b)
{
    return same_measure(a->measure, b->measure) && a->at_least &&
           !b->at_least && a->bound > b->bound;
}

static cleave_status check_constraints(const struct clv_slo *slo,
                                       cleave_error *err)
{
    cleave_status status = CLEAVE_OK;
    char first[2 * CLV_MEASURE_TEXT];
    char second[2 * CLV_MEASURE_TEXT];

    if (slo->constraint_count > CLV_CONSTRAINTS) {
        return clv_fail(err, CLEAVE_INVALID, "constraints",
                        "At most %d constraints are wanted, not %zu.",
                        CLV_CONSTRAINTS, slo->constraint_count);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < slo->constraint_count; i++) {
        const struct clv_constraint *a = &slo->constraints[i];
        status = check_constraint(a, err);
        for (size_t j = 0; status == CLEAVE_OK && j < i; j++) {
            const struct clv_constraint *b = &slo->constraints[j];
            if (is_empty(a, b) || is_empty(b, a)) {
                status = clv_fail(err, CLEAVE_INVALID, "constraints",
                                  "No design can meet both '%s' and '%s'.",
                                  clv_constraint_text(b, first),
                                  clv_constraint_text(a, second));
            }
        }
    }
    return status;
}

cleave_status clv_slo_check(const struct clv_slo *slo, cleave_error *err)
{
    cleave_status status = check_objectives(slo, err);

    if (status == CLEAVE_OK) {
        status = check_constraints(slo, err);
    }
    if (status == CLEAVE_OK && !(slo->tolerance >= 0 && slo->tolerance < 1)) {
        status = clv_fail(err, CLEAVE_INVALID, "tolerance",
                          "A tolerance is a share from 0 to below 100%%.");
    }
    return status;
}
