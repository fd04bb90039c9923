/*
 * test_half.c - f16: every value of the format, and the edges of rounding.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "tensor/element.h"

#define HALVES 65536

static void every_half_survives_the_round_trip(void **state)
{
    uint16_t *in = malloc(HALVES * sizeof *in);
    uint16_t *out = malloc(HALVES * sizeof *out);
    float *wide = malloc(HALVES * sizeof *wide);

    (void)state;
    for (uint32_t i = 0; i < HALVES; i++) {
        in[i] = (uint16_t)i;
    }
    clv_f16_to_f32(in, HALVES, wide);
    clv_f32_to_f16(wide, HALVES, out);
    for (uint32_t i = 0; i < HALVES; i++) {
        if (isnan(wide[i])) {
            assert_true((out[i] & 0x7c00) == 0x7c00 && (out[i] & 0x3ff) != 0);
        } else {
            assert_int_equal(in[i], out[i]);
        }
    }
    free(in);
    free(out);
    free(wide);
}

static void assert_half(float x, uint16_t want)
{
    float many[9];
    uint16_t out[9];

    for (int i = 0; i < 9; i++) {
        many[i] = x;
    }
    clv_f32_to_f16(many, 9, out); /* eight in a vector, one alone */
    assert_int_equal(out[0], want);
    assert_int_equal(out[8], want);
}

static void rounding_is_to_nearest_even(void **state)
{
    (void)state;
    assert_half(1.0f, 0x3c00);
    assert_half(1.0f + 0x1p-11f, 0x3c00);            /* tie, to even */
    assert_half(1.0f + 3 * 0x1p-11f, 0x3c02);        /* tie, to even */
    assert_half(1.0f + 0x1p-11f + 0x1p-20f, 0x3c01); /* above the tie */
    assert_half(65504.0f, 0x7bff);
    assert_half(65519.0f, 0x7bff);
    assert_half(65520.0f, 0x7c00); /* rounds up to infinity */
    assert_half(1e30f, 0x7c00);
    assert_half(-1e30f, 0xfc00);
    assert_half(0x1p-24f, 0x0001);
    assert_half(0x1p-25f, 0x0000); /* tie, to even */
    assert_half(0x1.8p-25f, 0x0001);
    assert_half(-0.0f, 0x8000);
    assert_half(0x1p-14f, 0x0400);
    assert_half(0x1p-14f - 0x1p-26f, 0x0400); /* subnormal rounds to normal */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_half_survives_the_round_trip),
        cmocka_unit_test(rounding_is_to_nearest_even),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
