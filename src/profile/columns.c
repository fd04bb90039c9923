/*
 * columns.c - rows of costs as columns of the database, both ways.
 *
 * Getting a column moves on to the next, so the order of the calls is the
 * order of the lists in the header; what fails ends a row, and what comes
 * behind it no longer matters.
 */
#include "profile/columns.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/fail.h"

#define SPREAD_NUMBERS 9

/* Casts away what a struct of owned texts cannot say: these are borrowed. */
static char *borrow(const char *text)
{
    return (char *)(uintptr_t)text;
}

/* -- Spreads -- */

static const char *print_spread(const struct clv_spread *s,
                                char into[CLV_SPREAD_TEXT])
{
    const double numbers[] = {s->mean, s->std, s->min, s->max,
                              s->p50,  s->p90, s->p95, s->p99};
    char number[CLV_DECIMAL_TEXT];
    size_t used = 0;

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        used += (size_t)snprintf(into + used, CLV_SPREAD_TEXT - used, "%s%s",
                                 i == 0 ? "[" : ", ",
                                 clv_decimal_print(numbers[i], 9, number));
    }
    snprintf(into + used, CLV_SPREAD_TEXT - used, ", %u]", s->count);
    return into;
}

/* Numbers in brackets, joined by commas; nothing more and nothing less. */
static int parse_numbers(const char *text, double *numbers, size_t count)
{
    if (*text++ != '[') {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        text += strspn(text, " ");
        text = clv_decimal_read(text, &numbers[i]);
        if (text == NULL || *text++ != (i + 1 < count ? ',' : ']')) {
            return 0;
        }
    }
    return *text == '\0';
}

int clv_columns_get_spread(struct clv_query *query, struct clv_spread *ret)
{
    double n[SPREAD_NUMBERS];

    if (!parse_numbers(clv_query_get_text(query), n, SPREAD_NUMBERS) ||
        n[8] > UINT32_MAX) {
        return 0;
    }
    *ret = (struct clv_spread){.mean = n[0],
                               .std = n[1],
                               .min = n[2],
                               .max = n[3],
                               .p50 = n[4],
                               .p90 = n[5],
                               .p95 = n[6],
                               .p99 = n[7],
                               .count = (uint32_t)n[8]};
    return 1;
}

void clv_columns_bind_spread(struct clv_query *query,
                             char into[CLV_SPREAD_TEXT],
                             const struct clv_spread *spread)
{
    clv_query_text(query, print_spread(spread, into));
}

/* -- Single numbers -- */

static void bind_maybe(struct clv_query *query, double value)
{
    if (value < 0) {
        clv_query_text(query, NULL);
    } else {
        clv_query_real(query, value);
    }
}

static double get_maybe(struct clv_query *query)
{
    double value = clv_query_get_real(query);

    return isfinite(value) && value >= 0 ? value : CLV_UNKNOWN;
}

static int get_finite(struct clv_query *query, double *ret)
{
    *ret = clv_query_get_real(query);
    return isfinite(*ret);
}

static int get_count(struct clv_query *query, uint64_t *ret)
{
    int64_t value = clv_query_get_int(query);

    *ret = (uint64_t)value;
    return value >= 0;
}

/* -- Rows -- */

void clv_columns_bind_variant(struct clv_query *query,
                              const struct clv_cost_variant *row)
{
    clv_query_text(query, row->name);
    clv_query_text(query, row->metric);
    clv_query_int(query, (int64_t)row->size_bytes);
    clv_query_int(query, (int64_t)row->macs);
    clv_query_real(query, row->score);
    clv_query_real(query, row->score_low);
    clv_query_real(query, row->score_high);
}

int clv_columns_get_variant(struct clv_query *query,
                            struct clv_cost_variant *ret)
{
    struct clv_cost_variant v = {0};
    int good;

    v.name = borrow(clv_query_get_text(query));
    v.metric = borrow(clv_query_get_text(query));
    good = get_count(query, &v.size_bytes) && get_count(query, &v.macs) &&
           get_finite(query, &v.score) && get_finite(query, &v.score_low) &&
           get_finite(query, &v.score_high);
    *ret = v;
    return good;
}

void clv_columns_bind_cut(struct clv_query *query,
                          const struct clv_cost_cut *row, size_t position)
{
    clv_query_text(query, row->name);
    clv_query_int(query, row->tensors);
    clv_query_real(query, row->head_share);
    clv_query_int(query, (int64_t)row->raw_bytes);
    clv_query_int(query, row->is_activation);
    clv_query_int(query, row->is_picture);
    clv_query_int(query, (int64_t)position);
}

int clv_columns_get_cut(struct clv_query *query, struct clv_cost_cut *ret)
{
    struct clv_cost_cut c = {0};
    uint64_t tensors = 0;
    int good;

    c.name = borrow(clv_query_get_text(query));
    good = c.name[0] != '\0' && get_count(query, &tensors) &&
           tensors <= UINT16_MAX && get_finite(query, &c.head_share) &&
           c.head_share >= 0 && c.head_share <= 1 &&
           get_count(query, &c.raw_bytes);
    c.tensors = good ? (uint32_t)tensors : 0;
    c.is_activation = clv_query_get_int(query) != 0;
    c.is_picture = clv_query_get_int(query) != 0;
    *ret = c;
    return good;
}

void clv_columns_bind_head(struct clv_query *query, struct clv_columns *c,
                           const struct clv_cost_head *row)
{
    clv_columns_bind_spread(query, c->texts[0], &row->time_ns);
    clv_columns_bind_spread(query, c->texts[1], &row->finish_ns);
    bind_maybe(query, row->memory_bytes);
    bind_maybe(query, row->energy_j);
}

int clv_columns_get_head(struct clv_query *query, struct clv_cost_head *ret)
{
    struct clv_cost_head h = {0};
    int good = clv_columns_get_spread(query, &h.time_ns) &&
               clv_columns_get_spread(query, &h.finish_ns);

    h.memory_bytes = get_maybe(query);
    h.energy_j = get_maybe(query);
    *ret = h;
    return good;
}

static const char *text_or_none(const char *text)
{
    return text != NULL ? text : "";
}

void clv_columns_bind_subject(struct clv_query *query,
                              const struct clv_subject *subject)
{
    clv_query_text(query, text_or_none(subject->task));
    clv_query_text(query, text_or_none(subject->input));
    clv_query_text(query, text_or_none(subject->labels));
}

void clv_columns_bind_tail(struct clv_query *query, struct clv_columns *c,
                           const struct clv_cost_tail *row)
{
    clv_columns_bind_spread(query, c->texts[0], &row->time_ns);
}

int clv_columns_get_tail(struct clv_query *query, struct clv_cost_tail *ret)
{
    *ret = (struct clv_cost_tail){0};
    return clv_columns_get_spread(query, &ret->time_ns);
}

void clv_columns_bind_pack(struct clv_query *query, struct clv_columns *c,
                           const struct clv_cost_pack *row)
{
    clv_query_text(query, clv_packing_text(&row->packing, c->packing));
    clv_columns_bind_spread(query, c->texts[0], &row->pack_ns);
    clv_columns_bind_spread(query, c->texts[1], &row->unpack_ns);
    clv_columns_bind_spread(query, c->texts[2], &row->bytes_up);
    bind_maybe(query, row->bytes_down);
    clv_query_real(query, row->drop_pp);
    clv_query_real(query, row->drop_low_pp);
    clv_query_real(query, row->drop_high_pp);
    bind_maybe(query, row->huffman_bytes);
}

int clv_columns_get_pack(struct clv_query *query, struct clv_cost_pack *ret)
{
    struct clv_cost_pack p = {0};
    int good = clv_packing_parse(clv_query_get_text(query), &p.packing, NULL) ==
               CLEAVE_OK;

    good = good && clv_columns_get_spread(query, &p.pack_ns) &&
           clv_columns_get_spread(query, &p.unpack_ns) &&
           clv_columns_get_spread(query, &p.bytes_up);
    p.bytes_down = get_maybe(query);
    good = good && p.bytes_down >= 0 && get_finite(query, &p.drop_pp) &&
           get_finite(query, &p.drop_low_pp) &&
           get_finite(query, &p.drop_high_pp);
    p.huffman_bytes = get_maybe(query);
    *ret = p;
    return good;
}

cleave_status clv_columns_senseless(const struct clv_database *database,
                                    const char *table, cleave_error *err)
{
    return clv_fail(err, CLEAVE_CORRUPT, clv_sql_path(database->sql),
                    "A row of the table '%s' makes no sense; move the file "
                    "away and measure again with `cleave profile`.",
                    table);
}
