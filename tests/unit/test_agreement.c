/*
 * test_agreement.c - device and server with the same calibration, different
 * ones, one or none: the answers are right either way, and the frames name
 * code books only where both can read them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cleave/server.h"
#include "cleave/session.h"
#include "run/device.h"
#include "tiny_calibration.h"
#include "tiny_server.h"

#define STEP 0.5f

struct world {
    struct tiny_server there;
    char model[128]; /* the device's own copy, in a folder of its own */
    char cache[128];
    char here[128];   /* where the device looks for its calibration */
    char server[128]; /* and the server for its own */
    float data[TINY_SIZE];
    cleave_tensor input;
};

static int open_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    char command[400];

    tiny_server_open(&w->there, (cleave_server_options){0});
    snprintf(command, sizeof command, "mkdir %s/d && cp %s/chain.onnx %s/d",
             w->there.folder, w->there.models, w->there.folder);
    assert_int_equal(system(command), 0);
    snprintf(w->model, sizeof w->model, "%s/d/chain.onnx", w->there.folder);
    snprintf(w->here, sizeof w->here, "%s/d/chain.calib", w->there.folder);
    snprintf(w->cache, sizeof w->cache, "%s/device", w->there.folder);
    snprintf(w->server, sizeof w->server, "%s/chain.calib", w->there.models);
    tiny_numbers(w->data, TINY_SIZE, 77);
    w->input = (cleave_tensor){
        .info = {NULL, CLEAVE_TYPE_F32, 2, {1, TINY_SIZE}},
        .data = w->data,
        .bytes = sizeof w->data,
    };
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;

    tiny_server_close(&w->there);
    free(w);
    return 0;
}

static cleave_status restart(struct world *w)
{
    struct tiny_server *t = &w->there;
    cleave_server_options options = {
        .models = t->models, .cache = t->cache, .listen = "127.0.0.1:0"};
    cleave_status status;

    cleave_server_close(t->server);
    t->server = NULL;
    status = cleave_server_open(&options, &t->server, NULL);
    if (status == CLEAVE_OK) {
        snprintf(t->url, sizeof t->url, "http://127.0.0.1:%u",
                 cleave_server_port(t->server));
    }
    return status;
}

static const char *sha_of(const char *path)
{
    static char hex[65];
    struct clv_map map;

    assert_int_equal(clv_map_open(path, &map, NULL), CLEAVE_OK);
    strcpy(hex, clv_sha256_of(map.bytes).hex);
    clv_map_close(&map);
    return hex;
}

static cleave_session_options options_of(const struct world *w,
                                         const char *pack)
{
    cleave_session_options o = CLEAVE_SESSION_OPTIONS_INIT;

    o.model = w->model;
    o.server = w->there.url;
    o.cut = "a";
    o.pack = pack;
    o.engine = "cpu:threads=1";
    o.cache = w->cache;
    return o;
}

/* Opens a session, infers, checks the answer; says what it cost and told. */
static uint64_t infer(const struct world *w, const char *pack, float reach,
                      int noticed)
{
    cleave_session_options o = options_of(w, pack);
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_session *s = NULL;
    cleave_result *r = NULL;
    const float *y;
    uint64_t bytes;

    if (cleave_session_open(&o, &s, &err) != CLEAVE_OK ||
        cleave_session_infer(s, &w->input, 1, &r, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    assert_int_equal(cleave_session_notice(s) != NULL, noticed);
    y = r->outputs[0].data;
    for (int i = 0; i < TINY_SIZE; i++) {
        float right = (w->data[i] > 0 ? w->data[i] : 0) + 1;
        assert_true(y[i] - right <= reach && right - y[i] <= reach);
    }
    bytes = r->bytes_up;
    cleave_result_free(r);
    cleave_session_close(s);
    return bytes;
}

static void the_same_calibration_saves_the_tables(void **state)
{
    struct world *w = *state;
    uint64_t named;
    uint64_t in_band;

    in_band = infer(w, "dense:step=0.5", STEP / 1.99f, 0); /* nobody has one */
    tiny_calibrate(w->here, sha_of(w->model), TINY_SIZE, 1);
    in_band = infer(w, "dense:step=0.5", STEP / 1.99f, 1); /* the device */
    tiny_calibrate(w->server, sha_of(w->model), TINY_SIZE, 1);
    assert_int_equal(restart(w), CLEAVE_OK);
    named = infer(w, "dense:step=0.5", STEP / 1.99f, 0); /* both */
    assert_true(named < in_band);
    tiny_calibrate(w->server, sha_of(w->model), TINY_SIZE, 1000);
    assert_int_equal(restart(w), CLEAVE_OK);
    assert_int_equal(infer(w, "dense:step=0.5", STEP / 1.99f, 1), in_band);
    remove(w->here);
    assert_int_equal(infer(w, "dense:step=0.5", STEP / 1.99f, 1), in_band);
}

/* Ranges and spreads are the device's own affair. */
static void other_coders_ask_no_server(void **state)
{
    struct world *w = *state;

    tiny_calibrate(w->here, sha_of(w->model), TINY_SIZE, 1);
    (void)infer(w, "lz:step=0.1sd", 0.2f, 0);
    (void)infer(w, "f32", 0, 0);
}

static void another_models_calibration_is_refused(void **state)
{
    struct world *w = *state;
    cleave_session_options o = options_of(w, "dense:step=0.5");
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_session *s = NULL;
    char other[128];
    char wrong[65];

    memset(wrong, 'e', 64);
    wrong[64] = '\0';
    snprintf(other, sizeof other, "%s/other.calib", w->there.folder);
    tiny_calibrate(other, wrong, TINY_SIZE, 1);
    o.calibration = other;
    assert_int_equal(cleave_session_open(&o, &s, &err), CLEAVE_MISMATCH);
    assert_string_equal(err.where, other);
    assert_non_null(strstr(err.text, wrong));
    assert_non_null(strstr(err.text, sha_of(w->model)));
    o.calibration = "/nowhere/net.calib";
    assert_int_equal(cleave_session_open(&o, &s, NULL), CLEAVE_NOT_FOUND);

    tiny_calibrate(w->server, wrong, TINY_SIZE, 1); /* and there */
    assert_int_equal(restart(w), CLEAVE_OK);
    o.calibration = NULL;
    o.server = w->there.url;
    err = (cleave_error)CLEAVE_ERROR_INIT;
    assert_int_equal(cleave_session_open(&o, &s, &err), CLEAVE_MISMATCH);
    assert_non_null(strstr(err.text, wrong));
    assert_null(s);
}

/* A server that is replaced while the session lasts says what is wrong. */
static void a_book_that_has_gone_is_an_error(void **state)
{
    struct world *w = *state;
    cleave_session_options o = options_of(w, "dense:step=0.5");
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_session *s = NULL;
    cleave_result *r = NULL;

    tiny_calibrate(w->here, sha_of(w->model), TINY_SIZE, 1);
    tiny_calibrate(w->server, sha_of(w->model), TINY_SIZE, 1);
    assert_int_equal(restart(w), CLEAVE_OK);
    o.server = w->there.url;
    assert_int_equal(cleave_session_open(&o, &s, NULL), CLEAVE_OK);
    assert_null(cleave_session_notice(s));
    remove(w->server);
    {
        char address[64];
        cleave_server_options same = {.models = w->there.models,
                                      .cache = w->there.cache,
                                      .listen = address};
        snprintf(address, sizeof address, "%s", w->there.url + 7);
        cleave_server_close(w->there.server);
        w->there.server = NULL;
        assert_int_equal(cleave_server_open(&same, &w->there.server, NULL),
                         CLEAVE_OK);
    }
    assert_int_equal(cleave_session_infer(s, &w->input, 1, &r, &err),
                     CLEAVE_MISMATCH);
    assert_non_null(strstr(err.text, "code book"));
    assert_non_null(strstr(err.text, "calibration"));
    cleave_session_close(s);
}

int main(void)
{
#define IN_WORLD(test) \
    cmocka_unit_test_setup_teardown(test, open_world, close_world)
    const struct CMUnitTest tests[] = {
        IN_WORLD(the_same_calibration_saves_the_tables),
        IN_WORLD(other_coders_ask_no_server),
        IN_WORLD(another_models_calibration_is_refused),
        IN_WORLD(a_book_that_has_gone_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
