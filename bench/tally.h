/*
 * tally.h - numbers of a benchmark: gathered, ranked, and printed as rows.
 *
 * A tally is a list of numbers that grows to a fixed size. Rows are what
 * scripts/bench.sh reads: one JSON object a line. Not thread-safe.
 */
#ifndef CLV_TALLY_H
#define CLV_TALLY_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct tally {
    double *values;
    size_t count;
    size_t capacity;
};

/* Room for `capacity` numbers; ends the program if there is no memory. */
void tally_init(struct tally *t, size_t capacity);
void tally_fini(struct tally *t);

/* A number more than there is room for is dropped. */
void tally_add(struct tally *t, double value);

/* The value below which `percent` of all lie (nearest rank); sorts. */
double tally_rank(struct tally *t, unsigned percent);
double tally_median(struct tally *t);

/* Nanoseconds of the machine's one clock. */
int64_t tally_now_ns(void);

/* {"machine", "cores"} and whatever is added: the context of a row. */
json_t *tally_context(void);

/* Adds "NAME" with count, p10, p50 and p90 of the tally. */
void tally_describe(json_t *context, const char *name, struct tally *t);

/* One row. Met is a value up to the bar; a bar of 0 is none. Takes
   `context`. */
void tally_row(const char *id, const char *what, double value, const char *unit,
               double bar, json_t *context);

/* The same where more is better: met from the bar on. */
void tally_row_least(const char *id, const char *what, double value,
                     const char *unit, double bar, json_t *context);

/* A row that says why nothing was measured. */
void tally_skip(const char *id, const char *what, const char *why);

#endif
