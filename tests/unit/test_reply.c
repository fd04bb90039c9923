/*
 * test_reply.c - replies, and what an error makes of them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/fail.h"
#include "serve/reply.h"

static void an_error_replaces_what_was_written(void **state)
{
    struct clv_reply reply;
    cleave_error error = CLEAVE_ERROR_INIT;

    (void)state;
    clv_reply_init(&reply);
    assert_int_equal(reply.http, 200);
    clv_buffer_append(&reply.body, "half an answer", 14);
    reply.json_bytes = 5;
    clv_fail(&error, CLEAVE_MISMATCH, "m", "Wrong.");
    clv_reply_fail(&reply, &error);
    assert_int_equal(reply.http, 409);
    assert_int_equal(reply.json_bytes, -1);
    clv_buffer_append(&reply.body, "", 1);
    assert_string_equal((char *)reply.body.data,
                        "{\"error\":\"Wrong.\",\"code\":\"MISMATCH\"}");
    clv_reply_fini(&reply);
}

static void a_full_buffer_still_tells_the_status(void **state)
{
    struct clv_reply reply;
    cleave_error error = CLEAVE_ERROR_INIT;

    (void)state;
    clv_reply_init(&reply);
    reply.body.max = 4;
    clv_fail(&error, CLEAVE_MEMORY, "m", "No memory.");
    clv_reply_fail(&reply, &error);
    assert_int_equal(reply.http, 503);
    assert_int_equal(reply.body.size, 0);
    clv_reply_fini(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_replaces_what_was_written),
        cmocka_unit_test(a_full_buffer_still_tells_the_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
