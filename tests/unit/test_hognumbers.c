/*
 * test_hognumbers.c - what a machine would be tried with stays, then what it
 * could bear, then what was tried last.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "profile/hognumbers.h"

static struct clv_hognumbers noted(uint32_t cores, const uint32_t *hogs,
                                   size_t count)
{
    struct clv_hognumbers n = {.cores = cores};

    for (size_t i = 0; i < count; i++) {
        clv_hognumbers_note(&n, hogs[i]);
    }
    return n;
}

static void few_all_stay(void **state)
{
    const uint32_t hogs[] = {4, 0, 9, 4, 1};
    struct clv_hognumbers n = noted(2, hogs, 5);

    (void)state;
    assert_int_equal(clv_hognumbers_choose(&n, 4), 0);
    assert_int_equal(n.count, 3);
    assert_true(clv_hognumbers_has(&n, 9) && clv_hognumbers_has(&n, 0));
    assert_false(clv_hognumbers_has(&n, 2));
}

static void what_suits_the_machine_stays(void **state)
{
    const uint32_t hogs[] = {4, 8, 1, 2, 3, 5, 16, 32};
    struct clv_hognumbers n = noted(8, hogs, 8);

    (void)state;
    assert_int_equal(clv_hognumbers_choose(&n, 4), 4);
    assert_true(clv_hognumbers_has(&n, 4) && clv_hognumbers_has(&n, 8));
    assert_true(clv_hognumbers_has(&n, 5) && clv_hognumbers_has(&n, 3));
}

static void of_an_unknown_machine_the_latest_stay(void **state)
{
    const uint32_t hogs[] = {4, 8, 1, 2, 3, 5, 4};
    struct clv_hognumbers n = noted(0, hogs, 7);

    (void)state;
    assert_int_equal(clv_hognumbers_choose(&n, 2), 4);
    assert_true(clv_hognumbers_has(&n, 4) && clv_hognumbers_has(&n, 5));
}

static void any_number_of_them_is_borne(void **state)
{
    struct clv_hognumbers n = {.cores = 2};

    (void)state;
    for (uint32_t i = 1; i < 1000; i++) {
        clv_hognumbers_note(&n, i);
        assert_true(n.count <= CLV_HOGNUMBERS_MOST);
    }
    clv_hognumbers_choose(&n, 4);
    assert_int_equal(n.count, 4);
    assert_true(clv_hognumbers_has(&n, 1) && clv_hognumbers_has(&n, 2));
    assert_true(clv_hognumbers_has(&n, 999) && clv_hognumbers_has(&n, 998));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_all_stay),
        cmocka_unit_test(what_suits_the_machine_stays),
        cmocka_unit_test(of_an_unknown_machine_the_latest_stay),
        cmocka_unit_test(any_number_of_them_is_borne),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
