/*
 * test_row.c - a row written and read is the same row.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "nearly.h"
#include "profile/row.h"

static const struct clv_rate rate = {
    .bytes = 1234.5,
    .bits_per_element = 1.25,
    .encode_us = 10.5,
    .decode_us = 9.25,
    .by = CLV_JUDGED_BY_TOPK,
    .score = 0.75,
    .unpacked = 0.8,
    .change_pp = -5,
    .ci_low_pp = -7,
    .ci_high_pp = -2,
    .agreement = 0.9,
    .inputs = 40,
};

static void a_row_comes_back(void **state)
{
    struct clv_packing p = {
        .coder = CLV_CODER_DENSE, .step = 0.5, .step_in_sd = 1};
    json_t *object = clv_row_json("a+b", &p, &rate);
    struct clv_row row;

    (void)state;
    assert_non_null(object);
    assert_true(clv_row_read(object, &row));
    assert_string_equal(row.cut, "a+b");
    assert_int_equal(row.packing.coder, CLV_CODER_DENSE);
    assert_nearly(row.packing.step, 0.5, 0);
    assert_true(row.packing.step_in_sd);
    assert_memory_equal(&row.rate, &rate, sizeof rate);
    assert_nearly(json_number_value(json_object_get(object, "ci_pp")), 2.5,
                  1e-12);
    clv_row_fini(&row);
    json_decref(object);
}

/* The keys that programs rely on, each there and no other way round. */
static void keys_are_the_promised_ones(void **state)
{
    static const char *const keys[] = {
        "cut",       "coder",     "setting", "bytes",     "bits_per_element",
        "encode_us", "decode_us", "metric",  "change_pp", "ci_pp",
        "agreement"};
    struct clv_packing p = {.coder = CLV_CODER_LZ, .bits = 4};
    json_t *object = clv_row_json("a", &p, &rate);

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        assert_non_null(json_object_get(object, keys[i]));
    }
    assert_string_equal(json_string_value(json_object_get(object, "coder")),
                        "lz");
    assert_string_equal(json_string_value(json_object_get(object, "setting")),
                        "bits=4");
    assert_string_equal(json_string_value(json_object_get(object, "metric")),
                        "topk");
    json_decref(object);
}

static void what_is_no_row_is_refused(void **state)
{
    static const char *const keys[] = {"cut",    "pack",   "bytes",
                                       "metric", "inputs", "ci_low_pp"};
    struct clv_packing p = {.coder = CLV_CODER_LZ, .bits = 4};
    struct clv_row row;

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        json_t *object = clv_row_json("a", &p, &rate);
        json_object_set_new(object, keys[i], json_true());
        assert_false(clv_row_read(object, &row));
        json_object_del(object, keys[i]);
        assert_false(clv_row_read(object, &row));
        json_decref(object);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_comes_back),
        cmocka_unit_test(keys_are_the_promised_ones),
        cmocka_unit_test(what_is_no_row_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
