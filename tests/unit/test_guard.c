/*
 * test_guard.c - when agreement is surely below the budget, and when that is
 * not known yet; and in a run, packings that cost more than they say are
 * found out and left.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "runner_bed.h"

static int over(uint64_t wrong, uint64_t count, double allowed)
{
    return clv_guard_is_over(count, (double)wrong, (double)wrong, allowed);
}

static void few_answers_prove_nothing(void **state)
{
    (void)state;
    for (uint64_t n = 0; n < 8; n++) {
        assert_false(over(n, n, 0.04));
    }
    assert_true(over(8, 8, 0.04));   /* all of eight is enough */
    assert_false(over(1, 8, 0.04));  /* one may be chance */
    assert_false(over(1, 16, 0.04)); /* still */
    assert_true(over(5, 16, 0.04));
}

static void what_is_allowed_is_never_over(void **state)
{
    (void)state;
    for (uint64_t n = 8; n < 5000; n += 13) {
        assert_false(over(0, n, 0));
        assert_false(over(n / 25, n, 0.04));
    }
}

static void many_answers_prove_a_little_more(void **state)
{
    (void)state;
    assert_false(over(6, 100, 0.04));
    assert_true(over(600, 10000, 0.04));
    assert_false(over(410, 10000, 0.04));
}

/* Losses that are no yes or no: a hundredth each, and hardly different. */
static void small_losses_are_judged_by_their_spread(void **state)
{
    double sum = 0;
    double squares = 0;

    (void)state;
    for (int i = 0; i < 20; i++) {
        double loss = 0.01 + 0.0001 * (i % 3);
        sum += loss;
        squares += loss * loss;
    }
    assert_true(clv_guard_is_over(20, sum, squares, 0.009));
    assert_false(clv_guard_is_over(20, sum, squares, 0.011));
}

/* -- In a run -- */

static int set_up(void **state)
{
    struct runner_bed *b = runner_bed_new();
    struct clv_slo *slo = &b->task.slo;

    for (int i = 0; i < TINY_SIZE; i++) { /* nothing that few bits can say */
        b->data[i] = fmodf((float)i * 0.137f, 6) - 3;
    }
    assert_int_equal(
        clv_constraint_parse("head >= 30%",
                             &slo->constraints[slo->constraint_count++], NULL),
        CLEAVE_OK);
    slo->constraints[0].bound = 0.1; /* points, of accuracy */
    b->task.guard = 1;
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    runner_bed_free(*state);
    return 0;
}

/* A packing at cut `a` that is said to cost nothing. */
static void add_pack(struct runner_bed *b, const char *text)
{
    for (uint32_t i = 0; i < b->designs.costs.cut_count; i++) {
        if (strcmp(b->designs.costs.cuts[i].name, "a") == 0) {
            runner_bed_pack(b, i, text, 800);
        }
    }
}

static void infer(struct runner_bed *b)
{
    cleave_result *r = NULL;

    assert_int_equal(cleave_runner_infer(b->runner, &b->input, 1, &r, NULL),
                     CLEAVE_OK);
    runner_bed_check(b, r, 0.6f);
    cleave_result_free(r);
}

static int packs_as(struct runner_bed *b, const char *text)
{
    cleave_runner_status s;

    cleave_runner_look(b->runner, &s);
    return strstr(s.design, text) != NULL;
}

static void a_packing_that_lies_is_found_out(void **state)
{
    struct runner_bed *b = *state;

    add_pack(b, "lz:bits=2");
    runner_bed_open(b, NULL, 1);
    while (!packs_as(b, "lz:bits=2")) {
        infer(b);
    }
    while (runner_bed_events(b, CLEAVE_EVENT_EXCLUDED) == 0) {
        infer(b);
    }
    assert_true(runner_bed_events(b, CLEAVE_EVENT_GUARD) >= 1);
    infer(b);
    for (int i = 0; i < 50; i++) {
        assert_false(packs_as(b, "lz:bits=2"));
        infer(b);
    }
}

static void one_that_keeps_its_word_stays(void **state)
{
    struct runner_bed *b = *state;

    add_pack(b, "dense:step=0.01");
    runner_bed_open(b, NULL, 1);
    while (!packs_as(b, "dense:step=0.01")) {
        infer(b);
    }
    while (runner_bed_events(b, CLEAVE_EVENT_GUARD) < 2) { /* 16, 32 */
        infer(b);
    }
    assert_int_equal(runner_bed_events(b, CLEAVE_EVENT_EXCLUDED), 0);
}

int main(int argc, char **argv)
{
#define IN_BED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_answers_prove_nothing),
        cmocka_unit_test(what_is_allowed_is_never_over),
        cmocka_unit_test(many_answers_prove_a_little_more),
        cmocka_unit_test(small_losses_are_judged_by_their_spread),
        IN_BED(a_packing_that_lies_is_found_out),
        IN_BED(one_that_keeps_its_word_stays),
    };

    runner_bed_serves(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
