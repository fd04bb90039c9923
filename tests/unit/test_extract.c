/*
 * test_extract.c - a part written out is the same part: read again, and run
 * by ONNX Runtime.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "extract_bed.h"

static void every_feature_survives_the_round_trip(void **state)
{
    struct scratch *s = *state;
    struct clv_engine *engine;

    assert_int_equal(clv_engine_open("cpu:threads=1", &engine, NULL), 0);
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        struct maker *m = maker_new();
        struct clv_model *model;
        struct clv_model *again;
        struct clv_extract what;
        cleave_error err = CLEAVE_ERROR_INIT;
        char name[64];
        const char *path;
        const char *copy;
        snprintf(name, sizeof name, "%s.onnx", samples[i].name);
        path = scratch_path(s, name);
        snprintf(name, sizeof name, "%s-copy.onnx", samples[i].name);
        copy = scratch_path(s, name);
        samples[i].make(m);
        maker_write(m, path);
        model = reopen(path);
        what = all_of(model);
        if (clv_model_write(model, &what, copy, &err) != CLEAVE_OK) {
            fail_msg("%s: %s", err.where, err.text);
        }
        again = reopen(copy);
        assert_false(clv_model_has_defaults(again));
        assert_same_graph(model, again);
        assert_same_runs(engine, path, copy);
        clv_model_close(again);
        clv_model_close(model);
        maker_free(m);
    }
    clv_engine_close(engine);
}

/* Only what the chosen nodes read goes along. */
static void a_part_has_its_own_weights_only(void **state)
{
    struct scratch *s = *state;
    const char *tail = scratch_path(s, "tail.onnx");
    struct clv_model *model = open_product(scratch_path(s, "m.onnx"));
    cleave_tensor_info input = {"c", CLEAVE_TYPE_F32, 2, {1, 64}};
    const uint8_t nodes[] = {0, 0, 1};
    struct clv_extract what = all_of(model);
    struct clv_model *again;

    what.nodes = nodes;
    what.inputs = &input;
    what.input_count = 1;
    assert_int_equal(clv_model_write(model, &what, tail, NULL), CLEAVE_OK);
    again = reopen(tail);
    assert_int_equal(clv_model_node_count(again), 1);
    assert_int_equal(clv_model_weight_count(again), 1);
    assert_string_equal(clv_model_weight(again, 0).tensor.info.name, "b");
    assert_int_equal(clv_model_find_tensor(again, "w"), CLV_NONE);
    clv_model_close(again);
    clv_model_close(model);
}

/* The same values by another way: the summand of a residual block. */
static void pooled_tensors_compute_the_same(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "m.onnx");
    const char *copy = scratch_path(s, "copy.onnx");
    struct maker *m = maker_new();
    struct clv_engine *engine;
    struct clv_extract what;
    struct clv_model *model;
    uint8_t pooled[32] = {0};

    sample_residual(m);
    maker_write(m, path);
    maker_free(m);
    model = reopen(path);
    what = all_of(model);
    what.pooled = pooled;
    pooled[clv_model_find_tensor(model, "r1")] = 1;
    assert_int_equal(clv_model_write(model, &what, copy, NULL), CLEAVE_OK);
    clv_model_close(model);
    model = reopen(copy);
    assert_int_equal(clv_model_node_count(model), 8);
    assert_int_equal(
        clv_model_node_inputs(
            model, clv_model_producer(
                       model, clv_model_find_tensor(model, "r1/pooled")))
            .id[0],
        clv_model_find_tensor(model, "r1"));
    clv_model_close(model);
    assert_int_equal(clv_engine_open("cpu:threads=1", &engine, NULL), 0);
    assert_same_runs(engine, path, copy);
    clv_engine_close(engine);
}

int main(void)
{
#define IN_FOLDER(test) \
    cmocka_unit_test_setup_teardown(test, scratch_begin, scratch_end)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(every_feature_survives_the_round_trip),
        IN_FOLDER(a_part_has_its_own_weights_only),
        IN_FOLDER(pooled_tensors_compute_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
