/*
 * test_transfer.c - exchanges with servers that are not there, silent, too
 * busy or talk too much, and what is sent, byte by byte.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scripted_server.h"
#include "wire/transfer.h"

static struct clv_transfer *open_transfer(const char *url, size_t most)
{
    struct clv_transfer_options options = {.url = url,
                                           .max_response_bytes = most};
    struct clv_transfer *transfer = NULL;

    assert_int_equal(clv_transfer_open(&options, &transfer, NULL), CLEAVE_OK);
    return transfer;
}

static cleave_status get(struct clv_transfer *transfer, int64_t timeout_ms,
                         struct clv_exchange *ret_exchange, cleave_error *err)
{
    assert_int_equal(clv_transfer_aim(transfer, "/v2", err), CLEAVE_OK);
    clv_transfer_get(transfer);
    return clv_transfer_perform(transfer, timeout_ms, ret_exchange, err);
}

static void an_url_has_to_be_http(void **state)
{
    static const char *const bad[] = {NULL, "", "host:80", "ftp://host",
                                      "file:///etc/passwd"};
    struct clv_transfer *transfer = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct clv_transfer_options options = {.url = bad[i]};
        assert_int_equal(clv_transfer_open(&options, &transfer, NULL),
                         CLEAVE_INVALID);
    }
    transfer = open_transfer("http://host:1///", 0);
    assert_string_equal(clv_transfer_url(transfer), "http://host:1");
    clv_transfer_close(transfer);
}

static void nobody_there_is_unreachable_with_a_hint(void **state)
{
    struct script *s = script_start("");
    char url[64];
    struct clv_transfer *transfer;
    struct clv_exchange x;
    cleave_error error = CLEAVE_ERROR_INIT;

    (void)state;
    transfer = open_transfer(s->url, 0);
    assert_int_equal(get(transfer, 0, &x, &error),
                     CLEAVE_UNREACHABLE); /* it hangs up without a word */
    clv_transfer_close(transfer);
    snprintf(url, sizeof url, "%s", s->url);
    script_end(s);
    transfer = open_transfer(url, 0); /* nobody listens there any more */
    error = (cleave_error)CLEAVE_ERROR_INIT;
    assert_int_equal(get(transfer, 0, &x, &error), CLEAVE_UNREACHABLE);
    assert_string_equal(error.where, url);
    assert_non_null(strstr(error.text, "Is the server running"));
    clv_transfer_close(transfer);
}

static void a_silent_server_is_a_timeout(void **state)
{
    struct script *s = script_start(NULL);
    struct clv_transfer *transfer = open_transfer(s->url, 0);
    struct clv_exchange x;
    cleave_error error = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(get(transfer, 20, &x, &error), CLEAVE_TIMEOUT);
    assert_non_null(strstr(error.text, "20 ms"));
    clv_transfer_close(transfer);
    script_end(s);
}

static void what_nobody_waits_for_is_given_up(void **state)
{
    struct script *s = script_start(NULL);
    struct clv_transfer *transfer = open_transfer(s->url, 0);
    struct clv_exchange x;
    atomic_int stop = 1;

    (void)state;
    clv_transfer_heed(transfer, &stop);
    assert_int_equal(get(transfer, 60000, &x, NULL), CLEAVE_UNREACHABLE);
    clv_transfer_heed(transfer, NULL);
    assert_int_equal(get(transfer, 20, &x, NULL), CLEAVE_TIMEOUT);
    clv_transfer_close(transfer);
    script_end(s);
}

static void too_large_an_answer_is_refused(void **state)
{
    struct script *s = script_start("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n"
                                    "\r\n01234567890123456789");
    struct clv_transfer *transfer = open_transfer(s->url, 19);
    struct clv_exchange x;

    (void)state;
    assert_int_equal(get(transfer, 0, &x, NULL), CLEAVE_LIMIT);
    clv_transfer_close(transfer);
    script_end(s);
}

static void an_overloaded_server_says_when_to_come_back(void **state)
{
    struct script *s = script_start("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\n"
                                    "Content-Length: 31\r\n\r\n"
                                    "{\"error\":\"full\",\"code\":\"BUSY\"} ");
    struct clv_transfer *transfer = open_transfer(s->url, 0);
    struct clv_exchange x;
    cleave_error error = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(get(transfer, 0, &x, &error), CLEAVE_BUSY);
    assert_string_equal(error.text, "full");
    assert_int_equal(x.retry_after_s, 7);
    assert_int_equal(x.http, 503);
    clv_transfer_close(transfer);
    script_end(s);
}

/* What stands in a request, line for line. */
static void what_is_sent_is_what_was_set_up(void **state)
{
    struct script *s =
        script_start("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    struct clv_transfer *transfer = open_transfer(s->url, 0);
    struct clv_exchange x;
    char path[64];
    const char *request = s->request;

    (void)state;
    assert_int_equal(
        clv_transfer_escape(transfer, "a b", path + 1, sizeof path - 1, NULL),
        CLEAVE_OK);
    path[0] = '/';
    assert_int_equal(clv_transfer_aim(transfer, path, NULL), CLEAVE_OK);
    assert_int_equal(
        clv_transfer_headers(transfer, "If-Match: \"1\"\r\n", NULL), CLEAVE_OK);
    clv_transfer_post(transfer, (clv_bytes){(const uint8_t *)"body", 4});
    assert_int_equal(clv_transfer_perform(transfer, 0, &x, NULL), CLEAVE_OK);
    assert_int_equal(x.body.size, 2);
    assert_memory_equal(x.body.data, "ok", 2);
    assert_int_equal(x.json_bytes, -1);
    clv_transfer_close(transfer);
    script_wait(s);
    assert_memory_equal(request, "POST /a%20b HTTP/1.1\r\n", 22);
    assert_non_null(strstr(request, "\r\nIf-Match: \"1\"\r\n"));
    assert_non_null(strstr(request, "\r\nContent-Length: 4\r\n"));
    assert_null(strstr(request, "Content-Type:"));
    assert_null(strstr(request, "Accept:"));
    assert_null(strstr(request, "Expect:"));
    assert_string_equal(strstr(request, "\r\n\r\n") + 4, "body");
    script_end(s);
}

static void what_does_not_fit_is_refused(void **state)
{
    struct clv_transfer *transfer = open_transfer("http://127.0.0.1:1", 0);
    char path[CLV_TRANSFER_URL + 1];
    char few[4];

    (void)state;
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(clv_transfer_aim(transfer, path, NULL), CLEAVE_LIMIT);
    assert_int_equal(clv_transfer_escape(transfer, "%%", few, sizeof few, NULL),
                     CLEAVE_LIMIT);
    assert_int_equal(clv_transfer_escape(transfer, "%", few, sizeof few, NULL),
                     CLEAVE_OK);
    assert_string_equal(few, "%25");
    clv_transfer_close(transfer);
    clv_transfer_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_url_has_to_be_http),
        cmocka_unit_test(nobody_there_is_unreachable_with_a_hint),
        cmocka_unit_test(a_silent_server_is_a_timeout),
        cmocka_unit_test(what_nobody_waits_for_is_given_up),
        cmocka_unit_test(too_large_an_answer_is_refused),
        cmocka_unit_test(an_overloaded_server_says_when_to_come_back),
        cmocka_unit_test(what_is_sent_is_what_was_set_up),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
