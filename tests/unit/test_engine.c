/*
 * test_engine.c - engines by name, and tensors that do not fit a session are
 * turned away with a text that names both forms.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/clock.h"
#include "engine/engine.h"

static void engines_are_opened_by_name(void **state)
{
    struct clv_engine *engine;
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(clv_engine_open("fake:delay=1", &engine, NULL), CLEAVE_OK);
    assert_string_equal(clv_engine_name(engine), "fake:delay=1,fail=0");
    assert_true(clv_engine_threads(engine) > 0);
    assert_true(strlen(clv_engine_identity(engine)) > 0);
    clv_engine_close(engine);
    clv_engine_close(NULL);
    assert_int_equal(clv_engine_open("tpu", &engine, &err), CLEAVE_INVALID);
    assert_non_null(strstr(err.text, "no engine 'tpu'; known are cpu"));
    err = (cleave_error)CLEAVE_ERROR_INIT;
    assert_int_equal(clv_engine_open("cpu:x=1", &engine, &err), CLEAVE_INVALID);
    assert_string_equal(err.where, "cpu:x=1");
}

static void a_slow_engine_takes_so_much_longer(void **state)
{
    struct clv_session_source source = {0};
    struct clv_session *session;
    struct clv_outputs *outputs;
    struct clv_engine *engine;
    struct clv_clock clock = clv_clock_machine();
    int64_t began_ns;

    (void)state;
    assert_int_equal(clv_engine_open("fake:delay=4,slow=5", &engine, NULL),
                     CLEAVE_OK);
    assert_true(clv_engine_slowdown(engine) == 5);
    assert_int_equal(clv_session_new(engine, &source, &session, NULL),
                     CLEAVE_OK);
    assert_int_equal(clv_outputs_new(session, &outputs, NULL), CLEAVE_OK);
    /* a run sleeps 4 ms or more, so five times that is certain */
    began_ns = clv_clock_now_ns(clock);
    assert_int_equal(clv_session_run(session, NULL, 0, outputs, NULL),
                     CLEAVE_OK);
    assert_true(clv_clock_now_ns(clock) - began_ns >= 20000000);
    /* what began 2 ms ago is done 10 ms after its beginning at the earliest */
    began_ns = clv_clock_now_ns(clock) - 2000000;
    clv_engine_hold_back(engine, began_ns);
    assert_true(clv_clock_now_ns(clock) - began_ns >= 10000000);
    clv_outputs_free(outputs);
    clv_session_free(session);
    clv_engine_close(engine);
    assert_int_equal(clv_engine_open("fake", &engine, NULL), CLEAVE_OK);
    assert_true(clv_engine_slowdown(engine) == 1);
    clv_engine_hold_back(engine, INT64_MIN / 4); /* would be for ever */
    clv_engine_close(engine);
}

static const cleave_tensor_info ends[] = {
    {"data", CLEAVE_TYPE_F32, 2, {-1, 3}},
    {"ids", CLEAVE_TYPE_I64, 1, {2}},
    {"scores", CLEAVE_TYPE_F32, 1, {4}},
};

struct fixture {
    struct clv_engine *engine;
    struct clv_session *session;
    struct clv_outputs *outputs;
    float data[6];
    int64_t ids[2];
    cleave_tensor inputs[2];
};

static int begin(void **state)
{
    static struct fixture f;
    struct clv_session_source source = {.inputs = ends,
                                        .input_count = 2,
                                        .outputs = ends + 2,
                                        .output_count = 1};

    /* the fake session takes free dimensions as 1 */
    f = (struct fixture){.inputs = {{ends[0], NULL, 12}, {ends[1], NULL, 16}}};
    f.inputs[0].info.shape[0] = 1;
    f.inputs[0].data = f.data;
    f.inputs[1].data = f.ids;
    *state = &f;
    return clv_engine_open("fake", &f.engine, NULL) != CLEAVE_OK ||
                   clv_session_new(f.engine, &source, &f.session, NULL) !=
                       CLEAVE_OK ||
                   clv_outputs_new(f.session, &f.outputs, NULL) != CLEAVE_OK
               ? -1
               : 0;
}

static int end(void **state)
{
    struct fixture *f = *state;

    clv_outputs_free(f->outputs);
    clv_session_free(f->session);
    clv_engine_close(f->engine);
    return 0;
}

static void assert_turned_away(struct fixture *f, size_t count,
                               const char *where, const char *words)
{
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_int_equal(
        clv_session_run(f->session, f->inputs, count, f->outputs, &err),
        CLEAVE_MISMATCH);
    assert_string_equal(err.where, where);
    if (strstr(err.text, words) == NULL) {
        fail_msg("'%s' does not say '%s'", err.text, words);
    }
}

static void fitting_tensors_are_taken(void **state)
{
    struct fixture *f = *state;
    size_t count;

    assert_int_equal(
        clv_session_run(f->session, f->inputs, 2, f->outputs, NULL), CLEAVE_OK);
    assert_string_equal(clv_outputs_tensors(f->outputs, &count)[0].info.name,
                        "scores");
    assert_int_equal(count, 1);
    assert_string_equal(clv_session_inputs(f->session, &count)[1].name, "ids");
    assert_int_equal(count, 2);
    clv_session_outputs(f->session, &count);
    assert_int_equal(count, 1);
}

static void a_wrong_count_is_turned_away(void **state)
{
    assert_turned_away(*state, 1, "", "has 2 inputs; 1 were given");
    assert_turned_away(*state, 3, "", "has 2 inputs; 3 were given");
    assert_turned_away(*state, 0, "", "has 2 inputs; 0 were given");
}

static void a_wrong_type_is_turned_away(void **state)
{
    struct fixture *f = *state;

    f->inputs[1].info.type = CLEAVE_TYPE_I32;
    assert_turned_away(f, 2, "ids", "wants i64 2 here, not i32 2");
}

static void a_wrong_shape_is_turned_away(void **state)
{
    struct fixture *f = *state;

    f->inputs[0].info.shape[1] = 4;
    assert_turned_away(f, 2, "data", "wants f32 1x3 here, not f32 1x4");
    f->inputs[0].info.shape[1] = 3;
    f->inputs[0].info.rank = 1;
    assert_turned_away(f, 2, "data", "wants f32 1x3 here, not f32 1");
    f->inputs[0].info.rank = 2;
    f->inputs[0].info.shape[0] = -1;
    assert_turned_away(f, 2, "data", "not f32 ?x3");
}

static void a_wrong_size_is_turned_away(void **state)
{
    struct fixture *f = *state;

    f->inputs[0].bytes = 11;
    assert_turned_away(f, 2, "data", "f32 1x3 has another size than 11 bytes");
}

int main(void)
{
#define WITH_SESSION(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(engines_are_opened_by_name),
        cmocka_unit_test(a_slow_engine_takes_so_much_longer),
        WITH_SESSION(fitting_tensors_are_taken),
        WITH_SESSION(a_wrong_count_is_turned_away),
        WITH_SESSION(a_wrong_type_is_turned_away),
        WITH_SESSION(a_wrong_shape_is_turned_away),
        WITH_SESSION(a_wrong_size_is_turned_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
