/*
 * test_onnxfile.c - weights go where they are to, and what cannot be written
 * leaves no trace.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "extract_bed.h"
#include "scratch_limit.h"

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
    struct clv_model *model = open_product(path);
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
    struct clv_model *model = open_product(scratch_path(s, "m.onnx"));
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
    struct clv_model *model = open_product(scratch_path(s, "m.onnx"));
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

/* -- Failure -- */

/* Fails at every size of disk, and leaves what was there as it was. */
static void assert_full_disk(struct scratch *s, uint64_t embed_limit, int files)
{
    const char *copy = scratch_path(s, "copy.onnx");
    struct clv_model *model = open_product(scratch_path(s, "m.onnx"));
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
    struct clv_model *model = open_product(scratch_path(s, "m.onnx"));
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
        IN_FOLDER(large_weights_go_beside_the_file),
        IN_FOLDER(a_placer_decides_where_weights_go),
        IN_FOLDER(external_weights_come_home),
        IN_FOLDER(a_full_disk_leaves_the_old_file),
        IN_FOLDER(a_full_disk_leaves_the_old_pair),
        IN_FOLDER(a_path_that_cannot_be_written_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
