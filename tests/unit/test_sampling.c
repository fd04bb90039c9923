/*
 * test_sampling.c - what teaches never examines, and both are spread evenly.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "profile/sampling.h"

static void check_disjoint(const struct clv_sampling *s, uint64_t total)
{
    char *seen = calloc(total, 1);

    assert_non_null(seen);
    for (size_t i = 0; i < s->teach_count; i++) {
        assert_true(s->teach[i] < total);
        assert_true(i == 0 || s->teach[i] > s->teach[i - 1]);
        seen[s->teach[i]] = 1;
    }
    for (size_t i = 0; i < s->examine_count; i++) {
        assert_true(s->examine[i] < total);
        assert_true(i == 0 || s->examine[i] > s->examine[i - 1]);
        assert_false(seen[s->examine[i]]);
    }
    free(seen);
}

static void teachers_never_examine(void **state)
{
    (void)state;
    for (uint64_t total = 1; total < 300; total++) {
        for (uint64_t teach = 0; teach < 80; teach += 7) {
            struct clv_sampling s = {0};
            assert_int_equal(
                clv_sampling_init(&s, total, teach, 0, NULL, NULL, NULL),
                CLEAVE_OK);
            check_disjoint(&s, total);
            assert_int_equal(s.teach_count, teach < total ? teach : total);
            assert_int_equal(s.teach_count + s.examine_count, total);
            clv_sampling_fini(&s);
        }
    }
}

static void without_a_word_half_examine(void **state)
{
    const uint64_t totals[][2] = {{1, 1},    {2, 1},    {3, 1},    {40, 20},
                                  {64, 32},  {65, 32},  {127, 63}, {128, 64},
                                  {129, 64}, {5000, 64}};

    (void)state;
    for (size_t i = 0; i < sizeof totals / sizeof totals[0]; i++) {
        assert_int_equal(clv_sampling_teachers(0, totals[i][0]), totals[i][1]);
        assert_int_equal(clv_sampling_teachers(7, totals[i][0]), 7);
    }
}

static void both_are_spread_evenly(void **state)
{
    struct clv_sampling s = {0};

    (void)state;
    assert_int_equal(clv_sampling_init(&s, 1000, 10, 90, NULL, NULL, NULL),
                     CLEAVE_OK);
    check_disjoint(&s, 1000);
    assert_int_equal(s.teach_count, 10);
    assert_int_equal(s.examine_count, 90);
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(s.teach[i], 100 * i + 50);
    }
    for (size_t i = 1; i < 90; i++) {
        assert_in_range(s.examine[i] - s.examine[i - 1], 10, 13);
    }
    clv_sampling_fini(&s);
}

static int is_even(void *self, uint64_t index)
{
    (*(int *)self)++;
    return index % 2 == 0;
}

static void only_what_fits_examines(void **state)
{
    struct clv_sampling s = {0};
    int asked = 0;

    (void)state;
    assert_int_equal(clv_sampling_init(&s, 20, 4, 0, is_even, &asked, NULL),
                     CLEAVE_OK);
    assert_int_equal(asked, 16);
    check_disjoint(&s, 20);
    for (size_t i = 0; i < s.examine_count; i++) {
        assert_int_equal(s.examine[i] % 2, 0);
    }
    assert_int_equal(s.examine_count, 8); /* 2, 7, 12 and 17 teach */
    clv_sampling_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(teachers_never_examine),
        cmocka_unit_test(without_a_word_half_examine),
        cmocka_unit_test(both_are_spread_evenly),
        cmocka_unit_test(only_what_fits_examines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
