/*
 * posts_bed.h - the runner's bed with a second variant and a second engine, so
 * that a runner has posts to be moved between.
 *
 *     post     variant   engine   designs
 *     CHAIN    chain     slow     input, a, b on the server; output
 *     OTHER    chain     slower   output
 *     TWIN     twin      slow     output
 *     AWAY     chain     slow     as CHAIN, of which input is chosen
 */
#ifndef POSTS_BED_H
#define POSTS_BED_H

#include "runner_bed.h"

#define BED_SLOWER "cpu:threads=1,slow=150"

enum { CHAIN, OTHER, TWIN, AWAY, POSTS };

struct posts_bed {
    struct runner_bed *bed;
    struct clv_app_variant variants[2];
    char *engines[2];
    char twin[160];
    struct clv_post posts[POSTS];
};

/* All of a variant on an engine of this device, in so many ms. */
static inline void posts_bed_here(struct posts_bed *p, uint32_t variant,
                                  uint32_t engine, uint32_t cut, double ms)
{
    struct clv_costs *costs = &p->bed->designs.costs;
    struct clv_cost_head head = {.cut = cut,
                                 .engine = engine,
                                 .time_ns = runner_bed_time(1e6 * ms),
                                 .finish_ns = runner_bed_time(1),
                                 .memory_bytes = variant > 0 ? 5e5 : 1e6,
                                 .energy_j = CLV_UNKNOWN};
    struct clv_cost_cut row = {.variant = variant,
                               .tensors = 1,
                               .name = (char *)(uintptr_t)"output",
                               .head_share = 1,
                               .raw_bytes = sizeof p->bed->data};

    if (cut == CLV_ANY) {
        assert_int_equal(clv_costs_cut(costs, &row, &head.cut, NULL),
                         CLEAVE_OK);
    }
    assert_int_equal(clv_costs_head(costs, &head, NULL), CLEAVE_OK);
}

static inline struct posts_bed *posts_bed_new(void)
{
    struct posts_bed *p = calloc(1, sizeof *p);
    struct clv_cost_variant twin = {.name = (char *)(uintptr_t)"twin",
                                    .metric = (char *)(uintptr_t)"cosine",
                                    .score = 1,
                                    .score_low = 1,
                                    .score_high = 1};
    uint32_t at;
    uint32_t output;

    p->bed = runner_bed_new();
    snprintf(p->twin, sizeof p->twin, "%s/twin.onnx", p->bed->there.folder);
    assert_int_equal(tiny_chain_write(p->twin, TINY_SIZE), 0);
    p->variants[0] = p->bed->variant;
    p->variants[1] =
        (struct clv_app_variant){.name = twin.name, .path = p->twin};
    p->bed->task.variants = p->variants;
    p->bed->task.variant_count = 2;
    p->engines[0] = (char *)(uintptr_t)BED_ENGINE;
    p->engines[1] = (char *)(uintptr_t)BED_SLOWER;
    p->bed->application.engines = p->engines;
    p->bed->application.engine_count = 2;
    output = (uint32_t)p->bed->designs.costs.cut_count - 1;
    assert_int_equal(
        clv_costs_engine(&p->bed->designs.costs, BED_SLOWER, &at, NULL),
        CLEAVE_OK);
    assert_int_equal(
        clv_costs_variant(&p->bed->designs.costs, &twin, &at, NULL), CLEAVE_OK);
    posts_bed_here(p, 0, 1, output, 6.75);
    posts_bed_here(p, 1, 0, CLV_ANY, 4.5);
    p->posts[CHAIN] = (struct clv_post){0, 0, 0};
    p->posts[OTHER] = (struct clv_post){0, 1, 0};
    p->posts[TWIN] = (struct clv_post){1, 0, 0};
    p->posts[AWAY] = (struct clv_post){0, 0, 1};
    return p;
}

static inline void posts_bed_free(struct posts_bed *p)
{
    runner_bed_free(p->bed);
    free(p);
}

/* A runner with the first `count` posts. */
static inline void posts_bed_open(struct posts_bed *p, size_t count)
{
    struct clv_runner_company company = {.posts = p->posts,
                                         .post_count = count};
    cleave_runner_options o = CLEAVE_RUNNER_OPTIONS_INIT;
    cleave_error err = CLEAVE_ERROR_INIT;

    runner_bed_design(p->bed);
    o.cache = p->bed->cache;
    o.in_flight = 2;
    o.on_event = runner_bed_told;
    o.event_self = p->bed;
    if (clv_runner_open_among(&p->bed->designs, &o, &company, &p->bed->runner,
                              &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
}

/* Asks once, and tells what has moved. */
static inline cleave_status posts_bed_ask(struct posts_bed *p, size_t post,
                                          cleave_error *err)
{
    struct clv_change change = {0};
    cleave_status status = clv_runner_move(p->bed->runner, post, &change, err);

    clv_runner_moved(p->bed->runner, &change);
    return status;
}

/* Moves there, however often it has to be asked. */
static inline void posts_bed_move(struct posts_bed *p, size_t post)
{
    cleave_status status;
    cleave_error err = CLEAVE_ERROR_INIT;

    while ((status = posts_bed_ask(p, post, &err)) == CLEAVE_BUSY) {
        (void)runner_bed_infer(p->bed);
    }
    if (status != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
}

/* Keeps these posts. */
static inline void posts_bed_keep(struct posts_bed *p, unsigned bits, int only)
{
    uint8_t wanted[CLV_POSTS_MOST] = {0};

    for (size_t i = 0; i < POSTS; i++) {
        wanted[i] = (uint8_t)(bits >> i & 1);
    }
    clv_runner_keep(p->bed->runner, wanted, only);
}

static inline int posts_bed_has(struct posts_bed *p, size_t post)
{
    return clv_fleet_has(p->bed->runner->fleet,
                         p->bed->runner->desks[post]->landing);
}

#endif
