/*
 * test_loading.c - of all rows those that belong together are taken, the
 * latest of each, and rows that make no sense are not.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "database_bed.h"
#include "nearly.h"

static void the_latest_row_counts(void **state)
{
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_origin before;
    struct clv_costs c;
    struct here h;
    char note[512];

    be_here(&h);
    fill(d, &h);
    before = h.origin;
    h.origin.version = "0.0.1";
    h.part.cut = "relu4";
    put_head(d, &h, 1.25);
    ok(load(d, SHA, &c, note, &err), &err);
    assert_nearly(c.heads[1].time_ns.p50, 1.25, 1e-9);
    assert_non_null(strstr(note, "0.0.1")); /* old, taken, and named */
    clv_costs_fini(&c);
    h.origin = before;
    put_head(d, &h, 1.125); /* in place of the first, and later */
    ok(load(d, SHA, &c, note, &err), &err);
    assert_nearly(c.heads[1].time_ns.p50, 1.125, 1e-9);
    assert_null(strstr(note, "0.0.1"));
    assert_int_equal(c.head_count, 2);
    clv_costs_fini(&c);
    clv_database_close(d);
}

static void packings_of_one_cut_are_of_one_data_set(void **state)
{
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_costs c;
    struct here h;
    char note[512];

    be_here(&h);
    fill(d, &h);
    h.origin.data = "other pictures";
    put_pack(d, &h, "lz:bits=3", 2);
    ok(load(d, SHA, &c, note, &err), &err);
    assert_int_equal(c.pack_count, 1);
    assert_int_equal(c.packs[0].packing.bits, 3);
    clv_costs_fini(&c);
    clv_database_close(d);
}

static void an_unfinished_survey_is_told(void **state)
{
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_costs c;
    struct here h;
    char note[512];

    be_here(&h);
    fill(d, &h);
    ok(clv_database_mark(d, &h.part, &nobody, 0, &err), &err);
    ok(load(d, SHA, &c, note, &err), &err);
    assert_non_null(strstr(note, "not complete"));
    clv_costs_fini(&c);
    ok(clv_database_mark(d, &h.part, &nobody, 1, &err), &err);
    ok(load(d, SHA, &c, note, &err), &err);
    assert_null(strstr(note, "not complete"));
    clv_costs_fini(&c);
    clv_database_close(d);
}

static void rows_without_sense_are_an_error(void **state)
{
    static const char *const harm[] = {
        "UPDATE heads SET time_ns = '[1, 2]'",
        "UPDATE heads SET time_ns = '[1,2,3,4,5,6,7,8,9]x'",
        "UPDATE heads SET finish_ns = '[nan,1,1,1,1,1,1,1,1]'",
        "UPDATE heads SET time_ns = NULL",
        "UPDATE cuts SET head_share = 7",
        "UPDATE cuts SET raw_bytes = -1",
        "UPDATE packs SET packing = 'zip' WHERE id = 1",
        "UPDATE packs SET drop_pp = 'much'",
        "UPDATE packs SET bytes_down = NULL",
        "UPDATE variants SET score = NULL",
        "UPDATE tails SET time_ns = x'00ff'",
        "DROP TABLE packs",
    };
    const char *path = scratch_path(*state, "p.db");

    for (size_t i = 0; i < sizeof harm / sizeof harm[0]; i++) {
        struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);
        cleave_error err;
        struct clv_costs c;
        struct here h;
        char note[512];
        be_here(&h);
        fill(d, &h);
        clv_database_close(d);
        run_sql(*state, harm[i]);
        d = open_it(*state, CLV_DATABASE_READ);
        if (load(d, SHA, &c, note, &err) != CLEAVE_CORRUPT) {
            fail_msg("%s went through: %s", harm[i], err.text);
        }
        assert_non_null(strstr(err.text, "cleave profile"));
        clv_database_close(d);
        remove(path);
    }
}

#define IN_SCRATCH(test) \
    cmocka_unit_test_setup_teardown(test, scratch_begin, scratch_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(the_latest_row_counts),
        IN_SCRATCH(packings_of_one_cut_are_of_one_data_set),
        IN_SCRATCH(an_unfinished_survey_is_told),
        IN_SCRATCH(rows_without_sense_are_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
