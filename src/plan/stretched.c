/*
 * stretched.c - what a design costs while others take its device's time.
 *
 * A candidate is copied, its device part stretched, and the copy predicted as
 * the only one of a space of its own.
 */
#include "plan/stretched.h"

#include <math.h>

#include "plan/formula.h"
#include "profile/contention.h"

static int needs_server(enum clv_metric metric)
{
    return metric == CLV_METRIC_LATENCY || metric == CLV_METRIC_THROUGHPUT ||
           metric == CLV_METRIC_ENERGY || metric == CLV_METRIC_SERVER_TIME;
}

static int feels_others(enum clv_metric metric)
{
    return metric == CLV_METRIC_LATENCY || metric == CLV_METRIC_THROUGHPUT ||
           metric == CLV_METRIC_DEVICE_TIME;
}

static double predict(const struct clv_space *space, size_t candidate,
                      const struct clv_conditions *conditions,
                      struct clv_measure measure, int surely)
{
    struct clv_formula f = clv_formula_of(measure, surely);
    uint32_t server = needs_server(measure.metric)
                          ? space->candidates[candidate].server
                          : CLV_NO_SERVER;
    double stakes[CLV_STAKES];
    struct clv_factors k;

    clv_formula_stakes(&f, space, candidate, stakes);
    if (isinf(stakes[0])) {
        return NAN;
    }
    if (!clv_reach_is_usable(conditions, server)) {
        return clv_formula_value(&f, INFINITY);
    }
    k = clv_formula_factors(&f, &space->power, conditions, server);
    return clv_formula_value(&f, clv_formula_cost(&f, &k, stakes));
}

static int is_nothing(const struct clv_spread *e)
{
    return e->mean == 0 && e->std == 0 && e->min == 0 && e->max == 0 &&
           e->p50 == 0 && e->p90 == 0 && e->p95 == 0 && e->p99 == 0;
}

static double predict_stretched(const struct clv_space *space, size_t candidate,
                                const struct clv_conditions *conditions,
                                const struct clv_spread *excess,
                                struct clv_measure measure)
{
    struct clv_candidate c = space->candidates[candidate];
    struct clv_space own = {space->costs, space->power, &c, 1};

    c.device_ns = clv_contention_stretch(&c.device_ns, excess);
    return predict(&own, 0, conditions, measure, 0);
}

static double ntt(const struct clv_space *space, size_t candidate,
                  const struct clv_conditions *conditions,
                  const struct clv_spread *excess)
{
    struct clv_measure latency = {CLV_METRIC_LATENCY, CLV_STATISTIC_MEAN};
    double alone = predict(space, candidate, conditions, latency, 0);
    double beside =
        predict_stretched(space, candidate, conditions, excess, latency);

    if (isinf(alone)) {
        return INFINITY;
    }
    return alone > 0 ? fmax(beside / alone, 1) : 1;
}

double clv_stretched_value(const struct clv_space *space, size_t candidate,
                           const struct clv_conditions *conditions,
                           const struct clv_spread *excess,
                           struct clv_measure measure, int surely)
{
    int is_alone = is_nothing(excess);

    switch (measure.metric) {
    case CLV_METRIC_NTT:
    case CLV_METRIC_ANTT:
        return is_alone ? 1 : ntt(space, candidate, conditions, excess);
    case CLV_METRIC_STP:
        return is_alone ? 1 : 1 / ntt(space, candidate, conditions, excess);
    case CLV_METRIC_FAIRNESS:
        return 1;
    default:
        return feels_others(measure.metric) && !is_alone
                   ? predict_stretched(space, candidate, conditions, excess,
                                       measure)
                   : predict(space, candidate, conditions, measure, surely);
    }
}
