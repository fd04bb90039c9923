/*
 * test_timing.c - the header Server-Timing, written and read.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "wire/timing.h"

static cleave_status parse(const char *text, struct clv_timing *t)
{
    return clv_timing_parse((clv_bytes){(const uint8_t *)text, strlen(text)},
                            t);
}

static void what_is_written_reads_back(void **state)
{
    const struct clv_timing times[] = {
        {100000, 0, 3200000}, {1, 499, 500}, {-5, 86399000000000, 999999}};
    char text[CLV_TIMING_TEXT];
    struct clv_timing t;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        int64_t queue = times[i].queue_ns > 0 ? times[i].queue_ns : 0;
        clv_timing_write(&times[i], text);
        assert_int_equal(parse(text, &t), CLEAVE_OK);
        assert_int_equal(t.queue_ns, (queue + 500) / 1000 * 1000);
        assert_int_equal(t.unpack_ns, (times[i].unpack_ns + 500) / 1000 * 1000);
        assert_int_equal(t.tail_ns, (times[i].tail_ns + 500) / 1000 * 1000);
    }
    clv_timing_write(&times[0], text);
    assert_string_equal(text, "queue;dur=0.100, unpack;dur=0.000, "
                              "tail;dur=3.200");
}

static void other_metrics_and_forms_are_understood(void **state)
{
    struct clv_timing t;

    (void)state;
    assert_int_equal(parse("", &t), CLEAVE_OK);
    assert_int_equal(t.tail_ns, 0);
    assert_int_equal(parse("cdn-cache; desc=\"a, tail;dur=9\", "
                           "Tail ; desc=\"x\\\"\" ;DUR = \"1.5\",miss",
                           &t),
                     CLEAVE_OK);
    assert_int_equal(t.tail_ns, 1500000);
    assert_int_equal(parse("tail;dur=7", &t), CLEAVE_OK);
    assert_int_equal(t.tail_ns, 7000000);
    assert_int_equal(parse("tail;dur=0.00000000009", &t), CLEAVE_OK);
    assert_int_equal(t.tail_ns, 0);
}

static void nonsense_is_refused(void **state)
{
    struct clv_timing t = {.tail_ns = 42};
    const char *const bad[] = {
        "tail",           "tail;dur",     "tail;dur=",
        "tail;dur=-1",    "tail;dur=1e9", "tail;dur=nan",
        "tail;dur=1.2.3", "tail;dur=.",   "tail;dur=99999999999999999999",
        "tail;dur=0x10",  "tail;dur=1 2",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(parse(bad[i], &t), CLEAVE_CORRUPT);
        assert_int_equal(t.tail_ns, 42);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(other_metrics_and_forms_are_understood),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
