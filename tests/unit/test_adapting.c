/*
 * test_adapting.c - inferences in streams and in parallel while the server
 * comes and goes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdatomic.h>

#include "base/wait.h"
#include "runner_bed.h"

#define MS 1000000
#define RATE_EACH_NS (50 * (int64_t)MS) /* twenty a second */
#define CALLERS 3

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

/* Twenty a second; what befalls the server does so in between. */
static void stream(struct runner_bed *b, int count)
{
    int64_t next_ns = clv_clock_now_ns(clv_clock_machine());

    for (int i = 0; i < count; i++) {
        clv_wait_until(next_ns);
        next_ns += RATE_EACH_NS;
        (void)runner_bed_infer(b); /* fails the test if it is not answered */
    }
}

static void a_stream_outlives_its_server(void **state)
{
    struct runner_bed *b = *state;

    runner_bed_open(b, NULL, 1);
    runner_bed_until(b, 1);
    stream(b, 4);
    runner_bed_kill_server(b);
    stream(b, 8);
    runner_bed_start_server(b);
    runner_bed_until(b, 1);
    stream(b, 4);
    kill(b->server, SIGSTOP);
    stream(b, 8);
    kill(b->server, SIGCONT);
    runner_bed_until(b, 1);
    stream(b, 4);
    clv_relay_cut(b->relay, 1);
    stream(b, 8);
    clv_relay_cut(b->relay, 0);
    runner_bed_until(b, 1);
}

static void with_a_deadline_too(void **state)
{
    struct runner_bed *b = *state;

    b->task.slo.deadline_ns = 100 * MS;
    runner_bed_open(b, NULL, 1);
    runner_bed_until(b, 1);
    clv_relay_cut(b->relay, 1);
    runner_bed_until(b, -1);
    runner_bed_until(b, 0);
    clv_relay_cut(b->relay, 0);
    runner_bed_until(b, 1);
}

struct caller {
    struct runner_bed *bed;
    atomic_int *over;
    int answered;
    int here;
    pthread_t thread;
};

static void *call(void *self)
{
    struct caller *c = self;

    while (!atomic_load(c->over)) {
        c->here += runner_bed_infer(c->bed) != 1;
        c->answered++;
    }
    return NULL;
}

static void several_at_once_outlive_it_too(void **state)
{
    struct runner_bed *b = *state;
    struct caller callers[CALLERS];
    atomic_int over = 0;
    cleave_runner_status s;
    int answered = 0;

    runner_bed_open(b, NULL, CALLERS);
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){.bed = b, .over = &over};
        assert_int_equal(
            pthread_create(&callers[i].thread, NULL, call, &callers[i]), 0);
    }
    runner_bed_await(b, CLEAVE_EVENT_SWITCH, 1);
    runner_bed_kill_server(b);
    runner_bed_await(b, CLEAVE_EVENT_DOWN, 1);
    runner_bed_start_server(b);
    runner_bed_until(b, 1);
    atomic_store(&over, 1);
    for (int i = 0; i < CALLERS; i++) {
        pthread_join(callers[i].thread, NULL);
        answered += callers[i].answered;
    }
    cleave_runner_look(b->runner, &s);
    assert_true(s.inferences > (uint64_t)answered);
    assert_true(s.switches >= 3);
}

/* Baselines finish nothing here: their server's failure is theirs. */
static void a_baseline_fails_with_its_server(void **state)
{
    struct runner_bed *b = *state;
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_result *r = NULL;

    runner_bed_open(b, "server-raw", 1);
    assert_int_equal(runner_bed_infer(b), 1);
    runner_bed_kill_server(b);
    assert_int_equal(cleave_runner_infer(b->runner, &b->input, 1, &r, &err),
                     CLEAVE_UNREACHABLE);
    assert_null(r);
    assert_string_equal(err.where, b->url);
    runner_bed_start_server(b);
    while (cleave_runner_infer(b->runner, &b->input, 1, &r, NULL) !=
           CLEAVE_OK) {
        assert_null(r);
    }
    cleave_result_free(r);
}

static void wrong_inputs_are_the_callers_fault(void **state)
{
    struct runner_bed *b = *state;
    cleave_tensor bad = b->input;
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_result *r = NULL;

    runner_bed_open(b, NULL, 1);
    bad.info.shape[1]--;
    assert_int_equal(cleave_runner_infer(b->runner, &bad, 1, &r, &err),
                     CLEAVE_MISMATCH);
    assert_non_null(strstr(err.text, "1x4096"));
    runner_bed_until(b, 1);
    assert_int_equal(cleave_runner_infer(b->runner, &bad, 1, &r, NULL),
                     CLEAVE_MISMATCH);
    runner_bed_until(b, 1);
    assert_int_equal(runner_bed_events(b, CLEAVE_EVENT_DOWN), 0);
}

int main(int argc, char **argv)
{
#define IN_BED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_BED(a_stream_outlives_its_server),
        IN_BED(with_a_deadline_too),
        IN_BED(several_at_once_outlive_it_too),
        IN_BED(a_baseline_fails_with_its_server),
        IN_BED(wrong_inputs_are_the_callers_fault),
    };

    runner_bed_serves(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
