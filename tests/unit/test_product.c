/*
 * test_product.c - lists of configurations against the scheduler's choices,
 * and what designs are worth against the formulas by hand.
 */
#include "product_bed.h"

#include "nearly.h"
#include "plan/scheduler.h"

/* -- Lists -- */

struct kind {
    const struct clv_space *space;
    const struct clv_config *config;
};

static enum clv_place place_of(const struct clv_space *space, size_t candidate)
{
    const struct clv_candidate *c = &space->candidates[candidate];

    if (c->server == CLV_NO_SERVER) {
        return CLV_PLACE_DEVICE;
    }
    return strcmp(space->costs->cuts[c->cut].name, "input") == 0
               ? CLV_PLACE_SERVER
               : CLV_PLACE_CUT;
}

static int is_other_kind(void *self, size_t candidate)
{
    const struct kind *k = self;
    const struct clv_candidate *c = &k->space->candidates[candidate];

    return c->variant != k->config->variant ||
           place_of(k->space, candidate) != k->config->place ||
           c->server != k->config->server ||
           (k->config->place != CLV_PLACE_SERVER &&
            c->engine != k->config->engine);
}

static void check_kind(const struct product_bed *b, size_t task,
                       const struct clv_config *config)
{
    struct kind kind = {&b->spaces[task], config};
    const struct clv_policy *policy;
    struct clv_scheduler *scheduler;
    struct clv_choice choice;

    assert_int_equal(clv_policy_find("cleave", &policy, NULL), CLEAVE_OK);
    assert_int_equal(clv_scheduler_new(&b->spaces[task], &b->slos[task], policy,
                                       &scheduler, NULL),
                     CLEAVE_OK);
    assert_int_equal(
        clv_scheduler_exclude(scheduler, is_other_kind, &kind, NULL),
        CLEAVE_OK);
    clv_scheduler_decide(scheduler, &b->options.situation.conditions, CLV_NONE,
                         &choice);
    assert_true(choice.is_feasible);
    assert_int_equal(choice.candidate, config->candidate);
    clv_scheduler_free(scheduler);
}

static void each_kind_gives_what_the_scheduler_would_choose(void **state)
{
    struct seeded s = seeded_init("kinds", 1);

    (void)state;
    for (int round = 0; round < 12; round++) {
        struct product_bed_size size = {2, 2, 2, 2, 1, 0};
        struct product_bed bed;
        struct clv_product *product;
        size_t count;
        const struct clv_config *configs;
        product_bed_fill(&bed, &s, &size);
        if (round % 3 == 1) {
            product_bed_demand(&bed.slos[0], "accuracy.drop <= 2pp");
            bed.slos[0].accuracy_surely = round % 2;
        } else if (round % 3 == 2) {
            bed.slos[0].objectives[0].weight = 1;
            bed.slos[0].objectives[1].weight = 2;
        }
        product_bed_agree(&bed);
        product = product_bed_make(&bed);
        configs = clv_product_configs(product, 0, &count);
        /* variants on engines here and cut for 2 servers, variants there */
        assert_true(round % 3 == 1 || count == 2 * 2 + 2 * 2 * 2 + 2 * 2);
        for (size_t i = 0; i < count; i++) {
            check_kind(&bed, 0, &configs[i]);
            assert_true((configs[i].seat == CLV_NO_SEAT) ==
                        (configs[i].place == CLV_PLACE_SERVER));
        }
        clv_product_free(product);
        product_bed_fini(&bed);
    }
}

static void numbers_and_choices_are_one_another(void **state)
{
    struct seeded s = seeded_init("numbers", 2);
    struct product_bed_size size = {3, 2, 2, 1, 1, 0};
    struct product_bed bed;
    struct clv_product *product;
    uint32_t choice[CLV_SEATS];
    uint32_t last[CLV_SEATS] = {0};
    uint64_t total;

    (void)state;
    product_bed_fill(&bed, &s, &size);
    product = product_bed_make(&bed);
    total = (uint64_t)clv_product_size(product);
    assert_int_equal(total, 10 * 10 * 10);
    for (uint64_t i = 0; i < total; i++) {
        clv_product_choice(product, i, choice);
        assert_int_equal(clv_product_number(product, choice), i);
        /* the last task's choice turns fastest */
        assert_int_equal(choice[2], i == 0 ? 0 : (last[2] + 1) % 10);
        memcpy(last, choice, sizeof last);
    }
    clv_product_free(product);
    product_bed_fini(&bed);
}

static void what_a_situation_rules_out_is_in_no_list(void **state)
{
    struct seeded s = seeded_init("situation", 3);
    struct product_bed_size size = {1, 2, 2, 2, 1, 0};
    struct product_bed bed;
    struct clv_product *product;
    const struct clv_config *configs;
    size_t count;

    (void)state;
    product_bed_fill(&bed, &s, &size);
    bed.options.situation.conditions.reach[1].is_up = 0;
    bed.options.situation.out_of_order = 2; /* webgpu */
    product = product_bed_make(&bed);
    configs = clv_product_configs(product, 0, &count);
    assert_int_equal(count, 2 + 2 + 2);
    for (size_t i = 0; i < count; i++) {
        uint32_t choice = (uint32_t)i;
        assert_int_not_equal(configs[i].server, 1);
        assert_int_not_equal(configs[i].seat, 1);
        assert_int_equal(clv_product_processors(product, &choice),
                         configs[i].seat == 0);
        assert_nearly(clv_product_violation(product, &choice, NULL), 0, 0);
    }
    clv_product_free(product);
    /* nothing would be left: then all is there, and nothing is allowed */
    bed.options.situation.conditions.reach[0].is_up = 0;
    bed.options.situation.out_of_order = 3;
    product = product_bed_make(&bed);
    clv_product_configs(product, 0, &count);
    assert_int_equal(count, 2 * 2 + 2 * 2 * 2 + 2 * 2);
    for (uint32_t i = 0; i < count; i++) {
        int bound = 7;
        assert_true(isinf(clv_product_violation(product, &i, &bound)));
        assert_int_equal(bound, -1);
    }
    clv_product_free(product);
    product_bed_fini(&bed);
}

/* -- Values -- */

static double value_of(const struct clv_product *product,
                       const uint32_t *choice, uint32_t task, const char *name)
{
    struct clv_measure measure;

    assert_int_equal(clv_measure_parse(name, &measure, NULL), CLEAVE_OK);
    return clv_product_value(product, choice, task, measure);
}

static void alone_values_are_predictions(void **state)
{
    static const char *const names[] = {
        "latency.p99", "throughput", "energy", "accuracy",
        "memory",      "bytes",      "head",   "device_time.std"};
    struct seeded s = seeded_init("alone", 4);
    struct product_bed_size size = {2, 2, 2, 1, 1, 0};
    struct product_bed bed;
    struct clv_product *product;

    (void)state;
    product_bed_fill(&bed, &s, &size);
    product = product_bed_make(&bed);
    for (uint64_t d = 0; d < 100; d++) {
        uint32_t choice[CLV_SEATS];
        double memory = 0;
        clv_product_choice(product, d, choice);
        for (uint32_t t = 0; t < 2; t++) {
            size_t count;
            size_t candidate =
                clv_product_configs(product, t, &count)[choice[t]].candidate;
            for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
                struct clv_measure m;
                clv_measure_parse(names[i], &m, NULL);
                assert_nearly(clv_product_value(product, choice, t, m),
                              clv_predict(&bed.spaces[t], candidate,
                                          &bed.options.situation.conditions, m),
                              0);
            }
            memory += bed.spaces[t].candidates[candidate].memory_bytes;
            assert_nearly(value_of(product, choice, t, "ntt"), 1, 0);
        }
        assert_nearly(clv_product_memory(product, choice), memory, 0);
        assert_nearly(value_of(product, choice, CLV_ALL_TASKS, "stp"), 2, 0);
        assert_nearly(value_of(product, choice, CLV_ALL_TASKS, "antt"), 1, 0);
        assert_nearly(value_of(product, choice, CLV_ALL_TASKS, "fairness"), 1,
                      0);
    }
    clv_product_free(product);
    product_bed_fini(&bed);
}

/* Latency and ntt of a task as the header says, from excess alone. */
static double check_company(const struct product_bed *b,
                            const struct clv_product *product,
                            const uint32_t *choice, uint32_t task,
                            const struct clv_company *company)
{
    size_t count;
    const struct clv_config *config =
        &clv_product_configs(product, task, &count)[choice[task]];
    const struct clv_candidate *c =
        &b->spaces[task].candidates[config->candidate];
    struct clv_measure mean = {CLV_METRIC_LATENCY, CLV_STATISTIC_MEAN};
    double alone = clv_predict(&b->spaces[task], config->candidate,
                               &b->options.situation.conditions, mean);
    struct clv_spread excess =
        clv_contention_excess(&b->contention, company, task, NULL);
    double together = alone + excess.mean * c->device_ns.mean;

    assert_nearly(value_of(product, choice, task, "latency"), together,
                  1e-12 * together);
    assert_nearly(value_of(product, choice, task, "ntt"), together / alone,
                  1e-12);
    if (config->place == CLV_PLACE_DEVICE) {
        assert_nearly(value_of(product, choice, task, "latency.p95"),
                      clv_contention_stretch(&c->device_ns, &excess).p95,
                      1e-9 * together);
    }
    return together / alone;
}

static void company_costs_what_was_measured(void **state)
{
    struct seeded s = seeded_init("company", 5);
    struct product_bed_size size = {3, 1, 2, 1, 0, 0};
    struct product_bed bed;
    struct clv_product *product;
    uint64_t total;

    (void)state;
    product_bed_fill(&bed, &s, &size);
    bed.options.situation.hogs = 2;
    product = product_bed_make(&bed);
    total = (uint64_t)clv_product_size(product);
    for (uint64_t d = 0; d < total; d++) {
        struct clv_company company = {.tasks = 3, .hogs = 2};
        uint32_t choice[CLV_SEATS];
        double ntt[3];
        double antt = 0;
        double stp = 0;
        size_t count;
        clv_product_choice(product, d, choice);
        for (uint32_t t = 0; t < 3; t++) {
            company.seats[t] =
                clv_product_configs(product, t, &count)[choice[t]].seat;
            company.duties[t] = 1;
        }
        for (uint32_t t = 0; t < 3; t++) {
            ntt[t] = check_company(&bed, product, choice, t, &company);
            antt += ntt[t] / 3;
            stp += 1 / ntt[t];
        }
        assert_nearly(value_of(product, choice, CLV_ALL_TASKS, "antt"), antt,
                      1e-9);
        assert_nearly(value_of(product, choice, CLV_ALL_TASKS, "stp"), stp,
                      1e-9);
        assert_nearly(value_of(product, choice, CLV_ALL_TASKS, "fairness"),
                      fmin(ntt[0], fmin(ntt[1], ntt[2])) /
                          fmax(ntt[0], fmax(ntt[1], ntt[2])),
                      1e-9);
    }
    clv_product_free(product);
    product_bed_fini(&bed);
}

/* Whoever has little to do, presses little. */
static void rates_make_duties(void **state)
{
    struct seeded s = seeded_init("duties", 6);
    struct product_bed_size size = {2, 1, 1, 1, 0, 0};
    struct product_bed bed;
    struct clv_product *product;
    uint32_t both[] = {0, 0}; /* on the device */
    double busy;
    double idle;
    double blind;

    (void)state;
    product_bed_fill(&bed, &s, &size);
    product = product_bed_make(&bed);
    busy = value_of(product, both, 0, "ntt");
    clv_product_free(product);
    bed.tasks[1].rate_per_s = 1e-6;
    product = product_bed_make(&bed);
    idle = value_of(product, both, 0, "ntt");
    clv_product_free(product);
    bed.tasks[1].rate_per_s = 0;
    bed.options.ignores_contention = 1;
    product = product_bed_make(&bed);
    blind = value_of(product, both, 0, "ntt");
    clv_product_free(product);
    assert_true(busy > 1.01);
    assert_nearly(idle, 1, 1e-5);
    assert_nearly(blind, 1, 0);
    product_bed_fini(&bed);
}

/* -- Bounds -- */

static void bounds_of_a_task_alone_shape_its_list(void **state)
{
    struct seeded s = seeded_init("bounds", 7);
    struct product_bed_size size = {2, 3, 2, 1, 1, 0};
    struct product_bed bed;
    struct clv_product *product;
    size_t all;
    size_t few;
    size_t none;
    int bound = 7;
    uint32_t first[] = {0, 0};

    (void)state;
    product_bed_fill(&bed, &s, &size);
    product = product_bed_make(&bed);
    clv_product_configs(product, 1, &all);
    clv_product_free(product);
    product_bed_demand(&bed.slos[1], "latency.p95 <= 100ms");
    product_bed_agree(&bed);
    product = product_bed_make(&bed);
    clv_product_configs(product, 1, &few);
    for (uint32_t i = 0; i < few; i++) {
        uint32_t choice[] = {0, i};
        assert_true(value_of(product, choice, 1, "latency.p95") <= 100e6);
        assert_nearly(clv_product_violation(product, choice, &bound), 0, 0);
        assert_int_equal(bound, -1);
    }
    clv_product_free(product);
    bed.slos[1].constraints[0].bound = 1; /* ns */
    product_bed_agree(&bed);
    product = product_bed_make(&bed);
    clv_product_configs(product, 1, &none);
    assert_true(clv_product_violation(product, first, &bound) > 1);
    assert_int_equal(bound, 0);
    clv_product_free(product);
    assert_true(few > 0 && few < all);
    assert_int_equal(none, all); /* hopeless: whatever comes nearest */
    product_bed_fini(&bed);
}

static void memory_bounds_the_situation(void **state)
{
    struct seeded s = seeded_init("memory", 8);
    struct product_bed_size size = {2, 1, 1, 1, 1, 0};
    struct product_bed bed;
    struct clv_product *product;
    uint32_t choice[] = {0, 0};
    double memory;

    (void)state;
    product_bed_fill(&bed, &s, &size);
    product = product_bed_make(&bed);
    memory = clv_product_memory(product, choice);
    clv_product_free(product);
    bed.options.situation.memory_bytes = memory / 2;
    product = product_bed_make(&bed);
    assert_nearly(clv_product_violation(product, choice, NULL), 1, 1e-12);
    clv_product_free(product);
    product_bed_fini(&bed);
}

/* -- What is refused -- */

static void wishes_for_the_unknown_are_refused(void **state)
{
    struct seeded s = seeded_init("unknown", 9);
    struct product_bed_size size = {2, 1, 1, 1, 1, 1};
    struct product_bed bed;
    struct clv_product *product;
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    product_bed_fill(&bed, &s, &size); /* wishes for little memory */
    assert_int_equal(clv_product_new(&bed.options, &product, &err),
                     CLEAVE_INVALID);
    assert_non_null(strstr(err.text, "'memory' was not measured"));
    assert_non_null(strstr(err.text, "'scene'"));
    bed.all.objective_count = 0;
    product_bed_wish(&bed.slos[1], "energy");
    product_bed_agree(&bed);
    for (size_t i = 0; i < bed.spaces[1].count; i++) {
        bed.spaces[1].candidates[i].energy_j = CLV_UNKNOWN;
    }
    err = (cleave_error)CLEAVE_ERROR_INIT;
    assert_int_equal(clv_product_new(&bed.options, &product, &err),
                     CLEAVE_INVALID);
    assert_non_null(strstr(err.text, "'power: {compute: 4W"));
    assert_string_equal(err.where, "faces");
    bed.spaces[1].candidates[0].energy_j = 1; /* one is enough to go on */
    assert_int_equal(clv_product_new(&bed.options, &product, NULL), CLEAVE_OK);
    clv_product_free(product);
    bed.options.engines = bed.servers;
    err = (cleave_error)CLEAVE_ERROR_INIT;
    assert_int_equal(clv_product_new(&bed.options, &product, &err),
                     CLEAVE_INVALID);
    assert_non_null(strstr(err.text, "engines and servers"));
    bed.options.task_count = CLV_SEATS + 1;
    assert_int_equal(clv_product_new(&bed.options, &product, NULL),
                     CLEAVE_LIMIT);
    bed.options.task_count = 2;
    product_bed_fini(&bed);
    clv_product_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_gives_what_the_scheduler_would_choose),
        cmocka_unit_test(numbers_and_choices_are_one_another),
        cmocka_unit_test(what_a_situation_rules_out_is_in_no_list),
        cmocka_unit_test(alone_values_are_predictions),
        cmocka_unit_test(company_costs_what_was_measured),
        cmocka_unit_test(rates_make_duties),
        cmocka_unit_test(bounds_of_a_task_alone_shape_its_list),
        cmocka_unit_test(memory_bounds_the_situation),
        cmocka_unit_test(wishes_for_the_unknown_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
