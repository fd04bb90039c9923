/*
 * hulls.h - what the convex hulls of several lists tell of sums of their
 * vectors: bounds from below, and sums that are likely good.
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
 * The inside of a search (closest.h), for its files; belongs to one thread.
 */
#ifndef CLV_HULLS_H
#define CLV_HULLS_H

#include "plan/closest.h"

/* The share of their size by which numbers may be off from rounding. */
#define CLV_HULLS_SLACK 1e-9

/* Of a search's first node, where so many are worth it, and to begin with. */
#define CLV_HULLS_SWEEPS 60

struct clv_hulls_node {
    uint32_t first[CLV_CLOSEST_LISTS];
    uint32_t count[CLV_CLOSEST_LISTS];
};

struct clv_hulls_price {
    double point[CLV_CLOSEST_DIMENSIONS];
    double side[CLV_CLOSEST_SIDES];
    double scale; /* a */
    double below;
};

struct clv_hulls {
    struct clv_closest *c; /* borrowed */
    uint32_t *numbers[CLV_CLOSEST_LISTS];
    double *tolls[CLV_CLOSEST_LISTS]; /* by number */
    double unit[CLV_CLOSEST_SIDES];   /* sides are priced as shares of their
                                         range */
    double loose[2 * CLV_CLOSEST_DIMENSIONS]; /* both ends of the loose part */
    double loose_size;
};

/* All numbers in order, and the node that has them all. CLEAVE_MEMORY; there
   is nothing to free then. */
cleave_status clv_hulls_init(struct clv_hulls *hulls,
                             struct clv_closest *closest,
                             struct clv_hulls_node *ret_all, cleave_error *err);
void clv_hulls_fini(struct clv_hulls *hulls);

/* Both ends that a node's loose part can have: before any of its prices. */
void clv_hulls_find_ends(struct clv_hulls *hulls,
                         const struct clv_hulls_node *node);

/*
 * The best price that some sweeps find; ends early once nothing in the node
 * can be the best. Tolls are then those of the last price, so the best one's
 * are computed again by whoever wants them. With `offers`, each sweep's
 * corners are offered.
 */
struct clv_hulls_price clv_hulls_find_price(struct clv_hulls *hulls,
                                            const struct clv_hulls_node *node,
                                            int sweeps, int offers);

/* The tolls that a price takes in a node, and what it is a bound of there. */
void clv_hulls_find_tolls(struct clv_hulls *hulls,
                          const struct clv_hulls_node *node,
                          struct clv_hulls_price *price);

/* Offers a sum if it keeps the limits. */
void clv_hulls_offer(struct clv_hulls *hulls, const uint32_t *at);

/* Offers some sums that are likely good, to begin with. */
void clv_hulls_try_some(struct clv_hulls *hulls,
                        const struct clv_hulls_node *node);

static inline const double *clv_hulls_vector(const struct clv_hulls *h,
                                             size_t list, uint32_t number)
{
    return h->c->list[list].vectors + (size_t)number * h->c->dimensions;
}

static inline const double *clv_hulls_sides(const struct clv_hulls *h,
                                            size_t list, uint32_t number)
{
    return h->c->list[list].sides + (size_t)number * h->c->sides;
}

/* What is above this is above the bound, however it was rounded. */
static inline double clv_hulls_limit(double bound)
{
    return bound + CLV_HULLS_SLACK * bound + 1e-12;
}

#endif
