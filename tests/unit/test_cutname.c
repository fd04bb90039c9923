/*
 * test_cutname.c - from a cut's name to its tensors and back, even where
 * tensors have a '+' in their names.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "graph_samples.h"
#include "network/state.h"

static void assert_parsed(void (*make)(struct maker *), const char *name,
                          const char *want, uint32_t count)
{
    struct maker *m = maker_new();
    struct clv_model *model;
    struct clv_cut_set cut;
    cleave_error err = CLEAVE_ERROR_INIT;
    char printed[CLV_CUT_NAME_MAX];

    make(m);
    model = maker_model(m);
    if (clv_cutname_parse(model, name, &cut, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", name, err.text);
    }
    assert_int_equal(cut.count, count);
    assert_int_equal(
        clv_cutname_print(model, &cut, printed, sizeof printed, NULL),
        CLEAVE_OK);
    assert_string_equal(printed, want);
    clv_model_close(model);
    maker_free(m);
}

static void tensors_in_any_order_are_one_cut(void **state)
{
    (void)state;
    assert_parsed(sample_dense, "d1", "d1", 1);
    assert_parsed(sample_dense, "x+d0+d1", "x+d0+d1", 3);
    assert_parsed(sample_dense, "d1+x+d0", "x+d0+d1", 3);
    assert_parsed(sample_dense, "d1+d0+cat1+x", "x+d0+d1+cat1", 4);
    assert_parsed(sample_unsorted, "y+b+a", "a+b+y", 3);
    assert_parsed(sample_mask, "deep+mask", "mask+deep", 2);
}

static void a_plus_may_belong_to_the_name(void **state)
{
    (void)state;
    assert_parsed(sample_names, "a+b", "a+b", 1); /* the longest first */
    assert_parsed(sample_names, "b+a", "a+b", 2);
    assert_parsed(sample_names, "a+b+a", "a+b+a", 2);
    assert_parsed(sample_names, "in+put:0+a+b", "in+put:0+a+b", 2);
    assert_parsed(sample_names, "y/out+in+put:0", "in+put:0+y/out", 2);
}

static void assert_wrong(void (*make)(struct maker *), const char *name,
                         cleave_status want, const char *words)
{
    struct maker *m = maker_new();
    struct clv_model *model;
    struct clv_cut_set cut = {.count = 99};
    cleave_error err = CLEAVE_ERROR_INIT;

    make(m);
    model = maker_model(m);
    assert_int_equal(clv_cutname_parse(model, name, &cut, &err), want);
    if (strstr(err.text, words) == NULL) {
        fail_msg("'%s' does not say '%s'", err.text, words);
    }
    assert_int_equal(cut.count, 99);
    clv_model_close(model);
    maker_free(m);
}

static void wrong_names_are_told_what_comes_near(void **state)
{
    char many[CLV_CUT_NAME_MAX + 1];

    (void)state;
    assert_wrong(sample_mask, "dep", CLEAVE_NOT_FOUND, "Near it are 'deep'.");
    assert_wrong(sample_mask, "", CLEAVE_NOT_FOUND, "no tensor of this name");
    assert_wrong(sample_mask, "+", CLEAVE_NOT_FOUND, "no tensor of this name");
    assert_wrong(sample_mask, "deep+", CLEAVE_NOT_FOUND, "Near it are 'deep'");
    assert_wrong(sample_mask, "+deep", CLEAVE_NOT_FOUND, "Near it are 'deep'");
    assert_wrong(sample_mask, "deep+deep", CLEAVE_INVALID, "twice");
    assert_wrong(sample_chain, "one", CLEAVE_NOT_FOUND, "a constant");
    assert_wrong(sample_dense, "x+d0+d1+d2+cat2", CLEAVE_NOT_FOUND,
                 "no tensor");
    memset(many, 'm', sizeof many - 1);
    many[sizeof many - 1] = '\0';
    assert_wrong(sample_chain, many, CLEAVE_LIMIT, "1023 characters");
    many[CLV_CUT_NAME_MAX - 1] = '\0';
    assert_wrong(sample_chain, many, CLEAVE_NOT_FOUND, "no tensor");
    memset(many, '+', CLV_CUT_NAME_MAX - 1);
    assert_wrong(sample_chain, many, CLEAVE_NOT_FOUND, "no tensor");
}

static void lists_of_tensors_become_cuts(void **state)
{
    static const char *const five[] = {"x", "d0", "d1", "d2", "cat2"};
    static const char *const two[] = {"d1", "d0"};
    struct maker *m = maker_new();
    struct clv_model *model;
    struct clv_cut_set cut;
    char printed[6];

    (void)state;
    sample_dense(m);
    model = maker_model(m);
    assert_int_equal(clv_cutname_gather(model, two, 2, &cut, NULL), CLEAVE_OK);
    assert_string_equal(clv_model_tensor_name(model, cut.tensor[0]), "d0");
    assert_int_equal(clv_cutname_print(model, &cut, printed, 6, NULL),
                     CLEAVE_OK);
    assert_string_equal(printed, "d0+d1");
    assert_int_equal(clv_cutname_print(model, &cut, printed, 5, NULL),
                     CLEAVE_LIMIT);
    assert_int_equal(clv_cutname_gather(model, five, 5, &cut, NULL),
                     CLEAVE_LIMIT);
    assert_int_equal(clv_cutname_gather(model, five, 0, &cut, NULL),
                     CLEAVE_INVALID);
    clv_model_close(model);
    maker_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_in_any_order_are_one_cut),
        cmocka_unit_test(a_plus_may_belong_to_the_name),
        cmocka_unit_test(wrong_names_are_told_what_comes_near),
        cmocka_unit_test(lists_of_tensors_become_cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
