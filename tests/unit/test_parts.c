/*
 * test_parts.c - loaded parts: shared, loaded once, unloaded oldest first.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "serve/parts.h"
#include "store/store.h"
#include "tiny_server.h"

struct world {
    struct tiny_server folder;
    struct clv_engine *engine;
    struct clv_store *store;
    struct clv_network *network;
    struct clv_journal journal;
};

static int open_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    char path[128];

    tiny_folder_make(&w->folder);
    snprintf(path, sizeof path, "%s/chain.onnx", w->folder.models);
    assert_int_equal(clv_engine_open("cpu:threads=1", &w->engine, NULL),
                     CLEAVE_OK);
    assert_int_equal(clv_store_open(w->folder.cache, &w->store, NULL),
                     CLEAVE_OK);
    assert_int_equal(
        clv_network_open(path, w->engine, w->store, &w->network, NULL),
        CLEAVE_OK);
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;

    clv_network_close(w->network);
    clv_store_close(w->store);
    clv_engine_close(w->engine);
    tiny_folder_remove(&w->folder);
    free(w);
    return 0;
}

static struct clv_part_use take(struct clv_parts *parts, struct world *w,
                                const char *name)
{
    struct clv_part_use use = {0};
    cleave_error error = CLEAVE_ERROR_INIT;

    if (clv_parts_take(parts, w->network, &name, 1, 0, &use, &error) !=
        CLEAVE_OK) {
        fail_msg("%s: %s", error.where, error.text);
    }
    return use;
}

static void a_part_is_loaded_once_and_its_outputs_are_kept(void **state)
{
    struct world *w = *state;
    struct clv_parts *parts = NULL;
    struct clv_part_use a;
    struct clv_part_use b;
    struct clv_outputs *kept;

    assert_int_equal(
        clv_parts_new((uint64_t)1 << 40, &w->journal, &parts, NULL), CLEAVE_OK);
    a = take(parts, w, "b");
    b = take(parts, w, "b");
    assert_ptr_equal(a.session, b.session);
    assert_ptr_not_equal(a.outputs, b.outputs); /* each its own */
    assert_int_equal(clv_parts_count(parts), 1);
    kept = b.outputs;
    clv_parts_give(parts, &b, 0);
    b = take(parts, w, "b");
    assert_ptr_equal(b.outputs, kept);
    clv_parts_give(parts, &a, 0);
    clv_parts_give(parts, &b, 0);
    assert_int_equal(clv_parts_count(parts), 1);
    clv_parts_free(parts);
}

static void a_cut_names_its_part(void **state)
{
    struct world *w = *state;
    struct clv_parts *parts = NULL;
    struct clv_part_use by_cut = {0};
    struct clv_part_use by_name;
    struct clv_part_use whole = {0};

    assert_int_equal(
        clv_parts_new((uint64_t)1 << 40, &w->journal, &parts, NULL), CLEAVE_OK);
    assert_int_equal(
        clv_parts_take_cut_quick(parts, w->network, "b", INT64_MAX, &by_cut),
        0); /* not loaded */
    assert_int_equal(
        clv_parts_take_cut(parts, w->network, "b", 0, &by_cut, NULL),
        CLEAVE_OK);
    by_name = take(parts, w, "b");
    assert_ptr_equal(by_cut.session, by_name.session);
    assert_int_equal(by_cut.name_count, 1);
    assert_string_equal(by_cut.names[0], "b");
    clv_parts_give(parts, &by_name, 0);
    assert_int_equal(
        clv_parts_take_cut(parts, w->network, "input", 0, &whole, NULL),
        CLEAVE_OK);
    by_name = take(parts, w, "x");
    assert_ptr_equal(whole.session, by_name.session);
    assert_string_equal(whole.names[0], "x");
    assert_int_equal(
        clv_parts_take_cut(parts, w->network, "nothing", 0, &whole, NULL),
        CLEAVE_NOT_FOUND);
    clv_parts_give(parts, &whole, 0);
    clv_parts_give(parts, &by_name, 0);
    clv_parts_give(parts, &by_cut, 1000);
    assert_int_equal(
        clv_parts_take_cut_quick(parts, w->network, "b", 999, &by_cut), 0);
    assert_int_equal(
        clv_parts_take_cut_quick(parts, w->network, "b", 1000, &by_cut), 1);
    assert_string_equal(by_cut.names[0], "b");
    clv_parts_give(parts, &by_cut, 0);
    clv_parts_free(parts);
}

static void the_oldest_idle_part_goes_first(void **state)
{
    struct world *w = *state;
    struct clv_parts *parts = NULL;
    struct clv_part_use a;
    struct clv_part_use b;
    uint64_t one;

    /* First see what one part takes, then allow one and a half. */
    assert_int_equal(
        clv_parts_new((uint64_t)1 << 40, &w->journal, &parts, NULL), CLEAVE_OK);
    b = take(parts, w, "b");
    one = clv_network_bytes(w->network);
    assert_true(one > 0);
    clv_parts_give(parts, &b, 0);
    clv_parts_free(parts);
    assert_int_equal(clv_network_bytes(w->network), 0);
    assert_int_equal(clv_parts_new(one + one / 2, &w->journal, &parts, NULL),
                     CLEAVE_OK);
    b = take(parts, w, "b");
    a = take(parts, w, "a"); /* too much, but both are in use */
    assert_int_equal(clv_parts_count(parts), 2);
    clv_parts_give(parts, &b, 0);
    assert_int_equal(clv_parts_count(parts), 1); /* b went, a is in use */
    clv_parts_give(parts, &a, 0);
    assert_int_equal(clv_parts_count(parts), 1);
    b = take(parts, w, "b"); /* a goes for it */
    assert_int_equal(clv_parts_count(parts), 1);
    clv_parts_give(parts, &b, 0);
    clv_parts_free(parts);
}

static void a_part_above_the_limit_is_refused_with_both_sizes(void **state)
{
    struct world *w = *state;
    struct clv_parts *parts = NULL;
    struct clv_part_use use;
    const char *name = "x";
    cleave_error error = CLEAVE_ERROR_INIT;

    assert_int_equal(clv_parts_new(1, &w->journal, &parts, NULL), CLEAVE_OK);
    assert_int_equal(
        clv_parts_take(parts, w->network, &name, 1, 0, &use, &error),
        CLEAVE_LIMIT);
    assert_non_null(strstr(error.text, "limit is 1"));
    assert_int_equal(clv_parts_count(parts), 0);
    assert_int_equal(clv_network_bytes(w->network), 0);
    clv_parts_free(parts);
}

static void tensors_that_cut_nothing_are_not_found(void **state)
{
    struct world *w = *state;
    struct clv_parts *parts = NULL;
    struct clv_part_use use;
    const char *names[] = {"b", "nothing"};

    assert_int_equal(clv_parts_new(1000, &w->journal, &parts, NULL), CLEAVE_OK);
    assert_int_equal(clv_parts_take(parts, w->network, names, 2, 0, &use, NULL),
                     CLEAVE_NOT_FOUND);
    clv_parts_free(parts);
}

struct taker {
    struct world *world;
    struct clv_parts *parts;
};

static void *take_and_give(void *self)
{
    static const char *const names[] = {"x", "a", "b"};
    const struct taker *t = self;

    for (int i = 0; i < 60; i++) {
        struct clv_part_use use;
        if (clv_parts_take(t->parts, t->world->network, &names[i % 3], 1, 0,
                           &use, NULL) != CLEAVE_OK) {
            return self;
        }
        clv_parts_give(t->parts, &use, 0);
    }
    return NULL;
}

/* Threads take parts while others make room by unloading them. */
static void many_threads_share_little_memory(void **state)
{
    struct taker t = {.world = *state};
    struct clv_part_use use;
    pthread_t threads[4];
    uint64_t one;

    assert_int_equal(
        clv_parts_new((uint64_t)1 << 40, &t.world->journal, &t.parts, NULL),
        CLEAVE_OK);
    use = take(t.parts, t.world, "x");
    one = clv_network_bytes(t.world->network);
    clv_parts_give(t.parts, &use, 0);
    clv_parts_free(t.parts);
    assert_int_equal(
        clv_parts_new(one + one / 2, &t.world->journal, &t.parts, NULL),
        CLEAVE_OK);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, take_and_give, &t),
                         0);
    }
    for (int i = 0; i < 4; i++) {
        void *failed = NULL;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    clv_parts_free(t.parts);
    assert_int_equal(clv_network_bytes(t.world->network), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_part_is_loaded_once_and_its_outputs_are_kept),
        cmocka_unit_test(a_cut_names_its_part),
        cmocka_unit_test(the_oldest_idle_part_goes_first),
        cmocka_unit_test(a_part_above_the_limit_is_refused_with_both_sizes),
        cmocka_unit_test(tensors_that_cut_nothing_are_not_found),
        cmocka_unit_test(many_threads_share_little_memory),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
