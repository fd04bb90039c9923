/*
 * test_rass.c - RASS on products against all their designs one by one, and
 * what is said when none is feasible.
 */
#include "product_bed.h"

#include "nearly.h"
#include "plan/rass.h"

/* Everything of a product by columns, as its own functions tell it. */
struct written {
    size_t count;
    double *columns[CLV_GOALS];
    double *memory;
    double *workload;
    double *violation;
    uint32_t *processors;
};

static double *array(size_t count)
{
    double *values = calloc(count, sizeof *values);

    assert_non_null(values);
    return values;
}

static void write_out(struct written *w, const struct clv_product *product,
                      const struct clv_goals *goals)
{
    w->count = (size_t)clv_product_size(product);
    for (size_t g = 0; g < goals->goal_count; g++) {
        w->columns[g] = array(w->count);
    }
    w->memory = array(w->count);
    w->workload = array(w->count);
    w->violation = array(w->count);
    w->processors = calloc(w->count, sizeof *w->processors);
    assert_non_null(w->processors);
    for (size_t i = 0; i < w->count; i++) {
        uint32_t choice[CLV_SEATS];
        clv_product_choice(product, i, choice);
        for (size_t g = 0; g < goals->goal_count; g++) {
            w->columns[g][i] = clv_product_value(
                product, choice, goals->goals[g].task, goals->goals[g].measure);
        }
        w->memory[i] = clv_product_memory(product, choice);
        w->workload[i] = clv_product_workload(product, choice);
        w->violation[i] = clv_product_violation(product, choice, NULL);
        w->processors[i] = clv_product_processors(product, choice);
    }
}

static void written_fini(struct written *w)
{
    for (size_t g = 0; g < CLV_GOALS; g++) {
        free(w->columns[g]);
    }
    free(w->memory);
    free(w->workload);
    free(w->violation);
    free(w->processors);
}

static cleave_status solve_written(const struct written *w,
                                   const struct clv_goals *goals,
                                   struct clv_rass *ret_rass)
{
    const double *violation = w->violation;
    struct clv_constraint none = {.bound = 0};
    int maximize[CLV_GOALS];
    struct clv_rass_columns columns = {
        .designs = w->count,
        .objectives = (const double *const *)w->columns,
        .maximize = maximize,
        .objective_count = goals->goal_count,
        .bounded = &violation,
        .bounds = &none,
        .bound_count = 1,
        .memory = w->memory,
        .workload = w->workload,
        .processors = w->processors,
    };

    for (size_t g = 0; g < goals->goal_count; g++) {
        maximize[g] = goals->goals[g].maximize;
    }
    return clv_rass_columns_solve(&columns, ret_rass, NULL, NULL);
}

/* Wishes and bounds of every sort, each in some rounds. */
static void draw_wishes(struct product_bed *b, struct seeded *s)
{
    static const char *const of_all[] = {"stp", "antt", "fairness", "energy",
                                         "workload"};

    product_bed_wish(&b->all, of_all[seeded_below(s, 5)]);
    if (seeded_below(s, 2)) {
        product_bed_demand(&b->slos[0], "accuracy.drop <= 2pp");
        product_bed_demand(&b->slos[0], "ntt <= 1.5");
    }
    if (seeded_below(s, 2)) {
        product_bed_demand(&b->all, "memory <= 170MB");
    }
    if (seeded_below(s, 3) == 0) {
        product_bed_demand(&b->all, "fairness >= 70%");
        product_bed_demand(&b->all, "stp >= 1.2");
    }
    b->options.situation.hogs = seeded_below(s, 3);
    b->options.situation.memory_bytes =
        seeded_below(s, 3) == 0 ? 2.2e8 : INFINITY;
    b->tasks[0].rate_per_s = seeded_below(s, 2) ? 2 : 0;
}

static void products_are_solved_as_if_written_out(void **state)
{
    struct seeded s = seeded_init("products", 1);
    int feasible = 0;

    (void)state;
    for (int round = 0; round < 16; round++) {
        struct product_bed_size size = {2 + (unsigned)round % 2, 2, 2, 1,
                                        round % 4 == 3,          0};
        struct product_bed bed;
        struct clv_product *product;
        struct written w = {.count = 0};
        struct clv_rass rass;
        struct clv_rass wanted;
        cleave_status status;
        product_bed_fill(&bed, &s, &size);
        draw_wishes(&bed, &s);
        product_bed_agree(&bed);
        product = product_bed_make(&bed);
        write_out(&w, product, &bed.goals);
        status = clv_rass_try(product, &rass, NULL);
        assert_int_equal(status, solve_written(&w, &bed.goals, &wanted));
        if (status == CLEAVE_OK) {
            feasible++;
            assert_int_equal(rass.feasible, wanted.feasible);
            assert_int_equal(rass.kept_count, wanted.kept_count);
            for (size_t i = 0; i < wanted.kept_count; i++) {
                uint32_t choice[CLV_SEATS];
                assert_int_equal(rass.kept[i].design, wanted.kept[i].design);
                assert_int_equal(rass.kept[i].roles, wanted.kept[i].roles);
                assert_nearly(rass.kept[i].optimality,
                              wanted.kept[i].optimality, 1e-9);
                clv_product_choice(product, rass.kept[i].design, choice);
                assert_nearly(clv_rass_rate(&rass, product, choice),
                              rass.kept[i].optimality, 0);
            }
        }
        written_fini(&w);
        clv_product_free(product);
        product_bed_fini(&bed);
    }
    assert_true(feasible >= 8);
}

/* Nothing that is kept can be bettered in everything. */
static void what_is_kept_avoids_what_it_is_kept_for(void **state)
{
    struct seeded s = seeded_init("roles", 2);
    struct product_bed_size size = {2, 3, 3, 1, 0, 0};
    struct product_bed bed;
    struct clv_product *product;
    struct clv_rass rass;
    uint32_t best[CLV_SEATS];

    (void)state;
    product_bed_fill(&bed, &s, &size);
    product = product_bed_make(&bed);
    assert_int_equal(clv_rass_solve(product, &rass, NULL), CLEAVE_OK);
    assert_true(rass.kept[0].roles & CLV_ROLE_BEST);
    clv_product_choice(product, rass.kept[0].design, best);
    for (size_t i = 0; i < rass.kept_count; i++) {
        const struct clv_rass_design *kept = &rass.kept[i];
        uint32_t choice[CLV_SEATS];
        clv_product_choice(product, kept->design, choice);
        assert_int_equal(clv_product_processors(product, choice) &
                             (kept->roles / CLV_ROLE_AVOIDS),
                         0);
        assert_true(!(kept->roles & CLV_ROLE_MEMORY) ||
                    clv_product_memory(product, choice) <= rass.memory_tenth);
        assert_true(!(kept->roles & CLV_ROLE_WORKLOAD) ||
                    clv_product_workload(product, choice) <=
                        rass.workload_tenth);
        assert_true(kept->optimality <= rass.kept[0].optimality);
    }
    clv_product_free(product);
    product_bed_fini(&bed);
}

/* -- Nothing feasible -- */

/* `where` NULL: wherever. */
static void expect(struct product_bed *bed, const char *where, const char *says)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_product *product;
    struct clv_rass rass;

    product_bed_agree(bed);
    product = product_bed_make(bed);
    assert_int_equal(clv_rass_solve(product, &rass, &err), CLEAVE_NOT_FOUND);
    if (strstr(err.text, says) == NULL ||
        (where != NULL && strcmp(err.where, where) != 0)) {
        fail_msg("%s: %s", err.where, err.text);
    }
    clv_product_free(product);
}

static void what_is_in_the_way_is_named(void **state)
{
    struct seeded s = seeded_init("obstacle", 3);
    struct product_bed_size size = {2, 2, 2, 1, 0, 0};
    struct product_bed bed;

    (void)state;
    product_bed_fill(&bed, &s, &size);
    product_bed_demand(&bed.slos[0], "accuracy.drop <= 2pp");
    product_bed_demand(&bed.slos[1], "latency.p95 <= 1us");
    expect(&bed, "faces", "'latency.p95 <= 1.00 us' of faces cannot be met: ");
    expect(&bed, "faces", "is the best possible while the other");
    /* two that nothing helps: the one that is missed by less */
    product_bed_demand(&bed.slos[0], "latency <= 1ns");
    expect(&bed, NULL, "nor all the others together");
    bed.slos[0].constraint_count = 0;
    bed.slos[1].constraint_count = 0;
    product_bed_demand(&bed.all, "memory <= 1kB");
    expect(&bed, "all tasks", "'memory <= 1.00 kB' of all tasks cannot be met");
    bed.all.constraint_count = 0;
    bed.options.situation.memory_bytes = 10;
    expect(&bed, "designs", "want of memory");
    product_bed_fini(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_solved_as_if_written_out),
        cmocka_unit_test(what_is_kept_avoids_what_it_is_kept_for),
        cmocka_unit_test(what_is_in_the_way_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
