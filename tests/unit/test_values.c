/*
 * test_values.c - elements as JSON values: ranges, nesting, and round trips.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tensor/element.h"
#include "wire/values.h"

static cleave_status reading(const char *text, cleave_type type, uint32_t rank,
                             const int64_t *shape, void **ret_memory,
                             cleave_error *err)
{
    cleave_tensor_info info = {.name = "x", .type = type, .rank = rank};
    json_t *data = json_loads(text, 0, NULL);
    size_t bytes = 0;
    cleave_status status;

    assert_non_null(data);
    memcpy(info.shape, shape, rank * sizeof *shape);
    status = clv_values_read(data, &info, ret_memory, &bytes, err);
    json_decref(data);
    return status;
}

static void assert_one(const char *text, cleave_type type, cleave_status want)
{
    void *memory = NULL;
    int64_t one = 1;

    assert_int_equal(reading(text, type, 1, &one, &memory, NULL), want);
    free(memory);
}

static void values_are_checked_against_their_type(void **state)
{
    (void)state;
    assert_one("[255]", CLEAVE_TYPE_U8, CLEAVE_OK);
    assert_one("[256]", CLEAVE_TYPE_U8, CLEAVE_INVALID);
    assert_one("[-1]", CLEAVE_TYPE_U8, CLEAVE_INVALID);
    assert_one("[-128]", CLEAVE_TYPE_I8, CLEAVE_OK);
    assert_one("[-129]", CLEAVE_TYPE_I8, CLEAVE_INVALID);
    assert_one("[65536]", CLEAVE_TYPE_U16, CLEAVE_INVALID);
    assert_one("[32768]", CLEAVE_TYPE_I16, CLEAVE_INVALID);
    assert_one("[4294967296]", CLEAVE_TYPE_U32, CLEAVE_INVALID);
    assert_one("[2147483648]", CLEAVE_TYPE_I32, CLEAVE_INVALID);
    assert_one("[9223372036854775807]", CLEAVE_TYPE_I64, CLEAVE_OK);
    assert_one("[-1]", CLEAVE_TYPE_U64, CLEAVE_INVALID);
    assert_one("[1.0]", CLEAVE_TYPE_I32, CLEAVE_INVALID);
    assert_one("[1e39]", CLEAVE_TYPE_F32, CLEAVE_INVALID);
    assert_one("[1e39]", CLEAVE_TYPE_F64, CLEAVE_OK);
    assert_one("[65504]", CLEAVE_TYPE_F16, CLEAVE_OK);
    assert_one("[65520]", CLEAVE_TYPE_F16, CLEAVE_INVALID);
    assert_one("[\"1\"]", CLEAVE_TYPE_F32, CLEAVE_INVALID);
    assert_one("[null]", CLEAVE_TYPE_F32, CLEAVE_INVALID);
    assert_one("[true]", CLEAVE_TYPE_F32, CLEAVE_INVALID);
    assert_one("[true]", CLEAVE_TYPE_BOOL, CLEAVE_OK);
    assert_one("[0]", CLEAVE_TYPE_BOOL, CLEAVE_OK);
    assert_one("[2]", CLEAVE_TYPE_BOOL, CLEAVE_INVALID);
    assert_one("[-1]", CLEAVE_TYPE_BOOL, CLEAVE_INVALID);
    assert_one("[\"true\"]", CLEAVE_TYPE_BOOL, CLEAVE_INVALID);
}

static void assert_shape(const char *text, cleave_status want)
{
    static const int64_t shape[] = {2, 3};
    static const float expected[] = {1, 2, 3, 4, 5, 6};
    void *memory = NULL;

    assert_int_equal(reading(text, CLEAVE_TYPE_F32, 2, shape, &memory, NULL),
                     want);
    if (want == CLEAVE_OK) {
        assert_memory_equal(memory, expected, sizeof expected);
    }
    free(memory);
}

static void data_are_flat_or_nested_as_the_shape_says(void **state)
{
    (void)state;
    assert_shape("[1,2,3,4,5,6]", CLEAVE_OK);
    assert_shape("[[1,2,3],[4,5,6]]", CLEAVE_OK);
    assert_shape("[[1,2],[3,4],[5,6]]", CLEAVE_INVALID);
    assert_shape("[[1,2,3],[4,5]]", CLEAVE_INVALID);
    assert_shape("[[1,2,3,4],[5,6]]", CLEAVE_INVALID);
    assert_shape("[[1,2,3],4,5,6]", CLEAVE_INVALID);
    assert_shape("[1,2,3,[4,5,6]]", CLEAVE_INVALID);
    assert_shape("[[[1,2,3]],[[4,5,6]]]", CLEAVE_INVALID);
    assert_shape("[1,2,3,4,5]", CLEAVE_INVALID);
    assert_shape("[]", CLEAVE_INVALID);
}

static void the_message_names_the_tensor_and_both_numbers(void **state)
{
    static const int64_t huge[] = {1000000, 1000000};
    cleave_error error = CLEAVE_ERROR_INIT;
    void *memory = NULL;

    (void)state;
    assert_int_equal(
        reading("[1,2]", CLEAVE_TYPE_F32, 2, huge, &memory, &error),
        CLEAVE_INVALID);
    assert_non_null(strstr(error.text, "'x'"));
    assert_non_null(strstr(error.text, " 2 values"));
    assert_non_null(strstr(error.text, "1000000000000"));
    assert_null(memory);
}

static void round_trip(cleave_type type, const void *data, size_t bytes)
{
    cleave_tensor t = {.info = {.name = "x", .type = type, .rank = 1},
                       .data = (void *)(uintptr_t)data,
                       .bytes = bytes};
    struct clv_buffer text;
    void *memory = NULL;

    t.info.shape[0] = (int64_t)(bytes / cleave_type_bytes(type));
    clv_buffer_init(&text, 100000);
    assert_int_equal(clv_values_write(&t, &text, NULL), CLEAVE_OK);
    clv_buffer_append(&text, "", 1);
    assert_int_equal(
        reading((char *)text.data, type, 1, t.info.shape, &memory, NULL),
        CLEAVE_OK);
    assert_memory_equal(memory, data, bytes);
    free(memory);
    clv_buffer_fini(&text);
}

static void what_is_written_reads_back_bit_for_bit(void **state)
{
    const float singles[] = {0.1f,   1.0f / 3,      -0.0f,
                             1e-45f, 3.4028234e38f, 16777217.0f};
    const double doubles[] = {0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308};
    const uint16_t halves[] = {0x0001, 0x3c01, 0x7bff, 0x8000, 0xfbff};
    const int8_t i8[] = {-128, 127, 0};
    const int16_t i16[] = {-32768, 32767};
    const int32_t i32[] = {INT32_MIN, INT32_MAX};
    const int64_t i64[] = {INT64_MIN, INT64_MAX};
    const uint32_t u32[] = {0, UINT32_MAX};
    const uint64_t u64[] = {0, INT64_MAX};
    const uint8_t bools[] = {1, 0, 1};

    (void)state;
    round_trip(CLEAVE_TYPE_F32, singles, sizeof singles);
    round_trip(CLEAVE_TYPE_F64, doubles, sizeof doubles);
    round_trip(CLEAVE_TYPE_F16, halves, sizeof halves);
    round_trip(CLEAVE_TYPE_I8, i8, sizeof i8);
    round_trip(CLEAVE_TYPE_I16, i16, sizeof i16);
    round_trip(CLEAVE_TYPE_I32, i32, sizeof i32);
    round_trip(CLEAVE_TYPE_I64, i64, sizeof i64);
    round_trip(CLEAVE_TYPE_U32, u32, sizeof u32);
    round_trip(CLEAVE_TYPE_U64, u64, sizeof u64);
    round_trip(CLEAVE_TYPE_BOOL, bools, sizeof bools);
}

static void what_json_cannot_carry_is_refused(void **state)
{
    float bad[] = {1.0f, INFINITY, NAN};
    cleave_tensor t = {.info = {.name = "x", .type = CLEAVE_TYPE_F32},
                       .data = bad,
                       .bytes = sizeof bad};
    cleave_error error = CLEAVE_ERROR_INIT;
    struct clv_buffer text;

    (void)state;
    clv_buffer_init(&text, 1000);
    assert_int_equal(clv_values_write(&t, &text, &error), CLEAVE_UNSUPPORTED);
    assert_non_null(strstr(error.text, "Value 1 "));
    assert_non_null(strstr(error.text, "binary_data"));
    clv_buffer_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_checked_against_their_type),
        cmocka_unit_test(data_are_flat_or_nested_as_the_shape_says),
        cmocka_unit_test(the_message_names_the_tensor_and_both_numbers),
        cmocka_unit_test(what_is_written_reads_back_bit_for_bit),
        cmocka_unit_test(what_json_cannot_carry_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
