/*
 * test_producing.c - products, and what solves them, without memory: whatever
 * allocation fails, it is said, and nothing is left behind.
 */
#include "product_bed.h"

#include "plan/exact.h"
#include "plan/rassbound.h"
#include "plan/solver.h"
#include "scarce_memory.h"

#if SCARCE_MEMORY

/* Each makes and solves, and says how it went. */
static cleave_status by_columns(const struct product_bed *bed)
{
    struct clv_product *product = NULL;
    struct clv_rass rass;
    cleave_status status = clv_product_new(&bed->options, &product, NULL);

    if (status == CLEAVE_OK) {
        status = clv_rass_solve(product, &rass, NULL);
    }
    clv_product_free(product);
    return status;
}

static cleave_status by_bounds(const struct product_bed *bed)
{
    struct clv_product *product = NULL;
    struct clv_rass rass;
    cleave_status status = clv_product_new(&bed->options, &product, NULL);

    if (status == CLEAVE_OK) {
        status = clv_rassbound_solve(product, &rass, NULL);
    }
    clv_product_free(product);
    return status;
}

static cleave_status by_rivals(const struct product_bed *bed)
{
    struct clv_product *product = NULL;
    struct clv_rass rass;
    struct clv_solution solution;
    size_t count;
    const struct clv_solver *solvers = clv_solvers(&count);
    cleave_status status = clv_product_new(&bed->options, &product, NULL);
    struct clv_solver_input input = {product, product};

    if (status == CLEAVE_OK) {
        status = clv_rass_solve(product, &rass, NULL);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        status = clv_solver_run(&solvers[i], &input, &rass, &solution, NULL);
    }
    clv_product_free(product);
    return status;
}

static void check(const struct product_bed *bed,
                  cleave_status (*solve)(const struct product_bed *))
{
    long held;
    long nth = 0;
    long told = 0;
    int failed;

    do {
        long before = scarce_begin(++nth);
        cleave_status status = solve(bed);
        failed = scarce_end(&held);
        /* the C library's qsort allocates, too, and can do without */
        assert_true(status == CLEAVE_OK || (failed && status == CLEAVE_MEMORY));
        told += status == CLEAVE_MEMORY;
        assert_int_equal(held, before);
    } while (failed);
    assert_true(told > 10);
}

static void failed_allocations_are_told(void **state)
{
    struct seeded s = seeded_init("memory", 1);
    struct product_bed_size size = {2, 1, 2, 1, 0, 0};
    struct product_bed bed;

    (void)state;
    product_bed_fill(&bed, &s, &size);
    check(&bed, by_columns);
    check(&bed, by_bounds);
    check(&bed, by_rivals);
    product_bed_fini(&bed);
}

#else

static void failed_allocations_are_told(void **state)
{
    (void)state;
    skip();
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failed_allocations_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
