/*
 * test_exact.c - the best design by bounds against all designs, whatever is
 * asked of it; and the yardstick in closed form against that of columns.
 */
#include "product_bed.h"

#include "nearly.h"
#include "plan/exact.h"
#include "plan/rass.h"

/* A product of a bed, and its yardstick. */
struct exact_bed {
    struct product_bed bed;
    struct clv_product *product;
    struct clv_yardstick yardstick;
};

/* Puts what the test has asked of the bed into goals, and measures. */
static cleave_status exact_bed_make(struct exact_bed *b, double *ret_designs)
{
    product_bed_agree(&b->bed);
    b->product = product_bed_make(&b->bed);
    return clv_exact_yardstick(b->product, &b->yardstick, ret_designs, NULL);
}

static void exact_bed_end(struct exact_bed *b)
{
    clv_product_free(b->product);
    product_bed_fini(&b->bed);
}

/* Wishes of every sort, and bounds that bind. */
static void draw_wishes(struct product_bed *b, struct seeded *s, int fair)
{
    static const char *const of_all[] = {"stp", "antt", "energy", "workload",
                                         "size"};
    static const char *const of_one[] = {"throughput", "ntt", "bytes",
                                         "energy.p90"};

    product_bed_wish(&b->all, fair ? "fairness" : of_all[seeded_below(s, 5)]);
    product_bed_wish(&b->slos[1], of_one[seeded_below(s, 4)]);
    if (seeded_below(s, 2)) {
        product_bed_demand(&b->slos[0], "accuracy.drop <= 3pp");
        product_bed_demand(&b->slos[0], "ntt <= 1.8");
    }
    if (seeded_below(s, 2)) {
        product_bed_demand(&b->all, "memory <= 250MB");
        product_bed_demand(&b->all, "stp >= 1.3");
    }
    if (seeded_below(s, 3) == 0) {
        product_bed_demand(&b->all, "fairness >= 60%");
        product_bed_demand(&b->all, "antt <= 1.9");
    }
    b->options.situation.hogs = seeded_below(s, 3);
    b->options.situation.memory_bytes =
        seeded_below(s, 3) == 0 ? 2.6e8 : INFINITY;
    b->options.situation.out_of_order = seeded_below(s, 4) == 0 ? 2 : 0;
}

static void compare(const struct exact_bed *b,
                    const struct clv_exact_question *question, int *feasible)
{
    const struct clv_product *product = b->product;
    const struct clv_yardstick *yardstick = &b->yardstick;
    struct clv_exact_answer found = {.square = -1};
    struct clv_exact_answer wanted = {.square = -1};
    cleave_status status =
        clv_exact_solve(product, yardstick, question, &found, NULL);

    assert_int_equal(status, clv_exact_by_force(product, yardstick, question,
                                                &wanted, NULL));
    if (status != CLEAVE_OK) {
        assert_int_equal(status, CLEAVE_NOT_FOUND);
        return;
    }
    ++*feasible;
    assert_true(found.is_proven);
    assert_nearly(found.square, wanted.square, 0);
    assert_nearly(found.optimality, wanted.optimality, 0);
    for (size_t i = 0; i < clv_product_options_of(product)->task_count; i++) {
        assert_int_equal(found.choice[i], wanted.choice[i]);
    }
}

/* The best, what is little, what avoids, what beats. */
static void compare_questions(const struct exact_bed *b, struct seeded *s,
                              int *feasible)
{
    const struct clv_product *product = b->product;
    const struct clv_goals *goals = &b->bed.goals;
    struct clv_exact_question question = {0};
    uint32_t choice[CLV_SEATS];
    double values[CLV_GOALS];

    compare(b, &question, feasible);
    clv_product_choice(
        product, seeded_below(s, (uint32_t)clv_product_size(product)), choice);
    question.avoids = 1u << seeded_below(s, 2);
    compare(b, &question, feasible);
    question.memory_most = clv_product_memory(product, choice);
    compare(b, &question, feasible);
    question = (struct clv_exact_question){
        .workload_most = clv_product_workload(product, choice)};
    compare(b, &question, feasible);
    for (size_t g = 0; g < goals->goal_count; g++) {
        values[g] = clv_product_value(product, choice, goals->goals[g].task,
                                      goals->goals[g].measure);
    }
    question = (struct clv_exact_question){.beats = values};
    compare(b, &question, feasible);
}

static void answers_equal_those_by_force(void **state)
{
    struct seeded s = seeded_init("by force", 1);
    int feasible = 0;

    (void)state;
    for (int round = 0; round < 24; round++) {
        struct product_bed_size size = {2 + (unsigned)round % 3, 2, 2, 1,
                                        round % 5 == 4,          0};
        struct exact_bed b;
        cleave_status status;
        product_bed_fill(&b.bed, &s, &size);
        draw_wishes(&b.bed, &s, round % 4 == 3);
        status = exact_bed_make(&b, NULL);
        if (status == CLEAVE_OK) {
            compare_questions(&b, &s, &feasible);
        } else {
            assert_int_equal(status, CLEAVE_NOT_FOUND);
        }
        exact_bed_end(&b);
    }
    assert_true(feasible >= 40);
}

/* More than ten million designs, once. */
static void a_large_product_is_no_different(void **state)
{
    struct seeded s = seeded_init("large", 2);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    struct product_bed_size size = {4, 4, 2, 1, 0, 0};
    double least = 1e5;
#else
    struct product_bed_size size = {4, 7, 4, 1, 0, 0};
    double least = 1e7;
#endif
    struct clv_exact_question nothing = {0};
    struct exact_bed b;
    int feasible = 0;

    (void)state;
    product_bed_fill(&b.bed, &s, &size);
    product_bed_wish(&b.bed.all, "energy");
    product_bed_demand(&b.bed.all, "memory <= 260MB");
    assert_int_equal(exact_bed_make(&b, NULL), CLEAVE_OK);
    assert_true(clv_product_size(b.product) >= least);
    compare(&b, &nothing, &feasible);
    assert_int_equal(feasible, 1);
    exact_bed_end(&b);
}

/* Configurations that are alike: ties go by number. */
static void ties_go_by_number(void **state)
{
    struct seeded s = seeded_init("ties", 3);
    struct product_bed_size size = {3, 4, 1, 1, 1, 0};
    struct clv_exact_question nothing = {0};
    struct exact_bed b;
    int feasible = 0;

    (void)state;
    for (int round = 0; round < 6; round++) {
        product_bed_fill(&b.bed, &s, &size);
        for (size_t t = 0; t < 3; t++) {
            for (size_t i = 0; i < b.bed.spaces[t].count; i++) {
                struct clv_candidate *c = &b.bed.spaces[t].candidates[i];
                double few = 1 + seeded_below(&s, 1 + (unsigned)round / 2);
                c->device_ns = (struct clv_spread){few, 0,   few, few, few,
                                                   few, few, few, 10};
                c->server_ns = c->device_ns;
                c->bytes_up = c->device_ns;
                c->bytes_down = 1;
                c->accuracy = 0.5 + few / 4;
                c->memory_bytes = 1e6 * few;
            }
        }
        assert_int_equal(exact_bed_make(&b, NULL), CLEAVE_OK);
        compare(&b, &nothing, &feasible);
        exact_bed_end(&b);
    }
    assert_int_equal(feasible, 6);
}

/* -- The yardstick -- */

static void compare_yardsticks(const struct clv_yardstick *a,
                               const struct clv_yardstick *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t g = 0; g < a->count; g++) {
        assert_nearly(a->low[g], b->low[g], 0);
        assert_nearly(a->high[g], b->high[g], 0);
        assert_nearly(a->mean[g], b->mean[g], 1e-9);
        for (size_t h = 0; h < a->count; h++) {
            assert_nearly(a->covariance[g * CLV_GOALS + h],
                          b->covariance[g * CLV_GOALS + h], 1e-9);
        }
    }
}

static void the_closed_form_is_that_of_all_designs(void **state)
{
    static const char *const of_all[] = {"stp", "antt", "energy", "workload"};
    struct seeded s = seeded_init("closed form", 4);

    (void)state;
    for (int round = 0; round < 12; round++) {
        struct product_bed_size size = {2 + (unsigned)round % 2, 2, 3, 1,
                                        round % 3 == 2,          0};
        struct exact_bed b;
        struct clv_rass rass;
        double designs;
        product_bed_fill(&b.bed, &s, &size);
        product_bed_wish(&b.bed.all, of_all[round % 4]);
        product_bed_demand(&b.bed.slos[0], "accuracy.drop <= 4pp");
        product_bed_demand(&b.bed.slos[1], "ntt <= 1.9");
        assert_int_equal(exact_bed_make(&b, &designs), CLEAVE_OK);
        assert_int_equal(clv_rass_solve(b.product, &rass, NULL), CLEAVE_OK);
        assert_nearly(designs, (double)rass.feasible, 0);
        compare_yardsticks(&b.yardstick, &rass.yardstick);
        exact_bed_end(&b);
    }
}

static void too_many_ways_to_sit_are_refused(void **state)
{
    struct seeded s = seeded_init("ways", 5);
    struct product_bed_size size = {6, 1, 4, 1, 0, 0};
    struct clv_product_task many[CLV_SEATS];
    struct product_bed bed;
    struct clv_product *product;
    struct clv_yardstick yardstick;
    struct clv_slo plain;
    const struct clv_slo *slos[12];
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    product_bed_fill(&bed, &s, &size);
    plain = (struct clv_slo){.tolerance = 0.01};
    product_bed_wish(&plain, "latency");
    for (size_t i = 0; i < 12; i++) {
        many[i] = bed.tasks[i % 6];
        many[i].slo = &plain;
        slos[i] = &plain;
    }
    assert_int_equal(clv_goals_init(&bed.goals, slos, 12, NULL, NULL),
                     CLEAVE_OK);
    bed.options.tasks = many;
    bed.options.task_count = 12;
    product = product_bed_make(&bed);
    assert_int_equal(clv_exact_yardstick(product, &yardstick, NULL, &err),
                     CLEAVE_LIMIT);
    assert_non_null(strstr(err.text, "fewer engines"));
    clv_product_free(product);
    bed.options.task_count = 6;
    product_bed_fini(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_equal_those_by_force),
        cmocka_unit_test(a_large_product_is_no_different),
        cmocka_unit_test(ties_go_by_number),
        cmocka_unit_test(the_closed_form_is_that_of_all_designs),
        cmocka_unit_test(too_many_ways_to_sit_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
