/*
 * test_pipeline.c - a device whose server lies: whatever it answers, the
 * device says what is wrong with it and lives on.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/listen.h"
#include "codec/codec.h"
#include "run/device.h"
#include "tiny_server.h"

/* A server that knows the model, and to an inference says what it is told. */
struct liar {
    struct tiny_server there; /* its folders only */
    char model[128];
    char cache[128];
    char sha256[65];
    char url[64];
    int listening;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    struct clv_buffer answer;
    float data[TINY_SIZE];
    cleave_tensor input;
    struct clv_codec *codec;
    cleave_session *session;
};

/* Reads one request; 0 if the connection has ended. */
static int read_request(int fd, char *into, size_t room)
{
    size_t have = 0;
    const char *end = NULL;
    size_t body = 0;

    while (end == NULL || have < (size_t)(end + 4 - into) + body) {
        const char *length;
        ssize_t n = recv(fd, into + have, room - 1 - have, 0);
        if (n <= 0) {
            return 0;
        }
        have += (size_t)n;
        into[have] = '\0';
        end = strstr(into, "\r\n\r\n");
        length = end != NULL ? strstr(into, "Content-Length: ") : NULL;
        body = length != NULL ? (size_t)atol(length + 16) : 0;
    }
    return 1;
}

static void *lie(void *self)
{
    static char request[16 * TINY_SIZE];
    struct liar *l = self;
    int fd = accept(l->listening, NULL, NULL);
    char head[512];

    while (read_request(fd, request, sizeof request)) {
        char json[256];
        clv_bytes body;
        pthread_mutex_lock(&l->lock);
        body = clv_buffer_bytes(&l->answer);
        if (strncmp(request, "GET", 3) == 0) {
            snprintf(json, sizeof json,
                     "{\"name\":\"chain\",\"parameters\":{\"sha256\":\"%s\"}}",
                     l->sha256);
            body = (clv_bytes){(const uint8_t *)json, strlen(json)};
        }
        snprintf(head, sizeof head,
                 "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", body.size);
        tiny_send_text(fd, head);
        tiny_send(fd, body.data, body.size);
        pthread_mutex_unlock(&l->lock);
    }
    close(fd);
    return NULL;
}

static void listen_somewhere(struct liar *l)
{
    uint16_t port;

    assert_int_equal(clv_listen("127.0.0.1:0", &l->listening, &port, NULL),
                     CLEAVE_OK);
    snprintf(l->url, sizeof l->url, "http://127.0.0.1:%u", port);
}

static int open_liar(void **state)
{
    struct liar *l = calloc(1, sizeof *l);
    cleave_session_options o = CLEAVE_SESSION_OPTIONS_INIT;
    struct clv_map map;

    tiny_folder_make(&l->there);
    snprintf(l->model, sizeof l->model, "%s/chain.onnx", l->there.models);
    snprintf(l->cache, sizeof l->cache, "%s/device", l->there.folder);
    assert_int_equal(clv_map_open(l->model, &map, NULL), CLEAVE_OK);
    strcpy(l->sha256, clv_sha256_of(map.bytes).hex);
    clv_map_close(&map);
    l->input = (cleave_tensor){
        {NULL, CLEAVE_TYPE_F32, 2, {1, TINY_SIZE}}, l->data, sizeof l->data};
    pthread_mutex_init(&l->lock, NULL);
    clv_buffer_init(&l->answer, 1 << 20);
    assert_int_equal(clv_codec_new(NULL, &l->codec), CLEAVE_OK);
    listen_somewhere(l);
    assert_int_equal(pthread_create(&l->thread, NULL, lie, l), 0);
    o.model = l->model;
    o.cache = l->cache;
    o.server = l->url;
    o.cut = "a";
    o.engine = "cpu:threads=1";
    assert_int_equal(cleave_session_open(&o, &l->session, NULL), CLEAVE_OK);
    *state = l;
    return 0;
}

static int close_liar(void **state)
{
    struct liar *l = *state;

    cleave_session_close(l->session);
    pthread_join(l->thread, NULL);
    close(l->listening);
    clv_codec_free(l->codec);
    clv_buffer_fini(&l->answer);
    pthread_mutex_destroy(&l->lock);
    tiny_folder_remove(&l->there);
    free(l);
    return 0;
}

/* Appends a frame of this form to the answer. */
static void put(struct liar *l, cleave_type type, int64_t size, int last)
{
    static uint8_t zeros[8 * TINY_SIZE + 64];
    struct clv_packing plain = {.coder = CLV_CODER_RAW};
    cleave_tensor tensor = {{"y", type, 2, {1, size}},
                            zeros,
                            (size_t)size * cleave_type_bytes(type)};

    pthread_mutex_lock(&l->lock);
    assert_int_equal(
        clv_codec_pack(l->codec, &plain, &tensor, last, &l->answer, NULL),
        CLEAVE_OK);
    pthread_mutex_unlock(&l->lock);
}

/* A frame of the right form, cut off by so many bytes, one bit turned. */
static void put_damaged(struct liar *l, size_t shorter, size_t at, uint8_t bit)
{
    put(l, CLEAVE_TYPE_F32, TINY_SIZE, 1);
    pthread_mutex_lock(&l->lock);
    l->answer.size -= shorter;
    l->answer.data[at] ^= bit;
    pthread_mutex_unlock(&l->lock);
}

static void assert_said(struct liar *l, cleave_status want, const char *said)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_result *r = NULL;

    assert_int_equal(cleave_session_infer(l->session, &l->input, 1, &r, &err),
                     want);
    assert_null(r);
    if (strstr(err.text, said) == NULL) {
        fail_msg("'%s' is not in '%s'", said, err.text);
    }
    pthread_mutex_lock(&l->lock);
    clv_buffer_reset(&l->answer);
    pthread_mutex_unlock(&l->lock);
}

static void answers_that_are_no_frames_are_errors(void **state)
{
    struct liar *l = *state;

    assert_said(l, CLEAVE_CORRUPT, "output 'y'"); /* nothing at all */
    put_damaged(l, 0, 0, 0xff);
    assert_said(l, CLEAVE_CORRUPT, "not a cleave frame");
    put_damaged(l, 0, 0, 0x03);
    assert_said(l, CLEAVE_UNSUPPORTED, "version 2");
    put_damaged(l, 0, 1000, 0x01);
    assert_said(l, CLEAVE_CORRUPT, "checksum");
    put_damaged(l, 7, 0, 0);
    assert_said(l, CLEAVE_CORRUPT, "output 'y'");
}

static void answers_of_another_form_are_errors(void **state)
{
    struct liar *l = *state;

    put(l, CLEAVE_TYPE_F32, TINY_SIZE + 1, 1);
    assert_said(l, CLEAVE_MISMATCH, "came as f32 1x4097");
    put(l, CLEAVE_TYPE_F64, TINY_SIZE, 1);
    assert_said(l, CLEAVE_MISMATCH, "the model says f32 1x4096");
    put(l, CLEAVE_TYPE_F32, TINY_SIZE, 0);
    put(l, CLEAVE_TYPE_F32, TINY_SIZE, 1);
    assert_said(l, CLEAVE_CORRUPT, "more outputs");
}

static void a_right_answer_still_is_one(void **state)
{
    struct liar *l = *state;
    cleave_result *r = NULL;

    put(l, CLEAVE_TYPE_F32, TINY_SIZE + 1, 1);
    assert_said(l, CLEAVE_MISMATCH, "f32 1x4097");
    put(l, CLEAVE_TYPE_F32, TINY_SIZE, 1);
    assert_int_equal(cleave_session_infer(l->session, &l->input, 1, &r, NULL),
                     CLEAVE_OK);
    assert_int_equal(r->outputs[0].bytes, sizeof l->data);
    cleave_result_free(r);
}

/* Opens a rig beside the session's, which has the tail here too. */
static struct clv_rig *careful_rig(struct liar *l)
{
    struct clv_rig_options o = {
        .cut = "a", .clients = &l->session->clients, .keeps_tail = 1};
    struct clv_rig *rig = NULL;

    assert_int_equal(clv_rig_open(&l->session->ground, &o, &rig, NULL),
                     CLEAVE_OK);
    return rig;
}

static void assert_finished(struct liar *l, struct clv_rig *rig,
                            cleave_status trouble)
{
    struct clv_errand e = {
        .inputs = &l->input, .input_count = 1, .may_finish = 1};
    struct clv_lane *lane = clv_lanes_take(&rig->lanes);
    cleave_result *r = NULL;
    const float *y;

    assert_int_equal(clv_pipeline_run(rig, lane, &e, &r, NULL), CLEAVE_OK);
    clv_lanes_give(&rig->lanes, lane);
    assert_int_equal(e.trouble.code, trouble);
    y = r->outputs[0].data;
    for (int i = 0; i < TINY_SIZE; i++) {
        assert_true(y[i] >= l->data[i] + 1 && y[i] <= l->data[i] + 1);
    }
    cleave_result_free(r);
    pthread_mutex_lock(&l->lock);
    clv_buffer_reset(&l->answer);
    pthread_mutex_unlock(&l->lock);
}

static void lies_are_finished_for_here(void **state)
{
    struct liar *l = *state;
    struct clv_rig *rig = careful_rig(l);

    for (int i = 0; i < TINY_SIZE; i++) {
        l->data[i] = (float)(i % 5);
    }
    assert_finished(l, rig, CLEAVE_CORRUPT); /* nothing at all */
    put_damaged(l, 0, 1000, 0x01);
    assert_finished(l, rig, CLEAVE_CORRUPT);
    put(l, CLEAVE_TYPE_F32, TINY_SIZE + 1, 1);
    assert_finished(l, rig, CLEAVE_MISMATCH);
    put(l, CLEAVE_TYPE_F32, TINY_SIZE, 0);
    put(l, CLEAVE_TYPE_F32, TINY_SIZE, 1); /* the first was taken, too */
    assert_finished(l, rig, CLEAVE_CORRUPT);
    clv_rig_close(rig);
}

int main(void)
{
#define WITH_LIAR(test) \
    cmocka_unit_test_setup_teardown(test, open_liar, close_liar)
    const struct CMUnitTest tests[] = {
        WITH_LIAR(answers_that_are_no_frames_are_errors),
        WITH_LIAR(answers_of_another_form_are_errors),
        WITH_LIAR(a_right_answer_still_is_one),
        WITH_LIAR(lies_are_finished_for_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
