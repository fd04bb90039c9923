/*
 * formula.h - a measure as a formula over a few numbers of each candidate.
 *
 * Whatever conditions change enters through factors, and whatever a candidate
 * brings enters through stakes; both are few, and a formula puts them
 * together in one of three ways:
 *
 *     sum      fixed + sum of k x + root of the sum of signed k y
 *     stages   the greatest of k x
 *     constant x
 *
 * The result is a cost, where less is better: metrics of which more is better
 * are turned over (a share becomes 1 / share, throughput the time of its
 * slowest stage). A cost never falls when a stake grows, which is what makes
 * dominance and bounds sound (scheduler.c, screen.h).
 *
 * clv_predict and the scheduler both compute with what stands here, so they
 * agree to the last bit. Pure; thread-safe.
 */
#ifndef CLV_FORMULA_H
#define CLV_FORMULA_H

#include "plan/conditions.h"
#include "plan/slo.h"

enum clv_shape { CLV_SHAPE_SUM, CLV_SHAPE_STAGES, CLV_SHAPE_CONSTANT };

/* Which stake is which. The last three are signed squares of the excursion
   of a statistic from its mean. */
enum {
    CLV_STAKE_DEVICE,
    CLV_STAKE_UP,
    CLV_STAKE_SERVER,
    CLV_STAKE_DOWN,
    CLV_STAKE_DEVICE_SQUARE,
    CLV_STAKE_UP_SQUARE,
    CLV_STAKE_SERVER_SQUARE,
    CLV_STAKES
};

struct clv_formula {
    struct clv_measure measure;
    enum clv_shape shape;
    int has_root; /* else the last three stakes are 0 */
    int surely;   /* accuracy at the bad end of its interval */
};

/* What conditions make of one server, or of none. */
struct clv_factors {
    double fixed;
    double stake[CLV_STAKES];
    double up_rate;   /* of the up stake's square: the rate's own variance */
    double down_rate; /* of the down stake's */
};

struct clv_formula clv_formula_of(struct clv_measure measure, int surely);

/* Not measured: the first stake is infinite, and so is the cost. */
void clv_formula_stakes(const struct clv_formula *formula,
                        const struct clv_space *space, size_t candidate,
                        double ret_stakes[CLV_STAKES]);

/* `server` may be CLV_NO_SERVER; else it must be reachable. */
struct clv_factors clv_formula_factors(const struct clv_formula *formula,
                                       const struct clv_power *power,
                                       const struct clv_conditions *conditions,
                                       uint32_t server);

double clv_formula_cost(const struct clv_formula *formula,
                        const struct clv_factors *factors,
                        const double stakes[CLV_STAKES]);

/* Between a value in the metric's base unit and its cost; each is the
   other's inverse. */
double clv_formula_value(const struct clv_formula *formula, double cost);
double clv_formula_cost_of(const struct clv_formula *formula, double value);

/*
 * What a small cost is measured against: ratios of costs near zero are taken
 * to this instead. In the unit of the cost.
 */
double clv_formula_floor(const struct clv_formula *formula);

/* True if requests can get there and back: up, and rates above zero. */
int clv_reach_is_usable(const struct clv_conditions *conditions,
                        uint32_t server);

#endif
