/*
 * test_stack.c - which samples an array holds for an input.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "media/stack.h"
#include "scratch_array.h"

static const char *folder_of(void **state)
{
    return *state;
}

/* Opens the array as samples of the input; 0 rows if it is refused. */
static uint64_t rows_of(const char *path, uint32_t rank, const int64_t *shape,
                        uint32_t want_rank, int64_t want_first)
{
    cleave_tensor_info want = {"x", CLEAVE_TYPE_F32, rank, {0}};
    struct clv_stack s = {0};
    cleave_error err = CLEAVE_ERROR_INIT;
    uint64_t rows;

    memcpy(want.shape, shape, rank * sizeof *shape);
    if (clv_stack_open(path, &want, &s, &err) != CLEAVE_OK) {
        assert_int_equal(CLEAVE_MISMATCH, err.code);
        assert_non_null(strstr(err.text, "f32 "));
        return 0;
    }
    rows = s.rows;
    assert_int_equal(want_rank, s.row.rank);
    assert_int_equal(want_first, s.row.shape[0]);
    assert_true(s.is_aligned);
    assert_string_equal("x", s.row.name);
    for (uint64_t i = 0; i < rows; i++) {
        float first;
        memcpy(&first, clv_stack_row(&s, i), sizeof first);
        assert_true(first == (float)(i * s.row_bytes / sizeof(float)));
    }
    clv_stack_close(&s);
    return rows;
}

static void an_input_with_a_batch_of_one(void **state)
{
    const char *d = folder_of(state);
    const char *whole = scratch_array(d, "a.npy", SHAPE(1, 2, 3), 0);
    const char *bare = scratch_array(d, "b.npy", SHAPE(2, 3), 0);
    const char *many = scratch_array(d, "c.npy", SHAPE(5, 2, 3), 0);
    const char *both = scratch_array(d, "d.npy", SHAPE(5, 1, 2, 3), 0);
    const char *none = scratch_array(d, "e.npy", SHAPE(0, 2, 3), 0);
    const char *wrong = scratch_array(d, "f.npy", SHAPE(5, 3, 2), 0);

    for (int64_t batch = -1; batch <= 1; batch += 2) {
        assert_int_equal(1, rows_of(whole, SHAPE(batch, 2, 3), 3, 1));
        assert_int_equal(1, rows_of(bare, SHAPE(batch, 2, 3), 3, 1));
        assert_int_equal(5, rows_of(many, SHAPE(batch, 2, 3), 3, 1));
        assert_int_equal(5, rows_of(many, SHAPE(batch, -1, 3), 3, 1));
        assert_int_equal(5, rows_of(both, SHAPE(batch, 2, 3), 3, 1));
        assert_int_equal(0, rows_of(wrong, SHAPE(batch, 2, 3), 0, 0));
    }
    assert_int_equal(
        CLEAVE_MISMATCH,
        clv_stack_open(
            none, &(cleave_tensor_info){"x", CLEAVE_TYPE_F32, 3, {1, 2, 3}},
            &(struct clv_stack){0}, NULL));
}

static void an_input_without_one(void **state)
{
    const char *d = folder_of(state);
    const char *whole = scratch_array(d, "a.npy", SHAPE(4, 3), 0);
    const char *many = scratch_array(d, "b.npy", SHAPE(5, 4, 3), 0);
    const char *row = scratch_array(d, "c.npy", SHAPE(7), 0);

    assert_int_equal(1, rows_of(whole, SHAPE(4, 3), 2, 4));
    assert_int_equal(5, rows_of(many, SHAPE(4, 3), 2, 4));
    assert_int_equal(0, rows_of(row, SHAPE(4, 3), 0, 0));
    assert_int_equal(7, rows_of(row, 0, (int64_t[]){0}, 0, 1));
}

static void types_must_agree(void **state)
{
    const char *path = scratch_array(folder_of(state), "a.npy", SHAPE(1, 3), 0);
    cleave_tensor_info want = {"ids", CLEAVE_TYPE_I64, 2, {1, 3}};
    struct clv_stack s;
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_int_equal(CLEAVE_MISMATCH, clv_stack_open(path, &want, &s, &err));
    assert_non_null(strstr(err.text, "f32 1x3"));
    assert_non_null(strstr(err.text, "ids"));
    assert_non_null(strstr(err.text, "i64 1x3"));
    assert_non_null(strstr(err.where, "a.npy"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_input_with_a_batch_of_one),
        cmocka_unit_test(an_input_without_one),
        cmocka_unit_test(types_must_agree),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
