/*
 * test_partname.c - tensors name a part in any order, and a part names its
 * tensors in one.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "network_bed.h"
#include "serve/partname.h"

/* x -> Sigmoid -> a, z -> Tanh -> b, a + b -> Sigmoid -> y */
static void make_two(struct maker *m)
{
    maker_input(m, "x f32 1x4");
    maker_input(m, "z f32 1x4");
    maker_node(m, "Sigmoid", "x", "a");
    maker_node(m, "Tanh", "z", "b");
    maker_node(m, "Add", "a,b", "s");
    maker_node(m, "Sigmoid", "s", "y");
    maker_output(m, "y f32 1x4");
}

static void names_match_in_any_order_and_no_other(void **state)
{
    static const cleave_tensor_info infos[] = {{.name = "a"}, {.name = "b"}};
    static const char *const turned[] = {"b", "a"};
    static const char *const other[] = {"a", "c"};

    (void)state;
    assert_true(clv_partname_match(infos, 2, turned, 2));
    assert_false(clv_partname_match(infos, 2, other, 2));
    assert_false(clv_partname_match(infos, 2, turned, 1));
    assert_false(clv_partname_match(infos, 1, turned, 2));
    assert_true(clv_partname_match(infos, 0, turned, 0));
}

static void inputs_are_for_the_whole(void **state)
{
    static const char *const names[] = {"z", "x"};
    struct clv_network *n = bed_make(*state, make_two);
    enum clv_part_kind kind = CLV_PART_TAIL;
    char cut[CLV_PARTNAME_MAX];
    const char **list;
    size_t count;

    assert_int_equal(clv_partname_find(n, names, 2, &kind, cut, NULL),
                     CLEAVE_OK);
    assert_int_equal(kind, CLV_PART_WHOLE);
    assert_string_equal(cut, CLV_CUT_INPUT);
    assert_int_equal(clv_partname_list(n, cut, &list, &count, NULL), CLEAVE_OK);
    assert_int_equal(count, 2);
    assert_string_equal(list[0], "x"); /* as in the model */
    assert_string_equal(list[1], "z");
    free(list);
}

static void tensors_at_a_cut_are_for_the_tail(void **state)
{
    static const char *const names[2][2] = {{"a", "b"}, {"b", "a"}};
    struct clv_network *n = bed_make(*state, make_two);
    char cuts[2][CLV_PARTNAME_MAX];
    const char **list;
    size_t count;

    for (size_t i = 0; i < 2; i++) {
        enum clv_part_kind kind = CLV_PART_WHOLE;
        assert_int_equal(
            clv_partname_find(n, names[i], 2, &kind, cuts[i], NULL), CLEAVE_OK);
        assert_int_equal(kind, CLV_PART_TAIL);
    }
    assert_string_equal(cuts[0], cuts[1]);
    assert_int_equal(clv_partname_list(n, cuts[0], &list, &count, NULL),
                     CLEAVE_OK);
    assert_int_equal(count, 2);
    assert_true(strcmp(list[0], list[1]) != 0);
    free(list);
}

static void what_is_no_cut_is_not_found(void **state)
{
    static const char *const names[] = {"nothing"};
    struct clv_network *n = bed_make(*state, make_two);
    enum clv_part_kind kind = CLV_PART_WHOLE;
    char cut[CLV_PARTNAME_MAX];
    const char **list = NULL;
    size_t count = 7;

    assert_int_equal(clv_partname_find(n, names, 1, &kind, cut, NULL),
                     CLEAVE_NOT_FOUND);
    assert_int_equal(kind, CLV_PART_WHOLE);
    assert_int_equal(clv_partname_list(n, "nothing", &list, &count, NULL),
                     CLEAVE_NOT_FOUND);
    assert_null(list);
    assert_int_equal(count, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, bed_begin, bed_end)
        cmocka_unit_test(names_match_in_any_order_and_no_other),
        TEST(inputs_are_for_the_whole),
        TEST(tensors_at_a_cut_are_for_the_tail),
        TEST(what_is_no_cut_is_not_found),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
