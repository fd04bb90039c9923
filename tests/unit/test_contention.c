/*
 * test_contention.c - what tasks cost each other is told as measured, added up
 * where it was not, and never better than anything that was measured.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "nearly.h"
#include "profile/contention.h"

#define NONE CLV_NO_SEAT

static struct clv_spread times(double mean)
{
    return (struct clv_spread){.mean = mean,
                               .std = mean / 10,
                               .min = mean * 0.8,
                               .max = mean * 2,
                               .p50 = mean,
                               .p90 = mean * 1.2,
                               .p95 = mean * 1.3,
                               .p99 = mean * 1.5,
                               .count = 20};
}

static struct clv_company company(size_t tasks, uint32_t a, uint32_t b,
                                  uint32_t c, uint32_t hogs)
{
    return (struct clv_company){
        .tasks = tasks, .seats = {a, b, c}, .duties = {1, 1, 1}, .hogs = hogs};
}

/* The task took 100 alone and `excess` times 100 more together. */
static cleave_status add(struct clv_contention *c, struct clv_company who,
                         uint32_t task, double excess)
{
    struct clv_contention_row row = {.company = who,
                                     .task = task,
                                     .alone_ns = times(100),
                                     .together_ns = times(100 + 100 * excess)};
    cleave_error err = CLEAVE_ERROR_INIT;

    return clv_contention_add(c, &row, &err);
}

static double mean_of(const struct clv_contention *c, struct clv_company who,
                      size_t task, int known_wanted)
{
    int known = -1;
    double mean = clv_contention_excess(c, &who, task, &known).mean;

    assert_int_equal(known, known_wanted);
    return mean;
}

/* Pairs of three tasks on engines 0 and 1; on one engine it costs more. */
static void fill_pairs(struct clv_contention *c)
{
    for (uint32_t a = 0; a < 2; a++) {
        for (uint32_t b = 0; b < 2; b++) {
            double cost = a == b ? 1 : 0.25;
            assert_int_equal(add(c, company(3, a, b, NONE, 0), 0, cost), 0);
            assert_int_equal(add(c, company(3, a, b, NONE, 0), 1, cost), 0);
            assert_int_equal(add(c, company(3, a, NONE, b, 0), 0, cost / 2), 0);
            assert_int_equal(add(c, company(3, a, NONE, b, 0), 2, cost / 2), 0);
        }
    }
}

static void pairs_add_up_by_duty(void **state)
{
    struct clv_contention c;
    struct clv_company who = company(3, 0, 0, 1, 0);

    (void)state;
    clv_contention_init(&c);
    fill_pairs(&c);
    assert_nearly(mean_of(&c, who, 0, 1), 1 + 0.125, 1e-9);
    who.duties[1] = 0.5;
    who.duties[2] = 0;
    assert_nearly(mean_of(&c, who, 0, 1), 0.5, 1e-9);
    who.duties[1] = 7; /* more than always is always */
    assert_nearly(mean_of(&c, who, 0, 1), 1, 1e-9);
    clv_contention_fini(&c);
}

static void a_set_that_was_measured_counts_as_it_is(void **state)
{
    struct clv_contention c;
    struct clv_company who = company(3, 0, 0, 1, 0);

    (void)state;
    clv_contention_init(&c);
    fill_pairs(&c);
    assert_int_equal(add(&c, who, 0, 0.9), CLEAVE_OK);
    assert_nearly(mean_of(&c, who, 0, 1), 0.9, 1e-9);
    /* less of it with less of the others, in the ratio of the pairs */
    who.duties[1] = 0.5;
    assert_nearly(mean_of(&c, who, 0, 1), 0.9 * (0.5 + 0.125) / 1.125, 1e-9);
    /* what a task is told of does not depend on its own duty */
    who.duties[0] = 0.01;
    assert_nearly(mean_of(&c, who, 0, 1), 0.9 * (0.5 + 0.125) / 1.125, 1e-9);
    clv_contention_fini(&c);
}

static void a_set_without_pairs_goes_by_mean_duty(void **state)
{
    struct clv_contention c;
    struct clv_company who = company(3, 0, 0, 1, 0);

    (void)state;
    clv_contention_init(&c);
    assert_int_equal(add(&c, who, 0, 0.8), CLEAVE_OK);
    who.duties[1] = 0.5;
    who.duties[2] = 0;
    assert_nearly(mean_of(&c, who, 0, 1), 0.2, 1e-9);
    clv_contention_fini(&c);
}

static void hogs_lie_on_lines(void **state)
{
    struct clv_contention c;
    const uint32_t hogs[] = {0, 1, 2, 3, 4, 6};
    const double excess[] = {0, 0.2, 0.4, 0.7, 1.0, 1.5};

    (void)state;
    clv_contention_init(&c);
    assert_int_equal(add(&c, company(3, 0, NONE, NONE, 4), 0, 1.0), 0);
    assert_int_equal(add(&c, company(3, 0, NONE, NONE, 2), 0, 0.4), 0);
    assert_int_equal(c.hog_count, 2);
    assert_int_equal(c.hogs[0], 2);
    for (size_t i = 0; i < 6; i++) {
        assert_nearly(mean_of(&c, company(3, 0, NONE, NONE, hogs[i]), 0, 1),
                      excess[i], 1e-9);
    }
    /* and come on top of the others */
    fill_pairs(&c);
    assert_nearly(mean_of(&c, company(3, 0, 1, NONE, 2), 0, 1), 0.65, 1e-9);
    clv_contention_fini(&c);
}

/* The best guess, and said to be one: never that it costs nothing. */
static void what_was_not_tried_is_guessed_from_other_seats(void **state)
{
    struct clv_contention c;

    (void)state;
    clv_contention_init(&c);
    fill_pairs(&c);
    assert_int_equal(add(&c, company(3, 0, NONE, NONE, 2), 0, 0.4), 0);
    /* task 0 in its seat 0: the mean of 1 and 0.25 */
    assert_nearly(mean_of(&c, company(3, 0, 5, NONE, 0), 0, 0), 0.625, 1e-9);
    /* nothing of seat 5: the mean of all four */
    assert_nearly(mean_of(&c, company(3, 5, 5, NONE, 0), 0, 0), 0.625, 1e-9);
    assert_nearly(mean_of(&c, company(3, 1, NONE, NONE, 2), 0, 0), 0.4, 1e-9);
    /* of tasks 1 and 2 together, and of task 1 and hogs, there is nothing */
    assert_nearly(mean_of(&c, company(3, NONE, 0, 0, 0), 1, 0), 0, 1e-9);
    assert_nearly(mean_of(&c, company(3, NONE, 0, NONE, 1), 1, 0), 0, 1e-9);
    clv_contention_fini(&c);
}

static void who_is_alone_or_away_suffers_nothing(void **state)
{
    struct clv_contention c;

    (void)state;
    clv_contention_init(&c);
    fill_pairs(&c);
    assert_nearly(mean_of(&c, company(3, NONE, 0, 0, 4), 0, 1), 0, 1e-9);
    assert_nearly(mean_of(&c, company(3, 0, NONE, NONE, 0), 0, 1), 0, 1e-9);
    assert_nearly(mean_of(&c, company(1, 0, NONE, NONE, 0), 5, 1), 0, 1e-9);
    clv_contention_fini(&c);
}

static void a_later_row_takes_the_place_of_an_earlier(void **state)
{
    struct clv_contention c;
    size_t count;

    (void)state;
    clv_contention_init(&c);
    fill_pairs(&c);
    count = c.count;
    assert_int_equal(add(&c, company(3, 0, 1, NONE, 0), 0, 3), CLEAVE_OK);
    assert_int_equal(c.count, count);
    assert_nearly(mean_of(&c, company(3, 0, 1, NONE, 0), 0, 1), 3, 1e-9);
    /* tasks without a seat at the end do not matter */
    assert_nearly(mean_of(&c, company(2, 0, 1, NONE, 0), 0, 1), 3, 1e-9);
    clv_contention_fini(&c);
}

static void what_makes_no_sense_is_refused(void **state)
{
    struct clv_contention c;
    struct clv_contention_row row = {.company = company(2, 0, 1, NONE, 0),
                                     .alone_ns = times(100),
                                     .together_ns = times(150)};
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    clv_contention_init(&c);
    assert_int_equal(add(&c, company(2, 0, NONE, NONE, 0), 0, 1),
                     CLEAVE_INVALID);
    assert_int_equal(add(&c, company(2, NONE, 0, NONE, 0), 0, 1),
                     CLEAVE_INVALID);
    assert_int_equal(add(&c, company(2, 0, 0, NONE, 0), 2, 1), CLEAVE_INVALID);
    assert_int_equal(add(&c, company(CLV_SEATS + 1, 0, 0, NONE, 0), 0, 1),
                     CLEAVE_INVALID);
    row.together_ns.p95 = NAN;
    assert_int_equal(clv_contention_add(&c, &row, &err), CLEAVE_INVALID);
    row.together_ns = (struct clv_spread){0};
    assert_int_equal(clv_contention_add(&c, &row, &err), CLEAVE_INVALID);
    assert_int_equal(c.count, 0);
    for (uint32_t i = 1; i <= 4; i++) {
        assert_int_equal(add(&c, company(2, 0, NONE, NONE, i), 0, 1), 0);
    }
    assert_int_equal(add(&c, company(2, 0, NONE, NONE, 5), 0, 1), CLEAVE_LIMIT);
    assert_int_equal(c.count, 4);
    clv_contention_fini(&c);
}

/* Alone on a busy moment: some statistics are no worse together. */
static void no_company_makes_faster_and_statistics_stay_in_order(void **state)
{
    struct clv_contention c;
    struct clv_contention_row row = {.company = company(2, 0, 1, NONE, 0),
                                     .alone_ns = times(100),
                                     .together_ns = times(130)};
    struct clv_spread alone = times(10);
    struct clv_spread e;
    struct clv_spread s;
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    clv_contention_init(&c);
    row.alone_ns.p95 = 500;
    row.alone_ns.p99 = 500;
    row.alone_ns.max = 500;
    row.together_ns.min = 40;
    assert_int_equal(clv_contention_add(&c, &row, &err), CLEAVE_OK);
    e = clv_contention_excess(&c, &row.company, 0, NULL);
    assert_nearly(e.mean, 0.3, 1e-9);
    assert_nearly(e.p95, 0, 1e-9);
    assert_nearly(e.min, -0.4, 1e-9);
    s = clv_contention_stretch(&alone, &e);
    assert_nearly(s.mean, 13, 1e-9);
    assert_nearly(s.min, 4, 1e-9);
    assert_nearly(s.p90, 12 + 3.6, 1e-9);
    assert_true(s.min <= s.p50 && s.p50 <= s.p90 && s.p90 <= s.p95 &&
                s.p95 <= s.p99 && s.p99 <= s.max);
    assert_int_equal(s.count, alone.count);
    alone = (struct clv_spread){0};
    s = clv_contention_stretch(&alone, &e);
    assert_int_equal(s.count, 0);
    clv_contention_fini(&c);
}

/* In the very company, a task's own times alone become those together. */
static void a_stretch_gives_back_what_was_measured(void **state)
{
    struct clv_contention c;
    struct clv_spread alone = times(100);
    struct clv_spread e;
    struct clv_spread s;
    const struct clv_spread together = times(170);
    struct clv_company who = company(2, 0, 1, NONE, 0);

    (void)state;
    clv_contention_init(&c);
    assert_int_equal(add(&c, who, 0, 0.7), CLEAVE_OK);
    e = clv_contention_excess(&c, &who, 0, NULL);
    s = clv_contention_stretch(&alone, &e);
    assert_nearly(s.mean, together.mean, 1e-9);
    assert_nearly(s.std, together.std, 1e-9);
    assert_nearly(s.p99, together.p99, 1e-9);
    assert_nearly(s.max, together.max, 1e-9);
    clv_contention_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_add_up_by_duty),
        cmocka_unit_test(a_set_that_was_measured_counts_as_it_is),
        cmocka_unit_test(a_set_without_pairs_goes_by_mean_duty),
        cmocka_unit_test(hogs_lie_on_lines),
        cmocka_unit_test(what_was_not_tried_is_guessed_from_other_seats),
        cmocka_unit_test(who_is_alone_or_away_suffers_nothing),
        cmocka_unit_test(a_later_row_takes_the_place_of_an_earlier),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(no_company_makes_faster_and_statistics_stay_in_order),
        cmocka_unit_test(a_stretch_gives_back_what_was_measured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
