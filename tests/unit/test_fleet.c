/*
 * test_fleet.c - a bounded number of designs is kept, the one unused for
 * longest goes, never one in use or pinned; what cannot be made ready is told.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sched.h>

#include "base/sha256.h"
#include "lying_server.h"
#include "runner_bed.h"

struct world {
    struct runner_bed *bed;
    struct clv_fleet *fleet;
    size_t at[4]; /* candidates: input, a, b, output */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int told;
    size_t candidate;
    cleave_status status;
};

static void on_told(void *self, size_t candidate, cleave_status status,
                    const cleave_error *err)
{
    struct world *w = self;

    (void)err;
    pthread_mutex_lock(&w->lock);
    w->told++;
    w->candidate = candidate;
    w->status = status;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

static cleave_status await_told(struct world *w)
{
    cleave_status status;

    pthread_mutex_lock(&w->lock);
    while (w->told == 0) {
        pthread_cond_wait(&w->changed, &w->lock);
    }
    w->told = 0;
    status = w->status;
    pthread_mutex_unlock(&w->lock);
    return status;
}

static int set_up(void **state)
{
    static const char *const names[] = {"input", "a", "b", "output"};
    struct world *w = calloc(1, sizeof *w);
    struct clv_fleet_options o = {.lanes = 1,
                                  .clients = 1,
                                  .kept = 3,
                                  .keeps_tails = 1,
                                  .told = on_told,
                                  .self = w};
    const struct clv_space *space;

    w->bed = runner_bed_new();
    runner_bed_design(w->bed);
    space = &w->bed->designs.space;
    for (int i = 0; i < 4; i++) {
        w->at[i] = space->count;
        for (size_t k = 0; k < space->count; k++) {
            if (strcmp(space->costs->cuts[space->candidates[k].cut].name,
                       names[i]) == 0) {
                w->at[i] = k;
            }
        }
        assert_true(w->at[i] < space->count);
    }
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    o.designs = &w->bed->designs;
    o.cache = w->bed->cache;
    assert_int_equal(clv_fleet_open(&o, &w->fleet, NULL), CLEAVE_OK);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    clv_fleet_close(w->fleet);
    runner_bed_free(w->bed);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    free(w);
    return 0;
}

static void prepare(struct world *w, int i, int is_pinned)
{
    cleave_error err = CLEAVE_ERROR_INIT;

    if (clv_fleet_prepare(w->fleet, w->at[i], is_pinned, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
}

static int has(struct world *w, int i)
{
    return clv_fleet_has(w->fleet, w->at[i]);
}

static void the_one_unused_for_longest_goes(void **state)
{
    struct world *w = *state;
    struct clv_berth *berth;

    prepare(w, 3, 1);
    prepare(w, 0, 0);
    prepare(w, 1, 0);
    clv_fleet_give(w->fleet, clv_fleet_take(w->fleet, w->at[0]));
    prepare(w, 2, 0); /* one too many: of 0 and 1 the latter is older */
    assert_true(has(w, 3) && has(w, 0) && has(w, 2));
    assert_false(has(w, 1));
    assert_null(clv_fleet_take(w->fleet, w->at[1]));
    berth = clv_fleet_take(w->fleet, w->at[0]);
    prepare(w, 1, 0); /* 0 is in use, 3 is pinned */
    assert_true(has(w, 3) && has(w, 0) && has(w, 1));
    assert_false(has(w, 2));
    clv_fleet_give(w->fleet, berth);
}

static void what_is_wanted_comes_in_the_background(void **state)
{
    struct world *w = *state;
    struct clv_berth *berth;

    clv_fleet_want(w->fleet, w->at[1]);
    assert_int_equal(await_told(w), CLEAVE_OK);
    assert_int_equal(w->candidate, w->at[1]);
    berth = clv_fleet_take(w->fleet, w->at[1]);
    assert_non_null(berth);
    assert_string_equal(berth->rig->cut, "a");
    assert_non_null(berth->rig->tail);
    clv_fleet_give(w->fleet, berth);
}

static void what_cannot_be_made_ready_is_told(void **state)
{
    struct world *w = *state;

    runner_bed_kill_server(w->bed);
    clv_fleet_want(w->fleet, w->at[0]);
    assert_int_equal(await_told(w), CLEAVE_UNREACHABLE);
    assert_false(has(w, 0));
    prepare(w, 3, 0); /* needs no server */
    assert_true(has(w, 3));
}

static void a_retired_servers_designs_go_when_free(void **state)
{
    struct world *w = *state;
    struct clv_berth *berth;

    prepare(w, 3, 0);
    prepare(w, 0, 0);
    prepare(w, 1, 0);
    berth = clv_fleet_take_for_server(w->fleet, 0);
    assert_int_equal(berth->candidate, w->at[1]);
    clv_fleet_retire(w->fleet, 0);
    assert_true(has(w, 3));
    assert_false(has(w, 0));
    assert_false(has(w, 1)); /* though it is still in use */
    assert_null(clv_fleet_take_for_server(w->fleet, 0));
    assert_string_equal(berth->rig->cut, "a");
    clv_fleet_give(w->fleet, berth);
    prepare(w, 1, 0);
    assert_true(has(w, 1));
}

static void rigs_of_a_model_stand_on_one_ground(void **state)
{
    struct world *w = *state;
    const struct clv_ground *ground = NULL;
    struct clv_berth *a;
    struct clv_berth *b;

    prepare(w, 0, 0);
    prepare(w, 1, 0);
    assert_int_equal(clv_fleet_ground(w->fleet, 0, 0, &ground, NULL),
                     CLEAVE_OK);
    a = clv_fleet_take(w->fleet, w->at[0]);
    b = clv_fleet_take(w->fleet, w->at[1]);
    assert_ptr_equal(a->rig->ground, ground);
    assert_ptr_equal(b->rig->ground, ground);
    assert_ptr_equal(a->rig->clients, b->rig->clients);
    assert_ptr_equal(a->rig->clients, clv_fleet_clients(w->fleet, 0));
    clv_fleet_give(w->fleet, a);
    clv_fleet_give(w->fleet, b);
}

/* The server says nothing. */
static void fall_silent(struct world *w, struct lying_server *liar)
{
    struct clv_map map;

    runner_bed_kill_server(w->bed);
    assert_int_equal(clv_map_open(w->bed->model, &map, NULL), CLEAVE_OK);
    assert_int_equal(lying_start(liar, w->bed->port,
                                 clv_sha256_of(map.bytes).hex, LIE_SILENCE),
                     0);
    clv_map_close(&map);
}

static void await_question(struct lying_server *liar)
{
    while (atomic_load(&liar->told) == 0) {
        sched_yield();
    }
}

/* A server that says nothing holds a design up, and nobody else. */
static void an_open_ground_is_given_while_a_design_is_made(void **state)
{
    struct world *w = *state;
    struct lying_server liar;
    const struct clv_ground *ground = NULL;

    prepare(w, 3, 0);
    fall_silent(w, &liar);
    clv_fleet_want(w->fleet, w->at[1]);
    await_question(&liar);
    assert_int_equal(clv_fleet_ground(w->fleet, 0, 0, &ground, NULL),
                     CLEAVE_OK);
    assert_non_null(ground);
    lying_stop(&liar); /* which ends the wait before its time */
    assert_int_not_equal(await_told(w), CLEAVE_TIMEOUT);
    assert_false(has(w, 1));
}

static void a_server_that_is_down_is_not_waited_for(void **state)
{
    struct world *w = *state;
    struct lying_server liar;

    fall_silent(w, &liar);
    clv_fleet_want(w->fleet, w->at[1]);
    await_question(&liar);
    clv_fleet_give_up(w->fleet, 0);
    assert_int_equal(await_told(w), CLEAVE_UNREACHABLE); /* and no timeout */
    clv_fleet_want(w->fleet, w->at[3]);                  /* the next one is */
    assert_int_equal(await_told(w), CLEAVE_OK);
    lying_stop(&liar);
}

/* What is both held and wished for fails once, and not once for each. */
static void a_failure_is_told_once(void **state)
{
    struct world *w = *state;
    struct lying_server liar;

    fall_silent(w, &liar);
    clv_fleet_want(w->fleet, w->at[1]);
    await_question(&liar);
    clv_fleet_hold(w->fleet, &w->at[1], 1, 0);
    clv_fleet_want(w->fleet, w->at[1]);
    clv_fleet_give_up(w->fleet, 0);
    assert_int_equal(await_told(w), CLEAVE_UNREACHABLE);
    clv_fleet_want(w->fleet, w->at[3]);
    assert_int_equal(await_told(w), CLEAVE_OK);
    assert_int_equal(w->candidate, w->at[3]);
    assert_int_equal(atomic_load(&liar.told), 1);
    lying_stop(&liar);
}

static void *prepare_in_vain(void *self)
{
    struct world *w = self;

    w->status = clv_fleet_prepare(w->fleet, w->at[1], 0, NULL);
    return NULL;
}

static void the_end_waits_for_no_server(void **state)
{
    struct world *w = *state;
    struct lying_server liar;
    pthread_t thread;

    fall_silent(w, &liar);
    assert_int_equal(pthread_create(&thread, NULL, prepare_in_vain, w), 0);
    await_question(&liar);
    clv_fleet_end(w->fleet);
    pthread_join(thread, NULL);
    assert_int_equal(w->status, CLEAVE_UNREACHABLE); /* and no timeout */
    assert_int_equal(clv_fleet_prepare(w->fleet, w->at[2], 0, NULL),
                     CLEAVE_UNREACHABLE); /* it stays so */
    lying_stop(&liar);
}

int main(int argc, char **argv)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_WORLD(the_one_unused_for_longest_goes),
        IN_WORLD(what_is_wanted_comes_in_the_background),
        IN_WORLD(what_cannot_be_made_ready_is_told),
        IN_WORLD(a_failure_is_told_once),
        IN_WORLD(a_retired_servers_designs_go_when_free),
        IN_WORLD(rigs_of_a_model_stand_on_one_ground),
        IN_WORLD(an_open_ground_is_given_while_a_design_is_made),
        IN_WORLD(a_server_that_is_down_is_not_waited_for),
        IN_WORLD(the_end_waits_for_no_server),
    };

    runner_bed_serves(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
