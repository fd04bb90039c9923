/*
 * test_costs.c - rows that make sense are kept, others are refused and leave
 * nothing behind; spreads against values counted by hand.
 */
#include "costs_bed.h"

#include <string.h>

#include "nearly.h"
#include "scarce_memory.h"

static void a_bed_has_what_was_asked_for(void **state)
{
    struct seeded s = seeded_init("bed", 1);
    struct costs_bed bed = {
        .variants = 2, .engines = 2, .cuts = 5, .servers = 3};
    struct clv_costs costs;

    (void)state;
    costs_bed_fill(&costs, &s, &bed);
    assert_int_equal(costs.variant_count, 2);
    assert_int_equal(costs.cut_count, 10);
    assert_int_equal(costs.head_count, 20);
    assert_int_equal(costs.tail_count, 2 * 4 * 3);
    assert_string_equal(costs.cuts[0].name, "input");
    assert_string_equal(costs.cuts[9].name, "output");
    assert_string_equal(costs.servers[2], "http://server2:8700");
    assert_true(costs.pack_count > 2 * 4 * 15);
    clv_costs_fini(&costs);
    clv_costs_fini(&costs); /* an all-zero one */
}

static void whole_networks_are_found(void **state)
{
    struct seeded s = seeded_init("whole", 3);
    struct costs_bed bed = {.variants = 2, .engines = 2, .cuts = 3};
    struct clv_costs costs;
    const struct clv_cost_head *h;

    (void)state;
    costs_bed_fill(&costs, &s, &bed);
    h = clv_costs_whole(&costs, 1, costs.engines[1]);
    assert_non_null(h);
    assert_int_equal(h->engine, 1);
    assert_int_equal(costs.cuts[h->cut].variant, 1);
    assert_string_equal(costs.cuts[h->cut].name, "output");
    assert_null(clv_costs_whole(&costs, 2, costs.engines[1]));
    assert_null(clv_costs_whole(&costs, 1, "another"));
    costs.heads[h - costs.heads].time_ns.count = 0;
    assert_null(clv_costs_whole(&costs, 1, costs.engines[1]));
    clv_costs_fini(&costs);
}

/* One row of each, to begin from. */
static void begin(struct clv_costs *costs)
{
    struct seeded s = seeded_init("begin", 2);
    struct costs_bed bed = {.cuts = 2};

    costs_bed_fill(costs, &s, &bed);
}

static void rows_refer_to_what_is_there(void **state)
{
    struct clv_costs costs;
    struct clv_cost_cut cut = {.variant = 1};
    struct clv_cost_head head;
    struct clv_cost_tail tail;
    struct clv_cost_pack pack;
    uint32_t index = 77;

    (void)state;
    begin(&costs);
    cut.name = costs.cuts[0].name;
    head = costs.heads[0];
    tail = costs.tails[0];
    pack = costs.packs[0];
    assert_int_equal(clv_costs_cut(&costs, &cut, &index, NULL), CLEAVE_INVALID);
    assert_int_equal(index, 77);
    head.engine = 1;
    assert_int_equal(clv_costs_head(&costs, &head, NULL), CLEAVE_INVALID);
    tail.server = 1;
    assert_int_equal(clv_costs_tail(&costs, &tail, NULL), CLEAVE_INVALID);
    pack.cut = 2;
    assert_int_equal(clv_costs_pack(&costs, &pack, NULL), CLEAVE_INVALID);
    assert_int_equal(costs.cut_count, 2);
    assert_int_equal(costs.head_count, 2);
    clv_costs_fini(&costs);
}

static void senseless_measurements_are_refused(void **state)
{
    struct clv_costs costs;
    struct clv_cost_head head;
    struct clv_cost_pack pack;
    cleave_error err = CLEAVE_ERROR_INIT;
    uint32_t index;

    (void)state;
    begin(&costs);
    head = costs.heads[0];
    head.time_ns.p95 = -1;
    assert_int_equal(clv_costs_head(&costs, &head, &err), CLEAVE_INVALID);
    assert_string_equal(err.where, "head time");
    head = costs.heads[0];
    head.memory_bytes = NAN;
    assert_int_equal(clv_costs_head(&costs, &head, NULL), CLEAVE_INVALID);
    head.memory_bytes = CLV_UNKNOWN;
    assert_int_equal(clv_costs_head(&costs, &head, NULL), CLEAVE_OK);
    pack = costs.packs[0];
    pack.bytes_down = INFINITY;
    assert_int_equal(clv_costs_pack(&costs, &pack, NULL), CLEAVE_INVALID);
    pack = costs.packs[0];
    pack.drop_high_pp = INFINITY; /* few inputs */
    assert_int_equal(clv_costs_pack(&costs, &pack, NULL), CLEAVE_OK);
    pack.drop_low_pp = pack.drop_pp + 1;
    assert_int_equal(clv_costs_pack(&costs, &pack, NULL), CLEAVE_INVALID);
    assert_int_equal(clv_costs_engine(&costs, "", &index, NULL),
                     CLEAVE_INVALID);
    clv_costs_fini(&costs);
}

static void a_table_has_a_limit(void **state)
{
    struct clv_costs costs;
    struct clv_cost_tail tail;
    cleave_status status = CLEAVE_OK;

    (void)state;
    begin(&costs);
    tail = costs.tails[0];
    while (status == CLEAVE_OK && costs.tail_count <= 1U << 20) {
        status = clv_costs_tail(&costs, &tail, NULL);
    }
    assert_int_equal(status, CLEAVE_LIMIT);
    assert_int_equal(costs.tail_count, 1U << 20);
    clv_costs_fini(&costs);
}

static void without_memory_nothing_is_lost(void **state)
{
#if SCARCE_MEMORY
    int failed = 1;

    (void)state;
    for (long nth = 1; failed; nth++) {
        struct clv_costs costs;
        struct clv_cost_variant variant = {.name = (char *)(uintptr_t)"v",
                                           .metric = (char *)(uintptr_t)"top1"};
        cleave_status status;
        uint32_t index;
        long before;
        long after;
        clv_costs_init(&costs);
        before = scarce_begin(nth);
        status = clv_costs_variant(&costs, &variant, &index, NULL);
        failed = scarce_end(&after);
        assert_int_equal(status, failed ? CLEAVE_MEMORY : CLEAVE_OK);
        assert_int_equal(costs.variant_count, failed ? 0 : 1);
        clv_costs_fini(&costs);
        scarce_begin(0);
        scarce_end(&after);
        assert_int_equal(after, before);
    }
#else
    (void)state;
    skip();
#endif
}

static void spreads_are_counted_right(void **state)
{
    double values[100];
    double one[] = {7};
    struct clv_spread spread;

    (void)state;
    for (int i = 0; i < 100; i++) {
        values[i] = 100 - i; /* 100 down to 1 */
    }
    spread = clv_spread_of(values, 100);
    assert_nearly(spread.mean, 50.5, 1e-12);
    assert_nearly(spread.std, 29.011491975882016, 1e-12);
    assert_nearly(spread.min, 1, 0);
    assert_nearly(spread.max, 100, 0);
    assert_nearly(spread.p50, 50, 0);
    assert_nearly(spread.p90, 90, 0);
    assert_nearly(spread.p95, 95, 0);
    assert_nearly(spread.p99, 99, 0);
    assert_int_equal(spread.count, 100);
    spread = clv_spread_of(one, 1);
    assert_nearly(spread.p99, 7, 0);
    assert_nearly(spread.std, 0, 0);
    assert_int_equal(clv_spread_of(NULL, 0).count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bed_has_what_was_asked_for),
        cmocka_unit_test(whole_networks_are_found),
        cmocka_unit_test(rows_refer_to_what_is_there),
        cmocka_unit_test(senseless_measurements_are_refused),
        cmocka_unit_test(a_table_has_a_limit),
        cmocka_unit_test(without_memory_nothing_is_lost),
        cmocka_unit_test(spreads_are_counted_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
