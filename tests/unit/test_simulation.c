/*
 * test_simulation.c - whole runs in virtual time, on links that are known.
 */
#include "world_bed.h"

#include <stdlib.h>

#include "nearly.h"
#include "plan/simulation.h"

struct fixture {
    struct world_bed bed;
    struct clv_trace up;
    struct clv_slo slo;
    struct clv_simulation_options options;
    struct clv_simulation_result result;
    struct clv_simulation_step *steps;
    size_t count;
    size_t room;
};

static const struct clv_policy *policy_of(const char *name)
{
    const struct clv_policy *policy = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    bed_is_ok(clv_policy_find(name, &policy, &err), &err);
    return policy;
}

static void begin(struct fixture *f, struct clv_trace up)
{
    *f = (struct fixture){.up = up, .slo = clv_slo_default()};
    bed_init(&f->bed, 0.1);
    f->options = (struct clv_simulation_options){
        .space = &f->bed.space, .slo = &f->slo, .up = &f->up, .rtt_ns = 40e6};
}

static void end(struct fixture *f)
{
    clv_trace_fini(&f->up);
    bed_fini(&f->bed);
    free(f->steps);
}

static void keep(void *self, const struct clv_simulation_step *step)
{
    struct fixture *f = self;

    if (f->count == f->room) {
        f->room = 2 * f->room + 100;
        f->steps = realloc(f->steps, f->room * sizeof *f->steps);
        assert_non_null(f->steps);
    }
    f->steps[f->count++] = *step;
}

static const struct clv_simulation_result *play(struct fixture *f,
                                                const char *policy)
{
    cleave_error err = CLEAVE_ERROR_INIT;

    f->options.policy = policy_of(policy);
    f->count = 0;
    bed_is_ok(clv_simulation_run(&f->options, keep, f, &f->result, &err), &err);
    assert_int_equal(f->count, f->result.inferences);
    return &f->result;
}

/* The first inference at or behind a time. */
static const struct clv_simulation_step *step_at(const struct fixture *f,
                                                 int64_t at_ns)
{
    for (size_t i = 0; i < f->count; i++) {
        if (f->steps[i].at_ns >= at_ns) {
            return &f->steps[i];
        }
    }
    fail_msg("nothing after %lld ms", (long long)(at_ns / MS));
    return NULL;
}

static void a_steady_link_gives_what_is_predicted(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, bed_flat(8e6));
    play(&f, "cleave");
    assert_int_equal(f.steps[20].candidate, bed_design(&f.bed, 10000));
    assert_nearly(f.result.latency_ns.p50, 20e6 + 10e6 + 40e6 + 5e6, 1e5);
    for (size_t i = 5; i < f.count; i++) {
        assert_nearly(f.steps[i].predicted_ns / f.steps[i].latency_ns, 1, 0.02);
    }
    assert_nearly(f.result.throughput_per_s, 1 / 0.075, 0.2);
    assert_nearly(f.result.drop_pp, 0.5, 0.05);
    end(&f);
}

static void policies_that_do_not_choose_do_not(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, bed_flat(8e6));
    play(&f, "device-only");
    assert_nearly(f.result.latency_ns.mean, 100e6, 1e3);
    assert_nearly(f.result.bytes_up, 0, 0);
    assert_int_equal(0, f.result.probes);
    play(&f, "server-raw");
    assert_nearly(f.result.latency_ns.mean, 1e6 + 100e6 + 40e6 + 10e6, 1e6);
    assert_int_equal(0, f.result.switches);
    end(&f);
}

static void numbers_are_the_same_bit_for_bit(void **state)
{
    struct fixture f;
    struct clv_simulation_result first;

    (void)state;
    begin(&f, bed_trace("0,8\n1,0.4\n2,20\n3,0\n4,1\n5,8\n"));
    f.options.is_noisy = 1;
    f.options.seed = 3;
    f.options.duration_ns = 100 * S;
    first = *play(&f, "cleave");
    play(&f, "cleave");
    assert_memory_equal(&first, &f.result, sizeof first);
    f.options.seed = 4;
    play(&f, "cleave");
    assert_true(first.latency_ns.mean < f.result.latency_ns.mean ||
                first.latency_ns.mean > f.result.latency_ns.mean);
    end(&f);
}

static void the_oracle_is_never_beaten(void **state)
{
    static const char *const names[] = {"cleave", "device-only", "server-raw",
                                        "neurosurgeon", "dyno"};
    struct fixture f;
    double least;

    (void)state;
    begin(&f, bed_trace("0,8\n2,0.4\n4,20\n6,1\n8,80\n10,3\n"));
    f.options.duration_ns = 120 * S;
    least = play(&f, "oracle")->latency_ns.mean;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_true(play(&f, names[i])->latency_ns.mean >= least * 0.999);
    }
    play(&f, "cleave");
    assert_true(f.result.latency_ns.mean < 1.1 * least);
    end(&f);
}

static void follows_a_tenfold_step_in_five_inferences(void **state)
{
    struct fixture f;
    struct fixture o;

    (void)state;
    begin(&f, bed_trace("0,8\n10,80\n20,8\n30,0.8\n"));
    begin(&o, bed_trace("0,8\n10,80\n20,8\n30,0.8\n"));
    play(&f, "cleave");
    play(&o, "oracle");
    for (int64_t at = 10 * S; at <= 30 * S; at += 10 * S) {
        const struct clv_simulation_step *ours = step_at(&f, at) + 5;
        const struct clv_simulation_step *best = step_at(&o, ours->at_ns);
        assert_true(ours->latency_ns <= 1.1 * best->latency_ns);
    }
    end(&f);
    end(&o);
}

static void an_outage_is_finished_here_and_left_by_probing(void **state)
{
    struct fixture f;
    int64_t back = 0;

    (void)state;
    begin(&f, bed_flat(8e6));
    f.options.rate_per_s = 8;
    f.options.outage_from_ns = 10 * S + 90 * MS;
    f.options.outage_to_ns = 15 * S;
    f.slo.deadline_ns = 300 * MS;
    play(&f, "cleave");
    assert_int_equal(f.result.inferences, f.result.in_time);
    assert_true(f.result.finished_here >= 1);
    assert_int_equal(step_at(&f, 11 * S)->candidate, bed_design(&f.bed, 0));
    for (size_t i = 0; i < f.count && back == 0; i++) {
        if (f.steps[i].at_ns >= 15 * S &&
            f.steps[i].candidate == bed_design(&f.bed, 10000)) {
            back = f.steps[i].at_ns;
        }
    }
    assert_true(back >= 15 * S && back <= 16 * S);
    end(&f);
}

static void who_cannot_finish_sends_again(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, bed_flat(8e6));
    f.options.outage_from_ns = 10 * S;
    f.options.outage_to_ns = 15 * S;
    play(&f, "server-raw");
    assert_true(f.result.latency_ns.max >= 5e9 &&
                f.result.latency_ns.max < 5.4e9);
    assert_int_equal(0, f.result.finished_here);
    end(&f);
}

/* Ten seconds without a bit: who has a deadline keeps it. */
static void a_late_answer_is_finished_by_the_deadline(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, bed_trace("0,8\n10,0\n20,8\n30,8\n"));
    f.slo.deadline_ns = 400 * MS;
    play(&f, "cleave");
    assert_int_equal(f.result.inferences, f.result.in_time);
    assert_true(f.result.finished_here >= 1);
    assert_true(f.result.latency_ns.max <= 400e6 + 1e3);
    f.slo.deadline_ns = 0;
    play(&f, "server-raw");
    assert_true(f.result.latency_ns.max > 9e9);
    end(&f);
}

static void home_is_left_when_probes_say_so(void **state)
{
    struct fixture f;
    int64_t at;

    (void)state;
    begin(&f, bed_trace("0,0.1\n20,8\n40,8\n"));
    play(&f, "cleave");
    assert_int_equal(step_at(&f, 10 * S)->candidate, bed_design(&f.bed, 0));
    at = step_at(&f, 20 * S + 5 * S)->at_ns;
    assert_true(at < 26 * S);
    assert_int_equal(step_at(&f, 25 * S)->candidate, bed_design(&f.bed, 10000));
    assert_true(f.result.probes >= 5);
    end(&f);
}

static void a_loaded_device_sends_earlier(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, bed_flat(8e6));
    f.options.device_slowdown = 10;
    play(&f, "cleave");
    assert_int_equal(f.steps[f.count - 1].candidate,
                     bed_design(&f.bed, 100000));
    end(&f);
}

static void a_pipeline_is_as_fast_as_its_slowest_stage(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, bed_flat(1.6e6)); /* 10 kB take 50 ms */
    f.options.is_throughput = 1;
    bed_is_ok(clv_objective_parse("maximize", "throughput", 0,
                                  &f.slo.objectives[0], NULL),
              NULL);
    f.slo.objective_count = 1;
    play(&f, "cleave");
    assert_nearly(f.result.throughput_per_s, 20, 0.5);
    f.options.in_flight = 1; /* no overlap: device, link, server in turns */
    play(&f, "cleave");
    assert_true(f.result.throughput_per_s < 10);
    end(&f);
}

static void arrivals_beyond_what_waits_are_dropped(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, bed_flat(8e6));
    f.options.rate_per_s = 20; /* and the device does 10 */
    play(&f, "device-only");
    assert_nearly((double)f.result.dropped, 600, 20);
    assert_nearly((double)f.result.inferences, 600, 5);
    assert_true(f.result.latency_ns.max <=
                (CLV_SIMULATION_WAITING + 1) * 100e6);
    f.options.rate_per_s = 5;
    play(&f, "device-only");
    assert_int_equal(0, f.result.dropped);
    assert_nearly(f.result.latency_ns.mean, 100e6, 1e3);
    end(&f);
}

static void a_dead_link_ends_who_needs_it(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, bed_flat(0));
    play(&f, "server-raw");
    assert_int_equal(0, f.result.inferences);
    assert_int_equal(1, f.result.unanswered);
    play(&f, "cleave");
    assert_int_equal(0, f.result.unanswered);
    assert_nearly(f.result.latency_ns.mean, 100e6, 1e5);
    end(&f);
}

static void broken_latency_constraints_are_counted(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, bed_flat(8e6));
    bed_is_ok(clv_constraint_parse("latency <= 90ms",
                                   &f.slo.constraints[f.slo.constraint_count],
                                   NULL),
              NULL);
    f.slo.constraint_count++;
    play(&f, "device-only");
    assert_int_equal(f.result.inferences, f.result.violations);
    play(&f, "cleave");
    assert_int_equal(0, f.result.violations);
    end(&f);
}

static void errors_come_through(void **state)
{
    struct fixture f;
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    begin(&f, bed_flat(8e6));
    f.options.policy = policy_of("cleave");
    f.options.rtt_ns = -1;
    assert_int_equal(CLEAVE_INVALID, clv_simulation_run(&f.options, NULL, NULL,
                                                        &f.result, &err));
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_steady_link_gives_what_is_predicted),
        cmocka_unit_test(policies_that_do_not_choose_do_not),
        cmocka_unit_test(numbers_are_the_same_bit_for_bit),
        cmocka_unit_test(the_oracle_is_never_beaten),
        cmocka_unit_test(follows_a_tenfold_step_in_five_inferences),
        cmocka_unit_test(an_outage_is_finished_here_and_left_by_probing),
        cmocka_unit_test(who_cannot_finish_sends_again),
        cmocka_unit_test(a_late_answer_is_finished_by_the_deadline),
        cmocka_unit_test(home_is_left_when_probes_say_so),
        cmocka_unit_test(a_loaded_device_sends_earlier),
        cmocka_unit_test(a_pipeline_is_as_fast_as_its_slowest_stage),
        cmocka_unit_test(arrivals_beyond_what_waits_are_dropped),
        cmocka_unit_test(a_dead_link_ends_who_needs_it),
        cmocka_unit_test(broken_latency_constraints_are_counted),
        cmocka_unit_test(errors_come_through),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
