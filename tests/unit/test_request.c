/*
 * test_request.c - infer requests: what is accepted, what is refused, and that
 * a built one reads back.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/request.h"

/* Parses an exact heap copy, so that reads beyond the end are seen. */
static cleave_status parse_text(const char *json, clv_bytes binary,
                                cleave_error *err)
{
    size_t length = strlen(json);
    uint8_t *body = malloc(length + binary.size + 1);
    uint8_t *exact =
        malloc(length + binary.size > 0 ? length + binary.size : 1);
    struct clv_infer_request r;
    cleave_status status;

    memcpy(body, json, length);
    if (binary.size > 0) {
        memcpy(body + length, binary.data, binary.size);
    }
    memcpy(exact, body, length + binary.size);
    free(body);
    status = clv_infer_request_parse((clv_bytes){exact, length + binary.size},
                                     binary.data != NULL ? (int64_t)length : -1,
                                     &r, err);
    if (status == CLEAVE_OK) {
        clv_infer_request_fini(&r);
    }
    free(exact);
    return status;
}

static void assert_json(const char *json, cleave_status want, const char *said)
{
    cleave_error error = CLEAVE_ERROR_INIT;

    assert_int_equal(parse_text(json, (clv_bytes){NULL, 0}, &error), want);
    if (said != NULL) {
        assert_non_null(strstr(error.text, said));
    }
}

#define X_INPUT                                                       \
    "{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[1,2],\"data\":" \
    "[1,2]}"

static void malformed_requests_are_refused(void **state)
{
    (void)state;
    assert_json("{\"inputs\":[" X_INPUT "]}", CLEAVE_OK, NULL);
    assert_json("{\"inputs\":[" X_INPUT "]", CLEAVE_INVALID, "JSON");
    assert_json("{}", CLEAVE_INVALID, "no 'inputs'");
    assert_json("{\"inputs\":[]}", CLEAVE_INVALID, "no 'inputs'");
    assert_json("{\"inputs\":{}}", CLEAVE_INVALID, "'inputs' must be");
    assert_json("{\"inputs\":[" X_INPUT "," X_INPUT "]}", CLEAVE_INVALID,
                "twice");
    assert_json("{\"id\":7,\"inputs\":[" X_INPUT "]}", CLEAVE_INVALID, "'id'");
    assert_json("{\"parameters\":{\"timeout\":-1},\"inputs\":[" X_INPUT "]}",
                CLEAVE_INVALID, "'timeout'");
    assert_json("{\"parameters\":{\"priority\":\"high\"},"
                "\"inputs\":[" X_INPUT "]}",
                CLEAVE_INVALID, "'priority'");
    assert_json("{\"parameters\":{\"cleave_sha256\":\"abc\"},"
                "\"inputs\":[" X_INPUT "]}",
                CLEAVE_INVALID, "64 hexadecimal");
    assert_json("{\"inputs\":[" X_INPUT "],\"outputs\":[{}]}", CLEAVE_INVALID,
                "no 'name'");
    assert_json("{\"inputs\":[" X_INPUT "],\"outputs\":[7]}", CLEAVE_INVALID,
                "object");
    assert_json("{\"inputs\":[" X_INPUT "],\"outputs\":[{\"name\":\"y\","
                "\"parameters\":{\"classification\":-1}}]}",
                CLEAVE_INVALID, "'classification'");
}

static void too_many_tensors_are_refused(void **state)
{
    char json[16384] = "{\"inputs\":[";
    size_t at = strlen(json);

    (void)state;
    for (int i = 0; i < CLV_MESSAGE_TENSORS + 1; i++) {
        at += (size_t)snprintf(json + at, sizeof json - at,
                               "%s{\"name\":\"t%d\",\"datatype\":\"FP32\","
                               "\"shape\":[0],\"data\":[]}",
                               i > 0 ? "," : "", i);
    }
    snprintf(json + at, sizeof json - at, "]}");
    assert_json(json, CLEAVE_LIMIT, "65 inputs");
}

static void binary_lengths_must_add_up(void **state)
{
    const uint8_t bytes[16] = {0};
    const char *json = "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\","
                       "\"shape\":[2],\"parameters\":"
                       "{\"binary_data_size\":8}}]}";
    cleave_error error = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(parse_text(json, (clv_bytes){bytes, 8}, NULL), CLEAVE_OK);
    assert_int_equal(parse_text(json, (clv_bytes){bytes, 9}, &error),
                     CLEAVE_INVALID);
    assert_non_null(strstr(error.text, "1 bytes are left"));
    for (size_t size = 0; size < 8; size++) {
        assert_int_equal(parse_text(json, (clv_bytes){bytes, size}, NULL),
                         CLEAVE_INVALID);
    }
    /* a shape that overflows, and one that no body can hold */
    json = "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":"
           "[9223372036854775807,9223372036854775807],\"parameters\":"
           "{\"binary_data_size\":4}}]}";
    assert_int_equal(parse_text(json, (clv_bytes){bytes, 4}, NULL),
                     CLEAVE_INVALID);
    json = "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":"
           "[1000000000000],\"parameters\":"
           "{\"binary_data_size\":4000000000000}}]}";
    assert_int_equal(parse_text(json, (clv_bytes){bytes, 4}, NULL),
                     CLEAVE_INVALID);
}

/* A built body as one run of bytes, on the heap. */
static uint8_t *joined(const struct clv_body *body)
{
    uint8_t *run = malloc(body->total_bytes);
    size_t at = 0;

    for (size_t i = 0; i < body->part_count; i++) {
        if (body->parts[i].size > 0) {
            memcpy(run + at, body->parts[i].data, body->parts[i].size);
        }
        at += body->parts[i].size;
    }
    assert_int_equal(at, body->total_bytes);
    return run;
}

static void assert_same_tensor(const cleave_tensor *a, const cleave_tensor *b)
{
    assert_string_equal(a->info.name, b->info.name);
    assert_int_equal(a->info.type, b->info.type);
    assert_int_equal(a->info.rank, b->info.rank);
    assert_int_equal(a->bytes, b->bytes);
    assert_memory_equal(a->data, b->data, a->bytes);
}

static void a_built_request_reads_back(void **state)
{
    float x[6] = {1, 2, 3, 4, 5, 6};
    uint8_t y[3] = {7, 8, 9};
    double z[1] = {0.5};
    const cleave_tensor inputs[] = {
        {{"in \"quoted\"", CLEAVE_TYPE_F32, 2, {2, 3}}, x, sizeof x},
        {{"y", CLEAVE_TYPE_U8, 1, {3}}, y, sizeof y},
        {{"z", CLEAVE_TYPE_F64, 0, {0}}, z, sizeof z},
    };
    const struct clv_wanted_output outputs[] = {{"a", true, 0},
                                                {"b", false, 5}};
    const char *sha = "0123456789abcdef0123456789abcdef"
                      "0123456789abcdef0123456789abcdef";
    const struct clv_request_spec spec = {.id = "me",
                                          .sha256 = sha,
                                          .priority = 3,
                                          .timeout_us = 1500,
                                          .inputs = inputs,
                                          .input_count = 3,
                                          .outputs = outputs,
                                          .output_count = 2,
                                          .binary_output = true};
    struct clv_infer_request r;
    struct clv_body body;
    uint8_t *run;

    (void)state;
    clv_body_init(&body);
    for (int again = 0; again < 2; again++) { /* bodies are reusable */
        assert_int_equal(clv_request_build(&spec, &body, NULL), CLEAVE_OK);
        assert_ptr_equal(body.parts[1].data, x); /* not copied */
    }
    run = joined(&body);
    assert_int_equal(clv_infer_request_parse((clv_bytes){run, body.total_bytes},
                                             (int64_t)body.json.size, &r, NULL),
                     CLEAVE_OK);
    assert_string_equal(r.id, "me");
    assert_string_equal(r.sha256, sha);
    assert_int_equal(r.priority, 3);
    assert_int_equal(r.timeout_us, 1500);
    assert_true(r.binary_output);
    assert_int_equal(r.input_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_same_tensor(&r.inputs[i], &inputs[i]);
    }
    assert_ptr_equal(r.inputs[0].data, run + body.json.size); /* a view */
    assert_int_equal((uintptr_t)r.inputs[2].data % 8, 0);     /* aligned */
    assert_int_equal(r.output_count, 2);
    assert_string_equal(r.outputs[1].name, "b");
    assert_true(r.outputs[0].binary);
    assert_false(r.outputs[1].binary);
    assert_int_equal(r.outputs[1].classes, 5);
    clv_infer_request_fini(&r);
    clv_body_fini(&body);
    free(run);
}

static void a_tensor_that_contradicts_itself_is_not_sent(void **state)
{
    float x[2] = {0};
    cleave_tensor input = {{"x", CLEAVE_TYPE_F32, 1, {3}}, x, sizeof x};
    struct clv_request_spec spec = {.inputs = &input, .input_count = 1};
    cleave_error error = CLEAVE_ERROR_INIT;
    struct clv_body body;

    (void)state;
    clv_body_init(&body);
    assert_int_equal(clv_request_build(&spec, &body, &error), CLEAVE_INVALID);
    assert_non_null(strstr(error.text, "8 bytes, its shape says 12"));
    spec.input_count = 0;
    assert_int_equal(clv_request_build(&spec, &body, NULL), CLEAVE_INVALID);
    clv_body_fini(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_requests_are_refused),
        cmocka_unit_test(too_many_tensors_are_refused),
        cmocka_unit_test(binary_lengths_must_add_up),
        cmocka_unit_test(a_built_request_reads_back),
        cmocka_unit_test(a_tensor_that_contradicts_itself_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
