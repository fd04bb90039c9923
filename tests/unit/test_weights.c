/*
 * test_weights.c - every weight's bytes are found where they are, are not
 * copied, and are not believed without a look.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <malloc.h>

#include "graph_maker.h"
#include "model/graph.h"
#include "scratch_folder.h"

/* y = x + w, with the weight that the caller adds. */
static struct maker *new_sum(void)
{
    struct maker *m = maker_new();

    maker_input(m, "x f32 1x4");
    maker_node(m, "Add", "x,w", "y");
    maker_output(m, "y f32 1x4");
    return m;
}

static void assert_refused(struct maker *m, cleave_status want,
                           const char *words)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_model *model;

    assert_int_equal(maker_parse(m, &model, &err), want);
    if (strstr(err.text, words) == NULL) {
        fail_msg("'%s' does not say '%s'", err.text, words);
    }
    maker_free(m);
}

static void raw_data_of_the_wrong_length_is_refused(void **state)
{
    static const size_t sizes[] = {0, 1, 15, 17, 32};
    const uint8_t bytes[32] = {0};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct maker *m = new_sum();
        maker_raw(m, "w f32 4", bytes, sizes[i]);
        assert_refused(m, CLEAVE_CORRUPT, "its shape needs 16");
    }
}

static void absurd_dimensions_are_refused(void **state)
{
    static const char *const forms[] = {
        "w f32 -2", "w f32 4611686018427387904", "w f32 4294967296x4294967296",
        "w f32 9223372036854775807x9", "w u8 3037000500x3037000500"};
    const uint8_t bytes[16] = {0};

    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct maker *m = new_sum();
        maker_raw(m, forms[i], bytes, sizeof bytes);
        assert_refused(m, CLEAVE_CORRUPT, "'w' has an absurd shape");
    }
}

static void weights_of_unknown_type_are_carried_unread(void **state)
{
    struct maker *m = new_sum();
    struct clv_model *model;
    struct clv_weight w;

    (void)state;
    maker_raw(m, "w f32 4", "odd", 3)->data_type = 16; /* bfloat16 */
    model = maker_model(m);
    w = clv_model_weight(model, 0);
    assert_int_equal(w.tensor.info.type, CLEAVE_TYPE_NONE);
    assert_int_equal(w.tensor.bytes, 3);
    assert_memory_equal(w.tensor.data, "odd", 3);
    clv_model_close(model);
    maker_free(m);
}

/* -- External data -- */

static cleave_status open_external(struct scratch *s, const char *location,
                                   const char *offset, const char *length,
                                   struct clv_model **ret_model,
                                   cleave_error *err)
{
    struct maker *m = new_sum();
    const char *path = scratch_path(s, "m.onnx");

    maker_external(m, "w f32 4", location, offset, length);
    maker_write(m, path);
    maker_free(m);
    return clv_model_open(path, ret_model, err);
}

static void external_data_is_found_and_mapped_once(void **state)
{
    struct scratch *s = *state;
    struct maker *m = maker_new();
    struct clv_model *model;
    struct clv_weight w[2];
    float numbers[12];

    for (size_t i = 0; i < 12; i++) {
        numbers[i] = maker_number(i);
    }
    assert_int_equal(mkdir(scratch_path(s, "below"), 0700), 0);
    scratch_write(scratch_path(s, "below/w.data"), numbers, sizeof numbers);
    maker_input(m, "x f32 1x4");
    maker_external(m, "w f32 4", "below/w.data", "16", "16");
    maker_external(m, "v f32 4", "below/w.data", "32", NULL);
    maker_node(m, "Sum", "x,w,v", "y");
    maker_output(m, "y f32 1x4");
    maker_write(m, scratch_path(s, "m.onnx"));
    maker_free(m);
    assert_int_equal(clv_model_open(scratch_path(s, "m.onnx"), &model, NULL),
                     CLEAVE_OK);
    w[0] = clv_model_weight(model, 0);
    w[1] = clv_model_weight(model, 1);
    assert_string_equal(w[0].location, "below/w.data");
    assert_memory_equal(w[0].tensor.data, numbers + 4, 16);
    assert_memory_equal(w[1].tensor.data, numbers + 8, 16);
    assert_ptr_equal((float *)w[0].tensor.data + 4, w[1].tensor.data);
    clv_model_close(model);
}

static void external_data_stays_in_the_models_folder(void **state)
{
    static const char *const locations[] = {
        "../w.data", "/etc/passwd", "a/../../w.data", "..", "a/..", "", NULL};
    struct scratch *s = *state;
    struct clv_model *model;

    for (size_t i = 0; i < sizeof locations / sizeof locations[0]; i++) {
        cleave_error err = CLEAVE_ERROR_INIT;
        assert_int_equal(
            open_external(s, locations[i], NULL, NULL, &model, &err),
            CLEAVE_CORRUPT);
        assert_non_null(strstr(err.text, locations[i] ? "folder" : "right"));
    }
    scratch_write(scratch_path(s, "..w"), "0123456789abcdef", 16);
    assert_int_equal(open_external(s, "..w", NULL, NULL, &model, NULL),
                     CLEAVE_OK); /* two dots, but no way up */
    clv_model_close(model);
}

static void external_data_that_is_not_there_is_refused(void **state)
{
    static const struct {
        const char *location;
        const char *offset;
        const char *length;
        cleave_status want;
        const char *words;
    } cases[] = {
        {"none", NULL, NULL, CLEAVE_NOT_FOUND, "No such file"},
        {"w", "5", NULL, CLEAVE_CORRUPT, "needs 16 bytes at 5"},
        {"w", "21", NULL, CLEAVE_CORRUPT, "cut short"},
        {"w", "18446744073709551615", NULL, CLEAVE_CORRUPT, "cut short"},
        {"w", "99999999999999999999999", NULL, CLEAVE_CORRUPT, "cut short"},
        {"w", "0", "15", CLEAVE_CORRUPT, "cut short"},
        {"w", "0", "17", CLEAVE_CORRUPT, "cut short"},
        {"w", "-1", NULL, CLEAVE_CORRUPT, "not described right"},
        {"w", "1x", NULL, CLEAVE_CORRUPT, "not described right"},
        {"w", "0", "", CLEAVE_CORRUPT, "not described right"},
        {".", NULL, NULL, CLEAVE_INVALID, "not a file"},
    };
    struct scratch *s = *state;

    scratch_write(scratch_path(s, "w"), "0123456789abcdefghij", 20);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cleave_error err = CLEAVE_ERROR_INIT;
        struct clv_model *model;
        assert_int_equal(open_external(s, cases[i].location, cases[i].offset,
                                       cases[i].length, &model, &err),
                         cases[i].want);
        if (strstr(err.text, cases[i].words) == NULL) {
            fail_msg("'%s' does not say '%s'", err.text, cases[i].words);
        }
    }
}

static void bytes_alone_have_no_folder(void **state)
{
    struct maker *m = new_sum();

    (void)state;
    maker_external(m, "w f32 4", "w", NULL, NULL);
    assert_refused(m, CLEAVE_CORRUPT, "folder");
}

/* -- Not copied -- */

#define LARGE ((size_t)64 << 20)

static void write_large(const char *path)
{
    struct maker *m = maker_new();
    Onnx__TensorProto *t = maker_tensor(m, "w f32 16777216");

    t->has_raw_data = 1;
    t->raw_data.len = LARGE;
    t->raw_data.data = calloc(1, LARGE);
    MAKER_ADD(m, m->at, initializer, t);
    maker_input(m, "x f32 1");
    maker_node(m, "Add", "x,w", "y");
    maker_output(m, "y f32 16777216");
    maker_write(m, path);
    free(t->raw_data.data);
    maker_free(m);
}

static void a_large_weight_is_not_copied(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "large.onnx");
    struct mallinfo2 before;
    struct mallinfo2 after;
    struct clv_model *model;
    struct clv_weight w;
    const uint8_t *data;

    write_large(path);
    before = mallinfo2();
    assert_int_equal(clv_model_open(path, &model, NULL), CLEAVE_OK);
    after = mallinfo2();
    assert_true(after.uordblks + after.hblkhd <
                before.uordblks + before.hblkhd + (1 << 20));
    w = clv_model_weight(model, 0);
    data = w.tensor.data;
    assert_int_equal(w.tensor.bytes, LARGE);
    assert_true(data > model->map.bytes.data);
    assert_true(data + LARGE <= model->map.bytes.data + model->map.bytes.size);
    clv_model_close(model);
}

int main(void)
{
#define IN_FOLDER(test) \
    cmocka_unit_test_setup_teardown(test, scratch_begin, scratch_end)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raw_data_of_the_wrong_length_is_refused),
        cmocka_unit_test(absurd_dimensions_are_refused),
        cmocka_unit_test(weights_of_unknown_type_are_carried_unread),
        IN_FOLDER(external_data_is_found_and_mapped_once),
        IN_FOLDER(external_data_stays_in_the_models_folder),
        IN_FOLDER(external_data_that_is_not_there_is_refused),
        cmocka_unit_test(bytes_alone_have_no_folder),
        IN_FOLDER(a_large_weight_is_not_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
