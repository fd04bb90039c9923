/*
 * test_outcomes.c - what was asked of a task, and what came of it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "plan/outcomes.h"

#define MS ((int64_t)1000000)

static void near(double value, double wanted)
{
    assert_true(fabs(value - wanted) < 1e-9 * fmax(1, fabs(wanted)));
}

static void add_constraint(struct clv_slo *slo, const char *text)
{
    assert_int_equal(
        clv_constraint_parse(text, &slo->constraints[slo->constraint_count++],
                             NULL),
        CLEAVE_OK);
}

/* 1 ms, 2 ms, .. 100 ms, of which ninety are right; backwards. */
static void fill(struct clv_outcomes *tally)
{
    for (int i = 100; i >= 1; i--) {
        struct clv_outcome o = {.total_ns = i * MS,
                                .bytes_up = (uint64_t)i * 10,
                                .bytes_down = 5,
                                .is_labelled = 1,
                                .is_right = i > 10};
        clv_outcomes_add(tally, &o);
    }
}

static void statistics_are_the_nearest_ranks(void **state)
{
    struct clv_slo slo = {0};
    struct clv_outcomes tally;
    struct clv_spread times;

    (void)state;
    clv_outcomes_init(&tally, &slo);
    fill(&tally);
    times = clv_outcomes_times(&tally);
    near(times.mean, 50.5e6);
    near(times.std, 1e6 * sqrt(100 * 101 / 12.0));
    near(times.min, 1e6);
    near(times.max, 100e6);
    near(times.p50, 50e6);
    near(times.p90, 90e6);
    near(times.p95, 95e6);
    near(times.p99, 99e6);
    clv_outcomes_fini(&tally);
}

static void violations_are_counted_by_bound_and_together(void **state)
{
    struct clv_slo slo = {.deadline_ns = 98 * MS};
    struct clv_outcomes tally;

    (void)state;
    add_constraint(&slo, "latency.p95 <= 80ms");
    add_constraint(&slo, "accuracy.drop <= 1pp");
    add_constraint(&slo, "bytes <= 75B");       /* 71 to 100 ms send more */
    add_constraint(&slo, "latency.std <= 1ms"); /* of no single one */
    clv_outcomes_init(&tally, &slo);
    near(clv_outcomes_breaking(&tally), 0);
    fill(&tally);
    near(clv_outcomes_beyond(&tally, 0), 0.20);
    near(clv_outcomes_beyond(&tally, 1), CLV_UNKNOWN);
    near(clv_outcomes_beyond(&tally, 2), 0.93);
    near(clv_outcomes_beyond(&tally, 3), CLV_UNKNOWN);
    near(clv_outcomes_late(&tally), 0.02);
    near(clv_outcomes_breaking(&tally), 0.93);
    clv_outcomes_fini(&tally);
}

static void what_never_came_keeps_no_bound(void **state)
{
    struct clv_slo slo = {0};
    struct clv_outcomes tally;

    (void)state;
    add_constraint(&slo, "latency <= 50ms");
    clv_outcomes_init(&tally, &slo);
    fill(&tally);
    clv_outcomes_fail(&tally);
    clv_outcomes_miss(&tally, 99);
    assert_int_equal(clv_outcomes_wanted(&tally), 200);
    near(clv_outcomes_beyond(&tally, 0), 0.75);
    near(clv_outcomes_breaking(&tally), 0.75);
    near(clv_outcomes_late(&tally), CLV_UNKNOWN);
    clv_outcomes_fini(&tally);
}

static double measured(struct clv_outcomes *tally, const char *text)
{
    struct clv_measure measure;

    assert_int_equal(clv_measure_parse(text, &measure, NULL), CLEAVE_OK);
    return clv_outcomes_measured(tally, measure, 20);
}

static void a_run_is_measured_in_the_words_of_its_slo(void **state)
{
    struct clv_slo slo = {0};
    struct clv_outcomes tally;

    (void)state;
    clv_outcomes_init(&tally, &slo);
    near(measured(&tally, "latency"), CLV_UNKNOWN);
    near(measured(&tally, "throughput"), 0);
    near(measured(&tally, "accuracy"), CLV_UNKNOWN);
    fill(&tally);
    near(measured(&tally, "latency"), 50.5e6);
    near(measured(&tally, "latency.p99"), 99e6);
    near(measured(&tally, "throughput"), 5);
    near(measured(&tally, "accuracy"), 0.9);
    near(measured(&tally, "bytes"), 510);
    near(measured(&tally, "memory"), CLV_UNKNOWN);
    near(measured(&tally, "throughput.p95"), CLV_UNKNOWN);
    clv_outcomes_fini(&tally);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statistics_are_the_nearest_ranks),
        cmocka_unit_test(violations_are_counted_by_bound_and_together),
        cmocka_unit_test(what_never_came_keeps_no_bound),
        cmocka_unit_test(a_run_is_measured_in_the_words_of_its_slo),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
