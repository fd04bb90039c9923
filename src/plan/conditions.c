/*
 * conditions.c - what a design costs under conditions.
 *
 * The formulas stand in formula.c; here they are asked of one candidate at a
 * time, for people and for tests. The scheduler asks the same of all.
 */
#include "plan/conditions.h"

#include <math.h>

#include "plan/formula.h"

struct clv_conditions clv_conditions_reference(size_t server_count)
{
    struct clv_conditions c = {.slowdown = 1};

    for (size_t i = 0; i < CLV_SERVERS; i++) {
        c.reach[i] = (struct clv_reach){
            .up_bps = 1e9,
            .down_bps = 1e9,
            .rtt_ns = 1e6,
            .slowdown = 1,
            .slots = 1,
            .is_up = i < server_count,
        };
    }
    return c;
}

static struct clv_formula mean_latency(void)
{
    struct clv_measure m = {CLV_METRIC_LATENCY, CLV_STATISTIC_MEAN};

    return clv_formula_of(m, 0);
}

struct clv_terms clv_terms_of(const struct clv_space *space, size_t candidate,
                              const struct clv_conditions *conditions)
{
    const struct clv_candidate *c = &space->candidates[candidate];
    struct clv_formula f = mean_latency();
    struct clv_factors k = {0};
    double half_way;

    if (c->server != CLV_NO_SERVER &&
        !clv_reach_is_usable(conditions, c->server)) {
        k = clv_formula_factors(&f, &space->power, conditions, CLV_NO_SERVER);
        return (struct clv_terms){
            .device_ns = k.stake[CLV_STAKE_DEVICE] * c->device_ns.mean,
            .up_ns = INFINITY,
        };
    }
    k = clv_formula_factors(&f, &space->power, conditions, c->server);
    half_way = c->server == CLV_NO_SERVER
                   ? 0
                   : fmax(conditions->reach[c->server].rtt_ns, 0) / 2;
    return (struct clv_terms){
        .device_ns = k.stake[CLV_STAKE_DEVICE] * c->device_ns.mean,
        .up_ns = k.stake[CLV_STAKE_UP] * c->bytes_up.mean + half_way,
        .queue_ns = k.fixed - 2 * half_way,
        .server_ns = k.stake[CLV_STAKE_SERVER] * c->server_ns.mean,
        .down_ns = k.stake[CLV_STAKE_DOWN] * c->bytes_down + half_way,
    };
}

/* True for measures that do not exist without the server. */
static int needs_server(struct clv_measure measure)
{
    switch (measure.metric) {
    case CLV_METRIC_LATENCY:
    case CLV_METRIC_THROUGHPUT:
    case CLV_METRIC_ENERGY:
    case CLV_METRIC_SERVER_TIME:
        return 1;
    default:
        return 0;
    }
}

double clv_predict(const struct clv_space *space, size_t candidate,
                   const struct clv_conditions *conditions,
                   struct clv_measure measure)
{
    const struct clv_candidate *c = &space->candidates[candidate];
    struct clv_formula f = clv_formula_of(measure, 0);
    uint32_t server = needs_server(measure) ? c->server : CLV_NO_SERVER;
    struct clv_factors k;
    double stakes[CLV_STAKES];

    if (!clv_measure_exists(measure)) {
        return CLV_UNKNOWN;
    }
    clv_formula_stakes(&f, space, candidate, stakes);
    if (isinf(stakes[0])) {
        return CLV_UNKNOWN;
    }
    if (!clv_reach_is_usable(conditions, server)) {
        return clv_formula_value(&f, INFINITY);
    }
    k = clv_formula_factors(&f, &space->power, conditions, server);
    return clv_formula_value(&f, clv_formula_cost(&f, &k, stakes));
}
