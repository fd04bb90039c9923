/*
 * test_seam.c - head, then tail, gives what the whole gives.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "profile/seam.h"
#include "rating_bed.h"

static void check_row(struct rating_bed *b, struct clv_seam *seam, int row)
{
    cleave_tensor x = {
        {"x", CLEAVE_TYPE_F32, 2, {1, BED_WIDTH}}, b->x[row], sizeof b->x[row]};
    const cleave_tensor *tensors;
    const cleave_tensor *outputs;
    size_t count;
    size_t output_count;

    assert_int_equal(clv_seam_head(seam, &x, 1, &tensors, &count, NULL),
                     CLEAVE_OK);
    assert_int_equal(
        clv_seam_tail(seam, tensors, count, &outputs, &output_count, NULL),
        CLEAVE_OK);
    assert_int_equal(output_count, 1);
    assert_string_equal(outputs[0].info.name, "y");
    for (int i = 0; i < BED_WIDTH; i++) {
        float positive = b->x[row][i] > 0 ? b->x[row][i] : 0;
        assert_float_equal(((float *)outputs[0].data)[i], positive + 1, 1e-6);
    }
}

static void every_cut_gives_the_whole(void **state)
{
    static const char *const cuts[] = {"input", "a", "b"};
    struct rating_bed *b = *state;

    for (size_t i = 0; i < 3; i++) {
        struct clv_seam *seam = NULL;
        size_t count;
        assert_int_equal(
            clv_seam_open(b->network, cuts[i], CLV_SEAM_BOTH, &seam, NULL),
            CLEAVE_OK);
        assert_string_equal(clv_seam_tensors(seam, &count)->name,
                            i == 0 ? "x" : cuts[i]);
        assert_int_equal(count, 1);
        for (int row = 0; row < 5; row++) {
            check_row(b, seam, row);
        }
        clv_seam_close(seam);
    }
}

static void the_tail_takes_what_it_is_given(void **state)
{
    struct rating_bed *b = *state;
    struct clv_seam *seam = NULL;
    float changed[BED_WIDTH] = {0, 1, 2, 3, 4, 5, 6, 7};
    cleave_tensor a = {
        {"a", CLEAVE_TYPE_F32, 2, {1, BED_WIDTH}}, changed, sizeof changed};
    const cleave_tensor *outputs;
    size_t count;

    assert_int_equal(clv_seam_open(b->network, "a", CLV_SEAM_BOTH, &seam, NULL),
                     CLEAVE_OK);
    assert_int_equal(clv_seam_tail(seam, &a, 1, &outputs, &count, NULL),
                     CLEAVE_OK);
    assert_float_equal(((float *)outputs[0].data)[7], 8, 0);
    clv_seam_close(seam);
}

static void no_seam_where_there_is_no_cut(void **state)
{
    struct rating_bed *b = *state;
    struct clv_seam *seam = NULL;

    assert_int_equal(
        clv_seam_open(b->network, "output", CLV_SEAM_BOTH, &seam, NULL),
        CLEAVE_INVALID);
    assert_int_equal(
        clv_seam_open(b->network, "nothing", CLV_SEAM_BOTH, &seam, NULL),
        CLEAVE_NOT_FOUND);
    assert_null(seam);
    clv_seam_close(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_begin, bed_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_cut_gives_the_whole),
        TEST(the_tail_takes_what_it_is_given),
        TEST(no_seam_where_there_is_no_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
