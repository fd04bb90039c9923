/*
 * test_climbing.c - a climb finds the edge of the budget, and not twice.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "nearly.h"
#include "profile/climbing.h"

/* Climbs where steps up to `edge` standard deviations cost nothing and coarser
   ones 2 points (or 20, beyond twice of it). */
static size_t climb_steps(int is_fast, double edge, double start, double *steps)
{
    struct clv_climb c;
    struct clv_packing p;
    size_t count = 0;

    clv_climb_init(&c, CLV_CODER_DENSE, CLV_LADDER_FLOATS, is_fast, 1, start);
    while (clv_climb_next(&c, &p)) {
        assert_true(p.coder == CLV_CODER_DENSE && p.step_in_sd);
        assert_true(count < CLV_CLIMB_MOST);
        steps[count++] = p.step;
        clv_climb_told(&c, p.step <= edge ? 0 : p.step > 2 * edge ? 20 : 2);
    }
    return count;
}

static void check_climb(int is_fast, double edge, double start)
{
    double steps[CLV_CLIMB_MOST];
    size_t count = climb_steps(is_fast, edge, start, steps);
    double within = 0;
    double beyond = 1e9;

    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_true(steps[i] != steps[j]);
        }
        within = steps[i] <= edge && steps[i] > within ? steps[i] : within;
        beyond = steps[i] > edge && steps[i] < beyond ? steps[i] : beyond;
    }
    if (edge >= 0.0625 && edge < 3.9) { /* to a quarter of an octave */
        assert_true(within > 0 && beyond < 1e9);
        assert_true(beyond / within < 1.3);
    }
    assert_in_range(count, 1, is_fast ? 10 : 18);
}

static void the_edge_is_found_from_both_sides(void **state)
{
    (void)state;
    for (double edge = 0.05; edge < 6; edge *= 1.07) {
        for (double start = 0; start < 8; start = 2 * start + 0.07) {
            check_climb(0, edge, start);
            check_climb(1, edge, start);
        }
    }
}

static size_t climb_list(enum clv_coder coder, int is_fast, unsigned edge,
                         unsigned *values)
{
    struct clv_climb c;
    struct clv_packing p;
    size_t count = 0;

    clv_climb_init(&c, coder, CLV_LADDER_PICTURE, is_fast, 1, 0);
    while (clv_climb_next(&c, &p)) {
        unsigned value = p.bits + p.quality;
        values[count++] = value;
        clv_climb_told(&c, value >= edge ? 0 : 2);
    }
    return count;
}

static void bits_go_down_until_too_much_is_lost(void **state)
{
    unsigned v[CLV_CLIMB_MOST];

    (void)state;
    assert_int_equal(climb_list(CLV_CODER_LZ, 1, 4, v), 4);
    assert_true(v[0] == 8 && v[1] == 5 && v[2] == 4 && v[3] == 3);
    assert_int_equal(climb_list(CLV_CODER_LZ, 0, 4, v), 6); /* 2 < 3 budgets */
    assert_true(v[1] == 6 && v[5] == 2);
    assert_int_equal(climb_list(CLV_CODER_LZ, 1, 9, v), 1);
    assert_int_equal(climb_list(CLV_CODER_JPEG, 1, 0, v), 5);
    assert_true(v[0] == 90 && v[4] == 30);
}

static void integers_have_one_rung(void **state)
{
    struct clv_climb c;
    struct clv_packing p;

    (void)state;
    clv_climb_init(&c, CLV_CODER_DENSE, CLV_LADDER_INTEGERS, 0, 1, 0);
    assert_true(clv_climb_next(&c, &p));
    assert_true(p.coder == CLV_CODER_DENSE && p.step == 0 && p.bits == 0);
    clv_climb_told(&c, 0);
    assert_false(clv_climb_next(&c, &p));
    clv_climb_init(&c, CLV_CODER_RAW, CLV_LADDER_INTEGERS, 0, 1, 0);
    assert_false(clv_climb_next(&c, &p));
    clv_climb_init(&c, CLV_CODER_RAW, CLV_LADDER_FLOATS, 0, 1, 0);
    assert_true(clv_climb_next(&c, &p) && p.half);
    clv_climb_told(&c, 0);
    assert_false(clv_climb_next(&c, &p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_edge_is_found_from_both_sides),
        cmocka_unit_test(bits_go_down_until_too_much_is_lost),
        cmocka_unit_test(integers_have_one_rung),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
