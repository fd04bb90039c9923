/*
 * test_operands.c - integers that stand for a node's weights: signed, around
 * zero, a step for each channel; and what was folded is in them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "quantised_bed.h"

static void weights_are_signed_with_zero_points_of_zero(void **state)
{
    struct bed *b = *state;
    struct made *q;
    struct clv_model *variant;
    struct clv_weight w;
    const float *scales;
    const int8_t *values;

    bed_write(b, qsample_residual);
    q = made_quantised(b, CLV_EIGHTBIT_UNSIGNED, "v.onnx");
    assert_int_equal(clv_model_open(q->path, &variant, NULL), CLEAVE_OK);
    w = made_weight(variant, "b/w8");
    assert_int_equal(w.tensor.info.type, CLEAVE_TYPE_I8);
    assert_int_equal(w.tensor.bytes, 8 * 8 * 9);
    values = w.tensor.data;
    w = made_weight(variant, "b/wscale");
    assert_int_equal(w.tensor.info.shape[0], 8);
    scales = w.tensor.data;
    for (size_t i = 0; i < 8 * 8 * 9; i++) {
        float scale;
        memcpy(&scale, scales + i / 72, sizeof scale);
        assert_float_equal((float)values[i] * scale, maker_number(i),
                           scale * 0.501f);
    }
    w = made_weight(variant, "b/wzero");
    assert_int_equal(w.tensor.bytes, 8);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(((const int8_t *)w.tensor.data)[i], 0);
    }
    clv_model_close(variant);
    made_forget(q);
}

/* What the variant's float `name` stands for, times its scale. */
static double number(const struct clv_model *variant, const char *values,
                     const char *scales, size_t i, size_t inner)
{
    struct clv_weight w = made_weight(variant, values);
    struct clv_weight s = made_weight(variant, scales);
    float scale;
    int32_t whole;

    memcpy(&scale, (const float *)s.tensor.data + i / inner, sizeof scale);
    if (w.tensor.info.type == CLEAVE_TYPE_I8) {
        return ((const int8_t *)w.tensor.data)[i] * (double)scale;
    }
    memcpy(&whole, (const int32_t *)w.tensor.data + i, sizeof whole);
    return whole * (double)scale;
}

/* c1 has no bias; the normalisation behind it gives it one. */
static void a_normalisation_is_in_weights_and_bias(void **state)
{
    struct bed *b = *state;
    struct made *q;
    struct clv_model *variant;

    bed_write(b, qsample_residual);
    q = made_quantised(b, CLV_EIGHTBIT_UNSIGNED, "v.onnx");
    assert_int_equal(clv_model_open(q->path, &variant, NULL), CLEAVE_OK);
    for (size_t i = 0; i < 8 * 27; i++) {
        size_t k = i / 27;
        double variance = 0.5 + (double)k / 4;
        double by = maker_number(k) / sqrt(variance + 1e-5);
        assert_true(fabs(number(variant, "n1/w8", "n1/wscale", i, 27) -
                         maker_number(i) * by) < 0.01 * fabs(by) + 1e-9);
    }
    for (size_t k = 0; k < 8; k++) {
        double by = maker_number(k) / sqrt(0.5 + (double)k / 4 + 1e-5);
        double bias = maker_number(k) - maker_number(k) * by;
        assert_true(fabs(number(variant, "n1/b32", "n1/bscale", k, 1) - bias) <
                    1e-3);
    }
    clv_model_close(variant);
    made_forget(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, bed_begin, bed_end)
        TEST(weights_are_signed_with_zero_points_of_zero),
        TEST(a_normalisation_is_in_weights_and_bias),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
