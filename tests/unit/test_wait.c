/*
 * test_wait.c - a wait never ends before its moment, and a moment that has
 * passed is not waited for.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/wait.h"

static void a_wait_lasts_until_its_moment(void **state)
{
    static const int64_t lengths_ns[] = {0, 1000, 100000, 5000000};
    struct clv_clock clock = clv_clock_machine();

    (void)state;
    for (size_t i = 0; i < sizeof lengths_ns / sizeof lengths_ns[0]; i++) {
        int64_t at_ns = clv_clock_now_ns(clock) + lengths_ns[i];
        clv_wait_until(at_ns);
        assert_true(clv_clock_now_ns(clock) >= at_ns);
    }
}

static void what_has_passed_is_not_waited_for(void **state)
{
    (void)state;
    clv_wait_until(0);
    clv_wait_until(INT64_MIN / 2);
    clv_wait_until(clv_clock_now_ns(clv_clock_machine()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wait_lasts_until_its_moment),
        cmocka_unit_test(what_has_passed_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
