/*
 * test_sheet.c - a sheet that is used again tells what a new one tells: of
 * other products, and of the same with more memory or less.
 */
#include "product_bed.h"

#include "nearly.h"
#include "plan/sheet.h"

static void must_equal(const struct clv_rass *a, const struct clv_rass *b)
{
    assert_int_equal(a->feasible, b->feasible);
    assert_nearly(a->memory_tenth, b->memory_tenth, 0);
    assert_nearly(a->workload_tenth, b->workload_tenth, 0);
    assert_memory_equal(&a->yardstick, &b->yardstick, sizeof a->yardstick);
    assert_int_equal(a->kept_count, b->kept_count);
    for (size_t i = 0; i < a->kept_count; i++) {
        assert_int_equal(a->kept[i].design, b->kept[i].design);
        assert_int_equal(a->kept[i].roles, b->kept[i].roles);
        assert_nearly(a->kept[i].optimality, b->kept[i].optimality, 0);
    }
}

/* Solves on the sheet and on a new one; 0 if nothing is feasible. */
static int solve_twice(struct clv_sheet *sheet, const struct product_bed *bed,
                       struct clv_rass *ret_rass)
{
    struct clv_product *product = product_bed_make(bed);
    struct clv_sheet *fresh;
    struct clv_rass rass;
    cleave_status status = clv_sheet_solve(sheet, product, ret_rass, NULL);

    assert_int_equal(clv_sheet_new(&fresh, NULL), CLEAVE_OK);
    assert_int_equal(clv_sheet_solve(fresh, product, &rass, NULL), status);
    clv_sheet_free(fresh);
    clv_product_free(product);
    if (status == CLEAVE_OK) {
        must_equal(ret_rass, &rass);
    } else {
        assert_int_equal(status, CLEAVE_NOT_FOUND);
    }
    return status == CLEAVE_OK;
}

/* Memory goes down to about the tenth, again and again, until nothing fits, and
 * is there again then. */
static int squeeze(struct clv_sheet *sheet, struct product_bed *bed)
{
    struct clv_situation *s = &bed->options.situation;
    struct clv_rass rass;
    int squeezed = 0;

    s->memory_bytes = INFINITY;
    while (solve_twice(sheet, bed, &rass)) {
        /* so little that d0 falls out, and in the end all */
        s->memory_bytes = rass.memory_tenth / (1 + CLV_RASS_SLIGHT) * 0.999;
        squeezed++;
        assert_true(squeezed < 100);
    }
    s->memory_bytes = 0;
    assert_true(solve_twice(sheet, bed, &rass));
    return squeezed;
}

static void sheets_are_used_again(void **state)
{
    struct seeded s = seeded_init("sheets", 1);
    struct clv_sheet *sheet;
    int squeezed = 0;

    (void)state;
    assert_int_equal(clv_sheet_new(&sheet, NULL), CLEAVE_OK);
    for (int round = 0; round < 12; round++) {
        struct product_bed_size size = {1 + seeded_below(&s, 3), 3, 2, 1,
                                        round % 3 == 2,          0};
        struct product_bed bed;
        struct clv_rass rass;
        product_bed_fill(&bed, &s, &size);
        if (round % 2) {
            product_bed_wish(&bed.all, round % 4 == 1 ? "fairness" : "antt");
            product_bed_demand(&bed.all, "stp >= 0.8");
            product_bed_agree(&bed);
        }
        squeezed += squeeze(sheet, &bed);
        bed.options.situation.hogs = 1;
        solve_twice(sheet, &bed, &rass);
        bed.options.situation.memory_bytes = rass.memory_tenth;
        bed.options.situation.conditions.reach[0].is_up = 0;
        solve_twice(sheet, &bed, &rass);
        bed.options.situation.conditions.reach[0].is_up = 1;
        bed.options.situation.conditions.reach[0].up_bps /= 50;
        solve_twice(sheet, &bed, &rass);
        /* and so that no round begins as another one ended */
        bed.options.situation.conditions.slowdown = 2;
        solve_twice(sheet, &bed, &rass);
        product_bed_fini(&bed);
    }
    clv_sheet_free(sheet);
    assert_true(squeezed > 24); /* more than once a round */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sheets_are_used_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
