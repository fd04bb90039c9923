/*
 * test_infer_cut.c - the compact form against a real server: frames in,
 * frames back, and what is refused of both.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"
#include "codec/codec.h"
#include "tiny_server.h"
#include "wire/client.h"

#define MOST ((size_t)1 << 20) /* bytes of a request, and of its tensors */

static struct tiny_server server;
static struct clv_client *client;
static struct clv_codec *codec;
static struct clv_buffer message;
static float numbers[TINY_SIZE];

/* The models that a tiny server has, and one whose size is free. */
static void add_free_model(const struct tiny_server *t)
{
    char path[128];

    snprintf(path, sizeof path, "%s/free.onnx", t->models);
    assert_int_equal(tiny_chain_write(path, -1), 0);
}

static void reopen(void)
{
    cleave_server_options options = {
        .models = server.models,
        .cache = server.cache,
        .listen = "127.0.0.1:0",
        .workers = 2,
        .max_request_bytes = MOST,
    };

    cleave_server_close(server.server);
    assert_int_equal(cleave_server_open(&options, &server.server, NULL),
                     CLEAVE_OK);
    server.port = cleave_server_port(server.server);
    snprintf(server.url, sizeof server.url, "http://127.0.0.1:%u", server.port);
}

static int start(void **state)
{
    struct clv_transfer_options options = {0};

    (void)state;
    tiny_server_open(&server, (cleave_server_options){0});
    add_free_model(&server);
    reopen(); /* without a hook, so that what is quick may be quick */
    options.url = server.url;
    assert_int_equal(clv_client_open(&options, &client, NULL), CLEAVE_OK);
    assert_int_equal(clv_codec_new(NULL, &codec), CLEAVE_OK);
    clv_buffer_init(&message, 8 * MOST);
    for (int i = 0; i < TINY_SIZE; i++) {
        numbers[i] = (float)(i % 7) - 3;
    }
    return 0;
}

static int stop(void **state)
{
    (void)state;
    clv_buffer_fini(&message);
    clv_codec_free(codec);
    clv_client_close(client);
    tiny_server_close(&server);
    return 0;
}

/* The SHA-256 of a model's file, as the client would know it. */
static const char *sha_of(const char *model)
{
    static char hex[65];
    char path[160];
    struct clv_map map;

    snprintf(path, sizeof path, "%s/%s.onnx", server.models, model);
    assert_int_equal(clv_map_open(path, &map, NULL), CLEAVE_OK);
    strcpy(hex, clv_sha256_of(map.bytes).hex);
    clv_map_close(&map);
    return hex;
}

static cleave_tensor tensor_of(const float *data, int64_t size)
{
    return (cleave_tensor){
        .info = {"?", CLEAVE_TYPE_F32, 2, {1, size}},
        .data = (void *)(uintptr_t)data,
        .bytes = (size_t)size * sizeof *data,
    };
}

/* Appends a frame to the message. */
static void put(const char *packing, const float *data, int64_t size, int last)
{
    struct clv_packing p;
    cleave_tensor tensor = tensor_of(data, size);

    assert_int_equal(clv_packing_parse(packing, &p, NULL), CLEAVE_OK);
    assert_int_equal(clv_codec_pack(codec, &p, &tensor, last, &message, NULL),
                     CLEAVE_OK);
}

static cleave_status ask(const char *model, const char *cut, const char *type,
                         struct clv_exchange *exchange, cleave_error *err)
{
    struct clv_cut_request request = {
        .model = model,
        .cut = cut,
        .sha256 = sha_of(model),
        .content_type = type,
        .body = clv_buffer_bytes(&message),
    };

    return clv_client_infer_cut(client, &request, 0, exchange, err);
}

/* Asks with the message as it is; the answer must be these numbers. */
static void assert_answer(const char *model, const char *cut, const float *want,
                          size_t count)
{
    struct clv_exchange exchange;
    struct clv_frame frame;
    cleave_error error = CLEAVE_ERROR_INIT;

    if (ask(model, cut, NULL, &exchange, &error) != CLEAVE_OK) {
        fail_msg("%s: %s", error.where, error.text);
    }
    assert_int_equal(clv_frame_read(exchange.body, NULL, &frame, NULL),
                     CLEAVE_OK);
    assert_int_equal(frame.size, exchange.body.size); /* there is one */
    assert_int_equal(frame.coder, CLV_CODER_RAW);
    assert_int_equal(frame.info.type, CLEAVE_TYPE_F32);
    assert_int_equal(frame.bytes, count * sizeof *want);
    assert_memory_equal(frame.payload.data, want, count * sizeof *want);
    assert_true(exchange.has_timing);
    assert_true(exchange.timing.tail_ns > 0);
}

static float relu(float x)
{
    return x > 0 ? x : 0;
}

static void the_path_chooses_the_part(void **state)
{
    static const char *const packings[] = {"f32", "f16", "lz:step=1",
                                           "dense:step=0.5"};
    static float want[TINY_SIZE];

    (void)state;
    for (size_t p = 0; p < sizeof packings / sizeof packings[0]; p++) {
        clv_buffer_reset(&message);
        put(packings[p], numbers, TINY_SIZE, 1); /* all exact for these */
        for (int i = 0; i < TINY_SIZE; i++) {
            want[i] = relu(relu(numbers[i]) + 1);
        }
        assert_answer("chain", "input", want, TINY_SIZE);
        assert_answer("chain", "x", want, TINY_SIZE); /* the same */
        for (int i = 0; i < TINY_SIZE; i++) {
            want[i] = relu(numbers[i] + 1);
        }
        assert_answer("chain", "a", want, TINY_SIZE);
        assert_answer("chain", "a", want, TINY_SIZE);
    }
}

static void frames_come_in_the_order_of_the_cut(void **state)
{
    const float p[2] = {5, 7};
    const float q[2] = {1, 2};
    const float want[2] = {4, 5};

    (void)state;
    clv_buffer_reset(&message);
    put("f32", p, 2, 0);
    put("f32", q, 2, 1);
    for (int again = 0; again < 20; again++) { /* then by the quick way */
        assert_answer("pair", "input", want, 2);
    }
    assert_answer("pair", "q+p", want, 2); /* the cut is the same */
}

static void http_costs_little(void **state)
{
    static const float small[256] = {0};
    struct clv_exchange exchange;

    (void)state;
    clv_buffer_reset(&message);
    put("f32", small, 256, 1);
    assert_int_equal(ask("free", "input", NULL, &exchange, NULL), CLEAVE_OK);
    assert_in_range(exchange.bytes_up - message.size, 60, 140);
    assert_in_range(exchange.bytes_down - exchange.body.size, 60, 140);
}

/* Asks with the message as it is, which must be refused with these words. */
static void assert_refused(const char *model, const char *cut, const char *type,
                           cleave_status want, int http, const char *said)
{
    struct clv_exchange exchange = {0};
    cleave_error error = CLEAVE_ERROR_INIT;

    assert_int_equal(ask(model, cut, type, &exchange, &error), want);
    assert_int_equal(exchange.http, http);
    if (strstr(error.text, said) == NULL) {
        fail_msg("'%s' is not in '%s'", said, error.text);
    }
}

static void a_message_must_be_the_cuts(void **state)
{
    (void)state;
    clv_buffer_reset(&message);
    put("f32", numbers, TINY_SIZE - 1, 1); /* of another cut, say */
    assert_refused("chain", "a", NULL, CLEAVE_MISMATCH, 409,
                   "must be f32 1x4096, a frame of f32 1x4095 came");
    clv_buffer_reset(&message);
    put("f32", numbers, TINY_SIZE, 0);
    put("f32", numbers, TINY_SIZE, 1);
    assert_refused("chain", "a", NULL, CLEAVE_INVALID, 400,
                   "has 1 tensors, and more frames came");
    assert_refused("pair", "input", NULL, CLEAVE_MISMATCH, 409, "'p'");
    clv_buffer_reset(&message);
    put("f32", numbers, 2, 1);
    assert_refused("pair", "input", NULL, CLEAVE_INVALID, 400,
                   "has 2 tensors, and fewer frames came");
    assert_refused("pair", "p", NULL, CLEAVE_NOT_FOUND, 404, "cut 'p'");
    assert_refused("chain", "nothing", NULL, CLEAVE_NOT_FOUND, 404,
                   "cut 'nothing'");
    assert_refused("chain", "output", NULL, CLEAVE_NOT_FOUND, 404, "output");
}

/* A frame whose integers the network has not. */
static void element_types_are_compared(void **state)
{
    int32_t whole[TINY_SIZE] = {0};
    cleave_tensor tensor = tensor_of((const float *)(void *)whole, TINY_SIZE);
    struct clv_packing p;

    (void)state;
    tensor.info.type = CLEAVE_TYPE_I32;
    assert_int_equal(clv_packing_parse("f32", &p, NULL), CLEAVE_OK);
    clv_buffer_reset(&message);
    assert_int_equal(clv_codec_pack(codec, &p, &tensor, 1, &message, NULL),
                     CLEAVE_OK);
    assert_refused("chain", "a", NULL, CLEAVE_MISMATCH, 409, "i32 1x4096 came");
}

static void damaged_frames_are_refused(void **state)
{
    size_t size;

    (void)state;
    clv_buffer_reset(&message);
    put("f32", numbers, TINY_SIZE, 1);
    size = message.size;
    message.data[size / 2] ^= 4;
    assert_refused("chain", "a", NULL, CLEAVE_CORRUPT, 400, "checksum");
    message.data[size / 2] ^= 4;
    for (size_t cut = 1; cut < size; cut = 2 * cut + 1) {
        message.size = cut;
        assert_refused("chain", "a", NULL, CLEAVE_CORRUPT, 400, "'a'");
    }
    message.size = size;
    message.data[0] = 0xc2;
    assert_refused("chain", "a", NULL, CLEAVE_UNSUPPORTED, 422, "version 2");
    message.data[0] = '{';
    assert_refused("chain", "a", NULL, CLEAVE_CORRUPT, 400,
                   "not a cleave frame");
    message.size = 0;
    assert_refused("chain", "a", NULL, CLEAVE_INVALID, 400, "no body");
}

/* A small frame of very many equal elements, where the size is free. */
static void what_would_not_fit_is_never_made(void **state)
{
    enum { MANY = MOST / sizeof(float) + 1 };
    float *many = calloc(MANY, sizeof *many);

    (void)state;
    assert_non_null(many);
    clv_buffer_reset(&message);
    put("lz:step=1", many, MANY, 1);
    assert_true(message.size < MOST / 8);
    assert_refused("free", "a", NULL, CLEAVE_LIMIT, 413, "1048580 bytes");
    clv_buffer_reset(&message);
    put("lz:step=1", many, MANY - 1, 1);
    for (int i = 0; i < MANY; i++) {
        many[i] = 1;
    }
    assert_answer("free", "a", many, MANY - 1); /* just fits */
    free(many);
}

static void the_model_must_be_the_clients(void **state)
{
    struct clv_exchange exchange = {0};
    char other[65];
    struct clv_cut_request request = {
        .model = "chain", .cut = "a", .sha256 = other};
    cleave_error error = CLEAVE_ERROR_INIT;

    (void)state;
    memset(other, 'e', 64);
    other[64] = '\0';
    clv_buffer_reset(&message);
    put("f32", numbers, TINY_SIZE, 1);
    request.body = clv_buffer_bytes(&message);
    assert_int_equal(
        clv_client_infer_cut(client, &request, 0, &exchange, &error),
        CLEAVE_MISMATCH);
    assert_int_equal(exchange.http, 412);
    assert_non_null(strstr(error.text, "\"eeeeeeeeeeeeeeee\""));
    assert_non_null(strstr(error.text, sha_of("chain")));
}

static void content_types_are_told_apart(void **state)
{
    (void)state;
    clv_buffer_reset(&message);
    put("f32", numbers, TINY_SIZE, 1);
    assert_refused("chain", "a", "application/json", CLEAVE_UNSUPPORTED, 422,
                   "application/vnd.cleave.frame");
    assert_refused("chain", "a", "image/jpeg", CLEAVE_INVALID, 400,
                   "only be sent to the cut 'input'");
    assert_refused("chain", "input", "image/jpeg", CLEAVE_INVALID, 400,
                   "takes no pictures");
}

/* Text in both ways, as curl would send it. */
static void talk(const char *headers, char *answer, size_t room)
{
    char head[512];
    int fd = tiny_connect(server.port);

    snprintf(head, sizeof head,
             "POST /v2/models/chain/cuts/a/infer HTTP/1.1\r\nHost: x\r\n"
             "Connection: close\r\nContent-Length: %zu\r\n%s\r\n",
             message.size, headers);
    tiny_send_text(fd, head);
    tiny_send(fd, message.data, message.size);
    tiny_receive_all(fd, answer, room);
    close(fd);
}

static void other_clients_name_types_and_tags(void **state)
{
    static char answer[8 * TINY_SIZE];
    char headers[256];

    (void)state;
    clv_buffer_reset(&message);
    put("f32", numbers, TINY_SIZE, 1);
    talk("", answer, sizeof answer);
    assert_non_null(strstr(answer, "200 OK"));
    assert_null(strstr(answer, "Content-Type"));
    talk("Content-Type: Application/vnd.cleave.frame\r\nIf-Match: *\r\n",
         answer, sizeof answer);
    assert_non_null(strstr(answer, "200 OK"));
    assert_non_null(
        strstr(answer, "Content-Type: application/vnd.cleave.frame"));
    snprintf(headers, sizeof headers, "If-Match: \"no\", \"%s\"\r\n",
             sha_of("chain"));
    talk(headers, answer, sizeof answer);
    assert_non_null(strstr(answer, "200 OK"));
    snprintf(headers, sizeof headers, "If-Match: \"%.15s\"\r\n",
             sha_of("chain")); /* too few digits to tell */
    talk(headers, answer, sizeof answer);
    assert_non_null(strstr(answer, "412 "));
    talk("If-Match: \"\r\n", answer, sizeof answer);
    assert_non_null(strstr(answer, "412 "));
    talk("If-Match: nonsense\r\n", answer, sizeof answer);
    assert_non_null(strstr(answer, "412 "));
}

static void who_does_not_wait_is_not_computed_for(void **state)
{
    static char answer[8 * TINY_SIZE];
    static const char *const bad[] = {"Timeout-Us: soon\r\n",
                                      "Timeout-Us: 0\r\n", "Timeout-Us: -5\r\n",
                                      "Timeout-Us: 99999999999999\r\n"};

    (void)state;
    clv_buffer_reset(&message);
    put("f32", numbers, TINY_SIZE, 1);
    talk("Timeout-Us: 60000000\r\n", answer, sizeof answer);
    assert_non_null(strstr(answer, "200 OK"));
    talk("Timeout-Us: 1\r\n", answer, sizeof answer); /* it is over already */
    assert_non_null(strstr(answer, "504 "));
    assert_non_null(strstr(answer, "timeout of 1 us"));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        talk(bad[i], answer, sizeof answer);
        assert_non_null(strstr(answer, "400 "));
        assert_non_null(strstr(answer, "microseconds"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_path_chooses_the_part),
        cmocka_unit_test(frames_come_in_the_order_of_the_cut),
        cmocka_unit_test(http_costs_little),
        cmocka_unit_test(a_message_must_be_the_cuts),
        cmocka_unit_test(element_types_are_compared),
        cmocka_unit_test(damaged_frames_are_refused),
        cmocka_unit_test(what_would_not_fit_is_never_made),
        cmocka_unit_test(the_model_must_be_the_clients),
        cmocka_unit_test(content_types_are_told_apart),
        cmocka_unit_test(other_clients_name_types_and_tags),
        cmocka_unit_test(who_does_not_wait_is_not_computed_for),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
