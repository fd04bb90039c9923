/*
 * test_elsewhere.c - a profile that holds nothing of ours says whose it is.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "database_bed.h"

static void what_is_not_there_is_told_with_advice(void **state)
{
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_costs c;
    struct here h;
    char note[512];

    assert_int_equal(load(d, SHA, &c, note, &err), CLEAVE_NOT_FOUND);
    assert_non_null(strstr(err.text, "Nothing has been measured"));
    be_here(&h);
    h.origin.machine = "elsewhere";
    fill(d, &h);
    assert_int_equal(load(d, SHA, &c, note, &err), CLEAVE_NOT_FOUND);
    assert_non_null(strstr(err.text, "another machine (elsewhere)"));
    assert_non_null(strstr(err.text, "cleave profile"));
    assert_int_equal(load(d, OTHER, &c, note, &err), CLEAVE_NOT_FOUND);
    assert_non_null(strstr(err.text, "other models"));
    assert_non_null(strstr(err.text, "cleave profile"));
    clv_database_close(d);
}

static void the_machine_that_measured_is_named(void **state)
{
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);
    cleave_error err = CLEAVE_ERROR_INIT;
    char machine[CLV_MACHINE_TEXT];
    const char *others[] = {"attic", "cellar"};
    struct here h;

    ok(clv_database_elsewhere(d, SHA, machine, &err), &err);
    assert_string_equal(machine, "");
    be_here(&h);
    for (size_t i = 0; i < 2; i++) {
        h.origin.machine = others[i];
        fill(d, &h);
        ok(clv_database_elsewhere(d, SHA, machine, &err), &err);
        assert_string_equal(machine, others[i]); /* the latest */
    }
    h.origin.machine = h.machine;
    fill(d, &h); /* of this machine only if there is no other */
    ok(clv_database_elsewhere(d, SHA, machine, &err), &err);
    assert_string_equal(machine, "cellar");
    ok(clv_database_elsewhere(d, OTHER, machine, &err), &err);
    assert_string_equal(machine, "");
    clv_database_close(d);
}

#define IN_SCRATCH(test) \
    cmocka_unit_test_setup_teardown(test, scratch_begin, scratch_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(what_is_not_there_is_told_with_advice),
        IN_SCRATCH(the_machine_that_measured_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
