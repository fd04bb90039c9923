/*
 * profwhole.c - what `cleave profile` prints of whole networks: variants by
 * engines.
 *
 * For people medians and 95th percentiles side by side; for programs an object
 * a variant, with all statistics of each engine.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "network/network.h"
#include "profiletable.h"

#define MS 1e6
#define NOISE 1.02   /* medians nearer than this are not slower */
#define A_POINT 0.01 /* accuracies nearer than this are no better */

/* -- For people -- */

static void print_variant(const struct clv_costs *c, uint32_t variant)
{
    const struct clv_cost_variant *v = &c->variants[variant];

    for (uint32_t e = 0; e < c->engine_count; e++) {
        const struct clv_cost_head *h =
            clv_costs_whole(c, variant, c->engines[e]);
        if (h == NULL) {
            continue;
        }
        printf("%-28.28s %8.4f %8.1f %8.2f %8.2f %8.2f %8.1f  %s\n", v->name,
               v->score, (double)v->macs / 1e6, h->time_ns.p50 / MS,
               h->time_ns.p95 / MS, (double)v->size_bytes / 1e6,
               h->memory_bytes >= 0 ? h->memory_bytes / 1e6 : 0, c->engines[e]);
    }
}

static void print_text(const char *task, const struct clv_costs *c)
{
    printf("\n%s: %s of whole networks\n\n", task,
           c->variant_count > 0 ? c->variants[0].metric : "accuracy");
    printf("%-28s %8s %8s %8s %8s %8s %8s  %s\n", "variant", "accuracy",
           "MMACs", "p50 ms", "p95 ms", "size MB", "RAM MB", "engine");
    for (uint32_t v = 0; v < c->variant_count; v++) {
        print_variant(c, v);
    }
}

/* -- For programs -- */

static json_t *describe_engine(const struct clv_costs *c,
                               const struct clv_cost_head *h)
{
    const struct clv_spread *s = &h->time_ns;
    json_t *object = json_pack(
        "{s:s, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:I}", "engine",
        c->engines[h->engine], "mean_ms", s->mean / MS, "std_ms", s->std / MS,
        "min_ms", s->min / MS, "max_ms", s->max / MS, "p50_ms", s->p50 / MS,
        "p90_ms", s->p90 / MS, "p95_ms", s->p95 / MS, "p99_ms", s->p99 / MS,
        "runs", (json_int_t)s->count);

    if (h->memory_bytes >= 0) {
        json_object_set_new(object, "memory_bytes", json_real(h->memory_bytes));
    }
    if (h->energy_j >= 0) {
        json_object_set_new(object, "energy_j", json_real(h->energy_j));
    }
    return object;
}

static void print_json(const char *task, const struct clv_costs *c,
                       const char *note)
{
    for (uint32_t v = 0; v < c->variant_count; v++) {
        const struct clv_cost_variant *variant = &c->variants[v];
        json_t *engines = json_array();
        json_t *object;
        for (uint32_t e = 0; e < c->engine_count; e++) {
            const struct clv_cost_head *h =
                clv_costs_whole(c, v, c->engines[e]);
            if (h != NULL) {
                json_array_append_new(engines, describe_engine(c, h));
            }
        }
        object = json_pack(
            "{s:s, s:s, s:s, s:s, s:f, s:f, s:f, s:I, s:I, s:s, s:o}", "task",
            task, "model", variant->name, "sha256", variant->sha256, "metric",
            variant->metric, "score", variant->score, "score_low",
            variant->score_low, "score_high", variant->score_high, "size_bytes",
            (json_int_t)variant->size_bytes, "macs", (json_int_t)variant->macs,
            "note", note, "engines", engines);
        json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(7));
        printf("\n");
        json_decref(object);
    }
}

void profiletable_print_whole(const char *task, const struct clv_costs *costs,
                              const char *note, int json)
{
    if (json) {
        print_json(task, costs, note);
        return;
    }
    print_text(task, costs);
    if (note[0] != '\0') {
        printf("\n%s\n", note);
    }
}

/* -- Never worth it -- */

/* True if the variant is slower than the other wherever both were measured,
   and somewhere they were. */
static int is_slower(const struct clv_costs *c, uint32_t variant,
                     uint32_t other)
{
    int compared = 0;

    for (uint32_t e = 0; e < c->engine_count; e++) {
        const struct clv_cost_head *mine =
            clv_costs_whole(c, variant, c->engines[e]);
        const struct clv_cost_head *its =
            clv_costs_whole(c, other, c->engines[e]);
        if (mine == NULL || its == NULL) {
            continue;
        }
        if (mine->time_ns.p50 < NOISE * its->time_ns.p50) {
            return 0;
        }
        compared = 1;
    }
    return compared;
}

/* Agreement is with the variant itself, and compares with nobody's. */
static int is_as_good(const struct clv_cost_variant *mine,
                      const struct clv_cost_variant *other)
{
    int is_share =
        strcmp(mine->metric, "top1") == 0 || strcmp(mine->metric, "topk") == 0;

    return strcmp(mine->metric, "agreement") != 0 &&
           strcmp(mine->metric, other->metric) == 0 &&
           other->score + (is_share ? A_POINT : 0) >= mine->score;
}

/* The most accurate of those that beat it on all engines; itself if none. */
static uint32_t find_better(const struct clv_costs *c, uint32_t variant)
{
    const struct clv_cost_variant *mine = &c->variants[variant];
    uint32_t best = variant;

    for (uint32_t i = 0; i < c->variant_count; i++) {
        const struct clv_cost_variant *other = &c->variants[i];
        if (is_as_good(mine, other) && is_slower(c, variant, i) &&
            (best == variant || other->score > c->variants[best].score)) {
            best = i;
        }
    }
    return best;
}

/* The other may be the less accurate one, within what does not count. */
static int is_beaten(const struct clv_cost_variant *v,
                     const struct clv_cost_variant *better)
{
    return better->score >= v->score;
}

static void tell_worthless(const struct clv_cost_variant *v,
                           const struct clv_cost_variant *better)
{
    if (is_beaten(v, better)) {
        printf("\n%s is never worth it here: %s is faster on every engine, and "
               "its accuracy is %.4g against %.4g.",
               v->name, better->name, better->score, v->score);
    } else {
        printf("\n%s is hardly worth it here: its accuracy is %.4g against "
               "%.4g, a point more at most, and %s is faster on every "
               "engine.",
               v->name, v->score, better->score, better->name);
    }
    if (v->size_bytes < better->size_bytes) {
        printf(" All that it saves is size: %.1f MB against %.1f.",
               (double)v->size_bytes / 1e6, (double)better->size_bytes / 1e6);
    }
    printf("\n");
}

void profiletable_print_worthless(const char *task,
                                  const struct clv_costs *costs, int json)
{
    for (uint32_t v = 0; v < costs->variant_count; v++) {
        uint32_t better = find_better(costs, v);
        if (better == v) {
            continue;
        }
        if (json) {
            json_t *object = json_pack(
                "{s:s, s:s, s:s}", "task", task,
                is_beaten(&costs->variants[v], &costs->variants[better])
                    ? "never_worth_it"
                    : "hardly_worth_it",
                costs->variants[v].name, "better",
                costs->variants[better].name);
            json_dumpf(object, stdout, JSON_COMPACT);
            printf("\n");
            json_decref(object);
        } else {
            tell_worthless(&costs->variants[v], &costs->variants[better]);
        }
    }
}
