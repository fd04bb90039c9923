/*
 * formula.c - a measure as a formula over a few numbers of each candidate.
 *
 * A link's rate varies too: relative to its mean by `rate_std`, taken as
 * normal. An excursion of so many deviations in the rate is, to first order,
 * the same share of the time.
 *
 * Energy is the device's: what it draws while it computes, while bytes go
 * out, and while it waits for the answer.
 */
#include "plan/formula.h"

#include <math.h>

/* Deviations of a normal distribution at each statistic; the greatest, which a
   normal distribution has not, lies at three. For the least time the rate is
   its mean: a cost must not fall when there are more bytes. */
static const double deviations[CLV_STATISTIC_COUNT] = {
    [CLV_STATISTIC_STD] = 1,

    [CLV_STATISTIC_MAX] = 3,
    [CLV_STATISTIC_P90] = 1.2815515655446,
    [CLV_STATISTIC_P95] = 1.644853626951,
    [CLV_STATISTIC_P99] = 2.3263478740408,
};

/* A slowest stage's statistic is the rate's: the least rate is that of the
   longest time. */
static enum clv_statistic mirrored(enum clv_statistic statistic)
{
    switch (statistic) {
    case CLV_STATISTIC_MIN:
        return CLV_STATISTIC_MAX;
    case CLV_STATISTIC_MAX:
        return CLV_STATISTIC_MIN;
    default:
        return statistic;
    }
}

struct clv_formula clv_formula_of(struct clv_measure measure, int surely)
{
    struct clv_formula f = {
        .measure = measure, .shape = CLV_SHAPE_CONSTANT, .surely = surely};

    switch (measure.metric) {
    case CLV_METRIC_LATENCY:
    case CLV_METRIC_ENERGY:
    case CLV_METRIC_DEVICE_TIME:
    case CLV_METRIC_SERVER_TIME:
        f.shape = CLV_SHAPE_SUM;
        f.has_root = measure.statistic != CLV_STATISTIC_MEAN;
        break;
    case CLV_METRIC_THROUGHPUT:
        f.shape = CLV_SHAPE_STAGES;
        break;
    default:
        break;
    }
    return f;
}

/* -- Stakes -- */

static double statistic_of(const struct clv_spread *s,
                           enum clv_statistic statistic)
{
    switch (statistic) {
    case CLV_STATISTIC_STD:
        return s->std;
    case CLV_STATISTIC_MIN:
        return s->min;
    case CLV_STATISTIC_MAX:
        return s->max;
    case CLV_STATISTIC_P50:
        return s->p50;
    case CLV_STATISTIC_P90:
        return s->p90;
    case CLV_STATISTIC_P95:
        return s->p95;
    case CLV_STATISTIC_P99:
        return s->p99;
    default:
        return s->mean;
    }
}

static double signed_square(double x)
{
    return x * fabs(x);
}

/* A deviation has no mean to go out from. */
static double excursion(const struct clv_spread *s,
                        enum clv_statistic statistic)
{
    return statistic == CLV_STATISTIC_STD
               ? s->std
               : statistic_of(s, statistic) - s->mean;
}

static void sum_stakes(const struct clv_formula *f,
                       const struct clv_candidate *c, double stakes[CLV_STAKES])
{
    enum clv_statistic s = f->measure.statistic;
    enum clv_metric metric = f->measure.metric;

    if (metric != CLV_METRIC_SERVER_TIME) {
        stakes[CLV_STAKE_DEVICE] = c->device_ns.mean;
        stakes[CLV_STAKE_DEVICE_SQUARE] =
            signed_square(excursion(&c->device_ns, s));
    }
    if (metric != CLV_METRIC_DEVICE_TIME) {
        stakes[CLV_STAKE_SERVER] = c->server_ns.mean;
        stakes[CLV_STAKE_SERVER_SQUARE] =
            signed_square(excursion(&c->server_ns, s));
    }
    if (metric == CLV_METRIC_LATENCY || metric == CLV_METRIC_ENERGY) {
        stakes[CLV_STAKE_UP] = c->bytes_up.mean;
        stakes[CLV_STAKE_DOWN] = c->bytes_down;
        stakes[CLV_STAKE_UP_SQUARE] = signed_square(excursion(&c->bytes_up, s));
    }
}

/* Joules instead of times; unknown if any of the powers is. */
static void energy_stakes(const struct clv_formula *f,
                          const struct clv_power *power,
                          const struct clv_candidate *c,
                          double stakes[CLV_STAKES])
{
    double mean = c->device_ns.mean;
    double share =
        mean > 0 ? excursion(&c->device_ns, f->measure.statistic) / mean : 0;

    sum_stakes(f, c, stakes);
    stakes[CLV_STAKE_DEVICE] = c->energy_j;
    stakes[CLV_STAKE_DEVICE_SQUARE] = signed_square(c->energy_j * share);
    if (c->energy_j == CLV_UNKNOWN ||
        (c->server != CLV_NO_SERVER &&
         (power->send_w == CLV_UNKNOWN || power->wait_w == CLV_UNKNOWN))) {
        stakes[CLV_STAKE_DEVICE] = INFINITY;
        stakes[CLV_STAKE_DEVICE_SQUARE] = 0;
    }
}

static void stage_stakes(const struct clv_formula *f,
                         const struct clv_candidate *c,
                         double stakes[CLV_STAKES])
{
    enum clv_statistic s = mirrored(f->measure.statistic);

    stakes[CLV_STAKE_DEVICE] = statistic_of(&c->device_ns, s);
    stakes[CLV_STAKE_UP] = statistic_of(&c->bytes_up, s);
    stakes[CLV_STAKE_SERVER] = statistic_of(&c->server_ns, s);
    stakes[CLV_STAKE_DOWN] = c->bytes_down;
}

static double constant_value(const struct clv_formula *f,
                             const struct clv_space *space,
                             const struct clv_candidate *c)
{
    const struct clv_cost_variant *v = &space->costs->variants[c->variant];
    double unsure = f->surely ? c->drop_high_pp - c->drop_pp : 0;

    switch (f->measure.metric) {
    case CLV_METRIC_ACCURACY:
        return c->accuracy - unsure / 100;
    case CLV_METRIC_DROP:
        return c->drop_pp + unsure;
    case CLV_METRIC_BYTES:
        return statistic_of(&c->bytes_up, f->measure.statistic) +
               (f->measure.statistic == CLV_STATISTIC_STD ? 0 : c->bytes_down);
    case CLV_METRIC_MEMORY:
        return c->memory_bytes == CLV_UNKNOWN ? INFINITY : c->memory_bytes;
    case CLV_METRIC_SIZE:
        return (double)v->size_bytes;
    case CLV_METRIC_WORKLOAD:
        return (double)v->macs * c->head_share;
    case CLV_METRIC_NTT:
    case CLV_METRIC_ANTT:
    case CLV_METRIC_STP:
    case CLV_METRIC_FAIRNESS:
        return 1; /* one task alone */
    default:
        return c->head_share;
    }
}

void clv_formula_stakes(const struct clv_formula *formula,
                        const struct clv_space *space, size_t candidate,
                        double ret_stakes[CLV_STAKES])
{
    const struct clv_candidate *c = &space->candidates[candidate];

    for (int i = 0; i < CLV_STAKES; i++) {
        ret_stakes[i] = 0;
    }
    if (formula->shape == CLV_SHAPE_CONSTANT) {
        ret_stakes[0] =
            clv_formula_cost_of(formula, constant_value(formula, space, c));
    } else if (formula->shape == CLV_SHAPE_STAGES) {
        stage_stakes(formula, c, ret_stakes);
    } else if (formula->measure.metric == CLV_METRIC_ENERGY) {
        energy_stakes(formula, &space->power, c, ret_stakes);
    } else {
        sum_stakes(formula, c, ret_stakes);
    }
}

/* -- Factors -- */

int clv_reach_is_usable(const struct clv_conditions *conditions,
                        uint32_t server)
{
    const struct clv_reach *reach;

    if (server == CLV_NO_SERVER) {
        return 1;
    }
    if (server >= CLV_SERVERS) {
        return 0;
    }
    reach = &conditions->reach[server];
    return reach->is_up && reach->up_bps > 0 && reach->down_bps > 0;
}

/* A factor that nobody has set, or that makes no sense, is 1. */
static double or_one(double factor)
{
    return factor > 0 ? factor : 1;
}

static double not_negative(double x)
{
    return x > 0 ? x : 0;
}

/* Watts of the device in each phase, or 1 for times. */
struct weights {
    double device;
    double send;
    double wait;
};

static struct weights weigh(const struct clv_formula *f,
                            const struct clv_power *power)
{
    if (f->measure.metric != CLV_METRIC_ENERGY) {
        return (struct weights){1, 1, 1};
    }
    return (struct weights){1, 1e-9 * not_negative(power->send_w),
                            1e-9 * not_negative(power->wait_w)};
}

static double signed_rate(double per_byte, double share)
{
    return signed_square(per_byte * share);
}

static void sum_factors(const struct clv_formula *f,
                        const struct clv_reach *reach, struct weights w,
                        struct clv_factors *k)
{
    int is_of_one = f->measure.metric == CLV_METRIC_SERVER_TIME ||
                    f->measure.metric == CLV_METRIC_DEVICE_TIME;
    int is_std = f->measure.statistic == CLV_STATISTIC_STD;
    double share =
        deviations[f->measure.statistic] * not_negative(reach->rate_std);
    double up = w.send * 8e9 / reach->up_bps;
    double down = w.wait * 8e9 / reach->down_bps;
    double server = w.wait * or_one(reach->slowdown);

    k->fixed = is_of_one || is_std ? 0
                                   : w.wait * (not_negative(reach->rtt_ns) +
                                               not_negative(reach->queue_ns));
    k->stake[CLV_STAKE_UP] = is_std ? 0 : up;
    k->stake[CLV_STAKE_DOWN] = is_std ? 0 : down;
    k->stake[CLV_STAKE_SERVER] = is_std ? 0 : server;
    k->stake[CLV_STAKE_UP_SQUARE] = up * up;
    k->stake[CLV_STAKE_SERVER_SQUARE] = server * server;
    k->up_rate = signed_rate(up, share);
    k->down_rate = signed_rate(down, share);
}

static void stage_factors(const struct clv_formula *f,
                          const struct clv_reach *reach, struct clv_factors *k)
{
    enum clv_statistic s = mirrored(f->measure.statistic);
    double stretch =
        not_negative(1 + deviations[s] * not_negative(reach->rate_std));

    k->stake[CLV_STAKE_UP] = stretch * 8e9 / reach->up_bps;
    k->stake[CLV_STAKE_DOWN] = stretch * 8e9 / reach->down_bps;
    k->stake[CLV_STAKE_SERVER] =
        or_one(reach->slowdown) / (reach->slots > 1 ? reach->slots : 1);
}

struct clv_factors clv_formula_factors(const struct clv_formula *formula,
                                       const struct clv_power *power,
                                       const struct clv_conditions *conditions,
                                       uint32_t server)
{
    struct clv_factors k = {0};
    struct weights w = weigh(formula, power);
    double device = w.device * or_one(conditions->slowdown);
    int is_std = formula->measure.statistic == CLV_STATISTIC_STD;

    if (formula->shape == CLV_SHAPE_CONSTANT) {
        k.stake[0] = 1;
        return k;
    }
    k.stake[CLV_STAKE_DEVICE] =
        is_std && formula->shape == CLV_SHAPE_SUM ? 0 : device;
    if (formula->shape == CLV_SHAPE_SUM) {
        k.stake[CLV_STAKE_DEVICE_SQUARE] = device * device;
    }
    if (server == CLV_NO_SERVER) {
        return k;
    }
    if (formula->shape == CLV_SHAPE_SUM) {
        sum_factors(formula, &conditions->reach[server], w, &k);
    } else {
        stage_factors(formula, &conditions->reach[server], &k);
    }
    return k;
}

/* -- Costs -- */

static double sum_cost(const struct clv_formula *f, const struct clv_factors *k,
                       const double x[CLV_STAKES])
{
    double sum = k->fixed;
    double square = 0;

    if (isinf(x[CLV_STAKE_DEVICE])) {
        return INFINITY; /* not measured, whatever the factor */
    }
    for (int i = 0; i <= CLV_STAKE_DOWN; i++) {
        sum += k->stake[i] * x[i];
    }
    if (!f->has_root) {
        return sum;
    }
    for (int i = CLV_STAKE_DEVICE_SQUARE; i < CLV_STAKES; i++) {
        square += k->stake[i] * x[i];
    }
    square += k->up_rate * (x[CLV_STAKE_UP] * x[CLV_STAKE_UP]);
    square += k->down_rate * (x[CLV_STAKE_DOWN] * x[CLV_STAKE_DOWN]);
    sum += square < 0 ? -sqrt(-square) : sqrt(square);
    return sum > 0 ? sum : 0;
}

double clv_formula_cost(const struct clv_formula *formula,
                        const struct clv_factors *factors,
                        const double stakes[CLV_STAKES])
{
    double greatest = 0;

    switch (formula->shape) {
    case CLV_SHAPE_SUM:
        return sum_cost(formula, factors, stakes);
    case CLV_SHAPE_STAGES:
        for (int i = 0; i <= CLV_STAKE_DOWN; i++) {
            greatest = fmax(greatest, factors->stake[i] * stakes[i]);
        }
        return greatest;
    default:
        return stakes[0];
    }
}

/* The inverse of nothing, so that infinity always means not measured. */
#define NOTHING 1e12

/* Throughput against nanoseconds; shares against their inverse. */
static double turn_over(const struct clv_formula *f, double x)
{
    if (f->measure.metric == CLV_METRIC_THROUGHPUT) {
        return x > 0 ? 1e9 / x : INFINITY;
    }
    if (x >= NOTHING) {
        return 0;
    }
    return x > 1 / NOTHING ? 1 / x : NOTHING;
}

double clv_formula_value(const struct clv_formula *formula, double cost)
{
    return clv_metric_more_is_better(formula->measure.metric)
               ? turn_over(formula, cost)
               : cost;
}

double clv_formula_cost_of(const struct clv_formula *formula, double value)
{
    return clv_metric_more_is_better(formula->measure.metric)
               ? turn_over(formula, value)
               : value;
}

double clv_formula_floor(const struct clv_formula *formula)
{
    switch (clv_metric_unit(formula->measure.metric)) {
    case CLV_UNIT_TIME:
    case CLV_UNIT_RATE:
        return 1e5; /* ns */
    case CLV_UNIT_BYTES:
        return 100;
    case CLV_UNIT_ENERGY:
        return 1e-4;
    case CLV_UNIT_POINTS:
        return 0.1;
    default:
        return 1e-3;
    }
}
