/*
 * ratetable.h - what `cleave rate` prints: rows as they come, and at the end
 * the smallest packing of each cut within the budget.
 */
#ifndef CLEAVE_TOOL_RATETABLE_H
#define CLEAVE_TOOL_RATETABLE_H

#include <stddef.h>

#include "cleave/status.h"
#include "profile/row.h"

/* Rows in the order of measuring; cuts are borrowed. */
struct ratetable {
    int json;
    struct ratetable_row {
        const char *cut;
        struct clv_packing packing;
        struct clv_rate rate;
    } *rows;
    size_t count;
};

/* Prints a row and keeps it. CLEAVE_MEMORY. */
cleave_status ratetable_add(struct ratetable *table, const char *cut,
                            const struct clv_packing *packing,
                            const struct clv_rate *rate, cleave_error *err);

/* The cut's smallest row that loses no more than the budget; NULL: none. */
const struct ratetable_row *ratetable_best(const struct ratetable *table,
                                           const char *cut, double budget_pp);

/* Prints the last table. */
void ratetable_finish(const struct ratetable *table, char *const *cuts,
                      size_t cut_count, double budget_pp);

void ratetable_fini(struct ratetable *table);

#endif
