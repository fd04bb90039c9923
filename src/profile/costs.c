/*
 * costs.c - the table of measured parts: rows that are appended and checked.
 *
 * A row may only name what is there already, so a table that was filled
 * without an error can be walked without looking twice. What makes no sense
 * as a measurement is refused here, once, and not wherever rows are read.
 */
#include "profile/costs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "network/network.h"
#include "profile/statistics.h"

#define ROWS_MAX ((size_t)1 << 20)
#define FIRST_ROWS 8

void clv_costs_init(struct clv_costs *costs)
{
    *costs = (struct clv_costs){0};
}

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(texts[i]);
    }
    free(texts);
}

void clv_costs_fini(struct clv_costs *costs)
{
    free_texts(costs->engines, costs->engine_count);
    free_texts(costs->servers, costs->server_count);
    for (size_t i = 0; i < costs->variant_count; i++) {
        free(costs->variants[i].name);
        free(costs->variants[i].metric);
    }
    for (size_t i = 0; i < costs->cut_count; i++) {
        free(costs->cuts[i].name);
    }
    free(costs->variants);
    free(costs->cuts);
    free(costs->heads);
    free(costs->tails);
    free(costs->packs);
    clv_costs_init(costs);
}

/*
 * Room for one more row: `rows` is doubled whenever its count is a power of
 * two, so that no capacity needs to be kept.
 */
static cleave_status grow(void **rows, size_t count, size_t size,
                          const char *what, cleave_error *err)
{
    size_t capacity = count < FIRST_ROWS ? FIRST_ROWS : 2 * count;
    void *grown;

    if (count >= ROWS_MAX) {
        return clv_fail(err, CLEAVE_LIMIT, what,
                        "More than %zu rows in one table of costs; consider "
                        "fewer models, cuts or packings.",
                        ROWS_MAX);
    }
    if (count != 0 && (count < FIRST_ROWS || (count & (count - 1)) != 0)) {
        return CLEAVE_OK;
    }
    grown = realloc(*rows, capacity * size);
    if (grown == NULL) {
        return clv_fail_memory(err, what, capacity * size);
    }
    *rows = grown;
    return CLEAVE_OK;
}

static cleave_status copy_text(const char *text, const char *what,
                               char **ret_copy, cleave_error *err)
{
    if (text == NULL || text[0] == '\0') {
        return clv_fail(err, CLEAVE_INVALID, what,
                        "A row of costs has no name here.");
    }
    *ret_copy = strdup(text);
    return *ret_copy != NULL ? CLEAVE_OK
                             : clv_fail_memory(err, what, strlen(text) + 1);
}

/* -- What a row must be -- */

static cleave_status check_index(size_t index, size_t count, const char *what,
                                 cleave_error *err)
{
    return index < count
               ? CLEAVE_OK
               : clv_fail(err, CLEAVE_INVALID, what,
                          "A row of costs refers to number %zu, and there are "
                          "%zu.",
                          index, count);
}

/* A time, bytes: finite and not below zero. */
static cleave_status check_amount(double value, const char *what,
                                  cleave_error *err)
{
    return isfinite(value) && value >= 0
               ? CLEAVE_OK
               : clv_fail(err, CLEAVE_INVALID, what,
                          "%g is no measurement: a finite number of 0 or more "
                          "is wanted.",
                          value);
}

/* The same, or not known. */
static cleave_status check_known(double value, const char *what,
                                 cleave_error *err)
{
    return value == CLV_UNKNOWN ? CLEAVE_OK : check_amount(value, what, err);
}

static cleave_status check_spread(const struct clv_spread *spread,
                                  const char *what, cleave_error *err)
{
    const double values[] = {spread->mean, spread->std, spread->min,
                             spread->max,  spread->p50, spread->p90,
                             spread->p95,  spread->p99};
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0;
         status == CLEAVE_OK && i < sizeof values / sizeof values[0]; i++) {
        status = check_amount(values[i], what, err);
    }
    return status;
}

/* An interval of accuracy; its ends may be infinite where inputs were few. */
static cleave_status check_interval(double value, double low, double high,
                                    const char *what, cleave_error *err)
{
    return isfinite(value) && low <= value && value <= high
               ? CLEAVE_OK
               : clv_fail(err, CLEAVE_INVALID, what,
                          "%g within %g to %g is no interval of accuracy.",
                          value, low, high);
}

/* -- Appending -- */

static cleave_status append_text(char ***texts, size_t *count, const char *text,
                                 const char *what, uint32_t *ret_index,
                                 cleave_error *err)
{
    void *rows = *texts;
    char *copy;
    cleave_status status = grow(&rows, *count, sizeof **texts, what, err);

    *texts = rows;
    if (status == CLEAVE_OK) {
        status = copy_text(text, what, &copy, err);
    }
    if (status == CLEAVE_OK) {
        (*texts)[*count] = copy;
        *ret_index = (uint32_t)(*count)++;
    }
    return status;
}

cleave_status clv_costs_engine(struct clv_costs *costs, const char *name,
                               uint32_t *ret_index, cleave_error *err)
{
    return append_text(&costs->engines, &costs->engine_count, name, "engine",
                       ret_index, err);
}

cleave_status clv_costs_server(struct clv_costs *costs, const char *url,
                               uint32_t *ret_index, cleave_error *err)
{
    return append_text(&costs->servers, &costs->server_count, url, "server",
                       ret_index, err);
}

cleave_status clv_costs_variant(struct clv_costs *costs,
                                const struct clv_cost_variant *row,
                                uint32_t *ret_index, cleave_error *err)
{
    struct clv_cost_variant copy = *row;
    void *rows = costs->variants;
    cleave_status status = check_interval(row->score, row->score_low,
                                          row->score_high, "score", err);

    copy.name = NULL;
    copy.metric = NULL;
    if (status == CLEAVE_OK) {
        status = grow(&rows, costs->variant_count, sizeof copy, "variant", err);
        costs->variants = rows;
    }
    if (status == CLEAVE_OK) {
        status = copy_text(row->name, "variant", &copy.name, err);
    }
    if (status == CLEAVE_OK) {
        status = copy_text(row->metric, "metric", &copy.metric, err);
    }
    if (status != CLEAVE_OK) {
        free(copy.name);
        return status;
    }
    costs->variants[costs->variant_count] = copy;
    *ret_index = (uint32_t)costs->variant_count++;
    return CLEAVE_OK;
}

cleave_status clv_costs_cut(struct clv_costs *costs,
                            const struct clv_cost_cut *row, uint32_t *ret_index,
                            cleave_error *err)
{
    struct clv_cost_cut copy = *row;
    void *rows = costs->cuts;
    cleave_status status =
        check_index(row->variant, costs->variant_count, "variant", err);

    if (status == CLEAVE_OK &&
        !(row->head_share >= 0 && row->head_share <= 1)) {
        status = clv_fail(err, CLEAVE_INVALID, "head share",
                          "%g is no share from 0 to 1.", row->head_share);
    }
    if (status == CLEAVE_OK) {
        status = grow(&rows, costs->cut_count, sizeof copy, "cut", err);
        costs->cuts = rows;
    }
    if (status == CLEAVE_OK) {
        status = copy_text(row->name, "cut", &copy.name, err);
    }
    if (status == CLEAVE_OK) {
        costs->cuts[costs->cut_count] = copy;
        *ret_index = (uint32_t)costs->cut_count++;
    }
    return status;
}

cleave_status clv_costs_head(struct clv_costs *costs,
                             const struct clv_cost_head *row, cleave_error *err)
{
    void *rows = costs->heads;
    cleave_status status = check_index(row->cut, costs->cut_count, "cut", err);

    if (status == CLEAVE_OK) {
        status = check_index(row->engine, costs->engine_count, "engine", err);
    }
    if (status == CLEAVE_OK) {
        status = check_spread(&row->time_ns, "head time", err);
    }
    if (status == CLEAVE_OK) {
        status = check_spread(&row->finish_ns, "time to finish", err);
    }
    if (status == CLEAVE_OK) {
        status = check_known(row->memory_bytes, "memory", err);
    }
    if (status == CLEAVE_OK) {
        status = check_known(row->energy_j, "energy", err);
    }
    if (status == CLEAVE_OK) {
        status = grow(&rows, costs->head_count, sizeof *row, "heads", err);
        costs->heads = rows;
    }
    if (status == CLEAVE_OK) {
        costs->heads[costs->head_count++] = *row;
    }
    return status;
}

cleave_status clv_costs_tail(struct clv_costs *costs,
                             const struct clv_cost_tail *row, cleave_error *err)
{
    void *rows = costs->tails;
    cleave_status status = check_index(row->cut, costs->cut_count, "cut", err);

    if (status == CLEAVE_OK) {
        status = check_index(row->server, costs->server_count, "server", err);
    }
    if (status == CLEAVE_OK) {
        status = check_spread(&row->time_ns, "tail time", err);
    }
    if (status == CLEAVE_OK) {
        status = grow(&rows, costs->tail_count, sizeof *row, "tails", err);
        costs->tails = rows;
    }
    if (status == CLEAVE_OK) {
        costs->tails[costs->tail_count++] = *row;
    }
    return status;
}

static cleave_status check_pack(const struct clv_costs *costs,
                                const struct clv_cost_pack *row,
                                cleave_error *err)
{
    cleave_status status = check_index(row->cut, costs->cut_count, "cut", err);

    if (status == CLEAVE_OK) {
        status = check_spread(&row->pack_ns, "time to pack", err);
    }
    if (status == CLEAVE_OK) {
        status = check_spread(&row->unpack_ns, "time to unpack", err);
    }
    if (status == CLEAVE_OK) {
        status = check_spread(&row->bytes_up, "bytes up", err);
    }
    if (status == CLEAVE_OK) {
        status = check_known(row->huffman_bytes, "bytes by Huffman", err);
    }
    if (status == CLEAVE_OK) {
        status = check_amount(row->bytes_down, "bytes down", err);
    }
    if (status == CLEAVE_OK) {
        status = check_interval(row->drop_pp, row->drop_low_pp,
                                row->drop_high_pp, "drop", err);
    }
    return status;
}

cleave_status clv_costs_pack(struct clv_costs *costs,
                             const struct clv_cost_pack *row, cleave_error *err)
{
    void *rows = costs->packs;
    cleave_status status = check_pack(costs, row, err);

    if (status == CLEAVE_OK) {
        status = grow(&rows, costs->pack_count, sizeof *row, "packings", err);
        costs->packs = rows;
    }
    if (status == CLEAVE_OK) {
        costs->packs[costs->pack_count++] = *row;
    }
    return status;
}

/* -- Finding -- */

const struct clv_cost_head *clv_costs_whole(const struct clv_costs *costs,
                                            uint32_t variant,
                                            const char *engine)
{
    for (size_t i = 0; i < costs->head_count; i++) {
        const struct clv_cost_head *h = &costs->heads[i];
        const struct clv_cost_cut *cut = &costs->cuts[h->cut];
        if (cut->variant == variant && h->time_ns.count > 0 &&
            strcmp(cut->name, CLV_CUT_OUTPUT) == 0 &&
            strcmp(costs->engines[h->engine], engine) == 0) {
            return h;
        }
    }
    return NULL;
}

/* -- Spreads -- */

static int compare(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

/* The least value that so many percent of all reach at most. */
static double at_rank(const double *sorted, size_t count, size_t percent)
{
    size_t rank = (count * percent + 99) / 100;

    return sorted[rank > 0 ? rank - 1 : 0];
}

struct clv_spread clv_spread_of(double *values, size_t count)
{
    if (count == 0) {
        return (struct clv_spread){0};
    }
    qsort(values, count, sizeof *values, compare);
    return (struct clv_spread){
        .mean = clv_mean(values, count),
        .std = clv_deviation(values, count),
        .min = values[0],
        .max = values[count - 1],
        .p50 = at_rank(values, count, 50),
        .p90 = at_rank(values, count, 90),
        .p95 = at_rank(values, count, 95),
        .p99 = at_rank(values, count, 99),
        .count = (uint32_t)count,
    };
}
