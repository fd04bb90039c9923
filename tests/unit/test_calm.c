/*
 * test_calm.c - what was disturbed is told from what was not, and what always
 * scatters is left as it is.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "profile/calm.h"

#define MANY 8

static size_t mark(const double *stalls, const double *paces, size_t least,
                   struct clv_calm_visit visits[MANY])
{
    for (size_t i = 0; i < MANY; i++) {
        visits[i] = (struct clv_calm_visit){stalls[i], paces[i], -1};
    }
    return clv_calm_mark(visits, MANY, least);
}

static const double unknown[MANY] = {-1, -1, -1, -1, -1, -1, -1, -1};
static const double alike[MANY] = {1, 1, 1, 1, 1, 1, 1, 1};

static void who_waited_was_disturbed(void **state)
{
    const double stalls[MANY] = {0, 0.01, 0.5, 0.04, 1, 0.9, 0.3, 0.02};
    const double paces[MANY] = {1, 2, 1, 3, 1, 1, 1, 4}; /* do not matter */
    struct clv_calm_visit v[MANY];

    (void)state;
    assert_int_equal(mark(stalls, paces, 1, v), 4);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(v[i].is_calm, stalls[i] < 0.05);
    }
}

/* More threads than processors wait for each other whatever others do. */
static void who_always_waits_is_compared_with_itself(void **state)
{
    const double stalls[MANY] = {0.8, 0.82, 0.81, 0.84, 0.99, 0.8, 1, 0.83};
    struct clv_calm_visit v[MANY];

    (void)state;
    assert_int_equal(mark(stalls, alike, 1, v), 6);
    assert_false(v[4].is_calm || v[6].is_calm);
}

static void there_are_never_too_few(void **state)
{
    const double stalls[MANY] = {0, 0.4, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9};
    struct clv_calm_visit v[MANY];

    (void)state;
    assert_int_equal(mark(stalls, alike, 3, v), 1);
    assert_true(v[0].is_calm && v[1].is_calm && v[2].is_calm);
    assert_false(v[3].is_calm || v[7].is_calm);
    assert_int_equal(mark(stalls, alike, 99, v), 1);
    assert_true(v[7].is_calm);
}

static void few_slow_ones_were_disturbed_where_nothing_is_known(void **state)
{
    const double few[MANY] = {10, 11, 10, 30, 12, 11, 10, 29};
    const double many[MANY] = {10, 30, 10, 30, 31, 11, 10, 29};
    struct clv_calm_visit v[MANY];

    (void)state;
    assert_int_equal(mark(unknown, few, 1, v), 6);
    assert_false(v[3].is_calm || v[7].is_calm);
    assert_int_equal(mark(unknown, many, 1, v), MANY);
    assert_true(v[1].is_calm);
}

static void of_nothing_nothing_is_calm(void **state)
{
    (void)state;
    assert_int_equal(clv_calm_mark(NULL, 0, 3), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_waited_was_disturbed),
        cmocka_unit_test(who_always_waits_is_compared_with_itself),
        cmocka_unit_test(there_are_never_too_few),
        cmocka_unit_test(few_slow_ones_were_disturbed_where_nothing_is_known),
        cmocka_unit_test(of_nothing_nothing_is_calm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
