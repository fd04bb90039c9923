/*
 * test_place.c - the line of an error is never lost.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/place.h"

static void says_path_and_line(void **state)
{
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(CLEAVE_INVALID, clv_fail_at(&err, CLEAVE_INVALID, "a.yaml",
                                                 7, "No %s.", "colour"));
    assert_int_equal(CLEAVE_INVALID, err.code);
    assert_string_equal("a.yaml:7", err.where);
    assert_string_equal("No colour.", err.text);
    assert_int_equal(CLEAVE_IO,
                     clv_fail_at(NULL, CLEAVE_IO, "a", 1, "No error given."));
}

static void a_long_path_loses_its_beginning(void **state)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    char path[400];

    (void)state;
    memset(path, 'd', sizeof path);
    strcpy(path + 300, "/card.yaml");
    clv_fail_at(&err, CLEAVE_INVALID, path, 4000000000u, "x");
    assert_non_null(strstr(err.where, "/card.yaml:4000000000"));
    assert_memory_equal("...d", err.where, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_path_and_line),
        cmocka_unit_test(a_long_path_loses_its_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
