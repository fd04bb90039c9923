/*
 * test_scheduler.c - decisions equal those of a search that looks at every
 * candidate through clv_predict, for every policy, random SLOs and random
 * conditions; and what patience, exclusion and order do to them.
 */
#include "exhaustive.h"

#include "nearly.h"
#include "scarce_memory.h"

/* -- Chance -- */

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
                           const struct scheduler_bed *w,
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

static struct clv_slo any_slo(struct seeded *s, const struct scheduler_bed *w,
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

static int decide_both(const struct scheduler_bed *w, const struct clv_slo *slo,
                       const struct clv_policy *policy, struct seeded *s,
                       unsigned rounds, unsigned *ret_infeasible)
{
    struct clv_scheduler *scheduler;
    int compared = 0;

    assert_int_equal(
        clv_scheduler_new(&w->space, slo, policy, &scheduler, NULL), CLEAVE_OK);
    for (unsigned i = 0; i < rounds; i++) {
        struct clv_conditions now =
            scheduler_bed_conditions(s, w->costs.server_count);
        struct clv_choice choice;
        int feasible;
        size_t wanted = exhaustive_decide(w, slo, policy, &now, &feasible);
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
        struct scheduler_bed w;
        struct clv_conditions now;
        struct clv_slo slo;
        scheduler_bed_init(&w, &s, &bed);
        now = scheduler_bed_conditions(&s, w.costs.server_count);
        slo = any_slo(&s, &w, &now);
        for (size_t p = 0; p < policies; p++) {
            compared += decide_both(&w, &slo, &policy[p], &s, 3, &infeasible);
        }
        scheduler_bed_fini(&w);
    }
    assert_true(compared > 1000);
    assert_true(infeasible > 100 && infeasible < (unsigned)compared);
}

static void pruning_leaves_less_and_changes_nothing(void **state)
{
    struct seeded s = seeded_init("pruning", 5);
    struct costs_bed bed = {.engines = 2, .cuts = 20, .servers = 2};
    struct clv_slo slo = scheduler_bed_slo("latency", NULL);
    struct clv_scheduler *scheduler;
    struct scheduler_bed w;

    (void)state;
    scheduler_bed_init(&w, &s, &bed);
    scheduler = scheduler_bed_scheduler(&w, &slo, "cleave");
    assert_true(clv_scheduler_size(scheduler) < w.space.count / 2);
    assert_true(clv_scheduler_size(scheduler) > 1);
    clv_scheduler_free(scheduler);
    scheduler_bed_fini(&w);
}

static void hysteresis_keeps_what_is_nearly_as_good(void **state)
{
    struct seeded s = seeded_init("hysteresis", 6);
    struct costs_bed bed = {.cuts = 12};
    struct clv_slo slo = scheduler_bed_slo("latency", NULL);
    struct clv_conditions now = clv_conditions_reference(1);
    struct clv_choice fast;
    struct clv_choice slow;
    struct clv_choice then;
    struct clv_scheduler *scheduler;
    struct scheduler_bed w;
    double gain;

    (void)state;
    scheduler_bed_init(&w, &s, &bed);
    scheduler = scheduler_bed_scheduler(&w, &slo, "cleave");
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
    scheduler_bed_fini(&w);
}

static void a_broken_constraint_knows_no_patience(void **state)
{
    struct seeded s = seeded_init("broken", 7);
    struct costs_bed bed = {.cuts = 12};
    struct clv_slo slo = scheduler_bed_slo("bytes", "latency <= 3s");
    struct clv_conditions now = clv_conditions_reference(1);
    struct clv_choice first;
    struct clv_choice then;
    struct clv_scheduler *scheduler;
    struct scheduler_bed w;

    (void)state;
    scheduler_bed_init(&w, &s, &bed);
    scheduler = scheduler_bed_scheduler(&w, &slo, "cleave");
    clv_scheduler_set_patience(scheduler, 1e9);
    clv_scheduler_decide(scheduler, &now, CLV_NONE, &first);
    assert_nearly(first.value, 0, 0); /* all on the device */
    now.slowdown = 60;
    clv_scheduler_decide(scheduler, &now, first.candidate, &then);
    assert_int_equal(then.reason, CLV_REASON_CONSTRAINT);
    assert_int_equal(then.is_feasible, 1);
    assert_true(then.value > 0);
    clv_scheduler_free(scheduler);
    scheduler_bed_fini(&w);
}

static int is_on(void *self, size_t candidate)
{
    const struct scheduler_bed *w = ((void **)self)[0];
    const uint32_t *server = ((void **)self)[1];

    return w->space.candidates[candidate].server == *server;
}

static void what_is_excluded_is_not_chosen(void **state)
{
    struct seeded s = seeded_init("excluded", 8);
    struct costs_bed bed = {.cuts = 12, .servers = 2};
    struct clv_slo slo = scheduler_bed_slo("latency", NULL);
    struct clv_conditions now = clv_conditions_reference(2);
    uint32_t server = 0;
    struct scheduler_bed w;
    void *self[] = {&w, &server};
    struct clv_choice first;
    struct clv_choice then;
    struct clv_scheduler *scheduler;

    (void)state;
    scheduler_bed_init(&w, &s, &bed);
    now.reach[1].rtt_ns = 2e8;
    scheduler = scheduler_bed_scheduler(&w, &slo, "cleave");
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
    scheduler_bed_fini(&w);
}

/* Two servers of the same speed; the first goes first unless it is worse. */
static void servers_have_an_order(void **state)
{
    struct seeded s = seeded_init("order", 9);
    struct costs_bed bed = {.cuts = 6};
    struct clv_slo slo = scheduler_bed_slo("latency", NULL);
    struct clv_conditions now = clv_conditions_reference(2);
    struct clv_choice choice;
    struct clv_choice then;
    struct clv_scheduler *scheduler;
    struct scheduler_bed w;
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
    assert_int_equal(
        clv_space_init(&w.space, &w.costs, &scheduler_bed_power, NULL),
        CLEAVE_OK);
    scheduler = scheduler_bed_scheduler(&w, &slo, "cleave");
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
    scheduler_bed_fini(&w);
}

static void dads_follows_arrivals(void **state)
{
    struct seeded s = seeded_init("dads", 10);
    struct costs_bed bed = {.cuts = 16};
    struct clv_slo slo = scheduler_bed_slo("latency", NULL);
    struct clv_measure throughput = {CLV_METRIC_THROUGHPUT, CLV_STATISTIC_MEAN};
    int differ = 0;
    struct clv_scheduler *scheduler;
    struct scheduler_bed w;

    (void)state;
    scheduler_bed_init(&w, &s, &bed);
    scheduler = scheduler_bed_scheduler(&w, &slo, "dads");
    for (int i = 0; i < 200; i++) {
        struct clv_conditions now = scheduler_bed_conditions(&s, 1);
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
    scheduler_bed_fini(&w);
}

static void unknown_metrics_are_refused(void **state)
{
    struct seeded s = seeded_init("unknown", 12);
    struct costs_bed bed = {.without_energy = 1, .without_memory = 1};
    struct clv_power none = {CLV_UNKNOWN, CLV_UNKNOWN, CLV_UNKNOWN};
    struct clv_scheduler *scheduler = NULL;
    struct clv_slo slo = scheduler_bed_slo("energy", NULL);
    size_t count;
    const struct clv_policy *cleave = clv_policies(&count);
    cleave_error err = CLEAVE_ERROR_INIT;
    struct scheduler_bed w;

    (void)state;
    costs_bed_fill(&w.costs, &s, &bed);
    assert_int_equal(clv_space_init(&w.space, &w.costs, &none, NULL),
                     CLEAVE_OK);
    assert_int_equal(
        clv_scheduler_new(&w.space, &slo, cleave, &scheduler, &err),
        CLEAVE_INVALID);
    assert_non_null(strstr(err.text, "power: {compute: 4W"));
    err = (cleave_error)CLEAVE_ERROR_INIT;
    slo = scheduler_bed_slo("latency", "memory <= 1GB");
    assert_int_equal(
        clv_scheduler_new(&w.space, &slo, cleave, &scheduler, &err),
        CLEAVE_INVALID);
    assert_string_equal(err.where, "memory");
    slo.objective_count = 0;
    assert_int_equal(
        clv_scheduler_new(&w.space, &slo, cleave, &scheduler, NULL),
        CLEAVE_INVALID);
    assert_null(scheduler);
    scheduler_bed_fini(&w);
}

static void without_memory_there_is_no_scheduler(void **state)
{
#if SCARCE_MEMORY
    struct seeded s = seeded_init("scarce", 13);
    struct costs_bed bed = {.cuts = 5};
    struct clv_slo slo = scheduler_bed_slo("latency.p95", "latency <= 1s");
    size_t count;
    const struct clv_policy *cleave = clv_policies(&count);
    struct clv_conditions now = clv_conditions_reference(1);
    struct scheduler_bed w;
    int failed = 1;
    int told = 0;

    (void)state;
    scheduler_bed_init(&w, &s, &bed);
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
    scheduler_bed_fini(&w);
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
        cmocka_unit_test(unknown_metrics_are_refused),
        cmocka_unit_test(without_memory_there_is_no_scheduler),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
