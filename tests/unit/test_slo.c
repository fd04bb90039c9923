/*
 * test_slo.c - objectives and constraints as people write them, and the
 * contradictions that can be told from them alone.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "nearly.h"
#include "plan/slo.h"

static void objectives_have_a_good_direction(void **state)
{
    struct clv_objective o;
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(
        clv_objective_parse("minimize", "latency.p95", 0, &o, &err), CLEAVE_OK);
    assert_int_equal(o.measure.statistic, CLV_STATISTIC_P95);
    assert_int_equal(o.maximize, 0);
    assert_int_equal(clv_objective_parse("maximize", "throughput", 2, &o, &err),
                     CLEAVE_OK);
    assert_int_equal(o.maximize, 1);
    assert_nearly(o.weight, 2, 0);
    assert_int_equal(clv_objective_parse("maximize", "latency", 0, &o, &err),
                     CLEAVE_INVALID);
    assert_non_null(strstr(err.text, "write 'minimize: latency'"));
    assert_int_equal(clv_objective_parse("reduce", "latency", 0, &o, NULL),
                     CLEAVE_INVALID);
    assert_int_equal(clv_objective_parse("minimize", "latency", -1, &o, NULL),
                     CLEAVE_INVALID);
    assert_int_equal(clv_objective_parse("minimize", "latency", NAN, &o, NULL),
                     CLEAVE_INVALID);
}

static void constraints_are_read_and_written(void **state)
{
    static const struct {
        const char *text;
        enum clv_metric metric;
        int at_least;
        double bound;
        const char *again;
    } right[] = {
        {"latency.p95 <= 80ms", CLV_METRIC_LATENCY, 0, 80e6,
         "latency.p95 <= 80.0 ms"},
        {"accuracy.drop<=1pp", CLV_METRIC_DROP, 0, 1,
         "accuracy.drop <= 1.00 pp"},
        {" head  >=  20%", CLV_METRIC_HEAD, 1, 0.2, "head >= 20.0%"},
        {"head <= 50%", CLV_METRIC_HEAD, 0, 0.5, "head <= 50.0%"},
        {"memory <= 200MB", CLV_METRIC_MEMORY, 0, 200e6, "memory <= 200 MB"},
        {"throughput >= 20/s", CLV_METRIC_THROUGHPUT, 1, 20,
         "throughput >= 20.0/s"},
    };
    static const char *const wrong[] = {
        "latency.p95 < 80ms", "latency.p95",         "<= 80ms",
        "latency <= 80",      "latency >= 80ms",     "throughput <= 20/s",
        "latency <= 80MB",    "latency <= <= 80ms",  "",
        "lat <= 80ms",        "accuracy.drop >= 1pp"};

    (void)state;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        struct clv_constraint c;
        char text[2 * CLV_MEASURE_TEXT];
        assert_int_equal(clv_constraint_parse(right[i].text, &c, NULL),
                         CLEAVE_OK);
        assert_int_equal(c.measure.metric, right[i].metric);
        assert_int_equal(c.at_least, right[i].at_least);
        assert_nearly(c.bound, right[i].bound, 1e-12 * right[i].bound);
        assert_string_equal(clv_constraint_text(&c, text), right[i].again);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct clv_constraint c;
        cleave_error err = CLEAVE_ERROR_INIT;
        if (clv_constraint_parse(wrong[i], &c, &err) != CLEAVE_INVALID) {
            fail_msg("'%s' was taken", wrong[i]);
        }
        assert_true(err.text[0] != '\0');
    }
}

static struct clv_slo two(const char *first, double weight, const char *second,
                          double other)
{
    struct clv_slo slo = {.objective_count = 2, .tolerance = 0.01};

    assert_int_equal(clv_objective_parse("minimize", first, weight,
                                         &slo.objectives[0], NULL),
                     CLEAVE_OK);
    assert_int_equal(clv_objective_parse("minimize", second, other,
                                         &slo.objectives[1], NULL),
                     CLEAVE_OK);
    return slo;
}

static void the_default_makes_sense(void **state)
{
    struct clv_slo slo = clv_slo_default();

    (void)state;
    assert_int_equal(clv_slo_check(&slo, NULL), CLEAVE_OK);
    assert_nearly(slo.tolerance, 0.01, 0);
    assert_int_equal(slo.objectives[0].measure.metric, CLV_METRIC_LATENCY);
    assert_nearly(slo.constraints[0].bound, 1, 0);
    slo.objective_count = 0;
    assert_int_equal(clv_slo_check(&slo, NULL), CLEAVE_INVALID);
}

static void contradicting_objectives_are_found(void **state)
{
    struct clv_slo slo = two("latency", 0, "bytes", 0);
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(clv_slo_check(&slo, &err), CLEAVE_OK);
    slo = two("latency", 0, "latency.p95", 0);
    assert_int_equal(clv_slo_check(&slo, &err), CLEAVE_OK);
    slo = two("latency", 1, "bytes", 0);
    assert_int_equal(clv_slo_check(&slo, &err), CLEAVE_INVALID);
    assert_non_null(strstr(err.text, "Only 'latency' has a weight"));
    slo = two("latency", 0, "latency.mean", 0);
    err = (cleave_error)CLEAVE_ERROR_INIT;
    assert_int_equal(clv_slo_check(&slo, &err), CLEAVE_INVALID);
    assert_non_null(strstr(err.text, "are the same"));
    slo.objectives[1].maximize = 1;
    err = (cleave_error)CLEAVE_ERROR_INIT;
    assert_int_equal(clv_slo_check(&slo, &err), CLEAVE_INVALID);
    assert_non_null(strstr(err.text, "are contradictory"));
}

static cleave_status check_with(const char *first, const char *second,
                                cleave_error *err)
{
    struct clv_slo slo = clv_slo_default();

    assert_int_equal(clv_constraint_parse(first, &slo.constraints[0], NULL),
                     CLEAVE_OK);
    assert_int_equal(clv_constraint_parse(second, &slo.constraints[1], NULL),
                     CLEAVE_OK);
    slo.constraint_count = 2;
    return clv_slo_check(&slo, err);
}

static void constraints_that_nothing_meets_are_found(void **state)
{
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(check_with("head >= 20%", "head <= 50%", &err), CLEAVE_OK);
    assert_int_equal(check_with("head >= 60%", "head <= 50%", &err),
                     CLEAVE_INVALID);
    assert_non_null(strstr(err.text, "both 'head >= 60.0%' and"));
    err = (cleave_error)CLEAVE_ERROR_INIT;
    assert_int_equal(check_with("head >= 120%", "memory <= 1MB", &err),
                     CLEAVE_INVALID);
    assert_non_null(strstr(err.text, "No design can meet 'head >= 120%'"));
    assert_int_equal(check_with("latency <= 0ms", "memory <= 1MB", NULL),
                     CLEAVE_INVALID);
    assert_int_equal(check_with("server_time <= 0ms", "bytes <= 0B", NULL),
                     CLEAVE_OK); /* all on the device */
    assert_int_equal(check_with("ntt <= 1.2", "memory <= 1MB", NULL),
                     CLEAVE_OK);
    assert_int_equal(check_with("ntt <= 0.9", "memory <= 1MB", NULL),
                     CLEAVE_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objectives_have_a_good_direction),
        cmocka_unit_test(constraints_are_read_and_written),
        cmocka_unit_test(the_default_makes_sense),
        cmocka_unit_test(contradicting_objectives_are_found),
        cmocka_unit_test(constraints_that_nothing_meets_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
