/*
 * test_visit.c - tails of a real server, asked for over a real connection.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/sha256.h"
#include "codec/codec.h"
#include "nearly.h"
#include "profile/visit.h"
#include "tiny_server.h"

struct place {
    struct tiny_server server;
    struct clv_sha256 sha256;
    struct clv_buffer message;
    struct clv_errand errands[2];
};

static void pack_values(struct clv_buffer *into)
{
    static const struct clv_packing f32 = {.coder = CLV_CODER_RAW};
    float values[TINY_SIZE] = {1, -2, 3};
    cleave_tensor t = {
        {"x", CLEAVE_TYPE_F32, 2, {1, TINY_SIZE}}, values, sizeof values};
    struct clv_codec *codec = NULL;

    clv_buffer_init(into, 1 << 20);
    assert_int_equal(clv_codec_new(NULL, &codec), CLEAVE_OK);
    assert_int_equal(clv_codec_pack(codec, &f32, &t, 1, into, NULL), CLEAVE_OK);
    clv_codec_free(codec);
}

static int begin(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    char path[128];
    struct clv_map map;

    *state = p;
    tiny_server_open(&p->server, (cleave_server_options){.workers = 2});
    snprintf(path, sizeof path, "%s/chain.onnx", p->server.models);
    assert_int_equal(clv_map_open(path, &map, NULL), CLEAVE_OK);
    p->sha256 = clv_sha256_of(map.bytes);
    clv_map_close(&map);
    pack_values(&p->message);
    for (int i = 0; i < 2; i++) {
        p->errands[i] = (struct clv_errand){
            .cut = i ? "a" : "input", .message = clv_buffer_bytes(&p->message)};
    }
    return 0;
}

static int end(void **state)
{
    struct place *p = *state;

    tiny_server_close(&p->server);
    clv_buffer_fini(&p->message);
    free(p);
    return 0;
}

static struct clv_visit_options options_of(struct place *p)
{
    return (struct clv_visit_options){
        .url = p->server.url,
        .model = "chain",
        .sha256 = p->sha256.hex,
        .errands = p->errands,
        .errand_count = 2,
        .rounds = 7,
    };
}

static int give_up(void *self, size_t done, size_t count)
{
    (void)self;
    (void)count;
    return done == 2;
}

static void tails_bytes_and_answers_are_counted(void **state)
{
    struct place *p = *state;
    struct clv_visit_options o = options_of(p);
    struct clv_findings f[2];
    cleave_error err = CLEAVE_ERROR_INIT;

    if (clv_visit_run(&o, f, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(f[i].tail_ns.count, 7);
        assert_true(f[i].tail_ns.max < 60e9);
        assert_true(f[i].down_bytes > TINY_SIZE * sizeof(float));
        assert_true(f[i].down_bytes < TINY_SIZE * sizeof(float) + 1000);
    }
    /* "input" is four letters longer than "a". */
    assert_nearly(f[0].extra_up_bytes - f[1].extra_up_bytes, 4, 0);
    /* One request builds the tail and two make a round. */
    assert_int_equal(tiny_gate_entered(&p->server.gate), 2 * (1 + 2 * 7));
}

static void a_guess_is_near_the_truth(void **state)
{
    struct place *p = *state;
    struct clv_visit_options o = options_of(p);
    struct clv_findings f[2];

    o.rounds = 1;
    assert_int_equal(clv_visit_run(&o, f, NULL), CLEAVE_OK);
    assert_nearly(clv_visit_guess_up("chain", "a"), f[1].extra_up_bytes, 16);
    assert_nearly(clv_visit_guess_down(1) + TINY_SIZE * sizeof(float),
                  f[1].down_bytes, 120);
    assert_nearly(clv_visit_type_bytes("image/jpeg"), 26, 0);
}

static void another_model_is_noticed(void **state)
{
    struct place *p = *state;
    struct clv_visit_options o = options_of(p);
    struct clv_findings f[2];
    cleave_error err = CLEAVE_ERROR_INIT;

    p->sha256.hex[5] ^= 1;
    assert_int_equal(clv_visit_run(&o, f, &err), CLEAVE_MISMATCH);
    assert_non_null(strstr(err.text, p->sha256.hex));
    o.model = "pair";
    assert_int_equal(clv_visit_run(&o, f, NULL), CLEAVE_MISMATCH);
    o.model = "nobody";
    assert_int_equal(clv_visit_run(&o, f, NULL), CLEAVE_NOT_FOUND);
    assert_int_equal(tiny_gate_entered(&p->server.gate), 0);
}

static void nobody_there_is_an_error(void **state)
{
    struct place *p = *state;
    struct clv_visit_options o = options_of(p);
    struct clv_findings f[2];

    o.url = "http://127.0.0.1:1";
    assert_int_equal(clv_visit_run(&o, f, NULL), CLEAVE_UNREACHABLE);
    o.url = "nowhere";
    assert_int_equal(clv_visit_run(&o, f, NULL), CLEAVE_INVALID);
}

static void the_user_may_stop_it(void **state)
{
    struct clv_visit_options o = options_of(*state);
    struct clv_findings f[2];

    o.progress = give_up;
    assert_int_equal(clv_visit_run(&o, f, NULL), CLEAVE_CANCELLED);
}

#define AT_SERVER(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_SERVER(tails_bytes_and_answers_are_counted),
        AT_SERVER(a_guess_is_near_the_truth),
        AT_SERVER(another_model_is_noticed),
        AT_SERVER(nobody_there_is_an_error),
        AT_SERVER(the_user_may_stop_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
