/*
 * test_trials.c - every company is listed once, what tells most first.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "profile/trials.h"

static struct clv_trial trials[CLV_TRIALS];

static size_t members_of(const struct clv_trial *trial)
{
    size_t count = 0;

    for (size_t i = 0; i < CLV_SEATS; i++) {
        count += trial->seats[i] != CLV_NO_SEAT;
    }
    return count;
}

static void each_company_is_there_once(void **state)
{
    double possible = 0;
    size_t count = clv_trials_list(3, 2, trials, &possible);

    (void)state;
    assert_int_equal(count, 6 + 12 + 8);
    assert_true(possible == 26);
    for (size_t i = 0; i < count; i++) {
        size_t members = members_of(&trials[i]);
        assert_int_equal(members, i < 6 ? 1 : i < 18 ? 2 : 3);
        assert_int_equal(trials[i].is_of_hogs, i < 6);
        assert_int_equal(trials[i].is_needed, i < 20);
        for (size_t j = 0; j < i; j++) {
            assert_memory_not_equal(trials[i].seats, trials[j].seats,
                                    sizeof trials[i].seats);
        }
    }
}

static void one_engine_comes_before_two(void **state)
{
    double possible;

    (void)state;
    clv_trials_list(3, 2, trials, &possible);
    for (size_t i = 6; i < 12; i++) { /* three pairs on two engines */
        uint32_t seat = CLV_NO_SEAT;
        for (size_t t = 0; t < 3; t++) {
            uint32_t its = trials[i].seats[t];
            assert_true(its == CLV_NO_SEAT || seat == CLV_NO_SEAT ||
                        its == seat);
            seat = its != CLV_NO_SEAT ? its : seat;
        }
    }
    for (uint32_t e = 0; e < 2; e++) {
        assert_int_equal(trials[18 + e].seats[0], e);
        assert_int_equal(trials[18 + e].seats[2], e);
    }
}

static void one_task_has_only_hogs(void **state)
{
    double possible;

    (void)state;
    assert_int_equal(clv_trials_list(1, 4, trials, &possible), 4);
    assert_true(trials[3].is_of_hogs && trials[3].seats[0] == 3);
    assert_int_equal(clv_trials_list(2, 1, trials, &possible), 3);
    assert_int_equal(clv_trials_list(3, 1, trials, &possible), 3 + 3 + 1);
    assert_true(possible == 7);
    assert_int_equal(clv_trials_list(3, 0, trials, &possible), 0);
}

static void too_many_are_counted_and_left_out(void **state)
{
    double possible;

    (void)state;
    assert_int_equal(clv_trials_list(CLV_SEATS, 16, trials, &possible),
                     CLV_TRIALS);
    assert_true(possible > 1e19);
    assert_true(trials[CLV_TRIALS - 1].is_needed);
    assert_int_equal(clv_trials_list(4, 8, trials, &possible), CLV_TRIALS);
    assert_true(possible == 32 + 6 * 64 + 4096);
    assert_false(trials[CLV_TRIALS - 1].is_needed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_company_is_there_once),
        cmocka_unit_test(one_engine_comes_before_two),
        cmocka_unit_test(one_task_has_only_hogs),
        cmocka_unit_test(too_many_are_counted_and_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
