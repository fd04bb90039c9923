/*
 * calm.c - which of several measurements of one thing were undisturbed.
 *
 * Either way each measurement gets a badness, and a bound says from where on
 * it is disturbed; the bound is raised to the `least`-th smallest badness.
 */
#include "profile/calm.h"

#include <stdlib.h>

#define SLACK 0.05       /* of waiting beyond the least */
#define MUCH_LONGER 1.25 /* than the lower quartile */
#define FEW 4            /* a quarter of all, and not more */

static int knows_stalls(const struct clv_calm_visit *visits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (visits[i].stalled < 0) {
            return 0;
        }
    }
    return 1;
}

static double badness(const struct clv_calm_visit *visit, int by_stall)
{
    return by_stall ? visit->stalled : visit->pace;
}

static int order(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static size_t count_within(const double *sorted, size_t count, double bound)
{
    size_t within = 0;

    while (within < count && sorted[within] <= bound) {
        within++;
    }
    return within;
}

static double bound_of(const double *sorted, size_t count, int by_stall)
{
    double bound =
        by_stall ? sorted[0] + SLACK : MUCH_LONGER * sorted[(count - 1) / 4];

    if (!by_stall &&
        (count - count_within(sorted, count, bound)) * FEW > count) {
        return sorted[count - 1];
    }
    return bound;
}

size_t clv_calm_mark(struct clv_calm_visit *visits, size_t count, size_t least)
{
    int by_stall = knows_stalls(visits, count);
    double *sorted = count > 0 ? calloc(count, sizeof *sorted) : NULL;
    double bound;
    size_t calm;

    if (sorted == NULL) { /* nothing is told apart */
        for (size_t i = 0; i < count; i++) {
            visits[i].is_calm = 1;
        }
        return count;
    }
    for (size_t i = 0; i < count; i++) {
        sorted[i] = badness(&visits[i], by_stall);
    }
    qsort(sorted, count, sizeof *sorted, order);
    bound = bound_of(sorted, count, by_stall);
    calm = count_within(sorted, count, bound);
    least = least < count ? least : count;
    if (calm < least) {
        bound = sorted[least - 1];
    }
    for (size_t i = 0; i < count; i++) {
        visits[i].is_calm = badness(&visits[i], by_stall) <= bound;
    }
    free(sorted);
    return calm;
}
