/*
 * luggage.h - what keeping designs ready costs: files on disk, networks in
 * memory.
 *
 * A file that several designs or tasks use lies on disk once; a variant is
 * loaded once for each engine that it runs on. Pure; thread-safe.
 */
#ifndef CLV_LUGGAGE_H
#define CLV_LUGGAGE_H

#include "plan/switching.h"

/* Model files that are told apart; those beyond are not counted. */
#define CLV_FILES 1024

/* Zero to begin with. Texts are borrowed. */
struct clv_files {
    const char *seen[CLV_FILES]; /* SHA-256 */
    size_t count;
    double bytes;
};

/* Counts a variant's file, unless it has been seen. */
void clv_files_add(struct clv_files *files,
                   const struct clv_cost_variant *variant);

/* Fills in a table's sizes and memory, of what is kept and of all. */
void clv_luggage_weigh(struct clv_switching *switching,
                       const struct clv_product_options *options);

#endif
