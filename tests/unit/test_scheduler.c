/*
 * test_scheduler.c - decisions equal those of a search that looks at every
 * candidate through clv_predict, for every policy, random SLOs and random
 * conditions; and what people see when nothing fits.
 */
#include "costs_bed.h"

#include <string.h>

#include "nearly.h"
#include "plan/scheduler.h"
#include "scarce_memory.h"

static const struct clv_power power = {4, 2, 1};

struct world {
    struct clv_costs costs;
    struct clv_space space;
};

static void world_init(struct world *w, struct seeded *s,
                       const struct costs_bed *bed)
{
    costs_bed_fill(&w->costs, s, bed);
    assert_int_equal(clv_space_init(&w->space, &w->costs, &power, NULL),
                     CLEAVE_OK);
}

static void world_fini(struct world *w)
{
    clv_space_fini(&w->space);
    clv_costs_fini(&w->costs);
}

/* -- Exhaustive deciding -- */

static double cost_of(const struct world *w, const struct clv_slo *slo,
                      size_t i, const struct clv_conditions *now,
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

static double floor_of(enum clv_metric metric)
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

static int is_constant(enum clv_metric m)
{
    return m != CLV_METRIC_LATENCY && m != CLV_METRIC_THROUGHPUT &&
           m != CLV_METRIC_ENERGY && m != CLV_METRIC_DEVICE_TIME &&
           m != CLV_METRIC_SERVER_TIME;
}

static int is_accuracy(enum clv_metric m)
{
    return m == CLV_METRIC_ACCURACY || m == CLV_METRIC_DROP;
}

/* By how much the constraints of one kind are broken at worst; 0: not. */
static double broken(const struct world *w, const struct clv_slo *slo,
                     const struct clv_policy *policy, size_t i,
                     const struct clv_conditions *now, int constant)
{
    double worst = 0;

    for (size_t k = 0; k < slo->constraint_count; k++) {
        const struct clv_constraint *c = &slo->constraints[k];
        enum clv_metric m = c->measure.metric;
        double bound = c->bound;
        double cost = cost_of(w, slo, i, now, c->measure);
        if (is_constant(m) != constant ||
            (policy->decides != CLV_DECIDES_BY_SLO && !is_accuracy(m))) {
            continue;
        }
        if (c->at_least) {
            bound = m == CLV_METRIC_THROUGHPUT ? 1e9 / bound : 1 / bound;
        }
        if (cost > bound) {
            worst = fmax(worst,
                         1 + (cost - bound) / fmax(fabs(bound), floor_of(m)));
        }
    }
    return worst;
}

struct exhaustive {
    const struct world *w;
    const struct clv_slo *slo;
    const struct clv_policy *policy;
    const struct clv_conditions *now;
    uint8_t *left;
};

static int is_up(const struct exhaustive *x, size_t i)
{
    uint32_t server = x->w->space.candidates[i].server;

    return server == CLV_NO_SERVER || x->now->reach[server].is_up;
}

/* Candidates that the policy knows, that meet the constant constraints if
   any does, and whose server is up. Returns 0 if none meets them. */
static int list_left(struct exhaustive *x)
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
                least =
                    fmin(least, broken(x->w, x->slo, x->policy, i, x->now, 1));
            }
        }
        if (round >= 3 && !isinf(least)) {
            break; /* nothing is good: the first that has something */
        }
    }
    for (size_t i = 0; i < n; i++) {
        x->left[i] &= broken(x->w, x->slo, x->policy, i, x->now, 1) <= least;
        x->left[i] &= (uint8_t)is_up(x, i);
    }
    return least <= 0;
}

static int before(const struct exhaustive *x, size_t a, size_t b)
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
static size_t least_of(const struct exhaustive *x, const double *costs,
                       uint32_t server, int any)
{
    size_t best = SIZE_MAX;

    for (size_t i = 0; i < x->w->space.count; i++) {
        if (!x->left[i] ||
            (!any && x->w->space.candidates[i].server != server)) {
            continue;
        }
        if (best == SIZE_MAX || costs[i] < costs[best] ||
            (costs[i] == costs[best] && before(x, i, best))) {
            best = i;
        }
    }
    return best;
}

/* Drops what is not alike the best. */
static void keep_alike(struct exhaustive *x, const double *costs,
                       double tolerance, double scale)
{
    size_t best = least_of(x, costs, 0, 1);
    double limit = costs[best] + tolerance * fmax(fabs(costs[best]), scale);

    for (size_t i = 0; i < x->w->space.count; i++) {
        x->left[i] &= costs[i] <= limit;
    }
}

static size_t by_priority(struct exhaustive *x, const double *costs)
{
    size_t best = least_of(x, costs, CLV_NO_SERVER, 0);

    for (uint32_t s = 0; best == SIZE_MAX && s < CLV_SERVERS; s++) {
        best = least_of(x, costs, s, 0);
    }
    return best;
}

static void fill_costs(struct exhaustive *x, struct clv_measure m,
                       double *costs)
{
    for (size_t i = 0; i < x->w->space.count; i++) {
        costs[i] = x->left[i] ? cost_of(x->w, x->slo, i, x->now, m) : INFINITY;
    }
}

static size_t solve_weighted(struct exhaustive *x, double *costs, double *sum)
{
    for (size_t i = 0; i < x->w->space.count; i++) {
        sum[i] = 0;
    }
    for (size_t k = 0; k < x->slo->objective_count; k++) {
        const struct clv_objective *o = &x->slo->objectives[k];
        double best;
        fill_costs(x, o->measure, costs);
        best = costs[least_of(x, costs, 0, 1)];
        for (size_t i = 0; i < x->w->space.count; i++) {
            sum[i] += o->weight /
                      fmax(fabs(best), floor_of(o->measure.metric)) * costs[i];
        }
    }
    keep_alike(x, sum, x->slo->tolerance, 0);
    return by_priority(x, sum);
}

static size_t solve(struct exhaustive *x, double *costs, double *sum)
{
    struct clv_objective own = {
        .measure = {CLV_METRIC_LATENCY, CLV_STATISTIC_MEAN}};
    enum clv_metric first = x->slo->objectives[0].measure.metric;
    size_t best;

    if (x->policy->decides == CLV_DECIDES_BY_SLO) {
        if (x->slo->objectives[0].weight > 0) {
            return solve_weighted(x, costs, sum);
        }
        for (size_t k = 0; k < x->slo->objective_count; k++) {
            const struct clv_measure m = x->slo->objectives[k].measure;
            fill_costs(x, m, costs);
            keep_alike(x, costs, x->slo->tolerance, floor_of(m.metric));
        }
        return by_priority(x, costs);
    }
    if (x->policy->decides == CLV_DECIDES_BY_BYTES) {
        own.measure.metric = CLV_METRIC_BYTES;
    } else if (first == CLV_METRIC_ENERGY) {
        own.measure.metric = CLV_METRIC_ENERGY;
    }
    fill_costs(x, own.measure, costs);
    best = least_of(x, costs, 0, 1);
    if (x->policy->decides == CLV_DECIDES_BY_STAGES &&
        first == CLV_METRIC_THROUGHPUT) {
        own.measure.metric = CLV_METRIC_THROUGHPUT;
        fill_costs(x, own.measure, costs);
    }
    keep_alike(x, costs, 0, 0);
    best = by_priority(x, costs);
    return best;
}

/* The choice, as the headers define it. */
static size_t decide_exhaustively(const struct world *w,
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

    *ret_feasible = list_left(&x);
    memcpy(up, x.left, n);
    for (size_t i = 0; i < n; i++) {
        x.left[i] &= broken(w, slo, policy, i, now, 0) <= 0;
        any |= x.left[i];
    }
    if (any) {
        best = solve(&x, costs, sum);
    } else {
        *ret_feasible = 0;
        memcpy(x.left, up, n);
        for (size_t i = 0; i < n; i++) {
            costs[i] = broken(w, slo, policy, i, now, 0);
        }
        best = least_of(&x, costs, 0, 1);
    }
    free(x.left);
    free(costs);
    free(sum);
    free(up);
    return best;
}

/* -- Chance -- */

static double between(struct seeded *s, double low, double high)
{
    return low * pow(high / low, seeded_unit(s));
}

static struct clv_conditions any_conditions(struct seeded *s, size_t servers)
{
    struct clv_conditions c = clv_conditions_reference(servers);

    c.slowdown = between(s, 0.5, 80);
    for (size_t i = 0; i < servers; i++) {
        struct clv_reach *r = &c.reach[i];
        r->up_bps = between(s, 1e5, 1e9);
        r->down_bps = between(s, 1e5, 1e9);
        r->rtt_ns = between(s, 1e5, 2e8);
        r->rate_std = seeded_below(s, 2) ? 0.6 * seeded_unit(s) : 0;
        r->slowdown = between(s, 0.5, 10);
        r->queue_ns = seeded_below(s, 2) ? between(s, 1e4, 1e8) : 0;
        r->slots = 1 + seeded_below(s, 4);
        r->is_up = seeded_below(s, 6) != 0;
    }
    return c;
}

static struct clv_measure any_measure(struct seeded *s)
{
    struct clv_measure m;

    do {
        /* from ntt on, metrics are of several tasks */
        m.metric = (enum clv_metric)seeded_below(s, CLV_METRIC_NTT);
        m.statistic = (enum clv_statistic)seeded_below(s, CLV_STATISTIC_COUNT);
    } while (!clv_measure_exists(m));
    return m;
}

static void add_objective(struct clv_slo *slo, struct seeded *s, int weighted)
{
    struct clv_measure m = any_measure(s);

    for (size_t i = 0; i < slo->objective_count; i++) {
        if (slo->objectives[i].measure.metric == m.metric) {
            return;
        }
    }
    slo->objectives[slo->objective_count++] = (struct clv_objective){
        .measure = m,
        .maximize = clv_metric_more_is_better(m.metric),
        .weight = weighted ? 0.1 + seeded_unit(s) : 0,
    };
}

/* A bound somewhere near what some candidate has. */
static void add_constraint(struct clv_slo *slo, struct seeded *s,
                           const struct world *w,
                           const struct clv_conditions *now)
{
    struct clv_constraint c = {.measure = any_measure(s)};
    size_t i = seeded_below(s, (uint32_t)w->space.count);

    c.at_least = clv_metric_more_is_better(c.measure.metric);
    c.bound = clv_predict(&w->space, i, now, c.measure) *
              (0.4 + 1.2 * seeded_unit(s));
    for (size_t k = 0; k < slo->constraint_count; k++) {
        c.bound = slo->constraints[k].measure.metric == c.measure.metric
                      ? INFINITY
                      : c.bound;
    }
    if (isfinite(c.bound) && c.bound > 0 &&
        (clv_metric_unit(c.measure.metric) != CLV_UNIT_SHARE || c.bound <= 1)) {
        slo->constraints[slo->constraint_count++] = c;
    }
}

static struct clv_slo any_slo(struct seeded *s, const struct world *w,
                              const struct clv_conditions *now)
{
    struct clv_slo slo = {.tolerance = seeded_below(s, 2) ? 0.01 : 0.1,
                          .accuracy_surely = (int)seeded_below(s, 2)};
    int weighted = seeded_below(s, 3) == 0;
    uint32_t constraints = seeded_below(s, 5);

    for (uint32_t i = 0; i <= seeded_below(s, 4); i++) {
        add_objective(&slo, s, weighted);
    }
    for (uint32_t i = 0; i < constraints; i++) {
        add_constraint(&slo, s, w, now);
    }
    return slo;
}

/* -- Tests -- */

static void print_slo(const struct clv_slo *slo)
{
    char text[2 * CLV_MEASURE_TEXT];

    for (size_t i = 0; i < slo->objective_count; i++) {
        printf("  %s, weight %g\n",
               clv_measure_text(slo->objectives[i].measure, text),
               slo->objectives[i].weight);
    }
    for (size_t i = 0; i < slo->constraint_count; i++) {
        printf("  %s\n", clv_constraint_text(&slo->constraints[i], text));
    }
}

static int decide_both(const struct world *w, const struct clv_slo *slo,
                       const struct clv_policy *policy, struct seeded *s,
                       unsigned rounds, unsigned *ret_infeasible)
{
    struct clv_scheduler *scheduler;
    int compared = 0;

    assert_int_equal(
        clv_scheduler_new(&w->space, slo, policy, &scheduler, NULL), CLEAVE_OK);
    for (unsigned i = 0; i < rounds; i++) {
        struct clv_conditions now = any_conditions(s, w->costs.server_count);
        struct clv_choice choice;
        int feasible;
        size_t wanted = decide_exhaustively(w, slo, policy, &now, &feasible);
        clv_scheduler_decide(scheduler, &now, CLV_NONE, &choice);
        if (wanted == SIZE_MAX) {
            assert_int_equal(choice.is_feasible, 0);
            continue; /* no server is up */
        }
        if (choice.candidate != wanted || choice.is_feasible != feasible) {
            char text[2][CLV_DESIGN_TEXT];
            print_slo(slo);
            fail_msg(
                "%s: %s (%zu) and not %s (%zu); feasible %d, %d", policy->name,
                clv_design_text(&w->space, choice.candidate, text[0]),
                choice.candidate, clv_design_text(&w->space, wanted, text[1]),
                wanted, choice.is_feasible, feasible);
        }
        assert_int_equal(choice.reason, CLV_REASON_FIRST);
        *ret_infeasible += !feasible;
        compared++;
    }
    clv_scheduler_free(scheduler);
    return compared;
}

static void decisions_equal_exhaustive_ones(void **state)
{
    struct seeded s = seeded_init("decisions", 4);
    unsigned infeasible = 0;
    int compared = 0;
    size_t policies;
    const struct clv_policy *policy = clv_policies(&policies);

    (void)state;
    for (int round = 0; round < 80; round++) {
        struct costs_bed bed = {
            .variants = 1 + seeded_below(&s, 3),
            .engines = 1 + seeded_below(&s, 2),
            .cuts = 3 + seeded_below(&s, 6),
            .servers = 1 + seeded_below(&s, 3),
            .without_pictures = (int)seeded_below(&s, 2),
        };
        struct world w;
        struct clv_conditions now;
        struct clv_slo slo;
        world_init(&w, &s, &bed);
        now = any_conditions(&s, w.costs.server_count);
        slo = any_slo(&s, &w, &now);
        for (size_t p = 0; p < policies; p++) {
            compared += decide_both(&w, &slo, &policy[p], &s, 3, &infeasible);
        }
        world_fini(&w);
    }
    assert_true(compared > 1000);
    assert_true(infeasible > 100 && infeasible < (unsigned)compared);
}

static struct clv_slo slo_of(const char *objective, const char *constraint)
{
    struct clv_slo slo = clv_slo_default();

    assert_int_equal(
        clv_objective_parse(strncmp(objective, "through", 7) == 0 ? "maximize"
                                                                  : "minimize",
                            objective, 0, &slo.objectives[0], NULL),
        CLEAVE_OK);
    slo.constraint_count = constraint != NULL;
    if (constraint != NULL) {
        assert_int_equal(
            clv_constraint_parse(constraint, &slo.constraints[0], NULL),
            CLEAVE_OK);
    }
    return slo;
}

static struct clv_scheduler *scheduler_of(const struct world *w,
                                          const struct clv_slo *slo,
                                          const char *name)
{
    const struct clv_policy *policy;
    struct clv_scheduler *scheduler;

    assert_int_equal(clv_policy_find(name, &policy, NULL), CLEAVE_OK);
    assert_int_equal(
        clv_scheduler_new(&w->space, slo, policy, &scheduler, NULL), CLEAVE_OK);
    return scheduler;
}

static void pruning_leaves_less_and_changes_nothing(void **state)
{
    struct seeded s = seeded_init("pruning", 5);
    struct costs_bed bed = {.engines = 2, .cuts = 20, .servers = 2};
    struct clv_slo slo = slo_of("latency", NULL);
    struct clv_scheduler *scheduler;
    struct world w;

    (void)state;
    world_init(&w, &s, &bed);
    scheduler = scheduler_of(&w, &slo, "cleave");
    assert_true(clv_scheduler_size(scheduler) < w.space.count / 2);
    assert_true(clv_scheduler_size(scheduler) > 1);
    clv_scheduler_free(scheduler);
    world_fini(&w);
}

static void hysteresis_keeps_what_is_nearly_as_good(void **state)
{
    struct seeded s = seeded_init("hysteresis", 6);
    struct costs_bed bed = {.cuts = 12};
    struct clv_slo slo = slo_of("latency", NULL);
    struct clv_conditions now = clv_conditions_reference(1);
    struct clv_choice fast;
    struct clv_choice slow;
    struct clv_choice then;
    struct clv_scheduler *scheduler;
    struct world w;
    double gain;

    (void)state;
    world_init(&w, &s, &bed);
    scheduler = scheduler_of(&w, &slo, "cleave");
    now.slowdown = 50;
    clv_scheduler_decide(scheduler, &now, CLV_NONE, &fast);
    clv_scheduler_decide(scheduler, &now, fast.candidate, &then);
    assert_int_equal(then.reason, CLV_REASON_KEPT);
    now.slowdown = 1;
    now.reach[0].up_bps = 2e4;
    clv_scheduler_decide(scheduler, &now, CLV_NONE, &slow);
    assert_int_not_equal(slow.candidate, fast.candidate);
    clv_scheduler_decide(scheduler, &now, fast.candidate, &then);
    assert_int_equal(then.reason, CLV_REASON_BETTER);
    assert_int_equal(then.candidate, slow.candidate);
    gain = 1 - slow.value / clv_predict(&w.space, fast.candidate, &now,
                                        slo.objectives[0].measure);
    assert_nearly(then.gain, gain, 1e-9);
    clv_scheduler_set_patience(scheduler, gain + 0.001);
    clv_scheduler_decide(scheduler, &now, fast.candidate, &then);
    assert_int_equal(then.reason, CLV_REASON_PATIENCE);
    assert_int_equal(then.candidate, fast.candidate);
    clv_scheduler_set_patience(scheduler, gain - 0.001);
    clv_scheduler_decide(scheduler, &now, fast.candidate, &then);
    assert_int_equal(then.reason, CLV_REASON_BETTER);
    now.reach[0].is_up = 0;
    clv_scheduler_set_patience(scheduler, 0.9);
    clv_scheduler_decide(scheduler, &now, fast.candidate, &then);
    assert_int_equal(then.reason, CLV_REASON_SERVER);
    assert_int_equal(w.space.candidates[then.candidate].server, CLV_NO_SERVER);
    clv_scheduler_free(scheduler);
    world_fini(&w);
}

static void a_broken_constraint_knows_no_patience(void **state)
{
    struct seeded s = seeded_init("broken", 7);
    struct costs_bed bed = {.cuts = 12};
    struct clv_slo slo = slo_of("bytes", "latency <= 3s");
    struct clv_conditions now = clv_conditions_reference(1);
    struct clv_choice first;
    struct clv_choice then;
    struct clv_scheduler *scheduler;
    struct world w;

    (void)state;
    world_init(&w, &s, &bed);
    scheduler = scheduler_of(&w, &slo, "cleave");
    clv_scheduler_set_patience(scheduler, 1e9);
    clv_scheduler_decide(scheduler, &now, CLV_NONE, &first);
    assert_nearly(first.value, 0, 0); /* all on the device */
    now.slowdown = 60;
    clv_scheduler_decide(scheduler, &now, first.candidate, &then);
    assert_int_equal(then.reason, CLV_REASON_CONSTRAINT);
    assert_int_equal(then.is_feasible, 1);
    assert_true(then.value > 0);
    clv_scheduler_free(scheduler);
    world_fini(&w);
}

static int is_on(void *self, size_t candidate)
{
    const struct world *w = ((void **)self)[0];
    const uint32_t *server = ((void **)self)[1];

    return w->space.candidates[candidate].server == *server;
}

static void what_is_excluded_is_not_chosen(void **state)
{
    struct seeded s = seeded_init("excluded", 8);
    struct costs_bed bed = {.cuts = 12, .servers = 2};
    struct clv_slo slo = slo_of("latency", NULL);
    struct clv_conditions now = clv_conditions_reference(2);
    uint32_t server = 0;
    struct world w;
    void *self[] = {&w, &server};
    struct clv_choice first;
    struct clv_choice then;
    struct clv_scheduler *scheduler;

    (void)state;
    world_init(&w, &s, &bed);
    now.reach[1].rtt_ns = 2e8;
    scheduler = scheduler_of(&w, &slo, "cleave");
    clv_scheduler_decide(scheduler, &now, CLV_NONE, &first);
    assert_int_equal(w.space.candidates[first.candidate].server, 0);
    assert_int_equal(clv_scheduler_exclude(scheduler, is_on, self, NULL),
                     CLEAVE_OK);
    clv_scheduler_decide(scheduler, &now, first.candidate, &then);
    assert_int_equal(then.reason, CLV_REASON_EXCLUDED);
    assert_int_equal(w.space.candidates[then.candidate].server, 1);
    server = 1; /* on top of server 0 */
    assert_int_equal(clv_scheduler_exclude(scheduler, is_on, self, NULL),
                     CLEAVE_OK);
    clv_scheduler_decide(scheduler, &now, CLV_NONE, &then);
    assert_int_equal(w.space.candidates[then.candidate].server, CLV_NO_SERVER);
    server = CLV_NO_SERVER;
    assert_int_equal(clv_scheduler_exclude(scheduler, is_on, self, NULL),
                     CLEAVE_NOT_FOUND);
    clv_scheduler_decide(scheduler, &now, CLV_NONE, &then);
    assert_int_equal(w.space.candidates[then.candidate].server, CLV_NO_SERVER);
    assert_int_equal(clv_scheduler_exclude(scheduler, NULL, NULL, NULL),
                     CLEAVE_OK);
    clv_scheduler_decide(scheduler, &now, CLV_NONE, &then);
    assert_int_equal(then.candidate, first.candidate);
    clv_scheduler_free(scheduler);
    world_fini(&w);
}

/* Two servers of the same speed; the first goes first unless it is worse. */
static void servers_have_an_order(void **state)
{
    struct seeded s = seeded_init("order", 9);
    struct costs_bed bed = {.cuts = 6};
    struct clv_slo slo = slo_of("latency", NULL);
    struct clv_conditions now = clv_conditions_reference(2);
    struct clv_choice choice;
    struct clv_choice then;
    struct clv_scheduler *scheduler;
    struct world w;
    uint32_t index;

    (void)state;
    costs_bed_fill(&w.costs, &s, &bed);
    assert_int_equal(
        clv_costs_server(&w.costs, "http://twin:8700", &index, NULL),
        CLEAVE_OK);
    for (size_t i = w.costs.tail_count; i-- > 0;) {
        struct clv_cost_tail twin = w.costs.tails[i];
        twin.server = index;
        assert_int_equal(clv_costs_tail(&w.costs, &twin, NULL), CLEAVE_OK);
    }
    assert_int_equal(clv_space_init(&w.space, &w.costs, &power, NULL),
                     CLEAVE_OK);
    scheduler = scheduler_of(&w, &slo, "cleave");
    now.reach[1].rtt_ns *= 0.999; /* a little better is not better */
    clv_scheduler_decide(scheduler, &now, CLV_NONE, &choice);
    assert_int_equal(w.space.candidates[choice.candidate].server, 0);
    now.reach[0].is_up = 0;
    clv_scheduler_decide(scheduler, &now, choice.candidate, &then);
    assert_int_equal(w.space.candidates[then.candidate].server, 1);
    now.reach[0].is_up = 1; /* the first is back */
    clv_scheduler_decide(scheduler, &now, then.candidate, &choice);
    assert_int_equal(w.space.candidates[choice.candidate].server, 0);
    now.reach[0].rtt_ns = 1e9;
    clv_scheduler_decide(scheduler, &now, choice.candidate, &then);
    assert_int_equal(w.space.candidates[then.candidate].server, 1);
    clv_scheduler_free(scheduler);
    world_fini(&w);
}

static void dads_follows_arrivals(void **state)
{
    struct seeded s = seeded_init("dads", 10);
    struct costs_bed bed = {.cuts = 16};
    struct clv_slo slo = slo_of("latency", NULL);
    struct clv_measure throughput = {CLV_METRIC_THROUGHPUT, CLV_STATISTIC_MEAN};
    int differ = 0;
    struct clv_scheduler *scheduler;
    struct world w;

    (void)state;
    world_init(&w, &s, &bed);
    scheduler = scheduler_of(&w, &slo, "dads");
    for (int i = 0; i < 200; i++) {
        struct clv_conditions now = any_conditions(&s, 1);
        struct clv_choice light;
        struct clv_choice heavy;
        now.reach[0].is_up = 1;
        clv_scheduler_decide(scheduler, &now, CLV_NONE, &light);
        now.rate_per_s = 1e6;
        clv_scheduler_decide(scheduler, &now, CLV_NONE, &heavy);
        differ += light.candidate != heavy.candidate;
        assert_true(clv_predict(&w.space, heavy.candidate, &now, throughput) >=
                    clv_predict(&w.space, light.candidate, &now, throughput));
        assert_true(light.value <= heavy.value);
    }
    assert_true(differ > 10);
    clv_scheduler_free(scheduler);
    world_fini(&w);
}

static void what_is_in_the_way_is_said(void **state)
{
    struct seeded s = seeded_init("obstacle", 11);
    struct costs_bed bed = {.cuts = 8, .variants = 2};
    struct clv_slo slo = slo_of("latency", "latency.p95 <= 1us");
    struct clv_conditions now = clv_conditions_reference(1);
    struct clv_choice choice;
    struct clv_scheduler *scheduler;
    char text[CLV_OBSTACLE_TEXT];
    char value[CLV_MEASURE_TEXT];
    struct world w;

    (void)state;
    world_init(&w, &s, &bed);
    scheduler = scheduler_of(&w, &slo, "cleave");
    clv_scheduler_decide(scheduler, &now, CLV_NONE, &choice);
    assert_int_equal(choice.is_feasible, 0);
    assert_int_equal(choice.broken, 0);
    clv_scheduler_obstacle(scheduler, &now, &choice, text);
    assert_non_null(strstr(text, "'latency.p95 <= 1.00 us' cannot be met"));
    clv_value_text(clv_predict(&w.space, choice.candidate, &now,
                               slo.constraints[0].measure),
                   CLV_UNIT_TIME, value);
    assert_non_null(strstr(text, value));
    clv_scheduler_free(scheduler);

    slo = slo_of("latency", "memory <= 1kB");
    scheduler = scheduler_of(&w, &slo, "cleave");
    clv_scheduler_decide(scheduler, &now, CLV_NONE, &choice);
    assert_int_equal(choice.is_feasible, 0);
    clv_scheduler_obstacle(scheduler, &now, &choice, text);
    assert_non_null(strstr(text, "'memory <= 1.00 kB' cannot be met"));
    clv_scheduler_free(scheduler);

    slo = slo_of("latency", "memory <= 1GB");
    scheduler = scheduler_of(&w, &slo, "cleave");
    clv_scheduler_decide(scheduler, &now, CLV_NONE, &choice);
    assert_string_equal(clv_scheduler_obstacle(scheduler, &now, &choice, text),
                        "");
    clv_scheduler_free(scheduler);
    world_fini(&w);
}

static void unknown_metrics_are_refused(void **state)
{
    struct seeded s = seeded_init("unknown", 12);
    struct costs_bed bed = {.without_energy = 1, .without_memory = 1};
    struct clv_power none = {CLV_UNKNOWN, CLV_UNKNOWN, CLV_UNKNOWN};
    struct clv_scheduler *scheduler = NULL;
    struct clv_slo slo = slo_of("energy", NULL);
    size_t count;
    const struct clv_policy *cleave = clv_policies(&count);
    cleave_error err = CLEAVE_ERROR_INIT;
    struct world w;

    (void)state;
    costs_bed_fill(&w.costs, &s, &bed);
    assert_int_equal(clv_space_init(&w.space, &w.costs, &none, NULL),
                     CLEAVE_OK);
    assert_int_equal(
        clv_scheduler_new(&w.space, &slo, cleave, &scheduler, &err),
        CLEAVE_INVALID);
    assert_non_null(strstr(err.text, "power: {compute: 4W"));
    err = (cleave_error)CLEAVE_ERROR_INIT;
    slo = slo_of("latency", "memory <= 1GB");
    assert_int_equal(
        clv_scheduler_new(&w.space, &slo, cleave, &scheduler, &err),
        CLEAVE_INVALID);
    assert_string_equal(err.where, "memory");
    slo.objective_count = 0;
    assert_int_equal(
        clv_scheduler_new(&w.space, &slo, cleave, &scheduler, NULL),
        CLEAVE_INVALID);
    assert_null(scheduler);
    world_fini(&w);
}

static void without_memory_there_is_no_scheduler(void **state)
{
#if SCARCE_MEMORY
    struct seeded s = seeded_init("scarce", 13);
    struct costs_bed bed = {.cuts = 5};
    struct clv_slo slo = slo_of("latency.p95", "latency <= 1s");
    size_t count;
    const struct clv_policy *cleave = clv_policies(&count);
    struct clv_conditions now = clv_conditions_reference(1);
    struct world w;
    int failed = 1;
    int told = 0;

    (void)state;
    world_init(&w, &s, &bed);
    for (long nth = 1; failed; nth++) {
        struct clv_scheduler *scheduler = NULL;
        struct clv_choice choice;
        long after;
        long before = scarce_begin(nth);
        cleave_status status =
            clv_scheduler_new(&w.space, &slo, cleave, &scheduler, NULL);
        failed = scarce_end(&after);
        /* qsort asks for memory, and does without */
        assert_true(status == CLEAVE_OK || (failed && status == CLEAVE_MEMORY));
        told += status == CLEAVE_MEMORY;
        if (status == CLEAVE_OK) { /* and deciding needs none */
            scarce_begin(1);
            clv_scheduler_decide(scheduler, &now, CLV_NONE, &choice);
            assert_int_equal(scarce_end(&after), 0);
            assert_int_equal(clv_scheduler_exclude(scheduler, NULL, NULL, NULL),
                             CLEAVE_OK);
        }
        clv_scheduler_free(scheduler);
        scarce_begin(0);
        scarce_end(&after);
        assert_int_equal(after, before);
    }
    assert_true(told >= 10);
    world_fini(&w);
#else
    (void)state;
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decisions_equal_exhaustive_ones),
        cmocka_unit_test(pruning_leaves_less_and_changes_nothing),
        cmocka_unit_test(hysteresis_keeps_what_is_nearly_as_good),
        cmocka_unit_test(a_broken_constraint_knows_no_patience),
        cmocka_unit_test(what_is_excluded_is_not_chosen),
        cmocka_unit_test(servers_have_an_order),
        cmocka_unit_test(dads_follows_arrivals),
        cmocka_unit_test(what_is_in_the_way_is_said),
        cmocka_unit_test(unknown_metrics_are_refused),
        cmocka_unit_test(without_memory_there_is_no_scheduler),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
