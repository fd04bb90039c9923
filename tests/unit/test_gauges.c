/*
 * test_gauges.c - what a made-up machine tells, what it does not, and what it
 * tells wrongly.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <time.h>

#include "run/gauges.h"
#include "base/clock.h"
#include "profile/costs.h"
#include "scratch_folder.h"
#include "seeded.h"

#define MS 1000000

struct world {
    struct scratch *scratch;
    struct clv_gauges *gauges;
    int64_t now_ns;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    assert_int_equal(scratch_begin((void **)&w->scratch), 0);
    assert_int_equal(clv_gauges_open(w->scratch->folder, &w->gauges, NULL),
                     CLEAVE_OK);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    clv_gauges_close(w->gauges);
    scratch_end((void **)&w->scratch);
    free(w);
    return 0;
}

/* A file of the made-up machine. */
static void says_bytes(struct world *w, const char *name, const void *text,
                       size_t size)
{
    char path[CLV_PATH_MAX];

    snprintf(path, sizeof path, "%s/%s", w->scratch->folder, name);
    *strrchr(path, '/') = '\0';
    assert_int_equal(clv_folder_make(path, NULL), CLEAVE_OK);
    scratch_write(scratch_path(w->scratch, name), text, size);
}

static void says(struct world *w, const char *name, const char *text)
{
    says_bytes(w, name, text, strlen(text));
}

/* Two cores that were busy and idle for so many ticks. */
static void ticks(struct world *w, double busy, double idle)
{
    char text[200];

    snprintf(text, sizeof text,
             "cpu  %.0f 0 %.0f %.0f 3 0 0 0 0 0\ncpu0 1 2\ncpu1 3 4\nintr 5\n",
             busy / 2, busy / 2, idle);
    says(w, "proc/stat", text);
}

static struct clv_pressure look(struct world *w)
{
    struct clv_pressure p;

    w->now_ns += 100 * MS;
    clv_gauges_read(w->gauges, w->now_ns, &p);
    return p;
}

static int is_near(double a, double b)
{
    return a > b - 1e-6 && a < b + 1e-6;
}

/* Memory to spare, and no cgroup that says otherwise. */
static void be_calm(struct world *w)
{
    says(w, "proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 900 kB\n");
    says(w, "proc/self/cgroup", "0::/\n1:memory:/\n");
    says(w, "sys/fs/cgroup/memory.max", "max\n");
    says(w, "sys/fs/cgroup/memory.pressure", "");
    says(w, "sys/fs/cgroup/unified/memory.max", "max\n");
    says(w, "sys/fs/cgroup/unified/memory.pressure", "");
    says(w, "sys/fs/cgroup/memory/memory.limit_in_bytes",
         "9223372036854771712\n");
    says(w, "sys/fs/cgroup/memory/memory.usage_in_bytes", "5\n");
    says(w, "sys/fs/cgroup/memory/memory.pressure", "");
    says(w, "proc/pressure/memory",
         "some avg10=1.50 avg60=0.10 avg300=0.00 total=5\n"
         "full avg10=9.00 avg60=0.00 avg300=0.00 total=0\n");
}

static void busy_cores_are_counted_from_tick_to_tick(void **state)
{
    struct world *w = *state;
    struct clv_pressure p;

    ticks(w, 1000, 5000);
    p = look(w);
    assert_true(is_near(p.cores, 2));
    assert_true(p.others_cores < 0 && p.own_cores < 0); /* nothing to compare */
    ticks(w, 1010, 5010);
    p = look(w);
    assert_true(is_near(p.others_cores, 1));
    assert_true(is_near(p.own_cores, 0));
    assert_int_equal(p.at_ns, w->now_ns);
    ticks(w, 1030, 5010);
    p = look(w);
    assert_true(is_near(p.others_cores, 1.5)); /* of both tenths */
}

static void half_a_second_is_looked_back(void **state)
{
    struct world *w = *state;
    struct clv_pressure p;
    double busy = 0;
    double idle = 0;

    for (int i = 0; i < 20; i++) {
        busy += i < 10 ? 20 : 0;
        idle += i < 10 ? 0 : 20;
        ticks(w, busy, idle);
        p = look(w);
    }
    assert_true(is_near(p.others_cores, 0));
}

static void counters_that_jump_back_are_not_believed(void **state)
{
    struct world *w = *state;
    struct clv_pressure p;

    ticks(w, 1000, 5000);
    (void)look(w);
    ticks(w, 10, 50);
    assert_true(look(w).others_cores < 0);
    ticks(w, 20, 50);
    p = look(w);
    assert_true(is_near(p.others_cores, 2));
    assert_true(look(w).others_cores >= 0); /* of the tenth before */
}

static void a_machine_that_slept_tells_the_same(void **state)
{
    struct world *w = *state;

    ticks(w, 1000, 5000);
    (void)look(w);
    w->now_ns += (int64_t)3600 * 1000 * MS;
    ticks(w, 1010, 5010);
    assert_true(is_near(look(w).others_cores, 1));
    w->now_ns -= (int64_t)7200 * 1000 * MS;
    ticks(w, 1020, 5020);
    assert_true(is_near(look(w).others_cores, 1));
}

static void calm_memory_is_calm(void **state)
{
    struct world *w = *state;
    struct clv_pressure p;

    be_calm(w);
    says(w, "proc/self/statm", "100 7 3 1 0 2 0\n");
    p = look(w);
    assert_true(is_near(p.memory_used, 0.1));
    assert_true(is_near(p.memory_share, 0.015));
    assert_true(is_near(p.resident_bytes, 7.0 * (double)sysconf(_SC_PAGESIZE)));
}

static void the_nearest_limit_counts_whichever_version(void **state)
{
    struct world *w = *state;
    struct clv_pressure p;

    be_calm(w);
    says(w, "proc/self/cgroup", "0::/a/b\n7:cpu,memory:/c\n");
    says(w, "sys/fs/cgroup/a/memory.max", "1000\n");
    says(w, "sys/fs/cgroup/a/memory.current", "900\n");
    says(w, "sys/fs/cgroup/a/memory.stat", "anon 500\ninactive_file 300\n");
    says(w, "sys/fs/cgroup/a/b/memory.max", "max\n");
    says(w, "sys/fs/cgroup/a/b/memory.current", "900\n");
    says(w, "sys/fs/cgroup/a/b/memory.pressure", "some avg10=20.00 avg60=0\n");
    p = look(w);
    assert_true(is_near(p.memory_used, 0.6));  /* idle pages are not used */
    assert_true(is_near(p.memory_share, 0.2)); /* and not the machine's */
    says(w, "sys/fs/cgroup/memory/c/memory.limit_in_bytes", "1000\n");
    says(w, "sys/fs/cgroup/memory/c/memory.usage_in_bytes", "970\n");
    says(w, "sys/fs/cgroup/memory/c/memory.stat",
         "inactive_file 800\ntotal_inactive_file 10\n");
    assert_true(is_near(look(w).memory_used, 0.96));
    says(w, "proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 10 kB\n");
    assert_true(is_near(look(w).memory_used, 0.99));
}

/* In a container the path may be one that only the host has. */
static void a_path_of_another_namespace_leads_to_the_top(void **state)
{
    struct world *w = *state;

    be_calm(w);
    says(w, "proc/self/cgroup", "0::/../../far\n3:memory:/docker/abc\n");
    says(w, "sys/fs/cgroup/memory/memory.limit_in_bytes", "100\n");
    says(w, "sys/fs/cgroup/memory/memory.usage_in_bytes", "97\n");
    says(w, "sys/fs/cgroup/memory/memory.stat", "total_inactive_file 0\n");
    assert_true(is_near(look(w).memory_used, 0.97));
}

static void what_is_not_said_is_not_known(void **state)
{
    struct world *w = *state;
    struct clv_pressure p;

    says(w, "proc/stat", "");
    says(w, "proc/self/cgroup", "nonsense\n::\n1:\nmemory\n");
    says(w, "proc/meminfo", "MemTotal: none\n");
    says(w, "proc/pressure/memory", "some avg10=-3\n");
    says(w, "proc/self/statm", "12\n");
    says(w, "sys/fs/cgroup/memory/memory.limit_in_bytes", "-1\n");
    says(w, "sys/fs/cgroup/memory/memory.pressure", "full avg10=1\n");
    says(w, "sys/fs/cgroup/memory.max", "nan\n");
    says(w, "sys/fs/cgroup/memory.pressure", "some avg10=101\n");
    says(w, "sys/fs/cgroup/unified/memory.max", "0\n");
    says(w, "sys/fs/cgroup/unified/memory.pressure", "x\n");
    p = look(w);
    assert_true(p.cores < 0 && p.others_cores < 0 && p.own_cores < 0);
    assert_true(p.memory_used < 0 && p.memory_share < 0);
    assert_true(p.resident_bytes < 0);
    says(w, "proc/self/statm", "12 1e30 0\n"); /* fits no integer */
    p = look(w);
    assert_true(p.resident_bytes < 0);
}

static int is_sane(double value, double most)
{
    return is_near(value, CLV_UNKNOWN) || (value >= 0 && value <= most);
}

static void hostile_files_give_sane_values_or_none(void **state)
{
    static const char *const names[] = {
        "proc/stat",
        "proc/meminfo",
        "proc/self/cgroup",
        "proc/self/statm",
        "proc/pressure/memory",
        "sys/fs/cgroup/memory/memory.stat",
        "sys/fs/cgroup/memory/memory.limit_in_bytes",
        "sys/fs/cgroup/memory/memory.usage_in_bytes",
    };
    static const char seed_text[] =
        "cpu  18446744073709551615 9e99 1 2 3 4 5 6\ncpu0 1\ncpu1 1\n"
        "some avg10=99999.9 total=1\nMemTotal: 0 kB\nMemAvailable: 7 kB\n"
        "0::/a/../b\n1:memory://///\n2:memory\ntotal_inactive_file 1e300\n";
    struct seeded chance = seeded_init("hostile", 5);
    struct world *w = *state;

    for (int round = 0; round < 400; round++) {
        char text[sizeof seed_text];
        struct clv_pressure p;
        size_t size = seeded_below(&chance, sizeof text);
        size_t from = seeded_below(&chance, (uint32_t)(sizeof text - size));
        memcpy(text, seed_text + from, size);
        for (int i = 0; size > 0 && i < 4; i++) {
            text[seeded_below(&chance, (uint32_t)size)] =
                (char)seeded_next(&chance);
        }
        says_bytes(w, names[seeded_below(&chance, 8)], text, size);
        p = look(w);
        assert_true(is_sane(p.others_cores, 65536) &&
                    is_sane(p.own_cores, 65536) && is_sane(p.cores, 65536) &&
                    is_sane(p.memory_share, 1) && is_sane(p.memory_used, 1));
        assert_true(p.resident_bytes >= CLV_UNKNOWN);
    }
}

static void a_file_too_long_is_read_in_part(void **state)
{
    struct world *w = *state;
    size_t size = 1 << 20;
    char *text = malloc(size);

    assert_non_null(text);
    memset(text, '9', size);
    says_bytes(w, "proc/stat", text, size);
    says_bytes(w, "proc/self/cgroup", text, size);
    says_bytes(w, "proc/meminfo", text, size);
    assert_true(look(w).others_cores < 0);
    free(text);
}

static void a_folder_that_is_none_is_told(void **state)
{
    struct clv_gauges *g = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(clv_gauges_open("/no/such/folder", &g, NULL),
                     CLEAVE_NOT_FOUND);
    assert_int_equal(clv_gauges_open("/dev/null", &g, &err), CLEAVE_NOT_FOUND);
    assert_null(g);
    assert_string_equal(err.where, "/dev/null");
}

/* This machine, as it is. */
static void what_this_process_uses_is_its_own(void **state)
{
    struct clv_gauges *g = NULL;
    struct clv_clock machine = clv_clock_machine();
    struct clv_pressure p;
    clock_t end;

    (void)state;
    assert_int_equal(clv_gauges_open(NULL, &g, NULL), CLEAVE_OK);
    clv_gauges_read(g, clv_clock_now_ns(machine), &p);
    end = clock() + CLOCKS_PER_SEC / 5;
    while (clock() < end) {
    }
    clv_gauges_read(g, clv_clock_now_ns(machine), &p);
    assert_true(p.cores >= 1 && p.resident_bytes > 0);
    assert_true(p.own_cores > 0 && p.own_cores <= p.cores);
    assert_true(p.others_cores >= 0 && p.others_cores <= p.cores);
    clv_gauges_close(g);
    clv_gauges_close(NULL);
}

int main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_WORLD(busy_cores_are_counted_from_tick_to_tick),
        IN_WORLD(half_a_second_is_looked_back),
        IN_WORLD(counters_that_jump_back_are_not_believed),
        IN_WORLD(a_machine_that_slept_tells_the_same),
        IN_WORLD(calm_memory_is_calm),
        IN_WORLD(the_nearest_limit_counts_whichever_version),
        IN_WORLD(a_path_of_another_namespace_leads_to_the_top),
        IN_WORLD(what_is_not_said_is_not_known),
        IN_WORLD(hostile_files_give_sane_values_or_none),
        IN_WORLD(a_file_too_long_is_read_in_part),
        cmocka_unit_test(a_folder_that_is_none_is_told),
        cmocka_unit_test(what_this_process_uses_is_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
