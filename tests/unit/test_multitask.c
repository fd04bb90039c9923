/*
 * test_multitask.c - how several tasks get on with each other.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "plan/multitask.h"
#include "profile/costs.h"

static void near(double value, double wanted)
{
    assert_true(fabs(value - wanted) < 1e-12);
}

static void the_formulas_are_those_of_the_paper(void **state)
{
    const double ntt[] = {1, 2, 4};
    struct clv_multitask m = clv_multitask_of(ntt, 3);

    (void)state;
    near(m.antt, 7.0 / 3);
    near(m.stp, 1.75);
    near(m.fairness, 0.25);
    near(clv_multitask_ntt(30, 20), 1.5);
}

static void one_task_alone_has_one(void **state)
{
    double ntt = clv_multitask_ntt(12.5, 12.5);
    struct clv_multitask m = clv_multitask_of(&ntt, 1);

    (void)state;
    near(m.antt, 1);
    near(m.stp, 1);
    near(m.fairness, 1);
}

static void what_was_not_measured_is_not_known(void **state)
{
    const double ntt[] = {1.5, CLV_UNKNOWN};
    struct clv_multitask m = clv_multitask_of(ntt, 2);

    (void)state;
    near(m.antt, CLV_UNKNOWN);
    near(m.stp, CLV_UNKNOWN);
    near(m.fairness, CLV_UNKNOWN);
    near(clv_multitask_of(ntt, 0).antt, CLV_UNKNOWN);
    near(clv_multitask_ntt(1, 0), CLV_UNKNOWN);
    near(clv_multitask_ntt(CLV_UNKNOWN, 1), CLV_UNKNOWN);
    near(clv_multitask_ntt(NAN, 1), CLV_UNKNOWN);
    near(clv_multitask_ntt(INFINITY, 1), CLV_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_formulas_are_those_of_the_paper),
        cmocka_unit_test(one_task_alone_has_one),
        cmocka_unit_test(what_was_not_measured_is_not_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
