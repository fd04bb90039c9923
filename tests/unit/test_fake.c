/*
 * test_fake.c - the engine for tests answers by its inputs alone, fails when
 * asked to, and is slow when asked to.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "engine/engine.h"

static const cleave_tensor_info input = {"x", CLEAVE_TYPE_U8, 1, {8}};
static const cleave_tensor_info outputs[] = {
    {"y", CLEAVE_TYPE_F32, 2, {-1, 5}},
    {"z", CLEAVE_TYPE_I64, 1, {5}},
    {"empty", CLEAVE_TYPE_F32, 1, {0}},
};

static struct clv_session *open_session(const char *name,
                                        struct clv_engine **ret_engine)
{
    struct clv_session_source source = {.path = "any",
                                        .inputs = &input,
                                        .input_count = 1,
                                        .outputs = outputs,
                                        .output_count = 3};
    struct clv_session *session;

    assert_int_equal(clv_engine_open(name, ret_engine, NULL), CLEAVE_OK);
    assert_int_equal(clv_session_new(*ret_engine, &source, &session, NULL),
                     CLEAVE_OK);
    return session;
}

static cleave_status run(struct clv_session *session, const char *bytes,
                         struct clv_outputs *out)
{
    cleave_tensor x = {input, (void *)(uintptr_t)bytes, 8};

    return clv_session_run(session, &x, 1, out, NULL);
}

static void answers_depend_on_the_inputs_and_nothing_else(void **state)
{
    struct clv_engine *engine;
    struct clv_session *session = open_session("fake", &engine);
    struct clv_outputs *a;
    struct clv_outputs *b;
    const cleave_tensor *x;
    const cleave_tensor *y;
    size_t count;

    (void)state;
    assert_int_equal(clv_outputs_new(session, &a, NULL), CLEAVE_OK);
    assert_int_equal(clv_outputs_new(session, &b, NULL), CLEAVE_OK);
    assert_int_equal(run(session, "01234567", a), CLEAVE_OK);
    assert_int_equal(run(session, "01234567", b), CLEAVE_OK);
    x = clv_outputs_tensors(a, &count);
    y = clv_outputs_tensors(b, &count);
    assert_int_equal(count, 3);
    assert_int_equal(x[0].info.shape[0], 1);
    assert_int_equal(x[0].bytes, 20);
    assert_memory_equal(x[0].data, y[0].data, 20);
    assert_memory_equal(x[1].data, y[1].data, 40);
    assert_int_equal(x[2].bytes, 0);
    for (int i = 0; i < 5; i++) { /* numbers from 0 to 255 in every type */
        assert_in_range(((int64_t *)x[1].data)[i], 0, 255);
        assert_true(((float *)x[0].data)[i] ==
                    (float)((int64_t *)x[1].data)[i]);
    }
    assert_int_equal(run(session, "01234568", b), CLEAVE_OK);
    y = clv_outputs_tensors(b, &count);
    assert_memory_not_equal(x[0].data, y[0].data, 20);
    clv_outputs_free(a);
    clv_outputs_free(b);
    clv_session_free(session);
    clv_engine_close(engine);
}

static void every_third_run_fails(void **state)
{
    struct clv_engine *engine;
    struct clv_session *session = open_session("fake:fail=3", &engine);
    struct clv_outputs *out;

    (void)state;
    assert_int_equal(clv_outputs_new(session, &out, NULL), CLEAVE_OK);
    for (int i = 1; i <= 9; i++) {
        assert_int_equal(run(session, "01234567", out),
                         i % 3 == 0 ? CLEAVE_ENGINE : CLEAVE_OK);
    }
    clv_outputs_free(out);
    clv_session_free(session);
    clv_engine_close(engine);
}

static void a_delay_passes_on_the_clock(void **state)
{
    struct clv_engine *engine;
    struct clv_session *session = open_session("fake:delay=20", &engine);
    struct clv_outputs *out;
    int64_t before;

    (void)state;
    assert_int_equal(clv_outputs_new(session, &out, NULL), CLEAVE_OK);
    before = clv_clock_now_ns(clv_clock_machine());
    assert_int_equal(run(session, "01234567", out), CLEAVE_OK);
    assert_true(clv_clock_now_ns(clv_clock_machine()) - before >= 20000000);
    clv_outputs_free(out);
    clv_session_free(session);
    clv_engine_close(engine);
}

static void *run_often(void *session)
{
    struct clv_outputs *out;
    uintptr_t failed = 0;

    if (clv_outputs_new(session, &out, NULL) != CLEAVE_OK) {
        return (void *)UINTPTR_MAX;
    }
    for (int i = 0; i < 250; i++) {
        failed += run(session, "01234567", out) != CLEAVE_OK;
    }
    clv_outputs_free(out);
    return (void *)failed;
}

static void threads_share_a_session_and_its_failures(void **state)
{
    struct clv_engine *engine;
    struct clv_session *session = open_session("fake:fail=10", &engine);
    pthread_t thread[4];
    uintptr_t failed = 0;

    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, run_often, session),
                         0);
    }
    for (int i = 0; i < 4; i++) {
        void *part;
        pthread_join(thread[i], &part);
        failed += (uintptr_t)part;
    }
    assert_int_equal(failed, 100);
    clv_session_free(session);
    clv_engine_close(engine);
}

static void an_output_of_unknown_form_cannot_be_made_up(void **state)
{
    const cleave_tensor_info unknown = {.name = "u"};
    struct clv_session_source source = {.inputs = &input,
                                        .input_count = 1,
                                        .outputs = &unknown,
                                        .output_count = 1};
    struct clv_engine *engine;
    struct clv_session *session;
    struct clv_outputs *out;

    (void)state;
    assert_int_equal(clv_engine_open("fake", &engine, NULL), CLEAVE_OK);
    assert_int_equal(clv_session_new(engine, &source, &session, NULL),
                     CLEAVE_OK);
    assert_int_equal(clv_outputs_new(session, &out, NULL), CLEAVE_OK);
    assert_int_equal(run(session, "01234567", out), CLEAVE_UNSUPPORTED);
    clv_outputs_free(out);
    clv_session_free(session);
    clv_engine_close(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_depend_on_the_inputs_and_nothing_else),
        cmocka_unit_test(every_third_run_fails),
        cmocka_unit_test(a_delay_passes_on_the_clock),
        cmocka_unit_test(threads_share_a_session_and_its_failures),
        cmocka_unit_test(an_output_of_unknown_form_cannot_be_made_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
