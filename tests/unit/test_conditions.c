/*
 * test_conditions.c - predictions of one design, computed by hand.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "nearly.h"
#include "plan/conditions.h"

/* Candidate 0 splits, 1 runs on the device. */
struct bed {
    struct clv_costs costs;
    struct clv_cost_variant variant;
    struct clv_candidate candidates[2];
    struct clv_space space;
    struct clv_conditions now;
};

static void bed_init(struct bed *b)
{
    *b = (struct bed){
        .variant = {.size_bytes = 5000, .macs = 1000},
        .candidates = {{.device_ns = {.mean = 10e6,
                                      .std = 1e6,
                                      .min = 8e6,
                                      .max = 20e6,
                                      .p50 = 9e6,
                                      .p95 = 13e6,
                                      .count = 10},
                        .server_ns = {.mean = 2e6,
                                      .std = 1e6,
                                      .min = 1e6,
                                      .max = 9e6,
                                      .p50 = 2e6,
                                      .p95 = 6e6,
                                      .count = 10},
                        .bytes_up = {.mean = 10000,
                                     .std = 500,
                                     .min = 9000,
                                     .max = 12000,
                                     .p50 = 10000,
                                     .p95 = 11000,
                                     .count = 10},
                        .bytes_down = 1000,
                        .drop_pp = 0.5,
                        .accuracy = 0.7,
                        .memory_bytes = 1e6,
                        .energy_j = 0.04,
                        .head_share = 0.25},
                       {.server = CLV_NO_SERVER,
                        .device_ns = {.mean = 50e6, .p95 = 60e6, .count = 10},
                        .memory_bytes = CLV_UNKNOWN,
                        .energy_j = CLV_UNKNOWN,
                        .head_share = 1}},
    };
    b->costs = (struct clv_costs){.variants = &b->variant, .variant_count = 1};
    b->space = (struct clv_space){.costs = &b->costs,
                                  .power = {4, 2, 1},
                                  .candidates = b->candidates,
                                  .count = 2};
    b->now = clv_conditions_reference(1);
    b->now.slowdown = 2;
    b->now.reach[0] = (struct clv_reach){.up_bps = 8e6, /* a byte a us */
                                         .down_bps = 16e6,
                                         .rtt_ns = 4e6,
                                         .slowdown = 3,
                                         .queue_ns = 1e6,
                                         .slots = 2,
                                         .is_up = 1};
}

static double predict(const struct bed *b, size_t i, const char *text)
{
    struct clv_measure m;

    assert_int_equal(clv_measure_parse(text, &m, NULL), CLEAVE_OK);
    return clv_predict(&b->space, i, &b->now, m);
}

static void means_are_sums(void **state)
{
    struct bed b;
    struct clv_terms t;

    (void)state;
    bed_init(&b);
    t = clv_terms_of(&b.space, 0, &b.now);
    assert_nearly(t.device_ns, 20e6, 1e-6);
    assert_nearly(t.up_ns, 12e6, 1e-6);
    assert_nearly(t.queue_ns, 1e6, 1e-6);
    assert_nearly(t.server_ns, 6e6, 1e-6);
    assert_nearly(t.down_ns, 2.5e6, 1e-6);
    assert_nearly(predict(&b, 0, "latency"), 41.5e6, 1e-6);
    assert_nearly(predict(&b, 1, "latency"), 100e6, 1e-6);
    t = clv_terms_of(&b.space, 1, &b.now);
    assert_nearly(t.device_ns, 100e6, 1e-6);
    assert_nearly(t.up_ns + t.queue_ns + t.server_ns + t.down_ns, 0, 0);
}

static void excursions_add_as_squares(void **state)
{
    struct bed b;
    double device = 2 * 3e6;
    double up = 1e6;
    double server = 3 * 4e6;
    double rate = 1.644853626951 * 0.1;

    (void)state;
    bed_init(&b);
    assert_nearly(predict(&b, 0, "latency.p95"),
                  41.5e6 + sqrt(device * device + up * up + server * server),
                  1e-5);
    b.now.reach[0].rate_std = 0.1;
    assert_nearly(predict(&b, 0, "latency.p95"),
                  41.5e6 + sqrt(device * device + up * up + server * server +
                                pow(rate * 10e6, 2) + pow(rate * 0.5e6, 2)),
                  1e-5);
    b.now.reach[0].rate_std = 0;
    assert_nearly(predict(&b, 0, "latency.std"), sqrt(4e12 + 0.25e12 + 9e12),
                  1e-5);
    assert_nearly(predict(&b, 0, "latency.min"),
                  41.5e6 - sqrt(16e12 + 1e12 + 9e12), 1e-5);
    assert_nearly(predict(&b, 0, "latency.p50"), 39.5e6, 1e-5);
    assert_nearly(predict(&b, 0, "device_time.p95"), 26e6, 1e-5);
    assert_nearly(predict(&b, 0, "server_time"), 6e6, 1e-6);
    assert_nearly(predict(&b, 1, "latency.p95"), 120e6, 1e-5);
}

static void throughput_is_the_slowest_stage(void **state)
{
    struct bed b;

    (void)state;
    bed_init(&b);
    assert_nearly(predict(&b, 0, "throughput"), 50, 1e-9);
    assert_nearly(predict(&b, 0, "throughput.p95"), 1e9 / 26e6, 1e-9);
    assert_nearly(predict(&b, 0, "throughput.min"), 25, 1e-9);
    b.now.reach[0].up_bps = 1e6; /* 80 ms */
    assert_nearly(predict(&b, 0, "throughput"), 12.5, 1e-9);
    b.now.reach[0].slowdown = 200; /* 400 ms, two at once */
    assert_nearly(predict(&b, 0, "throughput"), 5, 1e-9);
}

static void energy_is_of_the_device(void **state)
{
    struct bed b;

    (void)state;
    bed_init(&b);
    /* 0.04 J twice as long; 10 ms at 2 W; 4 + 1 + 6 + 0.5 ms at 1 W */
    assert_nearly(predict(&b, 0, "energy"), 0.08 + 0.02 + 0.0115, 1e-12);
    b.space.power.send_w = CLV_UNKNOWN;
    assert_nearly(predict(&b, 0, "energy"), CLV_UNKNOWN, 0);
    assert_nearly(predict(&b, 1, "energy"), CLV_UNKNOWN, 0);
    b.candidates[1].energy_j = 0.3;
    assert_nearly(predict(&b, 1, "energy"), 0.6, 1e-12);
}

static void constants_are_constant(void **state)
{
    struct bed b;

    (void)state;
    bed_init(&b);
    b.now.reach[0].is_up = 0;
    assert_nearly(predict(&b, 0, "bytes"), 11000, 0);
    assert_nearly(predict(&b, 0, "bytes.p95"), 12000, 0);
    assert_nearly(predict(&b, 0, "accuracy"), 0.7, 1e-15);
    assert_nearly(predict(&b, 0, "accuracy.drop"), 0.5, 0);
    assert_nearly(predict(&b, 0, "memory"), 1e6, 0);
    assert_nearly(predict(&b, 1, "memory"), CLV_UNKNOWN, 0);
    assert_nearly(predict(&b, 0, "size"), 5000, 0);
    assert_nearly(predict(&b, 0, "workload"), 250, 0);
    assert_nearly(predict(&b, 0, "head"), 0.25, 0);
}

static void without_a_server_there_is_no_answer(void **state)
{
    struct bed b;

    (void)state;
    for (int way = 0; way < 4; way++) {
        bed_init(&b);
        b.now.reach[0].is_up = way != 0;
        b.now.reach[0].up_bps = way == 1 ? 0 : way == 2 ? NAN : 8e6;
        b.candidates[0].server = way == 3 ? CLV_SERVERS : 0;
        assert_true(isinf(predict(&b, 0, "latency")));
        assert_true(isinf(predict(&b, 0, "latency.p95")));
        assert_true(isinf(predict(&b, 0, "energy")));
        assert_true(isinf(predict(&b, 0, "server_time")));
        assert_nearly(predict(&b, 0, "throughput"), 0, 0);
        assert_nearly(predict(&b, 0, "device_time"), 20e6, 1e-6);
        assert_true(isinf(clv_terms_of(&b.space, 0, &b.now).up_ns));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(means_are_sums),
        cmocka_unit_test(excursions_add_as_squares),
        cmocka_unit_test(throughput_is_the_slowest_stage),
        cmocka_unit_test(energy_is_of_the_device),
        cmocka_unit_test(constants_are_constant),
        cmocka_unit_test(without_a_server_there_is_no_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
