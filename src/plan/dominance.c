/*
 * dominance.c - which candidates can never be the best.
 *
 * Sorted by a key that a dominator never exceeds, a candidate has all its
 * dominators before it, and any dominator that was itself dropped has left
 * one that stays. So each is compared with the kept ones only.
 */
#include "plan/dominance.h"

#include <stdlib.h>

#define COMPARISONS_MAX ((size_t)30000000)

static int compare(const void *a, const void *b)
{
    const struct clv_entrant *x = a;
    const struct clv_entrant *y = b;

    if (x->group != y->group) {
        return x->group < y->group ? -1 : 1;
    }
    if (x->key != y->key) {
        return x->key < y->key ? -1 : 1;
    }
    return (x->row > y->row) - (x->row < y->row);
}

static int is_no_worse(const double *a, const double *b, size_t width)
{
    for (size_t i = 0; i < width; i++) {
        if (a[i] > b[i]) {
            return 0;
        }
    }
    return 1;
}

/* Equal rows dominate each other: then the lower number does. */
static int dominates(const struct clv_entrant *a, const struct clv_entrant *b,
                     const double *rows, size_t width)
{
    const double *x = rows + a->row * width;
    const double *y = rows + b->row * width;

    return is_no_worse(x, y, width) &&
           (a->row < b->row || !is_no_worse(y, x, width));
}

static int is_dominated(const struct clv_entrant *places, size_t first,
                        size_t count, const struct clv_entrant *place,
                        const double *rows, size_t width)
{
    for (size_t i = first; i < count; i++) {
        if (dominates(&places[i], place, rows, width)) {
            return 1;
        }
    }
    return 0;
}

size_t clv_dominance_prune(struct clv_entrant *places, size_t count,
                           const double *rows, size_t width)
{
    size_t kept = 0;
    size_t local = 0; /* of group 0, which come first */
    size_t first = 0; /* kept ones of the group at hand */
    size_t compared = 0;

    qsort(places, count, sizeof *places, compare);
    for (size_t i = 0; i < count; i++) {
        struct clv_entrant place = places[i];
        if (kept > 0 && places[kept - 1].group != place.group) {
            first = kept;
        }
        if (compared < COMPARISONS_MAX) {
            compared += kept - first + local;
            if (is_dominated(places, 0, local, &place, rows, width) ||
                is_dominated(places, first > local ? first : local, kept,
                             &place, rows, width)) {
                continue;
            }
        }
        places[kept++] = place;
        local = place.group == 0 ? kept : local;
    }
    return kept;
}
