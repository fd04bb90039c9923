/*
 * test_halves.c - parts are made once and kept; what was damaged is made
 * again; processes share a store, and one killed in the middle harms nobody.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "network_bed.h"

/* Conv, product, residual: weights of 1 KB and more, so that blobs exist. */
static void make_heavy(struct maker *m)
{
    maker_input(m, "x f32 1x64");
    maker_raw_floats(m, "w1 f32 64x64");
    maker_raw_floats(m, "w2 f32 64x48");
    maker_raw_floats(m, "b f32 48");
    maker_node(m, "MatMul", "x,w1", "p");
    maker_node(m, "Tanh", "p", "a");
    maker_node(m, "MatMul", "a,w2", "q");
    maker_node(m, "Add", "q,b", "r");
    maker_node(m, "Softmax", "r", "y");
    maker_output(m, "y f32 1x48");
}

/* Everything there is to prepare. Returns 0 if it all works. */
static int prepare(struct clv_network *n)
{
    const struct clv_cut *cuts;
    size_t count;
    int bad = clv_network_cuts(n, &cuts, &count, NULL) != CLEAVE_OK;

    for (size_t i = 0; !bad && i < count; i++) {
        bad = bed_check_cut(n, cuts[i].name);
    }
    return bad || bed_check_cut(n, "a");
}

/* -- One process -- */

struct inodes {
    ino_t sum;
    int count;
};

static void add_inode(const char *path, void *self)
{
    struct inodes *i = self;
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    i->sum += st.st_ino;
    i->count++;
}

/* A file made anew is a new inode. */
static struct inodes entries_of(struct bed *b)
{
    struct inodes i = {0, 0};

    bed_each_entry(b, "entries", "", add_inode, &i);
    bed_each_entry(b, "entries/blobs", "", add_inode, &i);
    return i;
}

static void what_is_kept_is_not_made_again(void **state)
{
    struct bed *b = *state;
    struct inodes first;
    struct inodes second;

    assert_int_equal(prepare(bed_make(b, make_heavy)), 0);
    first = entries_of(b);
    assert_in_range(first.count, 5, 40);
    assert_int_equal(bed_each_entry(b, "work", "", NULL, NULL), 0);
    assert_int_equal(prepare(bed_open(b)), 0);
    second = entries_of(b);
    assert_int_equal(first.count, second.count);
    assert_int_equal(first.sum, second.sum);
}

static void halve(const char *path, void *self)
{
    struct stat st;

    (void)self;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(truncate(path, st.st_size / 2), 0);
}

static void empty(const char *path, void *self)
{
    (void)self;
    assert_int_equal(truncate(path, 0), 0);
}

static void delete(const char *path, void *self)
{
    (void)self;
    assert_int_equal(unlink(path), 0);
}

static void garble(const char *path, void *self)
{
    FILE *file = fopen(path, "wb");

    (void)self;
    assert_non_null(file);
    assert_int_equal(fputs("\x0a\xff garbage", file) >= 0, 1);
    assert_int_equal(fclose(file), 0);
}

static void what_is_damaged_is_made_again(void **state)
{
    void (*const damages[])(const char *, void *) = {halve, empty, delete,
                                                     garble};
    struct bed *b = *state;
    int stubs;
    int blobs;

    assert_int_equal(prepare(bed_make(b, make_heavy)), 0);
    stubs = bed_each_entry(b, "entries", ".onnx", NULL, NULL);
    blobs = bed_each_entry(b, "entries/blobs", "", NULL, NULL);
    assert_in_range(blobs, 2, 20);
    for (size_t i = 0; i < 4; i++) {
        bed_each_entry(b, "entries", ".onnx", damages[i], NULL);
        assert_int_equal(prepare(bed_open(b)), 0);
        if (damages[i] != garble) { /* of the right size: believed */
            bed_each_entry(b, "entries/blobs", "", damages[i], NULL);
        }
        assert_int_equal(prepare(bed_open(b)), 0);
        assert_int_equal(bed_each_entry(b, "entries", ".onnx", NULL, NULL),
                         stubs);
        assert_int_equal(bed_each_entry(b, "entries/blobs", "", NULL, NULL),
                         blobs);
    }
}

/* -- Several processes -- */

/* In a child process: prepares in the bed's store, and says whether it
   worked. Engines are opened in children only; their threads do not fork. */
static pid_t start(struct bed *b, int go)
{
    pid_t child = fork();
    char byte;

    if (child == 0) {
        if (go >= 0 && read(go, &byte, 1) < 0) {
            _exit(2);
        }
        _exit(prepare(bed_open(b)));
    }
    assert_true(child > 0);
    return child;
}

static int end_of(pid_t child)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void processes_prepare_the_same_at_once(void **state)
{
    struct bed *b = *state;
    pid_t child[4];
    int go[2];

    bed_write(b, make_heavy);
    assert_int_equal(pipe(go), 0);
    for (int i = 0; i < 4; i++) {
        child[i] = start(b, go[0]);
    }
    assert_int_equal(write(go[1], "1234", 4), 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(end_of(child[i]), 0);
    }
    close(go[0]);
    close(go[1]);
    assert_int_equal(bed_each_entry(b, "work", "", NULL, NULL), 0);
    assert_int_equal(end_of(start(b, -1)), 0);
}

static int64_t now(void)
{
    return clv_clock_now_ns(clv_clock_machine());
}

/* Kills a child at some moment of the time that a whole run takes. */
static void a_process_killed_at_any_moment_harms_nobody(void **state)
{
    struct bed *b = *state;
    unsigned seed = (unsigned)time(NULL);
    char store[128];
    int64_t whole;
    int killed = 0;

    print_message("seed %u\n", seed);
    snprintf(store, sizeof store, "%s/store", b->folder);
    bed_write(b, make_heavy);
    whole = now();
    assert_int_equal(end_of(start(b, -1)), 0);
    whole = now() - whole;
    for (int round = 0; round < 16; round++) {
        struct timespec wait = {0, 0};
        int64_t ns = whole * (rand_r(&seed) % 1000) / 1000;
        pid_t child;
        if (round % 4 == 0) { /* from nothing, or from what the last left */
            clv_store_work_end(b->store, store);
            clv_store_close(b->store);
            assert_int_equal(clv_store_open(store, &b->store, NULL), 0);
        }
        child = start(b, -1);
        wait.tv_sec = (time_t)(ns / 1000000000);
        wait.tv_nsec = (long)(ns % 1000000000);
        nanosleep(&wait, NULL);
        kill(child, SIGKILL);
        killed += WIFSIGNALED(end_of(child));
        if (round % 4 == 3) {
            assert_int_equal(end_of(start(b, -1)), 0);
        }
    }
    assert_in_range(killed, 1, 16);
}

int main(void)
{
#define IN_BED(test) cmocka_unit_test_setup_teardown(test, bed_begin, bed_end)
    const struct CMUnitTest tests[] = {
        /* first those that fork, while there is no engine here */
        IN_BED(processes_prepare_the_same_at_once),
        IN_BED(a_process_killed_at_any_moment_harms_nobody),
        IN_BED(what_is_kept_is_not_made_again),
        IN_BED(what_is_damaged_is_made_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
