/*
 * test_pairs.c - a quantised model is a model: it runs, answers nearly what
 * the original answers, and is cut.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "quantised_bed.h"

/* Both files on the same inputs: outputs in the same order, nearly equal. */
static void assert_answers(struct bed *b, const char *path, double share)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct run before;
    struct run after;

    assert_int_equal(run_file(b->engine, b->path, NULL, 0, &before, &err),
                     CLEAVE_OK);
    if (run_file(b->engine, path, NULL, 0, &after, &err) != CLEAVE_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(before.out_count, after.out_count);
    for (size_t i = 0; i < before.out_count; i++) {
        assert_string_equal(before.out[i].info.name, after.out[i].info.name);
        if (!run_same(&before.out[i], &after.out[i], share)) {
            fail_msg("%s is too far away", before.out[i].info.name);
        }
    }
    run_end(&before);
    run_end(&after);
}

static void assert_cuts(struct bed *b, const char *path)
{
    const struct clv_cut *cuts;
    size_t count;
    cleave_error err = CLEAVE_ERROR_INIT;

    strcpy(b->path, path);
    if (clv_network_all_cuts(bed_open(b), &cuts, &count, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(bed_check_cut(b->n, cuts[i].name), 0);
    }
}

static void assert_good(struct bed *b, void (*make)(struct maker *))
{
    static const struct {
        enum clv_eightbit_kind kind;
        const char *name;
    } kinds[] = {{CLV_EIGHTBIT_UNSIGNED, "u8.onnx"},
                 {CLV_EIGHTBIT_SIGNED, "s8.onnx"}};
    char path[160];

    bed_write(b, make);
    strcpy(path, b->path);
    for (size_t i = 0; i < 2; i++) {
        struct made *q;
        strcpy(b->path, path);
        q = made_quantised(b, kinds[i].kind, kinds[i].name);
        assert_answers(b, q->path, 0.04);
        assert_cuts(b, q->path);
        made_forget(q);
    }
}

static void a_residual_network_answers_nearly_the_same(void **state)
{
    assert_good(*state, qsample_residual);
}

static void products_answer_nearly_the_same(void **state)
{
    assert_good(*state, qsample_products);
}

static void an_old_opset_answers_nearly_the_same(void **state)
{
    assert_good(*state, qsample_old);
}

static void what_is_folded_is_gone_and_names_lead_to_what_they_did(void **state)
{
    struct bed *b = *state;
    struct made *q;
    struct clv_model *variant;

    bed_write(b, qsample_residual);
    q = made_quantised(b, CLV_EIGHTBIT_UNSIGNED, "v.onnx");
    assert_int_equal(clv_model_open(q->path, &variant, NULL), CLEAVE_OK);
    assert_int_equal(clv_model_find_tensor(variant, "w2"), CLV_NONE);
    assert_int_equal(clv_model_find_tensor(variant, "c1"), CLV_NONE);
    assert_int_equal(clv_model_find_tensor(variant, "variance"), CLV_NONE);
    assert_true(clv_model_find_tensor(variant, "sum/int8") != CLV_NONE);
    for (uint32_t i = 0; i < clv_model_node_count(variant); i++) {
        assert_string_not_equal(clv_model_node_op(variant, i),
                                "BatchNormalization");
    }
    clv_model_close(variant);
    made_forget(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, bed_begin, bed_end)
        TEST(a_residual_network_answers_nearly_the_same),
        TEST(products_answer_nearly_the_same),
        TEST(an_old_opset_answers_nearly_the_same),
        TEST(what_is_folded_is_gone_and_names_lead_to_what_they_did),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
