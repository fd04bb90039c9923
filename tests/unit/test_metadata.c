/*
 * test_metadata.c - what servers and models say of themselves.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "wire/json.h"
#include "wire/metadata.h"

static void a_models_metadata_read_back(void **state)
{
    const cleave_tensor_info in[] = {
        {"data", CLEAVE_TYPE_F32, 4, {-1, 3, 224, 224}},
        {"mask", CLEAVE_TYPE_BOOL, 0, {0}}};
    const cleave_tensor_info out[] = {{"prob", CLEAVE_TYPE_F16, 2, {1, 10}}};
    const struct clv_model_metadata sent = {.name = "net",
                                            .sha256 = "abc",
                                            .calibration = "0123",
                                            .platform = "p",
                                            .inputs = in,
                                            .input_count = 2,
                                            .outputs = out,
                                            .output_count = 1};
    struct clv_model_metadata got;
    struct clv_buffer b;

    (void)state;
    clv_buffer_init(&b, 10000);
    clv_model_metadata_write(&sent, &b);
    assert_int_equal(clv_model_metadata_parse(clv_buffer_bytes(&b), &got, NULL),
                     CLEAVE_OK);
    clv_buffer_fini(&b);
    assert_string_equal(got.name, "net");
    assert_string_equal(got.sha256, "abc");
    assert_string_equal(got.calibration, "0123");
    assert_int_equal(got.input_count, 2);
    assert_int_equal(got.output_count, 1);
    assert_string_equal(got.inputs[0].name, "data");
    assert_int_equal(got.inputs[0].shape[0], -1);
    assert_int_equal(got.inputs[0].shape[3], 224);
    assert_int_equal(got.inputs[1].type, CLEAVE_TYPE_BOOL);
    assert_int_equal(got.inputs[1].rank, 0);
    assert_int_equal(got.outputs[0].type, CLEAVE_TYPE_F16);
    clv_model_metadata_fini(&got);
}

static void foreign_metadata_are_checked(void **state)
{
    const struct {
        const char *text;
        cleave_status want;
    } cases[] = {
        {"{\"name\":\"m\"}", CLEAVE_OK},
        {"{}", CLEAVE_INVALID},
        {"{\"name\":7}", CLEAVE_INVALID},
        {"{\"name\":\"m\",\"inputs\":7}", CLEAVE_INVALID},
        {"{\"name\":\"m\",\"inputs\":[7]}", CLEAVE_INVALID},
        {"{\"name\":\"m\",\"parameters\":{\"sha256\":1}}", CLEAVE_INVALID},
        {"{\"name\":\"m\",\"parameters\":{\"calibration\":1}}", CLEAVE_INVALID},
        {"{\"name\":\"m\",\"inputs\":[{\"name\":\"s\",\"datatype\":"
         "\"BYTES\",\"shape\":[1]}]}",
         CLEAVE_UNSUPPORTED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct clv_model_metadata got;
        clv_bytes text = {(const uint8_t *)cases[i].text,
                          strlen(cases[i].text)};
        assert_int_equal(clv_model_metadata_parse(text, &got, NULL),
                         cases[i].want);
        if (cases[i].want == CLEAVE_OK) {
            clv_model_metadata_fini(&got);
        }
    }
}

static void the_server_names_its_extensions(void **state)
{
    struct json_t *document = NULL;
    const struct json_t *extensions = NULL;
    const char *version = NULL;
    struct clv_buffer b;

    (void)state;
    clv_buffer_init(&b, 10000);
    clv_server_metadata_write(&b);
    assert_int_equal(clv_json_read(clv_buffer_bytes(&b), "", &document, NULL),
                     CLEAVE_OK);
    assert_int_equal(clv_json_string(document, "version", "", &version, NULL),
                     CLEAVE_OK);
    assert_string_equal(version, cleave_version());
    assert_int_equal(
        clv_json_array(document, "extensions", "", &extensions, NULL),
        CLEAVE_OK);
    assert_non_null(extensions);
    clv_json_free(document);
    clv_buffer_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_models_metadata_read_back),
        cmocka_unit_test(foreign_metadata_are_checked),
        cmocka_unit_test(the_server_names_its_extensions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
