/*
 * test_space.c - designs from parts: how many, and what each costs by hand.
 */
#include "costs_bed.h"

#include <string.h>

#include "nearly.h"
#include "plan/space.h"
#include "scarce_memory.h"

static const struct clv_power power = {4, 2, 1};
static const struct clv_power none = {CLV_UNKNOWN, CLV_UNKNOWN, CLV_UNKNOWN};

/* Two cuts by hand: `input` with one packing, and `output`. */
static void by_hand(struct clv_costs *costs)
{
    struct clv_cost_variant v = {.name = (char *)(uintptr_t)"net",
                                 .metric = (char *)(uintptr_t)"top1",
                                 .score = 0.7,
                                 .score_low = 0.68,
                                 .score_high = 0.72};
    struct clv_cost_cut cut = {.name = (char *)(uintptr_t)"input"};
    struct clv_cost_head head = {.memory_bytes = 100, .energy_j = 0};
    struct clv_cost_tail tail = {0};
    struct clv_cost_pack pack = {
        .packing = {.coder = CLV_CODER_LZ, .bits = 4},
        .pack_ns = {.mean = 10, .std = 3, .p95 = 14, .max = 20, .count = 9},
        .unpack_ns = {.mean = 5, .p95 = 8, .count = 9},
        .bytes_up = {.mean = 1000, .p95 = 1500, .count = 9},
        .huffman_bytes = 800,
        .bytes_down = 50,
        .drop_pp = 0.5,
        .drop_low_pp = -0.5,
        .drop_high_pp = 1.5,
    };
    uint32_t index;

    clv_costs_init(costs);
    assert_int_equal(clv_costs_engine(costs, "cpu", &index, NULL), CLEAVE_OK);
    assert_int_equal(clv_costs_server(costs, "http://s", &index, NULL),
                     CLEAVE_OK);
    assert_int_equal(clv_costs_variant(costs, &v, &index, NULL), CLEAVE_OK);
    assert_int_equal(clv_costs_cut(costs, &cut, &index, NULL), CLEAVE_OK);
    assert_int_equal(clv_costs_head(costs, &head, NULL), CLEAVE_OK);
    tail.time_ns = (struct clv_spread){.mean = 20, .p95 = 24, .count = 9};
    assert_int_equal(clv_costs_tail(costs, &tail, NULL), CLEAVE_OK);
    assert_int_equal(clv_costs_pack(costs, &pack, NULL), CLEAVE_OK);
    cut.name = (char *)(uintptr_t)"output";
    cut.head_share = 1;
    assert_int_equal(clv_costs_cut(costs, &cut, &index, NULL), CLEAVE_OK);
    head.cut = index;
    head.time_ns = (struct clv_spread){.mean = 2e9, .p95 = 3e9, .count = 9};
    head.energy_j = CLV_UNKNOWN;
    assert_int_equal(clv_costs_head(costs, &head, NULL), CLEAVE_OK);
}

static void parts_add_up(void **state)
{
    struct clv_costs costs;
    struct clv_space space;
    const struct clv_candidate *c;
    char text[CLV_DESIGN_TEXT];

    (void)state;
    by_hand(&costs);
    assert_int_equal(clv_space_init(&space, &costs, &power, NULL), CLEAVE_OK);
    assert_int_equal(space.count, 3);
    c = &space.candidates[0];
    assert_int_equal(c->server, 0);
    assert_nearly(c->device_ns.mean, 10, 0);
    assert_nearly(c->device_ns.p95, 14, 1e-12);
    assert_nearly(c->server_ns.mean, 25, 0);
    assert_nearly(c->server_ns.p95, 25 + 5, 1e-12); /* of 4 and 3 */
    assert_nearly(c->drop_pp, 0.5, 1e-12);
    assert_nearly(c->drop_high_pp, 1.5, 1e-12);
    assert_nearly(c->accuracy, 0.695, 1e-12);
    assert_nearly(c->energy_j, 4 * 10e-9, 1e-18);
    assert_string_equal(clv_design_text(&space, 0, text),
                        "cut input lz:bits=4 on http://s");
    assert_int_equal(space.candidates[1].is_huffman, 1);
    assert_nearly(space.candidates[1].bytes_up.mean, 800, 1e-9);
    assert_nearly(space.candidates[1].bytes_up.p95, 1200, 1e-9);
    c = &space.candidates[2];
    assert_int_equal(c->server, CLV_NO_SERVER);
    assert_int_equal(c->pack, CLV_NO_PACK);
    assert_nearly(c->energy_j, 8, 1e-12);
    assert_nearly(c->drop_pp, 0, 0);
    assert_string_equal(clv_design_text(&space, 2, text), "cut output");
    clv_space_fini(&space);
    clv_space_fini(&space); /* an all-zero one */

    assert_int_equal(clv_space_init(&space, &costs, &none, NULL), CLEAVE_OK);
    assert_nearly(space.candidates[2].energy_j, CLV_UNKNOWN, 0);
    assert_nearly(space.candidates[0].energy_j, CLV_UNKNOWN, 0);
    clv_space_fini(&space);
    clv_costs_fini(&costs);
}

static void every_combination_is_there_once(void **state)
{
    struct seeded s = seeded_init("combinations", 1);
    struct costs_bed bed = {
        .variants = 2, .engines = 3, .cuts = 5, .servers = 2};
    struct clv_costs costs;
    struct clv_space space;
    size_t wanted = 2 * 3; /* heads of the cuts `output` */
    size_t huffman = 0;

    (void)state;
    costs_bed_fill(&costs, &s, &bed);
    for (size_t i = 0; i < costs.pack_count; i++) {
        huffman += costs.packs[i].huffman_bytes > 0;
    }
    wanted += 3 * 2 * (costs.pack_count + huffman);
    assert_int_equal(clv_space_init(&space, &costs, &power, NULL), CLEAVE_OK);
    assert_int_equal(space.count, wanted);
    for (size_t i = 0; i < space.count; i++) {
        const struct clv_candidate *c = &space.candidates[i];
        assert_int_equal(costs.heads[c->head].cut, c->cut);
        assert_int_equal(costs.heads[c->head].engine, c->engine);
        assert_int_equal(costs.cuts[c->cut].variant, c->variant);
        if (c->pack != CLV_NO_PACK) {
            assert_int_equal(costs.packs[c->pack].cut, c->cut);
        }
        /* the second variant is a point behind */
        assert_nearly(c->drop_pp - (c->pack == CLV_NO_PACK
                                        ? 0
                                        : costs.packs[c->pack].drop_pp),
                      c->variant == 0 ? 0 : 1, 1e-9);
        assert_true(c->drop_high_pp >= c->drop_pp);
    }
    clv_space_fini(&space);
    clv_costs_fini(&costs);
}

static void missing_parts_are_named(void **state)
{
    struct clv_costs costs;
    struct clv_space space = {.count = 77};
    cleave_error err = CLEAVE_ERROR_INIT;
    uint32_t index;

    (void)state;
    clv_costs_init(&costs);
    assert_int_equal(clv_space_init(&space, &costs, &power, &err),
                     CLEAVE_NOT_FOUND);
    assert_non_null(strstr(err.text, "no head was measured"));
    clv_costs_fini(&costs);
    by_hand(&costs);
    costs.head_count = 1; /* that of `input` */
    costs.tail_count = 0;
    err = (cleave_error)CLEAVE_ERROR_INIT;
    assert_int_equal(clv_space_init(&space, &costs, &power, &err),
                     CLEAVE_NOT_FOUND);
    assert_non_null(strstr(err.text, "no head has a packing and a tail"));
    for (int i = 0; i < 8; i++) {
        assert_int_equal(clv_costs_server(&costs, "http://t", &index, NULL),
                         CLEAVE_OK);
    }
    assert_int_equal(clv_space_init(&space, &costs, &power, NULL),
                     CLEAVE_LIMIT);
    assert_int_equal(space.count, 77);
    clv_costs_fini(&costs);
}

static void without_memory_there_is_no_space(void **state)
{
#if SCARCE_MEMORY
    struct clv_costs costs;
    int failed = 1;

    (void)state;
    by_hand(&costs);
    for (long nth = 1; failed; nth++) {
        struct clv_space space = {0};
        long after;
        long before = scarce_begin(nth);
        cleave_status status = clv_space_init(&space, &costs, &power, NULL);
        failed = scarce_end(&after);
        assert_int_equal(status, failed ? CLEAVE_MEMORY : CLEAVE_OK);
        clv_space_fini(&space);
        scarce_begin(0);
        scarce_end(&after);
        assert_int_equal(after, before);
    }
    clv_costs_fini(&costs);
#else
    (void)state;
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_add_up),
        cmocka_unit_test(every_combination_is_there_once),
        cmocka_unit_test(missing_parts_are_named),
        cmocka_unit_test(without_memory_there_is_no_space),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
