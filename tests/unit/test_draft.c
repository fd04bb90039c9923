/*
 * test_draft.c - a variant is written whole, the same each time, or not at
 * all.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "quantised_bed.h"
#include "scarce_memory.h"

static clv_bytes read_all(const char *path, struct clv_map *map)
{
    assert_int_equal(clv_map_open(path, map, NULL), CLEAVE_OK);
    return map->bytes;
}

static void assert_same_file(const char *a, const char *b)
{
    struct clv_map maps[2];
    clv_bytes first = read_all(a, &maps[0]);
    clv_bytes second = read_all(b, &maps[1]);

    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    clv_map_close(&maps[0]);
    clv_map_close(&maps[1]);
}

/* Also when the original keeps its weights in another file. */
static void equal_weights_give_equal_bytes_in_one_file(void **state)
{
    struct bed *b = *state;
    char outside[160];
    uint32_t inputs;
    uint32_t outputs;
    struct clv_extract what = {.embed_limit_bytes = 1};
    struct made *q[3];

    bed_write(b, qsample_residual);
    q[0] = made_quantised(b, CLV_EIGHTBIT_UNSIGNED, "first.onnx");
    q[1] = made_quantised(b, CLV_EIGHTBIT_UNSIGNED, "second.onnx");
    assert_same_file(q[0]->path, q[1]->path);
    what.inputs = clv_model_inputs(q[0]->model, &inputs);
    what.input_count = inputs;
    what.outputs = clv_model_outputs(q[0]->model, &outputs);
    what.output_count = outputs;
    snprintf(outside, sizeof outside, "%s/outside.onnx", b->folder);
    assert_int_equal(clv_model_write(q[0]->model, &what, outside, NULL),
                     CLEAVE_OK);
    strcpy(b->path, outside);
    q[2] = made_quantised(b, CLV_EIGHTBIT_UNSIGNED, "third.onnx");
    assert_non_null(made_weight(q[2]->model, "w2").location);
    assert_same_file(q[0]->path, q[2]->path);
    for (size_t i = 0; i < 3; i++) {
        made_forget(q[i]);
    }
}

static void what_cannot_be_written_leaves_nothing(void **state)
{
    struct bed *b = *state;
    cleave_error err = CLEAVE_ERROR_INIT;
    struct made *q;

    bed_write(b, qsample_residual);
    q = made_quantised(b, CLV_EIGHTBIT_UNSIGNED, "v.onnx");
    assert_int_equal(clv_quantised_write(q->plan, q->ranges,
                                         CLV_EIGHTBIT_UNSIGNED,
                                         "/no/such/folder/v.onnx", &err),
                     CLEAVE_IO);
    assert_non_null(strstr(err.where, "/no/such/folder/v.onnx"));
    made_forget(q);
}

#if SCARCE_MEMORY
static void without_memory_nothing_is_written(void **state)
{
    struct bed *b = *state;
    struct made *q;
    long n = 0;
    int failed = 1;
    int refused = 0;

    bed_write(b, qsample_residual);
    q = made_quantised(b, CLV_EIGHTBIT_UNSIGNED, "v.onnx");
    assert_int_equal(remove(q->path), 0);
    while (failed) {
        cleave_error err = CLEAVE_ERROR_INIT;
        cleave_status status;
        long held = scarce_begin(++n);
        long after;
        status = clv_quantised_write(q->plan, q->ranges, CLV_EIGHTBIT_UNSIGNED,
                                     q->path, &err);
        failed = scarce_end(&after);
        assert_int_equal(after, held);
        /* a stream can do without its buffer */
        refused += status == CLEAVE_MEMORY;
        assert_true(failed || status == CLEAVE_OK);
        assert_int_equal(access(q->path, F_OK), status == CLEAVE_OK ? 0 : -1);
        remove(q->path);
    }
    assert_true(refused > 2);
    made_forget(q);
}
#endif

/* A name that the model has already is not taken. */
static void make_taken(struct maker *m)
{
    maker_input(m, "x f32 1x4x6x6");
    maker_raw_floats(m, "w1 f32 4x4x3x3");
    qsample_conv(m, "x,w1", "a");
    maker_node(m, "Neg", "a", "x/int8");
    maker_output(m, "x/int8 f32 1x4x6x6");
}

static void names_that_are_taken_get_a_number(void **state)
{
    struct bed *b = *state;
    struct made *q;
    struct clv_model *variant;

    bed_write(b, make_taken);
    q = made_quantised(b, CLV_EIGHTBIT_UNSIGNED, "v.onnx");
    assert_int_equal(clv_model_open(q->path, &variant, NULL), CLEAVE_OK);
    assert_true(clv_model_find_tensor(variant, "x/int82") != CLV_NONE);
    assert_true(clv_model_find_tensor(variant, "x/int8") != CLV_NONE);
    clv_model_close(variant);
    made_forget(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, bed_begin, bed_end)
        TEST(equal_weights_give_equal_bytes_in_one_file),
        TEST(what_cannot_be_written_leaves_nothing),
#if SCARCE_MEMORY
        TEST(without_memory_nothing_is_written),
#endif
        TEST(names_that_are_taken_get_a_number),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
