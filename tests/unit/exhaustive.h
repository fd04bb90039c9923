/*
 * exhaustive.h - the choice as the headers define it, found by looking at
 * every candidate through clv_predict: what a scheduler's decisions are held
 * against. Slow and plain, and shares no code with the scheduler.
 */
#ifndef EXHAUSTIVE_H
#define EXHAUSTIVE_H

#include "scheduler_bed.h"

static inline double exhaustive_cost_of(const struct scheduler_bed *w,
                                        const struct clv_slo *slo, size_t i,
                                        const struct clv_conditions *now,
                                        struct clv_measure m)
{
    const struct clv_candidate *c = &w->space.candidates[i];
    double value = clv_predict(&w->space, i, now, m);

    if (slo->accuracy_surely && m.metric == CLV_METRIC_DROP) {
        value = c->drop_high_pp;
    }
    if (slo->accuracy_surely && m.metric == CLV_METRIC_ACCURACY) {
        value -= (c->drop_high_pp - c->drop_pp) / 100;
    }
    if (m.metric == CLV_METRIC_MEMORY && value == CLV_UNKNOWN) {
        return INFINITY;
    }
    if (m.metric == CLV_METRIC_THROUGHPUT) {
        return value > 0 ? 1e9 / value : INFINITY;
    }
    if (clv_metric_more_is_better(m.metric)) {
        return value > 1e-12 ? 1 / value : 1e12;
    }
    return value;
}

static inline double exhaustive_floor_of(enum clv_metric metric)
{
    switch (clv_metric_unit(metric)) {
    case CLV_UNIT_TIME:
    case CLV_UNIT_RATE:
        return 1e5;
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

static inline int exhaustive_is_constant(enum clv_metric m)
{
    return m != CLV_METRIC_LATENCY && m != CLV_METRIC_THROUGHPUT &&
           m != CLV_METRIC_ENERGY && m != CLV_METRIC_DEVICE_TIME &&
           m != CLV_METRIC_SERVER_TIME;
}

static inline int exhaustive_is_accuracy(enum clv_metric m)
{
    return m == CLV_METRIC_ACCURACY || m == CLV_METRIC_DROP;
}

/* By how much the constraints of one kind are broken at worst; 0: not. */
static inline double exhaustive_broken(const struct scheduler_bed *w,
                                       const struct clv_slo *slo,
                                       const struct clv_policy *policy,
                                       size_t i,
                                       const struct clv_conditions *now,
                                       int constant)
{
    double worst = 0;

    for (size_t k = 0; k < slo->constraint_count; k++) {
        const struct clv_constraint *c = &slo->constraints[k];
        enum clv_metric m = c->measure.metric;
        double bound = c->bound;
        double cost = exhaustive_cost_of(w, slo, i, now, c->measure);
        if (exhaustive_is_constant(m) != constant ||
            (policy->decides != CLV_DECIDES_BY_SLO &&
             !exhaustive_is_accuracy(m))) {
            continue;
        }
        if (c->at_least) {
            bound = m == CLV_METRIC_THROUGHPUT ? 1e9 / bound : 1 / bound;
        }
        if (cost > bound) {
            worst =
                fmax(worst, 1 + (cost - bound) /
                                    fmax(fabs(bound), exhaustive_floor_of(m)));
        }
    }
    return worst;
}

struct exhaustive {
    const struct scheduler_bed *w;
    const struct clv_slo *slo;
    const struct clv_policy *policy;
    const struct clv_conditions *now;
    uint8_t *left;
};

static inline int exhaustive_is_up(const struct exhaustive *x, size_t i)
{
    uint32_t server = x->w->space.candidates[i].server;

    return server == CLV_NO_SERVER || x->now->reach[server].is_up;
}

/* Candidates that the policy knows, that meet the constant constraints if
   any does, and whose server is up. Returns 0 if none meets them. */
static inline int exhaustive_list_left(struct exhaustive *x)
{
    size_t n = x->w->space.count;
    double least = INFINITY;

    for (int round = 0; round < 6 && (round == 0 || least > 0); round++) {
        least = INFINITY;
        for (size_t i = 0; i < n; i++) {
            int knows = x->policy->knows(&x->w->space, i);
            if (x->policy->falls_back && round % 3 == 1) {
                knows = clv_policy_falls_back_to(x->policy, &x->w->space, i);
            }
            if (x->policy->falls_back && round % 3 == 2) {
                knows = clv_policy_last_resort(&x->w->space, i);
            }
            x->left[i] = (uint8_t)knows;
            if (knows) {
                least = fmin(least, exhaustive_broken(x->w, x->slo, x->policy,
                                                      i, x->now, 1));
            }
        }
        if (round >= 3 && !isinf(least)) {
            break; /* nothing is good: the first that has something */
        }
    }
    for (size_t i = 0; i < n; i++) {
        x->left[i] &=
            exhaustive_broken(x->w, x->slo, x->policy, i, x->now, 1) <= least;
        x->left[i] &= (uint8_t)exhaustive_is_up(x, i);
    }
    return least <= 0;
}

static inline int exhaustive_before(const struct exhaustive *x, size_t a,
                                    size_t b)
{
    const struct clv_candidate *p = &x->w->space.candidates[a];
    const struct clv_candidate *q = &x->w->space.candidates[b];

    if (p->device_ns.mean != q->device_ns.mean) {
        return p->device_ns.mean < q->device_ns.mean;
    }
    if (p->bytes_up.mean != q->bytes_up.mean) {
        return p->bytes_up.mean < q->bytes_up.mean;
    }
    if (p->server_ns.mean != q->server_ns.mean) {
        return p->server_ns.mean < q->server_ns.mean;
    }
    return a < b;
}

/* The index of the least, the first of equal ones; SIZE_MAX: none. */
static inline size_t exhaustive_least_of(const struct exhaustive *x,
                                         const double *costs, uint32_t server,
                                         int any)
{
    size_t best = SIZE_MAX;

    for (size_t i = 0; i < x->w->space.count; i++) {
        if (!x->left[i] ||
            (!any && x->w->space.candidates[i].server != server)) {
            continue;
        }
        if (best == SIZE_MAX || costs[i] < costs[best] ||
            (costs[i] == costs[best] && exhaustive_before(x, i, best))) {
            best = i;
        }
    }
    return best;
}

/* Drops what is not alike the best. */
static inline void exhaustive_keep_alike(struct exhaustive *x,
                                         const double *costs, double tolerance,
                                         double scale)
{
    size_t best = exhaustive_least_of(x, costs, 0, 1);
    double limit = costs[best] + tolerance * fmax(fabs(costs[best]), scale);

    for (size_t i = 0; i < x->w->space.count; i++) {
        x->left[i] &= costs[i] <= limit;
    }
}

static inline size_t exhaustive_by_priority(struct exhaustive *x,
                                            const double *costs)
{
    size_t best = exhaustive_least_of(x, costs, CLV_NO_SERVER, 0);

    for (uint32_t s = 0; best == SIZE_MAX && s < CLV_SERVERS; s++) {
        best = exhaustive_least_of(x, costs, s, 0);
    }
    return best;
}

static inline void exhaustive_fill_costs(struct exhaustive *x,
                                         struct clv_measure m, double *costs)
{
    for (size_t i = 0; i < x->w->space.count; i++) {
        costs[i] = x->left[i] ? exhaustive_cost_of(x->w, x->slo, i, x->now, m)
                              : INFINITY;
    }
}

static inline size_t exhaustive_solve_weighted(struct exhaustive *x,
                                               double *costs, double *sum)
{
    for (size_t i = 0; i < x->w->space.count; i++) {
        sum[i] = 0;
    }
    for (size_t k = 0; k < x->slo->objective_count; k++) {
        const struct clv_objective *o = &x->slo->objectives[k];
        double best;
        exhaustive_fill_costs(x, o->measure, costs);
        best = costs[exhaustive_least_of(x, costs, 0, 1)];
        for (size_t i = 0; i < x->w->space.count; i++) {
            sum[i] += o->weight /
                      fmax(fabs(best), exhaustive_floor_of(o->measure.metric)) *
                      costs[i];
        }
    }
    exhaustive_keep_alike(x, sum, x->slo->tolerance, 0);
    return exhaustive_by_priority(x, sum);
}

static inline size_t exhaustive_solve(struct exhaustive *x, double *costs,
                                      double *sum)
{
    struct clv_objective own = {
        .measure = {CLV_METRIC_LATENCY, CLV_STATISTIC_MEAN}};
    enum clv_metric first = x->slo->objectives[0].measure.metric;
    size_t best;

    if (x->policy->decides == CLV_DECIDES_BY_SLO) {
        if (x->slo->objectives[0].weight > 0) {
            return exhaustive_solve_weighted(x, costs, sum);
        }
        for (size_t k = 0; k < x->slo->objective_count; k++) {
            const struct clv_measure m = x->slo->objectives[k].measure;
            exhaustive_fill_costs(x, m, costs);
            exhaustive_keep_alike(x, costs, x->slo->tolerance,
                                  exhaustive_floor_of(m.metric));
        }
        return exhaustive_by_priority(x, costs);
    }
    if (x->policy->decides == CLV_DECIDES_BY_BYTES) {
        own.measure.metric = CLV_METRIC_BYTES;
    } else if (first == CLV_METRIC_ENERGY) {
        own.measure.metric = CLV_METRIC_ENERGY;
    }
    exhaustive_fill_costs(x, own.measure, costs);
    best = exhaustive_least_of(x, costs, 0, 1);
    if (x->policy->decides == CLV_DECIDES_BY_STAGES &&
        first == CLV_METRIC_THROUGHPUT) {
        own.measure.metric = CLV_METRIC_THROUGHPUT;
        exhaustive_fill_costs(x, own.measure, costs);
    }
    exhaustive_keep_alike(x, costs, 0, 0);
    best = exhaustive_by_priority(x, costs);
    return best;
}

/* The choice, as the headers define it. */
static inline size_t exhaustive_decide(const struct scheduler_bed *w,
                                       const struct clv_slo *slo,
                                       const struct clv_policy *policy,
                                       const struct clv_conditions *now,
                                       int *ret_feasible)
{
    size_t n = w->space.count;
    struct exhaustive x = {w, slo, policy, now, calloc(n, 1)};
    double *costs = calloc(n, sizeof *costs);
    double *sum = calloc(n, sizeof *sum);
    uint8_t *up = calloc(n, 1);
    size_t best = SIZE_MAX;
    int any = 0;

    *ret_feasible = exhaustive_list_left(&x);
    memcpy(up, x.left, n);
    for (size_t i = 0; i < n; i++) {
        x.left[i] &= exhaustive_broken(w, slo, policy, i, now, 0) <= 0;
        any |= x.left[i];
    }
    if (any) {
        best = exhaustive_solve(&x, costs, sum);
    } else {
        *ret_feasible = 0;
        memcpy(x.left, up, n);
        for (size_t i = 0; i < n; i++) {
            costs[i] = exhaustive_broken(w, slo, policy, i, now, 0);
        }
        best = exhaustive_least_of(&x, costs, 0, 1);
    }
    free(x.left);
    free(costs);
    free(sum);
    free(up);
    return best;
}

#endif
