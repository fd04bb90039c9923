/*
 * test_nearest.c - the design that comes nearest, against looking at all.
 */
#include "product_bed.h"

#include "nearly.h"
#include "plan/nearest.h"

/* Bounds that no design keeps. */
static void demand_too_much(struct product_bed *b)
{
    for (size_t i = 0; i < b->options.task_count; i++) {
        product_bed_demand(&b->slos[i], "latency <= 1ms");
        product_bed_demand(&b->slos[i], "accuracy >= 99%");
    }
    product_bed_demand(&b->all, "memory <= 1MB");
    product_bed_agree(b);
}

static void it_is_the_nearest_of_all(void **state)
{
    struct seeded s = seeded_init("nearest", 1);

    (void)state;
    for (int round = 0; round < 20; round++) {
        struct product_bed_size size = {
            1 + seeded_below(&s, 2), 2, 2, 1, round % 2, 0};
        struct product_bed bed;
        struct clv_product *product;
        struct clv_nearness nearest;
        uint32_t choice[CLV_SEATS];
        product_bed_fill(&bed, &s, &size);
        demand_too_much(&bed);
        product = product_bed_make(&bed);
        assert_true(clv_product_size(product) <= CLV_NEAREST_MOST);
        clv_nearest(product, choice);
        nearest = clv_nearness_of(product, &bed.goals, choice);
        assert_nearly(nearest.worst,
                      clv_product_violation(product, choice, NULL), 1e-9);
        for (uint64_t i = 0; i < (uint64_t)clv_product_size(product); i++) {
            struct clv_nearness other;
            clv_product_choice(product, i, choice);
            other = clv_nearness_of(product, &bed.goals, choice);
            assert_true(
                other.worst > nearest.worst ||
                (other.worst == nearest.worst && other.sum >= nearest.sum));
        }
        clv_product_free(product);
        product_bed_fini(&bed);
    }
}

/* Alone, each task comes near by itself, and so do all. */
static void in_a_large_product_it_is_near_too(void **state)
{
    struct seeded s = seeded_init("large", 2);
    struct product_bed_size size = {5, 2, 2, 1, 1, 0};
    struct product_bed bed;
    struct clv_product *product;
    uint32_t choice[CLV_SEATS];
    double worst;

    (void)state;
    product_bed_fill(&bed, &s, &size);
    for (size_t i = 0; i < bed.options.task_count; i++) {
        product_bed_demand(&bed.slos[i], "latency <= 1ms");
    }
    product_bed_agree(&bed);
    product = product_bed_make(&bed);
    assert_true(clv_product_size(product) > CLV_NEAREST_MOST);
    clv_nearest(product, choice);
    worst = clv_product_violation(product, choice, NULL);
    for (uint64_t i = 0; i < (uint64_t)clv_product_size(product); i += 7) {
        uint32_t other[CLV_SEATS];
        clv_product_choice(product, i, other);
        assert_true(clv_product_violation(product, other, NULL) >=
                    worst - 1e-12);
    }
    clv_product_free(product);
    product_bed_fini(&bed);
}

static void what_the_situation_rules_out_comes_last(void **state)
{
    struct seeded s = seeded_init("ruled out", 3);
    struct product_bed_size size = {2, 2, 1, 1, 1, 0};
    struct product_bed bed;
    struct clv_product *product;
    struct clv_nearness far;
    uint32_t choice[CLV_SEATS];

    (void)state;
    product_bed_fill(&bed, &s, &size);
    /* the only processor is out of order and the only server away */
    bed.options.situation.out_of_order = 1;
    bed.options.situation.conditions.reach[0].is_up = 0;
    product = product_bed_make(&bed);
    clv_nearest(product, choice);
    far = clv_nearness_of(product, &bed.goals, choice);
    assert_int_equal(far.away, 0);
    assert_int_equal(far.out_of_order, 1);
    clv_product_free(product);
    /* memory that no design does with */
    bed.options.situation = (struct clv_situation){
        .conditions = clv_conditions_reference(1), .memory_bytes = 1000};
    product = product_bed_make(&bed);
    clv_nearest(product, choice);
    far = clv_nearness_of(product, &bed.goals, choice);
    assert_true(far.memory > 0);
    assert_nearly(far.memory, clv_product_memory(product, choice) / 1000 - 1,
                  1e-9);
    for (uint64_t i = 0; i < (uint64_t)clv_product_size(product); i++) {
        uint32_t other[CLV_SEATS];
        clv_product_choice(product, i, other);
        assert_true(clv_product_memory(product, other) >=
                    clv_product_memory(product, choice));
    }
    clv_product_free(product);
    product_bed_fini(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_nearest_of_all),
        cmocka_unit_test(in_a_large_product_it_is_near_too),
        cmocka_unit_test(what_the_situation_rules_out_comes_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
