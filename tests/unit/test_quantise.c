/*
 * test_quantise.c - every path gives the reference's indices, the reference
 * rounds as the standard library does, and what has no index is refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "codec/quantise.h"
#include "seeded.h"

#define MOST 300
#define ROUNDS 2000

static const struct clv_extent nothing = {INT32_MAX, INT32_MIN};

static float float_of(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Values as they come: near halves of steps, tiny, huge, denormal. */
static float sample(struct seeded *s, float step)
{
    switch (seeded_below(s, 8)) {
    case 0:
        return ((float)seeded_below(s, 65534) - 32766.5f) * step;
    case 1:
        return ((float)seeded_below(s, 9) - 4.0f) * 0.5f * step;
    case 2:
        return float_of(seeded_next(s) & 0x807fffff);
    case 3:
        return 0;
    default:
        return (float)(seeded_unit(s) - 0.5) * 100 * step;
    }
}

static void sample_run(struct seeded *s, float step, float *values,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        values[i] = sample(s, step);
    }
}

static void check_step(const float *values, size_t count, float step)
{
    int16_t want[MOST];
    struct clv_extent extent = nothing;
    int finite = 1;

    for (size_t i = 0; i < count; i++) {
        float index = rintf(values[i] * (1.0f / step));
        finite = finite && fabsf(index) <= 32767;
        want[i] = fabsf(index) <= 32767 ? (int16_t)index : 0;
        extent.least = want[i] < extent.least ? want[i] : extent.least;
        extent.greatest = want[i] > extent.greatest ? want[i] : extent.greatest;
    }
    SEEDED_EACH_PATH(path)
    {
        int16_t got[MOST + 1];
        struct clv_extent seen = nothing;
        got[count] = 12345;
        assert_int_equal(clv_quantise_step((enum clv_path)path, values, count,
                                           step, got, &seen),
                         finite);
        assert_int_equal(got[count], 12345);
        if (finite) {
            assert_memory_equal(got, want, count * sizeof *got);
            assert_memory_equal(&seen, &extent, sizeof seen);
        }
    }
}

static void steps_are_rounded_as_rint_does(void **state)
{
    struct seeded s = seeded_init("step", 1);
    float values[MOST];

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        float step = ldexpf((float)(1 + seeded_unit(&s)),
                            (int)seeded_below(&s, 100) - 50);
        size_t count = seeded_below(&s, MOST);
        sample_run(&s, step, values, count);
        check_step(values, count, step);
    }
}

static void the_bounds_are_exact(void **state)
{
    const float edges[] = {32767.0f,  32767.49f, 32767.5f, 32768.0f, -32767.0f,
                           -32767.5f, -32768.f,  40000.0f, 1e9f,     -1e9f,
                           3e9f,      FLT_MAX,   -FLT_MAX, INFINITY, -INFINITY,
                           NAN,       -NAN};
    struct seeded s = seeded_init("bounds", 2);
    float values[MOST] = {0};

    (void)state;
    for (size_t e = 0; e < sizeof edges / sizeof edges[0]; e++) {
        for (int round = 0; round < 100; round++) {
            size_t count = 1 + seeded_below(&s, MOST - 1);
            size_t at = seeded_below(&s, (uint32_t)count);
            values[at] = edges[e];
            check_step(values, count, 1.0f);
            values[at] = 0;
        }
    }
}

static void a_step_that_means_nothing_is_refused(void **state)
{
    const float steps[] = {0,         -1.0f,     NAN,     INFINITY, -INFINITY,
                           0x1p-149f, 0x1p-127f, FLT_MAX, 0x1p127f};
    float values[100] = {0};
    int16_t indices[100];
    struct clv_extent extent = nothing;

    (void)state;
    SEEDED_EACH_PATH(path)
    {
        for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
            assert_false(clv_quantise_step((enum clv_path)path, values, 100,
                                           steps[i], indices, &extent));
        }
        assert_true(clv_quantise_step((enum clv_path)path, values, 100,
                                      0x1p126f, indices, &extent));
        assert_true(clv_quantise_step((enum clv_path)path, values, 100,
                                      0x1p-126f, indices, &extent));
    }
}

static void the_extent_widens_from_run_to_run(void **state)
{
    float values[40];
    int16_t indices[40];
    struct clv_extent extent = nothing;

    (void)state;
    SEEDED_EACH_PATH(path)
    {
        extent = nothing;
        for (int i = 0; i < 40; i++) {
            values[i] = (float)i;
        }
        clv_quantise_step((enum clv_path)path, values, 40, 1, indices, &extent);
        assert_int_equal(extent.least, 0);
        assert_int_equal(extent.greatest, 39);
        values[33] = -7;
        clv_quantise_step((enum clv_path)path, values, 40, 1, indices, &extent);
        assert_int_equal(extent.least, -7);
        clv_quantise_step((enum clv_path)path, values, 0, 1, indices, &extent);
        assert_int_equal(extent.greatest, 39);
    }
}

/* Each index is the nearest level's, within what f32 rounds away. */
static void check_range(const float *values, size_t count, float lo, float hi,
                        unsigned bits)
{
    int16_t reference[MOST];
    struct clv_extent extent = nothing;
    double step = ((double)hi - lo) / ((1u << bits) - 1);

    SEEDED_EACH_PATH(path)
    {
        int16_t got[MOST];
        struct clv_extent seen = nothing;
        assert_true(clv_quantise_range((enum clv_path)path, values, count, lo,
                                       hi, bits, got, &seen));
        if (path == CLV_PATH_PORTABLE) {
            memcpy(reference, got, count * sizeof *got);
            extent = seen;
        }
        assert_memory_equal(got, reference, count * sizeof *got);
        assert_memory_equal(&seen, &extent, sizeof seen);
    }
    for (size_t i = 0; i < count; i++) {
        double x = values[i] < lo ? lo : values[i] > hi ? hi : values[i];
        assert_in_range(reference[i], 0, (1 << bits) - 1);
        assert_true(fabs(x - (lo + reference[i] * step)) <=
                    step * (0.5 + 1e-3));
    }
}

static void ranges_take_the_nearest_level(void **state)
{
    struct seeded s = seeded_init("range", 3);
    float values[MOST];

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        float width = ldexpf((float)(1 + seeded_unit(&s)),
                             (int)seeded_below(&s, 40) - 20);
        float lo = (float)(seeded_unit(&s) - 0.5) * width;
        size_t count = seeded_below(&s, MOST);
        sample_run(&s, width / 50, values, count);
        check_range(values, count, lo, lo + width, 2 + seeded_below(&s, 7));
    }
}

static void extreme_ranges_work_too(void **state)
{
    const float ranges[][2] = {{-FLT_MAX, FLT_MAX}, {0, 0x1p-149f},
                               {-0x1p-149f, 0},     {0, FLT_MAX},
                               {0, 0x1p-120f},      {1e8f, 1.00001e8f}};
    struct seeded s = seeded_init("extreme", 4);
    float values[MOST];

    (void)state;
    for (size_t r = 0; r < sizeof ranges / sizeof ranges[0]; r++) {
        float lo = ranges[r][0];
        float hi = ranges[r][1];
        for (size_t i = 0; i < MOST; i++) {
            double part = seeded_unit(&s);
            values[i] = (float)(lo * (1 - part) + hi * part);
        }
        values[7] = lo;
        values[8] = hi;
        values[9] = FLT_MAX;
        check_range(values, MOST, lo, hi, 4);
    }
}

static void ranges_refuse_what_is_not_finite(void **state)
{
    const float bad[] = {INFINITY, -INFINITY, NAN, -NAN};
    struct seeded s = seeded_init("not finite", 5);
    float values[MOST] = {0};
    int16_t indices[MOST];
    struct clv_extent extent = nothing;

    (void)state;
    for (int round = 0; round < 400; round++) {
        size_t count = 1 + seeded_below(&s, MOST - 1);
        size_t at = seeded_below(&s, (uint32_t)count);
        values[at] = bad[round % 4];
        SEEDED_EACH_PATH(path)
        {
            assert_false(clv_quantise_range((enum clv_path)path, values, count,
                                            -1, 1, 4, indices, &extent));
            assert_false(clv_quantise_range((enum clv_path)path, values, count,
                                            -FLT_MAX, FLT_MAX, 4, indices,
                                            &extent));
        }
        values[at] = 0;
    }
}

static void what_is_dequantised_is_the_formula(void **state)
{
    struct seeded s = seeded_init("dequantise", 6);
    int16_t indices[MOST];
    int16_t levels[MOST];
    float got[MOST + 1];

    (void)state;
    for (int round = 0; round < 300; round++) {
        float step = (float)seeded_unit(&s);
        unsigned bits = 2 + seeded_below(&s, 7);
        size_t count = seeded_below(&s, MOST);
        for (size_t i = 0; i < count; i++) {
            indices[i] = (int16_t)((int)seeded_below(&s, 65535) - 32767);
            levels[i] = (int16_t)seeded_below(&s, 1u << bits);
        }
        SEEDED_EACH_PATH(path)
        {
            got[count] = 7;
            clv_dequantise_step((enum clv_path)path, indices, count, step, got);
            for (size_t i = 0; i < count; i++) {
                assert_true(got[i] == (float)indices[i] * step);
            }
            clv_dequantise_range((enum clv_path)path, levels, count, -step,
                                 1 + step, bits, got);
            for (size_t i = 0; i < count; i++) {
                double width = (double)(1 + step) - (double)-step;
                double up = levels[i] * width / ((1 << bits) - 1);
                assert_true(got[i] == (float)((double)-step + up));
            }
            assert_true(got[count] == 7);
        }
    }
}

/* Indices from a peer were checked before, but a slip must stay harmless. */
static void a_level_out_of_range_reads_no_other_memory(void **state)
{
    int16_t indices[64];
    float values[64];

    (void)state;
    for (int i = 0; i < 64; i++) {
        indices[i] = (int16_t)(i % 2 ? 32767 : -32768);
    }
    SEEDED_EACH_PATH(path)
    {
        clv_dequantise_range((enum clv_path)path, indices, 64, 0, 1, 8, values);
        for (int i = 0; i < 64; i++) {
            assert_true(values[i] >= 0 && values[i] <= 1);
        }
    }
}

static void values_have_a_least_and_a_greatest(void **state)
{
    struct seeded s = seeded_init("extent", 7);
    float values[MOST];

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        size_t count = 1 + seeded_below(&s, MOST - 1);
        size_t at = seeded_below(&s, (uint32_t)count);
        float least = INFINITY;
        float greatest = -INFINITY;
        sample_run(&s, 1, values, count);
        for (size_t i = 0; i < count; i++) {
            least = fminf(least, values[i]);
            greatest = fmaxf(greatest, values[i]);
        }
        SEEDED_EACH_PATH(path)
        {
            float lo, hi;
            float kept = values[at];
            assert_true(clv_values_extent((enum clv_path)path, values, count,
                                          &lo, &hi));
            assert_true(lo == least && hi == greatest);
            values[at] = round % 3 == 0   ? NAN
                         : round % 3 == 1 ? INFINITY
                                          : -INFINITY;
            assert_false(clv_values_extent((enum clv_path)path, values, count,
                                           &lo, &hi));
            values[at] = kept;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_rounded_as_rint_does),
        cmocka_unit_test(the_bounds_are_exact),
        cmocka_unit_test(a_step_that_means_nothing_is_refused),
        cmocka_unit_test(the_extent_widens_from_run_to_run),
        cmocka_unit_test(ranges_take_the_nearest_level),
        cmocka_unit_test(extreme_ranges_work_too),
        cmocka_unit_test(ranges_refuse_what_is_not_finite),
        cmocka_unit_test(what_is_dequantised_is_the_formula),
        cmocka_unit_test(a_level_out_of_range_reads_no_other_memory),
        cmocka_unit_test(values_have_a_least_and_a_greatest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
