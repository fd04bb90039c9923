/*
 * yardstick.h - how close a design comes to the best of everything.
 *
 * Objectives are turned so that more is better and scaled by their range in a
 * set of designs: the best in it has 1, the worst 0, and the utopia point is
 * all ones. A design's distance to it is Mahalanobis', with the set's
 * covariance, so that two objectives that say the same do not count twice and
 * no weights are needed (Panopoulos et al., CARIn, ACM TECS 2024; the form of
 * the optimality is ours):
 *
 *     optimality = 1 / (1 + distance)
 *
 * Where the covariance is singular or nearly so (the least eigenvalue of the
 * correlations is below a hundredth), it is shrunk towards its diagonal until
 * it is not; an objective that is the same in all designs counts nothing.
 *
 * Pure; a plain value once made.
 */
#ifndef CLV_YARDSTICK_H
#define CLV_YARDSTICK_H

#include <stddef.h>
#include <stdint.h>

#include "plan/goals.h"

struct clv_yardstick {
    size_t count;
    int maximize[CLV_GOALS];
    double low[CLV_GOALS]; /* least and greatest value in the set */
    double high[CLV_GOALS];
    double mean[CLV_GOALS]; /* of the scaled objectives */
    double covariance[CLV_GOALS * CLV_GOALS];
    double root[CLV_GOALS * CLV_GOALS]; /* W, lower triangular: the distance
                                           is |W (1 - y)| */
    double shrinkage; /* towards the diagonal; 0: none was needed */
    /* The same for values as they are: the distance is |F u|, u being how far
       each value is from the best. */
    double from_values[CLV_GOALS * CLV_GOALS];
};

/* From moments: ranges and scaled covariance are filled in by the caller, the
   root is computed. Cannot fail. */
void clv_yardstick_finish(struct clv_yardstick *yardstick);

/* Of values by columns: values[objective][design], of the designs listed in
   `set` (NULL: all `count`). */
void clv_yardstick_of(struct clv_yardstick *yardstick,
                      const double *const *values, const int *maximize,
                      size_t objectives, const uint32_t *set, size_t count);

/*
 * The square of the distance; designs are compared by it. Of one design's
 * values; outside the range it counts on as it is.
 */
double clv_yardstick_square(const struct clv_yardstick *yardstick,
                            const double *values);
double clv_yardstick_distance(const struct clv_yardstick *yardstick,
                              const double *values);
double clv_yardstick_optimality(const struct clv_yardstick *yardstick,
                                const double *values);

#endif
