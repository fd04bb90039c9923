/*
 * test_deciding.c - what is chosen as the link changes, what is not chosen any
 * more, and where a runner begins.
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

static uint32_t cut_named(const struct runner_bed *b, const char *name)
{
    for (uint32_t i = 0; i < b->designs.costs.cut_count; i++) {
        if (strcmp(b->designs.costs.cuts[i].name, name) == 0) {
            return i;
        }
    }
    fail_msg("no cut %s", name);
    return 0;
}

/* The design of the next inference. */
static const struct clv_candidate *next(struct runner_bed *b)
{
    struct clv_decision d;
    cleave_error err = CLEAVE_ERROR_INIT;

    if (clv_deciding_take(b->runner, &d, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    clv_fleet_give(b->runner->fleet, d.berth);
    return d.candidate;
}

static void a_runner_begins_at_home(void **state)
{
    struct runner_bed *b = *state;

    runner_bed_kill_server(b);
    runner_bed_open(b, NULL, 1);
    assert_true(b->runner->desks[0]->home != CLV_NONE);
    assert_int_equal(next(b)->server, CLV_NO_SERVER);
    assert_null(cleave_runner_notice(b->runner));
}

static void what_is_banned_is_not_chosen(void **state)
{
    struct runner_bed *b = *state;
    struct clv_ban ban = {CLV_ANY, cut_named(b, "input"), CLV_ANY, 0, 0, 0};

    runner_bed_open(b, NULL, 1);
    runner_bed_until(b, 1);
    assert_int_equal(next(b)->cut, ban.cut);
    clv_deciding_ban(b->runner, &ban, CLV_NONE, "a test");
    assert_int_equal(runner_bed_events(b, CLEAVE_EVENT_EXCLUDED), 1);
    for (int i = 0; i < 50; i++) {
        assert_int_not_equal(next(b)->cut, ban.cut);
        (void)runner_bed_infer(b);
    }
    clv_deciding_pardon(b->runner, 0);
    while (next(b)->cut != ban.cut) {
        (void)runner_bed_infer(b);
    }
}

static void a_ban_ends_when_it_says(void **state)
{
    struct runner_bed *b = *state;
    struct clv_ban ban = {CLV_ANY, cut_named(b, "input"), CLV_ANY, CLV_ANY, 0,
                          1}; /* it has ended long ago */

    runner_bed_open(b, NULL, 1);
    runner_bed_until(b, 1);
    clv_deciding_ban(b->runner, &ban, CLV_NONE, "a test");
    while (next(b)->cut != ban.cut) {
        (void)runner_bed_infer(b);
    }
}

static void more_bans_than_room_drop_the_oldest(void **state)
{
    struct runner_bed *b = *state;
    struct clv_ban ban = {CLV_ANY, cut_named(b, "input"), CLV_ANY, 0, 0, 0};

    runner_bed_open(b, NULL, 1);
    clv_deciding_ban(b->runner, &ban, CLV_NONE, "a test");
    ban.cut = CLV_ANY - 1; /* no cut at all */
    for (int i = 0; i < CLV_BANS; i++) {
        clv_deciding_ban(b->runner, &ban, CLV_NONE, "a test");
    }
    assert_int_equal(b->runner->ban_count, CLV_BANS);
    while (next(b)->cut != cut_named(b, "input")) {
        (void)runner_bed_infer(b);
    }
}

static void a_slow_link_sends_inferences_home(void **state)
{
    struct runner_bed *b = *state;

    runner_bed_open(b, NULL, 1);
    runner_bed_until(b, 1);
    clv_relay_set_delay(b->relay, 20 * 1000000); /* farther than home */
    runner_bed_until(b, 0);
    assert_int_equal(next(b)->server, CLV_NO_SERVER);
    clv_relay_set_delay(b->relay, 0);
    runner_bed_until(b, 1);
}

/* Half of the network may not leave the device. */
static void constraints_hold_in_a_run(void **state)
{
    struct runner_bed *b = *state;

    assert_int_equal(
        clv_constraint_parse(
            "head >= 50%",
            &b->task.slo.constraints[b->task.slo.constraint_count++], NULL),
        CLEAVE_OK);
    runner_bed_open(b, NULL, 1);
    while (runner_bed_events(b, CLEAVE_EVENT_UP) == 0) {
        (void)runner_bed_infer(b);
    }
    for (int i = 0; i < 50; i++) {
        (void)runner_bed_infer(b);
        assert_true(next(b)->head_share >= 0.5);
    }
}

static void what_a_policy_does_not_know_is_refused(void **state)
{
    struct runner_bed *b = *state;
    cleave_runner_options o = CLEAVE_RUNNER_OPTIONS_INIT;
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_runner *r = NULL;

    runner_bed_design(b);
    o.cache = b->cache;
    o.policy = "oracle";
    assert_int_equal(clv_runner_open(&b->designs, &o, &r, &err),
                     CLEAVE_INVALID);
    assert_non_null(strstr(err.text, "simulate"));
    o.policy = "dinosaur";
    assert_int_equal(clv_runner_open(&b->designs, &o, &r, NULL),
                     CLEAVE_NOT_FOUND);
    o.policy = NULL;
    o.in_flight = 100000;
    assert_int_equal(clv_runner_open(&b->designs, &o, &r, NULL),
                     CLEAVE_INVALID);
    assert_null(r);
}

int main(int argc, char **argv)
{
#define IN_BED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_BED(a_runner_begins_at_home),
        IN_BED(what_is_banned_is_not_chosen),
        IN_BED(a_ban_ends_when_it_says),
        IN_BED(more_bans_than_room_drop_the_oldest),
        IN_BED(a_slow_link_sends_inferences_home),
        IN_BED(constraints_hold_in_a_run),
        IN_BED(what_a_policy_does_not_know_is_refused),
    };

    runner_bed_serves(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
