/*
 * test_pool.c - the book of blobs: what several stubs share counts once.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "graph_maker.h"
#include "network/pool.h"
#include "scratch_folder.h"

/* A stub whose weights w0, w1... are these blobs, of 64, 128... bytes by name,
   and one node. */
static struct clv_model *open_stub_of(struct scratch *s, const char *blobs,
                                      const char *op, const char *inputs)
{
    struct maker *m = maker_new();
    struct clv_model *model;
    char bytes[1024] = "";
    char path[64];
    char form[64];

    clv_folder_make(scratch_path(s, "blobs"), NULL);
    maker_input(m, "x u8 1");
    for (size_t i = 0; blobs[i] != '\0'; i++) {
        size_t size = 64 * (size_t)(blobs[i] - 'a' + 1);
        snprintf(path, sizeof path, "blobs/%c%015d", blobs[i], 0);
        snprintf(form, sizeof form, "w%zu u8 %zu", i, size);
        scratch_write(scratch_path(s, path), bytes, size);
        maker_external(m, form, path, NULL, NULL);
    }
    maker_floats(m, "embedded f32 4");
    maker_node(m, op, inputs, "y");
    maker_output(m, "y u8 1");
    maker_write(m, scratch_path(s, "stub.onnx"));
    maker_free(m);
    assert_int_equal(clv_model_open(scratch_path(s, "stub.onnx"), &model, NULL),
                     CLEAVE_OK);
    return model;
}

static struct clv_model *open_stub(struct scratch *s, const char *blobs)
{
    return open_stub_of(s, blobs, "Neg", "x");
}

/* The engine's copy of a matrix stays, whoever goes, until all go. */
static void packed_weights_count_twice_until_forgotten(void **state)
{
    struct clv_model *one = open_stub_of(*state, "ab", "MatMulInteger", "x,w0");
    struct clv_model *two = open_stub(*state, "a");
    struct clv_pool pool = {0};

    assert_true(clv_pool_add(&pool, one));
    assert_int_equal(pool.bytes, 2 * 64 + 128);
    assert_int_equal(clv_pool_unshared(&pool, one), 2 * 64 + 128);
    clv_pool_remove(&pool, one);
    assert_int_equal(pool.bytes, 64);
    assert_true(clv_pool_add(&pool, two));
    assert_int_equal(pool.bytes, 2 * 64);
    clv_pool_remove(&pool, two);
    clv_pool_forget_copies(&pool);
    assert_int_equal(pool.bytes, 0);
    assert_true(clv_pool_add(&pool, two));
    assert_int_equal(pool.bytes, 64);
    clv_pool_fini(&pool);
    clv_model_close(one);
    clv_model_close(two);
}

static void shared_blobs_count_once(void **state)
{
    struct clv_model *one = open_stub(*state, "ab");
    struct clv_model *two = open_stub(*state, "bc");
    struct clv_pool pool = {0};

    assert_true(clv_pool_add(&pool, one));
    assert_int_equal(pool.bytes, 64 + 128);
    assert_int_equal(clv_pool_unshared(&pool, one), 64 + 128);
    assert_true(clv_pool_add(&pool, two));
    assert_int_equal(pool.bytes, 64 + 128 + 192);
    assert_int_equal(clv_pool_unshared(&pool, one), 64);
    assert_int_equal(clv_pool_unshared(&pool, two), 192);
    clv_pool_remove(&pool, one);
    assert_int_equal(pool.bytes, 128 + 192);
    assert_int_equal(clv_pool_unshared(&pool, two), 128 + 192);
    assert_true(clv_pool_add(&pool, one)); /* and back again */
    assert_int_equal(pool.bytes, 64 + 128 + 192);
    clv_pool_remove(&pool, one);
    clv_pool_remove(&pool, two);
    assert_int_equal(pool.bytes, 0);
    clv_pool_fini(&pool);
    clv_model_close(one);
    clv_model_close(two);
}

/* Two weights of a stub may be the same bytes, so the same blob. */
static void equal_weights_of_one_stub_are_one_blob(void **state)
{
    struct clv_model *twins = open_stub(*state, "aab");
    struct clv_model *other = open_stub(*state, "a");
    struct clv_pool pool = {0};

    assert_true(clv_pool_add(&pool, twins));
    assert_int_equal(pool.bytes, 64 + 128);
    assert_int_equal(clv_pool_unshared(&pool, twins), 64 + 128);
    assert_true(clv_pool_add(&pool, other));
    assert_int_equal(clv_pool_unshared(&pool, twins), 128);
    assert_int_equal(clv_pool_unshared(&pool, other), 0);
    clv_pool_remove(&pool, twins);
    assert_int_equal(pool.bytes, 64);
    clv_pool_remove(&pool, other);
    assert_int_equal(pool.bytes, 0);
    clv_pool_fini(&pool);
    clv_model_close(twins);
    clv_model_close(other);
}

static void many_blobs_are_booked(void **state)
{
    struct clv_model *stubs[6];
    struct clv_pool pool = {0};
    char name[2] = "a";
    uint64_t sum = 0;

    for (int i = 0; i < 6; i++) {
        name[0] = (char)('a' + i);
        stubs[i] = open_stub(*state, name);
        assert_true(clv_pool_add(&pool, stubs[i]));
        sum += 64 * (uint64_t)(i + 1);
        assert_int_equal(pool.bytes, sum);
    }
    for (int i = 0; i < 6; i++) {
        clv_pool_remove(&pool, stubs[i]);
        clv_model_close(stubs[i]);
    }
    assert_int_equal(pool.bytes, 0);
    clv_pool_fini(&pool);
}

int main(void)
{
#define IN_FOLDER(test) \
    cmocka_unit_test_setup_teardown(test, scratch_begin, scratch_end)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(packed_weights_count_twice_until_forgotten),
        IN_FOLDER(shared_blobs_count_once),
        IN_FOLDER(equal_weights_of_one_stub_are_one_blob),
        IN_FOLDER(many_blobs_are_booked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
