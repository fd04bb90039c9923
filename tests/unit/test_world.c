/*
 * test_world.c - inferences whose times are known, and the same luck for all.
 */
#include "world_bed.h"

#include "nearly.h"
#include "plan/world.h"

struct fixture {
    struct world_bed bed;
    struct clv_trace up;
    struct clv_simulation_options options;
    struct clv_world world;
};

static void begin(struct fixture *f, double bps, double spread)
{
    bed_init(&f->bed, spread);
    f->up = bed_flat(bps);
    f->options = (struct clv_simulation_options){
        .space = &f->bed.space, .up = &f->up, .rtt_ns = 40e6};
}

static void ready(struct fixture *f)
{
    cleave_error err = CLEAVE_ERROR_INIT;

    bed_is_ok(clv_world_init(&f->world, &f->options, &err), &err);
}

static void end(struct fixture *f)
{
    clv_trace_fini(&f->up);
    bed_fini(&f->bed);
}

static void an_inference_is_the_sum_of_its_parts(void **state)
{
    struct fixture f;
    struct clv_passage p;

    (void)state;
    begin(&f, 8e6, 0);
    f.options.device_slowdown = 2;
    f.options.server_slowdown = 3;
    ready(&f);
    clv_world_play(&f.world, bed_design(&f.bed, 10000), 0, S, &p);
    assert_true(p.begin_ns == S);
    assert_true(p.head_end_ns == S + 40 * MS);
    assert_true(p.sent_ns == p.head_end_ns);
    assert_true(p.through_ns == S + 50 * MS);
    assert_nearly((double)p.server_end_ns, (double)(S + 85 * MS), 10);
    /* 100 bytes down at four times the rate: 25 us. */
    assert_nearly((double)p.answer_ns, (double)(S + 105 * MS) + 25e3, 10);
    assert_nearly(p.link_ns, 50e6 + 25e3, 10);
    assert_true(p.lost_ns == INT64_MAX);
    clv_world_play(&f.world, bed_design(&f.bed, 0), 0, S, &p);
    assert_true(p.answer_ns == S + 200 * MS);
    end(&f);
}

static void a_down_trace_of_its_own_counts(void **state)
{
    struct fixture f;
    struct clv_passage p;
    struct clv_trace down = bed_flat(8e3);

    (void)state;
    begin(&f, 8e6, 0);
    f.options.down = &down;
    ready(&f);
    clv_world_play(&f.world, bed_design(&f.bed, 10000), 0, 0, &p);
    assert_nearly((double)p.answer_ns, 20e6 + 10e6 + 40e6 + 5e6 + 100e6, 10);
    end(&f);
    clv_trace_fini(&down);
}

static void stages_take_one_after_the_other(void **state)
{
    struct fixture f;
    struct clv_passage first;
    struct clv_passage second;

    (void)state;
    begin(&f, 8e5, 0); /* 10 kB take 100 ms */
    ready(&f);
    clv_world_play(&f.world, bed_design(&f.bed, 10000), 0, 0, &first);
    clv_world_take(&f.world, &first);
    clv_world_play(&f.world, bed_design(&f.bed, 10000), 1, 0, &second);
    assert_true(second.begin_ns == 20 * MS);
    assert_true(second.head_end_ns == 40 * MS);
    assert_true(second.sent_ns == 120 * MS);
    assert_true(second.through_ns == 220 * MS);
    end(&f);
}

static void an_outage_loses_what_is_under_way(void **state)
{
    struct fixture f;
    struct clv_passage p;

    (void)state;
    begin(&f, 8e6, 0);
    f.options.outage_from_ns = 10 * S;
    f.options.outage_to_ns = 11 * S;
    ready(&f);
    clv_world_play(&f.world, bed_design(&f.bed, 10000), 0, 10 * S - 30 * MS,
                   &p);
    assert_true(p.answer_ns == INT64_MAX);
    assert_true(p.lost_ns == 10 * S);
    /* One that begins later is refused after a round trip. */
    clv_world_play(&f.world, bed_design(&f.bed, 10000), 0, 10 * S, &p);
    assert_true(p.lost_ns == 10 * S + 20 * MS + 40 * MS);
    clv_world_play(&f.world, bed_design(&f.bed, 10000), 0, 11 * S, &p);
    assert_true(p.answer_ns < 12 * S && p.lost_ns == INT64_MAX);
    clv_world_play(&f.world, bed_design(&f.bed, 0), 0, 10 * S, &p);
    assert_true(p.answer_ns == 10 * S + 100 * MS);
    assert_true(clv_world_is_up(&f.world, 10 * S - 1));
    assert_false(clv_world_is_up(&f.world, 10 * S));
    assert_true(clv_world_is_up(&f.world, 11 * S));
    end(&f);
}

static void a_dead_link_never_answers(void **state)
{
    struct fixture f;
    struct clv_passage p;

    (void)state;
    begin(&f, 0, 0);
    ready(&f);
    clv_world_play(&f.world, bed_design(&f.bed, 10000), 0, 0, &p);
    assert_true(p.answer_ns == INT64_MAX);
    end(&f);
}

static void luck_is_the_same_for_the_same_inference(void **state)
{
    struct fixture f;
    struct clv_passage a;
    struct clv_passage b;
    double sum = 0;
    double squares = 0;
    int differ = 0;

    (void)state;
    begin(&f, 8e6, 0.5);
    f.options.is_noisy = 1;
    f.options.seed = 17;
    ready(&f);
    for (uint64_t i = 0; i < 4000; i++) {
        double ms;
        clv_world_play(&f.world, bed_design(&f.bed, 0), i, 0, &a);
        clv_world_play(&f.world, bed_design(&f.bed, 0), i, 5 * S, &b);
        assert_nearly(a.device_ns, b.device_ns, 0);
        ms = a.device_ns / 1e6;
        assert_true(ms >= 50 && ms <= 150);
        sum += ms;
        squares += ms * ms;
        differ += i > 0 && fabs(ms - 100) > 1;
    }
    /* The spread's own: uniform on 50 to 150, whose deviation is 29; what
       lies beyond its ends is brought back to them. */
    assert_nearly(sum / 4000, 100, 2);
    assert_nearly(sqrt(squares / 4000 - sum / 4000 * sum / 4000), 27.5, 2.5);
    assert_true(differ > 3000);
    f.options.seed = 18;
    ready(&f);
    clv_world_play(&f.world, bed_design(&f.bed, 0), 0, 0, &b);
    clv_world_play(&f.world, bed_design(&f.bed, 0), 3999, 0, &b);
    assert_true(fabs(a.device_ns - b.device_ns) > 1);
    end(&f);
}

static void finishing_costs_what_was_measured(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, 8e6, 0);
    f.options.device_slowdown = 2;
    ready(&f);
    assert_nearly(clv_world_finish_ns(&f.world, bed_design(&f.bed, 10000), 0),
                  160e6, 1);
    end(&f);
}

static void refuses_options_without_sense(void **state)
{
    struct fixture f;
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    begin(&f, 8e6, 0);
    f.options.rtt_ns = -1;
    assert_int_equal(CLEAVE_INVALID,
                     clv_world_init(&f.world, &f.options, &err));
    f.options.rtt_ns = 0;
    f.options.outage_from_ns = 2;
    f.options.outage_to_ns = 1;
    assert_int_equal(CLEAVE_INVALID,
                     clv_world_init(&f.world, &f.options, NULL));
    f.options.outage_from_ns = 0;
    f.options.device_slowdown = NAN;
    assert_int_equal(CLEAVE_INVALID,
                     clv_world_init(&f.world, &f.options, NULL));
    f.options.device_slowdown = 1;
    f.options.is_throughput = 1;
    f.options.in_flight = 17;
    assert_int_equal(CLEAVE_LIMIT, clv_world_init(&f.world, &f.options, NULL));
    end(&f);
}

static void later_does_not_run_over(void **state)
{
    (void)state;
    assert_true(clv_later(5, 7.9) == 12);
    assert_true(clv_later(INT64_MAX, 1) == INT64_MAX);
    assert_true(clv_later(INT64_MAX - 5, 10) == INT64_MAX);
    assert_true(clv_later(5, INFINITY) == INT64_MAX);
    assert_true(clv_later(5, 1e30) == INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_inference_is_the_sum_of_its_parts),
        cmocka_unit_test(a_down_trace_of_its_own_counts),
        cmocka_unit_test(stages_take_one_after_the_other),
        cmocka_unit_test(an_outage_loses_what_is_under_way),
        cmocka_unit_test(a_dead_link_never_answers),
        cmocka_unit_test(luck_is_the_same_for_the_same_inference),
        cmocka_unit_test(finishing_costs_what_was_measured),
        cmocka_unit_test(refuses_options_without_sense),
        cmocka_unit_test(later_does_not_run_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
