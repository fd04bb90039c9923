/*
 * test_quantising.c - from a folder of inputs to a variant that answers like
 * the original, and inputs that cannot teach.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "graph_runner.h"
#include "media/npy.h"
#include "profile/quantified.h"
#include "profile/quantising.h"
#include "quantised_samples.h"
#include "scratch_folder.h"

#define ROWS 24
#define WIDTH (3 * 8 * 8)
#define TEACH 16

struct quantising_bed {
    struct scratch *scratch;
    float x[ROWS][WIDTH];
    uint64_t samples[ROWS];
    struct clv_engine *engine;
    struct clv_store *store;
    struct clv_source *source;
    cleave_tensor_info input;
    int told;
};

static void write_inputs(struct quantising_bed *b)
{
    cleave_tensor t = {
        {"x", CLEAVE_TYPE_F32, 4, {ROWS, 3, 8, 8}}, b->x, sizeof b->x};
    const char *data = scratch_path(b->scratch, "data");
    struct clv_buffer npy;

    clv_buffer_init(&npy, 1 << 20);
    assert_int_equal(clv_npy_write(&t, &npy, NULL), CLEAVE_OK);
    mkdir(data, 0755);
    scratch_write(scratch_path(b->scratch, "data/x.npy"), npy.data, npy.size);
    clv_buffer_fini(&npy);
    clv_source_free(b->source);
    b->source = NULL;
    assert_int_equal(
        clv_source_new(NULL, &b->input, 1, &data, 1, &b->source, NULL),
        CLEAVE_OK);
}

static int begin(void **state)
{
    struct quantising_bed *b = calloc(1, sizeof *b);
    struct maker *m = maker_new();
    void *scratch = NULL;
    uint32_t seed = 3;

    if (b == NULL || scratch_begin(&scratch) != 0) {
        return -1;
    }
    b->scratch = scratch;
    *state = b;
    for (int i = 0; i < ROWS; i++) {
        b->samples[i] = (uint64_t)i;
        for (int k = 0; k < WIDTH; k++) {
            seed = seed * 1664525u + 1013904223u;
            b->x[i][k] = (float)(seed >> 8) / 8388608.0f - 1.0f;
        }
    }
    b->input = (cleave_tensor_info){"x", CLEAVE_TYPE_F32, 4, {1, 3, 8, 8}};
    qsample_residual(m);
    maker_write(m, scratch_path(b->scratch, "net.onnx"));
    maker_free(m);
    write_inputs(b);
    return clv_engine_open("cpu:threads=1", &b->engine, NULL) == CLEAVE_OK &&
                   clv_store_open(scratch_path(b->scratch, "store"), &b->store,
                                  NULL) == CLEAVE_OK
               ? 0
               : -1;
}

static int end(void **state)
{
    struct quantising_bed *b = *state;
    void *scratch = b->scratch;

    clv_source_free(b->source);
    clv_store_close(b->store);
    clv_engine_close(b->engine);
    free(b);
    return scratch_end(&scratch);
}

static void count_told(void *self, size_t done, size_t count)
{
    struct quantising_bed *b = self;

    b->told++;
    assert_int_equal(done, b->told);
    assert_int_equal(count, TEACH);
}

static cleave_status quantise(struct quantising_bed *b, const char *path,
                              struct clv_quantised_counts *ret_counts,
                              cleave_error *err)
{
    struct clv_quantising_options options = {
        .model = scratch_path(b->scratch, "net.onnx"),
        .engine = b->engine,
        .store = b->store,
        .source = b->source,
        .samples = b->samples,
        .sample_count = TEACH,
        .progress = count_told,
        .self = b,
    };

    b->told = 0;
    return clv_quantising_run(&options, path, ret_counts, err);
}

static void a_variant_answers_like_its_original(void **state)
{
    struct quantising_bed *b = *state;
    char paths[2][CLV_PATH_MAX];
    struct clv_quantised_counts counts;
    struct clv_network *networks[2] = {NULL, NULL};
    struct clv_quantified found;
    struct clv_quantified_options options = {
        .source = b->source,
        .samples = b->samples + TEACH,
        .sample_count = ROWS - TEACH,
        .clock = clv_clock_machine(),
    };
    cleave_error err = CLEAVE_ERROR_INIT;

    strcpy(paths[0], scratch_path(b->scratch, "net.onnx"));
    strcpy(paths[1], scratch_path(b->scratch, "small.onnx"));
    if (quantise(b, paths[1], &counts, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    assert_int_equal(b->told, TEACH);
    assert_int_equal(counts.convolutions, 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            clv_network_open(paths[i], b->engine, b->store, &networks[i], NULL),
            CLEAVE_OK);
    }
    options.original = networks[0];
    options.variant = networks[1];
    if (clv_quantified_run(&options, &found, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    assert_int_equal(found.by, CLV_JUDGED_BY_COSINE);
    assert_true(found.before > 0.999999);
    assert_true(found.after > 0.998 && found.after < 1);
    clv_network_close(networks[0]);
    clv_network_close(networks[1]);
}

static void the_same_inputs_give_the_same_bytes(void **state)
{
    static const char *const names[] = {"a.onnx", "b.onnx"};
    struct quantising_bed *b = *state;
    struct clv_quantised_counts counts;
    struct clv_map maps[2];

    for (int i = 0; i < 2; i++) {
        const char *path = scratch_path(b->scratch, names[i]);
        assert_int_equal(quantise(b, path, &counts, NULL), CLEAVE_OK);
        assert_int_equal(
            clv_map_open(scratch_path(b->scratch, names[i]), &maps[i], NULL),
            CLEAVE_OK);
    }
    assert_int_equal(maps[0].bytes.size, maps[1].bytes.size);
    assert_memory_equal(maps[0].bytes.data, maps[1].bytes.data,
                        maps[0].bytes.size);
    clv_map_close(&maps[0]);
    clv_map_close(&maps[1]);
}

static void an_input_that_is_no_number_is_named(void **state)
{
    struct quantising_bed *b = *state;
    struct clv_quantised_counts counts;
    cleave_error err = CLEAVE_ERROR_INIT;

    b->x[5][7] = NAN;
    write_inputs(b);
    assert_int_equal(
        quantise(b, scratch_path(b->scratch, "small.onnx"), &counts, &err),
        CLEAVE_INVALID);
    assert_non_null(strstr(err.where, "x.npy[5]"));
    assert_non_null(strstr(err.text, "not finite"));
    assert_int_not_equal(access(scratch_path(b->scratch, "small.onnx"), F_OK),
                         0);
}

static void a_missing_model_is_said(void **state)
{
    struct quantising_bed *b = *state;
    struct clv_quantised_counts counts;

    unlink(scratch_path(b->scratch, "net.onnx"));
    assert_int_equal(
        quantise(b, scratch_path(b->scratch, "small.onnx"), &counts, NULL),
        CLEAVE_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
        TEST(a_variant_answers_like_its_original),
        TEST(the_same_inputs_give_the_same_bytes),
        TEST(an_input_that_is_no_number_is_named),
        TEST(a_missing_model_is_said),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
