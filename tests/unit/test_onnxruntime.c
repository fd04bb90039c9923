/*
 * test_onnxruntime.c - ONNX Runtime behind our engine: right numbers, from
 * several engines and threads at once, lent weights, saved graphs, memory
 * given back, and its own words when it fails.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <malloc.h>
#include <pthread.h>

#include "graph_runner.h"
#include "graph_samples.h"
#include "resident_memory.h"
#include "scratch_folder.h"

static void write_sample(const char *path, void (*make)(struct maker *))
{
    struct maker *m = maker_new();

    make(m);
    maker_write(m, path);
    maker_free(m);
}

static struct clv_engine *open_engine(const char *name)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_engine *engine;

    if (clv_engine_open(name, &engine, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", name, err.text);
    }
    return engine;
}

/* relu(relu(x) + w), as sample_chain has it. */
static void assert_chain(const cleave_tensor *y, const float *x)
{
    for (int i = 0; i < 4; i++) {
        float want = (x[i] > 0 ? x[i] : 0) + maker_number(0);
        assert_true(((float *)y->data)[i] == (want > 0 ? want : 0));
    }
}

static cleave_tensor input_of(float *x)
{
    return (cleave_tensor){{"x", CLEAVE_TYPE_F32, 2, {1, 4}}, x, 16};
}

static void numbers_are_right_and_outputs_reusable(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "m.onnx");
    struct clv_engine *engine = open_engine("cpu:threads=1");
    float x[2][4] = {{1, -2, 3, -4}, {-5, 60, -70, 0.5f}};
    cleave_tensor given = input_of(x[0]);
    struct run r;
    size_t count;

    write_sample(path, sample_chain);
    assert_int_equal(run_file(engine, path, &given, 1, &r, NULL), CLEAVE_OK);
    assert_int_equal(r.out_count, 1);
    assert_string_equal(r.out[0].info.name, "y");
    assert_chain(&r.out[0], x[0]);
    given = input_of(x[1]);
    for (int i = 0; i < 100; i++) { /* the same outputs, again and again */
        assert_int_equal(clv_session_run(r.session, &given, 1, r.outputs, NULL),
                         CLEAVE_OK);
    }
    assert_chain(clv_outputs_tensors(r.outputs, &count), x[1]);
    run_end(&r);
    clv_engine_close(engine);
}

static void free_dimensions_are_known_after_the_run(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "m.onnx");
    struct clv_engine *engine = open_engine("cpu:threads=1");
    float x[12] = {0};
    cleave_tensor given = {{"in+put:0", CLEAVE_TYPE_F32, 2, {3, 4}}, x, 48};
    struct run r;
    size_t count;

    write_sample(path, sample_names);
    assert_int_equal(run_file(engine, path, &given, 1, &r, NULL), CLEAVE_OK);
    assert_int_equal(clv_session_inputs(r.session, &count)[0].shape[0], -1);
    assert_int_equal(r.out[0].info.shape[0], 3);
    assert_int_equal(r.out[0].bytes, 48);
    run_end(&r);
    clv_engine_close(engine);
}

/* What is asked for may be an input, or a weight: outputs hold it themselves.
 */
static void outputs_that_nothing_computes_are_held_too(void **state)
{
    static const char *const forms[] = {"x f32 1x4", "x f32 ?x4"};
    struct scratch *s = *state;
    const char *path = scratch_path(s, "m.onnx");
    struct clv_engine *engine = open_engine("cpu:threads=1");

    for (size_t i = 0; i < 2; i++) {
        struct maker *m = maker_new();
        float x[4] = {1, -2, 3, -4};
        float next[4] = {5, 6, 7, 8};
        float weights[4];
        cleave_tensor given = input_of(x);
        struct run r;
        maker_input(m, forms[i]);
        maker_raw_floats(m, "w f32 1x4");
        maker_node(m, "Add", "x,w", "y");
        maker_output(m, "y f32");
        maker_output(m, forms[i]);
        maker_output(m, "w f32 1x4");
        maker_write(m, path);
        maker_free(m);
        assert_int_equal(run_file(engine, path, &given, 1, &r, NULL),
                         CLEAVE_OK);
        memset(x, 0, sizeof x); /* the caller's again */
        assert_true(((float *)r.out[1].data)[2] == 3);
        memcpy(weights, r.out[2].data, sizeof weights);
        assert_true(weights[0] == maker_number(0));
        given = input_of(next);
        assert_int_equal(clv_session_run(r.session, &given, 1, r.outputs, NULL),
                         CLEAVE_OK);
        assert_memory_equal(r.out[1].data, next, sizeof next);
        assert_memory_equal(r.out[2].data, weights, sizeof weights);
        run_end(&r);
    }
    clv_engine_close(engine);
}

static void unknown_ranks_are_known_after_the_run(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "m.onnx");
    struct clv_engine *engine = open_engine("cpu:threads=1");
    struct maker *m = maker_new();
    struct run r;

    sample_loop(m);
    maker_output(m, "b"); /* of which the file says nothing */
    maker_write(m, path);
    maker_free(m);
    assert_int_equal(run_file(engine, path, NULL, 0, &r, NULL), CLEAVE_OK);
    assert_int_equal(r.out_count, 2);
    assert_int_equal(r.out[1].info.rank, 2);
    assert_int_equal(r.out[1].bytes, 16);
    run_end(&r);
    clv_engine_close(engine);
}

static void wrong_tensors_are_a_mismatch_and_nothing_worse(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "m.onnx");
    struct clv_engine *engine = open_engine("cpu:threads=1");
    float x[8] = {0};
    cleave_tensor given = {{"x", CLEAVE_TYPE_F32, 2, {2, 4}}, x, 32};
    cleave_error err = CLEAVE_ERROR_INIT;
    struct run r;

    write_sample(path, sample_chain);
    assert_int_equal(run_file(engine, path, &given, 1, &r, &err),
                     CLEAVE_MISMATCH);
    assert_string_equal(err.where, "x");
    assert_non_null(strstr(err.text, "wants f32 1x4 here, not f32 2x4"));
    run_end(&r);
    clv_engine_close(engine);
}

static void what_it_cannot_load_is_told_in_its_words(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "m.onnx");
    struct clv_engine *engine = open_engine("cpu:threads=1");
    clv_bytes bytes = sample_bytes(&samples[1]);
    struct run r;

    for (size_t part = 0; part < bytes.size - 40; part += 300) {
        cleave_error err = CLEAVE_ERROR_INIT;
        scratch_write(path, bytes.data, part);
        assert_int_equal(run_file(engine, path, NULL, 0, &r, &err),
                         CLEAVE_ENGINE);
        assert_string_equal(err.where, path);
        assert_ptr_equal(strstr(err.text, "ONNX Runtime: "), err.text);
        assert_true(strlen(err.text) > 30);
    }
    free((void *)(uintptr_t)bytes.data);
    assert_int_equal(
        run_file(engine, scratch_path(s, "no.onnx"), NULL, 0, &r, NULL),
        CLEAVE_ENGINE);
    clv_engine_close(engine);
}

static void a_provider_that_is_not_there_is_unsupported(void **state)
{
    struct clv_engine *engine = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_status status = clv_engine_open("webgpu", &engine, &err);

    (void)state;
    if (status == CLEAVE_OK) {
        assert_false(clv_engine_saves_graphs(engine));
    } else {
        assert_int_equal(status, CLEAVE_UNSUPPORTED);
        assert_true(err.text[0] != '\0');
    }
    clv_engine_close(engine);
}

/* -- Several at once -- */

static void engines_of_different_threads_live_together(void **state)
{
    static const char *const names[] = {"cpu:threads=1", "cpu:threads=2",
                                        "cpu:threads=1",
                                        "cpu:threads=3,spin=on"};
    struct scratch *s = *state;
    const char *path = scratch_path(s, "m.onnx");
    struct clv_engine *engine[4];
    struct run r[4];

    write_sample(path, sample_residual);
    for (int i = 0; i < 4; i++) {
        engine[i] = open_engine(names[i]);
        assert_int_equal(run_file(engine[i], path, NULL, 0, &r[i], NULL),
                         CLEAVE_OK);
    }
    assert_string_equal(clv_engine_identity(engine[0]),
                        clv_engine_identity(engine[2]));
    assert_int_equal(clv_engine_threads(engine[3]), 3);
    for (int i = 1; i < 4; i++) {
        assert_true(run_same(&r[0].out[0], &r[i].out[0], 1e-6));
    }
    run_end(&r[0]); /* the first may go first, others live on */
    clv_engine_close(engine[0]);
    for (int i = 1; i < 4; i++) {
        assert_int_equal(
            clv_session_run(r[i].session, r[i].inputs, 1, r[i].outputs, NULL),
            CLEAVE_OK);
        run_end(&r[i]);
        clv_engine_close(engine[i]);
    }
}

struct job {
    struct clv_session *session;
    const char *path;
    int number;
    int wrong;
};

static void *run_own_numbers(void *arg)
{
    struct job *job = arg;
    struct clv_outputs *outputs;
    float x[4];
    cleave_tensor given = input_of(x);
    size_t count;

    if (clv_outputs_new(job->session, &outputs, NULL) != CLEAVE_OK) {
        job->wrong = -1;
        return NULL;
    }
    for (int i = 0; i < 200; i++) {
        const float *y;
        for (int j = 0; j < 4; j++) {
            x[j] = (float)(job->number * 1000 + i * 4 + j + 1);
        }
        if (clv_session_run(job->session, &given, 1, outputs, NULL) !=
            CLEAVE_OK) {
            job->wrong++;
            continue;
        }
        y = clv_outputs_tensors(outputs, &count)[0].data;
        for (int j = 0; j < 4; j++) {
            job->wrong += y[j] != x[j] + maker_number(0);
        }
    }
    clv_outputs_free(outputs);
    return NULL;
}

static void threads_of_one_session_get_each_their_own_answer(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "m.onnx");
    struct clv_engine *engine = open_engine("cpu:threads=2");
    struct clv_session_source source = {.path = path};
    struct clv_session *session;
    pthread_t thread[4];
    struct job job[4];

    write_sample(path, sample_chain);
    assert_int_equal(clv_session_new(engine, &source, &session, NULL),
                     CLEAVE_OK);
    for (int i = 0; i < 4; i++) {
        job[i] = (struct job){session, NULL, i, 0};
        assert_int_equal(
            pthread_create(&thread[i], NULL, run_own_numbers, &job[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(job[i].wrong, 0);
    }
    clv_session_free(session);
    clv_engine_close(engine);
}

static void *open_and_run(void *arg)
{
    struct job *job = arg;
    struct clv_engine *engine;
    struct run r;

    for (int i = 0; i < 5; i++) {
        if (clv_engine_open(job->number % 2 ? "cpu:threads=1" : "cpu:threads=2",
                            &engine, NULL) != CLEAVE_OK) {
            job->wrong++;
            continue;
        }
        job->wrong +=
            run_file(engine, job->path, NULL, 0, &r, NULL) != CLEAVE_OK;
        run_end(&r);
        clv_engine_close(engine);
    }
    return NULL;
}

static void engines_may_be_opened_by_threads_at_once(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "m.onnx");
    pthread_t thread[3];
    struct job job[3];

    write_sample(path, sample_chain);
    for (int i = 0; i < 3; i++) {
        job[i] = (struct job){NULL, path, i, 0};
        assert_int_equal(
            pthread_create(&thread[i], NULL, open_and_run, &job[i]), 0);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(job[i].wrong, 0);
    }
}

/* -- Weights and graphs -- */

#define LENT 1024

/* y = x + w, w said to be in another file, but lent. */
static void weights_may_be_lent(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "m.onnx");
    struct clv_engine *engine = open_engine("cpu:threads=1");
    struct maker *m = maker_new();
    float *w = calloc(LENT, sizeof *w);
    cleave_tensor weight = {
        {"w", CLEAVE_TYPE_F32, 1, {LENT}}, w, LENT * sizeof *w};
    struct clv_session_source source = {
        .path = path, .weights = &weight, .weight_count = 1};
    struct clv_session *session;
    struct run r = {0};

    for (int i = 0; i < LENT; i++) {
        w[i] = (float)i;
    }
    maker_input(m, "x f32 1024");
    maker_external(m, "w f32 1024", "lent", "0", "4096");
    maker_node(m, "Sub", "x,w", "y");
    maker_output(m, "y f32 1024");
    maker_write(m, path);
    maker_free(m);
    scratch_write(scratch_path(s, "lent"), "", 0);
    assert_int_equal(clv_session_new(engine, &source, &session, NULL),
                     CLEAVE_OK);
    assert_int_equal(run_begin(session, NULL, 0, &r, NULL), CLEAVE_OK);
    for (int i = 0; i < LENT; i++) {
        assert_true(((float *)r.out[0].data)[i] ==
                    ((float *)r.inputs[0].data)[i] - (float)i);
    }
    run_end(&r);
    clv_session_free(session);
    clv_engine_close(engine);
    free(w);
}

static void an_optimised_graph_is_saved_and_computes_the_same(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "m.onnx");
    const char *saved = scratch_path(s, "saved.onnx");
    struct clv_engine *engine = open_engine("cpu:threads=1");
    struct clv_session_source source = {
        .path = path, .optimise = CLV_OPTIMISE_EXTENDED, .save_path = saved};
    struct clv_session *session;
    struct clv_model *before;
    struct clv_model *after;
    struct run a;
    struct run b;

    assert_true(clv_engine_saves_graphs(engine));
    write_sample(path, sample_residual);
    assert_int_equal(clv_session_new(engine, &source, &session, NULL),
                     CLEAVE_OK);
    clv_session_free(session);
    assert_int_equal(clv_model_open(path, &before, NULL), CLEAVE_OK);
    assert_int_equal(clv_model_open(saved, &after, NULL), CLEAVE_OK);
    assert_true(clv_model_node_count(after) < clv_model_node_count(before));
    assert_int_equal(run_file(engine, path, NULL, 0, &a, NULL), CLEAVE_OK);
    assert_int_equal(run_file(engine, saved, NULL, 0, &b, NULL), CLEAVE_OK);
    assert_true(run_same(&a.out[0], &b.out[0], 1e-5));
    run_end(&a);
    run_end(&b);
    clv_model_close(before);
    clv_model_close(after);
    clv_engine_close(engine);
}

/* A session with weights of 1 MB that was not given back would show. */
static void sessions_give_their_memory_back(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "m.onnx");
    struct clv_engine *engine = open_engine("cpu:threads=1");
    struct maker *m = maker_new();
    size_t before = 0;
    struct run r;

    maker_input(m, "x f32 1x512");
    maker_raw_floats(m, "w f32 512x512");
    maker_node(m, "MatMul", "x,w", "y");
    maker_output(m, "y f32 1x512");
    maker_write(m, path);
    maker_free(m);
    for (int i = 0; i < 24; i++) {
        struct mallinfo2 now;
        assert_int_equal(run_file(engine, path, NULL, 0, &r, NULL), CLEAVE_OK);
        run_end(&r);
        now = mallinfo2();
        if (i < 4) { /* arenas and caches warm up */
            before = now.uordblks + now.hblkhd;
        } else {
            assert_true(now.uordblks + now.hblkhd < before + (4 << 20));
        }
    }
    clv_engine_close(engine);
}

/* Tensors of 8 MB between input and output. */
static void sample_wide(struct maker *m)
{
    maker_input(m, "x f32 1x4");
    maker_longs(m, "shape i64 2", (const int64_t[]){1 << 19, 4});
    maker_node(m, "Expand", "x,shape", "a");
    maker_node(m, "Sin", "a", "b");
    maker_node(m, "Cos", "b", "c");
    maker_ints(m, maker_node(m, "ReduceMax", "c", "y"), "axes", "0");
    maker_output(m, "y f32 1x4");
}

/* What another session keeps does not lie among it. */
static void what_sessions_used_goes_back_to_the_system(void **state)
{
    struct scratch *s = *state;
    const char *wide_path = scratch_path(s, "wide.onnx");
    const char *small_path = scratch_path(s, "small.onnx");
    struct clv_engine *engine = open_engine("cpu:threads=1");
    float x[4] = {1, -2, 3, -4};
    cleave_tensor given = input_of(x);
    struct run wide;
    struct run small;
    size_t before;

    write_sample(wide_path, sample_wide);
    write_sample(small_path, sample_chain);
    assert_int_equal(run_file(engine, wide_path, NULL, 0, &wide, NULL),
                     CLEAVE_OK);
    assert_int_equal(run_file(engine, small_path, &given, 1, &small, NULL),
                     CLEAVE_OK);
    run_end(&wide);
    before = resident_bytes();
    clv_engines_give_back();
    if (RESIDENT_MEMORY) {
        assert_true(resident_bytes() + 8 * RESIDENT_MB < before);
    } else {
        print_message("a sanitizer keeps what is freed: nothing measured\n");
    }
    assert_chain(&small.out[0], x);
    assert_int_equal(
        clv_session_run(small.session, &given, 1, small.outputs, NULL),
        CLEAVE_OK);
    assert_chain(&small.out[0], x);
    run_end(&small);
    clv_engine_close(engine);
    clv_engines_give_back(); /* of an engine that is no more */
}

static void memory_is_given_back_while_others_run(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "m.onnx");
    struct clv_engine *engine = open_engine("cpu:threads=1");
    struct clv_session_source source = {.path = path};
    struct clv_session *session;
    pthread_t thread[2];
    struct job job[2];

    write_sample(path, sample_chain);
    assert_int_equal(clv_session_new(engine, &source, &session, NULL),
                     CLEAVE_OK);
    for (int i = 0; i < 2; i++) {
        job[i] = (struct job){session, NULL, i, 0};
        assert_int_equal(
            pthread_create(&thread[i], NULL, run_own_numbers, &job[i]), 0);
    }
    for (int i = 0; i < 20; i++) {
        clv_engines_give_back();
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(job[i].wrong, 0);
    }
    clv_session_free(session);
    clv_engine_close(engine);
}

int main(void)
{
#define IN_FOLDER(test) \
    cmocka_unit_test_setup_teardown(test, scratch_begin, scratch_end)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(numbers_are_right_and_outputs_reusable),
        IN_FOLDER(free_dimensions_are_known_after_the_run),
        IN_FOLDER(unknown_ranks_are_known_after_the_run),
        IN_FOLDER(wrong_tensors_are_a_mismatch_and_nothing_worse),
        IN_FOLDER(what_it_cannot_load_is_told_in_its_words),
        cmocka_unit_test(a_provider_that_is_not_there_is_unsupported),
        IN_FOLDER(engines_of_different_threads_live_together),
        IN_FOLDER(threads_of_one_session_get_each_their_own_answer),
        IN_FOLDER(engines_may_be_opened_by_threads_at_once),
        IN_FOLDER(weights_may_be_lent),
        IN_FOLDER(an_optimised_graph_is_saved_and_computes_the_same),
        IN_FOLDER(sessions_give_their_memory_back),
        IN_FOLDER(outputs_that_nothing_computes_are_held_too),
        IN_FOLDER(what_sessions_used_goes_back_to_the_system),
        IN_FOLDER(memory_is_given_back_while_others_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
