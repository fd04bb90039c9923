/*
 * grounds.c - what the designs of a task stand on.
 *
 * Engines, models and the store, opened once and kept until the end. That a
 * ground is open is told by a flag of its own, set last: who sees it set sees
 * all of the ground, and takes no lock to find out.
 */
#include "run/grounds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/fail.h"

static size_t engine_count(const struct clv_grounds *g)
{
    return g->options.designs->costs.engine_count;
}

static size_t ground_count(const struct clv_grounds *g)
{
    return g->options.designs->costs.variant_count * engine_count(g);
}

static size_t index_of(const struct clv_grounds *g, uint32_t variant,
                       uint32_t engine)
{
    return variant * engine_count(g) + engine;
}

/* The profile's engine; an emulated device runs it more slowly, also one that
   was emulated when it was profiled. */
static void name_engine(const struct clv_grounds *g, const char *profiled,
                        char *into, size_t size)
{
    const char *slow = strstr(profiled, ",slow=");
    size_t length = slow != NULL ? (size_t)(slow - profiled) : strlen(profiled);
    char factor[CLV_DECIMAL_TEXT];
    double already = 1;

    if (g->options.slowdown <= 1) {
        snprintf(into, size, "%s", profiled);
        return;
    }
    if (slow != NULL) {
        (void)clv_decimal_read(slow + strlen(",slow="), &already);
    }
    snprintf(into, size, "%.*s,slow=%s", (int)length, profiled,
             clv_decimal_print(already * g->options.slowdown, 6, factor));
}

static cleave_status open_engine(struct clv_grounds *g, uint32_t engine,
                                 cleave_error *err)
{
    const char *profiled = g->options.designs->costs.engines[engine];
    struct clv_stand *s = &g->stands[engine];
    char name[256];
    cleave_status status = CLEAVE_OK;

    if (s->engine == NULL) {
        name_engine(g, profiled, name, sizeof name);
        status = clv_engine_open(name, &s->engine, err);
        if (status == CLEAVE_OK) {
            clv_gate_init(&s->gate, clv_ground_width(s->engine));
            clv_gate_share(&s->gate, g->options.turns, g->options.priority,
                           clv_engine_threads(s->engine));
        }
    }
    return status;
}

/* The profile is of one file. Who puts another in its place while it is in use
   is not to get that one's answers at this one's accuracy. */
static cleave_status check_model(const struct clv_grounds *g, uint32_t variant,
                                 const struct clv_ground *ground,
                                 cleave_error *err)
{
    const char *profiled = g->options.designs->costs.variants[variant].sha256;

    return profiled[0] == '\0' ||
                   strcmp(profiled, clv_network_sha256(ground->network)) == 0
               ? CLEAVE_OK
               : clv_fail(err, CLEAVE_MISMATCH, ground->model,
                          "The file was replaced since this began: it is not "
                          "the model that was profiled. Put that one back, or "
                          "profile this one.");
}

static cleave_status open_model(struct clv_grounds *g, uint32_t variant,
                                uint32_t engine, struct clv_ground *ground,
                                cleave_error *err)
{
    const struct clv_app_variant *v =
        clv_designs_variant(g->options.designs, variant);
    struct clv_ground_options o = {
        .model = v->path,
        .card = v->card,
        .model_name = v->name,
        .store = g->store,
        .engine = g->stands[engine].engine,
        .gate = &g->stands[engine].gate,
        .pack_slowdown = g->options.slowdown > 1 ? g->options.slowdown : 1};
    cleave_status status = clv_ground_init(ground, &o, err);

    if (status == CLEAVE_OK) {
        status = check_model(g, variant, ground, err);
    }
    if (status != CLEAVE_OK) {
        clv_ground_fini(ground);
    }
    return status;
}

cleave_status clv_grounds_open(struct clv_grounds *g, uint32_t variant,
                               uint32_t engine, cleave_error *err)
{
    size_t at = index_of(g, variant, engine);
    cleave_status status = CLEAVE_OK;

    if (atomic_load(&g->is_open[at])) {
        return CLEAVE_OK;
    }
    status = open_engine(g, engine, err);
    if (status == CLEAVE_OK) {
        status = open_model(g, variant, engine, &g->grounds[at], err);
    }
    if (status == CLEAVE_OK) {
        atomic_store(&g->is_open[at], 1);
    }
    return status;
}

const struct clv_ground *clv_grounds_find(const struct clv_grounds *g,
                                          uint32_t variant, uint32_t engine)
{
    size_t at = index_of(g, variant, engine);

    return atomic_load(&g->is_open[at]) ? &g->grounds[at] : NULL;
}

uint64_t clv_grounds_bytes(const struct clv_grounds *g)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < ground_count(g); i++) {
        if (atomic_load(&g->is_open[i])) {
            bytes += clv_network_bytes(g->grounds[i].network);
        }
    }
    return bytes;
}

cleave_status clv_grounds_init(struct clv_grounds *g,
                               const struct clv_grounds_options *options,
                               cleave_error *err)
{
    *g = (struct clv_grounds){.options = *options};
    g->stands = calloc(engine_count(g) + 1, sizeof *g->stands);
    g->grounds = calloc(ground_count(g) + 1, sizeof *g->grounds);
    g->is_open = calloc(ground_count(g) + 1, sizeof *g->is_open);
    if (g->stands == NULL || g->grounds == NULL || g->is_open == NULL) {
        return clv_fail_memory(err, "designs",
                               ground_count(g) * sizeof *g->grounds);
    }
    return clv_store_open(options->cache, &g->store, err);
}

void clv_grounds_fini(struct clv_grounds *g)
{
    for (size_t i = 0; g->grounds != NULL && i < ground_count(g); i++) {
        clv_ground_fini(&g->grounds[i]);
    }
    clv_store_close(g->store);
    for (size_t i = 0; g->stands != NULL && i < engine_count(g); i++) {
        if (g->stands[i].engine != NULL) {
            clv_gate_fini(&g->stands[i].gate);
            clv_engine_close(g->stands[i].engine);
        }
    }
    free(g->stands);
    free(g->grounds);
    free(g->is_open);
    *g = (struct clv_grounds){.store = NULL};
}
