/*
 * test_store.c - the cache folder: what is put is found, half-made things
 * never are, and a process killed while writing leaves the store usable.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store.h"

static const char key[] = "0123456789abcdef";

struct fixture {
    char folder[CLV_PATH_MAX];
    struct clv_store *store;
};

static int open_fixture(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    strcpy(f->folder, "/tmp/cleave-store-XXXXXX");
    if (mkdtemp(f->folder) == NULL ||
        clv_store_open(f->folder, &f->store, NULL) != CLEAVE_OK) {
        return -1;
    }
    *state = f;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *f = *state;

    clv_store_work_end(f->store, f->folder);
    clv_store_close(f->store);
    free(f);
    return 0;
}

static void an_entry_is_found_after_put_and_gone_after_drop(void **state)
{
    struct fixture *f = *state;
    clv_bytes content = {(const uint8_t *)"abc", 3};

    assert_false(clv_store_has(f->store, key, "onnx"));
    assert_int_equal(clv_store_put(f->store, key, "onnx", content, NULL),
                     CLEAVE_OK);
    assert_true(clv_store_has(f->store, key, "onnx"));
    assert_false(clv_store_has(f->store, key, "json"));
    clv_store_drop(f->store, key, "onnx");
    assert_false(clv_store_has(f->store, key, "onnx"));
}

static void a_blob_is_mapped_by_its_hash(void **state)
{
    struct fixture *f = *state;
    clv_bytes content = {(const uint8_t *)"weights", 7};
    struct clv_sha256 hash;
    struct clv_map map;

    assert_int_equal(clv_store_put_blob(f->store, content, &hash, NULL),
                     CLEAVE_OK);
    assert_int_equal(clv_store_map_blob(f->store, hash.hex, &map, NULL),
                     CLEAVE_OK);
    assert_int_equal(map.bytes.size, 7);
    assert_memory_equal(map.bytes.data, "weights", 7);
    assert_int_equal((uintptr_t)map.bytes.data % 64, 0);
    clv_map_close(&map);
    assert_int_equal(clv_store_map_blob(f->store, key, &map, NULL),
                     CLEAVE_NOT_FOUND);
}

static void a_truncated_blob_is_written_again(void **state)
{
    struct fixture *f = *state;
    clv_bytes content = {(const uint8_t *)"weights", 7};
    struct clv_sha256 hash;
    struct clv_map map;
    char path[2 * CLV_PATH_MAX];

    assert_int_equal(clv_store_put_blob(f->store, content, &hash, NULL),
                     CLEAVE_OK);
    snprintf(path, sizeof path, "%s/entries/blobs/%s", f->folder, hash.hex);
    assert_int_equal(truncate(path, 3), 0);
    assert_int_equal(clv_store_put_blob(f->store, content, &hash, NULL),
                     CLEAVE_OK);
    assert_int_equal(clv_store_map_blob(f->store, hash.hex, &map, NULL),
                     CLEAVE_OK);
    assert_int_equal(map.bytes.size, 7);
    clv_map_close(&map);
}

static void old_work_is_swept_and_new_work_stays(void **state)
{
    struct fixture *f = *state;
    struct timeval long_ago[2] = {{1000000000, 0}, {1000000000, 0}};
    char old[CLV_PATH_MAX];
    char new[CLV_PATH_MAX];
    struct clv_store *again;

    assert_int_equal(clv_store_work_begin(f->store, old, NULL), CLEAVE_OK);
    assert_int_equal(clv_store_work_begin(f->store, new, NULL), CLEAVE_OK);
    assert_int_equal(utimes(old, long_ago), 0);
    assert_int_equal(clv_store_open(f->folder, &again, NULL), CLEAVE_OK);
    assert_int_equal(access(old, F_OK), -1);
    assert_int_equal(access(new, F_OK), 0);
    clv_store_close(again);
}

/* Writes one large entry for ever, until somebody kills the process. */
static void write_until_killed(struct clv_store *store, int ready)
{
    size_t size = 1 << 22;
    uint8_t *bytes = malloc(size);

    memset(bytes, 7, size);
    clv_store_put(store, key, "big", (clv_bytes){bytes, size}, NULL);
    if (write(ready, "x", 1) != 1) {
        _exit(1);
    }
    for (;;) {
        clv_store_put(store, key, "big", (clv_bytes){bytes, size}, NULL);
    }
}

static void a_killed_writer_leaves_whole_entries(void **state)
{
    struct fixture *f = *state;

    for (int round = 0; round < 8; round++) {
        char path[CLV_PATH_MAX];
        struct stat st;
        char byte;
        int ready[2];
        pid_t child;

        assert_int_equal(pipe(ready), 0);
        child = fork();
        if (child == 0) {
            write_until_killed(f->store, ready[1]);
        }
        close(ready[1]);
        assert_int_equal(read(ready[0], &byte, 1), 1);
        close(ready[0]);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        clv_store_entry_path(f->store, key, "big", path, NULL);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_size, 1 << 22);
    }
}

static void a_folder_that_cannot_be_made_is_an_error(void **state)
{
    struct clv_store *store;
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(clv_store_open("/proc/nowhere", &store, &err), CLEAVE_IO);
    assert_non_null(strstr(err.where, "/proc/nowhere"));
}

int main(void)
{
#define WITH_STORE(test) \
    cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)
    const struct CMUnitTest tests[] = {
        WITH_STORE(an_entry_is_found_after_put_and_gone_after_drop),
        WITH_STORE(a_blob_is_mapped_by_its_hash),
        WITH_STORE(a_truncated_blob_is_written_again),
        WITH_STORE(old_work_is_swept_and_new_work_stays),
        WITH_STORE(a_killed_writer_leaves_whole_entries),
        cmocka_unit_test(a_folder_that_cannot_be_made_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
