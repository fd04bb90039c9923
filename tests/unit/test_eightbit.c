/*
 * test_eightbit.c - grids hold zero and their ends, weights are within half a
 * step, and biases fit whatever the weights are.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>

#include "model/eightbit.h"
#include "seeded.h"

static float back(struct clv_grid g, int q)
{
    return (float)(q - g.zero) * g.scale;
}

static void grids_hold_zero_and_reach_their_ends(void **state)
{
    static const float ends[][2] = {{-1, 3},
                                    {0, 6},
                                    {-2, 0},
                                    {0.5f, 4},
                                    {-5, -1},
                                    {-1e-6f, 1e6f},
                                    {0, 1e-30f},
                                    {0, 0},
                                    {-7, 7},
                                    {0, FLT_MAX},
                                    {-FLT_MAX, FLT_MAX}};

    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        float low = fminf(ends[i][0], 0);
        float high = fmaxf(ends[i][1], 0);
        for (int u = 0; u < 2; u++) {
            struct clv_grid g =
                clv_grid_of(ends[i][0], ends[i][1],
                            u ? CLV_EIGHTBIT_UNSIGNED : CLV_EIGHTBIT_SIGNED);
            int least = u ? 0 : -128;
            assert_true(g.scale > 0 && isfinite(g.scale));
            assert_in_range(g.zero - least, 0, 255);
            assert_true(back(g, g.zero) == 0);
            assert_true(back(g, least) <= low + g.scale * 0.51f);
            assert_true(back(g, least + 255) >= high - g.scale * 0.51f);
        }
    }
}

/* Then an optimiser may leave out a function that cuts off just there. */
static void what_begins_at_zero_has_the_least_integer_there(void **state)
{
    struct seeded s = seeded_init("grids", 1);

    (void)state;
    for (int i = 0; i < 10000; i++) {
        float high = (float)(1 + seeded_next(&s) % 1000000) / 997;
        struct clv_grid g = clv_grid_of(0, high, CLV_EIGHTBIT_UNSIGNED);
        assert_int_equal(g.zero, 0);
        assert_true(back(g, 255) <= high);
        assert_true(back(g, 255) >= high * 0.999999f);
        assert_int_equal(clv_grid_of(0, high, CLV_EIGHTBIT_SIGNED).zero, -128);
    }
}

static void weights_are_within_half_a_step_of_each_channel(void **state)
{
    /* two blocks of three channels of two */
    static const float w[12] = {1,    -2,    0.01f, 0.02f, 0, 0,
                                0.5f, 1.27f, 0,     0.03f, 0, 0};
    struct clv_channels where = {2, 3, 2};
    float scales[3];
    int8_t q[12];

    (void)state;
    clv_eightbit_scales(w, where, NULL, 1, scales);
    assert_float_equal(scales[0], 2 / 127.0f, 1e-7f);
    assert_float_equal(scales[1], 0.03f / 127, 1e-9f);
    assert_true(scales[2] > 0);
    clv_eightbit_weights(w, where, scales, q);
    for (size_t i = 0; i < 12; i++) {
        float scale = scales[i / 2 % 3];
        assert_true(fabsf((float)q[i] * scale - w[i]) <= scale * 0.501f);
        assert_in_range(q[i] + 127, 0, 254);
    }
    assert_int_equal(q[1], -127);
    assert_int_equal(q[9], 127);
}

/* Weights so small that a bias in their steps would pass 32 bits, and none at
   all: the bias stays what it is. */
static void biases_fit_whatever_the_weights_are(void **state)
{
    static const float w[4] = {1e-12f, 0, 0.5f, 0};
    static const float bias[4] = {3, -7.25f, 0.125f, 0};
    struct clv_channels where = {1, 4, 1};
    float scales[4];
    float bias_scales[4];
    int32_t q[4];

    (void)state;
    clv_eightbit_scales(w, where, bias, 1e-3f, scales);
    clv_eightbit_bias(bias, 4, 1e-3f, scales, q, bias_scales);
    for (size_t i = 0; i < 4; i++) {
        assert_true(scales[i] > 0 && isfinite(scales[i]));
        assert_true(bias_scales[i] == 1e-3f * scales[i]);
        assert_float_equal((float)q[i] * bias_scales[i], bias[i],
                           fabsf(bias[i]) * 1e-4f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grids_hold_zero_and_reach_their_ends),
        cmocka_unit_test(what_begins_at_zero_has_the_least_integer_there),
        cmocka_unit_test(weights_are_within_half_a_step_of_each_channel),
        cmocka_unit_test(biases_fit_whatever_the_weights_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
