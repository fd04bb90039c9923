/*
 * test_ensemble.c - two tasks under one manager: what befalls the machine
 * moves them as the table says, and nothing that fails meanwhile costs an
 * answer.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sched.h>
#include <stdatomic.h>

#include "ensemble_bed.h"
#include "graph_runner.h"
#include "resident_memory.h"

static int set_up(void **state)
{
    *state = ensemble_bed_new();
    return 0;
}

static int tear_down(void **state)
{
    ensemble_bed_free(*state);
    return 0;
}

static void it_begins_with_the_design_of_the_calm_state(void **state)
{
    struct ensemble_bed *b = *state;
    cleave_ensemble_status s;

    runner_bed_kill_server(b->posts->bed);
    ensemble_bed_open(b, NULL, 2);
    assert_int_equal(cleave_ensemble_count(b->ensemble), 2);
    assert_string_equal(cleave_ensemble_name(b->ensemble, 1), "text");
    assert_null(cleave_ensemble_notice(b->ensemble));
    assert_int_equal(ensemble_bed_next(b, 0), 0);
    assert_int_equal(ensemble_bed_next(b, 1), 0);
    assert_int_equal(ensemble_bed_infer(b, 0), 0);
    assert_int_equal(ensemble_bed_infer(b, 1), 0);
    do { /* until the manager has looked */
        cleave_ensemble_look(b->ensemble, &s);
    } while (s.state[0] == '\0');
    assert_string_equal(s.state, "calm");
    assert_int_equal(s.design, 0);
    assert_int_equal(s.designs, 3);
    assert_int_equal(s.switches, 0);
    assert_true(s.resident_bytes > 0);
}

static void a_load_moves_all_tasks_and_its_end_moves_them_back(void **state)
{
    struct ensemble_bed *b = *state;
    cleave_ensemble_status s;

    ensemble_bed_open(b, "table", 2);
    ensemble_bed_until(b, CLEAVE_EVENT_READY, 3); /* all that is kept */
    b->others = 1;
    ensemble_bed_until(b, CLEAVE_EVENT_ADAPT, 1);
    assert_int_equal(ensemble_bed_events(b, CLEAVE_EVENT_STATE), 1);
    assert_int_equal(ensemble_bed_next(b, 0), 1);
    assert_int_equal(ensemble_bed_next(b, 1), 1);
    assert_string_equal(b->state[CLEAVE_EVENT_ADAPT], "cpu load 1");
    assert_string_equal(b->state[CLEAVE_EVENT_STATE], "cpu load 1");
    assert_string_equal(b->task[CLEAVE_EVENT_ADAPT], "");
    assert_non_null(strstr(b->reason[CLEAVE_EVENT_ADAPT], "busy"));
    assert_string_equal(b->from[CLEAVE_EVENT_ADAPT],
                        "test: chain " BED_ENGINE
                        " here; text: twin " BED_ENGINE " here");
    assert_string_equal(b->to[CLEAVE_EVENT_ADAPT],
                        "test: chain " BED_SLOWER
                        " here; text: twin " BED_SLOWER " here");
    assert_true(b->cost_ns > 0);
    b->others = 0;
    ensemble_bed_until(b, CLEAVE_EVENT_ADAPT, 2);
    assert_int_equal(ensemble_bed_next(b, 0), 0);
    cleave_ensemble_look(b->ensemble, &s);
    assert_int_equal(s.switches, 2);
}

static void runners_events_carry_their_task(void **state)
{
    struct ensemble_bed *b = *state;

    ensemble_bed_open(b, NULL, 2);
    ensemble_bed_until(b, CLEAVE_EVENT_UP, 1);
    assert_string_equal(b->task[CLEAVE_EVENT_UP], "test");
}

/* How many of the first task's kept posts are loaded. */
static int loaded(struct ensemble_bed *b)
{
    cleave_runner *r = cleave_ensemble_runner(b->ensemble, 0);
    int count = 0;

    for (size_t i = 0; i < 3; i++) {
        count += clv_fleet_has(r->fleet, r->desks[i]->landing);
    }
    return count;
}

static void short_memory_unloads_what_is_not_wanted(void **state)
{
    struct ensemble_bed *b = *state;

    ensemble_bed_open(b, NULL, 2);
    ensemble_bed_until(b, CLEAVE_EVENT_READY, 3);
    assert_int_equal(loaded(b), 3);
    ensemble_bed_memory(b, 3);
    ensemble_bed_until(b, CLEAVE_EVENT_ADAPT, 1);
    assert_string_equal(b->state[CLEAVE_EVENT_ADAPT], "memory short");
    assert_int_equal(ensemble_bed_next(b, 0), 10);
    assert_int_equal(ensemble_bed_next(b, 1), 0);
    while (loaded(b) > 1) { /* right after it was told */
        (void)ensemble_bed_infer(b, 0);
    }
    assert_int_equal(ensemble_bed_infer(b, 0), 0);
}

/* As a design with tensors of 16 MB would leave it. */
static void fill_the_arena(struct ensemble_bed *b)
{
    struct clv_engine *engine;
    char path[CLV_PATH_MAX];
    struct run r;

    snprintf(path, sizeof path, "%s/wide.onnx", b->machine);
    assert_int_equal(tiny_chain_write(path, 1 << 22), 0);
    assert_int_equal(clv_engine_open("cpu:threads=1", &engine, NULL),
                     CLEAVE_OK);
    assert_int_equal(run_file(engine, path, NULL, 0, &r, NULL), CLEAVE_OK);
    run_end(&r);
    clv_engine_close(engine);
}

static void short_memory_gives_back_what_nobody_uses(void **state)
{
    struct ensemble_bed *b = *state;
    int64_t end = clv_clock_now_ns(clv_clock_machine()) + BED_PATIENCE_NS;
    size_t before;

    if (!RESIDENT_MEMORY) {
        print_message("a sanitizer keeps what is freed: left out\n");
        skip();
    }
    ensemble_bed_open(b, NULL, 2);
    ensemble_bed_until(b, CLEAVE_EVENT_READY, 3);
    clv_managing_stop(b->ensemble); /* from here on the test looks */
    fill_the_arena(b);
    before = resident_bytes();
    ensemble_bed_memory(b, 3);
    while (resident_bytes() + 12 * RESIDENT_MB > before) {
        clv_managing_look(b->ensemble);
        (void)ensemble_bed_infer(b, 0);
        assert_true(clv_clock_now_ns(clv_clock_machine()) < end);
    }
}

struct crowd {
    struct ensemble_bed *bed;
    size_t task;
    atomic_int *stop;
    int answers;
};

static void *infer_on(void *self)
{
    struct crowd *c = self;

    while (!atomic_load(c->stop)) {
        (void)ensemble_bed_infer(c->bed, c->task);
        c->answers++;
    }
    return NULL;
}

static void a_server_killed_while_switching_costs_no_answer(void **state)
{
    struct ensemble_bed *b = *state;
    atomic_int stop = 0;
    struct crowd crowds[2] = {{b, 0, &stop, 0}, {b, 1, &stop, 0}};
    pthread_t threads[2];

    ensemble_bed_open(b, NULL, 2);
    ensemble_bed_until(b, CLEAVE_EVENT_UP, 1);
    while (ensemble_bed_infer(b, 0) != 1) {
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            pthread_create(&threads[i], NULL, infer_on, &crowds[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        b->others = (i + 1) % 2;
        if (i == 1) {
            runner_bed_kill_server(b->posts->bed);
        } else if (i == 3) {
            runner_bed_start_server(b->posts->bed);
        }
        ensemble_bed_until(b, CLEAVE_EVENT_ADAPT, i + 1);
    }
    atomic_store(&stop, 1);
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_true(crowds[i].answers > 0);
    }
    assert_true(ensemble_bed_events(b, CLEAVE_EVENT_DOWN) >= 1);
}

static void a_variant_that_vanished_is_told_and_the_table_goes_on(void **state)
{
    struct ensemble_bed *b = *state;

    b->variant.path = b->posts->bed->model; /* the second task has its own */
    assert_int_equal(remove(b->posts->twin), 0);
    ensemble_bed_open(b, NULL, 2);
    ensemble_bed_until(b, CLEAVE_EVENT_REFUSED, 1);
    assert_string_equal(b->task[CLEAVE_EVENT_REFUSED], "test");
    b->others = 1;
    ensemble_bed_until(b, CLEAVE_EVENT_ADAPT, 1);
    assert_int_equal(ensemble_bed_next(b, 0), 1);
    ensemble_bed_memory(b, 1); /* wants the twin */
    ensemble_bed_until(b, CLEAVE_EVENT_ADAPT, 2);
    assert_non_null(
        strstr(b->reason[CLEAVE_EVENT_ADAPT], "test stays as it is"));
    assert_int_equal(ensemble_bed_next(b, 0), 1);
    assert_int_equal(ensemble_bed_next(b, 1), 0); /* the other one moved */
}

/* The other one's post is not there yet, so they are asked twice. */
static void what_stays_is_not_told_to_have_moved(void **state)
{
    struct ensemble_bed *b = *state;
    uint8_t nothing[CLV_POSTS_MOST] = {0};
    cleave_runner *other;

    b->variant.path = b->posts->bed->model;
    assert_int_equal(remove(b->posts->twin), 0);
    ensemble_bed_open(b, NULL, 2);
    ensemble_bed_until(b, CLEAVE_EVENT_REFUSED, 1);
    b->others = 1;
    ensemble_bed_until(b, CLEAVE_EVENT_ADAPT, 1);
    clv_managing_stop(b->ensemble); /* from here on the test looks */
    other = cleave_ensemble_runner(b->ensemble, 1);
    clv_runner_keep(other, nothing, 1);
    assert_false(clv_fleet_has(other->fleet, other->desks[0]->landing));
    ensemble_bed_memory(b, 1); /* wants the twin */
    while (ensemble_bed_events(b, CLEAVE_EVENT_ADAPT) < 2) {
        clv_managing_look(b->ensemble);
    }
    assert_non_null(
        strstr(b->reason[CLEAVE_EVENT_ADAPT], "test stays as it is"));
    assert_null(strstr(b->to[CLEAVE_EVENT_ADAPT], "test: twin"));
    assert_int_equal(b->ensemble->lineup.configs[0].variant, 0);
    assert_int_equal(ensemble_bed_next(b, 0), 1);
    assert_int_equal(ensemble_bed_next(b, 1), 0);
}

/* Two minutes later than it is. */
static int64_t late_now_ns(void *self)
{
    (void)self;
    return clv_clock_now_ns(clv_clock_machine()) +
           (int64_t)120 * 1000 * 1000 * 1000;
}

static void a_variant_that_came_back_is_used_in_the_end(void **state)
{
    struct ensemble_bed *b = *state;
    cleave_runner *r;

    runner_bed_kill_server(b->posts->bed);
    b->variant.path = b->posts->bed->model;
    assert_int_equal(remove(b->posts->twin), 0);
    ensemble_bed_open(b, NULL, 2);
    ensemble_bed_until(b, CLEAVE_EVENT_REFUSED, 1);
    ensemble_bed_memory(b, 1);
    ensemble_bed_until(b, CLEAVE_EVENT_ADAPT, 1);
    assert_int_equal(ensemble_bed_next(b, 0), 0);
    assert_int_equal(tiny_chain_write(b->posts->twin, TINY_SIZE), 0);
    clv_managing_stop(b->ensemble); /* from here on the test looks */
    r = cleave_ensemble_runner(b->ensemble, 0);
    r->clock.now_ns = late_now_ns;
    b->ensemble->clock.now_ns = late_now_ns;
    while (ensemble_bed_events(b, CLEAVE_EVENT_ADAPT) < 2) {
        clv_managing_look(b->ensemble);
        (void)ensemble_bed_infer(b, 0);
    }
    assert_int_equal(ensemble_bed_next(b, 0), 10);
    assert_int_equal(ensemble_bed_events(b, CLEAVE_EVENT_REFUSED), 1);
}

static void without_a_manager_states_are_told_and_nothing_moves(void **state)
{
    struct ensemble_bed *b = *state;
    int states;

    ensemble_bed_open(b, "none", 2);
    b->others = 1;
    ensemble_bed_until(b, CLEAVE_EVENT_STATE, 1);
    b->others = 0;
    ensemble_bed_until(b, CLEAVE_EVENT_STATE, 2);
    states = ensemble_bed_events(b, CLEAVE_EVENT_STATE);
    assert_true(states >= 2);
    assert_int_equal(ensemble_bed_events(b, CLEAVE_EVENT_ADAPT), 0);
    assert_int_equal(ensemble_bed_next(b, 0), 0);
    assert_int_equal(cleave_ensemble_runner(b->ensemble, 0)->desk_count, 1);
}

/* The published baseline: nothing is loaded before it is wanted. */
static void solving_anew_loads_when_it_has_to(void **state)
{
    struct ensemble_bed *b = *state;
    cleave_runner *r;

    runner_bed_kill_server(b->posts->bed);
    ensemble_bed_open(b, "oodin", 2);
    r = cleave_ensemble_runner(b->ensemble, 0);
    assert_int_equal(ensemble_bed_next(b, 0) / 10, 0);
    assert_int_equal(ensemble_bed_events(b, CLEAVE_EVENT_READY), 0);
    ensemble_bed_memory(b, 3);
    do { /* a server that is away is a change, too */
        ensemble_bed_until(b, CLEAVE_EVENT_ADAPT,
                           ensemble_bed_events(b, CLEAVE_EVENT_ADAPT) + 1);
    } while (ensemble_bed_next(b, 0) / 10 != 1);
    assert_non_null(strstr(b->to[CLEAVE_EVENT_ADAPT], "test: twin"));
    assert_true(ensemble_bed_events(b, CLEAVE_EVENT_READY) >= 1);
    while (clv_fleet_has(r->fleet, r->desks[0]->landing)) {
        (void)ensemble_bed_infer(b, 0); /* the old one goes */
    }
    assert_int_equal(ensemble_bed_infer(b, 0), 0);
}

static void a_manager_that_is_none_is_refused(void **state)
{
    struct ensemble_bed *b = *state;
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_int_equal(ensemble_bed_try(b, "boss", 2, &err), CLEAVE_INVALID);
    assert_non_null(strstr(err.text, "boss"));
    assert_null(b->ensemble);
}

static void a_task_that_cannot_be_opened_is_named(void **state)
{
    struct ensemble_bed *b = *state;
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_int_equal(remove(b->posts->twin), 0);
    assert_int_equal(ensemble_bed_try(b, NULL, 2, &err), CLEAVE_NOT_FOUND);
    assert_int_equal(strncmp(err.text, "text: ", 6), 0);
}

/* One task is as free as without an ensemble: it goes to the server. */
static void one_task_behaves_as_its_runner(void **state)
{
    struct ensemble_bed *b = *state;
    int64_t end = clv_clock_now_ns(clv_clock_machine()) + BED_PATIENCE_NS;

    ensemble_bed_open(b, NULL, 1);
    while (ensemble_bed_infer(b, 0) != 1) {
        assert_true(clv_clock_now_ns(clv_clock_machine()) < end);
    }
    runner_bed_kill_server(b->posts->bed);
    for (int i = 0; i < 20; i++) {
        assert_int_not_equal(ensemble_bed_infer(b, 0), 1);
    }
}

/* While the cores are taken by one who goes first. */
static void the_lower_priority_waits_for_cores(void **state)
{
    struct ensemble_bed *b = *state;
    atomic_int stop = 1; /* after one answer */
    struct crowd low = {b, 1, &stop, 0};
    pthread_t thread;

    runner_bed_kill_server(b->posts->bed);
    ensemble_bed_open(b, "none", 2);
    clv_turns_enter(&b->ensemble->turns, 1, 1000);
    atomic_store(&stop, 0);
    assert_int_equal(pthread_create(&thread, NULL, infer_on, &low), 0);
    while (clv_turns_waiting(&b->ensemble->turns) == 0) {
        sched_yield();
    }
    for (int i = 0; i < 10; i++) {
        assert_int_equal(ensemble_bed_infer(b, 0), 0); /* goes first */
    }
    assert_int_equal(clv_turns_waiting(&b->ensemble->turns), 1);
    atomic_store(&stop, 1);
    clv_turns_leave(&b->ensemble->turns, 1, 1000);
    pthread_join(thread, NULL);
    assert_int_equal(low.answers, 1);
}

int main(int argc, char **argv)
{
#define IN_BED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_BED(it_begins_with_the_design_of_the_calm_state),
        IN_BED(a_load_moves_all_tasks_and_its_end_moves_them_back),
        IN_BED(runners_events_carry_their_task),
        IN_BED(short_memory_unloads_what_is_not_wanted),
        IN_BED(short_memory_gives_back_what_nobody_uses),
        IN_BED(a_server_killed_while_switching_costs_no_answer),
        IN_BED(a_variant_that_vanished_is_told_and_the_table_goes_on),
        IN_BED(what_stays_is_not_told_to_have_moved),
        IN_BED(a_variant_that_came_back_is_used_in_the_end),
        IN_BED(without_a_manager_states_are_told_and_nothing_moves),
        IN_BED(solving_anew_loads_when_it_has_to),
        IN_BED(a_manager_that_is_none_is_refused),
        IN_BED(a_task_that_cannot_be_opened_is_named),
        IN_BED(one_task_behaves_as_its_runner),
        IN_BED(the_lower_priority_waits_for_cores),
    };

    runner_bed_serves(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
