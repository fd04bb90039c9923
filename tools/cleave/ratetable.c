/*
 * ratetable.c - what `cleave rate` prints.
 */
#include "ratetable.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "profile/ladder.h"

static void print_json(const struct ratetable_row *row, int best,
                       double budget_pp)
{
    json_t *object = clv_row_json(row->cut, &row->packing, &row->rate);

    if (object == NULL) {
        return;
    }
    if (best) {
        json_object_set_new(object, "best", json_true());
        json_object_set_new(object, "budget_pp", json_real(budget_pp));
    }
    json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(7));
    printf("\n");
    fflush(stdout);
    json_decref(object);
}

/* A share as per cent, a cosine as it is, dB as dB. */
static void print_score(const struct clv_rate *r)
{
    switch (r->by) {
    case CLV_JUDGED_BY_COSINE:
        printf(" %9.6f", r->score);
        break;
    case CLV_JUDGED_BY_PSNR:
        printf(" %6.2f dB", r->score);
        break;
    default:
        printf(" %7.2f %%", 100 * r->score);
    }
}

static void print_text(const struct ratetable_row *row)
{
    char setting[CLV_PACKING_TEXT];
    const struct clv_rate *r = &row->rate;

    printf("%-24s %-6s %-13s %9.0f %7.3f %9.1f %9.1f", row->cut,
           clv_coder_name(row->packing.coder),
           clv_packing_setting(&row->packing, setting), r->bytes,
           r->bits_per_element, r->encode_us, r->decode_us);
    print_score(r);
    printf(" %+7.2f +-%5.2f %7.2f\n", r->change_pp, clv_rate_ci_pp(r),
           100 * r->agreement);
    fflush(stdout);
}

static void print_head(const struct clv_rate *r)
{
    printf("%llu inputs, judged by %s; without packing ",
           (unsigned long long)r->inputs, clv_judge_name(r->by));
    print_score(&(struct clv_rate){.by = r->by, .score = r->unpacked});
    printf("\nBytes are means of whole messages, times medians, changes in "
           "points with 95 %%.\n\n");
    printf("%-24s %-6s %-13s %9s %7s %9s %9s %9s %16s %7s\n", "cut", "coder",
           "setting", "bytes", "bit/el", "pack us", "unpack us", "score",
           "change", "agree %");
}

cleave_status ratetable_add(struct ratetable *table, const char *cut,
                            const struct clv_packing *packing,
                            const struct clv_rate *rate, cleave_error *err)
{
    struct ratetable_row *grown =
        realloc(table->rows, (table->count + 1) * sizeof *grown);

    if (grown == NULL) {
        return clv_fail_memory(err, "rate", table->count * sizeof *grown);
    }
    table->rows = grown;
    grown[table->count] = (struct ratetable_row){cut, *packing, *rate};
    if (table->json) {
        print_json(&grown[table->count], 0, 0);
    } else {
        if (table->count == 0) {
            print_head(rate);
        }
        print_text(&grown[table->count]);
    }
    table->count++;
    return CLEAVE_OK;
}

const struct ratetable_row *ratetable_best(const struct ratetable *table,
                                           const char *cut, double budget_pp)
{
    const struct ratetable_row *best = NULL;

    for (size_t i = 0; i < table->count; i++) {
        const struct ratetable_row *row = &table->rows[i];
        if (strcmp(row->cut, cut) == 0 &&
            clv_rate_is_within(&row->rate, budget_pp) &&
            (best == NULL || row->rate.bytes < best->rate.bytes)) {
            best = row;
        }
    }
    return best;
}

void ratetable_finish(const struct ratetable *table, char *const *cuts,
                      size_t cut_count, double budget_pp)
{
    if (!table->json) {
        printf("\nsmallest within %g points:\n", budget_pp);
    }
    for (size_t i = 0; i < cut_count; i++) {
        const struct ratetable_row *best =
            ratetable_best(table, cuts[i], budget_pp);
        if (best != NULL && table->json) {
            print_json(best, 1, budget_pp);
        } else if (best != NULL) {
            print_text(best);
        } else if (!table->json) {
            printf("%-24s none\n", cuts[i]);
        }
    }
}

void ratetable_fini(struct ratetable *table)
{
    free(table->rows);
    table->rows = NULL;
    table->count = 0;
}
