/*
 * test_runner.c - a runner against a real server in another process that is
 * killed, stopped, cut off and replaced: every inference is answered, rightly,
 * and the server is used again when it is back.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "runner_bed.h"

static int set_up(void **state)
{
    *state = runner_bed_new();
    return 0;
}

static int tear_down(void **state)
{
    runner_bed_free(*state);
    return 0;
}

static void inferences_go_where_it_is_fast(void **state)
{
    struct runner_bed *b = *state;
    cleave_runner_status s;

    runner_bed_open(b, NULL, 1);
    runner_bed_until(b, 1);
    for (int i = 0; i < 20; i++) {
        (void)runner_bed_infer(b);
    }
    runner_bed_until(b, 1);
    cleave_runner_look(b->runner, &s);
    assert_int_equal(s.server_up, 1);
    assert_true(s.inferences > 20 && s.p50_ns > 0);
    assert_true(runner_bed_events(b, CLEAVE_EVENT_SWITCH) >= 1);
    assert_true(runner_bed_events(b, CLEAVE_EVENT_READY) >= 1);
}

static void a_killed_server_loses_nothing_and_is_used_again(void **state)
{
    struct runner_bed *b = *state;

    runner_bed_open(b, NULL, 1);
    for (int again = 0; again < 2; again++) {
        int downs;
        runner_bed_until(b, 1);
        downs = runner_bed_events(b, CLEAVE_EVENT_DOWN);
        runner_bed_kill_server(b);
        while (runner_bed_events(b, CLEAVE_EVENT_DOWN) == downs) {
            assert_int_not_equal(runner_bed_infer(b), 1);
        }
        for (int i = 0; i < 20; i++) {
            assert_int_equal(runner_bed_infer(b), 0);
        }
        runner_bed_start_server(b);
    }
    runner_bed_until(b, 1);
    assert_int_equal(runner_bed_events(b, CLEAVE_EVENT_UP),
                     runner_bed_events(b, CLEAVE_EVENT_DOWN) + 1);
}

static void a_stopped_server_is_finished_for_and_left(void **state)
{
    struct runner_bed *b = *state;

    runner_bed_open(b, NULL, 1);
    runner_bed_until(b, 1);
    kill(b->server, SIGSTOP);
    runner_bed_until(b, -1); /* waited for, and then done here */
    runner_bed_until(b, 0);  /* and not asked any more */
    assert_true(runner_bed_events(b, CLEAVE_EVENT_DOWN) >= 1);
    kill(b->server, SIGCONT);
    runner_bed_until(b, 1);
}

static void a_black_hole_is_finished_for_and_left(void **state)
{
    struct runner_bed *b = *state;

    runner_bed_open(b, NULL, 1);
    runner_bed_until(b, 1);
    clv_relay_cut(b->relay, 1);
    runner_bed_until(b, -1);
    runner_bed_until(b, 0);
    clv_relay_cut(b->relay, 0);
    runner_bed_until(b, 1);
    assert_true(runner_bed_events(b, CLEAVE_EVENT_DOWN) >= 1);
}

static void a_server_that_was_never_there_costs_nothing(void **state)
{
    struct runner_bed *b = *state;

    runner_bed_kill_server(b);
    runner_bed_open(b, NULL, 1);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(runner_bed_infer(b), 0);
    }
    assert_int_equal(runner_bed_events(b, CLEAVE_EVENT_DOWN), 0);
    assert_int_equal(runner_bed_events(b, CLEAVE_EVENT_UP), 0);
    runner_bed_start_server(b);
    runner_bed_until(b, 1);
}

int main(int argc, char **argv)
{
#define IN_BED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_BED(inferences_go_where_it_is_fast),
        IN_BED(a_killed_server_loses_nothing_and_is_used_again),
        IN_BED(a_stopped_server_is_finished_for_and_left),
        IN_BED(a_black_hole_is_finished_for_and_left),
        IN_BED(a_server_that_was_never_there_costs_nothing),
    };

    runner_bed_serves(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
