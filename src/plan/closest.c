/*
 * closest.c - one vector from each of several lists, whose sum is closest to
 * nothing.
 *
 * A branch and bound. A node, of each list a stretch of its vectors' numbers,
 * is bounded by a price (hulls.h); vectors whose toll or sides take them out
 * leave it, and it is bounded again while many leave. Few sums are then gone
 * through one by one, tolls telling which to pass over; many are split where
 * a list is widest.
 *
 * Numbers are moved about within the stretch of a node only, so that a node
 * is a few pairs of numbers, and whoever split it finds its own stretch whole
 * again, if in another order.
 */
#include "plan/closest.h"

#include <math.h>
#include <string.h>

#include "plan/hulls.h"

#define LISTS CLV_CLOSEST_LISTS
#define DIMENSIONS CLV_CLOSEST_DIMENSIONS

/* Sums that are gone through one by one. */
#define FEW 1024.0

/* Of a look, and of a search's nodes after the first. */
#define SWEEPS 12

static int has_given_up(const struct clv_hulls *h)
{
    return h->c->effort > h->c->effort_most;
}

/* -- Fixing out -- */

/* Numbers whose toll takes them beyond the bound leave the stretch. */
static uint32_t fix_by_toll(struct clv_hulls *h, struct clv_hulls_node *n,
                            size_t list, const struct clv_hulls_price *p)
{
    uint32_t *numbers = h->numbers[list] + n->first[list];
    double limit = clv_hulls_limit(h->c->bound);
    uint32_t kept = 0;

    for (uint32_t k = 0; k < n->count[list]; k++) {
        uint32_t number = numbers[k];
        if (p->below + p->scale * h->tolls[list][number] <= limit) {
            numbers[k] = numbers[kept];
            numbers[kept++] = number;
        }
    }
    return n->count[list] - kept;
}

static double least_side(const struct clv_hulls *h,
                         const struct clv_hulls_node *n, size_t list,
                         size_t side)
{
    double least = INFINITY;

    for (uint32_t k = 0; k < n->count[list]; k++) {
        least = fmin(
            least, clv_hulls_sides(h, list,
                                   h->numbers[list][n->first[list] + k])[side]);
    }
    return least;
}

/* What exceeds a limit even with the least of all others leaves. */
static void fix_by_side(struct clv_hulls *h, struct clv_hulls_node *n,
                        size_t side)
{
    double leasts[LISTS];
    double sum = 0;
    double size = fabs(h->c->limits[side]);

    for (size_t i = 0; i < h->c->lists; i++) {
        leasts[i] = least_side(h, n, i, side);
        sum += leasts[i];
        size += fabs(leasts[i]);
    }
    for (size_t i = 0; i < h->c->lists; i++) {
        uint32_t *numbers = h->numbers[i] + n->first[i];
        double room =
            h->c->limits[side] + CLV_HULLS_SLACK * size - (sum - leasts[i]);
        uint32_t kept = 0;
        for (uint32_t k = 0; k < n->count[i]; k++) {
            uint32_t number = numbers[k];
            if (clv_hulls_sides(h, i, number)[side] <= room) {
                numbers[k] = numbers[kept];
                numbers[kept++] = number;
            }
        }
        n->count[i] = kept;
    }
}

static int is_empty(const struct clv_hulls *h, const struct clv_hulls_node *n)
{
    for (size_t i = 0; i < h->c->lists; i++) {
        if (n->count[i] == 0) {
            return 1;
        }
    }
    return 0;
}

/* Takes out what no limit leaves room for; 0 if nothing is left. */
static int fix_by_sides(struct clv_hulls *h, struct clv_hulls_node *n)
{
    for (size_t j = 0; j < h->c->sides && !is_empty(h, n); j++) {
        fix_by_side(h, n, j);
    }
    return !is_empty(h, n);
}

/* Returns how many left. */
static uint32_t fix(struct clv_hulls *h, struct clv_hulls_node *n,
                    struct clv_hulls_price *p)
{
    uint32_t gone = 0;

    clv_hulls_find_tolls(h, n, p);
    for (size_t i = 0; i < h->c->lists; i++) {
        uint32_t out = fix_by_toll(h, n, i, p);
        n->count[i] -= out;
        gone += out;
    }
    fix_by_sides(h, n);
    return gone;
}

static uint32_t vectors_in(const struct clv_hulls *h,
                           const struct clv_hulls_node *n)
{
    uint32_t vectors = 0;

    for (size_t i = 0; i < h->c->lists; i++) {
        vectors += n->count[i];
    }
    return vectors;
}

static double sums_in(const struct clv_hulls *h, const struct clv_hulls_node *n)
{
    double sums = 1;

    for (size_t i = 0; i < h->c->lists; i++) {
        sums *= n->count[i];
    }
    return sums;
}

/* -- Going through few -- */

struct walk {
    struct clv_hulls *h;
    const struct clv_hulls_node *n;
    const struct clv_hulls_price *p;
    uint32_t at[LISTS];
    double sum[LISTS + 1][DIMENSIONS];
};

/* Sums of the last list's; the loose part, if any, is left to the caller. */
static void walk_last(struct walk *w, double below)
{
    struct clv_hulls *h = w->h;
    size_t last = h->c->lists - 1;
    const double *sum = w->sum[last];

    h->c->effort += w->n->count[last];
    for (uint32_t k = 0; k < w->n->count[last]; k++) {
        uint32_t number = h->numbers[last][w->n->first[last] + k];
        const double *x = clv_hulls_vector(h, last, number);
        double limit = clv_hulls_limit(h->c->bound);
        double square = 0;
        if (below + w->p->scale * h->tolls[last][number] > limit) {
            continue;
        }
        for (size_t d = 0; d < h->c->dimensions; d++) {
            square += (sum[d] + x[d]) * (sum[d] + x[d]);
        }
        if (h->c->loose != NULL || square <= limit) {
            w->at[last] = number;
            clv_hulls_offer(h, w->at);
        }
    }
}

static void walk(struct walk *w, size_t list, double below)
{
    struct clv_hulls *h = w->h;

    if (list + 1 == h->c->lists) {
        walk_last(w, below);
        return;
    }
    for (uint32_t k = 0; k < w->n->count[list]; k++) {
        uint32_t number = h->numbers[list][w->n->first[list] + k];
        const double *x = clv_hulls_vector(h, list, number);
        double here = below + w->p->scale * h->tolls[list][number];
        if (here > clv_hulls_limit(h->c->bound)) {
            continue;
        }
        w->at[list] = number;
        for (size_t d = 0; d < h->c->dimensions; d++) {
            w->sum[list + 1][d] = w->sum[list][d] + x[d];
        }
        walk(w, list + 1, here);
    }
}

static void go_through(struct clv_hulls *h, const struct clv_hulls_node *n,
                       const struct clv_hulls_price *p)
{
    struct walk w = {.h = h, .n = n, .p = p};

    memcpy(w.sum[0], h->c->offset, sizeof w.sum[0]);
    walk(&w, 0, p->below);
}

/* -- Splitting -- */

/* One number of a vector, of the loose part, or of its sides as shares of
   their ranges. */
static double feature(const struct clv_hulls *h, size_t list, uint32_t number,
                      size_t which)
{
    size_t dimensions = h->c->dimensions;

    if (h->c->loose != NULL && which == dimensions + h->c->sides) {
        return h->c->list[list].ratios[number] * h->loose_size;
    }
    return which < dimensions
               ? clv_hulls_vector(h, list, number)[which]
               : clv_hulls_sides(h, list, number)[which - dimensions] *
                     h->unit[which - dimensions];
}

struct cut {
    size_t list;
    size_t feature;
    double at;
};

/* Where a list is widest; in the middle. Sides count where nothing else
   differs. */
static struct cut widest(const struct clv_hulls *h,
                         const struct clv_hulls_node *n)
{
    size_t dimensions = h->c->dimensions;
    size_t all = dimensions + h->c->sides + (h->c->loose != NULL);
    struct cut cut = {.list = 0};
    double most = 0;

    for (size_t f = 0; f < all; f++) {
        int is_side = f >= dimensions && f < dimensions + h->c->sides;
        if (is_side && most > 0) {
            continue;
        }
        for (size_t i = 0; i < h->c->lists; i++) {
            double low = INFINITY;
            double high = -INFINITY;
            for (uint32_t k = 0; k < n->count[i]; k++) {
                double x = feature(h, i, h->numbers[i][n->first[i] + k], f);
                low = x < low ? x : low;
                high = x > high ? x : high;
            }
            if (high - low > most) {
                most = high - low;
                cut = (struct cut){i, f, low / 2 + high / 2};
            }
        }
    }
    cut.at = most > 0 ? cut.at : INFINITY;
    return cut;
}

/* The lower part first; how many it has. */
static uint32_t partition(struct clv_hulls *h, const struct clv_hulls_node *n,
                          const struct cut *cut)
{
    uint32_t *numbers = h->numbers[cut->list] + n->first[cut->list];
    uint32_t low = 0;

    for (uint32_t k = 0; k < n->count[cut->list]; k++) {
        uint32_t number = numbers[k];
        if (feature(h, cut->list, number, cut->feature) <= cut->at) {
            numbers[k] = numbers[low];
            numbers[low++] = number;
        }
    }
    return low;
}

static void examine(struct clv_hulls *h, struct clv_hulls_node n, int sweeps);

static void split(struct clv_hulls *h, const struct clv_hulls_node *n,
                  const struct clv_hulls_price *p)
{
    struct cut cut = widest(h, n);
    struct clv_hulls_node halves[2] = {*n, *n};
    uint32_t low;
    int first;

    if (isinf(cut.at)) {
        go_through(h, n, p); /* all alike */
        return;
    }
    low = partition(h, n, &cut);
    if (low == 0 || low == n->count[cut.list]) {
        low = n->count[cut.list] / 2; /* rounding */
    }
    halves[0].count[cut.list] = low;
    halves[1].first[cut.list] += low;
    halves[1].count[cut.list] -= low;
    /* first the side that the price would go to */
    first = cut.feature < h->c->dimensions && p->point[cut.feature] < 0;
    examine(h, halves[first], SWEEPS);
    examine(h, halves[!first], SWEEPS);
}

/* All sums of a node: bounded, thinned out, gone through or split. */
static void examine(struct clv_hulls *h, struct clv_hulls_node n, int sweeps)
{
    struct clv_hulls_price p;
    uint32_t gone;

    do {
        clv_hulls_find_ends(h, &n);
        p = clv_hulls_find_price(h, &n, sweeps, sweeps == CLV_HULLS_SWEEPS);
        if (has_given_up(h) || p.below > clv_hulls_limit(h->c->bound)) {
            return;
        }
        gone = fix(h, &n, &p);
        if (is_empty(h, &n)) {
            return;
        }
    } while (gone > vectors_in(h, &n) / 4);
    if (sums_in(h, &n) <= FEW) {
        clv_hulls_find_ends(h, &n);
        fix(h, &n, &p);
        if (!is_empty(h, &n)) {
            go_through(h, &n, &p);
        }
    } else {
        split(h, &n, &p);
    }
}

/* -- The whole -- */

cleave_status clv_closest_look(struct clv_closest *closest, cleave_error *err)
{
    struct clv_hulls h;
    struct clv_hulls_node all;
    cleave_status status = clv_hulls_init(&h, closest, &all, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    closest->below = INFINITY;
    if (fix_by_sides(&h, &all)) {
        clv_hulls_find_ends(&h, &all);
        closest->below = clv_hulls_find_price(&h, &all, SWEEPS, 0).below;
        if (closest->below <= clv_hulls_limit(closest->bound)) {
            clv_hulls_try_some(&h, &all);
        }
    }
    clv_hulls_fini(&h);
    return CLEAVE_OK;
}

cleave_status clv_closest_search(struct clv_closest *closest, cleave_error *err)
{
    struct clv_hulls h;
    struct clv_hulls_node all;
    cleave_status status = clv_hulls_init(&h, closest, &all, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    if (fix_by_sides(&h, &all)) {
        clv_hulls_find_ends(&h, &all);
        clv_hulls_try_some(&h, &all);
        examine(&h, all, CLV_HULLS_SWEEPS);
    }
    closest->below = has_given_up(&h) ? closest->below : closest->bound;
    clv_hulls_fini(&h);
    return CLEAVE_OK;
}
