/*
 * test_http.c - the HTTP side under bad, slow, vanishing and many clients.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tiny_server.h"

static struct tiny_server server;
static char answer[65536];

static int start(void **state)
{
    (void)state;
    tiny_server_open(&server, (cleave_server_options){
                                  .workers = 1,
                                  .queue = 1,
                                  .max_request_bytes = 100000,
                                  .connections = 40,
                              });
    return 0;
}

static int stop(void **state)
{
    (void)state;
    tiny_server_close(&server);
    return 0;
}

static void assert_said(const char *what)
{
    if (strstr(answer, what) == NULL) {
        fail_msg("'%s' is not in: %.1000s", what, answer);
    }
}

/* Sends one request line with "Connection: close" and reads the answer. */
static void ask(const char *line)
{
    char request[1024];

    snprintf(request, sizeof request,
             "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", line);
    tiny_talk(server.port, request, answer, sizeof answer);
}

/* A small infer request for the pair, as JSON with these parameters. */
static size_t pair_request(char *into, size_t room, const char *parameters,
                           bool closing)
{
    char json[512];

    snprintf(json, sizeof json,
             "{\"parameters\":{%s},\"inputs\":["
             "{\"name\":\"p\",\"datatype\":\"FP32\",\"shape\":[1,2],\"data\":"
             "[5,7]},{\"name\":\"q\",\"datatype\":\"FP32\",\"shape\":[1,2],"
             "\"data\":[1,2]}]}",
             parameters);
    return (size_t)snprintf(into, room,
                            "POST /v2/models/pair/infer HTTP/1.1\r\nHost: x\r\n"
                            "Content-Length: %zu\r\n%s\r\n%s",
                            strlen(json),
                            closing ? "Connection: close\r\n" : "", json);
}

/* A place in the queue is free again a moment after its answer is sent. */
static void assert_healthy(void)
{
    char request[1024];

    pair_request(request, sizeof request, "", true);
    do {
        tiny_talk(server.port, request, answer, sizeof answer);
    } while (strstr(answer, "HTTP/1.1 503") != NULL);
    assert_said("HTTP/1.1 200");
    assert_said("\"data\":[4,5]");
}

static void every_route_answers(void **state)
{
    (void)state;
    ask("GET /v2");
    assert_said("200 OK");
    assert_said("binary_tensor_data");
    ask("GET /v2/health/live");
    assert_said("200 OK");
    ask("GET /v2/health/ready");
    assert_said("200 OK");
    ask("GET /v2/models");
    assert_said("\"name\":\"chain\",\"ready\":true");
    assert_said("\"name\":\"broken\",\"ready\":false");
    ask("GET /v2/models/chain");
    assert_said("\"shape\":[1,4096]");
    ask("GET /v2/models/chain/versions/1/ready");
    assert_said("200 OK");
    ask("GET /v2/models/chain/versions/2/ready");
    assert_said("404");
    ask("GET /v2/models/nothing/ready");
    assert_said("404");
    assert_said("\"code\":\"NOT_FOUND\"");
    ask("GET /");
    assert_said("404");
    ask("GET /v2/models/%63hain");
    assert_said("200 OK");
    ask("HEAD /v2");
    assert_said("200 OK");
    assert_null(strstr(answer, "extensions"));
    ask("DELETE /v2/models/chain");
    assert_said("405");
    assert_said("Allow: GET, HEAD");
    ask("GET /v2/models/chain/infer");
    assert_said("405");
    assert_said("Allow: POST");
    assert_healthy();
}

static void bad_bodies_get_an_error_each(void **state)
{
    static const struct {
        const char *headers;
        const char *body;
        const char *said;
    } cases[] = {
        {"Content-Length: 9\r\n", "{nonsense", "400"},
        {"Content-Length: 0\r\n", "", "no body"},
        {"Content-Length: 2\r\n", "{}", "no 'inputs'"},
        {"Content-Length: 2\r\nInference-Header-Content-Length: 9\r\n", "{}",
         "says 9 bytes"},
        {"Content-Length: 2\r\nInference-Header-Content-Length: -9\r\n", "{}",
         "not a number"},
        {"Content-Length: 2\r\nContent-Encoding: gzip\r\n", "{}",
         "not supported"},
        {"Content-Length: 200000\r\nExpect: 100-continue\r\n", "", "413"},
        {"Content-Length: 999999999999999999\r\n", "", "413"},
        {"Content-Length: 9999999999999999999\r\n", "", "413"},
        {"Content-Length: nonsense\r\n", "", "400"},
        {"Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n",
         "no 'inputs'"},
    };
    char request[1024];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(request, sizeof request,
                 "POST /v2/models/pair/infer HTTP/1.1\r\nHost: x\r\n"
                 "Connection: close\r\n%s\r\n%s",
                 cases[i].headers, cases[i].body);
        tiny_talk(server.port, request, answer, sizeof answer);
        assert_said(cases[i].said);
    }
    assert_healthy();
}

static void a_chunked_body_without_end_is_refused(void **state)
{
    static char chunk[4096 + 8];
    int fd = tiny_connect(server.port);
    size_t sent = 0;

    (void)state;
    memset(chunk, ' ', sizeof chunk);
    memcpy(chunk, "1000\r\n", 6);
    memcpy(chunk + 6 + 4096, "\r\n", 2);
    tiny_send_text(fd, "POST /v2/models/pair/infer HTTP/1.1\r\nHost: x\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n");
    while (sent < 100 * 4096 * 100 &&
           send(fd, chunk, sizeof chunk, MSG_NOSIGNAL) == sizeof chunk) {
        sent += 4096;
    }
    assert_true(sent < 100 * 4096 * 100); /* the server hung up */
    close(fd);
    assert_healthy();
}

static void clients_that_vanish_harm_nobody(void **state)
{
    static const char *const beginnings[] = {
        "", "POST /v2/mod", "POST /v2/models/pair/infer HTTP/1.1\r\nHost: x\r",
        "POST /v2/models/pair/infer HTTP/1.1\r\nHost: x\r\n"
        "Content-Length: 5000\r\n\r\n{\"inputs\"",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"};

    (void)state;
    for (int round = 0; round < 30; round++) {
        for (size_t i = 0; i < 5; i++) {
            int fd = tiny_connect(server.port);
            tiny_send_text(fd, beginnings[i]);
            close(fd);
        }
    }
    assert_healthy();
}

static void a_client_that_vanishes_during_compute_frees_its_work(void **state)
{
    char request[1024];
    int before = tiny_gate_entered(&server.gate);
    int first;
    int second;

    (void)state;
    tiny_gate_set(&server.gate, true);
    pair_request(request, sizeof request, "", true);
    first = tiny_connect(server.port);
    tiny_send_text(first, request);
    tiny_gate_await(&server.gate, before + 1);
    second = tiny_connect(server.port);
    tiny_send_text(second, request); /* waits in the queue */
    close(first);
    tiny_gate_set(&server.gate, false);
    assert_true(tiny_receive_all(second, answer, sizeof answer) > 0);
    assert_said("\"data\":[4,5]");
    close(second);
    assert_healthy();
}

/* One at work, one waiting: the third is turned away at once. */
static void overload_is_answered_at_once(void **state)
{
    char request[1024];
    int before = tiny_gate_entered(&server.gate);
    int fds[2];
    int turned_away = 0;

    (void)state;
    tiny_gate_set(&server.gate, true);
    pair_request(request, sizeof request, "", true);
    fds[0] = tiny_connect(server.port);
    tiny_send_text(fds[0], request);
    tiny_gate_await(&server.gate, before + 1);
    fds[1] = tiny_connect(server.port);
    tiny_send_text(fds[1], request);
    /* One thread takes all in, so what follows comes behind the second. */
    ask("GET /v2/health/ready");
    for (int i = 0; i < 5; i++) {
        tiny_talk(server.port, request, answer, sizeof answer);
        if (strstr(answer, "503") != NULL) {
            assert_said("Retry-After: 1");
            assert_said("\"code\":\"BUSY\"");
            turned_away++;
        }
    }
    assert_int_equal(turned_away, 5);
    tiny_gate_set(&server.gate, false);
    for (int i = 0; i < 2; i++) {
        tiny_receive_all(fds[i], answer, sizeof answer);
        assert_said("\"data\":[4,5]");
        close(fds[i]);
    }
}

static void an_expired_request_never_reaches_compute(void **state)
{
    char request[1024];
    int before = tiny_gate_entered(&server.gate);
    int first;
    int second;

    (void)state;
    tiny_gate_set(&server.gate, true);
    pair_request(request, sizeof request, "", true);
    first = tiny_connect(server.port);
    tiny_send_text(first, request);
    tiny_gate_await(&server.gate, before + 1);
    pair_request(request, sizeof request, "\"timeout\":1", true);
    second = tiny_connect(server.port);
    tiny_send_text(second, request);
    ask("GET /v2/health/ready"); /* behind the second */
    tiny_gate_set(&server.gate, false);
    tiny_receive_all(second, answer, sizeof answer);
    assert_said("504");
    assert_said("\"code\":\"TIMEOUT\"");
    tiny_receive_all(first, answer, sizeof answer);
    assert_said("200 OK");
    close(first);
    close(second);
    assert_int_equal(tiny_gate_entered(&server.gate), before + 1);
    assert_healthy();
}

static void what_waits_for_nobody_is_not_computed(void **state)
{
    struct clv_clock clock = clv_clock_machine();
    char request[1024];
    int before = tiny_gate_entered(&server.gate);
    int64_t queued_ns;
    int first;
    int second;

    (void)state;
    tiny_gate_set(&server.gate, true);
    pair_request(request, sizeof request, "", true);
    first = tiny_connect(server.port);
    tiny_send_text(first, request);
    tiny_gate_await(&server.gate, before + 1);
    second = tiny_connect(server.port);
    tiny_send_text(second, request);
    ask("GET /v2/health/ready"); /* behind the second */
    close(second);
    queued_ns = clv_clock_now_ns(clock);
    do { /* it has to have waited for a while */
        ask("GET /v2/health/ready");
    } while (clv_clock_now_ns(clock) - queued_ns < 2000000);
    tiny_gate_set(&server.gate, false);
    tiny_receive_all(first, answer, sizeof answer);
    assert_said("200 OK");
    close(first);
    assert_healthy(); /* behind the second, by the only worker */
    assert_int_equal(tiny_gate_entered(&server.gate), before + 2);
}

static void one_connection_serves_many_requests(void **state)
{
    char request[1024];
    size_t length = pair_request(request, sizeof request, "", false);
    int fd = tiny_connect(server.port);
    size_t answered = 0;

    (void)state;
    for (int i = 0; i < 20; i++) {
        size_t have = 0;
        tiny_send(fd, request, length);
        do {
            ssize_t n = recv(fd, answer + have, sizeof answer - 1 - have, 0);
            assert_true(n > 0);
            have += (size_t)n;
            answer[have] = '\0';
        } while (strstr(answer, "}]}") == NULL);
        answered += strstr(answer, "\"data\":[4,5]") != NULL;
    }
    assert_int_equal(answered, 20);
    close(fd);
}

static void *client_thread(void *self)
{
    static const int rounds = 40;
    size_t *right = self;
    char request[1024];
    char mine[8192];

    pair_request(request, sizeof request, "", true);
    for (int i = 0; i < rounds; i++) {
        tiny_talk(server.port, request, mine, sizeof mine);
        *right += strstr(mine, "\"data\":[4,5]") != NULL ||
                  strstr(mine, "503") != NULL;
    }
    return NULL;
}

static void many_clients_at_once_are_served_or_turned_away(void **state)
{
    pthread_t threads[16];
    size_t right[16] = {0};

    (void)state;
    for (int i = 0; i < 16; i++) {
        assert_int_equal(
            pthread_create(&threads[i], NULL, client_thread, &right[i]), 0);
    }
    for (int i = 0; i < 16; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(right[i], 40);
    }
    assert_healthy();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_answers),
        cmocka_unit_test(bad_bodies_get_an_error_each),
        cmocka_unit_test(a_chunked_body_without_end_is_refused),
        cmocka_unit_test(clients_that_vanish_harm_nobody),
        cmocka_unit_test(a_client_that_vanishes_during_compute_frees_its_work),
        cmocka_unit_test(overload_is_answered_at_once),
        cmocka_unit_test(an_expired_request_never_reaches_compute),
        cmocka_unit_test(what_waits_for_nobody_is_not_computed),
        cmocka_unit_test(one_connection_serves_many_requests),
        cmocka_unit_test(many_clients_at_once_are_served_or_turned_away),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
