/*
 * test_solver.c - what RASS's rivals choose, and that no choice of theirs is
 * ever rated above RASS's.
 */
#include "product_bed.h"

#include "nearly.h"
#include "plan/solver.h"

static const struct clv_solver *find(const char *name)
{
    const struct clv_solver *solver = NULL;

    assert_int_equal(clv_solver_find(name, &solver, NULL), CLEAVE_OK);
    return solver;
}

/* A product of a bed that RASS has solved, for its rivals. */
struct contest {
    struct product_bed bed;
    struct clv_product *product;
    struct clv_solver_input input;
    struct clv_rass rass;
};

static void contest_solve(struct contest *c)
{
    c->product = product_bed_make(&c->bed);
    c->input = (struct clv_solver_input){c->product, NULL};
    assert_int_equal(clv_rass_solve(c->product, &c->rass, NULL), CLEAVE_OK);
}

static void contest_run(const struct contest *c, const char *name,
                        struct clv_solution *ret_solution)
{
    assert_int_equal(
        clv_solver_run(find(name), &c->input, &c->rass, ret_solution, NULL),
        CLEAVE_OK);
}

static void contest_end(struct contest *c)
{
    clv_product_free(c->product);
    product_bed_fini(&c->bed);
}

static void draw_wishes(struct product_bed *b, struct seeded *s)
{
    static const char *const of_all[] = {"stp", "antt", "fairness", "energy",
                                         "size"};

    product_bed_wish(&b->all, of_all[seeded_below(s, 5)]);
    if (seeded_below(s, 2)) {
        product_bed_demand(&b->slos[0], "accuracy.drop <= 3pp");
    }
    if (seeded_below(s, 2)) {
        product_bed_demand(&b->all, "memory <= 250MB");
    }
    if (seeded_below(s, 3) == 0) {
        product_bed_demand(&b->slos[1], "ntt <= 1.6");
        product_bed_demand(&b->all, "stp >= 1.1");
    }
}

static void nobody_is_rated_above_rass(void **state)
{
    struct seeded s = seeded_init("ratio", 1);
    size_t count;
    const struct clv_solver *all = clv_solvers(&count);
    int feasible = 0;
    int rated[8] = {0};

    (void)state;
    assert_int_equal(count, 6);
    for (int round = 0; round < 30; round++) {
        struct product_bed_size size = {2 + (unsigned)round % 2, 3, 2, 1,
                                        round % 4 == 3,          0};
        struct product_bed bed;
        struct product_bed other;
        struct clv_solver_input input;
        struct clv_product *product;
        struct clv_product *elsewhere;
        struct clv_rass rass;
        product_bed_fill(&bed, &s, &size);
        product_bed_fill(&other, &s, &size);
        draw_wishes(&bed, &s);
        product_bed_agree(&bed);
        other.all = bed.all;
        memcpy(other.slos, bed.slos, sizeof bed.slos);
        product_bed_agree(&other);
        product = product_bed_make(&bed);
        elsewhere = product_bed_make(&other);
        input = (struct clv_solver_input){product, elsewhere};
        if (clv_rass_solve(product, &rass, NULL) == CLEAVE_OK) {
            feasible++;
            for (size_t i = 0; i < count; i++) {
                struct clv_solution solution = {.optimality = -1};
                if (clv_solver_run(&all[i], &input, &rass, &solution, NULL) !=
                    CLEAVE_OK) {
                    continue;
                }
                assert_true(solution.violation > 0 || solution.optimality > 0);
                assert_true(solution.violation <= 0 ||
                            fabs(solution.optimality) <= 0);
                assert_true(rass.kept[0].optimality >= solution.optimality);
                rated[i] += solution.optimality > 0;
            }
        }
        clv_product_free(product);
        clv_product_free(elsewhere);
        product_bed_fini(&bed);
        product_bed_fini(&other);
    }
    assert_true(feasible >= 15);
    assert_int_equal(rated[0], feasible);
    assert_int_equal(rated[1], feasible);
    for (size_t i = 2; i < count; i++) {
        assert_true(rated[i] > 0);
    }
}

/* The weighted sum, gone through design by design. */
static void oodin_takes_the_greatest_sum(void **state)
{
    struct seeded s = seeded_init("oodin", 2);

    (void)state;
    for (int round = 0; round < 6; round++) {
        struct product_bed_size size = {2, 3, 2, 1, 0, 0};
        struct contest c;
        struct clv_solution solution;
        double best = -INFINITY;
        double found = 0;
        product_bed_fill(&c.bed, &s, &size);
        contest_solve(&c);
        contest_run(&c, "oodin", &solution);
        for (uint64_t d = 0; d < (uint64_t)clv_product_size(c.product); d++) {
            uint32_t choice[CLV_SEATS];
            double sum = 0;
            clv_product_choice(c.product, d, choice);
            for (size_t g = 0; g < c.bed.goals.goal_count; g++) {
                const struct clv_yardstick *y = &c.rass.yardstick;
                double value = clv_product_value(c.product, choice,
                                                 c.bed.goals.goals[g].task,
                                                 c.bed.goals.goals[g].measure);
                sum +=
                    (y->maximize[g] ? value - y->low[g] : y->high[g] - value) /
                    (y->high[g] - y->low[g]);
            }
            best = fmax(best, sum);
            if (d == clv_product_number(c.product, solution.choice)) {
                found = sum;
            }
        }
        assert_nearly(found, best, 1e-9);
        contest_end(&c);
    }
}

static void single_architectures_are_what_they_are_called(void **state)
{
    struct seeded s = seeded_init("single", 3);
    struct product_bed_size size = {2, 4, 2, 1, 0, 0};
    struct contest c;
    struct clv_solution accurate;
    struct clv_solution small;

    (void)state;
    product_bed_fill(&c.bed, &s, &size);
    contest_solve(&c);
    contest_run(&c, "best-accuracy", &accurate);
    contest_run(&c, "best-size", &small);
    for (size_t t = 0; t < 2; t++) {
        const struct clv_cost_variant *variants = c.bed.costs[t].variants;
        size_t count;
        const struct clv_config *list =
            clv_product_configs(c.product, t, &count);
        for (size_t v = 0; v < c.bed.costs[t].variant_count; v++) {
            assert_true(variants[list[accurate.choice[t]].variant].score >=
                        variants[v].score);
            assert_true(variants[list[small.choice[t]].variant].size_bytes <=
                        variants[v].size_bytes);
        }
    }
    contest_end(&c);
}

/* Without contention, and with goals of single tasks only, tasks do not need
   to know of each other. */
static void who_is_unaware_is_right_where_nobody_interferes(void **state)
{
    struct seeded s = seeded_init("unaware", 4);
    struct product_bed_size size = {2, 3, 2, 1, 1, 0};
    struct contest c;
    struct clv_solution solution;

    (void)state;
    product_bed_fill(&c.bed, &s, &size);
    c.bed.all.objective_count = 0;
    product_bed_agree(&c.bed);
    contest_solve(&c);
    contest_run(&c, "contention-unaware", &solution);
    assert_int_equal(clv_product_number(c.product, solution.choice),
                     c.rass.kept[0].design);
    contest_end(&c);
}

static void what_is_transferred_is_the_other_machines_best(void **state)
{
    struct seeded s = seeded_init("transferred", 5);
    struct product_bed_size size = {2, 3, 2, 1, 0, 0};
    struct contest c;
    struct product_bed other;
    struct clv_product *elsewhere;
    struct clv_rass there;
    struct clv_solution solution;
    uint32_t wanted[CLV_SEATS];
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    product_bed_fill(&c.bed, &s, &size);
    product_bed_fill(&other, &s, &size);
    contest_solve(&c);
    elsewhere = product_bed_make(&other);
    c.input.elsewhere = elsewhere;
    assert_int_equal(clv_rass_solve(elsewhere, &there, NULL), CLEAVE_OK);
    contest_run(&c, "transferred", &solution);
    clv_product_choice(elsewhere, there.kept[0].design, wanted);
    /* both have the same lists, by names */
    for (size_t t = 0; t < 2; t++) {
        size_t count;
        const struct clv_config *a =
            &clv_product_configs(c.product, t, &count)[solution.choice[t]];
        const struct clv_config *b =
            &clv_product_configs(elsewhere, t, &count)[wanted[t]];
        assert_int_equal(a->variant, b->variant);
        assert_int_equal(a->place, b->place);
        assert_int_equal(a->server, b->server);
    }
    c.input.elsewhere = NULL;
    assert_int_equal(
        clv_solver_run(find("transferred"), &c.input, &c.rass, &solution, &err),
        CLEAVE_UNSUPPORTED);
    assert_non_null(strstr(err.text, "another machine"));
    contest_end(&c);
    clv_product_free(elsewhere);
    product_bed_fini(&other);
}

static void names_are_known(void **state)
{
    const struct clv_solver *solver = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(clv_solver_find("odin", &solver, &err), CLEAVE_NOT_FOUND);
    assert_non_null(strstr(err.text, "did you mean 'oodin'?"));
    assert_null(solver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_rated_above_rass),
        cmocka_unit_test(oodin_takes_the_greatest_sum),
        cmocka_unit_test(single_architectures_are_what_they_are_called),
        cmocka_unit_test(who_is_unaware_is_right_where_nobody_interferes),
        cmocka_unit_test(what_is_transferred_is_the_other_machines_best),
        cmocka_unit_test(names_are_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
