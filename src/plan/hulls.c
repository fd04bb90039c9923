/*
 * hulls.c - bounds and good sums from the convex hulls of several lists.
 *
 * The point of least norm in the hulls' sum is neared by sweeps: each prices
 * all vectors by where the mixture is, finds the cheapest corner of each list,
 * and moves the mixture there as far as that helps (Frank and Wolfe's method).
 * Every sweep's price is a bound, and the best of them is kept, so it does not
 * matter how far the sweeps get; and every sweep's corners are a sum that may
 * be a good one.
 */
#include "plan/hulls.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

#define LISTS CLV_CLOSEST_LISTS
#define DIMENSIONS CLV_CLOSEST_DIMENSIONS
#define SIDES CLV_CLOSEST_SIDES

/* Sides are priced where a mixture exceeds them, the more the longer. */
#define PRICE_FIRST 8.0
#define PRICE_GROWTH 1.25
#define PRICE_MOST 4096.0

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* -- The loose part -- */

/* Least and greatest of a stretch's numbers. */
static void ratio_range(const struct clv_hulls *h,
                        const struct clv_hulls_node *n, size_t list,
                        double *ret_least, double *ret_greatest)
{
    double least = INFINITY;
    double greatest = 0;

    for (size_t k = 0; k < n->count[list]; k++) {
        double r =
            h->c->list[list].ratios[h->numbers[list][n->first[list] + k]];
        least = r < least ? r : least;
        greatest = r > greatest ? r : greatest;
    }
    *ret_least = least;
    *ret_greatest = greatest;
}

void clv_hulls_find_ends(struct clv_hulls *h, const struct clv_hulls_node *n)
{
    double least = INFINITY; /* of anything */
    double most_least = 0;   /* the greatest of the least */
    double greatest = 0;     /* of anything */
    double least_most = INFINITY;

    if (h->c->loose == NULL) {
        return;
    }
    for (size_t i = 0; i < h->c->lists; i++) {
        double low;
        double high;
        ratio_range(h, n, i, &low, &high);
        least = fmin(least, low);
        most_least = fmax(most_least, low);
        greatest = fmax(greatest, high);
        least_most = fmin(least_most, high);
    }
    for (size_t d = 0; d < h->c->dimensions; d++) {
        h->loose[d] = h->c->loose[d] * least / greatest;
        h->loose[DIMENSIONS + d] =
            h->c->loose[d] * fmin(1, least_most / most_least);
    }
}

/* -- Corners -- */

/* What one price makes of a vector: its part of the bracket. */
static double bracket(const struct clv_hulls *h,
                      const struct clv_hulls_price *p, size_t list,
                      uint32_t number)
{
    double value =
        2 * dot(p->point, clv_hulls_vector(h, list, number), h->c->dimensions);

    return h->c->sides > 0
               ? value +
                     dot(p->side, clv_hulls_sides(h, list, number), h->c->sides)
               : value;
}

/* The cheapest of each list, and the loose part's cheaper end; returns T. */
static double find_corners(struct clv_hulls *h, const struct clv_hulls_node *n,
                           const struct clv_hulls_price *p, uint32_t *ret_at,
                           size_t *ret_end)
{
    const struct clv_closest *c = h->c;
    double total = 2 * dot(p->point, c->offset, c->dimensions) -
                   dot(p->side, c->limits, c->sides);

    for (size_t i = 0; i < c->lists; i++) {
        const uint32_t *numbers = h->numbers[i] + n->first[i];
        double least = INFINITY;
        for (size_t k = 0; k < n->count[i]; k++) {
            double value = bracket(h, p, i, numbers[k]);
            h->tolls[i][numbers[k]] = value;
            if (value < least) {
                least = value;
                ret_at[i] = numbers[k];
            }
        }
        for (size_t k = 0; k < n->count[i]; k++) {
            h->tolls[i][numbers[k]] -= least;
        }
        total += least;
        h->c->effort += n->count[i];
    }
    *ret_end = 0;
    if (c->loose != NULL) {
        double low = dot(p->point, h->loose, c->dimensions);
        double high = dot(p->point, h->loose + DIMENSIONS, c->dimensions);
        *ret_end = high < low;
        total += 2 * (high < low ? high : low);
    }
    return total;
}

/* The bound of a price whose corners are known. */
static void set_below(struct clv_hulls_price *p, double total,
                      size_t dimensions)
{
    double norm = dot(p->point, p->point, dimensions);

    p->scale = norm > 0 ? fmax(total, 0) / (2 * norm) : 0;
    p->below = p->scale * fmax(total, 0) / 2;
}

void clv_hulls_find_tolls(struct clv_hulls *h, const struct clv_hulls_node *n,
                          struct clv_hulls_price *p)
{
    uint32_t at[LISTS];
    size_t end;
    double total = find_corners(h, n, p, at, &end);

    set_below(p, total, h->c->dimensions);
}

/* -- Mixtures, towards the hulls' least point -- */

/* A mixture of vectors for each list, and their sum. */
struct mixture {
    double part[LISTS + 1][DIMENSIONS];
    double part_sides[LISTS][SIDES];
    double sum[DIMENSIONS];
    double sides[SIDES]; /* less the limits */
    double price;
};

static void mixture_init(const struct clv_hulls *h,
                         const struct clv_hulls_node *n, struct mixture *m)
{
    const struct clv_closest *c = h->c;

    memcpy(m->sum, c->offset, sizeof m->sum);
    for (size_t j = 0; j < c->sides; j++) {
        m->sides[j] = -c->limits[j];
    }
    for (size_t i = 0; i < c->lists; i++) {
        uint32_t number = h->numbers[i][n->first[i]];
        memcpy(m->part[i], clv_hulls_vector(h, i, number),
               c->dimensions * sizeof(double));
        memcpy(m->part_sides[i], clv_hulls_sides(h, i, number),
               c->sides * sizeof(double));
        for (size_t d = 0; d < c->dimensions; d++) {
            m->sum[d] += m->part[i][d];
        }
        for (size_t j = 0; j < c->sides; j++) {
            m->sides[j] += m->part_sides[i][j];
        }
    }
    for (size_t d = 0; c->loose != NULL && d < c->dimensions; d++) {
        m->part[c->lists][d] = h->loose[d];
        m->sum[d] += h->loose[d];
    }
    m->price = PRICE_FIRST;
}

static struct clv_hulls_price price_of(const struct clv_hulls *h,
                                       const struct mixture *m)
{
    struct clv_hulls_price p = {.below = 0};

    memcpy(p.point, m->sum, sizeof p.point);
    for (size_t j = 0; j < h->c->sides; j++) {
        double excess = m->sides[j] * h->unit[j];
        p.side[j] = excess > 0 ? 2 * m->price * excess * h->unit[j] : 0;
    }
    return p;
}

/* Moves one list's part towards a corner, as far as that helps. */
static void move(const struct clv_hulls *h, struct mixture *m, size_t list,
                 const double *corner, const double *sides)
{
    size_t dimensions = h->c->dimensions;
    size_t side_count = sides != NULL ? h->c->sides : 0;
    double *part = m->part[list];
    double slope = 0;
    double bend = 0;
    double step;

    for (size_t d = 0; d < dimensions; d++) {
        double way = corner[d] - part[d];
        slope -= m->sum[d] * way;
        bend += way * way;
    }
    for (size_t j = 0; j < side_count; j++) {
        double way = (sides[j] - m->part_sides[list][j]) * h->unit[j];
        double excess = m->sides[j] * h->unit[j];
        if (excess > 0) {
            slope -= m->price * excess * way;
            bend += m->price * way * way;
        }
    }
    step = bend > 0 ? fmin(slope / bend, 1) : 0;
    if (!(step > 0)) {
        return;
    }
    for (size_t d = 0; d < dimensions; d++) {
        double way = step * (corner[d] - part[d]);
        part[d] += way;
        m->sum[d] += way;
    }
    for (size_t j = 0; j < side_count; j++) {
        double way = step * (sides[j] - m->part_sides[list][j]);
        m->part_sides[list][j] += way;
        m->sides[j] += way;
    }
}

static void move_all(const struct clv_hulls *h, struct mixture *m,
                     const uint32_t *at, size_t end)
{
    for (size_t i = 0; i < h->c->lists; i++) {
        move(h, m, i, clv_hulls_vector(h, i, at[i]),
             clv_hulls_sides(h, i, at[i]));
    }
    if (h->c->loose != NULL) {
        move(h, m, h->c->lists, h->loose + end * DIMENSIONS, NULL);
    }
}

/* -- Offers -- */

static int keeps_limits(const struct clv_hulls *h, const uint32_t *at)
{
    for (size_t j = 0; j < h->c->sides; j++) {
        double sum = 0;
        double size = fabs(h->c->limits[j]);
        for (size_t i = 0; i < h->c->lists; i++) {
            double side = clv_hulls_sides(h, i, at[i])[j];
            sum += side;
            size += fabs(side);
        }
        if (sum > h->c->limits[j] + CLV_HULLS_SLACK * size) {
            return 0;
        }
    }
    return 1;
}

void clv_hulls_offer(struct clv_hulls *h, const uint32_t *at)
{
    if (keeps_limits(h, at)) {
        h->c->bound = h->c->offer(h->c->self, at);
    }
}

/* -- Sweeps -- */

struct clv_hulls_price clv_hulls_find_price(struct clv_hulls *h,
                                            const struct clv_hulls_node *n,
                                            int sweeps, int offers)
{
    struct mixture m;
    struct clv_hulls_price best = {.below = -1};

    mixture_init(h, n, &m);
    for (int sweep = 0; sweep < sweeps; sweep++) {
        uint32_t at[LISTS];
        size_t end;
        struct clv_hulls_price p = price_of(h, &m);
        double total = find_corners(h, n, &p, at, &end);
        set_below(&p, total, h->c->dimensions);
        if (offers) {
            clv_hulls_offer(h, at);
        }
        if (p.below > best.below) {
            best = p;
        }
        if (best.below > clv_hulls_limit(h->c->bound)) {
            break;
        }
        move_all(h, &m, at, end);
        m.price = fmin(m.price * PRICE_GROWTH, PRICE_MOST);
    }
    return best;
}

/* -- Good sums to begin with -- */

/* Of one list the vector that, the others being what they are, makes the
   shortest sum within limits. */
static int improve(struct clv_hulls *h, const struct clv_hulls_node *n,
                   uint32_t *at, size_t list)
{
    size_t dimensions = h->c->dimensions;
    double rest[DIMENSIONS];
    double least = INFINITY;
    uint32_t before = at[list];
    uint32_t best = before;

    memcpy(rest, h->c->offset, sizeof rest);
    for (size_t i = 0; i < h->c->lists; i++) {
        const double *x = clv_hulls_vector(h, i, at[i]);
        for (size_t d = 0; i != list && d < dimensions; d++) {
            rest[d] += x[d];
        }
    }
    for (uint32_t k = 0; k < n->count[list]; k++) {
        uint32_t number = h->numbers[list][n->first[list] + k];
        const double *x = clv_hulls_vector(h, list, number);
        double square = 0;
        for (size_t d = 0; d < dimensions; d++) {
            square += (rest[d] + x[d]) * (rest[d] + x[d]);
        }
        at[list] = number;
        if (square < least && (h->c->sides == 0 || keeps_limits(h, at))) {
            least = square;
            best = number;
        }
    }
    at[list] = best;
    h->c->effort += n->count[list];
    return best != before;
}

static void descend(struct clv_hulls *h, const struct clv_hulls_node *n,
                    uint32_t *at)
{
    size_t unchanged = 0;

    for (size_t turn = 0; turn < 8 * LISTS && unchanged < h->c->lists; turn++) {
        unchanged = improve(h, n, at, turn % h->c->lists) ? 0 : unchanged + 1;
    }
    clv_hulls_offer(h, at);
}

/* From the corners of several sweeps. */
void clv_hulls_try_some(struct clv_hulls *h, const struct clv_hulls_node *n)
{
    struct mixture m;

    mixture_init(h, n, &m);
    for (int sweep = 0; sweep < CLV_HULLS_SWEEPS; sweep++) {
        uint32_t at[LISTS];
        size_t end;
        struct clv_hulls_price p = price_of(h, &m);
        find_corners(h, n, &p, at, &end);
        move_all(h, &m, at, end);
        m.price = fmin(m.price * PRICE_GROWTH, PRICE_MOST);
        if (sweep % 4 == 3) {
            descend(h, n, at);
        }
    }
}

/* -- Beginning and end -- */

void clv_hulls_fini(struct clv_hulls *h)
{
    for (size_t i = 0; i < LISTS; i++) {
        free(h->numbers[i]);
        free(h->tolls[i]);
    }
}

/* Sides count as shares of what their sums range over. */
static void set_units(struct clv_hulls *h)
{
    for (size_t j = 0; j < h->c->sides; j++) {
        double range = 0;
        for (size_t i = 0; i < h->c->lists; i++) {
            double low = INFINITY;
            double high = -INFINITY;
            for (uint32_t k = 0; k < h->c->list[i].count; k++) {
                double side = clv_hulls_sides(h, i, k)[j];
                low = fmin(low, side);
                high = fmax(high, side);
            }
            range += high - low;
        }
        h->unit[j] = range > 0 ? 1 / range : 0;
    }
}

cleave_status clv_hulls_init(struct clv_hulls *h, struct clv_closest *c,
                             struct clv_hulls_node *ret_all, cleave_error *err)
{
    *h = (struct clv_hulls){.c = c};
    *ret_all = (struct clv_hulls_node){.count = {0}};
    for (size_t i = 0; i < c->lists; i++) {
        size_t count = c->list[i].count;
        h->numbers[i] = malloc((count + 1) * sizeof *h->numbers[i]);
        h->tolls[i] = malloc((count + 1) * sizeof *h->tolls[i]);
        if (h->numbers[i] == NULL || h->tolls[i] == NULL) {
            clv_hulls_fini(h);
            return clv_fail_memory(err, "designs", count * sizeof(double));
        }
        for (uint32_t k = 0; k < count; k++) {
            h->numbers[i][k] = k;
        }
        ret_all->count[i] = (uint32_t)count;
    }
    set_units(h);
    h->loose_size =
        c->loose != NULL ? sqrt(dot(c->loose, c->loose, c->dimensions)) : 0;
    return CLEAVE_OK;
}
