/*
 * test_trouble.c - errors on the wire: every status survives the trip.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/fail.h"
#include "wire/trouble.h"

static void every_status_survives_the_trip(void **state)
{
    (void)state;
    for (int code = 1; code < CLEAVE_STATUS_COUNT; code++) {
        cleave_error sent = CLEAVE_ERROR_INIT;
        cleave_error got = CLEAVE_ERROR_INIT;
        struct clv_buffer b;

        clv_fail(&sent, (cleave_status)code, "x", "It \"broke\" at %d.", code);
        clv_buffer_init(&b, 10000);
        clv_error_write(&sent, &b);
        assert_int_equal(clv_error_read(clv_buffer_bytes(&b),
                                        cleave_status_http(sent.code), "peer",
                                        &got),
                         code);
        assert_int_equal(got.code, code);
        assert_string_equal(got.text, sent.text);
        assert_string_equal(got.where, "peer");
        clv_buffer_fini(&b);
    }
}

static void assert_foreign(const char *body, int http, cleave_status want,
                           const char *said)
{
    cleave_error got = CLEAVE_ERROR_INIT;
    clv_bytes bytes = {(const uint8_t *)body, strlen(body)};

    assert_int_equal(clv_error_read(bytes, http, "peer", &got), want);
    assert_non_null(strstr(got.text, said));
}

static void foreign_errors_fall_back_on_http(void **state)
{
    (void)state;
    assert_foreign("{\"error\":\"no model\"}", 400, CLEAVE_INVALID, "no model");
    assert_foreign("<html>", 404, CLEAVE_NOT_FOUND, "404");
    assert_foreign("", 503, CLEAVE_BUSY, "503");
    assert_foreign("", 429, CLEAVE_BUSY, "429");
    assert_foreign("", 504, CLEAVE_TIMEOUT, "504");
    assert_foreign("", 502, CLEAVE_UNREACHABLE, "502");
    assert_foreign("", 413, CLEAVE_LIMIT, "413");
    assert_foreign("", 302, CLEAVE_INVALID, "302");
    assert_foreign("{\"error\":7,\"code\":\"OK\"}", 500, CLEAVE_ENGINE, "500");
    assert_foreign("{\"code\":\"NONSENSE\"}", 409, CLEAVE_MISMATCH, "409");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_survives_the_trip),
        cmocka_unit_test(foreign_errors_fall_back_on_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
