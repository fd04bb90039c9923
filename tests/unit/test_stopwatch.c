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
        ON_BED(giving_up_leaves_nothing_open),
        ON_BED(a_cut_that_is_none_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
