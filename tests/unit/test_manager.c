/*
 * test_manager.c - signs become states and states designs, in virtual time.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "run/manager.h"

#define MS ((int64_t)1000000)
#define STEP (100 * MS)

/* A device of two cores with loads of 0, 1 and 2, another processor that
   nobody measured, and a server. Each state has a design of its own. */
struct world {
    struct clv_switching table;
    struct clv_manager manager;
    struct clv_manager_signs signs;
    int changes;
    const char *reason;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct clv_switching *t = &w->table;
    struct clv_state calm;

    *t = (struct clv_switching){
        .tasks = 1,
        .processors = 2,
        .names = {"cpu", "webgpu"},
        .levels = {3, 2},
        .hogs = {0, 1, 2},
        .servers = 1,
        .state_count = 3 * 2 * 2 * CLV_LINK_CLASSES,
    };
    t->entries = calloc(t->state_count, sizeof *t->entries);
    for (size_t i = 0; i < t->state_count; i++) {
        t->entries[i].design = (uint16_t)i;
    }
    calm = clv_manager_calm(t);
    clv_manager_init(&w->manager, t, &calm);
    w->signs = (struct clv_manager_signs){
        .now_ns = 7200000 * MS,
        .pressure = {.cores = 2,
                     .others_cores = 0,
                     .own_cores = 0.5,
                     .memory_share = 0,
                     .memory_used = 0.5},
        .conditions = clv_conditions_reference(1),
    };
    w->signs.conditions.slowdown = 1;
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    free(w->table.entries);
    free(w);
    return 0;
}

/* Looks every tenth of a second for so long. Returns how many times the state
   changed. */
static int pass(struct world *w, int64_t ns)
{
    int changes = 0;

    for (int64_t end = w->signs.now_ns + ns; w->signs.now_ns < end;) {
        struct clv_manager_change change;
        size_t before = w->manager.design;
        w->signs.now_ns += STEP;
        clv_manager_look(&w->manager, &w->signs, &change);
        assert_int_equal(change.from, before);
        assert_int_equal(change.to, w->manager.design);
        assert_int_equal(
            w->manager.design,
            clv_switching_find(&w->table,
                               clv_state_number(&w->table, &w->manager.state)));
        if (change.is_one) {
            assert_non_null(change.reason);
            w->reason = change.reason;
            changes++;
        }
    }
    w->changes += changes;
    return changes;
}

static int load(const struct world *w)
{
    return w->manager.state.load[0];
}

static void calm_stays_calm(void **state)
{
    struct world *w = *state;

    assert_int_equal(pass(w, 60000 * MS), 0);
    assert_int_equal(load(w), 0);
    assert_int_equal(w->manager.state.memory, 0);
    assert_int_equal(w->manager.state.link[0], CLV_LINK_FAST);
}

static void a_load_counts_soon_and_its_end_later(void **state)
{
    struct world *w = *state;

    w->signs.pressure.others_cores = 1;
    assert_int_equal(pass(w, CLV_MANAGER_WORSE_NS), 0);
    assert_int_equal(pass(w, STEP), 1);
    assert_int_equal(load(w), 1);
    assert_non_null(strstr(w->reason, "busy"));
    w->signs.pressure.others_cores = 0;
    assert_int_equal(pass(w, CLV_MANAGER_BETTER_NS), 0);
    assert_int_equal(pass(w, STEP), 1);
    assert_int_equal(load(w), 0);
    assert_non_null(strstr(w->reason, "peace"));
}

static void what_comes_and_goes_does_not_count(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 100; i++) {
        w->signs.pressure.others_cores = 2;
        assert_int_equal(pass(w, 2 * STEP), 0);
        w->signs.pressure.others_cores = 0;
        assert_int_equal(pass(w, 2 * STEP), 0);
    }
    w->signs.pressure.others_cores = 2;
    pass(w, 1000 * MS);
    assert_int_equal(load(w), 2);
    for (int i = 0; i < 20; i++) {
        w->signs.pressure.others_cores = 0;
        assert_int_equal(pass(w, 1000 * MS), 0);
        w->signs.pressure.others_cores = 2;
        assert_int_equal(pass(w, 1000 * MS), 0);
    }
}

static void a_load_between_two_levels_does_not_flap(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 20; i++) {
        w->signs.pressure.others_cores = i % 2 == 0 ? 0.55 : 0.45;
        assert_int_equal(pass(w, 3000 * MS), 0);
    }
    w->signs.pressure.others_cores = 0.7;
    assert_int_equal(pass(w, 1000 * MS), 1);
    for (int i = 0; i < 20; i++) {
        w->signs.pressure.others_cores = i % 2 == 0 ? 0.55 : 0.45;
        assert_int_equal(pass(w, 3000 * MS), 0);
    }
    w->signs.pressure.others_cores = 0.3;
    assert_int_equal(pass(w, 3000 * MS), 1);
    assert_int_equal(load(w), 0);
}

/* Two hogs and an inference on two cores: each gets two thirds of one. */
static void where_no_core_is_free_slowness_tells_what_others_want(void **state)
{
    struct world *w = *state;

    w->signs.pressure.others_cores = 1.33;
    w->signs.pressure.own_cores = 0.67;
    w->signs.conditions.slowdown = 1.5;
    pass(w, 1000 * MS);
    assert_int_equal(load(w), 2);
    w->signs.pressure.own_cores = 0.2; /* cores are free: one is what it is */
    w->signs.pressure.others_cores = 1;
    pass(w, 5000 * MS);
    assert_int_equal(load(w), 1);
}

static void what_is_not_known_changes_nothing(void **state)
{
    struct world *w = *state;

    w->signs.pressure.others_cores = 2;
    pass(w, 1000 * MS);
    w->signs.pressure = (struct clv_pressure){.cores = CLV_UNKNOWN,
                                              .others_cores = CLV_UNKNOWN,
                                              .own_cores = CLV_UNKNOWN,
                                              .memory_share = CLV_UNKNOWN,
                                              .memory_used = CLV_UNKNOWN};
    assert_int_equal(pass(w, 30000 * MS), 0);
    assert_int_equal(load(w), 2);
}

static void without_measured_levels_slowness_must_tell_of_trouble(void **state)
{
    struct world *w = *state;

    w->table.levels[0] = 2;
    w->table.hogs[1] = 0;
    w->signs.pressure.others_cores = 1.5;
    w->signs.slowdown = 1.1;
    assert_int_equal(pass(w, 5000 * MS), 0);
    w->signs.slowdown = 2;
    assert_int_equal(pass(w, 1000 * MS), 1);
    assert_int_equal(load(w), 1);
    w->signs.slowdown = 1; /* another processor runs now */
    assert_int_equal(pass(w, 5000 * MS), 0);
    w->signs.pressure.others_cores = 0.1;
    assert_int_equal(pass(w, 5000 * MS), 1);
    assert_int_equal(load(w), 0);
}

static void memory_is_short_by_time_lost_or_by_use(void **state)
{
    struct world *w = *state;

    w->signs.pressure.memory_share = 0.2;
    assert_int_equal(pass(w, 1000 * MS), 1);
    assert_int_equal(w->manager.state.memory, 1);
    assert_non_null(strstr(w->reason, "memory"));
    w->signs.pressure.memory_share = 0.05; /* neither */
    assert_int_equal(pass(w, 60000 * MS), 0);
    w->signs.pressure.memory_share = 0.01;
    assert_int_equal(pass(w, CLV_MANAGER_CALM_NS), 0);
    assert_int_equal(pass(w, STEP), 1);
    assert_int_equal(w->manager.state.memory, 0);
    w->signs.pressure.memory_share = CLV_UNKNOWN;
    w->signs.pressure.memory_used = 0.96;
    assert_int_equal(pass(w, 1000 * MS), 1);
    w->signs.pressure.memory_used = 0.92;
    assert_int_equal(pass(w, 60000 * MS), 0);
    assert_int_equal(w->manager.state.memory, 1);
}

static void calm_that_does_not_last_has_to_last_longer(void **state)
{
    struct world *w = *state;
    int64_t calm_ns = CLV_MANAGER_CALM_NS;

    for (int i = 0; i < 6; i++) {
        w->signs.pressure.memory_used = 0.99;
        assert_int_equal(pass(w, 1000 * MS), 1);
        w->signs.pressure.memory_used = 0.5;
        assert_int_equal(pass(w, calm_ns), 0);
        assert_int_equal(pass(w, STEP), 1);
        calm_ns = 2 * calm_ns < CLV_MANAGER_CALM_MOST_NS
                      ? 2 * calm_ns
                      : CLV_MANAGER_CALM_MOST_NS;
    }
    pass(w, CLV_MANAGER_LASTING_NS);
    w->signs.pressure.memory_used = 0.99;
    assert_int_equal(pass(w, 1000 * MS), 1);
    w->signs.pressure.memory_used = 0.5;
    assert_int_equal(pass(w, CLV_MANAGER_CALM_NS + STEP), 1);
}

static void links_have_classes_with_inertia(void **state)
{
    struct world *w = *state;
    struct clv_reach *reach = &w->signs.conditions.reach[0];
    struct clv_reach edge = *reach;

    edge.rtt_ns = 10e6;
    edge.up_bps = edge.down_bps = 200e6;
    while (clv_link_class_of(&edge) == CLV_LINK_FAST) {
        edge.up_bps = edge.down_bps = edge.up_bps * 0.99;
    }
    *reach = edge; /* just below fast */
    assert_int_equal(pass(w, 10000 * MS), 0);
    reach->up_bps = reach->down_bps = edge.up_bps / 2;
    assert_int_equal(pass(w, 1000 * MS), 1);
    assert_int_equal(w->manager.state.link[0], CLV_LINK_MIDDLE);
    *reach = edge;
    reach->up_bps = reach->down_bps = edge.up_bps * 1.05; /* just above */
    assert_int_equal(pass(w, 10000 * MS), 0);
    reach->up_bps = reach->down_bps = 1e9;
    reach->rtt_ns = 1e6;
    assert_int_equal(pass(w, CLV_MANAGER_BETTER_NS), 0);
    assert_int_equal(pass(w, STEP), 1);
    assert_int_equal(w->manager.state.link[0], CLV_LINK_FAST);
}

static void a_server_that_is_away_counts_soon(void **state)
{
    struct world *w = *state;

    w->signs.conditions.reach[0].is_up = 0;
    assert_int_equal(pass(w, CLV_MANAGER_WORSE_NS + STEP), 1);
    assert_int_equal(w->manager.state.link[0], CLV_LINK_AWAY);
    assert_non_null(strstr(w->reason, "away"));
    w->signs.conditions.reach[0].is_up = 1;
    assert_int_equal(pass(w, CLV_MANAGER_BETTER_NS + STEP), 1);
    assert_int_equal(w->manager.state.link[0], CLV_LINK_FAST);
    assert_non_null(strstr(w->reason, "there"));
}

/* Now fast, now slow, but up: then it is not away for ever. */
static void what_wavers_is_left_all_the_same(void **state)
{
    struct world *w = *state;
    struct clv_reach *reach = &w->signs.conditions.reach[0];

    reach->is_up = 0;
    w->signs.pressure.others_cores = 2;
    pass(w, CLV_MANAGER_WORSE_NS + STEP);
    assert_int_equal(w->manager.state.link[0], CLV_LINK_AWAY);
    assert_int_equal(load(w), 2);
    reach->is_up = 1;
    for (int i = 0; i < CLV_MANAGER_BETTER_NS / STEP + 1; i++) {
        reach->up_bps = reach->down_bps = i % 2 ? 1e9 : 1e6;
        w->signs.pressure.others_cores = i % 2;
        pass(w, STEP);
    }
    assert_int_not_equal(w->manager.state.link[0], CLV_LINK_AWAY);
    assert_true(load(w) < 2);
}

/* Each part has its own patience. */
static void a_link_that_flickers_does_not_hide_a_load(void **state)
{
    struct world *w = *state;

    w->signs.pressure.others_cores = 2;
    for (int i = 0; i < 6; i++) {
        w->signs.conditions.reach[0].is_up = i % 2;
        pass(w, STEP);
    }
    assert_int_equal(load(w), 2);
}

/* A clock that was set back, or a machine that slept. */
static void time_that_jumps_begins_waiting_anew(void **state)
{
    struct world *w = *state;

    w->signs.pressure.others_cores = 1;
    pass(w, 2 * STEP);
    w->signs.now_ns -= 3600000 * MS;
    assert_int_equal(pass(w, CLV_MANAGER_WORSE_NS), 0);
    assert_int_equal(pass(w, STEP), 1);
}

/* A table that tells no more than that a server is there. */
static void states_that_are_one_to_the_table_do_not_change(void **state)
{
    struct world *w = *state;
    struct clv_state calm;

    w->table.link_classes[0] = 2;
    calm = clv_manager_calm(&w->table);
    clv_manager_init(&w->manager, &w->table, &calm);
    w->signs.conditions.reach[0].up_bps = 1e6;
    assert_int_equal(pass(w, 5000 * MS), 0);
    w->signs.conditions.reach[0].is_up = 0;
    assert_int_equal(pass(w, 5000 * MS), 1);
}

int main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_WORLD(calm_stays_calm),
        IN_WORLD(a_load_counts_soon_and_its_end_later),
        IN_WORLD(what_comes_and_goes_does_not_count),
        IN_WORLD(a_load_between_two_levels_does_not_flap),
        IN_WORLD(where_no_core_is_free_slowness_tells_what_others_want),
        IN_WORLD(what_is_not_known_changes_nothing),
        IN_WORLD(without_measured_levels_slowness_must_tell_of_trouble),
        IN_WORLD(memory_is_short_by_time_lost_or_by_use),
        IN_WORLD(calm_that_does_not_last_has_to_last_longer),
        IN_WORLD(links_have_classes_with_inertia),
        IN_WORLD(a_server_that_is_away_counts_soon),
        IN_WORLD(what_wavers_is_left_all_the_same),
        IN_WORLD(a_link_that_flickers_does_not_hide_a_load),
        IN_WORLD(time_that_jumps_begins_waiting_anew),
        IN_WORLD(states_that_are_one_to_the_table_do_not_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
