/*
 * seating.c - the designs of a product whose tasks sit in certain chairs.
 */
#include "plan/seating.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "plan/formula.h"

/* -- Ways to sit -- */

double clv_seating_ways(const struct clv_product *product)
{
    double ways = 1;

    for (size_t i = 0; i < product->options.task_count; i++) {
        ways *= (double)product->parts[i].chair_count;
    }
    return ways;
}

int clv_seating_next(const struct clv_product *product, uint32_t *chairs)
{
    for (size_t i = product->options.task_count; i > 0; i--) {
        if (++chairs[i - 1] < product->parts[i - 1].chair_count) {
            return 1;
        }
        chairs[i - 1] = 0;
    }
    return 0;
}

/* -- Columns -- */

static const struct clv_bound *bound_of_all(const struct clv_goals *goals,
                                            size_t nth)
{
    for (size_t i = 0; i < goals->bound_count; i++) {
        if (goals->bounds[i].task == CLV_ALL_TASKS && nth-- == 0) {
            return &goals->bounds[i];
        }
    }
    return NULL;
}

static void list_bounds(struct clv_seating *s)
{
    const struct clv_product *p = s->product;
    const struct clv_bound *bound;

    while ((bound = bound_of_all(p->options.goals, s->bounds)) != NULL) {
        s->bound[s->bounds++] = bound->constraint;
    }
    if (clv_product_memory_is_bounded(p)) {
        s->bound[s->bounds++] = (struct clv_constraint){
            .measure = {CLV_METRIC_MEMORY, CLV_STATISTIC_MEAN},
            .bound = p->options.situation.memory_bytes,
        };
    }
}

static struct clv_seating_column column_of(const struct clv_seating *s,
                                           size_t column)
{
    const struct clv_goals *goals = s->product->options.goals;
    struct clv_seating_column of_all = {
        CLV_ALL_TASKS, {CLV_METRIC_MEMORY, CLV_STATISTIC_MEAN}};

    if (column < s->goals) {
        return (struct clv_seating_column){goals->goals[column].task,
                                           goals->goals[column].measure};
    }
    if (column < s->goals + s->bounds) {
        of_all.measure = s->bound[column - s->goals].measure;
    } else if (column == clv_seating_workload(s)) {
        of_all.measure.metric = CLV_METRIC_WORKLOAD;
    }
    return of_all;
}

size_t clv_seating_memory(const struct clv_seating *seating)
{
    return seating->goals + seating->bounds;
}

size_t clv_seating_workload(const struct clv_seating *seating)
{
    return seating->goals + seating->bounds + 1;
}

cleave_status clv_seating_init(struct clv_seating *seating,
                               const struct clv_product *product,
                               cleave_error *err)
{
    struct clv_seating s = {.product = product,
                            .tasks = product->options.task_count,
                            .goals = product->options.goals->goal_count};

    if (clv_seating_ways(product) > CLV_SEATINGS_MOST) {
        return clv_fail(err, CLEAVE_LIMIT, "tasks",
                        "%.3g ways to give %zu tasks their engines are too "
                        "many: name fewer engines or tasks.",
                        clv_seating_ways(product), s.tasks);
    }
    list_bounds(&s);
    s.columns = s.goals + s.bounds + 2;
    for (size_t c = 0; c < s.columns; c++) {
        s.column[c] = column_of(&s, c);
        s.joining[c] = clv_joining_of(s.column[c].measure);
    }
    for (size_t i = 0; i < s.tasks; i++) {
        struct clv_seated *t = &s.seated[i];
        t->room = product->parts[i].count;
        t->configs = calloc(t->room, sizeof *t->configs);
        t->terms = calloc(t->room * s.columns, sizeof *t->terms);
        if (t->configs == NULL || t->terms == NULL) {
            clv_seating_fini(&s);
            return clv_fail_memory(err, "product",
                                   t->room * s.columns * sizeof *t->terms);
        }
    }
    *seating = s;
    return CLEAVE_OK;
}

void clv_seating_fini(struct clv_seating *seating)
{
    for (size_t i = 0; i < CLV_SEATS; i++) {
        free(seating->seated[i].configs);
        free(seating->seated[i].terms);
    }
    *seating = (struct clv_seating){0};
}

/* -- Filling -- */

/* A task at its place. */
struct sitter {
    const struct clv_seating *seating;
    size_t task;
    struct clv_spread excess;
};

static double term(const struct sitter *s, const struct clv_config *config,
                   const struct clv_seating_column *column)
{
    struct clv_measure measure = column->measure;

    if (column->task != CLV_ALL_TASKS && column->task != s->task) {
        return 0; /* not its business */
    }
    if (measure.metric == CLV_METRIC_FAIRNESS) {
        measure.metric = CLV_METRIC_NTT;
    }
    return clv_product_term(s->seating->product, s->task, config->candidate,
                            &s->excess, measure);
}

static int keeps_its_bounds(const struct sitter *s,
                            const struct clv_config *config)
{
    const struct clv_goals *goals = s->seating->product->options.goals;

    for (size_t i = 0; i < goals->bound_count; i++) {
        const struct clv_bound *b = &goals->bounds[i];
        struct clv_seating_column column = {b->task, b->constraint.measure};
        if (b->task == s->task &&
            !clv_bound_is_kept(&b->constraint, term(s, config, &column))) {
            return 0;
        }
    }
    return 1;
}

static int is_allowed(const struct clv_product *p,
                      const struct clv_config *config, uint32_t avoids)
{
    avoids |= p->options.situation.out_of_order;
    return (clv_product_processor(p, config) & avoids) == 0 &&
           clv_reach_is_usable(&p->options.situation.conditions,
                               config->server);
}

static void fill_task(struct clv_seating *s, const struct sitter *sitter,
                      uint32_t chair, uint32_t avoids)
{
    const struct clv_product *p = s->product;
    const struct clv_product_part *part = &p->parts[sitter->task];
    struct clv_seated *t = &s->seated[sitter->task];

    t->count = 0;
    for (uint32_t i = 0; i < part->count; i++) {
        const struct clv_config *config = &part->configs[i];
        if (part->chair_of[i] != chair || !is_allowed(p, config, avoids) ||
            !keeps_its_bounds(sitter, config)) {
            continue;
        }
        for (size_t c = 0; c < s->columns; c++) {
            t->terms[c * t->room + t->count] =
                term(sitter, config, &s->column[c]);
        }
        t->configs[t->count++] = i;
    }
}

void clv_seating_fill(struct clv_seating *seating, const uint32_t *chairs,
                      uint32_t avoids)
{
    const struct clv_product *p = seating->product;
    uint32_t seats[CLV_SEATS];

    for (size_t i = 0; i < seating->tasks; i++) {
        seats[i] = p->parts[i].chairs[chairs[i]];
    }
    for (size_t i = 0; i < seating->tasks; i++) {
        struct sitter sitter = {seating, i, clv_product_excess(p, seats, i)};
        fill_task(seating, &sitter, chairs[i], avoids);
    }
}

/* -- Reading -- */

double clv_seating_designs(const struct clv_seating *seating)
{
    double designs = 1;

    for (size_t i = 0; i < seating->tasks; i++) {
        designs *= (double)seating->seated[i].count;
    }
    return designs;
}

int clv_seating_keeps(const struct clv_seating *seating, const uint32_t *at)
{
    for (size_t b = 0; b < seating->bounds; b++) {
        double value = clv_seating_value(seating, seating->goals + b, at);
        if (!clv_bound_is_kept(&seating->bound[b], value)) {
            return 0;
        }
    }
    return 1;
}

void clv_seating_choice(const struct clv_seating *seating, const uint32_t *at,
                        uint32_t *ret_choice)
{
    for (size_t i = 0; i < seating->tasks; i++) {
        ret_choice[i] = seating->seated[i].configs[at[i]];
    }
}
