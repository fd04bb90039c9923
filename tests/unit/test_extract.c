/*
 * test_extract.c - a part written out is the same part: read again, and run
 * by ONNX Runtime; and what cannot be written leaves no trace.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "graph_runner.h"
#include "graph_samples.h"
#include "model/cuts.h"
#include "model/extract.h"
#include "scratch_folder.h"
#include "scratch_limit.h"

static struct clv_extract all_of(const struct clv_model *model)
{
    struct clv_extract what = {.nodes = NULL};
    uint32_t count;

    what.inputs = clv_model_inputs(model, &count);
    what.input_count = count;
    what.outputs = clv_model_outputs(model, &count);
    what.output_count = count;
    return what;
}

static struct clv_model *reopen(const char *path)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_model *model;

    if (clv_model_open(path, &model, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    return model;
}

static void assert_same_ids(const struct clv_model *a, struct clv_ids x,
                            const struct clv_model *b, struct clv_ids y)
{
    assert_int_equal(x.count, y.count);
    for (uint32_t i = 0; i < x.count; i++) {
        assert_string_equal(clv_model_tensor_name(a, x.id[i]),
                            clv_model_tensor_name(b, y.id[i]));
    }
}

static void assert_same_graph(const struct clv_model *a,
                              const struct clv_model *b)
{
    uint32_t n = clv_model_node_count(a);
    uint32_t x;
    uint32_t y;

    assert_int_equal(clv_model_node_count(b), n);
    for (uint32_t i = 0; i < n; i++) {
        assert_string_equal(clv_model_node_op(a, i), clv_model_node_op(b, i));
        assert_same_ids(a, clv_model_node_inputs(a, i), b,
                        clv_model_node_inputs(b, i));
        assert_same_ids(a, clv_model_node_outputs(a, i), b,
                        clv_model_node_outputs(b, i));
    }
    clv_model_inputs(a, &x);
    clv_model_inputs(b, &y);
    assert_int_equal(x, y);
    for (uint32_t i = 0; i < x; i++) {
        assert_true(clv_tensor_same_form(&clv_model_inputs(a, &x)[i],
                                         &clv_model_inputs(b, &x)[i]));
    }
    for (uint32_t i = 0; i < clv_model_tensor_count(a); i++) {
        uint32_t id = clv_model_find_tensor(b, clv_model_tensor_name(a, i));
        if (id != CLV_NONE) {
            cleave_tensor_info p = clv_model_declared(a, i);
            cleave_tensor_info q = clv_model_declared(b, id);
            assert_true(clv_tensor_same_form(&p, &q));
        }
    }
}

static void assert_same_runs(struct clv_engine *engine, const char *a,
                             const char *b)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct run x = {0};
    struct run y = {0};

    if (run_file(engine, a, NULL, 0, &x, &err) != CLEAVE_OK ||
        run_file(engine, b, NULL, 0, &y, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    assert_int_equal(x.out_count, y.out_count);
    for (size_t i = 0; i < x.out_count; i++) {
        assert_string_equal(x.out[i].info.name, y.out[i].info.name);
        assert_true(strstr(a, "random") != NULL ||
                    run_same(&x.out[i], &y.out[i], 0));
    }
    run_end(&x);
    run_end(&y);
}

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

/* -- Weights -- */

/* y = x * w, w of 16 KB, a small bias beside it. */
static struct clv_model *open_product(struct scratch *s, const char *path)
{
    struct maker *m = maker_new();

    (void)s;
    maker_input(m, "x f32 1x64");
    maker_raw_floats(m, "w f32 64x64");
    maker_floats(m, "v f32 64x64"); /* packed, large */
    maker_raw_floats(m, "b f32 64");
    maker_node(m, "MatMul", "x,w", "a");
    maker_node(m, "MatMul", "a,v", "c");
    maker_node(m, "Add", "c,b", "y");
    maker_output(m, "y f32 1x64");
    maker_write(m, path);
    maker_free(m);
    return reopen(path);
}

static off_t size_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

static void large_weights_go_beside_the_file(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "m.onnx");
    const char *copy = scratch_path(s, "copy.onnx");
    const char *data = scratch_path(s, "copy.onnx.data");
    struct clv_model *model = open_product(s, path);
    struct clv_extract what = all_of(model);
    struct clv_engine *engine;
    struct clv_model *again;

    what.embed_limit_bytes = 4096;
    assert_int_equal(clv_model_write(model, &what, copy, NULL), CLEAVE_OK);
    assert_in_range(size_of(copy), 1, 4096);
    assert_int_equal(size_of(data), 2 * 64 * 64 * 4);
    again = reopen(copy);
    assert_same_graph(model, again);
    for (uint32_t i = 0; i < clv_model_weight_count(again); i++) {
        struct clv_weight w = clv_model_weight(again, i);
        if (w.tensor.bytes > 1024) {
            assert_string_equal(w.location, "copy.onnx.data");
            assert_int_equal((uintptr_t)w.tensor.data % 64, 0);
        } else {
            assert_null(w.location);
        }
    }
    assert_int_equal(clv_engine_open("cpu:threads=1", &engine, NULL), 0);
    assert_same_runs(engine, path, copy);
    clv_engine_close(engine);
    clv_model_close(again);
    clv_model_close(model);
}

struct shelf {
    int placed;
    int refuses;
};

static cleave_status place_on_shelf(void *self, const cleave_tensor *weight,
                                    int *ret_moved,
                                    struct clv_weight_place *ret_place,
                                    cleave_error *err)
{
    struct shelf *shelf = self;

    (void)err;
    if (shelf->refuses) {
        return CLEAVE_IO;
    }
    *ret_moved = strcmp(weight->info.name, "v") == 0;
    if (*ret_moved) {
        shelf->placed++;
        assert_int_equal(weight->bytes, 64 * 64 * 4);
        strcpy(ret_place->location, "shelf");
        ret_place->offset = 128;
    }
    return CLEAVE_OK;
}

static void a_placer_decides_where_weights_go(void **state)
{
    struct scratch *s = *state;
    const char *copy = scratch_path(s, "copy.onnx");
    struct clv_model *model = open_product(s, scratch_path(s, "m.onnx"));
    struct shelf shelf = {0, 0};
    struct clv_weight_placer placer = {place_on_shelf, &shelf};
    struct clv_extract what = all_of(model);
    struct clv_model *again;
    char zeroes[128 + 64 * 64 * 4] = "";

    what.placer = &placer;
    assert_int_equal(clv_model_write(model, &what, copy, NULL), CLEAVE_OK);
    assert_int_equal(shelf.placed, 1);
    scratch_write(scratch_path(s, "shelf"), zeroes, sizeof zeroes);
    again = reopen(copy);
    for (uint32_t i = 0; i < clv_model_weight_count(again); i++) {
        struct clv_weight w = clv_model_weight(again, i);
        assert_int_equal(w.location != NULL,
                         strcmp(w.tensor.info.name, "v") == 0);
    }
    clv_model_close(again);
    shelf.refuses = 1;
    unlink(copy);
    assert_int_equal(clv_model_write(model, &what, copy, NULL), CLEAVE_IO);
    assert_int_equal(access(copy, F_OK), -1);
    clv_model_close(model);
}

static void external_weights_come_home(void **state)
{
    struct scratch *s = *state;
    const char *far = scratch_path(s, "far.onnx");
    const char *home = scratch_path(s, "home.onnx");
    struct clv_model *model = open_product(s, scratch_path(s, "m.onnx"));
    struct clv_extract what = all_of(model);
    struct clv_engine *engine;

    what.embed_limit_bytes = 4096;
    assert_int_equal(clv_model_write(model, &what, far, NULL), CLEAVE_OK);
    clv_model_close(model);
    model = reopen(far);
    what = all_of(model);
    assert_int_equal(clv_model_write(model, &what, home, NULL), CLEAVE_OK);
    clv_model_close(model);
    assert_int_equal(unlink(scratch_path(s, "far.onnx.data")), 0);
    model = reopen(home);
    assert_null(clv_model_weight(model, 0).location);
    clv_model_close(model);
    assert_int_equal(clv_engine_open("cpu:threads=1", &engine, NULL), 0);
    assert_same_runs(engine, scratch_path(s, "m.onnx"),
                     scratch_path(s, "home.onnx"));
    clv_engine_close(engine);
}

/* Only what the chosen nodes read goes along. */
static void a_part_has_its_own_weights_only(void **state)
{
    struct scratch *s = *state;
    const char *tail = scratch_path(s, "tail.onnx");
    struct clv_model *model = open_product(s, scratch_path(s, "m.onnx"));
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

/* -- Failure -- */

/* Fails at every size of disk, and leaves what was there as it was. */
static void assert_full_disk(struct scratch *s, uint64_t embed_limit, int files)
{
    const char *copy = scratch_path(s, "copy.onnx");
    struct clv_model *model = open_product(s, scratch_path(s, "m.onnx"));
    struct clv_extract what = all_of(model);
    static const rlim_t disks[] = {0, 100, 1000, 5000, 16384, 32000};
    struct clv_map before;
    struct clv_map after;

    what.embed_limit_bytes = embed_limit;
    assert_int_equal(clv_model_write(model, &what, copy, NULL), CLEAVE_OK);
    assert_int_equal(clv_map_open(copy, &before, NULL), CLEAVE_OK);
    for (size_t i = 0; i < sizeof disks / sizeof disks[0]; i++) {
        cleave_error err = CLEAVE_ERROR_INIT;
        struct rlimit limit = limit_begin(disks[i]);
        cleave_status status = clv_model_write(model, &what, copy, &err);
        limit_end(limit);
        assert_int_equal(status, CLEAVE_IO);
        assert_non_null(strstr(err.text, "too large"));
        assert_int_equal(scratch_count(s->folder), files);
        assert_int_equal(clv_map_open(copy, &after, NULL), CLEAVE_OK);
        assert_int_equal(after.bytes.size, before.bytes.size);
        assert_memory_equal(after.bytes.data, before.bytes.data,
                            before.bytes.size);
        clv_map_close(&after);
        clv_model_close(reopen(copy));
    }
    clv_map_close(&before);
    clv_model_close(model);
}

static void a_full_disk_leaves_the_old_file(void **state)
{
    assert_full_disk(*state, 0, 2);
}

static void a_full_disk_leaves_the_old_pair(void **state)
{
    assert_full_disk(*state, 4096, 3);
}

static void a_path_that_cannot_be_written_is_an_error(void **state)
{
    struct scratch *s = *state;
    const char *copy = scratch_path(s, "copy.onnx");
    struct clv_model *model = open_product(s, scratch_path(s, "m.onnx"));
    struct clv_extract what = all_of(model);

    what.embed_limit_bytes = 4096;
    assert_int_equal(mkdir(copy, 0700), 0); /* a folder in the way */
    assert_int_equal(
        clv_model_write(model, &what, scratch_path(s, "no/x"), NULL),
        CLEAVE_IO);
    assert_int_equal(scratch_count(s->folder), 2);
    assert_int_equal(clv_model_write(model, &what, copy, NULL), CLEAVE_IO);
    clv_model_close(model);
}

int main(void)
{
#define IN_FOLDER(test) \
    cmocka_unit_test_setup_teardown(test, scratch_begin, scratch_end)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(every_feature_survives_the_round_trip),
        IN_FOLDER(large_weights_go_beside_the_file),
        IN_FOLDER(a_placer_decides_where_weights_go),
        IN_FOLDER(external_weights_come_home),
        IN_FOLDER(a_part_has_its_own_weights_only),
        IN_FOLDER(pooled_tensors_compute_the_same),
        IN_FOLDER(a_full_disk_leaves_the_old_file),
        IN_FOLDER(a_full_disk_leaves_the_old_pair),
        IN_FOLDER(a_path_that_cannot_be_written_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
