/*
 * test_ort.c - ONNX Runtime's words and objects reach us whole, and its
 * refusals say where.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "engine/ort.h"
#include "graph_samples.h"
#include "scratch_folder.h"

static void providers_are_listed_up_to_the_most(void **state)
{
    char names[16][48] = {{0}};
    size_t count = 0;
    size_t one = 0;
    int has_cpu = 0;

    (void)state;
    assert_int_equal(clv_ort_check(NULL), CLEAVE_OK);
    assert_true(strchr(clv_ort_version(), '.') != NULL);
    assert_int_equal(
        clv_ort_providers(names[0], sizeof names[0], 16, &count, NULL),
        CLEAVE_OK);
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        has_cpu |= strcmp(names[i], "CPUExecutionProvider") == 0;
    }
    assert_true(has_cpu);
    memset(names, 0, sizeof names);
    assert_int_equal(clv_ort_providers(names[0], 4, 1, &one, NULL), CLEAVE_OK);
    assert_int_equal(one, 1);
    assert_int_equal(strlen(names[0]), 3); /* cut */
}

static void a_value_is_the_tensor_itself(void **state)
{
    float x[6] = {1, 2, 3, 4, 5, 6};
    cleave_tensor t = {{"x", CLEAVE_TYPE_F32, 2, {2, 3}}, x, sizeof x};
    cleave_tensor seen = {{.name = "y"}, NULL, 0};
    struct OrtMemoryInfo *memory;
    struct OrtValue *value;

    (void)state;
    assert_int_equal(clv_ort_memory_new(&memory, NULL), CLEAVE_OK);
    assert_int_equal(clv_ort_wrap(memory, &t, "here", &value, NULL), CLEAVE_OK);
    assert_int_equal(clv_ort_view(value, 0, "here", &seen, NULL), CLEAVE_OK);
    assert_ptr_equal(seen.data, x);
    assert_int_equal(seen.bytes, sizeof x);
    assert_int_equal(seen.info.type, CLEAVE_TYPE_F32);
    assert_int_equal(seen.info.rank, 2);
    assert_int_equal(seen.info.shape[1], 3);
    assert_string_equal(seen.info.name, "y");
    clv_ort_value_free(value);
    clv_ort_memory_free(memory);
}

static void a_refusal_has_its_words_and_our_place(void **state)
{
    float x[2] = {0};
    cleave_tensor t = {{"x", CLEAVE_TYPE_F32, 1, {4}}, x, sizeof x};
    struct OrtMemoryInfo *memory;
    struct OrtValue *value = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(clv_ort_memory_new(&memory, NULL), CLEAVE_OK);
    assert_int_equal(clv_ort_wrap(memory, &t, "too short", &value, &err),
                     CLEAVE_ENGINE);
    assert_null(value);
    assert_string_equal(err.where, "too short");
    assert_memory_equal(err.text, "ONNX Runtime: ", 14);
    assert_true(strlen(err.text) > 14);
    clv_ort_memory_free(memory);
}

static void the_ends_of_a_session_are_what_its_file_says(void **state)
{
    const char *path = scratch_path(*state, "m.onnx");
    struct clv_engine_name name = {.scheme = "cpu", .threads = 1};
    struct clv_ort_wishes wishes = {.name = &name, .is_pooled = 1};
    struct maker *m = maker_new();
    cleave_tensor_info end = {.name = NULL};
    struct OrtEnv *env;
    struct OrtSessionOptions *options;
    struct OrtSession *session = NULL;
    size_t inputs;
    size_t outputs;

    sample_chain(m);
    maker_write(m, path);
    maker_free(m);
    assert_int_equal(clv_ort_env_new(1, 0, &env, NULL), CLEAVE_OK);
    assert_int_equal(clv_ort_options_new(&wishes, path, &options, NULL),
                     CLEAVE_OK);
    assert_int_equal(
        clv_ort_session_new(env, path, options, NULL, &session, NULL),
        CLEAVE_OK);
    assert_int_equal(clv_ort_count_ends(session, path, &inputs, &outputs, NULL),
                     CLEAVE_OK);
    assert_int_equal(inputs, 1);
    assert_int_equal(outputs, 1);
    assert_int_equal(clv_ort_read_end(session, 0, 1, path, &end, NULL),
                     CLEAVE_OK);
    assert_string_equal(end.name, "y");
    assert_int_equal(end.type, CLEAVE_TYPE_F32);
    assert_int_equal(end.shape[1], 4);
    free((void *)(uintptr_t)end.name);
    clv_ort_session_free(session);
    clv_ort_options_free(options);
    clv_ort_env_free(env);
}

static void nothing_may_be_freed(void **state)
{
    (void)state;
    clv_ort_env_free(NULL);
    clv_ort_options_free(NULL);
    clv_ort_memory_free(NULL);
    clv_ort_value_free(NULL);
    clv_ort_copies_free(NULL);
    clv_ort_session_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(providers_are_listed_up_to_the_most),
        cmocka_unit_test(a_value_is_the_tensor_itself),
        cmocka_unit_test(a_refusal_has_its_words_and_our_place),
        cmocka_unit_test_setup_teardown(
            the_ends_of_a_session_are_what_its_file_says, scratch_begin,
            scratch_end),
        cmocka_unit_test(nothing_may_be_freed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
