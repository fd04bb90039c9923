/*
 * test_pairs.c - a quantised model is a model: it runs, answers nearly what
 * the original answers, and is cut. Its weights are what they should be.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/extract.h"
#include "model/quantised.h"
#include "network_bed.h"
#include "quantised_samples.h"

#define MOST_TENSORS 32

struct made {
    struct clv_model *model;
    struct clv_quantised *plan;
    struct clv_range ranges[MOST_TENSORS];
    char path[160]; /* of the variant */
};

/* The ranges of one run, on inputs that are made up. */
static void find_ranges(struct bed *b, struct made *q)
{
    struct clv_ids ids = clv_quantised_tensors(q->plan);
    cleave_tensor_info ends[MOST_TENSORS] = {{0}};
    char path[160];
    uint32_t inputs;
    struct clv_extract what = {.inputs = clv_model_inputs(q->model, &inputs),
                               .outputs = ends,
                               .output_count = ids.count};
    struct run r;

    assert_true(ids.count <= MOST_TENSORS);
    for (uint32_t i = 0; i < ids.count; i++) {
        ends[i].name = clv_model_tensor_name(q->model, ids.id[i]);
    }
    what.input_count = inputs;
    snprintf(path, sizeof path, "%s/ranges.onnx", b->folder);
    assert_int_equal(clv_model_write(q->model, &what, path, NULL), CLEAVE_OK);
    assert_int_equal(run_file(b->engine, path, NULL, 0, &r, NULL), CLEAVE_OK);
    for (uint32_t i = 0; i < ids.count; i++) {
        const float *x = r.out[i].data;
        for (size_t k = 0; k < r.out[i].bytes / sizeof *x; k++) {
            q->ranges[i].low = fminf(q->ranges[i].low, x[k]);
            q->ranges[i].high = fmaxf(q->ranges[i].high, x[k]);
        }
    }
    run_end(&r);
}

static struct made *quantise(struct bed *b, enum clv_eightbit_kind kind,
                             const char *name)
{
    struct made *q = calloc(1, sizeof *q);
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_non_null(q);
    if (b->engine == NULL) {
        assert_int_equal(clv_engine_open("cpu:threads=1", &b->engine, NULL),
                         CLEAVE_OK);
    }
    if (clv_model_open(b->path, &q->model, &err) != CLEAVE_OK ||
        clv_quantised_new(q->model, &q->plan, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    find_ranges(b, q);
    snprintf(q->path, sizeof q->path, "%s/%s", b->folder, name);
    assert_int_equal(
        clv_quantised_write(q->plan, q->ranges, kind, q->path, &err),
        CLEAVE_OK);
    return q;
}

static void forget(struct made *q)
{
    clv_quantised_free(q->plan);
    clv_model_close(q->model);
    free(q);
}

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
        q = quantise(b, kinds[i].kind, kinds[i].name);
        assert_answers(b, q->path, 0.04);
        assert_cuts(b, q->path);
        forget(q);
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

static struct clv_weight weight(const struct clv_model *model, const char *name)
{
    for (uint32_t i = 0; i < clv_model_weight_count(model); i++) {
        struct clv_weight w = clv_model_weight(model, i);
        if (strcmp(w.tensor.info.name, name) == 0) {
            return w;
        }
    }
    fail_msg("there is no weight %s", name);
    return (struct clv_weight){.location = NULL};
}

static void weights_are_signed_with_zero_points_of_zero(void **state)
{
    struct bed *b = *state;
    struct made *q;
    struct clv_model *variant;
    struct clv_weight w;
    const float *scales;
    const int8_t *values;

    bed_write(b, qsample_residual);
    q = quantise(b, CLV_EIGHTBIT_UNSIGNED, "v.onnx");
    assert_int_equal(clv_model_open(q->path, &variant, NULL), CLEAVE_OK);
    w = weight(variant, "b/w8");
    assert_int_equal(w.tensor.info.type, CLEAVE_TYPE_I8);
    assert_int_equal(w.tensor.bytes, 8 * 8 * 9);
    values = w.tensor.data;
    w = weight(variant, "b/wscale");
    assert_int_equal(w.tensor.info.shape[0], 8);
    scales = w.tensor.data;
    for (size_t i = 0; i < 8 * 8 * 9; i++) {
        float scale;
        memcpy(&scale, scales + i / 72, sizeof scale);
        assert_float_equal((float)values[i] * scale, maker_number(i),
                           scale * 0.501f);
    }
    w = weight(variant, "b/wzero");
    assert_int_equal(w.tensor.bytes, 8);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(((const int8_t *)w.tensor.data)[i], 0);
    }
    /* what went is gone, and names lead to what they did */
    assert_int_equal(clv_model_find_tensor(variant, "w2"), CLV_NONE);
    assert_int_equal(clv_model_find_tensor(variant, "c1"), CLV_NONE);
    assert_int_equal(clv_model_find_tensor(variant, "variance"), CLV_NONE);
    assert_true(clv_model_find_tensor(variant, "sum/int8") != CLV_NONE);
    for (uint32_t i = 0; i < clv_model_node_count(variant); i++) {
        assert_string_not_equal(clv_model_node_op(variant, i),
                                "BatchNormalization");
    }
    clv_model_close(variant);
    forget(q);
}

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
    q[0] = quantise(b, CLV_EIGHTBIT_UNSIGNED, "first.onnx");
    q[1] = quantise(b, CLV_EIGHTBIT_UNSIGNED, "second.onnx");
    assert_same_file(q[0]->path, q[1]->path);
    what.inputs = clv_model_inputs(q[0]->model, &inputs);
    what.input_count = inputs;
    what.outputs = clv_model_outputs(q[0]->model, &outputs);
    what.output_count = outputs;
    snprintf(outside, sizeof outside, "%s/outside.onnx", b->folder);
    assert_int_equal(clv_model_write(q[0]->model, &what, outside, NULL),
                     CLEAVE_OK);
    strcpy(b->path, outside);
    q[2] = quantise(b, CLV_EIGHTBIT_UNSIGNED, "third.onnx");
    assert_non_null(weight(q[2]->model, "w2").location);
    assert_same_file(q[0]->path, q[2]->path);
    for (size_t i = 0; i < 3; i++) {
        forget(q[i]);
    }
}

static void what_cannot_be_written_leaves_nothing(void **state)
{
    struct bed *b = *state;
    cleave_error err = CLEAVE_ERROR_INIT;
    struct made *q;

    bed_write(b, qsample_residual);
    q = quantise(b, CLV_EIGHTBIT_UNSIGNED, "v.onnx");
    assert_int_equal(clv_quantised_write(q->plan, q->ranges,
                                         CLV_EIGHTBIT_UNSIGNED,
                                         "/no/such/folder/v.onnx", &err),
                     CLEAVE_IO);
    assert_non_null(strstr(err.where, "/no/such/folder/v.onnx"));
    forget(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, bed_begin, bed_end)
        TEST(a_residual_network_answers_nearly_the_same),
        TEST(products_answer_nearly_the_same),
        TEST(an_old_opset_answers_nearly_the_same),
        TEST(weights_are_signed_with_zero_points_of_zero),
        TEST(equal_weights_give_equal_bytes_in_one_file),
        TEST(what_cannot_be_written_leaves_nothing),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
