/*
 * test_metric.c - what people write is read as they mean it, and refused
 * when it could mean something else.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "nearly.h"
#include "plan/metric.h"

static void every_measure_is_read_as_it_is_written(void **state)
{
    int seen = 0;

    (void)state;
    for (int m = 0; m < CLV_METRIC_COUNT; m++) {
        for (int s = 0; s < CLV_STATISTIC_COUNT; s++) {
            struct clv_measure measure = {(enum clv_metric)m,
                                          (enum clv_statistic)s};
            struct clv_measure read = {CLV_METRIC_COUNT, CLV_STATISTIC_COUNT};
            char text[CLV_MEASURE_TEXT];
            cleave_status status =
                clv_measure_parse(clv_measure_text(measure, text), &read, NULL);
            if (!clv_measure_exists(measure)) {
                assert_int_equal(status, CLEAVE_INVALID);
                assert_int_equal(read.metric, CLV_METRIC_COUNT);
                continue;
            }
            seen++;
            assert_int_equal(status, CLEAVE_OK);
            assert_int_equal(read.metric, m);
            assert_int_equal(read.statistic, s);
        }
    }
    assert_int_equal(seen, 5 * 8 + 7 + 10);
}

static void accuracy_drop_is_a_metric(void **state)
{
    struct clv_measure m;

    (void)state;
    assert_int_equal(clv_measure_parse("accuracy.drop", &m, NULL), CLEAVE_OK);
    assert_int_equal(m.metric, CLV_METRIC_DROP);
    assert_int_equal(clv_measure_parse("latency.mean", &m, NULL), CLEAVE_OK);
    assert_int_equal(m.statistic, CLV_STATISTIC_MEAN);
}

static void wrong_measures_are_told_apart(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } wrong[] = {
        {"latenzy", "did you mean 'latency'?"},
        {"latency.p97", "no statistic 'p97'"},
        {"memory.p95", "'memory' has no statistic 'p95'"},
        {"accuracy.drop.p95", "'accuracy.drop' has no statistic"},
        {"throughput.std", "all but throughput std"},
        {"", "There is no metric ''"},
        {".p95", "There is no metric ''"},
        {"latency.", "no statistic ''"},
        {"Latency", "did you mean 'latency'?"},
        {"server-time.p95", "did you mean 'server_time'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct clv_measure measure;
        cleave_error err = CLEAVE_ERROR_INIT;
        assert_int_equal(clv_measure_parse(wrong[i].text, &measure, &err),
                         CLEAVE_INVALID);
        if (strstr(err.text, wrong[i].says) == NULL) {
            fail_msg("'%s' gives: %s", wrong[i].text, err.text);
        }
    }
}

static void values_need_their_unit(void **state)
{
    static const struct {
        const char *text;
        enum clv_unit unit;
        double value;
    } right[] = {
        {"80ms", CLV_UNIT_TIME, 80e6},    {"1.5s", CLV_UNIT_TIME, 1.5e9},
        {"200 us", CLV_UNIT_TIME, 200e3}, {".5s", CLV_UNIT_TIME, 5e8},
        {"20/s", CLV_UNIT_RATE, 20},      {"2GiB", CLV_UNIT_BYTES, 2147483648},
        {"12kB", CLV_UNIT_BYTES, 12000},  {"20mJ", CLV_UNIT_ENERGY, 0.02},
        {"1pp", CLV_UNIT_POINTS, 1},      {"20%", CLV_UNIT_SHARE, 0.2},
        {"300M", CLV_UNIT_COUNT, 300e6},  {"7", CLV_UNIT_COUNT, 7},
        {"0pp", CLV_UNIT_POINTS, 0},      {"0.1pp", CLV_UNIT_POINTS, 0.1},
    };
    static const struct {
        const char *text;
        enum clv_unit unit;
    } wrong[] = {
        {"80", CLV_UNIT_TIME},     {"80MB", CLV_UNIT_TIME},
        {"-80ms", CLV_UNIT_TIME},  {"ms", CLV_UNIT_TIME},
        {"nan ms", CLV_UNIT_TIME}, {"inf", CLV_UNIT_COUNT},
        {"1e3ms", CLV_UNIT_TIME},  {"1,5s", CLV_UNIT_TIME},
        {"1.5.2s", CLV_UNIT_TIME}, {"80ms ", CLV_UNIT_TIME},
        {"1%", CLV_UNIT_POINTS},   {"1", CLV_UNIT_SHARE},
        {"", CLV_UNIT_TIME},       {".", CLV_UNIT_COUNT},
        {"20", CLV_UNIT_RATE},     {"0x10ms", CLV_UNIT_TIME},
    };

    (void)state;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        double value = -1;
        assert_int_equal(
            clv_value_parse(right[i].text, right[i].unit, &value, NULL),
            CLEAVE_OK);
        assert_nearly(value, right[i].value, right[i].value * 1e-15);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        double value = -1;
        cleave_error err = CLEAVE_ERROR_INIT;
        assert_int_equal(
            clv_value_parse(wrong[i].text, wrong[i].unit, &value, &err),
            CLEAVE_INVALID);
        assert_nearly(value, -1, 0);
        assert_non_null(strstr(err.text, "as in"));
    }
}

static void values_are_written_for_people(void **state)
{
    static const struct {
        double value;
        enum clv_unit unit;
        const char *text;
    } known[] = {
        {12345678, CLV_UNIT_TIME, "12.3 ms"},
        {999.96e6, CLV_UNIT_TIME, "1.00 s"},
        {1500, CLV_UNIT_TIME, "1.50 us"},
        {0, CLV_UNIT_TIME, "0 ns"},
        {20.04, CLV_UNIT_RATE, "20.0/s"},
        {0.05, CLV_UNIT_RATE, "0.05/s"},
        {200e6, CLV_UNIT_BYTES, "200 MB"},
        {0.0213, CLV_UNIT_ENERGY, "21.3 mJ"},
        {-0.25, CLV_UNIT_POINTS, "-0.25 pp"},
        {0.2, CLV_UNIT_SHARE, "20.0%"},
        {300e6, CLV_UNIT_COUNT, "300M"},
        {7, CLV_UNIT_COUNT, "7"},
        {INFINITY, CLV_UNIT_TIME, "infinite"},
    };
    char text[CLV_MEASURE_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        assert_string_equal(clv_value_text(known[i].value, known[i].unit, text),
                            known[i].text);
    }
    clv_value_text(1e300, CLV_UNIT_BYTES, text);
    assert_true(strlen(text) == CLV_MEASURE_TEXT - 1); /* cut, not overrun */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_measure_is_read_as_it_is_written),
        cmocka_unit_test(accuracy_drop_is_a_metric),
        cmocka_unit_test(wrong_measures_are_told_apart),
        cmocka_unit_test(values_need_their_unit),
        cmocka_unit_test(values_are_written_for_people),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
