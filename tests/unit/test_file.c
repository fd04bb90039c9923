/*
 * test_file.c - mapping, reading and writing whole files, and paths.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/file.h"
#include "resident_memory.h"
#include "scratch_folder.h"

#define LARGE (16 * RESIDENT_MB)

static void a_file_is_mapped_as_it_is(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "f");
    struct clv_map map;

    scratch_write(path, "content", 7);
    assert_int_equal(clv_map_open(path, &map, NULL), CLEAVE_OK);
    assert_int_equal(map.bytes.size, 7);
    assert_memory_equal(map.bytes.data, "content", 7);
    clv_map_close(&map);
    clv_map_close(&map); /* an empty map */
    scratch_write(path, "", 0);
    assert_int_equal(clv_map_open(path, &map, NULL), CLEAVE_OK);
    assert_int_equal(map.bytes.size, 0);
    clv_map_close(&map);
}

static uint64_t sum_of(clv_bytes bytes)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < bytes.size; i += 512) {
        sum = 31 * sum + bytes.data[i];
    }
    return sum;
}

static void a_map_that_rests_takes_no_memory_and_reads_the_same(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "f");
    char *content = malloc(LARGE);
    struct clv_map map;
    uint64_t sum;
    size_t awake;

    for (size_t i = 0; i < LARGE; i++) {
        content[i] = (char)(i >> 9);
    }
    scratch_write(path, content, LARGE);
    free(content);
    assert_int_equal(clv_map_open(path, &map, NULL), CLEAVE_OK);
    sum = sum_of(map.bytes);
    awake = resident_bytes();
    clv_map_rest(&map);
    if (RESIDENT_MEMORY) {
        assert_true(resident_bytes() + LARGE / 2 < awake);
    }
    assert_true(sum_of(map.bytes) == sum);
    clv_map_close(&map);
    clv_map_rest(&map); /* an empty map */
}

static void what_is_no_file_is_refused(void **state)
{
    struct scratch *s = *state;
    const char *pipe = scratch_path(s, "pipe");
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_map map;

    assert_int_equal(clv_map_open(scratch_path(s, "none"), &map, &err),
                     CLEAVE_NOT_FOUND);
    assert_string_equal(err.where, scratch_path(s, "none"));
    assert_int_equal(clv_map_open(s->folder, &map, NULL), CLEAVE_INVALID);
    assert_int_equal(mkfifo(pipe, 0600), 0); /* must not be waited for */
    assert_int_equal(clv_map_open(pipe, &map, NULL), CLEAVE_INVALID);
    scratch_write(scratch_path(s, "f"), "x", 1);
    assert_int_equal(clv_map_open(scratch_path(s, "f/x"), &map, NULL),
                     CLEAVE_NOT_FOUND);
}

static void reading_stops_at_the_limit(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "f");
    struct clv_buffer b;

    scratch_write(path, "0123456789", 10);
    clv_buffer_init(&b, 100);
    clv_buffer_append(&b, "->", 2);
    assert_int_equal(clv_file_read(path, 9, &b, NULL), CLEAVE_LIMIT);
    assert_int_equal(b.size, 2);
    assert_int_equal(clv_file_read(path, 10, &b, NULL), CLEAVE_OK);
    assert_int_equal(b.size, 12);
    assert_memory_equal(b.data, "->0123456789", 12);
    clv_buffer_fini(&b);
}

static void writing_replaces_the_whole(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "f");
    struct clv_buffer b;
    clv_bytes first = {(const uint8_t *)"a longer one", 12};
    clv_bytes second = {(const uint8_t *)"short", 5};

    assert_int_equal(clv_file_write(path, first, NULL), CLEAVE_OK);
    assert_int_equal(clv_file_write(path, second, NULL), CLEAVE_OK);
    clv_buffer_init(&b, 100);
    assert_int_equal(clv_file_read(path, 100, &b, NULL), CLEAVE_OK);
    assert_int_equal(b.size, 5);
    assert_memory_equal(b.data, "short", 5);
    clv_buffer_fini(&b);
    assert_int_equal(scratch_count(s->folder), 1);
    assert_int_equal(clv_file_write(scratch_path(s, "no/folder"), second, NULL),
                     CLEAVE_IO);
}

static void folders_are_made_with_those_above(void **state)
{
    struct scratch *s = *state;
    const char *deep = scratch_path(s, "a/b/c");

    assert_int_equal(clv_folder_make(deep, NULL), CLEAVE_OK);
    assert_int_equal(clv_folder_make(deep, NULL), CLEAVE_OK);
    assert_int_equal(scratch_count(scratch_path(s, "a/b")), 1);
    scratch_write(scratch_path(s, "file"), "", 0);
    assert_int_equal(clv_folder_make(scratch_path(s, "file"), NULL), CLEAVE_IO);
    assert_int_equal(clv_folder_make(scratch_path(s, "file/x"), NULL),
                     CLEAVE_IO);
}

static void paths_are_cut_and_told_apart(void **state)
{
    char into[8];

    (void)state;
    assert_int_equal(clv_path_print(into, 8, NULL, "%s/%d", "abcde", 1), 0);
    assert_string_equal(into, "abcde/1");
    assert_int_equal(clv_path_print(into, 8, NULL, "%s/%d", "abcde", 12),
                     CLEAVE_LIMIT);
    assert_string_equal(clv_path_name("/a/b.c"), "b.c");
    assert_string_equal(clv_path_name("b.c"), "b.c");
    assert_string_equal(clv_path_name("a/"), "");
    assert_true(clv_path_ends("x.ONNX", ".onnx"));
    assert_false(clv_path_ends("onnx", ".onnx"));
    assert_false(clv_path_ends("x.onnx.data", ".onnx"));
}

/* Two ways to one place are one path; what is not there has one, too. */
static void paths_become_whole(void **state)
{
    struct scratch *s = *state;
    char whole[CLV_PATH_MAX];
    char linked[CLV_PATH_MAX];
    char here[CLV_PATH_MAX];

    assert_int_equal(clv_folder_make(scratch_path(s, "a"), NULL), CLEAVE_OK);
    clv_path_whole(scratch_path(s, "a"), whole);
    assert_int_equal(symlink(whole, scratch_path(s, "b")), 0);
    clv_path_whole(scratch_path(s, "a/../b/"), linked);
    assert_string_equal(whole, linked);
    assert_non_null(getcwd(here, sizeof here));
    clv_path_whole("./.", whole);
    clv_path_whole(here, linked);
    assert_string_equal(whole, linked);
    clv_path_whole("/nowhere/at all", whole);
    assert_string_equal(whole, "/nowhere/at all");
    clv_path_whole("nowhere/at all", whole);
    assert_true(strlen(whole) == strlen(here) + 15 &&
                strncmp(whole, here, strlen(here)) == 0);
    clv_path_whole("", whole);
    assert_string_equal(whole, "");
    clv_path_whole(NULL, whole);
    assert_string_equal(whole, "");
}

int main(void)
{
#define IN_FOLDER(test) \
    cmocka_unit_test_setup_teardown(test, scratch_begin, scratch_end)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_file_is_mapped_as_it_is),
        IN_FOLDER(a_map_that_rests_takes_no_memory_and_reads_the_same),
        IN_FOLDER(what_is_no_file_is_refused),
        IN_FOLDER(reading_stops_at_the_limit),
        IN_FOLDER(writing_replaces_the_whole),
        IN_FOLDER(folders_are_made_with_those_above),
        IN_FOLDER(paths_become_whole),
        cmocka_unit_test(paths_are_cut_and_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
