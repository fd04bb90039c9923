/*
 * product_bed.h - several tasks to choose designs for, from a seed: for the
 * tests of products and of what solves them.
 *
 * Engines are cpu:threads=1, webgpu, cpu:threads=3 ..; whoever shares a device
 * pays for it, differently in each seat. Goals are drawn from what can be
 * said. A bed must not be moved once it is filled.
 */
#ifndef PRODUCT_BED_H
#define PRODUCT_BED_H

#include "costs_bed.h"

#include <string.h>

#include "plan/product.h"

#define PRODUCT_BED_TASKS 6
#define PRODUCT_BED_ENGINES 4

/* Zero: 1 of each. */
struct product_bed_size {
    unsigned tasks;
    unsigned variants;
    unsigned engines;
    unsigned servers;
    int without_contention;
    int without_memory;
};

struct product_bed {
    struct product_bed_size size;
    struct clv_costs costs[PRODUCT_BED_TASKS];
    struct clv_space spaces[PRODUCT_BED_TASKS];
    struct clv_slo slos[PRODUCT_BED_TASKS];
    struct clv_slo all;
    struct clv_product_task tasks[PRODUCT_BED_TASKS];
    const char *engines[PRODUCT_BED_ENGINES];
    const char *servers[CLV_SERVERS];
    struct clv_goals goals;
    struct clv_contention contention;
    struct clv_product_options options;
};

static inline void product_bed_trial(struct product_bed *b, struct seeded *s,
                                     const struct clv_company *company,
                                     uint32_t task)
{
    struct clv_contention_row row = {.company = *company, .task = task};
    double much = 1 + seeded_unit(s) * (1 + company->hogs);

    row.alone_ns = costs_bed_spread(s, 1e7, 0.2);
    row.together_ns = costs_bed_spread(s, 1e7 * much, 0.3);
    assert_int_equal(clv_contention_add(&b->contention, &row, NULL), CLEAVE_OK);
}

/* All pairs in all seats, and each with one hog and with two. */
static inline void product_bed_contend(struct product_bed *b, struct seeded *s)
{
    size_t tasks = b->options.task_count;
    size_t engines = b->options.engine_count;

    for (uint32_t i = 0; i < tasks; i++) {
        for (uint32_t e = 0; e < engines; e++) {
            struct clv_company one = {.tasks = tasks};
            for (size_t k = 0; k < tasks; k++) {
                one.seats[k] = CLV_NO_SEAT;
                one.duties[k] = 1;
            }
            one.seats[i] = e;
            for (one.hogs = 1; one.hogs <= 2; one.hogs++) {
                product_bed_trial(b, s, &one, i);
            }
            one.hogs = 0;
            for (uint32_t k = 0; k < tasks; k++) {
                struct clv_company two = one;
                for (uint32_t f = 0; k != i && f < engines; f++) {
                    two.seats[k] = f;
                    product_bed_trial(b, s, &two, i);
                }
            }
        }
    }
}

static inline void product_bed_wish(struct clv_slo *slo, const char *measure)
{
    struct clv_objective *o = &slo->objectives[slo->objective_count++];

    assert_int_equal(clv_measure_parse(measure, &o->measure, NULL), CLEAVE_OK);
    o->maximize = clv_metric_more_is_better(o->measure.metric);
}

static inline void product_bed_demand(struct clv_slo *slo, const char *text)
{
    assert_int_equal(
        clv_constraint_parse(text, &slo->constraints[slo->constraint_count++],
                             NULL),
        CLEAVE_OK);
}

/* Puts the SLOs into goals again, after a test has changed them. */
static inline void product_bed_agree(struct product_bed *b)
{
    const struct clv_slo *slos[PRODUCT_BED_TASKS];

    for (size_t i = 0; i < b->options.task_count; i++) {
        slos[i] = &b->slos[i];
    }
    assert_int_equal(
        clv_goals_init(&b->goals, slos, b->options.task_count, &b->all, NULL),
        CLEAVE_OK);
}

/* The same wishes for each task: latency, accuracy; of all memory. */
static inline void product_bed_fill(struct product_bed *b, struct seeded *s,
                                    const struct product_bed_size *size)
{
    static const char *const engines[PRODUCT_BED_ENGINES] = {
        "cpu:threads=1", "webgpu", "cpu:threads=3", "cuda"};
    static const char *const servers[] = {"http://server0:8700",
                                          "http://server1:8700"};
    static const char *const names[PRODUCT_BED_TASKS] = {
        "scene", "faces", "words", "wakes", "texts", "spots"};
    struct clv_power power = {4, 2, 1};

    memset(b, 0, sizeof *b);
    b->size = *size;
    b->options.task_count = size->tasks > 0 ? size->tasks : 1;
    b->options.engine_count = size->engines > 0 ? size->engines : 1;
    b->options.server_count = size->servers > 0 ? size->servers : 1;
    for (size_t i = 0; i < b->options.task_count; i++) {
        struct costs_bed bed = {.variants = size->variants,
                                .engines = size->engines,
                                .cuts = 3,
                                .servers = size->servers,
                                .without_memory = size->without_memory};
        costs_bed_fill(&b->costs[i], s, &bed);
        for (size_t e = 0; e < b->costs[i].engine_count; e++) {
            free(b->costs[i].engines[e]);
            b->costs[i].engines[e] = strdup(engines[e]);
        }
        assert_int_equal(
            clv_space_init(&b->spaces[i], &b->costs[i], &power, NULL),
            CLEAVE_OK);
        b->slos[i] = (struct clv_slo){.tolerance = 0.01};
        product_bed_wish(&b->slos[i], "latency.p95");
        product_bed_wish(&b->slos[i], "accuracy");
        b->tasks[i] =
            (struct clv_product_task){names[i], &b->spaces[i], &b->slos[i], 0};
    }
    memcpy(b->engines, engines, sizeof engines);
    memcpy(b->servers, servers, sizeof servers);
    product_bed_wish(&b->all, "memory");
    b->options.tasks = b->tasks;
    b->options.engines = b->engines;
    b->options.servers = b->servers;
    b->options.goals = &b->goals;
    b->options.contention = &b->contention;
    b->options.situation.memory_bytes = INFINITY;
    b->options.situation.conditions =
        clv_conditions_reference(b->options.server_count);
    if (!size->without_contention) {
        product_bed_contend(b, s);
    }
    product_bed_agree(b);
}

static inline void product_bed_fini(struct product_bed *b)
{
    for (size_t i = 0; i < b->options.task_count; i++) {
        clv_space_fini(&b->spaces[i]);
        clv_costs_fini(&b->costs[i]);
    }
    clv_contention_fini(&b->contention);
}

static inline struct clv_product *product_bed_make(const struct product_bed *b)
{
    struct clv_product *product = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    if (clv_product_new(&b->options, &product, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    return product;
}

#endif
