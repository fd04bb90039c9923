/*
 * luggage.c - what keeping designs ready costs.
 */
#include "plan/luggage.h"

#include <string.h>

void clv_files_add(struct clv_files *files,
                   const struct clv_cost_variant *variant)
{
    size_t i = 0;

    while (i < files->count && strcmp(files->seen[i], variant->sha256) != 0) {
        i++;
    }
    if (i == files->count && i < CLV_FILES) {
        files->seen[files->count++] = variant->sha256;
        files->bytes += (double)variant->size_bytes;
    }
}

static void weigh_files(struct clv_switching *t,
                        const struct clv_product_options *o)
{
    struct clv_files kept = {.count = 0};
    struct clv_files all = {.count = 0};

    for (size_t i = 0; i < o->task_count; i++) {
        const struct clv_costs *costs = o->tasks[i].space->costs;
        for (size_t j = 0; j < t->kept_count; j++) {
            clv_files_add(&kept,
                          &costs->variants[t->kept[j].configs[i].variant]);
        }
        for (size_t v = 0; v < costs->variant_count; v++) {
            clv_files_add(&all, &costs->variants[v]);
        }
    }
    t->kept_sizes_bytes = kept.bytes;
    t->all_sizes_bytes = all.bytes;
}

/* Of a variant on an engine, whatever is cut off it. */
static double memory_of(const struct clv_space *space, uint32_t variant,
                        uint32_t engine)
{
    double most = 0;

    for (size_t i = 0; i < space->count; i++) {
        const struct clv_candidate *c = &space->candidates[i];
        if (c->variant == variant && c->engine == engine &&
            c->memory_bytes > most) {
            most = c->memory_bytes;
        }
    }
    return most;
}

static int is_kept(const struct clv_switching *t, size_t task, uint32_t variant,
                   uint32_t engine)
{
    for (size_t j = 0; j < t->kept_count; j++) {
        const struct clv_config *c = &t->kept[j].configs[task];
        if (c->variant == variant && c->engine == engine) {
            return 1;
        }
    }
    return 0;
}

void clv_luggage_weigh(struct clv_switching *switching,
                       const struct clv_product_options *options)
{
    weigh_files(switching, options);
    switching->kept_memory_bytes = 0;
    switching->all_memory_bytes = 0;
    for (size_t t = 0; t < options->task_count; t++) {
        const struct clv_space *space = options->tasks[t].space;
        for (uint32_t v = 0; v < space->costs->variant_count; v++) {
            for (uint32_t e = 0; e < space->costs->engine_count; e++) {
                double bytes = memory_of(space, v, e);
                switching->all_memory_bytes += bytes;
                switching->kept_memory_bytes +=
                    is_kept(switching, t, v, e) ? bytes : 0;
            }
        }
    }
}
