/*
 * test_logbook.c - events come one at a time with their place in the run, and
 * the sums are right.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "run/logbook.h"

#define THREADS 4
#define EACH 200

struct listener {
    struct clv_logbook log;
    int inside;
    int clashes;
    int heard;
    int64_t last_ns;
};

/* Not atomic on purpose: only one at a time may be here. */
static void listen(void *self, const cleave_event *event)
{
    struct listener *l = self;

    l->clashes += l->inside++;
    l->clashes += event->at_ns < l->last_ns;
    l->last_ns = event->at_ns;
    l->heard++;
    l->inside--;
}

static void *tell_many(void *self)
{
    struct listener *l = self;

    for (int i = 0; i < EACH; i++) {
        cleave_event event = {.kind = CLEAVE_EVENT_SWITCH};
        clv_logbook_begin(&l->log);
        clv_logbook_tell(&l->log, &event);
    }
    return NULL;
}

static void events_come_one_at_a_time(void **state)
{
    struct listener l = {0};
    pthread_t threads[THREADS];
    cleave_runner_status status = {0};

    (void)state;
    clv_logbook_init(&l.log, listen, &l);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, tell_many, &l), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    clv_logbook_look(&l.log, &status);
    assert_int_equal(l.clashes, 0);
    assert_int_equal(l.heard, THREADS * EACH);
    assert_int_equal(status.inferences, THREADS * EACH);
    assert_int_equal(status.switches, THREADS * EACH);
    clv_logbook_fini(&l.log);
}

static void latencies_and_predictions_are_summed(void **state)
{
    struct clv_logbook log;
    cleave_runner_status status = {0};

    (void)state;
    clv_logbook_init(&log, NULL, NULL);
    clv_logbook_look(&log, &status);
    assert_int_equal(status.p50_ns, 0);
    for (int64_t i = 1; i <= 100; i++) {
        cleave_result r = {.total_ns = 1000 * i, .predicted_ns = 1100 * i};
        clv_logbook_end(&log, &r);
    }
    for (int i = 0; i < 10; i++) { /* finished here: was not predicted */
        cleave_result r = {
            .total_ns = 900000, .predicted_ns = 1, .finish_ns = 1};
        clv_logbook_end(&log, &r);
    }
    clv_logbook_look(&log, &status);
    assert_in_range(status.p50_ns, 54000, 57000);
    assert_int_equal(status.p95_ns, 900000);
    assert_int_equal(status.finished_here, 10);
    assert_true(status.prediction_error > 0.0999 &&
                status.prediction_error < 0.1001);
    clv_logbook_fini(&log);
}

static void every_event_has_a_name(void **state)
{
    (void)state;
    for (int i = 0; i < CLEAVE_EVENT_COUNT; i++) {
        assert_string_not_equal(cleave_event_name((cleave_event_kind)i),
                                "event");
    }
    assert_string_equal(cleave_event_name(CLEAVE_EVENT_DOWN), "down");
    assert_string_equal(cleave_event_name(CLEAVE_EVENT_COUNT), "event");
}

static void estimates_are_the_servers_or_unknown(void **state)
{
    struct clv_conditions c = {.slowdown = 2};
    cleave_estimates e;

    (void)state;
    c.reach[3] = (struct clv_reach){.up_bps = 5, .rtt_ns = 7, .slowdown = 1};
    e = clv_logbook_estimates(&c, 3);
    assert_true(e.up_bps > 4 && e.rtt_ns > 6 && e.device_slowdown > 1.9);
    e = clv_logbook_estimates(&c, CLV_NO_SERVER);
    assert_true(e.up_bps < 0 && e.rtt_ns < 0 && e.server_slowdown < 0);
    assert_true(e.device_slowdown > 1.9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_come_one_at_a_time),
        cmocka_unit_test(latencies_and_predictions_are_summed),
        cmocka_unit_test(every_event_has_a_name),
        cmocka_unit_test(estimates_are_the_servers_or_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
