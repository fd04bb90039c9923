/*
 * test_client.c - the client against scripted servers: real sockets, real
 * bytes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/client.h"

/* A server that reads one request and answers with what it was given. */
struct script {
    int listening;
    uint16_t port;
    char url[64];
    const char *answer; /* NULL: hold the connection until released */
    size_t answer_size;
    size_t received; /* bytes of the request */
    char request[200000];
    pthread_t thread;
    int release[2]; /* a pipe: closing its end lets the server go on */
};

static size_t body_length(const char *request)
{
    const char *own = strstr(request, "\r\nContent-Length: ");

    return own != NULL ? (size_t)atol(own + 18) : 0;
}

static void read_request(struct script *s, int fd)
{
    const char *end = NULL;

    while (end == NULL || s->received < (size_t)(end + 4 - s->request) +
                                            body_length(s->request)) {
        ssize_t n = recv(fd, s->request + s->received,
                         sizeof s->request - 1 - s->received, 0);
        if (n <= 0) {
            return;
        }
        s->received += (size_t)n;
        s->request[s->received] = '\0';
        end = strstr(s->request, "\r\n\r\n");
    }
}

static void *serve(void *self)
{
    struct script *s = self;
    int fd = accept(s->listening, NULL, NULL);
    char byte;

    read_request(s, fd);
    if (s->answer == NULL) {
        (void)!read(s->release[0], &byte, 1);
    } else {
        size_t sent = 0;
        while (sent < s->answer_size) {
            ssize_t n =
                send(fd, s->answer + sent, s->answer_size - sent, MSG_NOSIGNAL);
            if (n <= 0) {
                break;
            }
            sent += (size_t)n;
        }
    }
    shutdown(fd, SHUT_RDWR);
    close(fd);
    return NULL;
}

static struct script *script_start(const char *answer)
{
    struct script *s = calloc(1, sizeof *s);
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t size = sizeof a;

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->listening = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->listening, (const struct sockaddr *)&a, sizeof a),
                     0);
    assert_int_equal(listen(s->listening, 4), 0);
    getsockname(s->listening, (struct sockaddr *)&a, &size);
    s->port = ntohs(a.sin_port);
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%u", s->port);
    s->answer = answer;
    s->answer_size = answer != NULL ? strlen(answer) : 0;
    assert_int_equal(pipe(s->release), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
    return s;
}

static void script_end(struct script *s)
{
    close(s->release[1]);
    pthread_join(s->thread, NULL);
    close(s->release[0]);
    close(s->listening);
    free(s);
}

static struct clv_client *open_client(const char *url, size_t most)
{
    struct clv_client_options options = {.url = url,
                                         .max_response_bytes = most};
    struct clv_client *client = NULL;

    assert_int_equal(clv_client_open(&options, &client, NULL), CLEAVE_OK);
    return client;
}

static void an_url_has_to_be_http(void **state)
{
    static const char *const bad[] = {NULL, "", "host:80", "ftp://host",
                                      "file:///etc/passwd"};
    struct clv_client *client = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct clv_client_options options = {.url = bad[i]};
        assert_int_equal(clv_client_open(&options, &client, NULL),
                         CLEAVE_INVALID);
    }
    client = open_client("http://host:1///", 0);
    assert_string_equal(clv_client_url(client), "http://host:1");
    clv_client_close(client);
}

static void nobody_there_is_unreachable_with_a_hint(void **state)
{
    struct script *s = script_start("");
    char url[64];
    struct clv_client *client;
    struct clv_exchange x;
    cleave_error error = CLEAVE_ERROR_INIT;

    (void)state;
    client = open_client(s->url, 0);
    assert_int_equal(clv_client_get(client, "/v2", 0, &x, &error),
                     CLEAVE_UNREACHABLE); /* it hangs up without a word */
    clv_client_close(client);
    snprintf(url, sizeof url, "%s", s->url);
    script_end(s);
    client = open_client(url, 0); /* nobody listens there any more */
    error = (cleave_error)CLEAVE_ERROR_INIT;
    assert_int_equal(clv_client_get(client, "/v2", 0, &x, &error),
                     CLEAVE_UNREACHABLE);
    assert_string_equal(error.where, url);
    assert_non_null(strstr(error.text, "Is the server running"));
    clv_client_close(client);
}

static void a_silent_server_is_a_timeout(void **state)
{
    struct script *s = script_start(NULL);
    struct clv_client *client = open_client(s->url, 0);
    struct clv_exchange x;
    cleave_error error = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(clv_client_get(client, "/v2", 20, &x, &error),
                     CLEAVE_TIMEOUT);
    assert_non_null(strstr(error.text, "20 ms"));
    clv_client_close(client);
    script_end(s);
}

static void what_nobody_waits_for_is_given_up(void **state)
{
    struct script *s = script_start(NULL);
    struct clv_client *client = open_client(s->url, 0);
    struct clv_exchange x;
    atomic_int stop = 1;

    (void)state;
    clv_client_heed(client, &stop);
    assert_int_equal(clv_client_get(client, "/v2", 60000, &x, NULL),
                     CLEAVE_UNREACHABLE);
    clv_client_heed(client, NULL);
    assert_int_equal(clv_client_get(client, "/v2", 20, &x, NULL),
                     CLEAVE_TIMEOUT);
    clv_client_close(client);
    script_end(s);
}

static void too_large_an_answer_is_refused(void **state)
{
    struct script *s = script_start("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n"
                                    "\r\n01234567890123456789");
    struct clv_client *client = open_client(s->url, 19);
    struct clv_exchange x;

    (void)state;
    assert_int_equal(clv_client_get(client, "/v2", 0, &x, NULL), CLEAVE_LIMIT);
    clv_client_close(client);
    script_end(s);
}

static void an_overloaded_server_says_when_to_come_back(void **state)
{
    struct script *s = script_start("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\n"
                                    "Content-Length: 31\r\n\r\n"
                                    "{\"error\":\"full\",\"code\":\"BUSY\"} ");
    struct clv_client *client = open_client(s->url, 0);
    struct clv_exchange x;
    cleave_error error = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(clv_client_get(client, "/v2", 0, &x, &error), CLEAVE_BUSY);
    assert_string_equal(error.text, "full");
    assert_int_equal(x.retry_after_s, 7);
    assert_int_equal(x.http, 503);
    clv_client_close(client);
    script_end(s);
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
    pthread_join(s->thread, NULL);
    s->thread = 0;
    assert_int_equal(x.bytes_up, s->received);
    assert_non_null(
        strstr(s->request, "POST /v2/models/a%20b%2F%25c/infer HTTP/1.1\r\n"));
    assert_null(strstr(s->request, "100-continue"));
    assert_memory_equal(s->request + s->received - count, data, count);
    clv_body_fini(&body);
    free(data);
    close(s->release[0]);
    close(s->release[1]);
    close(s->listening);
    free(s);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_url_has_to_be_http),
        cmocka_unit_test(nobody_there_is_unreachable_with_a_hint),
        cmocka_unit_test(a_silent_server_is_a_timeout),
        cmocka_unit_test(what_nobody_waits_for_is_given_up),
        cmocka_unit_test(too_large_an_answer_is_refused),
        cmocka_unit_test(an_overloaded_server_says_when_to_come_back),
        cmocka_unit_test(exchanges_are_whole_and_counted),
        cmocka_unit_test(nonsense_for_an_answer_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
