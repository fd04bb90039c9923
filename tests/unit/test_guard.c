/*
 * test_guard.c - when agreement is surely below the budget, and when that is
 * not known yet. What the guard does in a run is test_runner.c's.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "run/guard.h"

static int over(uint64_t wrong, uint64_t count, double allowed)
{
    return clv_guard_is_over(count, (double)wrong, (double)wrong, allowed);
}

static void few_answers_prove_nothing(void **state)
{
    (void)state;
    for (uint64_t n = 0; n < 8; n++) {
        assert_false(over(n, n, 0.04));
    }
    assert_true(over(8, 8, 0.04));   /* all of eight is enough */
    assert_false(over(1, 8, 0.04));  /* one may be chance */
    assert_false(over(1, 16, 0.04)); /* still */
    assert_true(over(5, 16, 0.04));
}

static void what_is_allowed_is_never_over(void **state)
{
    (void)state;
    for (uint64_t n = 8; n < 5000; n += 13) {
        assert_false(over(0, n, 0));
        assert_false(over(n / 25, n, 0.04));
    }
}

static void many_answers_prove_a_little_more(void **state)
{
    (void)state;
    assert_false(over(6, 100, 0.04));
    assert_true(over(600, 10000, 0.04));
    assert_false(over(410, 10000, 0.04));
}

/* Losses that are no yes or no: a hundredth each, and hardly different. */
static void small_losses_are_judged_by_their_spread(void **state)
{
    double sum = 0;
    double squares = 0;

    (void)state;
    for (int i = 0; i < 20; i++) {
        double loss = 0.01 + 0.0001 * (i % 3);
        sum += loss;
        squares += loss * loss;
    }
    assert_true(clv_guard_is_over(20, sum, squares, 0.009));
    assert_false(clv_guard_is_over(20, sum, squares, 0.011));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_answers_prove_nothing),
        cmocka_unit_test(what_is_allowed_is_never_over),
        cmocka_unit_test(many_answers_prove_a_little_more),
        cmocka_unit_test(small_losses_are_judged_by_their_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
