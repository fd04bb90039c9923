/*
 * test_model.c - what a file says of itself.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "graph_samples.h"
#include "scratch_folder.h"

static void files_that_are_not_there_are_not_found(void **state)
{
    struct scratch *s = *state;
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_model *model;

    assert_int_equal(clv_model_open(scratch_path(s, "no.onnx"), &model, &err),
                     CLEAVE_NOT_FOUND);
    assert_int_equal(clv_model_open(s->folder, &model, NULL), CLEAVE_INVALID);
    scratch_write(scratch_path(s, "e.onnx"), "", 0);
    assert_int_equal(clv_model_open(scratch_path(s, "e.onnx"), &model, NULL),
                     CLEAVE_CORRUPT);
    clv_model_close(NULL);
}

static void ends_are_told_with_their_forms(void **state)
{
    struct maker *m = maker_new();
    const cleave_tensor_info *infos;
    struct clv_model *model;
    uint32_t count;

    (void)state;
    sample_names(m);
    model = maker_model(m);
    infos = clv_model_inputs(model, &count);
    assert_int_equal(count, 1);
    assert_string_equal(infos[0].name, "in+put:0");
    assert_int_equal(infos[0].type, CLEAVE_TYPE_F32);
    assert_int_equal(infos[0].rank, 2);
    assert_int_equal(infos[0].shape[0], -1);
    assert_int_equal(infos[0].shape[1], 4);
    infos = clv_model_outputs(model, &count);
    assert_int_equal(count, 1);
    assert_string_equal(infos[0].name, "y/out");
    clv_model_close(model);
    maker_free(m);
}

static void described_tensors_have_forms_and_others_names(void **state)
{
    struct maker *m = maker_new();
    cleave_tensor_info info;
    struct clv_model *model;

    (void)state;
    sample_names(m);
    model = maker_model(m);
    info = clv_model_declared(model, clv_model_find_tensor(model, "a+b"));
    assert_int_equal(info.type, CLEAVE_TYPE_F32);
    assert_int_equal(info.shape[1], 4);
    info = clv_model_declared(model, clv_model_find_tensor(model, "b"));
    assert_int_equal(info.type, CLEAVE_TYPE_NONE);
    assert_string_equal(info.name, "b");
    info = clv_model_declared(model, clv_model_find_tensor(model, "most"));
    assert_int_equal(info.type, CLEAVE_TYPE_F32);
    assert_int_equal(info.rank, 0);
    info = clv_model_declared(model, clv_model_find_tensor(model, "in+put:0"));
    assert_int_equal(info.shape[0], -1);
    info = clv_model_declared(model, clv_model_find_tensor(model, "y/out"));
    assert_int_equal(info.rank, 2);
    clv_model_close(model);
    maker_free(m);
}

static void old_files_list_weights_as_inputs(void **state)
{
    struct maker *m = maker_new();
    struct clv_model *model;
    uint32_t count;

    (void)state;
    sample_old(m);
    model = maker_model(m);
    assert_true(clv_model_has_defaults(model));
    assert_string_equal(clv_model_inputs(model, &count)[0].name, "x");
    assert_int_equal(count, 1);
    assert_true(
        clv_model_is_constant(model, clv_model_find_tensor(model, "w")));
    assert_false(clv_model_is_input(model, clv_model_find_tensor(model, "w")));
    assert_int_equal(clv_model_weight_count(model), 2);
    clv_model_close(model);
    maker_free(m);
    m = maker_new();
    sample_chain(m);
    model = maker_model(m);
    assert_false(clv_model_has_defaults(model));
    clv_model_close(model);
    maker_free(m);
}

static void assert_unsupported_input(Onnx__TypeProto *type)
{
    struct maker *m = maker_new();
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_model *model;

    sample_chain(m);
    maker_input(m, "odd f32 1")->type = type;
    assert_int_equal(maker_parse(m, &model, &err), CLEAVE_UNSUPPORTED);
    assert_non_null(strstr(err.text, "'odd' is not a tensor of numbers"));
    maker_free(m);
}

static void inputs_must_be_tensors_of_numbers(void **state)
{
    struct maker *m = maker_new();
    Onnx__TypeProto *tensor = maker_value(m, "e f32 1x1x1x1x1x1x1x1x1")->type;
    Onnx__TypeProto__Sequence sequence;
    Onnx__TypeProto type;

    (void)state;
    assert_unsupported_input(NULL);
    assert_unsupported_input(tensor); /* rank 9 */
    onnx__type_proto__sequence__init(&sequence);
    onnx__type_proto__init(&type);
    sequence.elem_type = tensor;
    type.value_case = ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE;
    type.sequence_type = &sequence;
    assert_unsupported_input(&type);
    tensor->tensor_type->shape->n_dim = 1;
    tensor->tensor_type->elem_type = 8; /* strings */
    assert_unsupported_input(tensor);
    tensor->tensor_type->elem_type = 1;
    tensor->tensor_type->shape = NULL;
    assert_unsupported_input(tensor);
    maker_free(m);
}

static void absurd_dimensions_of_inputs_are_free(void **state)
{
    struct maker *m = maker_new();
    struct clv_model *model;
    uint32_t count;

    (void)state;
    sample_chain(m);
    maker_input(m, "odd f32 -7x4611686018427387904");
    model = maker_model(m);
    assert_int_equal(clv_model_inputs(model, &count)[1].shape[0], -1);
    assert_int_equal(clv_model_inputs(model, &count)[1].shape[1],
                     (int64_t)1 << 62);
    clv_model_close(model);
    maker_free(m);
}

static void attributes_are_read_or_taken_as_default(void **state)
{
    struct maker *m = maker_new();
    struct clv_model *model;
    uint32_t node;

    (void)state;
    sample_dense(m);
    model = maker_model(m);
    node = clv_model_producer(model, clv_model_find_tensor(model, "cat0"));
    assert_string_equal(clv_model_node_op(model, node), "Concat");
    assert_int_equal(clv_model_node_int(model, node, "axis", 7), 1);
    assert_int_equal(clv_model_node_int(model, node, "group", 7), 7);
    clv_model_close(model);
    maker_free(m);
}

/* The hash is the file's, and follows external data too. */
static void the_hash_is_of_all_that_counts(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "m.onnx");
    const char *data = scratch_path(s, "w");
    struct maker *m = maker_new();
    struct clv_model *model;
    char hash[3][65];

    maker_input(m, "x f32 1x4");
    maker_external(m, "w f32 4", "w", NULL, NULL);
    maker_node(m, "Add", "x,w", "y");
    maker_output(m, "y f32 1x4");
    maker_write(m, path);
    maker_free(m);
    for (int i = 0; i < 3; i++) {
        scratch_write(data, i < 2 ? "0123456789abcdef" : "0123456789abcdeF",
                      16);
        assert_int_equal(clv_model_open(path, &model, NULL), CLEAVE_OK);
        clv_model_sha256(model, hash[i]);
        clv_model_close(model);
    }
    assert_int_equal(strlen(hash[0]), 64);
    assert_string_equal(hash[0], hash[1]);
    assert_string_not_equal(hash[1], hash[2]);
}

int main(void)
{
#define IN_FOLDER(test) \
    cmocka_unit_test_setup_teardown(test, scratch_begin, scratch_end)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(files_that_are_not_there_are_not_found),
        cmocka_unit_test(ends_are_told_with_their_forms),
        cmocka_unit_test(described_tensors_have_forms_and_others_names),
        cmocka_unit_test(old_files_list_weights_as_inputs),
        cmocka_unit_test(inputs_must_be_tensors_of_numbers),
        cmocka_unit_test(absurd_dimensions_of_inputs_are_free),
        cmocka_unit_test(attributes_are_read_or_taken_as_default),
        IN_FOLDER(the_hash_is_of_all_that_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
