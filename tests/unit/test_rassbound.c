/*
 * test_rassbound.c - RASS by bounds keeps what RASS through all designs keeps,
 * where both can be had.
 */
#include "product_bed.h"

#include "nearly.h"
#include "plan/rassbound.h"
#include "plan/tenth.h"

/* Terms of a thousandth of the range, at least, must lie between tenths. */
static void tenths_are_nearly_the_same(const struct clv_product *product,
                                       const struct clv_rass *all,
                                       const struct clv_rass *bound)
{
    double low = INFINITY;
    double high = 0;
    double total = clv_product_size(product);

    for (uint64_t i = 0; i < (uint64_t)total; i++) {
        uint32_t choice[CLV_SEATS];
        clv_product_choice(product, i, choice);
        low = fmin(low, clv_product_memory(product, choice));
        high = fmax(high, clv_product_memory(product, choice));
    }
    assert_true(bound->memory_tenth >= all->memory_tenth - 1e-6);
    assert_true(bound->memory_tenth <=
                all->memory_tenth + (high - low) * 0.006);
}

static void both_ways_keep_the_same(void **state)
{
    static const char *const of_all[] = {"stp", "energy", "antt"};
    struct seeded s = seeded_init("both ways", 1);

    (void)state;
    for (int round = 0; round < 10; round++) {
        struct product_bed_size size = {2 + (unsigned)round % 2, 2, 3, 1,
                                        round % 4 == 1,          0};
        struct product_bed bed;
        struct clv_product *product;
        struct clv_rass all;
        struct clv_rass bound;
        product_bed_fill(&bed, &s, &size);
        product_bed_wish(&bed.all, of_all[round % 3]);
        product_bed_demand(&bed.slos[0], "accuracy.drop <= 4pp");
        product_bed_agree(&bed);
        product = product_bed_make(&bed);
        assert_int_equal(clv_rass_solve(product, &all, NULL), CLEAVE_OK);
        assert_int_equal(clv_rassbound_solve(product, &bound, NULL), CLEAVE_OK);
        assert_true(bound.is_proven);
        assert_int_equal(bound.feasible, all.feasible);
        tenths_are_nearly_the_same(product, &all, &bound);
        for (size_t i = 0; i < all.kept_count; i++) {
            /* tenths differ a little, and what is kept for them may */
            unsigned sure = all.kept[i].roles &
                            ~(unsigned)(CLV_ROLE_MEMORY | CLV_ROLE_WORKLOAD);
            int is_there = sure == 0;
            for (size_t k = 0; k < bound.kept_count; k++) {
                is_there |= (bound.kept[k].roles & sure) == sure &&
                            bound.kept[k].design == all.kept[i].design;
            }
            assert_true(is_there);
        }
        assert_nearly(bound.kept[0].optimality, all.kept[0].optimality, 1e-7);
        clv_product_free(product);
        product_bed_fini(&bed);
    }
}

/* Four tasks of 55 configurations are nine millions. */
static void large_products_go_by_bounds(void **state)
{
    struct seeded s = seeded_init("large", 2);
    struct product_bed_size size = {4, 5, 5, 1, 1, 0};
    struct product_bed bed;
    struct clv_product *product;
    struct clv_rass rass;
    uint32_t best[CLV_SEATS];

    (void)state;
    size.engines = 4;
    size.variants = 6;
    product_bed_fill(&bed, &s, &size);
    product_bed_demand(&bed.all, "memory <= 300MB");
    product_bed_agree(&bed);
    product = product_bed_make(&bed);
    assert_true(clv_product_size(product) > CLV_RASS_MOST);
    assert_int_equal(clv_rass_solve(product, &rass, NULL), CLEAVE_OK);
    clv_product_choice(product, rass.kept[0].design, best);
    assert_nearly(clv_product_violation(product, best, NULL), 0, 0);
    assert_true(rass.kept_count > 0 && rass.is_proven);
    for (size_t i = 0; i < rass.kept_count; i++) {
        uint32_t choice[CLV_SEATS];
        clv_product_choice(product, rass.kept[i].design, choice);
        assert_true(rass.kept[i].optimality <= rass.kept[0].optimality);
        assert_nearly(clv_product_violation(product, choice, NULL), 0, 0);
        assert_int_equal(clv_product_processors(product, choice) &
                             (rass.kept[i].roles / CLV_ROLE_AVOIDS),
                         0);
    }
    clv_product_free(product);
    /* and what is in the way is found there, too */
    bed.all.constraint_count = 0;
    product_bed_demand(&bed.slos[2], "latency <= 1us");
    product_bed_agree(&bed);
    product = product_bed_make(&bed);
    {
        cleave_error err = CLEAVE_ERROR_INIT;
        assert_int_equal(clv_rass_solve(product, &rass, &err),
                         CLEAVE_NOT_FOUND);
        assert_non_null(strstr(err.text, "'latency <= 1.00 us' of words"));
    }
    clv_product_free(product);
    product_bed_fini(&bed);
}

static void memory_that_nobody_knows_has_no_tenth(void **state)
{
    struct seeded s = seeded_init("unknown", 3);
    struct product_bed_size size = {2, 2, 2, 1, 0, 1};
    struct product_bed bed;
    struct clv_product *product;
    struct clv_rass rass;

    (void)state;
    product_bed_fill(&bed, &s, &size);
    bed.all.objective_count = 0;
    product_bed_agree(&bed);
    product = product_bed_make(&bed);
    assert_int_equal(clv_rassbound_solve(product, &rass, NULL), CLEAVE_OK);
    assert_true(isinf(rass.memory_tenth) && isfinite(rass.workload_tenth));
    for (size_t i = 0; i < rass.kept_count; i++) {
        assert_int_equal(rass.kept[i].roles & CLV_ROLE_MEMORY, 0);
    }
    clv_product_free(product);
    product_bed_fini(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways_keep_the_same),
        cmocka_unit_test(large_products_go_by_bounds),
        cmocka_unit_test(memory_that_nobody_knows_has_no_tenth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
