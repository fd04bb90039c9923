/*
 * test_client.c - what a client asks and what it makes of the answer, against
 * scripted servers.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scripted_server.h"
#include "wire/client.h"

static struct clv_client *open_client(const char *url, size_t most)
{
    struct clv_transfer_options options = {.url = url,
                                           .max_response_bytes = most};
    struct clv_client *client = NULL;

    assert_int_equal(clv_client_open(&options, &client, NULL), CLEAVE_OK);
    return client;
}

/* Sends `count` bytes to a model with an awkward name; counts what came. */
static void an_exchange_of(size_t count)
{
    static const char answer[] =
        "HTTP/1.1 200 OK\r\nserver-timing: queue;dur=1, tail;dur=2\r\n"
        "Inference-Header-Content-Length: 95\r\nContent-Length: 97\r\n\r\n"
        "{\"outputs\":[{\"name\":\"y\",\"datatype\":\"UINT8\",\"shape\":[2],"
        "\"parameters\":{\"binary_data_size\":2}}]}  AB";
    struct script *s = script_start(answer);
    struct clv_client *client = open_client(s->url, 0);
    uint8_t *data = malloc(count);
    cleave_tensor input = {
        {"x", CLEAVE_TYPE_U8, 1, {(int64_t)count}}, data, count};
    struct clv_request_spec spec = {.inputs = &input, .input_count = 1};
    struct clv_infer_response r;
    struct clv_exchange x;
    struct clv_body body;
    cleave_error error = CLEAVE_ERROR_INIT;

    memset(data, 'z', count);
    clv_body_init(&body);
    assert_int_equal(clv_request_build(&spec, &body, NULL), CLEAVE_OK);
    if (clv_client_infer(client, "a b/%c", &body, 0, &r, &x, &error) !=
        CLEAVE_OK) {
        fail_msg("%s", error.text);
    }
    assert_memory_equal(r.outputs[0].tensor.data, "AB", 2);
    assert_int_equal(x.timing.queue_ns, 1000000);
    assert_int_equal(x.timing.tail_ns, 2000000);
    assert_true(x.total_ns > x.connect_ns && x.connect_ns > 0);
    assert_int_equal(x.bytes_down, sizeof answer - 1);
    clv_infer_response_fini(&r);
    clv_client_close(client);
    script_wait(s);
    assert_int_equal(x.bytes_up, s->received);
    assert_non_null(
        strstr(s->request, "POST /v2/models/a%20b%2F%25c/infer HTTP/1.1\r\n"));
    assert_null(strstr(s->request, "100-continue"));
    assert_memory_equal(s->request + s->received - count, data, count);
    clv_body_fini(&body);
    free(data);
    script_end(s);
}

static void exchanges_are_whole_and_counted(void **state)
{
    (void)state;
    an_exchange_of(1);
    an_exchange_of(300);
    an_exchange_of(16384);
    an_exchange_of(150000); /* read from its parts */
}

static void nonsense_for_an_answer_is_an_error(void **state)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nInference-Header-Content-Length: "
        "99999999999999999999\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
        "Content-Length: 0\r\n\r\n",
        "SSH-2.0-OpenSSH\r\n",
    };
    uint8_t data[1] = {0};
    cleave_tensor input = {{"x", CLEAVE_TYPE_U8, 1, {1}}, data, 1};
    struct clv_request_spec spec = {.inputs = &input, .input_count = 1};
    struct clv_body body;

    (void)state;
    clv_body_init(&body);
    assert_int_equal(clv_request_build(&spec, &body, NULL), CLEAVE_OK);
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct script *s = script_start(answers[i]);
        struct clv_client *client = open_client(s->url, 0);
        struct clv_infer_response r;
        struct clv_exchange x;
        assert_int_not_equal(
            clv_client_infer(client, "m", &body, 0, &r, &x, NULL), CLEAVE_OK);
        clv_client_close(client);
        script_end(s);
    }
    clv_body_fini(&body);
}

/* Nobody is asked: the names do not fit an URL. */
static void names_that_are_too_long_are_refused(void **state)
{
    struct clv_client *client = open_client("http://127.0.0.1:1", 0);
    struct clv_cut_request request = {.model = "m", .sha256 = "0"};
    struct clv_exchange x;
    cleave_error error = CLEAVE_ERROR_INIT;
    char name[2001];

    (void)state;
    memset(name, '%', sizeof name - 1); /* three bytes each, escaped */
    name[sizeof name - 1] = '\0';
    request.cut = name;
    assert_int_equal(clv_client_infer_cut(client, &request, 0, &x, &error),
                     CLEAVE_LIMIT);
    assert_non_null(strstr(error.text, "cut's name"));
    error = (cleave_error)CLEAVE_ERROR_INIT;
    request.cut = "c";
    request.model = name;
    assert_int_equal(clv_client_infer_cut(client, &request, 0, &x, &error),
                     CLEAVE_LIMIT);
    assert_non_null(strstr(error.text, "model's name"));
    clv_client_close(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exchanges_are_whole_and_counted),
        cmocka_unit_test(nonsense_for_an_answer_is_an_error),
        cmocka_unit_test(names_that_are_too_long_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
