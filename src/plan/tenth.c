/*
 * tenth.c - what the tenth of a product's designs with least of something has
 * at most.
 *
 * Designs are too many to be ranked, but sums of tasks that choose
 * independently are distributed like the convolution of theirs: so terms are
 * counted in equal intervals, rounded up, and the counts folded, one task
 * after another, and one way to sit after another.
 */
#include "plan/tenth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

#define INTERVALS 1024

/* Counts of designs by intervals of their sums. */
struct spectrum {
    double low;
    double per_interval;
    double counts[INTERVALS];
};

struct folding {
    struct spectrum all;
    double way[INTERVALS]; /* of one way to sit */
    double next[INTERVALS];
    double terms[INTERVALS]; /* of one task */
};

static double term_of(const struct clv_seating *s, size_t task, size_t column,
                      size_t k)
{
    return s->seated[task].terms[column * s->seated[task].room + k];
}

/* The range of one way's sums; 0 if it has no design that is known. */
static int range_of(const struct clv_seating *s, size_t column, double *ret_low,
                    double *ret_high)
{
    *ret_low = 0;
    *ret_high = 0;
    for (size_t i = 0; i < s->tasks; i++) {
        double low = INFINITY;
        double high = -INFINITY;
        for (size_t k = 0; k < s->seated[i].count; k++) {
            double term = term_of(s, i, column, k);
            low = term < low ? term : low;
            high = term > high ? term : high;
        }
        *ret_low += low;
        *ret_high += high;
    }
    return isfinite(*ret_low) && isfinite(*ret_high);
}

/* A list's terms above its least, in intervals; returns that least. */
static double count_terms(const struct folding *f, const struct clv_seating *s,
                          size_t task, size_t column, double *ret_counts)
{
    double least = INFINITY;

    memset(ret_counts, 0, INTERVALS * sizeof *ret_counts);
    for (size_t k = 0; k < s->seated[task].count; k++) {
        least = fmin(least, term_of(s, task, column, k));
    }
    for (size_t k = 0; k < s->seated[task].count; k++) {
        double term = term_of(s, task, column, k);
        double at = ceil((term - least) / f->all.per_interval);
        if (isfinite(term)) {
            ret_counts[(size_t)fmin(at, INTERVALS - 1)] += 1;
        }
    }
    return least;
}

/* way = way folded with terms; what is beyond the end stays there. */
static void fold(struct folding *f)
{
    memset(f->next, 0, sizeof f->next);
    for (size_t i = 0; i < INTERVALS; i++) {
        for (size_t k = 0; f->terms[i] > 0 && k < INTERVALS; k++) {
            size_t at = i + k < INTERVALS ? i + k : INTERVALS - 1;
            f->next[at] += f->terms[i] * f->way[k];
        }
    }
    memcpy(f->way, f->next, sizeof f->way);
}

static void add_way(struct folding *f, const struct clv_seating *s,
                    size_t column)
{
    double low;
    double high;
    double shift;

    if (!range_of(s, column, &low, &high)) {
        return;
    }
    memset(f->way, 0, sizeof f->way);
    shift = ceil((low - f->all.low) / f->all.per_interval);
    f->way[(size_t)fmin(fmax(shift, 0), INTERVALS - 1)] = 1;
    for (size_t i = 0; i < s->tasks; i++) {
        count_terms(f, s, i, column, f->terms);
        fold(f);
    }
    for (size_t k = 0; k < INTERVALS; k++) {
        f->all.counts[k] += f->way[k];
    }
}

static double find_most(const struct spectrum *all)
{
    double total = 0;
    double sum = 0;
    size_t at = 0;

    for (size_t k = 0; k < INTERVALS; k++) {
        total += all->counts[k];
    }
    while (at + 1 < INTERVALS && (sum += all->counts[at]) < total / 10) {
        at++;
    }
    return all->low + (double)at * all->per_interval;
}

/* Goes through all ways to sit, for ranges or for counts. */
static int go_through(struct folding *f, struct clv_seating *s, size_t column,
                      int counts)
{
    uint32_t chairs[CLV_SEATS] = {0};
    double least = INFINITY;
    double most = -INFINITY;

    do {
        double low;
        double high;
        clv_seating_fill(s, chairs, 0);
        if (counts) {
            add_way(f, s, column);
        } else if (range_of(s, column, &low, &high)) {
            least = fmin(least, low);
            most = fmax(most, high);
        }
    } while (clv_seating_next(s->product, chairs));
    if (!counts) {
        f->all.low = least;
        /* each task's rounding up has room at the end */
        f->all.per_interval =
            (most - least) / (double)(INTERVALS - 2 * CLV_SEATS);
    }
    return counts || isfinite(least);
}

cleave_status clv_tenth_find(struct clv_seating *seating, size_t column,
                             double *ret_most, cleave_error *err)
{
    struct folding *f = calloc(1, sizeof *f);

    if (f == NULL) {
        return clv_fail_memory(err, "designs", sizeof *f);
    }
    if (!go_through(f, seating, column, 0)) {
        *ret_most = INFINITY;
    } else if (!(f->all.per_interval > 0)) {
        *ret_most = f->all.low; /* all the same */
    } else {
        go_through(f, seating, column, 1);
        *ret_most = find_most(&f->all);
    }
    free(f);
    return CLEAVE_OK;
}
