/*
 * test_ledger.c - measurements outlive whoever made them, cut off anywhere.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>

#include "profile/ledger.h"
#include "scratch_folder.h"

static const struct clv_rate rate = {.bytes = 10, .inputs = 5};

static struct clv_packing bits(unsigned n)
{
    return (struct clv_packing){.coder = CLV_CODER_LZ, .bits = n};
}

static struct clv_ledger *open_ledger(const char *path, const char *key)
{
    struct clv_ledger *l = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    if (clv_ledger_open(path, key, 0, &l, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    return l;
}

static cleave_status open_status(const char *path, const char *key, int fresh)
{
    struct clv_ledger *l = NULL;
    cleave_status status = clv_ledger_open(path, key, fresh, &l, NULL);

    clv_ledger_close(l);
    return status;
}

static void add(struct clv_ledger *l, const char *cut, unsigned n)
{
    struct clv_packing p = bits(n);

    assert_int_equal(clv_ledger_append(l, cut, &p, &rate, NULL), CLEAVE_OK);
}

static int has(struct clv_ledger *l, const char *cut, unsigned n)
{
    struct clv_packing p = bits(n);

    return clv_ledger_find(l, cut, &p) != NULL;
}

static void rows_are_there_the_next_time(void **state)
{
    const char *path = scratch_path(*state, "ledger");
    struct clv_ledger *l = open_ledger(path, "k");

    assert_int_equal(clv_ledger_count(l), 0);
    add(l, "a", 4);
    add(l, "b", 5);
    clv_ledger_close(l);
    l = open_ledger(path, "k");
    assert_int_equal(clv_ledger_count(l), 2);
    assert_true(has(l, "a", 4) && has(l, "b", 5));
    assert_false(has(l, "a", 5) || has(l, "c", 4));
    clv_ledger_close(l);
}

/* A process killed while it held the ledger: all it appended is there. */
static void a_killed_owner_loses_nothing(void **state)
{
    const char *path = scratch_path(*state, "ledger");
    struct clv_ledger *l;
    int ends[2];
    char ready;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        l = open_ledger(path, "k");
        add(l, "a", 2);
        add(l, "a", 3);
        (void)!write(ends[1], "x", 1);
        pause();
        _exit(0);
    }
    assert_int_equal(read(ends[0], &ready, 1), 1);
    assert_int_equal(open_status(path, "k", 0), CLEAVE_BUSY);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    l = open_ledger(path, "k");
    assert_true(has(l, "a", 2) && has(l, "a", 3));
    clv_ledger_close(l);
    close(ends[0]);
    close(ends[1]);
}

/* Cut off after every byte: whole lines stay, the rest is made anew. */
static void every_beginning_of_a_ledger_opens(void **state)
{
    const char *path = scratch_path(*state, "ledger");
    struct clv_ledger *l = open_ledger(path, "k");
    struct clv_buffer all;

    add(l, "a", 4);
    add(l, "a", 5);
    clv_ledger_close(l);
    clv_buffer_init(&all, 1 << 16);
    assert_int_equal(clv_file_read(path, 1 << 16, &all, NULL), CLEAVE_OK);
    for (size_t size = 0; size <= all.size; size++) {
        size_t lines = 0;
        for (size_t i = 0; i < size; i++) {
            lines += all.data[i] == '\n';
        }
        scratch_write(path, all.data, size);
        l = open_ledger(path, "k");
        assert_int_equal(clv_ledger_count(l), lines > 0 ? lines - 1 : 0);
        add(l, "z", 8);
        clv_ledger_close(l);
        l = open_ledger(path, "k");
        assert_int_equal(clv_ledger_count(l), lines > 0 ? lines : 1);
        assert_true(has(l, "z", 8));
        clv_ledger_close(l);
    }
    clv_buffer_fini(&all);
}

static void another_key_is_another_measurement(void **state)
{
    const char *path = scratch_path(*state, "ledger");
    struct clv_ledger *l = open_ledger(path, "k");

    add(l, "a", 4);
    clv_ledger_close(l);
    assert_int_equal(open_status(path, "other", 0), CLEAVE_MISMATCH);
    assert_int_equal(open_status(path, "other", 1), CLEAVE_OK);
    l = open_ledger(path, "other");
    assert_int_equal(clv_ledger_count(l), 0);
    clv_ledger_close(l);
}

/* A file that is something else is not written to, even if asked. */
static void other_files_are_left_alone(void **state)
{
    static const char *const texts[] = {
        "my diary\n", "my diary", "{\"ledger\": \"another\", \"key\": \"k\"}\n",
        "{\"ledger\":\"cleave rate 1\",\"key\":\"k\"}\nmy diary\n", "\n"};
    const char *path = scratch_path(*state, "ledger");

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct clv_buffer after;
        scratch_write(path, texts[i], strlen(texts[i]));
        assert_int_equal(open_status(path, "k", 0), CLEAVE_CORRUPT);
        if (i != 3) { /* this one is a ledger, though a bad one */
            assert_int_equal(open_status(path, "k", 1), CLEAVE_CORRUPT);
        }
        clv_buffer_init(&after, 4096);
        assert_int_equal(clv_file_read(path, 4096, &after, NULL), CLEAVE_OK);
        assert_int_equal(after.size, strlen(texts[i]));
        assert_memory_equal(after.data, texts[i], after.size);
        clv_buffer_fini(&after);
    }
    assert_int_equal(open_status("/dev/full", "k", 0), CLEAVE_INVALID);
    assert_int_equal(open_status(scratch_path(*state, "no/ledger"), "k", 0),
                     CLEAVE_IO);
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, scratch_begin, scratch_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_are_there_the_next_time),
        TEST(a_killed_owner_loses_nothing),
        TEST(every_beginning_of_a_ledger_opens),
        TEST(another_key_is_another_measurement),
        TEST(other_files_are_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
