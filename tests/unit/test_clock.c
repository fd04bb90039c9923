/*
 * test_clock.c - the machine's clock runs forwards, another may be put in.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"

static int64_t ticking(void *self)
{
    int64_t *now = self;

    return *now += 5;
}

static void the_machine_never_goes_back(void **state)
{
    struct clv_clock clock = clv_clock_machine();
    int64_t first = clv_clock_now_ns(clock);
    int64_t last = first;

    (void)state;
    while (last == first) { /* it moves, or this never ends */
        last = clv_clock_now_ns(clock);
    }
    for (int i = 0; i < 10000; i++) {
        int64_t now = clv_clock_now_ns(clock);
        assert_true(now >= last);
        last = now;
    }
}

static void a_clock_of_ones_own_is_asked(void **state)
{
    int64_t now = 100;
    struct clv_clock clock = {ticking, &now};

    (void)state;
    assert_int_equal(clv_clock_now_ns(clock), 105);
    assert_int_equal(clv_clock_now_ns(clock), 110);
}

static void milliseconds_are_a_million_nanoseconds(void **state)
{
    (void)state;
    assert_true(clv_ns_to_ms(1500000) == 1.5);
    assert_true(clv_ns_to_ms(-1000000) == -1.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_machine_never_goes_back),
        cmocka_unit_test(a_clock_of_ones_own_is_asked),
        cmocka_unit_test(milliseconds_are_a_million_nanoseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
