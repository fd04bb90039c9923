/*
 * test_response.c - answers: that a built one reads back, and hostile ones are
 * refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "wire/response.h"

static void an_answer_reads_back(bool binary)
{
    float scores[6] = {0.1f, 0.7f, 0.2f, 5, 4, 6};
    int64_t index[2] = {-3, 9};
    const cleave_tensor t[] = {
        {{"scores", CLEAVE_TYPE_F32, 2, {2, 3}}, scores, sizeof scores},
        {{"index", CLEAVE_TYPE_I64, 1, {2}}, index, sizeof index},
    };
    const char *const names[] = {"cat", "dog"};
    const struct clv_class_names labels = {names, 2, 1};
    const struct clv_answer_output outputs[] = {{&t[0], binary, 0, NULL},
                                                {&t[1], binary, 0, NULL},
                                                {&t[0], binary, 2, &labels}};
    const struct clv_answer answer = {"net", "7", outputs, 3};
    struct clv_infer_response r;
    struct clv_buffer b;
    int64_t json_bytes = 0;

    clv_buffer_init(&b, 100000);
    assert_int_equal(clv_response_build(&answer, &b, &json_bytes, NULL),
                     CLEAVE_OK);
    assert_true(binary ? json_bytes > 0 && json_bytes % 16 == 0
                       : json_bytes == -1);
    assert_int_equal(
        clv_infer_response_parse(clv_buffer_bytes(&b), json_bytes, &r, NULL),
        CLEAVE_OK);
    assert_string_equal(r.model, "net");
    assert_string_equal(r.id, "7");
    assert_int_equal(r.output_count, 3);
    assert_memory_equal(r.outputs[0].tensor.data, scores, sizeof scores);
    assert_memory_equal(clv_infer_response_find(&r, "index")->tensor.data,
                        index, sizeof index);
    assert_null(clv_infer_response_find(&r, "nothing"));
    assert_int_equal(r.outputs[2].string_count, 4);
    assert_int_equal(r.outputs[2].tensor.info.shape[1], 2);
    assert_memory_equal(r.outputs[2].strings[0].data, "0.700000:1:cat", 14);
    assert_int_equal(r.outputs[2].strings[0].size, 14);
    assert_memory_equal(r.outputs[2].strings[2].data, "6.000000:2:dog", 14);
    assert_memory_equal(r.outputs[2].strings[3].data, "5.000000:0", 10);
    clv_infer_response_fini(&r);
    clv_buffer_fini(&b);
}

static void answers_read_back(void **state)
{
    (void)state;
    an_answer_reads_back(true);
    an_answer_reads_back(false);
}

static void too_large_an_answer_is_an_error(void **state)
{
    float many[64] = {0};
    const cleave_tensor t = {
        {"x", CLEAVE_TYPE_F32, 1, {64}}, many, sizeof many};
    const struct clv_answer_output output = {&t, true, 0, NULL};
    const struct clv_answer answer = {"net", NULL, &output, 1};
    struct clv_buffer b;
    int64_t json_bytes = 42;

    (void)state;
    clv_buffer_init(&b, 200);
    assert_int_equal(clv_response_build(&answer, &b, &json_bytes, NULL),
                     CLEAVE_LIMIT);
    assert_int_equal(json_bytes, 42);
    clv_buffer_fini(&b);
}

static void assert_refused(const char *json, const void *binary, size_t size)
{
    size_t length = strlen(json);
    uint8_t *body = malloc(length + size);
    struct clv_infer_response r;

    memcpy(body, json, length);
    memcpy(body + length, binary, size);
    assert_int_not_equal(
        clv_infer_response_parse((clv_bytes){body, length + size},
                                 (int64_t)length, &r, NULL),
        CLEAVE_OK);
    free(body);
}

static void hostile_answers_are_refused(void **state)
{
    static const uint8_t lying[8] = {255, 255, 255, 255, 'a', 'b', 'c', 'd'};
    static const uint8_t trailing[8] = {2, 0, 0, 0, 'a', 'b', 'c', 'd'};

    (void)state;
    assert_refused("{}", "", 0);
    assert_refused("{\"outputs\":[]}", "", 0);
    assert_refused("{\"outputs\":[{\"name\":\"a\",\"datatype\":\"FP32\","
                   "\"shape\":[1000000000],\"parameters\":"
                   "{\"binary_data_size\":4000000000}}]}",
                   lying, 8);
    assert_refused("{\"outputs\":[{\"name\":\"a\",\"datatype\":\"BYTES\","
                   "\"shape\":[1],\"parameters\":{\"binary_data_size\":8}}]}",
                   lying, 8);
    assert_refused("{\"outputs\":[{\"name\":\"a\",\"datatype\":\"BYTES\","
                   "\"shape\":[1],\"parameters\":{\"binary_data_size\":8}}]}",
                   trailing, 8);
    assert_refused("{\"outputs\":[{\"name\":\"a\",\"datatype\":\"BYTES\","
                   "\"shape\":[1],\"data\":[7]}]}",
                   "", 0);
    assert_refused("{\"outputs\":[{\"name\":\"a\",\"datatype\":\"UINT8\","
                   "\"shape\":[1],\"data\":[7]}]}",
                   "left over", 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_read_back),
        cmocka_unit_test(too_large_an_answer_is_an_error),
        cmocka_unit_test(hostile_answers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
