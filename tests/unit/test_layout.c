/*
 * test_layout.c - element types have the numbers of docs/format.md.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "codec/layout.h"

static void numbers_are_those_of_the_format(void **state)
{
    static const cleave_type order[] = {
        CLEAVE_TYPE_F32,  CLEAVE_TYPE_F16, CLEAVE_TYPE_U8,  CLEAVE_TYPE_I8,
        CLEAVE_TYPE_BOOL, CLEAVE_TYPE_U16, CLEAVE_TYPE_I16, CLEAVE_TYPE_U32,
        CLEAVE_TYPE_I32,  CLEAVE_TYPE_U64, CLEAVE_TYPE_I64, CLEAVE_TYPE_F64};

    (void)state;
    for (unsigned i = 0; i < 12; i++) {
        assert_int_equal(clv_layout_type(i), order[i]);
        assert_int_equal(clv_layout_number(order[i]), i);
    }
}

static void every_type_has_a_number(void **state)
{
#define X(name, text, oip, onnx, bytes) CLEAVE_TYPE_##name,
    const cleave_type all[] = {CLEAVE_TYPE_LIST(X)};
#undef X

    (void)state;
    assert_int_equal(sizeof all / sizeof *all, 12);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        assert_int_equal(clv_layout_type(clv_layout_number(all[i])), all[i]);
    }
}

static void other_numbers_are_no_type(void **state)
{
    (void)state;
    for (unsigned i = 12; i < 1000; i++) {
        assert_int_equal(clv_layout_type(i), CLEAVE_TYPE_NONE);
    }
    assert_int_equal(clv_layout_type(UINT32_MAX), CLEAVE_TYPE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_those_of_the_format),
        cmocka_unit_test(every_type_has_a_number),
        cmocka_unit_test(other_numbers_are_no_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
