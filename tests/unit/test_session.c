/*
 * test_session.c - a device against a real server: every kind of cut gives
 * the same answer, and whatever is wrong with options, inputs, model or
 * server is said before or instead of an answer.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cleave/server.h"
#include "cleave/session.h"
#include "tiny_server.h"

struct device {
    struct tiny_server there;
    char model[128];
    char cache[128];
    float data[TINY_SIZE];
    cleave_tensor input;
};

static int open_device(void **state)
{
    struct device *d = calloc(1, sizeof *d);
    cleave_server_options options = CLEAVE_SERVER_OPTIONS_INIT;

    tiny_server_open(&d->there, options);
    snprintf(d->model, sizeof d->model, "%s/chain.onnx", d->there.models);
    snprintf(d->cache, sizeof d->cache, "%s/device", d->there.folder);
    for (int i = 0; i < TINY_SIZE; i++) {
        d->data[i] = (float)(i % 7) - 3;
    }
    d->input = (cleave_tensor){
        .info = {NULL, CLEAVE_TYPE_F32, 2, {1, TINY_SIZE}},
        .data = d->data,
        .bytes = sizeof d->data,
    };
    *state = d;
    return 0;
}

static int close_device(void **state)
{
    struct device *d = *state;

    if (d->there.server != NULL) {
        tiny_server_close(&d->there);
    }
    free(d);
    return 0;
}

static cleave_session_options options_of(const struct device *d,
                                         const char *cut)
{
    cleave_session_options o = CLEAVE_SESSION_OPTIONS_INIT;

    o.model = d->model;
    o.server = d->there.url;
    o.cut = cut;
    o.engine = "cpu:threads=1";
    o.cache = d->cache;
    return o;
}

static cleave_session *open_at(const struct device *d, const char *cut)
{
    cleave_session_options o = options_of(d, cut);
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_session *session;

    if (cleave_session_open(&o, &session, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    return session;
}

/* y = relu(relu(x) + 1) */
static void assert_right(const struct device *d, const cleave_result *r)
{
    const float *y = r->outputs[0].data;

    assert_int_equal(r->output_count, 1);
    assert_string_equal(r->outputs[0].info.name, "y");
    assert_int_equal(r->outputs[0].bytes, sizeof d->data);
    for (int i = 0; i < TINY_SIZE; i++) {
        float want = (d->data[i] > 0 ? d->data[i] : 0) + 1;
        assert_true(y[i] >= want && y[i] <= want);
    }
}

static void every_cut_gives_the_same_answer(void **state)
{
    static const char *const cuts[] = {"input", "a", "b", "output", NULL};
    struct device *d = *state;

    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        cleave_session *s = open_at(d, cuts[i]);
        cleave_result *r;
        int remote = cuts[i] != NULL && strcmp(cuts[i], "output") != 0;
        for (int again = 0; again < 3; again++) {
            assert_int_equal(cleave_session_infer(s, &d->input, 1, &r, NULL),
                             CLEAVE_OK);
            assert_right(d, r);
            assert_int_equal(r->bytes_up > sizeof d->data, remote);
            assert_int_equal(r->bytes_down > sizeof d->data, remote);
            assert_true(r->total_ns >= r->head_ns);
            cleave_result_free(r);
        }
        cleave_session_close(s);
    }
}

static void f16_halves_what_is_sent(void **state)
{
    struct device *d = *state;
    cleave_session_options o = options_of(d, "a");
    cleave_session *s;
    cleave_result *r;

    o.pack = "f16";
    assert_int_equal(cleave_session_open(&o, &s, NULL), CLEAVE_OK);
    assert_int_equal(cleave_session_infer(s, &d->input, 1, &r, NULL),
                     CLEAVE_OK);
    assert_right(d, r); /* small whole numbers are exact in f16 */
    assert_in_range(r->bytes_up, sizeof d->data / 2, sizeof d->data / 2 + 1000);
    cleave_result_free(r);
    cleave_session_close(s);
}

static void assert_refused(const cleave_session_options *o, cleave_status want,
                           const char *words)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_session *s = NULL;

    assert_int_equal(cleave_session_open(o, &s, &err), want);
    assert_null(s);
    if (strstr(err.text, words) == NULL && strstr(err.where, words) == NULL) {
        fail_msg("'%s: %s' lacks '%s'", err.where, err.text, words);
    }
}

static void bad_options_are_refused_with_words(void **state)
{
    struct device *d = *state;
    cleave_session_options o = options_of(d, "a");

    o.model = NULL;
    assert_refused(&o, CLEAVE_INVALID, "model");
    o = options_of(d, "a");
    o.cache = NULL;
    assert_refused(&o, CLEAVE_INVALID, "cache");
    o = options_of(d, "a");
    o.server = NULL;
    assert_refused(&o, CLEAVE_INVALID, "needs a server");
    o = options_of(d, "a");
    o.pack = "f8";
    assert_refused(&o, CLEAVE_INVALID, "f16");
    o = options_of(d, "aa");
    assert_refused(&o, CLEAVE_NOT_FOUND, "'a'");
    o = options_of(d, "y");
    assert_refused(&o, CLEAVE_NOT_FOUND, "'output'");
    o = options_of(d, "a");
    o.engine = "cpu:speed=fast";
    assert_refused(&o, CLEAVE_INVALID, "speed");
    o = options_of(d, "a");
    o.model = "/nowhere/net.onnx";
    assert_refused(&o, CLEAVE_NOT_FOUND, "/nowhere/net.onnx");
    o = options_of(d, "a");
    o.card = "/nowhere/net.yaml";
    assert_refused(&o, CLEAVE_NOT_FOUND, "/nowhere/net.yaml");
    o = options_of(d, "a");
    o.in_flight = 1000000;
    assert_refused(&o, CLEAVE_INVALID, "in flight");
}

static void another_model_of_the_same_name_is_refused(void **state)
{
    struct device *d = *state;
    cleave_session_options o = options_of(d, "p");
    char model[128];

    snprintf(model, sizeof model, "%s/pair.onnx", d->there.models);
    o.model = model;
    o.cut = "input";
    o.model_name = "chain";
    assert_refused(&o, CLEAVE_MISMATCH, "SHA-256");
    o.model_name = "nothing";
    assert_refused(&o, CLEAVE_NOT_FOUND, "nothing");
}

static void a_server_that_is_not_there_is_said_at_once(void **state)
{
    struct device *d = *state;
    cleave_session_options o = options_of(d, "a");

    o.server = "http://127.0.0.1:1";
    assert_refused(&o, CLEAVE_UNREACHABLE, "127.0.0.1:1");
    o.cut = "output"; /* asks no server */
    cleave_session *s;
    assert_int_equal(cleave_session_open(&o, &s, NULL), CLEAVE_OK);
    cleave_session_close(s);
}

static void wrong_inputs_are_refused(void **state)
{
    struct device *d = *state;
    cleave_session *s = open_at(d, "a");
    cleave_tensor bad = d->input;
    cleave_tensor two[2] = {d->input, d->input};
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_result *r = NULL;

    bad.info.shape[1] = TINY_SIZE - 1;
    assert_int_equal(cleave_session_infer(s, &bad, 1, &r, &err),
                     CLEAVE_MISMATCH);
    assert_non_null(strstr(err.text, "1x4096"));
    assert_non_null(strstr(err.text, "1x4095"));
    bad = d->input;
    bad.info.type = CLEAVE_TYPE_I32;
    assert_int_equal(cleave_session_infer(s, &bad, 1, &r, NULL),
                     CLEAVE_MISMATCH);
    bad = d->input;
    bad.bytes--;
    assert_int_equal(cleave_session_infer(s, &bad, 1, &r, NULL),
                     CLEAVE_MISMATCH);
    assert_int_equal(cleave_session_infer(s, two, 2, &r, NULL),
                     CLEAVE_MISMATCH);
    assert_null(r);
    assert_int_equal(cleave_session_infer(s, &d->input, 1, &r, NULL),
                     CLEAVE_OK); /* and the session is none the worse */
    cleave_result_free(r);
    cleave_session_close(s);
}

static void a_server_that_goes_is_an_error_and_not_the_end(void **state)
{
    struct device *d = *state;
    cleave_session *s = open_at(d, "a");
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_result *r;

    assert_int_equal(cleave_session_infer(s, &d->input, 1, &r, NULL),
                     CLEAVE_OK);
    cleave_result_free(r);
    cleave_server_close(d->there.server);
    d->there.server = NULL;
    assert_int_equal(cleave_session_infer(s, &d->input, 1, &r, &err),
                     CLEAVE_UNREACHABLE);
    assert_string_equal(err.where, d->there.url);
    cleave_session_close(s);
    tiny_folder_remove(&d->there);
}

static void a_server_that_is_slow_meets_the_deadline(void **state)
{
    struct device *d = *state;
    cleave_session_options o = options_of(d, "a");
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_session *s;
    cleave_result *r;

    o.deadline_ms = 100;
    assert_int_equal(cleave_session_open(&o, &s, NULL), CLEAVE_OK);
    tiny_gate_set(&d->there.gate, true);
    assert_int_equal(cleave_session_infer(s, &d->input, 1, &r, &err),
                     CLEAVE_TIMEOUT);
    tiny_gate_set(&d->there.gate, false);
    cleave_session_close(s);
}

struct caller {
    const struct device *device;
    cleave_session *session;
    pthread_t thread;
};

static void *call_many(void *arg)
{
    struct caller *c = arg;

    for (int i = 0; i < 25; i++) {
        cleave_result *r;
        assert_int_equal(
            cleave_session_infer(c->session, &c->device->input, 1, &r, NULL),
            CLEAVE_OK);
        assert_right(c->device, r);
        cleave_result_free(r);
    }
    return NULL;
}

static void several_threads_share_a_session(void **state)
{
    struct device *d = *state;
    cleave_session_options o = options_of(d, "b");
    struct caller callers[6];
    cleave_session *s;

    o.in_flight = 3;
    assert_int_equal(cleave_session_open(&o, &s, NULL), CLEAVE_OK);
    for (int i = 0; i < 6; i++) {
        callers[i] = (struct caller){.device = d, .session = s};
        assert_int_equal(
            pthread_create(&callers[i].thread, NULL, call_many, &callers[i]),
            0);
    }
    for (int i = 0; i < 6; i++) {
        pthread_join(callers[i].thread, NULL);
    }
    cleave_session_close(s);
}

/* While the server holds one inference, others pass the head and wait. */
static void inferences_overlap(void **state)
{
    struct device *d = *state;
    cleave_session_options o = options_of(d, "a");
    struct caller callers[2];
    cleave_session *s;

    o.in_flight = 2;
    assert_int_equal(cleave_session_open(&o, &s, NULL), CLEAVE_OK);
    tiny_gate_set(&d->there.gate, true);
    for (int i = 0; i < 2; i++) {
        callers[i] = (struct caller){.device = d, .session = s};
        assert_int_equal(
            pthread_create(&callers[i].thread, NULL, call_many, &callers[i]),
            0);
    }
    tiny_gate_await(&d->there.gate, 2); /* both are at the server */
    tiny_gate_set(&d->there.gate, false);
    for (int i = 0; i < 2; i++) {
        pthread_join(callers[i].thread, NULL);
    }
    cleave_session_close(s);
}

static void write_npy(const char *path, const float *data, int rows)
{
    char header[128];
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    memset(header, ' ', sizeof header);
    memcpy(header, "\x93NUMPY\x01\x00\x76\x00", 10);
    header[10 + snprintf(header + 10, sizeof header - 10,
                         "{'descr': '<f4', 'fortran_order': False, 'shape': "
                         "(%d, %d), }",
                         rows, TINY_SIZE)] = ' ';
    header[127] = '\n';
    fwrite(header, 1, sizeof header, file);
    for (int i = 0; i < rows; i++) {
        fwrite(data, sizeof *data, TINY_SIZE, file);
    }
    fclose(file);
}

static void files_are_inferred_too(void **state)
{
    struct device *d = *state;
    cleave_session *s = open_at(d, "a");
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_result *r;
    char path[128];
    FILE *file;

    snprintf(path, sizeof path, "%s/x.npy", d->there.folder);
    write_npy(path, d->data, 1);
    assert_int_equal(cleave_session_infer_file(s, path, &r, &err), CLEAVE_OK);
    assert_right(d, r);
    assert_true(r->prepare_ns > 0);
    cleave_result_free(r);

    write_npy(path, d->data, 2);
    assert_int_equal(cleave_session_infer_file(s, path, &r, &err),
                     CLEAVE_INVALID);
    assert_non_null(strstr(err.text, "2 samples"));

    snprintf(path, sizeof path, "%s/x.jpg", d->there.folder);
    file = fopen(path, "wb");
    fputs("\xff\xd8\xff\xe0", file);
    fclose(file);
    err = (cleave_error)CLEAVE_ERROR_INIT;
    assert_int_equal(cleave_session_infer_file(s, path, &r, &err),
                     CLEAVE_MISMATCH); /* a picture, and no card */
    assert_non_null(strstr(err.text, "card"));
    cleave_session_close(s);
}

int main(void)
{
#define WITH_SERVER(test) \
    cmocka_unit_test_setup_teardown(test, open_device, close_device)
    const struct CMUnitTest tests[] = {
        WITH_SERVER(every_cut_gives_the_same_answer),
        WITH_SERVER(f16_halves_what_is_sent),
        WITH_SERVER(bad_options_are_refused_with_words),
        WITH_SERVER(another_model_of_the_same_name_is_refused),
        WITH_SERVER(a_server_that_is_not_there_is_said_at_once),
        WITH_SERVER(wrong_inputs_are_refused),
        WITH_SERVER(a_server_that_goes_is_an_error_and_not_the_end),
        WITH_SERVER(a_server_that_is_slow_meets_the_deadline),
        WITH_SERVER(several_threads_share_a_session),
        WITH_SERVER(inferences_overlap),
        WITH_SERVER(files_are_inferred_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
