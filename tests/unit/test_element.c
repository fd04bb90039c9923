/*
 * test_element.c - types by all their names, sizes that cannot overflow.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tensor/element.h"

static void every_type_is_found_by_each_of_its_names(void **state)
{
    (void)state;
#define X(name, text, oip, onnx, bytes)                              \
    assert_int_equal(clv_type_from_name(text), CLEAVE_TYPE_##name);  \
    assert_int_equal(clv_type_from_oip(oip), CLEAVE_TYPE_##name);    \
    assert_int_equal(clv_type_from_onnx(onnx), CLEAVE_TYPE_##name);  \
    assert_string_equal(cleave_type_name(CLEAVE_TYPE_##name), text); \
    assert_string_equal(clv_type_oip(CLEAVE_TYPE_##name), oip);      \
    assert_int_equal(cleave_type_bytes(CLEAVE_TYPE_##name), bytes);
    CLEAVE_TYPE_LIST(X)
#undef X
    assert_int_equal(clv_type_from_name("Float32"), CLEAVE_TYPE_F32);
    assert_int_equal(clv_type_from_name("double"), CLEAVE_TYPE_F64);
    assert_int_equal(clv_type_from_name("uint64"), CLEAVE_TYPE_U64);
}

static void unknown_types_are_none(void **state)
{
    (void)state;
    assert_int_equal(clv_type_from_name("f8"), CLEAVE_TYPE_NONE);
    assert_int_equal(clv_type_from_oip("fp32"), CLEAVE_TYPE_NONE);
    assert_int_equal(clv_type_from_oip("BYTES"), CLEAVE_TYPE_NONE);
    assert_int_equal(clv_type_from_onnx(8), CLEAVE_TYPE_NONE); /* string */
    assert_int_equal(clv_type_from_onnx(-1), CLEAVE_TYPE_NONE);
    assert_string_equal(cleave_type_name((cleave_type)99), "none");
    assert_int_equal(cleave_type_bytes(CLEAVE_TYPE_NONE), 0);
    assert_null(clv_type_oip(CLEAVE_TYPE_NONE));
}

static cleave_status count(cleave_type type, uint32_t rank, int64_t a,
                           int64_t b, uint64_t *bytes)
{
    cleave_tensor_info info = {"t", type, rank, {a, b}};
    uint64_t elements;

    return cleave_tensor_count(&info, &elements, bytes);
}

static void bytes_are_counted_and_never_overflow(void **state)
{
    uint64_t bytes = 0;

    (void)state;
    assert_int_equal(count(CLEAVE_TYPE_F32, 0, 0, 0, &bytes), CLEAVE_OK);
    assert_int_equal(bytes, 4);
    assert_int_equal(count(CLEAVE_TYPE_I64, 2, 3, 5, &bytes), CLEAVE_OK);
    assert_int_equal(bytes, 120);
    assert_int_equal(count(CLEAVE_TYPE_F32, 2, INT64_MAX, 0, &bytes),
                     CLEAVE_LIMIT);
    assert_int_equal(count(CLEAVE_TYPE_F32, 2, 0, INT64_MAX / 4, &bytes),
                     CLEAVE_OK);
    assert_int_equal(bytes, 0);
    assert_int_equal(count(CLEAVE_TYPE_U8, 1, INT64_MAX, 0, &bytes), CLEAVE_OK);
    assert_int_equal(bytes, INT64_MAX);
    assert_int_equal(count(CLEAVE_TYPE_F32, 1, (int64_t)1 << 62, 0, &bytes),
                     CLEAVE_LIMIT);
    assert_int_equal(
        count(CLEAVE_TYPE_F32, 2, (int64_t)1 << 32, (int64_t)1 << 32, &bytes),
        CLEAVE_LIMIT);
    assert_int_equal(count(CLEAVE_TYPE_F32, 2, 1, -1, &bytes), CLEAVE_INVALID);
    assert_int_equal(count(CLEAVE_TYPE_NONE, 1, 1, 0, &bytes), CLEAVE_INVALID);
    assert_int_equal(count(CLEAVE_TYPE_F32, CLEAVE_MAX_RANK + 1, 1, 1, &bytes),
                     CLEAVE_INVALID);
}

static void free_dimensions_take_any_size(void **state)
{
    cleave_tensor_info want = {"w", CLEAVE_TYPE_F32, 2, {-1, 4}};
    cleave_tensor_info have = {"h", CLEAVE_TYPE_F32, 2, {7, 4}};

    (void)state;
    assert_true(clv_tensor_fits(&want, &have));
    assert_false(clv_tensor_same_form(&want, &have));
    assert_true(clv_tensor_same_form(&have, &have));
    assert_false(clv_tensor_fits(&have, &want));
    have.shape[1] = 5;
    assert_false(clv_tensor_fits(&want, &have));
    have.shape[1] = 4;
    have.type = CLEAVE_TYPE_I32;
    assert_false(clv_tensor_fits(&want, &have));
    assert_false(clv_tensor_same_form(&want, &have));
    have.type = CLEAVE_TYPE_F32;
    have.rank = 1;
    assert_false(clv_tensor_fits(&want, &have));
}

static void a_form_is_described(void **state)
{
    cleave_tensor_info info = {"t", CLEAVE_TYPE_F32, 3, {1, -1, 224}};
    char into[64];

    (void)state;
    assert_string_equal(clv_tensor_describe(&info, into, sizeof into),
                        "f32 1x?x224");
    info.rank = 0;
    assert_string_equal(clv_tensor_describe(&info, into, sizeof into),
                        "f32 scalar");
    info = (cleave_tensor_info){"t", CLEAVE_TYPE_U8, 8, {INT64_MAX, INT64_MAX}};
    memset(into, '#', sizeof into);
    for (size_t size = 1; size < 40; size++) {
        clv_tensor_describe(&info, into, size);
        assert_true(strlen(into) < size);
        assert_int_equal(into[size], '#');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_found_by_each_of_its_names),
        cmocka_unit_test(unknown_types_are_none),
        cmocka_unit_test(bytes_are_counted_and_never_overflow),
        cmocka_unit_test(free_dimensions_take_any_size),
        cmocka_unit_test(a_form_is_described),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
