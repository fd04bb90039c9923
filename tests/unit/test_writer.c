/*
 * test_writer.c - a file appears whole, or the old one stays.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/writer.h"
#include "scratch_folder.h"
#include "scratch_limit.h"

static void assert_content(const char *path, const char *want, size_t size)
{
    struct clv_map map;

    assert_int_equal(clv_map_open(path, &map, NULL), CLEAVE_OK);
    assert_int_equal(map.bytes.size, size);
    assert_memory_equal(map.bytes.data, want, size);
    clv_map_close(&map);
}

static void the_target_changes_at_the_commit_only(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "f");
    struct clv_writer w;

    scratch_write(path, "old", 3);
    assert_int_equal(clv_writer_open(&w, path, NULL), CLEAVE_OK);
    clv_writer_put(&w, "new ", 4);
    clv_writer_put(&w, "one", 3);
    fflush(w.file);
    assert_content(path, "old", 3);
    assert_int_equal(w.written, 7);
    assert_int_equal(clv_writer_commit(&w, NULL), CLEAVE_OK);
    assert_content(path, "new one", 7);
    assert_int_equal(scratch_count(s->folder), 1);
}

static void abandoning_leaves_nothing(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "f");
    struct clv_writer w;

    assert_int_equal(clv_writer_open(&w, path, NULL), CLEAVE_OK);
    clv_writer_put(&w, "new", 3);
    clv_writer_abandon(&w);
    assert_int_equal(scratch_count(s->folder), 0);
}

static void alignment_is_filled_with_zeroes(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "f");
    char want[129] = "abc";
    struct clv_writer w;

    want[128] = 'd';
    assert_int_equal(clv_writer_open(&w, path, NULL), CLEAVE_OK);
    clv_writer_align(&w, 64);
    clv_writer_put(&w, "abc", 3);
    clv_writer_align(&w, 128);
    clv_writer_align(&w, 64);
    clv_writer_put(&w, "d", 1);
    assert_int_equal(clv_writer_commit(&w, NULL), CLEAVE_OK);
    assert_content(path, want, sizeof want);
}

static void a_full_disk_keeps_the_old_file(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "f");
    cleave_error err = CLEAVE_ERROR_INIT;
    struct rlimit before;
    struct clv_writer w;
    char block[4096] = "";
    cleave_status status;

    scratch_write(path, "old", 3);
    before = limit_begin(20000);
    assert_int_equal(clv_writer_open(&w, path, &err), CLEAVE_OK);
    for (int i = 0; i < 10; i++) {
        clv_writer_put(&w, block, sizeof block);
    }
    status = clv_writer_commit(&w, &err);
    limit_end(before);
    assert_int_equal(status, CLEAVE_IO);
    assert_non_null(strstr(err.text, "too large"));
    assert_string_equal(err.where, path);
    assert_content(path, "old", 3);
    assert_int_equal(scratch_count(s->folder), 1);
}

/* The few bytes still in the buffer are the ones that find no room. */
static void the_last_bytes_count_too(void **state)
{
    struct scratch *s = *state;
    struct rlimit before = limit_begin(5);
    struct clv_writer w;
    cleave_status status;

    assert_int_equal(clv_writer_open(&w, scratch_path(s, "f"), NULL),
                     CLEAVE_OK);
    clv_writer_put(&w, "012345", 6);
    status = clv_writer_commit(&w, NULL);
    limit_end(before);
    assert_int_equal(status, CLEAVE_IO);
    assert_int_equal(scratch_count(s->folder), 0);
}

static void flushing_tells_of_a_full_disk_before_the_commit(void **state)
{
    struct scratch *s = *state;
    struct rlimit before = limit_begin(5);
    cleave_status status[2];
    struct clv_writer w;

    assert_int_equal(clv_writer_open(&w, scratch_path(s, "f"), NULL),
                     CLEAVE_OK);
    clv_writer_put(&w, "0123", 4);
    status[0] = clv_writer_flush(&w, NULL);
    clv_writer_put(&w, "45", 2);
    status[1] = clv_writer_flush(&w, NULL);
    limit_end(before);
    clv_writer_abandon(&w);
    assert_int_equal(status[0], CLEAVE_OK);
    assert_int_equal(status[1], CLEAVE_IO);
    assert_int_equal(scratch_count(s->folder), 0);
}

static void a_folder_in_the_way_is_an_error(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "f");
    struct clv_writer w;

    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(clv_writer_open(&w, path, NULL), CLEAVE_OK);
    clv_writer_put(&w, "x", 1);
    assert_int_equal(clv_writer_commit(&w, NULL), CLEAVE_IO);
    assert_int_equal(scratch_count(s->folder), 1);
    assert_int_equal(clv_writer_open(&w, scratch_path(s, "no/f"), NULL),
                     CLEAVE_IO);
}

int main(void)
{
#define IN_FOLDER(test) \
    cmocka_unit_test_setup_teardown(test, scratch_begin, scratch_end)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(the_target_changes_at_the_commit_only),
        IN_FOLDER(abandoning_leaves_nothing),
        IN_FOLDER(alignment_is_filled_with_zeroes),
        IN_FOLDER(a_full_disk_keeps_the_old_file),
        IN_FOLDER(the_last_bytes_count_too),
        IN_FOLDER(flushing_tells_of_a_full_disk_before_the_commit),
        IN_FOLDER(a_folder_in_the_way_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
