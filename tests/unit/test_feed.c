/*
 * test_feed.c - the same samples for several models, each as it takes them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "run/feed.h"
#include "tiny_server.h"

struct bed {
    struct tiny_server there; /* its folders only */
    char model[128];
    char array[128];
    struct clv_engine *engine;
    struct clv_store *store;
    struct clv_ground ground;
};

static void write_array(const char *path, int rows)
{
    char header[128];
    float row[TINY_SIZE] = {0};
    FILE *file = fopen(path, "wb");
    int used;

    assert_non_null(file);
    memset(header, ' ', sizeof header);
    memcpy(header, "\x93NUMPY\x01\x00\x76\x00", 10);
    used = snprintf(header + 10, sizeof header - 10,
                    "{'descr': '<f4', 'fortran_order': False, 'shape': "
                    "(%d, %d), }",
                    rows, TINY_SIZE);
    header[10 + used] = ' ';
    header[127] = '\n';
    fwrite(header, 1, sizeof header, file);
    for (int i = 0; i < rows; i++) {
        row[0] = (float)i;
        fwrite(row, sizeof row, 1, file);
    }
    fclose(file);
}

static int set_up(void **state)
{
    struct bed *b = calloc(1, sizeof *b);
    struct clv_ground_options o = {.model = b->model};

    tiny_folder_make(&b->there);
    snprintf(b->model, sizeof b->model, "%s/chain.onnx", b->there.models);
    snprintf(b->array, sizeof b->array, "%s/x.npy", b->there.folder);
    write_array(b->array, 5);
    snprintf(b->there.cache, sizeof b->there.cache, "%s/c", b->there.folder);
    assert_int_equal(clv_engine_open("cpu:threads=1", &b->engine, NULL),
                     CLEAVE_OK);
    assert_int_equal(clv_store_open(b->there.cache, &b->store, NULL),
                     CLEAVE_OK);
    o.engine = b->engine;
    o.store = b->store;
    assert_int_equal(clv_ground_init(&b->ground, &o, NULL), CLEAVE_OK);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bed *b = *state;

    clv_ground_fini(&b->ground);
    clv_store_close(b->store);
    clv_engine_close(b->engine);
    tiny_folder_remove(&b->there);
    free(b);
    return 0;
}

static void each_variant_has_its_source(void **state)
{
    struct bed *b = *state;
    const char *path = b->array;
    const struct clv_source *first = NULL;
    const struct clv_source *second = NULL;
    const struct clv_source *again = NULL;
    struct clv_feed feed;

    assert_int_equal(clv_feed_init(&feed, &path, 1, NULL), CLEAVE_OK);
    path = "gone"; /* it was copied */
    assert_int_equal(clv_feed_source(&feed, 0, &b->ground, &first, NULL),
                     CLEAVE_OK);
    assert_int_equal(clv_feed_source(&feed, 3, &b->ground, &second, NULL),
                     CLEAVE_OK);
    assert_int_equal(clv_feed_source(&feed, 0, &b->ground, &again, NULL),
                     CLEAVE_OK);
    assert_ptr_equal(first, again);
    assert_ptr_not_equal(first, second);
    assert_int_equal(clv_source_count(first), 5);
    assert_int_equal(clv_source_count(second), 5);
    clv_feed_fini(&feed);
    clv_feed_fini(&feed); /* all zero */
}

static void what_is_no_sample_is_said(void **state)
{
    struct bed *b = *state;
    const char *path = "/nowhere/photos";
    const struct clv_source *source = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_feed feed;

    assert_int_equal(clv_feed_init(&feed, &path, 1, NULL), CLEAVE_OK);
    assert_int_equal(clv_feed_source(&feed, 0, &b->ground, &source, &err),
                     CLEAVE_NOT_FOUND);
    assert_non_null(strstr(err.where, "nowhere"));
    assert_int_equal(
        clv_feed_source(&feed, CLV_VARIANTS, &b->ground, &source, NULL),
        CLEAVE_LIMIT);
    assert_null(source);
    clv_feed_fini(&feed);
}

int main(void)
{
#define IN_BED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_BED(each_variant_has_its_source),
        IN_BED(what_is_no_sample_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
