/*
 * test_oracle.c - the first answer of all, found among few.
 */
#include "world_bed.h"

#include "costs_bed.h"
#include "nearly.h"
#include "plan/oracle.h"

static const struct clv_policy *oracle_policy(void)
{
    const struct clv_policy *policy = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    bed_is_ok(clv_policy_find("oracle", &policy, &err), &err);
    return policy;
}

static struct clv_slo within(double points)
{
    struct clv_slo slo = clv_slo_default();
    char text[48];
    cleave_error err = CLEAVE_ERROR_INIT;

    snprintf(text, sizeof text, "accuracy.drop <= %gpp", points);
    bed_is_ok(clv_constraint_parse(text, &slo.constraints[0], &err), &err);
    slo.constraint_count = 1;
    return slo;
}

static size_t choose(const struct world_bed *bed, const struct clv_slo *slo,
                     const struct clv_trace *up, int64_t at_ns)
{
    struct clv_simulation_options options = {
        .space = &bed->space, .up = up, .rtt_ns = 40e6};
    struct clv_world world;
    struct clv_oracle oracle;
    cleave_error err = CLEAVE_ERROR_INIT;
    int64_t answer_ns;
    size_t best;

    bed_is_ok(clv_world_init(&world, &options, &err), &err);
    bed_is_ok(clv_oracle_init(&oracle, &bed->space, slo, oracle_policy(), &err),
              &err);
    best = clv_oracle_best(&oracle, &world, at_ns, &answer_ns);
    clv_oracle_fini(&oracle);
    return best;
}

static void each_link_has_its_design(void **state)
{
    struct world_bed bed;
    struct clv_slo strict = within(1);
    struct clv_slo lax = within(10);
    struct clv_trace slow = bed_flat(0.1e6);
    struct clv_trace middle = bed_flat(5e6);
    struct clv_trace fast = bed_flat(200e6);

    (void)state;
    bed_init(&bed, 0);
    assert_int_equal(bed_design(&bed, 0), choose(&bed, &strict, &slow, 0));
    assert_int_equal(bed_design(&bed, 10000),
                     choose(&bed, &strict, &middle, 0));
    assert_int_equal(bed_design(&bed, 100000), choose(&bed, &strict, &fast, 0));
    assert_int_equal(bed_design(&bed, 1000), choose(&bed, &lax, &middle, 0));
    clv_trace_fini(&slow);
    clv_trace_fini(&middle);
    clv_trace_fini(&fast);
    bed_fini(&bed);
}

/* The link is fast now and dead in a moment: only who knows stays home. */
static void knows_what_is_to_come(void **state)
{
    struct world_bed bed;
    struct clv_slo slo = within(1);
    struct clv_trace trace = bed_trace("0,100\n1,0\n2,100\n");

    (void)state;
    bed_init(&bed, 0);
    assert_int_equal(bed_design(&bed, 100000), choose(&bed, &slo, &trace, 0));
    assert_int_equal(bed_design(&bed, 0),
                     choose(&bed, &slo, &trace, S - 8 * MS));
    clv_trace_fini(&trace);
    bed_fini(&bed);
}

static void what_nothing_meets_is_said(void **state)
{
    struct world_bed bed;
    struct clv_slo slo = within(1);
    struct clv_oracle oracle;
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    bed_init(&bed, 0);
    bed_is_ok(clv_constraint_parse("memory <= 1kB", &slo.constraints[1], &err),
              &err);
    slo.constraint_count = 2;
    assert_int_equal(
        CLEAVE_NOT_FOUND,
        clv_oracle_init(&oracle, &bed.space, &slo, oracle_policy(), &err));
    assert_null(oracle.candidates);
    bed_fini(&bed);
}

/* All candidates played one by one find no earlier answer. */
static void few_find_what_all_would(void **state)
{
    struct seeded chance = seeded_init("oracle", 5);
    struct costs_bed kind = {.variants = 2, .engines = 2, .cuts = 9};
    struct clv_slo slo = within(1);
    struct clv_power power = {1, 1, 1};
    struct clv_costs costs;
    struct clv_space space;
    struct clv_oracle oracle;
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_trace trace = bed_trace("0,5\n1,0.2\n2,20\n3,0\n4,1\n5,80\n");
    struct clv_simulation_options options = {.up = &trace, .rtt_ns = 30e6};
    struct clv_world world;

    (void)state;
    costs_bed_fill(&costs, &chance, &kind);
    bed_is_ok(clv_space_init(&space, &costs, &power, &err), &err);
    options.space = &space;
    bed_is_ok(clv_world_init(&world, &options, &err), &err);
    bed_is_ok(clv_oracle_init(&oracle, &space, &slo, oracle_policy(), &err),
              &err);
    assert_true(oracle.count < space.count / 2);
    for (int round = 0; round < 100; round++) {
        int64_t at = (int64_t)(6e9 * seeded_unit(&chance));
        int64_t answer;
        int64_t first = INT64_MAX;
        clv_oracle_best(&oracle, &world, at, &answer);
        for (size_t i = 0; i < space.count; i++) {
            struct clv_passage p;
            clv_world_play(&world, i, 0, at, &p);
            if (oracle_policy()->knows(&space, i) &&
                space.candidates[i].drop_pp <= 1 && p.answer_ns < first) {
                first = p.answer_ns;
            }
        }
        assert_true(answer == first);
    }
    clv_oracle_fini(&oracle);
    clv_trace_fini(&trace);
    clv_space_fini(&space);
    clv_costs_fini(&costs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_link_has_its_design),
        cmocka_unit_test(knows_what_is_to_come),
        cmocka_unit_test(what_nothing_meets_is_said),
        cmocka_unit_test(few_find_what_all_would),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
