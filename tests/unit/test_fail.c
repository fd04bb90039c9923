/*
 * test_fail.c - the first error is the one that is told, and it always fits.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/fail.h"

static void the_deepest_cause_wins(void **state)
{
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(clv_fail(&err, CLEAVE_CORRUPT, "a.onnx", "byte %d", 7),
                     CLEAVE_CORRUPT);
    assert_int_equal(clv_fail(&err, CLEAVE_IO, "b", "later"), CLEAVE_IO);
    assert_int_equal(err.code, CLEAVE_CORRUPT);
    assert_string_equal(err.where, "a.onnx");
    assert_string_equal(err.text, "byte 7");
}

static void nobody_need_listen(void **state)
{
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(clv_fail(NULL, CLEAVE_BUSY, NULL, "x"), CLEAVE_BUSY);
    assert_int_equal(clv_fail_memory(NULL, "x", 1), CLEAVE_MEMORY);
    assert_int_equal(clv_fail(&err, CLEAVE_BUSY, NULL, "x"), CLEAVE_BUSY);
    assert_string_equal(err.where, "");
}

static void long_words_are_cut(void **state)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    char many[2000];

    (void)state;
    memset(many, 'm', sizeof many - 1);
    many[sizeof many - 1] = '\0';
    clv_fail(&err, CLEAVE_INVALID, many, "%s", many);
    assert_int_equal(strlen(err.where), sizeof err.where - 1);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

static void the_systems_words_are_passed_on(void **state)
{
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    errno = ENOSPC;
    assert_int_equal(clv_fail_errno(&err, CLEAVE_IO, "f", "Writing the file"),
                     CLEAVE_IO);
    assert_string_equal(err.text,
                        "Writing the file failed: No space left on device.");
    err = (cleave_error)CLEAVE_ERROR_INIT;
    clv_fail_memory(&err, "f", 4096);
    assert_non_null(strstr(err.text, "4096 bytes"));
}

static void every_status_has_a_text_and_a_code(void **state)
{
    (void)state;
    assert_string_equal(cleave_status_text(CLEAVE_OK), "ok");
    assert_int_equal(cleave_status_http(CLEAVE_OK), 200);
    assert_int_equal(cleave_status_http(CLEAVE_BUSY), 503);
    for (int i = 1; i < CLEAVE_STATUS_COUNT; i++) {
        assert_true(strlen(cleave_status_text((cleave_status)i)) > 5);
        assert_in_range(cleave_status_http((cleave_status)i), 400, 504);
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(cleave_status_text((cleave_status)i),
                                    cleave_status_text((cleave_status)j));
        }
    }
    assert_string_equal(cleave_status_text(CLEAVE_STATUS_COUNT),
                        "unknown status");
    assert_int_equal(cleave_status_http(CLEAVE_STATUS_COUNT), 500);
    assert_int_equal(strspn(cleave_version(), "0123456789."),
                     strlen(cleave_version()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_deepest_cause_wins),
        cmocka_unit_test(nobody_need_listen),
        cmocka_unit_test(long_words_are_cut),
        cmocka_unit_test(the_systems_words_are_passed_on),
        cmocka_unit_test(every_status_has_a_text_and_a_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
