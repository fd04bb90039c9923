/*
 * test_rig.c - one design against a real server that fails in every way: the
 * answer is finished here, is the same, and the trouble is told.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cleave/server.h"
#include "run/rig.h"
#include "run/turns.h"
#include "tiny_server.h"

struct device {
    struct tiny_server there;
    char model[128];
    char cache[128];
    struct clv_engine *engine;
    struct clv_store *store;
    struct clv_gate gate;
    struct clv_ground ground;
    struct clv_clients clients;
    float data[TINY_SIZE];
    cleave_tensor input;
};

static int open_device(void **state)
{
    struct device *d = calloc(1, sizeof *d);
    struct clv_ground_options ground = {.model = d->model, .gate = &d->gate};

    tiny_server_open(&d->there, (cleave_server_options){0});
    snprintf(d->model, sizeof d->model, "%s/chain.onnx", d->there.models);
    snprintf(d->cache, sizeof d->cache, "%s/device", d->there.folder);
    assert_int_equal(clv_engine_open("cpu:threads=1", &d->engine, NULL),
                     CLEAVE_OK);
    assert_int_equal(clv_store_open(d->cache, &d->store, NULL), CLEAVE_OK);
    clv_gate_init(&d->gate, clv_ground_width(d->engine));
    ground.engine = d->engine;
    ground.store = d->store;
    assert_int_equal(clv_ground_init(&d->ground, &ground, NULL), CLEAVE_OK);
    assert_int_equal(clv_clients_init(&d->clients, d->there.url, 2, NULL),
                     CLEAVE_OK);
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

    clv_clients_fini(&d->clients);
    clv_ground_fini(&d->ground);
    clv_gate_fini(&d->gate);
    clv_store_close(d->store);
    clv_engine_close(d->engine);
    if (d->there.server != NULL) {
        tiny_server_close(&d->there);
    } else {
        tiny_folder_remove(&d->there);
    }
    free(d);
    return 0;
}

static struct clv_rig *rig_at(struct device *d, const char *cut, int keeps_tail)
{
    struct clv_rig_options o = {
        .cut = cut, .clients = &d->clients, .keeps_tail = keeps_tail};
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_rig *rig = NULL;

    if (clv_rig_open(&d->ground, &o, &rig, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    return rig;
}

/* y = relu(relu(x) + 1) */
static void assert_right(const struct device *d, const cleave_result *r)
{
    const float *y = r->outputs[0].data;

    assert_int_equal(r->outputs[0].bytes, sizeof d->data);
    for (int i = 0; i < TINY_SIZE; i++) {
        float want = (d->data[i] > 0 ? d->data[i] : 0) + 1;
        assert_true(y[i] >= want && y[i] <= want);
    }
}

/* One inference; gives what the pipeline told of the server. */
static struct clv_errand infer(struct device *d, struct clv_rig *rig,
                               int64_t answer_by_ns)
{
    struct clv_errand errand = {.inputs = &d->input,
                                .input_count = 1,
                                .answer_by_ns = answer_by_ns,
                                .may_finish = 1};
    struct clv_lane *lane = clv_lanes_take(&rig->lanes);
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_result *r = NULL;

    if (clv_pipeline_run(rig, lane, &errand, &r, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    clv_lanes_give(&rig->lanes, lane);
    assert_right(d, r);
    assert_int_equal(r->finish_ns > 0, errand.trouble.code != CLEAVE_OK);
    cleave_result_free(r);
    return errand;
}

/* Another task's turn, until `ns` after somebody began to wait for it. */
struct holding {
    struct clv_turns turns;
    int64_t ns;
};

static void *hold(void *self)
{
    struct holding *h = self;
    struct clv_clock clock = clv_clock_machine();
    int64_t from_ns;

    while (clv_turns_waiting(&h->turns) == 0) {
    }
    from_ns = clv_clock_now_ns(clock);
    while (clv_clock_now_ns(clock) - from_ns < h->ns) {
    }
    clv_turns_leave(&h->turns, 1, 1);
    return NULL;
}

#define HELD_NS 5000000

/* One inference that has to wait HELD_NS for its turn on this device. */
static cleave_result *infer_behind_another(struct device *d,
                                           struct clv_rig *rig,
                                           struct clv_errand *errand)
{
    struct clv_lane *lane = clv_lanes_take(&rig->lanes);
    struct holding h = {.ns = HELD_NS};
    cleave_result *r = NULL;
    pthread_t thread;

    clv_turns_init(&h.turns, 1);
    clv_turns_enter(&h.turns, 1, 1);
    clv_gate_share(&d->gate, &h.turns, 2, 1);
    assert_int_equal(pthread_create(&thread, NULL, hold, &h), 0);
    assert_int_equal(clv_pipeline_run(rig, lane, errand, &r, NULL), CLEAVE_OK);
    pthread_join(thread, NULL);
    assert_right(d, r);
    clv_lanes_give(&rig->lanes, lane);
    clv_rig_close(rig);
    clv_turns_fini(&h.turns);
    return r;
}

static void waiting_for_other_tasks_takes_time(void **state)
{
    struct device *d = *state;
    struct clv_errand errand = {.inputs = &d->input, .input_count = 1};
    cleave_result *r = infer_behind_another(d, rig_at(d, "output", 0), &errand);

    assert_true(r->total_ns >= r->head_ns + HELD_NS);
    assert_int_equal(errand.tail_here_ns, 0);
    cleave_result_free(r);
}

/* What a finish teaches of this device is without the wait for it. */
static void finishing_waits_for_its_turn_too(void **state)
{
    struct device *d = *state;
    struct clv_errand errand = {
        .inputs = &d->input, .input_count = 1, .may_finish = 1};
    struct clv_rig *rig = rig_at(d, "input", 1); /* all of it is tail */
    cleave_result *r;

    cleave_server_close(d->there.server);
    d->there.server = NULL;
    r = infer_behind_another(d, rig, &errand);
    assert_true(errand.tail_here_ns > 0);
    assert_true(r->finish_ns >= errand.tail_here_ns + HELD_NS);
    cleave_result_free(r);
}

static const char *const cuts[] = {"input", "a", "b"};
#define CUTS (sizeof cuts / sizeof cuts[0])

static void a_server_that_answers_is_believed(void **state)
{
    struct device *d = *state;

    for (size_t i = 0; i < CUTS; i++) {
        struct clv_rig *rig = rig_at(d, cuts[i], 1);
        struct clv_errand e = infer(d, rig, 0);
        assert_int_equal(e.trouble.code, CLEAVE_OK);
        assert_int_equal(e.exchange.http, 200);
        clv_rig_close(rig);
    }
}

static void a_server_that_is_gone_is_finished_for(void **state)
{
    struct device *d = *state;
    struct clv_rig *rigs[CUTS];

    for (size_t i = 0; i < CUTS; i++) {
        rigs[i] = rig_at(d, cuts[i], 1);
    }
    cleave_server_close(d->there.server);
    d->there.server = NULL;
    for (size_t i = 0; i < CUTS; i++) {
        struct clv_errand e = infer(d, rigs[i], 0);
        assert_int_equal(e.trouble.code, CLEAVE_UNREACHABLE);
        assert_string_equal(e.trouble.where, d->there.url);
        assert_int_equal(e.was_sent, 1);
        clv_rig_close(rigs[i]);
    }
}

static void a_server_that_is_late_is_not_waited_for(void **state)
{
    struct device *d = *state;
    struct clv_rig *rig = rig_at(d, "a", 1);
    struct clv_errand e;

    tiny_gate_set(&d->there.gate, true);
    e = infer(d, rig, clv_clock_now_ns(clv_clock_machine()) + 200000000);
    assert_int_equal(e.trouble.code, CLEAVE_TIMEOUT);
    assert_int_equal(e.was_sent, 1);
    tiny_gate_set(&d->there.gate, false);
    e = infer(d, rig, 1); /* long ago: not even asked */
    assert_int_equal(e.trouble.code, CLEAVE_TIMEOUT);
    assert_int_equal(e.was_sent, 0);
    e = infer(d, rig, 0);
    assert_int_equal(e.trouble.code, CLEAVE_OK);
    clv_rig_close(rig);
}

static void without_a_tail_here_the_trouble_is_the_answer(void **state)
{
    struct device *d = *state;
    struct clv_rig *rig = rig_at(d, "a", 0);
    struct clv_errand e = {
        .inputs = &d->input, .input_count = 1, .may_finish = 1};
    struct clv_lane *lane = clv_lanes_take(&rig->lanes);
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_result *r = NULL;

    cleave_server_close(d->there.server);
    d->there.server = NULL;
    assert_int_equal(clv_pipeline_run(rig, lane, &e, &r, &err),
                     CLEAVE_UNREACHABLE);
    assert_null(r);
    assert_string_equal(err.where, d->there.url);
    clv_lanes_give(&rig->lanes, lane);
    clv_rig_close(rig);
}

static void rigs_of_one_ground_share_its_connections(void **state)
{
    struct device *d = *state;
    struct clv_rig *a = rig_at(d, "a", 1);
    struct clv_rig *b = rig_at(d, "b", 1);

    for (int i = 0; i < 3; i++) {
        assert_int_equal(infer(d, a, 0).trouble.code, CLEAVE_OK);
        assert_int_equal(infer(d, b, 0).trouble.code, CLEAVE_OK);
    }
    assert_int_equal(d->clients.idle_count, 2);
    clv_rig_close(a);
    clv_rig_close(b);
}

static void a_cut_needs_a_server(void **state)
{
    struct device *d = *state;
    struct clv_rig_options o = {.cut = "a"};
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_rig *rig = NULL;

    assert_int_equal(clv_rig_open(&d->ground, &o, &rig, &err), CLEAVE_INVALID);
    assert_null(rig);
    assert_non_null(strstr(err.text, "needs a server"));
    o.cut = CLV_CUT_OUTPUT;
    assert_int_equal(clv_rig_open(&d->ground, &o, &rig, NULL), CLEAVE_OK);
    assert_int_equal(infer(d, rig, 0).was_sent, 0);
    clv_rig_close(rig);
    clv_rig_close(NULL);
}

int main(void)
{
#define WITH_SERVER(test) \
    cmocka_unit_test_setup_teardown(test, open_device, close_device)
    const struct CMUnitTest tests[] = {
        WITH_SERVER(a_server_that_answers_is_believed),
        WITH_SERVER(a_server_that_is_gone_is_finished_for),
        WITH_SERVER(a_server_that_is_late_is_not_waited_for),
        WITH_SERVER(without_a_tail_here_the_trouble_is_the_answer),
        WITH_SERVER(rigs_of_one_ground_share_its_connections),
        WITH_SERVER(a_cut_needs_a_server),
        WITH_SERVER(waiting_for_other_tasks_takes_time),
        WITH_SERVER(finishing_waits_for_its_turn_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
