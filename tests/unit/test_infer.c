/*
 * test_infer.c - infer requests against a real server: which part runs, and
 * what is refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "tensor/element.h"
#include "tiny_server.h"
#include "wire/client.h"

static struct tiny_server server;
static struct clv_client *client;

static int start(void **state)
{
    struct clv_transfer_options options = {0};

    (void)state;
    tiny_server_open(&server, (cleave_server_options){0});
    options.url = server.url;
    assert_int_equal(clv_client_open(&options, &client, NULL), CLEAVE_OK);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    clv_client_close(client);
    tiny_server_close(&server);
    return 0;
}

static cleave_status infer(const char *model, const struct clv_request_spec *s,
                           struct clv_infer_response *r, struct clv_exchange *x,
                           cleave_error *err)
{
    struct clv_body body;
    cleave_status status;

    clv_body_init(&body);
    assert_int_equal(clv_request_build(s, &body, err), CLEAVE_OK);
    status = clv_client_infer(client, model, &body, 0, r, x, err);
    clv_body_fini(&body);
    return status;
}

static void fill(float *x)
{
    for (int i = 0; i < TINY_SIZE; i++) {
        x[i] = (float)(i % 7 - 3);
    }
}

static float relu(float x)
{
    return x > 0 ? x : 0;
}

/* Sends `name` with f32 data and compares the answer with `want`. */
static void assert_answer(const char *name, const float *x, const float *want)
{
    cleave_tensor input = {{name, CLEAVE_TYPE_F32, 2, {1, TINY_SIZE}},
                           (void *)(uintptr_t)x,
                           TINY_SIZE * sizeof *x};
    struct clv_request_spec spec = {
        .inputs = &input, .input_count = 1, .binary_output = true};
    struct clv_infer_response r;
    struct clv_exchange exchange;
    cleave_error error = CLEAVE_ERROR_INIT;

    if (infer("chain", &spec, &r, &exchange, &error) != CLEAVE_OK) {
        fail_msg("%s: %s", error.where, error.text);
    }
    assert_int_equal(r.output_count, 1);
    assert_string_equal(r.outputs[0].tensor.info.name, "y");
    assert_int_equal(r.outputs[0].tensor.bytes, TINY_SIZE * sizeof *want);
    assert_memory_equal(r.outputs[0].tensor.data, want,
                        TINY_SIZE * sizeof *want);
    assert_true(exchange.has_timing);
    assert_true(exchange.timing.tail_ns > 0);
    assert_true(exchange.total_ns > exchange.timing.tail_ns);
    clv_infer_response_fini(&r);
}

static void the_names_of_the_tensors_choose_the_part(void **state)
{
    static float x[TINY_SIZE];
    static float want[TINY_SIZE];

    (void)state;
    fill(x);
    for (int i = 0; i < TINY_SIZE; i++) {
        want[i] = relu(relu(x[i]) + 1);
    }
    assert_answer("x", x, want);
    for (int i = 0; i < TINY_SIZE; i++) {
        want[i] = relu(x[i] + 1);
    }
    assert_answer("a", x, want);
    for (int i = 0; i < TINY_SIZE; i++) {
        want[i] = relu(x[i]);
    }
    assert_answer("b", x, want);
    assert_answer("b", x, want);
}

static void halves_are_widened(void **state)
{
    static float x[TINY_SIZE];
    static uint16_t half[TINY_SIZE];
    cleave_tensor input = {
        {"b", CLEAVE_TYPE_F16, 2, {1, TINY_SIZE}}, half, sizeof half};
    struct clv_request_spec spec = {
        .inputs = &input, .input_count = 1, .binary_output = true};
    struct clv_infer_response r;
    struct clv_exchange exchange;

    (void)state;
    fill(x);
    clv_f32_to_f16(x, TINY_SIZE, half);
    assert_int_equal(infer("chain", &spec, &r, &exchange, NULL), CLEAVE_OK);
    for (int i = 0; i < TINY_SIZE; i++) {
        const float *y = r.outputs[0].tensor.data;
        assert_true(y[i] == relu(x[i]));
    }
    clv_infer_response_fini(&r);
}

static void inputs_come_in_any_order(void **state)
{
    float p[2] = {5, 7};
    float q[2] = {1, 2};
    const cleave_tensor inputs[] = {
        {{"q", CLEAVE_TYPE_F32, 2, {1, 2}}, q, sizeof q},
        {{"p", CLEAVE_TYPE_F32, 2, {1, 2}}, p, sizeof p}};
    struct clv_request_spec spec = {.inputs = inputs, .input_count = 2};
    const float want[2] = {4, 5};
    struct clv_infer_response r;
    struct clv_exchange exchange;

    (void)state;
    assert_int_equal(infer("pair", &spec, &r, &exchange, NULL), CLEAVE_OK);
    assert_int_equal(exchange.json_bytes, -1); /* not asked for binary */
    assert_memory_equal(r.outputs[0].tensor.data, want, sizeof want);
    clv_infer_response_fini(&r);
}

static void outputs_are_chosen_and_classified(void **state)
{
    float p[2] = {5, 7};
    float q[2] = {0, 0};
    const cleave_tensor inputs[] = {
        {{"p", CLEAVE_TYPE_F32, 2, {1, 2}}, p, sizeof p},
        {{"q", CLEAVE_TYPE_F32, 2, {1, 2}}, q, sizeof q}};
    struct clv_wanted_output wanted = {"y", true, 1};
    struct clv_request_spec spec = {.id = "id-1",
                                    .inputs = inputs,
                                    .input_count = 2,
                                    .outputs = &wanted,
                                    .output_count = 1};
    struct clv_infer_response r;
    struct clv_exchange exchange;
    cleave_error error = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(infer("pair", &spec, &r, &exchange, NULL), CLEAVE_OK);
    assert_string_equal(r.id, "id-1");
    assert_int_equal(r.outputs[0].string_count, 1);
    assert_memory_equal(r.outputs[0].strings[0].data, "7.000000:1", 10);
    clv_infer_response_fini(&r);
    wanted.name = "z";
    assert_int_equal(infer("pair", &spec, &r, &exchange, &error),
                     CLEAVE_NOT_FOUND);
    assert_non_null(strstr(error.text, "'z'"));
}

/* A request for b whose input is the frame of a tensor 1x`size`. */
static cleave_status infer_packed(const char *model, const char *packing,
                                  int64_t size, size_t more,
                                  struct clv_infer_response *r,
                                  struct clv_exchange *x, cleave_error *err)
{
    static float numbers[TINY_SIZE];
    cleave_tensor tensor = {{"b", CLEAVE_TYPE_F32, 2, {1, size}},
                            numbers,
                            (size_t)size * sizeof *numbers};
    struct clv_codec *codec = NULL;
    struct clv_packing p;
    struct clv_buffer frame;
    struct clv_body body;
    cleave_status status;

    fill(numbers);
    clv_buffer_init(&frame, 1 << 20);
    assert_int_equal(clv_codec_new(NULL, &codec), CLEAVE_OK);
    assert_int_equal(clv_packing_parse(packing, &p, NULL), CLEAVE_OK);
    assert_int_equal(clv_codec_pack(codec, &p, &tensor, 1, &frame, NULL),
                     CLEAVE_OK);
    clv_buffer_append(&frame, numbers, more); /* what nobody announced */
    clv_body_init(&body);
    clv_buffer_printf(&body.json,
                      "{\"inputs\":[{\"name\":\"b\",\"datatype\":\"FP32\","
                      "\"shape\":[1,4096],\"parameters\":{"
                      "\"cleave_packing\":true,\"binary_data_size\":%zu}}],"
                      "\"parameters\":{\"binary_data_output\":true}}",
                      frame.size);
    body.parts[0] = clv_buffer_bytes(&body.json);
    body.parts[1] = clv_buffer_bytes(&frame);
    body.part_count = 2;
    body.total_bytes = body.json.size + frame.size;
    status = clv_client_infer(client, model, &body, 0, r, x, err);
    clv_body_fini(&body);
    clv_codec_free(codec);
    clv_buffer_fini(&frame);
    return status;
}

static void a_tensor_may_be_packed(void **state)
{
    static const char *const packings[] = {"f32", "f16", "lz:step=1"};
    static float x[TINY_SIZE];
    struct clv_infer_response r;
    struct clv_exchange exchange;

    (void)state;
    fill(x);
    for (size_t p = 0; p < sizeof packings / sizeof packings[0]; p++) {
        assert_int_equal(infer_packed("chain", packings[p], TINY_SIZE, 0, &r,
                                      &exchange, NULL),
                         CLEAVE_OK);
        for (int i = 0; i < TINY_SIZE; i++) {
            const float *y = r.outputs[0].tensor.data;
            assert_true(y[i] == relu(x[i]));
        }
        clv_infer_response_fini(&r);
    }
}

static void assert_packed_refused(int64_t size, size_t more, cleave_status want,
                                  const char *said)
{
    struct clv_infer_response r;
    struct clv_exchange exchange;
    cleave_error error = CLEAVE_ERROR_INIT;

    assert_int_equal(
        infer_packed("chain", "f32", size, more, &r, &exchange, &error), want);
    if (strstr(error.text, said) == NULL) {
        fail_msg("'%s' is not in '%s'", said, error.text);
    }
}

static void packed_tensors_have_to_be_what_they_say(void **state)
{
    (void)state;
    assert_packed_refused(TINY_SIZE - 1, 0, CLEAVE_MISMATCH,
                          "must be f32 1x4096, a frame of f32 1x4095 came");
    assert_packed_refused(TINY_SIZE, 8, CLEAVE_CORRUPT, "'b'");
}

static void assert_refused(const char *model, const char *name,
                           cleave_type type, int64_t size, const char *sha,
                           cleave_status want, const char *said)
{
    static double zeros[TINY_SIZE];
    cleave_tensor input = {{name, type, 2, {1, size}}, zeros, 0};
    struct clv_request_spec spec = {
        .sha256 = sha, .inputs = &input, .input_count = 1};
    struct clv_infer_response r;
    struct clv_exchange exchange;
    cleave_error error = CLEAVE_ERROR_INIT;

    input.bytes = (size_t)size * cleave_type_bytes(type);
    assert_int_equal(infer(model, &spec, &r, &exchange, &error), want);
    assert_int_equal(exchange.http, cleave_status_http(want));
    if (strstr(error.text, said) == NULL) {
        fail_msg("'%s' is not in '%s'", said, error.text);
    }
}

static void what_does_not_fit_is_refused_by_name(void **state)
{
    char sha[65];

    (void)state;
    memset(sha, 'a', 64);
    sha[64] = '\0';
    assert_refused("nothing", "x", CLEAVE_TYPE_F32, 4, NULL, CLEAVE_NOT_FOUND,
                   "'nothing'");
    assert_refused("chain", "nothing", CLEAVE_TYPE_F32, 4, NULL,
                   CLEAVE_NOT_FOUND, "nothing");
    assert_refused("chain", "x", CLEAVE_TYPE_F32, 5, NULL, CLEAVE_MISMATCH,
                   "must be f32 1x4096, f32 1x5 came");
    assert_refused("chain", "x", CLEAVE_TYPE_F64, TINY_SIZE, NULL,
                   CLEAVE_MISMATCH, "f64 1x4096 came");
    assert_refused("chain", "x", CLEAVE_TYPE_F16, 5, NULL, CLEAVE_MISMATCH,
                   "f16 1x5 came");
    assert_refused("chain", "x", CLEAVE_TYPE_F32, TINY_SIZE, sha,
                   CLEAVE_MISMATCH, sha);
    assert_refused("pair", "p", CLEAVE_TYPE_F32, 2, NULL, CLEAVE_NOT_FOUND, "");
}

static void a_broken_model_says_what_is_wrong(void **state)
{
    static float x[4];
    cleave_tensor input = {{"x", CLEAVE_TYPE_F32, 1, {4}}, x, sizeof x};
    struct clv_request_spec spec = {.inputs = &input, .input_count = 1};
    struct clv_infer_response r;
    struct clv_exchange exchange;
    cleave_error error = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_not_equal(infer("broken", &spec, &r, &exchange, &error),
                         CLEAVE_OK);
    assert_non_null(strstr(error.text, "'broken' cannot be served"));
}

static void the_right_sha256_is_told_and_accepted(void **state)
{
    float p[2] = {5, 7};
    const cleave_tensor inputs[] = {
        {{"p", CLEAVE_TYPE_F32, 2, {1, 2}}, p, sizeof p},
        {{"q", CLEAVE_TYPE_F32, 2, {1, 2}}, p, sizeof p}};
    struct clv_request_spec spec = {.inputs = inputs, .input_count = 2};
    struct clv_model_metadata m;
    struct clv_infer_response r;
    struct clv_exchange exchange;

    (void)state;
    assert_int_equal(clv_client_model(client, "pair", 0, &m, NULL), CLEAVE_OK);
    assert_int_equal(m.input_count, 2);
    assert_int_equal(m.inputs[0].shape[1], 2);
    spec.sha256 = m.sha256;
    assert_int_equal(infer("pair", &spec, &r, &exchange, NULL), CLEAVE_OK);
    clv_infer_response_fini(&r);
    clv_model_metadata_fini(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_names_of_the_tensors_choose_the_part),
        cmocka_unit_test(halves_are_widened),
        cmocka_unit_test(a_tensor_may_be_packed),
        cmocka_unit_test(packed_tensors_have_to_be_what_they_say),
        cmocka_unit_test(inputs_come_in_any_order),
        cmocka_unit_test(outputs_are_chosen_and_classified),
        cmocka_unit_test(what_does_not_fit_is_refused_by_name),
        cmocka_unit_test(a_broken_model_says_what_is_wrong),
        cmocka_unit_test(the_right_sha256_is_told_and_accepted),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
