/*
 * test_stretched.c - predictions beside others: what feels it and what does
 * not, and nothing at all where nothing is exceeded.
 */
#include "costs_bed.h"

#include "nearly.h"
#include "plan/stretched.h"
#include "profile/contention.h"

struct world {
    struct clv_costs costs;
    struct clv_space space;
    struct clv_conditions conditions;
};

static void world_init(struct world *w, uint64_t seed)
{
    struct seeded s = seeded_init("stretched", seed);
    struct costs_bed bed = {.variants = 2, .engines = 2, .cuts = 4};
    struct clv_power power = {4, 2, 1};

    costs_bed_fill(&w->costs, &s, &bed);
    assert_int_equal(clv_space_init(&w->space, &w->costs, &power, NULL),
                     CLEAVE_OK);
    w->conditions = clv_conditions_reference(1);
    w->conditions.slowdown = 1.5;
}

static void world_fini(struct world *w)
{
    clv_space_fini(&w->space);
    clv_costs_fini(&w->costs);
}

static void without_excess_it_is_a_prediction(void **state)
{
    struct clv_spread nothing = {0};
    struct world w;

    (void)state;
    world_init(&w, 1);
    for (size_t i = 0; i < w.space.count; i++) {
        for (int m = 0; m < CLV_METRIC_COUNT; m++) {
            for (int k = 0; k < CLV_STATISTIC_COUNT; k++) {
                struct clv_measure measure = {(enum clv_metric)m,
                                              (enum clv_statistic)k};
                if (clv_measure_exists(measure)) {
                    assert_nearly(
                        clv_stretched_value(&w.space, i, &w.conditions,
                                            &nothing, measure, 0),
                        clv_predict(&w.space, i, &w.conditions, measure), 0);
                }
            }
        }
    }
    world_fini(&w);
}

static void times_are_stretched_and_nothing_else(void **state)
{
    struct clv_spread excess = {.mean = 0.5,
                                .std = 0.1,
                                .max = 2,
                                .p50 = 0.4,
                                .p90 = 0.7,
                                .p95 = 0.9,
                                .p99 = 1.2};
    struct clv_measure mean = {CLV_METRIC_LATENCY, CLV_STATISTIC_MEAN};
    struct world w;

    (void)state;
    world_init(&w, 2);
    for (size_t i = 0; i < w.space.count; i++) {
        const struct clv_candidate *c = &w.space.candidates[i];
        double alone = clv_predict(&w.space, i, &w.conditions, mean);
        double beside =
            clv_stretched_value(&w.space, i, &w.conditions, &excess, mean, 0);
        struct clv_measure ntt = {CLV_METRIC_NTT, CLV_STATISTIC_MEAN};
        struct clv_measure stp = {CLV_METRIC_STP, CLV_STATISTIC_MEAN};
        struct clv_measure rate = {CLV_METRIC_THROUGHPUT, CLV_STATISTIC_MEAN};
        static const enum clv_metric same[] = {
            CLV_METRIC_ENERGY,   CLV_METRIC_BYTES,   CLV_METRIC_MEMORY,
            CLV_METRIC_ACCURACY, CLV_METRIC_HEAD,    CLV_METRIC_SERVER_TIME,
            CLV_METRIC_SIZE,     CLV_METRIC_WORKLOAD};
        assert_nearly(beside, alone + 1.5 * 0.5 * c->device_ns.mean,
                      1e-9 * beside);
        assert_nearly(
            clv_stretched_value(&w.space, i, &w.conditions, &excess, ntt, 0),
            beside / alone, 1e-12);
        assert_nearly(
            clv_stretched_value(&w.space, i, &w.conditions, &excess, stp, 0),
            alone / beside, 1e-12);
        assert_true(
            clv_stretched_value(&w.space, i, &w.conditions, &excess, rate, 0) <=
            clv_predict(&w.space, i, &w.conditions, rate));
        for (size_t k = 0; k < sizeof same / sizeof same[0]; k++) {
            struct clv_measure m = {same[k], CLV_STATISTIC_MEAN};
            assert_nearly(
                clv_stretched_value(&w.space, i, &w.conditions, &excess, m, 0),
                clv_predict(&w.space, i, &w.conditions, m), 0);
        }
    }
    world_fini(&w);
}

static void accuracy_is_sure_when_asked(void **state)
{
    struct clv_spread nothing = {0};
    struct clv_measure drop = {CLV_METRIC_DROP, CLV_STATISTIC_MEAN};
    struct clv_measure energy = {CLV_METRIC_ENERGY, CLV_STATISTIC_MEAN};
    struct world w;

    (void)state;
    world_init(&w, 3);
    assert_nearly(
        clv_stretched_value(&w.space, 0, &w.conditions, &nothing, drop, 1),
        w.space.candidates[0].drop_high_pp, 1e-12);
    /* minus one is a drop like others, and no energy is none */
    w.space.candidates[0].drop_pp = -1;
    w.space.candidates[0].energy_j = CLV_UNKNOWN;
    assert_nearly(
        clv_stretched_value(&w.space, 0, &w.conditions, &nothing, drop, 0), -1,
        0);
    assert_true(isnan(
        clv_stretched_value(&w.space, 0, &w.conditions, &nothing, energy, 0)));
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_excess_it_is_a_prediction),
        cmocka_unit_test(times_are_stretched_and_nothing_else),
        cmocka_unit_test(accuracy_is_sure_when_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
