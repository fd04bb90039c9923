/*
 * test_server.c - the life of a server: opening, draining, closing.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tiny_server.h"
#include "wire/client.h"

#define BODY                                                              \
    "{\"inputs\":[{\"name\":\"p\",\"datatype\":\"FP32\",\"shape\":[1,2]," \
    "\"data\":[5,7]},{\"name\":\"q\",\"datatype\":\"FP32\",\"shape\":[1," \
    "2],\"data\":[1,2]}]}"

static char answer[65536];

static void request(char *into, size_t room)
{
    snprintf(into, room,
             "POST /v2/models/pair/infer HTTP/1.1\r\nHost: x\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             strlen(BODY), BODY);
}

static void options_that_make_no_sense_are_refused(void **state)
{
    struct tiny_server t;
    cleave_server_options o = CLEAVE_SERVER_OPTIONS_INIT;
    cleave_server *server = NULL;
    cleave_error error = CLEAVE_ERROR_INIT;

    (void)state;
    memset(&t, 0, sizeof t);
    tiny_folder_make(&t);
    assert_int_equal(cleave_server_open(&o, &server, &error), CLEAVE_INVALID);
    o.models = "/nonexistent/folder";
    o.cache = t.cache;
    o.listen = "127.0.0.1:0";
    assert_int_equal(cleave_server_open(&o, &server, NULL), CLEAVE_NOT_FOUND);
    o.models = t.folder; /* no model in it */
    assert_int_equal(cleave_server_open(&o, &server, NULL), CLEAVE_NOT_FOUND);
    o.models = t.models;
    o.listen = "127.0.0.1";
    assert_int_equal(cleave_server_open(&o, &server, NULL), CLEAVE_INVALID);
    o.listen = "127.0.0.1:0";
    o.engine = "nonsense";
    assert_int_equal(cleave_server_open(&o, &server, NULL), CLEAVE_INVALID);
    o.engine = NULL;
    o.workers = 100000;
    assert_int_equal(cleave_server_open(&o, &server, NULL), CLEAVE_INVALID);
    assert_null(server);
    tiny_folder_remove(&t);
}

static void a_taken_port_is_an_error(void **state)
{
    struct tiny_server t;
    char address[32];
    cleave_server_options o = CLEAVE_SERVER_OPTIONS_INIT;
    cleave_server *server = NULL;

    (void)state;
    tiny_server_open(&t, o);
    snprintf(address, sizeof address, "127.0.0.1:%u", t.port);
    o.models = t.models;
    o.cache = t.cache;
    o.listen = address;
    assert_int_equal(cleave_server_open(&o, &server, NULL), CLEAVE_IO);
    tiny_server_close(&t);
}

static void *drain(void *self)
{
    struct tiny_server *t = self;
    cleave_status status =
        cleave_server_drain(t->server, TINY_PATIENCE_S * 1000);

    return (void *)(intptr_t)status;
}

/* Asks on an open connection until the server says that it is draining. */
static void await_not_ready(int fd)
{
    do {
        size_t have = 0;
        ssize_t n;
        tiny_send_text(fd, "GET /v2/health/ready HTTP/1.1\r\nHost: x\r\n\r\n");
        do {
            n = recv(fd, answer + have, sizeof answer - 1 - have, 0);
            assert_true(n > 0);
            have += (size_t)n;
            answer[have] = '\0';
        } while (strstr(answer, "}") == NULL);
    } while (strstr(answer, "503") == NULL);
}

static bool is_refused(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int result;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    result = connect(fd, (const struct sockaddr *)&address, sizeof address);
    close(fd);
    return result != 0;
}

static void draining_finishes_what_has_begun(void **state)
{
    struct tiny_server t;
    pthread_t thread;
    char text[1024];
    void *status = NULL;
    int fd;
    int other;

    (void)state;
    tiny_server_open(&t, (cleave_server_options){0});
    request(text, sizeof text);
    tiny_gate_set(&t.gate, true);
    fd = tiny_connect(t.port);
    tiny_send_text(fd, text);
    tiny_gate_await(&t.gate, 1);
    other = tiny_connect(t.port);
    tiny_send_text(other, "GET /v2/health/ready HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(recv(other, answer, sizeof answer, 0) > 0); /* is accepted */
    assert_int_equal(cleave_server_drain(t.server, 1), CLEAVE_TIMEOUT);
    assert_true(is_refused(t.port)); /* and does not wait for the end */
    assert_int_equal(pthread_create(&thread, NULL, drain, &t), 0);
    await_not_ready(other);
    tiny_gate_set(&t.gate, false);
    tiny_receive_all(fd, answer, sizeof answer); /* the server closes it */
    assert_non_null(strstr(answer, "\"data\":[4,5]"));
    pthread_join(thread, &status);
    assert_int_equal((intptr_t)status, CLEAVE_OK);
    close(fd);
    close(other);
    tiny_server_close(&t);
}

static void closing_gives_up_what_waits(void **state)
{
    struct tiny_server t;
    char text[1024];
    int fds[8];

    (void)state;
    tiny_server_open(&t, (cleave_server_options){.workers = 1});
    request(text, sizeof text);
    tiny_gate_set(&t.gate, true);
    for (int i = 0; i < 8; i++) {
        fds[i] = tiny_connect(t.port);
        tiny_send_text(fds[i], text);
    }
    tiny_gate_await(&t.gate, 1);
    tiny_server_close(&t); /* must neither hang nor leak */
    for (int i = 0; i < 8; i++) {
        close(fds[i]);
    }
}

static void a_silent_connection_is_closed(void **state)
{
    struct tiny_server t;
    int fd;

    (void)state;
    tiny_server_open(&t, (cleave_server_options){.idle_seconds = 1});
    fd = tiny_connect(t.port);
    tiny_send_text(fd, "POST /v2/models/pair/infer HT");
    tiny_receive_all(fd, answer, sizeof answer); /* returns when it closes */
    assert_null(strstr(answer, "200"));
    close(fd);
    tiny_server_close(&t);
}

/* The refusal must reach a client that is still sending. */
static void a_body_above_the_limit_is_refused_in_words(void **state)
{
    enum { SIZE = 8 << 20 };
    struct tiny_server t;
    struct clv_transfer_options options = {0};
    struct clv_client *client = NULL;
    uint8_t *data = calloc(1, SIZE);
    cleave_tensor input = {{"x", CLEAVE_TYPE_U8, 1, {SIZE}}, data, SIZE};
    struct clv_request_spec spec = {.inputs = &input, .input_count = 1};
    struct clv_infer_response r;
    struct clv_exchange x;
    struct clv_body body;
    cleave_error error = CLEAVE_ERROR_INIT;

    (void)state;
    tiny_server_open(&t, (cleave_server_options){.max_request_bytes = 1000});
    options.url = t.url;
    assert_int_equal(clv_client_open(&options, &client, NULL), CLEAVE_OK);
    clv_body_init(&body);
    assert_int_equal(clv_request_build(&spec, &body, NULL), CLEAVE_OK);
    assert_int_equal(clv_client_infer(client, "pair", &body, 0, &r, &x, &error),
                     CLEAVE_LIMIT);
    assert_non_null(strstr(error.text, "at most 1000"));
    clv_body_fini(&body);
    clv_client_close(client);
    tiny_server_close(&t);
    free(data);
}

static void the_fake_engine_serves_too(void **state)
{
    struct tiny_server t;
    char text[1024];
    int fd;

    (void)state;
    tiny_server_open(&t, (cleave_server_options){.engine = "fake:fail=1"});
    request(text, sizeof text);
    fd = tiny_connect(t.port);
    tiny_send_text(fd, text);
    assert_true(recv(fd, answer, sizeof answer - 1, 0) > 0);
    assert_non_null(strstr(answer, "500"));
    close(fd);
    tiny_server_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_that_make_no_sense_are_refused),
        cmocka_unit_test(a_taken_port_is_an_error),
        cmocka_unit_test(draining_finishes_what_has_begun),
        cmocka_unit_test(closing_gives_up_what_waits),
        cmocka_unit_test(a_silent_connection_is_closed),
        cmocka_unit_test(a_body_above_the_limit_is_refused_in_words),
        cmocka_unit_test(the_fake_engine_serves_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
