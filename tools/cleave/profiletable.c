/*
 * profiletable.c - what `cleave profile` prints when it is done.
 */
#include "profiletable.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define MS 1e6

/* The first of its kind at a cut, NULL if there is none. */
static const struct clv_cost_head *head_of(const struct clv_costs *c,
                                           uint32_t cut)
{
    for (size_t i = 0; i < c->head_count; i++) {
        if (c->heads[i].cut == cut && c->heads[i].engine == 0) {
            return &c->heads[i];
        }
    }
    return NULL;
}

static const struct clv_cost_tail *tail_of(const struct clv_costs *c,
                                           uint32_t cut)
{
    for (size_t i = 0; i < c->tail_count; i++) {
        if (c->tails[i].cut == cut && c->tails[i].server == 0) {
            return &c->tails[i];
        }
    }
    return NULL;
}

/* The smallest message within the budget. */
static const struct clv_cost_pack *smallest(const struct clv_costs *c,
                                            uint32_t cut, double budget_pp)
{
    const struct clv_cost_pack *best = NULL;

    for (size_t i = 0; i < c->pack_count; i++) {
        const struct clv_cost_pack *p = &c->packs[i];
        if (p->cut == cut && p->drop_pp <= budget_pp &&
            (best == NULL || p->bytes_up.mean < best->bytes_up.mean)) {
            best = p;
        }
    }
    return best;
}

/* -- For people -- */

static void print_ms(const struct clv_spread *s)
{
    if (s != NULL && s->count > 0) {
        printf(" %9.2f", s->p50 / MS);
    } else {
        printf(" %9s", "-");
    }
}

static void print_cut(const struct clv_costs *c, uint32_t cut, double budget_pp)
{
    const struct clv_cost_cut *row = &c->cuts[cut];
    const struct clv_cost_head *head = head_of(c, cut);
    const struct clv_cost_tail *tail = tail_of(c, cut);
    const struct clv_cost_pack *pack = smallest(c, cut, budget_pp);
    char text[CLV_PACKING_TEXT];

    printf("%-28.28s %5.1f %%", row->name, 100 * row->head_share);
    print_ms(head != NULL ? &head->time_ns : NULL);
    print_ms(tail != NULL ? &tail->time_ns : NULL);
    if (pack != NULL) {
        printf(" %9.0f  %-18s %+6.2f\n", pack->bytes_up.mean,
               clv_packing_text(&pack->packing, text), -pack->drop_pp);
    } else {
        printf(" %9s\n", "-");
    }
}

static void print_text(const struct clv_costs *c, double budget_pp)
{
    for (size_t v = 0; v < c->variant_count; v++) {
        const struct clv_cost_variant *variant = &c->variants[v];
        printf("\n%s: %s %.4g (95 %%: %.4g to %.4g)", variant->name,
               variant->metric, variant->score, variant->score_low,
               variant->score_high);
        printf(", on %s%s%s\n\n", c->engines[0],
               c->server_count > 0 ? " and " : "",
               c->server_count > 0 ? c->servers[0] : "");
        printf("%-28s %7s %9s %9s %9s  %-18s %6s\n", "cut", "head", "head ms",
               "tail ms", "bytes", "packed, within", "points");
        for (uint32_t i = 0; i < c->cut_count; i++) {
            if (c->cuts[i].variant == v) {
                print_cut(c, i, budget_pp);
            }
        }
    }
}

/* -- For programs -- */

static void set_ms(json_t *object, const char *key, const struct clv_spread *s)
{
    if (s != NULL && s->count > 0) {
        json_object_set_new(object, key, json_real(s->p50 / MS));
    }
}

static json_t *describe_cut(const struct clv_costs *c, uint32_t cut,
                            double budget_pp)
{
    const struct clv_cost_cut *row = &c->cuts[cut];
    const struct clv_cost_head *head = head_of(c, cut);
    const struct clv_cost_tail *tail = tail_of(c, cut);
    const struct clv_cost_pack *pack = smallest(c, cut, budget_pp);
    char text[CLV_PACKING_TEXT];
    json_t *object =
        json_pack("{s:s, s:f, s:I, s:b}", "cut", row->name, "head_share",
                  row->head_share, "raw_bytes", (json_int_t)row->raw_bytes,
                  "is_activation", row->is_activation);

    set_ms(object, "head_ms", head != NULL ? &head->time_ns : NULL);
    set_ms(object, "finish_ms", head != NULL ? &head->finish_ns : NULL);
    set_ms(object, "tail_ms", tail != NULL ? &tail->time_ns : NULL);
    if (head != NULL && head->memory_bytes >= 0) {
        json_object_set_new(object, "memory_bytes",
                            json_real(head->memory_bytes));
    }
    if (head != NULL && head->energy_j >= 0) {
        json_object_set_new(object, "energy_j", json_real(head->energy_j));
    }
    if (pack != NULL) {
        json_object_set_new(object, "bytes", json_real(pack->bytes_up.mean));
        json_object_set_new(
            object, "pack",
            json_string(clv_packing_text(&pack->packing, text)));
        json_object_set_new(object, "drop_pp", json_real(pack->drop_pp));
        json_object_set_new(object, "drop_high_pp",
                            json_real(pack->drop_high_pp));
    }
    return object;
}

static void print_json(const char *task, const struct clv_costs *c,
                       double budget_pp, const char *note)
{
    for (size_t v = 0; v < c->variant_count; v++) {
        const struct clv_cost_variant *variant = &c->variants[v];
        json_t *cuts = json_array();
        json_t *object;
        for (uint32_t i = 0; i < c->cut_count; i++) {
            if (c->cuts[i].variant == v) {
                json_array_append_new(cuts, describe_cut(c, i, budget_pp));
            }
        }
        object = json_pack(
            "{s:s, s:s, s:s, s:s, s:f, s:f, s:f, s:f, s:s, s:I, s:o}", "task",
            task, "model", variant->name, "sha256", variant->sha256, "metric",
            variant->metric, "score", variant->score, "score_low",
            variant->score_low, "score_high", variant->score_high, "budget_pp",
            budget_pp, "note", note, "packings", (json_int_t)c->pack_count,
            "cuts", cuts);
        json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(7));
        printf("\n");
        json_decref(object);
    }
}

void profiletable_print(const char *task, const struct clv_costs *costs,
                        double budget_pp, const char *note, int json)
{
    if (json) {
        print_json(task, costs, budget_pp, note);
        return;
    }
    print_text(costs, budget_pp);
    if (note[0] != '\0') {
        printf("\n%s\n", note);
    }
}
