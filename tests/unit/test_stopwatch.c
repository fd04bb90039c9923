/*
 * test_stopwatch.c - times by a clock that ticks when it is looked at, so that
 * all of them are known.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "nearly.h"
#include "profile/stopwatch.h"
#include "rating_bed.h"

#define TICK 10

static const char *const cuts[] = {"input", "a", "b", "output"};

static int64_t tick(void *self)
{
    int64_t *now = self;

    return *now += TICK;
}

static int count_steps(void *self, size_t done, size_t count)
{
    size_t *last = self;

    assert_true(done <= count && done >= *last);
    *last = done;
    return 0;
}

static int give_up(void *self, size_t done, size_t count)
{
    (void)self;
    (void)count;
    return done > 6;
}

static struct clv_stopwatch_options options_of(struct rating_bed *b,
                                               int64_t *now)
{
    return (struct clv_stopwatch_options){
        .network = b->network,
        .source = b->source,
        .samples = b->samples,
        .sample_count = 3,
        .cuts = cuts,
        .cut_count = 4,
        .rounds = 5,
        .visits = 3,
        .clock = {tick, now},
    };
}

static void every_part_gets_its_time(void **state)
{
    int64_t now = 0;
    size_t last = 0;
    struct clv_stopwatch_options o = options_of(*state, &now);
    struct clv_laps laps[4];
    cleave_error err = CLEAVE_ERROR_INIT;

    o.progress = count_steps;
    o.self = &last;
    if (clv_stopwatch_run(&o, laps, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    assert_true(last > 0);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(laps[i].head_ns.count, 15);
        assert_int_equal(laps[i].finish_ns.count, 15);
        assert_true(laps[i].part_bytes > 0);
        assert_true(laps[i].energy_j == CLV_UNKNOWN);
        assert_nearly(laps[i].head_ns.p50, i == 0 ? 0 : TICK, 0);
        assert_nearly(laps[i].finish_ns.max, i == 3 ? 0 : TICK, 0);
    }
    /* Head and tail together are more than either of them is alone. */
    assert_true(laps[1].part_bytes >= laps[0].part_bytes);
    assert_int_equal(clv_network_bytes(((struct rating_bed *)*state)->network),
                     0);
}

static void it_goes_on_until_it_took_long_enough(void **state)
{
    int64_t now = 0;
    struct clv_stopwatch_options o = options_of(*state, &now);
    struct clv_laps laps[4];

    o.least_ns = (int64_t)100 * TICK * 3 * 4 * 4; /* about 100 rounds */
    assert_int_equal(clv_stopwatch_run(&o, laps, NULL), CLEAVE_OK);
    assert_in_range(laps[1].head_ns.count, 200, 400);
}

static void slow_engines_get_fewer_rounds(void **state)
{
    int64_t now = 0;
    struct clv_stopwatch_options o = options_of(*state, &now);
    struct clv_laps laps[4];

    o.rounds = 50;
    o.most_ns = TICK;
    assert_int_equal(clv_stopwatch_run(&o, laps, NULL), CLEAVE_OK);
    assert_int_equal(laps[1].head_ns.count, 3 * 3);
}

/* A machine on which others work during some looks at the clock: time goes by
   faster then, and somebody waits. */
struct busy {
    int64_t now;
    int64_t looks;
    double waited;
    int64_t busy_from; /* looks */
    int64_t busy_until;
};

static int64_t tick_busily(void *self)
{
    struct busy *b = self;
    int is_busy = b->looks >= b->busy_from && b->looks < b->busy_until;

    b->looks++;
    b->waited += is_busy ? 4 * TICK : 0;
    return b->now += is_busy ? 5 * TICK : TICK;
}

static double wait_busily(void *self)
{
    return ((struct busy *)self)->waited;
}

static void run_busily(struct rating_bed *bed, struct busy *b, int is_known,
                       struct clv_laps laps[4])
{
    struct clv_stopwatch_options o = options_of(bed, NULL);
    cleave_error err = CLEAVE_ERROR_INIT;

    o.rounds = 20;
    o.clock = (struct clv_clock){tick_busily, b};
    if (is_known) {
        o.stall = (struct clv_stall){wait_busily, b};
    }
    if (clv_stopwatch_run(&o, laps, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
}

/* Nearly half of the time others are busy; the profile does not show it. */
static void what_others_disturb_is_measured_again(void **state)
{
    struct busy b = {.busy_from = 100, .busy_until = 450};
    struct clv_laps laps[4];

    run_busily(*state, &b, 1, laps);
    for (size_t i = 0; i < 4; i++) {
        assert_true(laps[i].runs > 60 && laps[i].disturbed > 10);
        assert_true(laps[i].runs - laps[i].disturbed >= 60);
        assert_int_equal(laps[i].finish_ns.count,
                         laps[i].runs - laps[i].disturbed);
        assert_nearly(laps[i].finish_ns.max, i == 3 ? 0 : TICK, 0);
        assert_nearly(laps[i].head_ns.mean, i == 0 ? 0 : TICK, 1e-9);
        assert_nearly(laps[i].stalled, 0, 1e-9);
    }
}

/* Without a count of waiting, only what is rare is put down to others. */
static void rare_slowness_is_others_where_nothing_is_known(void **state)
{
    struct busy b = {.busy_from = 100, .busy_until = 180};
    struct clv_laps laps[4];

    run_busily(*state, &b, 0, laps);
    assert_nearly(laps[1].head_ns.max, TICK, 0);
    assert_true(laps[1].disturbed > 0);
    assert_true(laps[1].stalled == CLV_UNKNOWN);
    b = (struct busy){.busy_from = 100, .busy_until = 500};
    run_busily(*state, &b, 0, laps);
    assert_nearly(laps[1].head_ns.max, 5 * TICK, 0); /* so it is */
    assert_int_equal(laps[1].disturbed, 0);
}

/* What never rests is measured as it is, and told. */
static void a_machine_that_never_rests_is_told(void **state)
{
    struct busy b = {.busy_from = 0, .busy_until = INT64_MAX};
    struct clv_laps laps[4];

    run_busily(*state, &b, 1, laps);
    assert_int_equal(laps[1].disturbed, 0);
    assert_int_equal(laps[1].runs, 60);
    assert_nearly(laps[1].head_ns.mean, 5 * TICK, 1e-9);
    assert_true(laps[1].stalled > 0.7);
}

static void several_networks_share_the_rounds(void **state)
{
    struct rating_bed *b = *state;
    int64_t now = 0;
    struct clv_stopwatch_options o = options_of(b, &now);
    struct clv_network *networks[2] = {b->network, NULL};
    static const char *const wholes[] = {"output", "output"};
    struct clv_laps laps[2];
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_int_equal(clv_network_open(scratch_path(b->scratch, "net.onnx"),
                                      b->engine, b->store, &networks[1], &err),
                     CLEAVE_OK);
    o.network = NULL;
    o.networks = networks;
    o.cuts = wholes;
    o.cut_count = 2;
    assert_int_equal(clv_stopwatch_run(&o, laps, &err), CLEAVE_OK);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(laps[i].head_ns.count, 15);
        assert_nearly(laps[i].head_ns.max, TICK, 0);
        assert_true(laps[i].part_bytes > 0);
    }
    clv_network_close(networks[1]);
}

static void giving_up_leaves_nothing_open(void **state)
{
    int64_t now = 0;
    struct clv_stopwatch_options o = options_of(*state, &now);
    struct clv_laps laps[4];

    o.progress = give_up;
    assert_int_equal(clv_stopwatch_run(&o, laps, NULL), CLEAVE_CANCELLED);
    assert_int_equal(clv_network_bytes(((struct rating_bed *)*state)->network),
                     0);
}

static void a_cut_that_is_none_is_an_error(void **state)
{
    static const char *const wrong[] = {"a", "nowhere"};
    int64_t now = 0;
    struct clv_stopwatch_options o = options_of(*state, &now);
    struct clv_laps laps[4];

    o.cuts = wrong;
    o.cut_count = 2;
    assert_int_equal(clv_stopwatch_run(&o, laps, NULL), CLEAVE_NOT_FOUND);
}

#define ON_BED(test) cmocka_unit_test_setup_teardown(test, bed_begin, bed_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BED(every_part_gets_its_time),
        ON_BED(it_goes_on_until_it_took_long_enough),
        ON_BED(slow_engines_get_fewer_rounds),
        ON_BED(what_others_disturb_is_measured_again),
        ON_BED(rare_slowness_is_others_where_nothing_is_known),
        ON_BED(a_machine_that_never_rests_is_told),
        ON_BED(several_networks_share_the_rounds),
        ON_BED(giving_up_leaves_nothing_open),
        ON_BED(a_cut_that_is_none_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
