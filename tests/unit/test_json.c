/*
 * test_json.c - reading JSON within limits, writing it escaped.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/json.h"

static cleave_status reading(const char *text, size_t size, cleave_error *err)
{
    struct json_t *document = NULL;
    /* an exact heap copy, so that the sanitizer sees reads beyond the end */
    uint8_t *copy = malloc(size > 0 ? size : 1);
    cleave_status status;

    memcpy(copy, text, size);
    status = clv_json_read((clv_bytes){copy, size}, "here", &document, err);
    clv_json_free(document);
    free(copy);
    return status;
}

static void assert_reads(const char *text, cleave_status want)
{
    assert_int_equal(reading(text, strlen(text), NULL), want);
}

static void one_object_is_read_and_nothing_else(void **state)
{
    (void)state;
    assert_reads("{}", CLEAVE_OK);
    assert_reads(" {\"a\": [1, {\"b\": \"]]]]\\\"\"}]}  \n", CLEAVE_OK);
    assert_reads("", CLEAVE_INVALID);
    assert_reads("[]", CLEAVE_INVALID);
    assert_reads("7", CLEAVE_INVALID);
    assert_reads("{", CLEAVE_INVALID);
    assert_reads("{\"", CLEAVE_INVALID);
    assert_reads("{\"\\", CLEAVE_INVALID);
    assert_reads("{} {}", CLEAVE_INVALID);
    assert_reads("{\"a\": 1, \"a\": 2}", CLEAVE_INVALID);
    assert_reads("{\"a\": \"\\u0000\"}", CLEAVE_INVALID);
    assert_reads("{\"a\": \"\xff\"}", CLEAVE_INVALID);
    assert_reads("{\"a\": 99999999999999999999}", CLEAVE_INVALID);
}

static void the_message_tells_line_and_column(void **state)
{
    cleave_error error = CLEAVE_ERROR_INIT;
    const char *text = "{\n  \"a\": nonsense}";

    (void)state;
    assert_int_equal(reading(text, strlen(text), &error), CLEAVE_INVALID);
    assert_non_null(strstr(error.text, "line 2"));
    assert_string_equal(error.where, "here");
}

static void depth_and_number_of_values_are_bounded(void **state)
{
    char deep[128];
    size_t size = (CLV_JSON_MAX_VALUES + 2) * 2;
    char *many = malloc(size);
    char *large = malloc(CLV_JSON_MAX_BYTES + 1);

    (void)state;
    snprintf(deep, sizeof deep, "{\"a\":%s1%s}", "[[[[[[[[[[[[[[[[[[[[[[[",
             "]]]]]]]]]]]]]]]]]]]]]]]");
    assert_reads(deep, CLEAVE_OK); /* 24 */
    snprintf(deep, sizeof deep, "{\"a\":%s1%s}", "[[[[[[[[[[[[[[[[[[[[[[[[",
             "]]]]]]]]]]]]]]]]]]]]]]]]");
    assert_reads(deep, CLEAVE_LIMIT); /* 25 */
    memset(many, ',', size);
    assert_int_equal(reading(many, size, NULL), CLEAVE_LIMIT);
    memset(large, ' ', CLV_JSON_MAX_BYTES + 1);
    assert_int_equal(reading(large, CLV_JSON_MAX_BYTES + 1, NULL),
                     CLEAVE_LIMIT);
    free(large);
    free(many);
}

static struct json_t *document_of(const char *text)
{
    struct json_t *document = NULL;
    clv_bytes bytes = {(const uint8_t *)text, strlen(text)};

    assert_int_equal(clv_json_read(bytes, "here", &document, NULL), CLEAVE_OK);
    return document;
}

static void members_are_checked_for_their_kind(void **state)
{
    struct json_t *d = document_of("{\"s\":\"x\",\"n\":7,\"m\":-1,\"b\":true,"
                                   "\"o\":{},\"a\":[]}");
    const struct json_t *member = NULL;
    const char *string = "unset";
    uint64_t number = 9;
    bool flag = false;
    cleave_error error = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(clv_json_string(d, "s", "w", &string, NULL), CLEAVE_OK);
    assert_string_equal(string, "x");
    assert_int_equal(clv_json_string(d, "no", "w", &string, NULL), CLEAVE_OK);
    assert_null(string);
    assert_int_equal(clv_json_string(d, "n", "w", &string, &error),
                     CLEAVE_INVALID);
    assert_non_null(strstr(error.text, "'n'"));
    assert_int_equal(clv_json_uint(d, "n", "w", 7, &number, NULL), CLEAVE_OK);
    assert_int_equal(number, 7);
    assert_int_equal(clv_json_uint(d, "n", "w", 6, &number, NULL),
                     CLEAVE_INVALID);
    assert_int_equal(clv_json_uint(d, "m", "w", 6, &number, NULL),
                     CLEAVE_INVALID);
    assert_int_equal(number, 7);
    assert_int_equal(clv_json_uint(NULL, "n", "w", 6, &number, NULL),
                     CLEAVE_OK);
    assert_int_equal(number, 0);
    assert_int_equal(clv_json_bool(d, "b", "w", &flag, NULL), CLEAVE_OK);
    assert_true(flag);
    assert_int_equal(clv_json_bool(d, "n", "w", &flag, NULL), CLEAVE_INVALID);
    assert_int_equal(clv_json_object(d, "o", "w", &member, NULL), CLEAVE_OK);
    assert_non_null(member);
    assert_int_equal(clv_json_object(d, "a", "w", &member, NULL),
                     CLEAVE_INVALID);
    assert_int_equal(clv_json_array(d, "a", "w", &member, NULL), CLEAVE_OK);
    assert_int_equal(clv_json_array(d, "s", "w", &member, NULL),
                     CLEAVE_INVALID);
    clv_json_free(d);
}

static void strings_are_written_escaped(void **state)
{
    static const uint8_t raw[] = "a\"\\\n\x01\xc3\xa9\xff\xed\xa0\x80z";
    struct clv_buffer b;

    (void)state;
    clv_buffer_init(&b, 1000);
    clv_json_put_bytes(&b, (clv_bytes){raw, sizeof raw - 1});
    clv_buffer_append(&b, "", 1);
    assert_string_equal((char *)b.data,
                        "\"a\\\"\\\\\\u000a\\u0001\xc3\xa9\\ufffd"
                        "\\ufffd\\ufffd\\ufffdz\"");
    clv_json_pad(&b);
    assert_int_equal(b.size % 16, 0);
    clv_buffer_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_object_is_read_and_nothing_else),
        cmocka_unit_test(the_message_tells_line_and_column),
        cmocka_unit_test(depth_and_number_of_values_are_bounded),
        cmocka_unit_test(members_are_checked_for_their_kind),
        cmocka_unit_test(strings_are_written_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
