/*
 * test_waiting.c - when waiting for an answer ends.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "plan/waiting.h"

#define MS ((int64_t)1000000)

static void who_cannot_finish_waits(void **state)
{
    struct clv_waiting w = {
        .sent_ns = 5, .expected_ns = 1e6, .deadline_ns = MS};

    (void)state;
    assert_true(clv_waiting_until(&w) == INT64_MAX);
}

static void waits_in_vain_for_as_long_as_finishing_takes(void **state)
{
    struct clv_waiting w = {
        .sent_ns = 1000 * MS, .expected_ns = 160e6, .finish_ns = 200e6};

    (void)state;
    assert_true(clv_waiting_until(&w) == 1360 * MS);
    w.finish_ns = 10e6; /* twice the expected is not overdue */
    assert_true(clv_waiting_until(&w) == 1320 * MS);
    w.crowd = 3; /* two others may come first */
    assert_true(clv_waiting_until(&w) == 1960 * MS);
    w.crowd = 0;
    w.expected_ns = 1e6; /* a hiccup is no reason */
    assert_true(clv_waiting_until(&w) == 1200 * MS);
    w.expected_ns = INFINITY;
    assert_true(clv_waiting_until(&w) == INT64_MAX);
}

static void a_deadline_leaves_time_to_finish(void **state)
{
    struct clv_waiting w = {.began_ns = 1000 * MS,
                            .sent_ns = 1020 * MS,
                            .expected_ns = 60e6,
                            .finish_ns = 100e6,
                            .deadline_ns = 250 * MS};

    (void)state;
    assert_true(clv_waiting_until(&w) == 1100 * MS); /* a margin of half */
    w.crowd = 8; /* others are no reason to miss it */
    assert_true(clv_waiting_until(&w) == 1100 * MS);
    w.crowd = 1;
    w.deadline_ns = 5000 * MS; /* far: overdue first */
    assert_true(clv_waiting_until(&w) == 1220 * MS);
}

static void what_is_nearly_there_is_waited_for(void **state)
{
    struct clv_waiting w = {.began_ns = 1000 * MS,
                            .sent_ns = 1020 * MS,
                            .expected_ns = 60e6,
                            .finish_ns = 300e6,
                            .deadline_ns = 400 * MS};

    (void)state;
    assert_true(clv_waiting_until(&w) == 1380 * MS); /* overdue */
    w.deadline_ns = 350 * MS;
    assert_true(clv_waiting_until(&w) == 1350 * MS); /* the deadline */
    w.deadline_ns = 10 * MS;
    assert_true(clv_waiting_until(&w) == 1140 * MS); /* twice expected */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_cannot_finish_waits),
        cmocka_unit_test(waits_in_vain_for_as_long_as_finishing_takes),
        cmocka_unit_test(a_deadline_leaves_time_to_finish),
        cmocka_unit_test(what_is_nearly_there_is_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
