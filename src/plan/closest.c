/*
 * closest.c - one vector from each of several lists, whose sum is closest to
 * nothing.
 *
 *     node      of each list a stretch of its vectors' numbers
 *     price p   a point near the hulls' least one, and prices m of sides:
 *               of every allowed sum v with sides s
 *
 *                   |v|^2 >= a (2 p v + m (s - limits)) - a^2 |p|^2
 *
 *               for any a >= 0; the best a makes it T^2 / (4 |p|^2), where T
 *               is the least of the bracket, a sum over lists
 *     toll      of a vector: by how much its own part of the bracket exceeds
 *               the least of its list; bounds are a sum of tolls higher
 *
 * Numbers are moved about within the stretch of a node only, so that a node
 * is a few pairs of numbers, and whoever split it finds its own stretch whole
 * again, if in another order.
 */
#include "plan/closest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

#define LISTS CLV_CLOSEST_LISTS
#define DIMENSIONS CLV_CLOSEST_DIMENSIONS
#define SIDES CLV_CLOSEST_SIDES

/* Sums that are gone through one by one. */
#define FEW 1024.0
#define SWEEPS_FIRST 60
#define SWEEPS 12
#define SLACK 1e-9

/* Sides are priced where a mixture exceeds them, the more the longer. */
#define PRICE_FIRST 8.0
#define PRICE_GROWTH 1.25
#define PRICE_MOST 4096.0

struct node {
    uint32_t first[LISTS];
    uint32_t count[LISTS];
};

struct price {
    double point[DIMENSIONS];
    double side[SIDES];
    double scale; /* a */
    double below;
};

struct search {
    struct clv_closest *c;
    uint32_t *numbers[LISTS];
    double *tolls[LISTS]; /* by number */
    double unit[SIDES];   /* sides are priced as shares of their range */
    double loose[2 * DIMENSIONS]; /* both ends of the loose part */
    double loose_size;
};

/* -- Reading vectors -- */

static const double *vector_of(const struct search *s, size_t list,
                               uint32_t number)
{
    return s->c->list[list].vectors + (size_t)number * s->c->dimensions;
}

static const double *sides_of(const struct search *s, size_t list,
                              uint32_t number)
{
    return s->c->list[list].sides + (size_t)number * s->c->sides;
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

static double limit_with_slack(double bound)
{
    return bound + SLACK * bound + 1e-12;
}

static int has_given_up(const struct search *s)
{
    return s->c->effort > s->c->effort_most;
}

/* -- The loose part -- */

/* Least and greatest of a stretch's numbers. */
static void ratio_range(const struct search *s, const struct node *n,
                        size_t list, double *ret_least, double *ret_greatest)
{
    double least = INFINITY;
    double greatest = 0;

    for (size_t k = 0; k < n->count[list]; k++) {
        double r =
            s->c->list[list].ratios[s->numbers[list][n->first[list] + k]];
        least = r < least ? r : least;
        greatest = r > greatest ? r : greatest;
    }
    *ret_least = least;
    *ret_greatest = greatest;
}

/* Both ends that the loose part can have. */
static void find_ends(struct search *s, const struct node *n)
{
    double least = INFINITY; /* of anything */
    double most_least = 0;   /* the greatest of the least */
    double greatest = 0;     /* of anything */
    double least_most = INFINITY;

    if (s->c->loose == NULL) {
        return;
    }
    for (size_t i = 0; i < s->c->lists; i++) {
        double low;
        double high;
        ratio_range(s, n, i, &low, &high);
        least = fmin(least, low);
        most_least = fmax(most_least, low);
        greatest = fmax(greatest, high);
        least_most = fmin(least_most, high);
    }
    for (size_t d = 0; d < s->c->dimensions; d++) {
        s->loose[d] = s->c->loose[d] * least / greatest;
        s->loose[DIMENSIONS + d] =
            s->c->loose[d] * fmin(1, least_most / most_least);
    }
}

/* -- Corners -- */

/* What one price makes of a vector: its part of the bracket. */
static double bracket(const struct search *s, const struct price *p,
                      size_t list, uint32_t number)
{
    double value =
        2 * dot(p->point, vector_of(s, list, number), s->c->dimensions);

    return s->c->sides > 0
               ? value + dot(p->side, sides_of(s, list, number), s->c->sides)
               : value;
}

/* The cheapest of each list, and the loose part's cheaper end; returns T. */
static double find_corners(struct search *s, const struct node *n,
                           const struct price *p, uint32_t *ret_at,
                           size_t *ret_end)
{
    const struct clv_closest *c = s->c;
    double total = 2 * dot(p->point, c->offset, c->dimensions) -
                   dot(p->side, c->limits, c->sides);

    for (size_t i = 0; i < c->lists; i++) {
        const uint32_t *numbers = s->numbers[i] + n->first[i];
        double least = INFINITY;
        for (size_t k = 0; k < n->count[i]; k++) {
            double value = bracket(s, p, i, numbers[k]);
            s->tolls[i][numbers[k]] = value;
            if (value < least) {
                least = value;
                ret_at[i] = numbers[k];
            }
        }
        for (size_t k = 0; k < n->count[i]; k++) {
            s->tolls[i][numbers[k]] -= least;
        }
        total += least;
        s->c->effort += n->count[i];
    }
    *ret_end = 0;
    if (c->loose != NULL) {
        double low = dot(p->point, s->loose, c->dimensions);
        double high = dot(p->point, s->loose + DIMENSIONS, c->dimensions);
        *ret_end = high < low;
        total += 2 * (high < low ? high : low);
    }
    return total;
}

/* The bound of a price whose corners are known. */
static void set_below(struct price *p, double total, size_t dimensions)
{
    double norm = dot(p->point, p->point, dimensions);

    p->scale = norm > 0 ? fmax(total, 0) / (2 * norm) : 0;
    p->below = p->scale * fmax(total, 0) / 2;
}

/* -- The hulls' least point -- */

/* A mixture of vectors for each list, and their sum. */
struct mixture {
    double part[LISTS + 1][DIMENSIONS];
    double part_sides[LISTS][SIDES];
    double sum[DIMENSIONS];
    double sides[SIDES]; /* less the limits */
    double price;
};

static void mixture_init(const struct search *s, const struct node *n,
                         struct mixture *m)
{
    const struct clv_closest *c = s->c;

    memcpy(m->sum, c->offset, sizeof m->sum);
    for (size_t j = 0; j < c->sides; j++) {
        m->sides[j] = -c->limits[j];
    }
    for (size_t i = 0; i < c->lists; i++) {
        uint32_t number = s->numbers[i][n->first[i]];
        memcpy(m->part[i], vector_of(s, i, number),
               c->dimensions * sizeof(double));
        memcpy(m->part_sides[i], sides_of(s, i, number),
               c->sides * sizeof(double));
        for (size_t d = 0; d < c->dimensions; d++) {
            m->sum[d] += m->part[i][d];
        }
        for (size_t j = 0; j < c->sides; j++) {
            m->sides[j] += m->part_sides[i][j];
        }
    }
    for (size_t d = 0; c->loose != NULL && d < c->dimensions; d++) {
        m->part[c->lists][d] = s->loose[d];
        m->sum[d] += s->loose[d];
    }
    m->price = PRICE_FIRST;
}

static struct price price_of(const struct search *s, const struct mixture *m)
{
    struct price p = {.below = 0};

    memcpy(p.point, m->sum, sizeof p.point);
    for (size_t j = 0; j < s->c->sides; j++) {
        double excess = m->sides[j] * s->unit[j];
        p.side[j] = excess > 0 ? 2 * m->price * excess * s->unit[j] : 0;
    }
    return p;
}

/* Moves one list's part towards a corner, as far as that helps. */
static void move(const struct search *s, struct mixture *m, size_t list,
                 const double *corner, const double *sides)
{
    size_t dimensions = s->c->dimensions;
    size_t side_count = sides != NULL ? s->c->sides : 0;
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
        double way = (sides[j] - m->part_sides[list][j]) * s->unit[j];
        double excess = m->sides[j] * s->unit[j];
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

static void move_all(const struct search *s, struct mixture *m,
                     const uint32_t *at, size_t end)
{
    for (size_t i = 0; i < s->c->lists; i++) {
        move(s, m, i, vector_of(s, i, at[i]), sides_of(s, i, at[i]));
    }
    if (s->c->loose != NULL) {
        move(s, m, s->c->lists, s->loose + end * DIMENSIONS, NULL);
    }
}

static int keeps_limits(const struct search *s, const uint32_t *at)
{
    for (size_t j = 0; j < s->c->sides; j++) {
        double sum = 0;
        double size = fabs(s->c->limits[j]);
        for (size_t i = 0; i < s->c->lists; i++) {
            double side = sides_of(s, i, at[i])[j];
            sum += side;
            size += fabs(side);
        }
        if (sum > s->c->limits[j] + SLACK * size) {
            return 0;
        }
    }
    return 1;
}

static void offer(struct search *s, const uint32_t *at)
{
    if (keeps_limits(s, at)) {
        s->c->bound = s->c->offer(s->c->self, at);
    }
}

/*
 * The best price that some sweeps find; ends early once nothing in the node
 * can be the best. Tolls are then those of the last price, so the best one's
 * are computed again by whoever wants them.
 */
static struct price find_price(struct search *s, const struct node *n,
                               int sweeps, int offers)
{
    struct mixture m;
    struct price best = {.below = -1};

    mixture_init(s, n, &m);
    for (int sweep = 0; sweep < sweeps; sweep++) {
        uint32_t at[LISTS];
        size_t end;
        struct price p = price_of(s, &m);
        double total = find_corners(s, n, &p, at, &end);
        set_below(&p, total, s->c->dimensions);
        if (offers) {
            offer(s, at);
        }
        if (p.below > best.below) {
            best = p;
        }
        if (best.below > limit_with_slack(s->c->bound)) {
            break;
        }
        move_all(s, &m, at, end);
        m.price = fmin(m.price * PRICE_GROWTH, PRICE_MOST);
    }
    return best;
}

/* -- Fixing out -- */

/* Numbers whose toll takes them beyond the bound leave the stretch. */
static uint32_t fix_by_toll(struct search *s, struct node *n, size_t list,
                            const struct price *p)
{
    uint32_t *numbers = s->numbers[list] + n->first[list];
    double limit = limit_with_slack(s->c->bound);
    uint32_t kept = 0;

    for (uint32_t k = 0; k < n->count[list]; k++) {
        uint32_t number = numbers[k];
        if (p->below + p->scale * s->tolls[list][number] <= limit) {
            numbers[k] = numbers[kept];
            numbers[kept++] = number;
        }
    }
    return n->count[list] - kept;
}

static double least_side(const struct search *s, const struct node *n,
                         size_t list, size_t side)
{
    double least = INFINITY;

    for (uint32_t k = 0; k < n->count[list]; k++) {
        least =
            fmin(least,
                 sides_of(s, list, s->numbers[list][n->first[list] + k])[side]);
    }
    return least;
}

/* What exceeds a limit even with the least of all others leaves. */
static void fix_by_side(struct search *s, struct node *n, size_t side)
{
    double leasts[LISTS];
    double sum = 0;
    double size = fabs(s->c->limits[side]);

    for (size_t i = 0; i < s->c->lists; i++) {
        leasts[i] = least_side(s, n, i, side);
        sum += leasts[i];
        size += fabs(leasts[i]);
    }
    for (size_t i = 0; i < s->c->lists; i++) {
        uint32_t *numbers = s->numbers[i] + n->first[i];
        double room = s->c->limits[side] + SLACK * size - (sum - leasts[i]);
        uint32_t kept = 0;
        for (uint32_t k = 0; k < n->count[i]; k++) {
            uint32_t number = numbers[k];
            if (sides_of(s, i, number)[side] <= room) {
                numbers[k] = numbers[kept];
                numbers[kept++] = number;
            }
        }
        n->count[i] = kept;
    }
}

static int is_empty(const struct search *s, const struct node *n)
{
    for (size_t i = 0; i < s->c->lists; i++) {
        if (n->count[i] == 0) {
            return 1;
        }
    }
    return 0;
}

/* Takes out what no limit leaves room for; 0 if nothing is left. */
static int fix_by_sides(struct search *s, struct node *n)
{
    for (size_t j = 0; j < s->c->sides && !is_empty(s, n); j++) {
        fix_by_side(s, n, j);
    }
    return !is_empty(s, n);
}

/* Returns how many left. */
static uint32_t fix(struct search *s, struct node *n, struct price *p)
{
    uint32_t at[LISTS];
    uint32_t gone = 0;
    size_t end;
    double total = find_corners(s, n, p, at, &end);

    set_below(p, total, s->c->dimensions);
    for (size_t i = 0; i < s->c->lists; i++) {
        uint32_t out = fix_by_toll(s, n, i, p);
        n->count[i] -= out;
        gone += out;
    }
    fix_by_sides(s, n);
    return gone;
}

static uint32_t vectors_in(const struct search *s, const struct node *n)
{
    uint32_t vectors = 0;

    for (size_t i = 0; i < s->c->lists; i++) {
        vectors += n->count[i];
    }
    return vectors;
}

static double sums_in(const struct search *s, const struct node *n)
{
    double sums = 1;

    for (size_t i = 0; i < s->c->lists; i++) {
        sums *= n->count[i];
    }
    return sums;
}

/* -- Going through few -- */

struct walk {
    struct search *s;
    const struct node *n;
    const struct price *p;
    uint32_t at[LISTS];
    double sum[LISTS + 1][DIMENSIONS];
};

/* Sums of the last list's; the loose part, if any, is left to the caller. */
static void walk_last(struct walk *w, double below)
{
    struct search *s = w->s;
    size_t last = s->c->lists - 1;
    const double *sum = w->sum[last];

    s->c->effort += w->n->count[last];
    for (uint32_t k = 0; k < w->n->count[last]; k++) {
        uint32_t number = s->numbers[last][w->n->first[last] + k];
        const double *x = vector_of(s, last, number);
        double limit = limit_with_slack(s->c->bound);
        double square = 0;
        if (below + w->p->scale * s->tolls[last][number] > limit) {
            continue;
        }
        for (size_t d = 0; d < s->c->dimensions; d++) {
            square += (sum[d] + x[d]) * (sum[d] + x[d]);
        }
        if (s->c->loose != NULL || square <= limit) {
            w->at[last] = number;
            offer(s, w->at);
        }
    }
}

static void walk(struct walk *w, size_t list, double below)
{
    struct search *s = w->s;

    if (list + 1 == s->c->lists) {
        walk_last(w, below);
        return;
    }
    for (uint32_t k = 0; k < w->n->count[list]; k++) {
        uint32_t number = s->numbers[list][w->n->first[list] + k];
        const double *x = vector_of(s, list, number);
        double here = below + w->p->scale * s->tolls[list][number];
        if (here > limit_with_slack(s->c->bound)) {
            continue;
        }
        w->at[list] = number;
        for (size_t d = 0; d < s->c->dimensions; d++) {
            w->sum[list + 1][d] = w->sum[list][d] + x[d];
        }
        walk(w, list + 1, here);
    }
}

static void go_through(struct search *s, const struct node *n,
                       const struct price *p)
{
    struct walk w = {.s = s, .n = n, .p = p};

    memcpy(w.sum[0], s->c->offset, sizeof w.sum[0]);
    walk(&w, 0, p->below);
}

/* -- Splitting -- */

/* One number of a vector, of the loose part, or of its sides as shares of
   their ranges. */
static double feature(const struct search *s, size_t list, uint32_t number,
                      size_t which)
{
    size_t dimensions = s->c->dimensions;

    if (s->c->loose != NULL && which == dimensions + s->c->sides) {
        return s->c->list[list].ratios[number] * s->loose_size;
    }
    return which < dimensions ? vector_of(s, list, number)[which]
                              : sides_of(s, list, number)[which - dimensions] *
                                    s->unit[which - dimensions];
}

struct cut {
    size_t list;
    size_t feature;
    double at;
};

/* Where a list is widest; in the middle. Sides count where nothing else
   differs. */
static struct cut widest(const struct search *s, const struct node *n)
{
    size_t dimensions = s->c->dimensions;
    size_t all = dimensions + s->c->sides + (s->c->loose != NULL);
    struct cut cut = {.list = 0};
    double most = 0;

    for (size_t f = 0; f < all; f++) {
        int is_side = f >= dimensions && f < dimensions + s->c->sides;
        if (is_side && most > 0) {
            continue;
        }
        for (size_t i = 0; i < s->c->lists; i++) {
            double low = INFINITY;
            double high = -INFINITY;
            for (uint32_t k = 0; k < n->count[i]; k++) {
                double x = feature(s, i, s->numbers[i][n->first[i] + k], f);
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
static uint32_t partition(struct search *s, const struct node *n,
                          const struct cut *cut)
{
    uint32_t *numbers = s->numbers[cut->list] + n->first[cut->list];
    uint32_t low = 0;

    for (uint32_t k = 0; k < n->count[cut->list]; k++) {
        uint32_t number = numbers[k];
        if (feature(s, cut->list, number, cut->feature) <= cut->at) {
            numbers[k] = numbers[low];
            numbers[low++] = number;
        }
    }
    return low;
}

static void examine(struct search *s, struct node n, int sweeps);

static void split(struct search *s, const struct node *n, const struct price *p)
{
    struct cut cut = widest(s, n);
    struct node halves[2] = {*n, *n};
    uint32_t low;
    int first;

    if (isinf(cut.at)) {
        go_through(s, n, p); /* all alike */
        return;
    }
    low = partition(s, n, &cut);
    if (low == 0 || low == n->count[cut.list]) {
        low = n->count[cut.list] / 2; /* rounding */
    }
    halves[0].count[cut.list] = low;
    halves[1].first[cut.list] += low;
    halves[1].count[cut.list] -= low;
    /* first the side that the price would go to */
    first = cut.feature < s->c->dimensions && p->point[cut.feature] < 0;
    examine(s, halves[first], SWEEPS);
    examine(s, halves[!first], SWEEPS);
}

/* All sums of a node: bounded, thinned out, gone through or split. */
static void examine(struct search *s, struct node n, int sweeps)
{
    struct price p;
    uint32_t gone;

    do {
        find_ends(s, &n);
        p = find_price(s, &n, sweeps, sweeps == SWEEPS_FIRST);
        if (has_given_up(s) || p.below > limit_with_slack(s->c->bound)) {
            return;
        }
        gone = fix(s, &n, &p);
        if (is_empty(s, &n)) {
            return;
        }
    } while (gone > vectors_in(s, &n) / 4);
    if (sums_in(s, &n) <= FEW) {
        find_ends(s, &n);
        fix(s, &n, &p);
        if (!is_empty(s, &n)) {
            go_through(s, &n, &p);
        }
    } else {
        split(s, &n, &p);
    }
}

/* -- Good sums to begin with -- */

/* Of one list the vector that, the others being what they are, makes the
   shortest sum within limits. */
static int improve(struct search *s, const struct node *n, uint32_t *at,
                   size_t list)
{
    size_t dimensions = s->c->dimensions;
    double rest[DIMENSIONS];
    double least = INFINITY;
    uint32_t before = at[list];
    uint32_t best = before;

    memcpy(rest, s->c->offset, sizeof rest);
    for (size_t i = 0; i < s->c->lists; i++) {
        const double *x = vector_of(s, i, at[i]);
        for (size_t d = 0; i != list && d < dimensions; d++) {
            rest[d] += x[d];
        }
    }
    for (uint32_t k = 0; k < n->count[list]; k++) {
        uint32_t number = s->numbers[list][n->first[list] + k];
        const double *x = vector_of(s, list, number);
        double square = 0;
        for (size_t d = 0; d < dimensions; d++) {
            square += (rest[d] + x[d]) * (rest[d] + x[d]);
        }
        at[list] = number;
        if (square < least && (s->c->sides == 0 || keeps_limits(s, at))) {
            least = square;
            best = number;
        }
    }
    at[list] = best;
    s->c->effort += n->count[list];
    return best != before;
}

static void descend(struct search *s, const struct node *n, uint32_t *at)
{
    size_t unchanged = 0;

    for (size_t turn = 0; turn < 8 * LISTS && unchanged < s->c->lists; turn++) {
        unchanged = improve(s, n, at, turn % s->c->lists) ? 0 : unchanged + 1;
    }
    offer(s, at);
}

/* From the corners of several sweeps. */
static void try_some(struct search *s, const struct node *n)
{
    struct mixture m;

    mixture_init(s, n, &m);
    for (int sweep = 0; sweep < SWEEPS_FIRST; sweep++) {
        uint32_t at[LISTS];
        size_t end;
        struct price p = price_of(s, &m);
        find_corners(s, n, &p, at, &end);
        move_all(s, &m, at, end);
        m.price = fmin(m.price * PRICE_GROWTH, PRICE_MOST);
        if (sweep % 4 == 3) {
            descend(s, n, at);
        }
    }
}

/* -- Beginning and end -- */

static void search_fini(struct search *s)
{
    for (size_t i = 0; i < LISTS; i++) {
        free(s->numbers[i]);
        free(s->tolls[i]);
    }
}

/* Sides count as shares of what their sums range over. */
static void set_units(struct search *s)
{
    for (size_t j = 0; j < s->c->sides; j++) {
        double range = 0;
        for (size_t i = 0; i < s->c->lists; i++) {
            double low = INFINITY;
            double high = -INFINITY;
            for (uint32_t k = 0; k < s->c->list[i].count; k++) {
                double side = sides_of(s, i, k)[j];
                low = fmin(low, side);
                high = fmax(high, side);
            }
            range += high - low;
        }
        s->unit[j] = range > 0 ? 1 / range : 0;
    }
}

static cleave_status search_init(struct search *s, struct clv_closest *c,
                                 struct node *ret_all, cleave_error *err)
{
    *s = (struct search){.c = c};
    *ret_all = (struct node){.count = {0}};
    for (size_t i = 0; i < c->lists; i++) {
        size_t count = c->list[i].count;
        s->numbers[i] = malloc((count + 1) * sizeof *s->numbers[i]);
        s->tolls[i] = malloc((count + 1) * sizeof *s->tolls[i]);
        if (s->numbers[i] == NULL || s->tolls[i] == NULL) {
            search_fini(s);
            return clv_fail_memory(err, "designs", count * sizeof(double));
        }
        for (uint32_t k = 0; k < count; k++) {
            s->numbers[i][k] = k;
        }
        ret_all->count[i] = (uint32_t)count;
    }
    set_units(s);
    s->loose_size =
        c->loose != NULL ? sqrt(dot(c->loose, c->loose, c->dimensions)) : 0;
    return CLEAVE_OK;
}

cleave_status clv_closest_look(struct clv_closest *closest, cleave_error *err)
{
    struct search s;
    struct node all;
    cleave_status status = search_init(&s, closest, &all, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    closest->below = INFINITY;
    if (fix_by_sides(&s, &all)) {
        find_ends(&s, &all);
        closest->below = find_price(&s, &all, SWEEPS, 0).below;
        if (closest->below <= limit_with_slack(closest->bound)) {
            try_some(&s, &all);
        }
    }
    search_fini(&s);
    return CLEAVE_OK;
}

cleave_status clv_closest_search(struct clv_closest *closest, cleave_error *err)
{
    struct search s;
    struct node all;
    cleave_status status = search_init(&s, closest, &all, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    if (fix_by_sides(&s, &all)) {
        find_ends(&s, &all);
        try_some(&s, &all);
        examine(&s, all, SWEEPS_FIRST);
    }
    closest->below = has_given_up(&s) ? closest->below : closest->bound;
    search_fini(&s);
    return CLEAVE_OK;
}
