/*
 * test_watch.c - servers that answer and do not do their work: they are left
 * alone, no inference suffers, and the good one that follows is used.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/sha256.h"
#include "lying_server.h"
#include "runner_bed.h"

struct world {
    struct runner_bed *bed;
    struct lying_server liar;
    char sha256[65];
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct clv_map map;

    w->bed = runner_bed_new();
    assert_int_equal(clv_map_open(w->bed->model, &map, NULL), CLEAVE_OK);
    strcpy(w->sha256, clv_sha256_of(map.bytes).hex);
    clv_map_close(&map);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    runner_bed_free(w->bed);
    free(w);
    return 0;
}

/* A good server is replaced by one that lies, and comes back. */
static void assert_survived(struct world *w, enum lie lie)
{
    struct runner_bed *b = w->bed;
    int ups;

    runner_bed_open(b, NULL, 1);
    runner_bed_until(b, 1);
    runner_bed_kill_server(b);
    ups = runner_bed_events(b, CLEAVE_EVENT_UP);
    assert_int_equal(lying_start(&w->liar, b->port, w->sha256, lie), 0);
    while (atomic_load(&w->liar.told) < 3) { /* it is tried again and again */
        assert_int_not_equal(runner_bed_infer(b), 1);
    }
    lying_stop(&w->liar);
    assert_int_equal(runner_bed_events(b, CLEAVE_EVENT_UP), ups);
    assert_true(runner_bed_events(b, CLEAVE_EVENT_DOWN) >= ups);
    runner_bed_start_server(b);
    runner_bed_until(b, 1);
}

static void garbage_is_survived(void **state)
{
    assert_survived(*state, LIE_GARBAGE);
}

static void a_storm_of_503_is_survived(void **state)
{
    assert_survived(*state, LIE_BUSY);
}

static void a_server_that_fails_is_survived(void **state)
{
    assert_survived(*state, LIE_ERROR);
}

static void another_model_of_the_name_is_survived(void **state)
{
    assert_survived(*state, LIE_MODEL);
}

static void half_an_answer_is_survived(void **state)
{
    assert_survived(*state, LIE_RESET);
}

/* While nothing is computed there, a link that gets better is noticed. */
static void a_link_that_recovers_is_used_again(void **state)
{
    struct world *w = *state;
    struct runner_bed *b = w->bed;

    runner_bed_open(b, NULL, 1);
    runner_bed_until(b, 1);
    clv_relay_set_rate(b->relay, 1e5, 1e6); /* a second for an inference */
    while (runner_bed_events(b, CLEAVE_EVENT_UP) <=
           runner_bed_events(b, CLEAVE_EVENT_DOWN)) {
        (void)runner_bed_infer(b);
    }
    runner_bed_until(b, 0); /* it is up, and too slow */
    clv_relay_set_rate(b->relay, 1e9, 1e9);
    runner_bed_until(b, 1);
}

/* Where no trial can be made up, a server that is ready is up. Whether it is
   used, too, is the scheduler's: a link that once had a hiccup it believes slow
   until a trial tells better, and this device is fast. */
static void a_server_comes_back_without_a_trial(void **state)
{
    struct world *w = *state;
    struct runner_bed *b = w->bed;
    struct clv_berth *berth;

    runner_bed_open(b, NULL, 1);
    runner_bed_until(b, 1);
    runner_bed_kill_server(b);
    while (runner_bed_events(b, CLEAVE_EVENT_DOWN) == 0) {
        (void)runner_bed_infer(b);
    }
    berth = clv_fleet_take_for_server(b->runner->fleet, 0);
    assert_non_null(berth);
    clv_trial_fini(&berth->trial);
    clv_fleet_give(b->runner->fleet, berth);
    runner_bed_start_server(b);
    runner_bed_await(b, CLEAVE_EVENT_UP, 2);
    (void)runner_bed_infer(b);
}

int main(int argc, char **argv)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_WORLD(garbage_is_survived),
        IN_WORLD(a_storm_of_503_is_survived),
        IN_WORLD(a_server_that_fails_is_survived),
        IN_WORLD(another_model_of_the_name_is_survived),
        IN_WORLD(half_an_answer_is_survived),
        IN_WORLD(a_link_that_recovers_is_used_again),
        IN_WORLD(a_server_comes_back_without_a_trial),
    };

    runner_bed_serves(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
