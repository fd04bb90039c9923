/*
 * menu.c - what one task of a product has to choose from.
 *
 * The space's candidates are sorted into kinds: variant, engine, place, and
 * server. (All on the server, the engine does not matter.) Each kind gives
 * the one candidate that the task's SLO likes best in this situation, the
 * task alone with the situation's hogs: of those that keep the task's bounds
 * by its objectives, in order or by weights as the scheduler does; if none
 * does, the one that comes nearest. Kinds without a good one are then left
 * out, unless that is all of them.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "network/network.h"
#include "plan/formula.h"
#include "plan/policy.h"
#include "plan/producing.h"
#include "plan/stretched.h"

/* A candidate and its kind. */
struct entry {
    struct clv_config config;
    uint32_t kind_engine; /* 0 where it does not matter */
};

/* What is at hand while a list is made. */
struct menu {
    const struct clv_product *product;
    const struct clv_product_task *task;
    size_t number;
    const struct clv_product_part *part;
    struct entry *entries; /* of candidates that may be */
    size_t count;
    struct clv_spread *excess; /* by seat; without one, the last */
    double *costs;             /* of one kind: an objective after the other */
    double *violations;
};

/* -- Sorting into kinds -- */

static enum clv_place place_of(const struct clv_space *space,
                               const struct clv_candidate *c)
{
    if (c->server == CLV_NO_SERVER) {
        return CLV_PLACE_DEVICE;
    }
    return strcmp(space->costs->cuts[c->cut].name, CLV_CUT_INPUT) == 0
               ? CLV_PLACE_SERVER
               : CLV_PLACE_CUT;
}

static struct entry entry_of(const struct menu *m, size_t candidate)
{
    const struct clv_space *space = m->task->space;
    const struct clv_candidate *c = &space->candidates[candidate];
    enum clv_place place = place_of(space, c);
    int is_here = place != CLV_PLACE_SERVER;

    return (struct entry){
        .config = {.candidate = candidate,
                   .variant = c->variant,
                   .engine = c->engine,
                   .place = place,
                   .server = c->server == CLV_NO_SERVER
                                 ? CLV_NO_SERVER
                                 : m->part->server_of[c->server],
                   .seat = is_here ? m->part->seat_of[c->engine] : CLV_NO_SEAT},
        .kind_engine = is_here ? c->engine : 0,
    };
}

static int compare_kinds(const struct entry *a, const struct entry *b)
{
    const struct clv_config *x = &a->config;
    const struct clv_config *y = &b->config;

    if (x->variant != y->variant) {
        return x->variant < y->variant ? -1 : 1;
    }
    if (a->kind_engine != b->kind_engine) {
        return a->kind_engine < b->kind_engine ? -1 : 1;
    }
    if (x->place != y->place) {
        return x->place < y->place ? -1 : 1;
    }
    return (x->server > y->server) - (x->server < y->server);
}

static int compare(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;
    int kinds = compare_kinds(x, y);

    return kinds != 0 ? kinds
                      : (x->config.candidate > y->config.candidate) -
                            (x->config.candidate < y->config.candidate);
}

/* -- What may be chosen at all -- */

/* Metrics that may not have been measured. */
static int may_be_unknown(struct clv_measure measure)
{
    return measure.metric == CLV_METRIC_ENERGY ||
           measure.metric == CLV_METRIC_MEMORY;
}

static double alone(const struct menu *m, const struct clv_config *config,
                    struct clv_measure measure)
{
    size_t seat = config->seat == CLV_NO_SEAT ? m->product->options.engine_count
                                              : config->seat;

    return clv_product_term(m->product, m->number, config->candidate,
                            &m->excess[seat], measure);
}

/* All wanted measures that may be unknown, `room` at most. */
static size_t list_doubtful(const struct menu *m, struct clv_measure *list)
{
    const struct clv_goals *goals = m->product->options.goals;
    const struct clv_slo *slo = m->task->slo;
    size_t count = 0;

    for (size_t i = 0; i < goals->goal_count; i++) {
        if (goals->goals[i].task == CLV_ALL_TASKS ||
            goals->goals[i].task == m->number) {
            list[count++] = goals->goals[i].measure;
        }
    }
    for (size_t i = 0; i < goals->bound_count; i++) {
        if (goals->bounds[i].task == CLV_ALL_TASKS ||
            goals->bounds[i].task == m->number) {
            list[count++] = goals->bounds[i].constraint.measure;
        }
    }
    for (size_t i = 0; i < slo->objective_count; i++) {
        list[count++] = slo->objectives[i].measure;
    }
    for (size_t i = count; i > 0; i--) {
        if (!may_be_unknown(list[i - 1])) {
            list[i - 1] = list[--count];
        }
    }
    return count;
}

#define DOUBTFUL (CLV_GOALS + CLV_BOUNDS + CLV_OBJECTIVES)

/* 2: as it should be; 1: not in this situation; 0: never. */
static int how_good(const struct menu *m, const struct entry *e,
                    const struct clv_measure *doubtful, size_t count,
                    struct clv_measure *ret_unknown)
{
    const struct clv_product *p = m->product;
    const struct clv_candidate *c =
        &m->task->space->candidates[e->config.candidate];
    size_t policies;

    if (!clv_policies(&policies)->knows(m->task->space, e->config.candidate) ||
        m->part->seat_of[c->engine] == CLV_NO_SEAT ||
        (c->server != CLV_NO_SERVER &&
         m->part->server_of[c->server] == CLV_NO_SERVER)) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (isnan(alone(m, &e->config, doubtful[i]))) {
            *ret_unknown = doubtful[i];
            return 0;
        }
    }
    return clv_reach_is_usable(&m->part->conditions, c->server) &&
                   !(clv_product_processor(p, &e->config) &
                     p->options.situation.out_of_order)
               ? 2
               : 1;
}

static cleave_status nothing_left(const struct menu *m,
                                  struct clv_measure unknown, cleave_error *err)
{
    char text[CLV_MEASURE_TEXT];

    if (unknown.metric == CLV_METRIC_ENERGY) {
        return clv_fail(err, CLEAVE_INVALID, m->task->name,
                        "Energy was neither measured nor declared for '%s': "
                        "say what the device draws, as in 'power: {compute: "
                        "4W, send: 2W, wait: 1W}' in the application, or take "
                        "the wish for energy out.",
                        m->task->name);
    }
    if (unknown.metric != CLV_METRIC_COUNT) {
        return clv_fail(err, CLEAVE_INVALID, m->task->name,
                        "'%s' was not measured for any design of '%s': profile "
                        "again with this version, or take it out.",
                        clv_measure_text(unknown, text), m->task->name);
    }
    return clv_fail(err, CLEAVE_INVALID, m->task->name,
                    "No design of '%s' is for the application's engines and "
                    "servers: measure it on them with 'cleave profile'.",
                    m->task->name);
}

static cleave_status list_entries(struct menu *m, cleave_error *err)
{
    struct clv_measure doubtful[DOUBTFUL];
    struct clv_measure unknown = {CLV_METRIC_COUNT, CLV_STATISTIC_MEAN};
    size_t doubtful_count = list_doubtful(m, doubtful);
    size_t good = 0;
    size_t spare = 0;

    for (size_t i = 0; i < m->task->space->count; i++) {
        struct entry e = entry_of(m, i);
        int how = how_good(m, &e, doubtful, doubtful_count, &unknown);
        if (how == 2) {
            /* what is good goes before what is not, and takes its place */
            m->entries[good + spare] = m->entries[good];
            m->entries[good++] = e;
        } else if (how == 1) {
            m->entries[good + spare++] = e;
        }
    }
    m->count = good > 0 ? good : spare;
    if (m->count == 0) {
        return nothing_left(m, unknown, err);
    }
    qsort(m->entries, m->count, sizeof *m->entries, compare);
    return CLEAVE_OK;
}

/* -- The best of a kind -- */

static double worst_violation(const struct menu *m,
                              const struct clv_config *config)
{
    const struct clv_goals *goals = m->product->options.goals;
    double worst = 0;

    for (size_t i = 0; i < goals->bound_count; i++) {
        const struct clv_bound *b = &goals->bounds[i];
        if (b->task == m->number) {
            worst = fmax(worst, clv_bound_violation(
                                    &b->constraint,
                                    alone(m, config, b->constraint.measure)));
        }
    }
    return worst;
}

/* Less is better, whatever the metric. */
static double cost_of(const struct menu *m, const struct clv_config *config,
                      size_t objective)
{
    struct clv_measure measure = m->task->slo->objectives[objective].measure;
    struct clv_formula f = clv_formula_of(measure, 0);

    return clv_formula_cost_of(&f, alone(m, config, measure));
}

static double floor_of(const struct menu *m, size_t objective)
{
    struct clv_formula f =
        clv_formula_of(m->task->slo->objectives[objective].measure, 0);

    return clv_formula_floor(&f);
}

/* -1: a goes first. What decides between equals: less of the device, fewer
   bytes, the lower number. */
static int compare_ties(const struct menu *m, const struct entry *a,
                        const struct entry *b)
{
    const struct clv_candidate *all = m->task->space->candidates;
    const struct clv_candidate *x = &all[a->config.candidate];
    const struct clv_candidate *y = &all[b->config.candidate];

    if (x->device_ns.mean != y->device_ns.mean) {
        return x->device_ns.mean < y->device_ns.mean ? -1 : 1;
    }
    if (x->bytes_up.mean != y->bytes_up.mean) {
        return x->bytes_up.mean < y->bytes_up.mean ? -1 : 1;
    }
    return (x > y) - (x < y);
}

/* The least of `costs` among what still has a violation of 0. */
static size_t least(const struct menu *m, const struct entry *kind,
                    size_t count, const double *costs)
{
    size_t best = count;

    for (size_t i = 0; i < count; i++) {
        if (m->violations[i] > 0) {
            continue;
        }
        if (best == count || costs[i] < costs[best] ||
            (costs[i] == costs[best] &&
             compare_ties(m, &kind[i], &kind[best]) < 0)) {
            best = i;
        }
    }
    return best;
}

/* Each objective drops what is not alike its best. */
static size_t best_in_order(const struct menu *m, const struct entry *kind,
                            size_t count)
{
    const struct clv_slo *slo = m->task->slo;
    size_t best = least(m, kind, count, m->costs);

    for (size_t o = 0; o + 1 < slo->objective_count; o++) {
        const double *costs = m->costs + o * count;
        double limit = costs[best] +
                       slo->tolerance * fmax(fabs(costs[best]), floor_of(m, o));
        for (size_t i = 0; i < count; i++) {
            if (costs[i] > limit) {
                m->violations[i] = INFINITY;
            }
        }
        best = least(m, kind, count, costs + count);
    }
    return best;
}

static size_t best_by_weight(const struct menu *m, const struct entry *kind,
                             size_t count)
{
    const struct clv_slo *slo = m->task->slo;
    double scales[CLV_OBJECTIVES];

    for (size_t o = 0; o < slo->objective_count; o++) {
        const double *costs = m->costs + o * count;
        double best = costs[least(m, kind, count, costs)];
        scales[o] =
            slo->objectives[o].weight / fmax(fabs(best), floor_of(m, o));
    }
    for (size_t i = 0; i < count; i++) {
        double sum = 0;
        for (size_t o = 0; o < slo->objective_count; o++) {
            sum += scales[o] * m->costs[o * count + i];
        }
        m->costs[i] = sum;
    }
    return least(m, kind, count, m->costs);
}

/* The best of a kind; `ret_violation` is 0 if it keeps its task's bounds. */
static size_t best_of(const struct menu *m, const struct entry *kind,
                      size_t count, double *ret_violation)
{
    const struct clv_slo *slo = m->task->slo;
    double nearest = INFINITY;

    for (size_t i = 0; i < count; i++) {
        m->violations[i] = worst_violation(m, &kind[i].config);
        nearest = fmin(nearest, m->violations[i]);
        for (size_t o = 0; o < slo->objective_count; o++) {
            m->costs[o * count + i] = cost_of(m, &kind[i].config, o);
        }
    }
    for (size_t i = 0; i < count; i++) {
        m->violations[i] = m->violations[i] > nearest ? INFINITY : 0;
    }
    *ret_violation = nearest;
    if (slo->objective_count == 0) {
        memset(m->costs, 0, count * sizeof *m->costs);
        return least(m, kind, count, m->costs);
    }
    return slo->objectives[0].weight > 0 ? best_by_weight(m, kind, count)
                                         : best_in_order(m, kind, count);
}

/* -- The list -- */

static size_t kind_at(const struct menu *m, size_t first)
{
    size_t end = first + 1;

    while (end < m->count &&
           compare_kinds(&m->entries[first], &m->entries[end]) == 0) {
        end++;
    }
    return end - first;
}

static cleave_status make_room(struct menu *m, size_t *ret_kinds,
                               cleave_error *err)
{
    size_t objectives = m->task->slo->objective_count;
    size_t longest = 0;
    size_t kinds = 0;

    for (size_t at = 0; at < m->count; kinds++) {
        size_t count = kind_at(m, at);
        longest = count > longest ? count : longest;
        at += count;
    }
    *ret_kinds = kinds;
    if (kinds > CLV_CONFIGS) {
        return clv_fail(err, CLEAVE_LIMIT, m->task->name,
                        "'%s' has %zu configurations, and %d is the most: "
                        "name fewer models, engines or servers.",
                        m->task->name, kinds, CLV_CONFIGS);
    }
    objectives = objectives > 0 ? objectives : 1;
    m->costs = calloc(longest * objectives, sizeof *m->costs);
    m->violations = calloc(longest, sizeof *m->violations);
    return m->costs != NULL && m->violations != NULL
               ? CLEAVE_OK
               : clv_fail_memory(err, m->task->name,
                                 longest * (objectives + 1) * sizeof *m->costs);
}

/* One of each kind; the good ones only, if there are any. */
static cleave_status choose(struct menu *m, struct clv_product_part *part,
                            size_t kinds, cleave_error *err)
{
    size_t count = 0;
    size_t good = 0;

    part->configs = calloc(kinds, sizeof *part->configs);
    if (part->configs == NULL) {
        return clv_fail_memory(err, m->task->name,
                               kinds * sizeof *part->configs);
    }
    for (size_t at = 0; at < m->count;) {
        size_t size = kind_at(m, at);
        double violation;
        size_t best = best_of(m, &m->entries[at], size, &violation);
        if (violation == 0 && good == 0) {
            count = 0; /* what is not good has no place any more */
        }
        if (violation == 0 || good == 0) {
            part->configs[count++] = m->entries[at + best].config;
        }
        good += violation == 0;
        at += size;
    }
    part->count = count;
    part->is_hopeless = good == 0;
    return CLEAVE_OK;
}

static cleave_status set_up(struct menu *m, cleave_error *err)
{
    size_t engines = m->product->options.engine_count;
    size_t candidates = m->task->space->count;

    m->entries = calloc(candidates + 1, sizeof *m->entries);
    m->excess = calloc(engines + 1, sizeof *m->excess);
    if (m->entries == NULL || m->excess == NULL) {
        return clv_fail_memory(err, m->task->name,
                               candidates * sizeof *m->entries);
    }
    for (size_t e = 0; e < engines; e++) {
        m->excess[e] =
            clv_product_excess_alone(m->product, (uint32_t)e, m->number);
    }
    return CLEAVE_OK;
}

cleave_status clv_menu_fill(struct clv_product *product, size_t task,
                            cleave_error *err)
{
    struct clv_product_part *part = &product->parts[task];
    struct menu m = {.product = product,
                     .task = &product->options.tasks[task],
                     .number = task,
                     .part = part};
    size_t kinds = 0;
    cleave_status status;

    status = set_up(&m, err);
    if (status == CLEAVE_OK) {
        status = list_entries(&m, err);
    }
    if (status == CLEAVE_OK) {
        status = make_room(&m, &kinds, err);
    }
    if (status == CLEAVE_OK) {
        status = choose(&m, part, kinds, err);
    }
    free(m.entries);
    free(m.excess);
    free(m.costs);
    free(m.violations);
    return status;
}
