/*
 * test_entry.c - one tensor in a message: three lengths that must agree.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "wire/entry.h"

static clv_bytes text_bytes(const char *text)
{
    return (clv_bytes){(const uint8_t *)text, strlen(text)};
}

static void a_body_is_cut_after_its_json(void **state)
{
    struct clv_message m;
    cleave_error error = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(clv_message_split(text_bytes("{}abc"), 2, &m, NULL),
                     CLEAVE_OK);
    assert_int_equal(m.json.size, 2);
    assert_int_equal(m.binary.size, 3);
    assert_int_equal(clv_message_end(&m, NULL), CLEAVE_INVALID);
    assert_int_equal(clv_message_split(text_bytes("{}"), -1, &m, NULL),
                     CLEAVE_OK);
    assert_int_equal(m.json.size, 2);
    assert_int_equal(clv_message_end(&m, NULL), CLEAVE_OK);
    assert_int_equal(clv_message_split(text_bytes("{}"), 3, &m, &error),
                     CLEAVE_INVALID);
    assert_non_null(strstr(error.text, "3 bytes"));
    assert_non_null(strstr(error.text, "only 2"));
    assert_int_equal(clv_message_split(text_bytes("{}"), INT64_MAX, &m, NULL),
                     CLEAVE_INVALID);
}

static cleave_status info_of(const char *text, enum clv_entry_also also,
                             cleave_tensor_info *info)
{
    json_t *entry = json_loads(text, JSON_DECODE_ANY, NULL);
    cleave_status status = clv_entry_info(entry, "input", also, info, NULL);

    json_decref(entry);
    return status;
}

static void name_type_and_shape_are_checked(void **state)
{
    cleave_tensor_info i;
    const char *strings = "{\"name\":\"x\",\"datatype\":\"BYTES\","
                          "\"shape\":[1]}";
    const char *open = "{\"name\":\"x\",\"datatype\":\"FP16\","
                       "\"shape\":[-1,3]}";

    (void)state;
    assert_int_equal(info_of("7", CLV_ENTRY_PLAIN, &i), CLEAVE_INVALID);
    assert_int_equal(info_of("{}", CLV_ENTRY_PLAIN, &i), CLEAVE_INVALID);
    assert_int_equal(info_of("{\"name\":\"x\"}", CLV_ENTRY_PLAIN, &i),
                     CLEAVE_INVALID);
    assert_int_equal(info_of("{\"name\":\"\",\"datatype\":\"FP32\","
                             "\"shape\":[]}",
                             CLV_ENTRY_PLAIN, &i),
                     CLEAVE_INVALID);
    assert_int_equal(
        info_of("{\"name\":\"x\",\"datatype\":\"FP32\"}", CLV_ENTRY_PLAIN, &i),
        CLEAVE_INVALID);
    assert_int_equal(info_of("{\"name\":\"x\",\"datatype\":\"FP31\","
                             "\"shape\":[]}",
                             CLV_ENTRY_PLAIN, &i),
                     CLEAVE_UNSUPPORTED);
    assert_int_equal(info_of("{\"name\":\"x\",\"datatype\":\"FP32\","
                             "\"shape\":[1,1,1,1,1,1,1,1,1]}",
                             CLV_ENTRY_PLAIN, &i),
                     CLEAVE_LIMIT);
    assert_int_equal(info_of(strings, CLV_ENTRY_PLAIN, &i), CLEAVE_UNSUPPORTED);
    assert_int_equal(info_of(strings, CLV_ENTRY_STRINGS, &i), CLEAVE_OK);
    assert_int_equal(i.type, CLEAVE_TYPE_NONE);
    assert_int_equal(info_of(open, CLV_ENTRY_PLAIN, &i), CLEAVE_INVALID);
    assert_int_equal(info_of(open, CLV_ENTRY_FREE, &i), CLEAVE_OK);
    assert_int_equal(i.type, CLEAVE_TYPE_F16);
    assert_int_equal(i.rank, 2);
    assert_int_equal(i.shape[0], -1);
    assert_int_equal(i.shape[1], 3);
}

/* Reads an entry "x", f32 of 2 elements, with these members besides. */
static cleave_status data_of(const char *members, clv_bytes binary,
                             cleave_tensor *tensor, void **owned,
                             cleave_error *err)
{
    cleave_tensor_info info = {.name = "x", .type = CLEAVE_TYPE_F32, .rank = 1};
    struct clv_message m = {.binary = binary};
    json_t *entry = json_loads(members, 0, NULL);
    cleave_status status;

    assert_non_null(entry);
    info.shape[0] = 2;
    status = clv_entry_data(entry, &info, &m, tensor, owned, err);
    json_decref(entry);
    return status;
}

static void aligned_binary_data_stay_where_they_are(void **state)
{
    _Alignas(8) uint8_t binary[12] = {0};
    cleave_tensor t;
    void *owned = binary;

    (void)state;
    assert_int_equal(data_of("{\"parameters\":{\"binary_data_size\":8}}",
                             (clv_bytes){binary, 8}, &t, &owned, NULL),
                     CLEAVE_OK);
    assert_ptr_equal(t.data, binary);
    assert_null(owned);
    binary[1] = 42;
    assert_int_equal(data_of("{\"parameters\":{\"binary_data_size\":8}}",
                             (clv_bytes){binary + 1, 8}, &t, &owned, NULL),
                     CLEAVE_OK);
    assert_int_equal((uintptr_t)t.data % 4, 0);
    assert_int_equal(*(uint8_t *)t.data, 42);
    assert_ptr_equal(t.data, owned);
    free(owned);
}

static void assert_refused(const char *members, size_t binary_size,
                           cleave_status want, const char *said)
{
    _Alignas(8) uint8_t binary[64] = {0};
    cleave_error error = CLEAVE_ERROR_INIT;
    cleave_tensor t;
    void *owned = NULL;

    assert_int_equal(
        data_of(members, (clv_bytes){binary, binary_size}, &t, &owned, &error),
        want);
    assert_string_equal(error.where, "x");
    assert_non_null(strstr(error.text, said));
    assert_null(owned);
}

static void lengths_that_disagree_are_refused_with_both(void **state)
{
    (void)state;
    assert_refused("{\"parameters\":{\"binary_data_size\":7}}", 8,
                   CLEAVE_INVALID, "8 bytes, but its binary_data_size is 7");
    assert_refused("{\"parameters\":{\"binary_data_size\":8}}", 7,
                   CLEAVE_INVALID, "8 bytes announced, 7 left");
    assert_refused("{\"parameters\":{\"binary_data_size\":"
                   "9223372036854775807}}",
                   8, CLEAVE_INVALID, "9223372036854775807");
    assert_refused("{\"parameters\":{\"binary_data_size\":-8}}", 8,
                   CLEAVE_INVALID, "binary_data_size");
    assert_refused("{\"parameters\":{\"binary_data_size\":8},\"data\":[1,2]}",
                   8, CLEAVE_INVALID, "both");
    assert_refused("{}", 8, CLEAVE_INVALID, "neither");
    assert_refused("{\"parameters\":{\"cleave_packing\":true,"
                   "\"binary_data_size\":8}}",
                   8, CLEAVE_UNSUPPORTED, "cleave_packing");
    assert_refused("{\"parameters\":{\"shared_memory_region\":\"r\"}}", 8,
                   CLEAVE_UNSUPPORTED, "shared_memory_region");
}

static cleave_status packed_of(const char *members, clv_bytes binary,
                               bool *packed, clv_bytes *frame,
                               cleave_error *err)
{
    struct clv_message m = {{NULL, 0}, binary};
    json_t *entry = json_loads(members, 0, NULL);
    cleave_status status;

    assert_non_null(entry);
    status = clv_entry_packed(entry, "x", &m, packed, frame, err);
    json_decref(entry);
    return status;
}

static void frames_are_taken_whatever_the_shape(void **state)
{
    static const uint8_t binary[10] = {0};
    const clv_bytes all = {binary, sizeof binary};
    bool packed = true;
    clv_bytes frame = {NULL, 0};
    cleave_error error = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(packed_of("{\"parameters\":{\"cleave_packing\":true,"
                               "\"binary_data_size\":7}}",
                               all, &packed, &frame, NULL),
                     CLEAVE_OK);
    assert_true(packed);
    assert_ptr_equal(frame.data, binary);
    assert_int_equal(frame.size, 7);
    assert_int_equal(packed_of("{\"parameters\":{\"cleave_packing\":false}}",
                               all, &packed, &frame, NULL),
                     CLEAVE_OK);
    assert_false(packed);
    assert_int_equal(packed_of("{\"parameters\":{\"cleave_packing\":true,"
                               "\"binary_data_size\":11}}",
                               all, &packed, &frame, NULL),
                     CLEAVE_INVALID);
    assert_int_equal(packed_of("{\"parameters\":{\"cleave_packing\":1}}", all,
                               &packed, &frame, NULL),
                     CLEAVE_INVALID);
    assert_int_equal(packed_of("{\"parameters\":{\"cleave_packing\":true},"
                               "\"data\":[1]}",
                               all, &packed, &frame, &error),
                     CLEAVE_INVALID);
    assert_non_null(strstr(error.text, "its frame is missing"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_is_cut_after_its_json),
        cmocka_unit_test(name_type_and_shape_are_checked),
        cmocka_unit_test(aligned_binary_data_stay_where_they_are),
        cmocka_unit_test(lengths_that_disagree_are_refused_with_both),
        cmocka_unit_test(frames_are_taken_whatever_the_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
