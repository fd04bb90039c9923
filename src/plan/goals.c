/*
 * goals.c - what an application wants of its tasks, each and all.
 *
 * SLOs were checked one by one when they were read; what is left to see here
 * is whether each measure is said of those it can be said of.
 */
#include "plan/goals.h"

#include <stdio.h>

#include "base/fail.h"

int clv_goal_is_of_all(struct clv_measure measure)
{
    switch (measure.metric) {
    case CLV_METRIC_MEMORY:
    case CLV_METRIC_SIZE:
    case CLV_METRIC_WORKLOAD:
    case CLV_METRIC_ENERGY:
    case CLV_METRIC_BYTES:
    case CLV_METRIC_ANTT:
    case CLV_METRIC_STP:
    case CLV_METRIC_FAIRNESS:
        /* percentiles of a sum are not sums of percentiles */
        return measure.statistic == CLV_STATISTIC_MEAN;
    default:
        return 0;
    }
}

int clv_goal_is_of_one(struct clv_measure measure)
{
    switch (measure.metric) {
    case CLV_METRIC_ANTT:
    case CLV_METRIC_STP:
    case CLV_METRIC_FAIRNESS:
        return 0;
    default:
        return clv_measure_exists(measure);
    }
}

static cleave_status check(struct clv_measure measure, uint32_t task,
                           cleave_error *err)
{
    char text[CLV_MEASURE_TEXT];

    clv_measure_text(measure, text);
    if (task == CLV_ALL_TASKS && !clv_goal_is_of_all(measure)) {
        return clv_fail(err, CLEAVE_INVALID, text,
                        "'%s' is of one task and not of all together: say it "
                        "of a task. Of all there are the sums memory, size, "
                        "workload, energy and bytes, and antt, stp and "
                        "fairness.",
                        text);
    }
    if (task != CLV_ALL_TASKS && !clv_goal_is_of_one(measure)) {
        return clv_fail(err, CLEAVE_INVALID, text,
                        "'%s' is of all tasks together and not of one: say it "
                        "beside 'tasks' in the application. Of one task there "
                        "is ntt.",
                        text);
    }
    return CLEAVE_OK;
}

static cleave_status no_room(const char *what, int most, cleave_error *err)
{
    return clv_fail(err, CLEAVE_LIMIT, what,
                    "All tasks together have more than %d %s: leave some out.",
                    most, what);
}

static cleave_status add(struct clv_goals *goals, const struct clv_slo *slo,
                         uint32_t task, cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < slo->objective_count; i++) {
        const struct clv_objective *o = &slo->objectives[i];
        if (goals->goal_count == CLV_GOALS) {
            return no_room("objectives", CLV_GOALS, err);
        }
        status = check(o->measure, task, err);
        goals->goals[goals->goal_count++] =
            (struct clv_goal){task, o->measure, o->maximize};
    }
    for (size_t i = 0; status == CLEAVE_OK && i < slo->constraint_count; i++) {
        const struct clv_constraint *c = &slo->constraints[i];
        if (goals->bound_count == CLV_BOUNDS) {
            return no_room("constraints", CLV_BOUNDS, err);
        }
        status = check(c->measure, task, err);
        goals->bounds[goals->bound_count++] = (struct clv_bound){task, *c};
    }
    return status;
}

cleave_status clv_goals_init(struct clv_goals *goals,
                             const struct clv_slo *const *tasks, size_t count,
                             const struct clv_slo *all, cleave_error *err)
{
    struct clv_goals built = {.goal_count = 0};
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        status = add(&built, tasks[i], (uint32_t)i, err);
    }
    if (status == CLEAVE_OK && all != NULL) {
        status = add(&built, all, CLV_ALL_TASKS, err);
    }
    if (status == CLEAVE_OK) {
        *goals = built;
    }
    return status;
}

static const char *owner(uint32_t task, const char *const *task_names)
{
    return task == CLV_ALL_TASKS ? "all" : task_names[task];
}

const char *clv_goal_text(const struct clv_goal *goal,
                          const char *const *task_names,
                          char into[CLV_GOAL_TEXT])
{
    char measure[CLV_MEASURE_TEXT];

    snprintf(into, CLV_GOAL_TEXT, "%.80s: %s", owner(goal->task, task_names),
             clv_measure_text(goal->measure, measure));
    return into;
}

const char *clv_bound_text(const struct clv_bound *bound,
                           const char *const *task_names,
                           char into[CLV_GOAL_TEXT])
{
    char constraint[2 * CLV_MEASURE_TEXT];

    snprintf(into, CLV_GOAL_TEXT, "%.80s: %s", owner(bound->task, task_names),
             clv_constraint_text(&bound->constraint, constraint));
    return into;
}
