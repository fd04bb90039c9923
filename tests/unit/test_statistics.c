/*
 * test_statistics.c - intervals against published figures, and against what
 * an interval is: how often it covers the truth.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "nearly.h"
#include "profile/statistics.h"

static void quantiles_are_those_of_the_tables(void **state)
{
    static const struct {
        size_t freedom;
        double t;
    } known[] = {{1, 12.7062047},  {2, 4.3026527},   {3, 3.1824463},
                 {4, 2.7764451},   {5, 2.5705818},   {9, 2.2621572},
                 {10, 2.2281389},  {30, 2.0422725},  {60, 2.0002978},
                 {120, 1.9799304}, {1000, 1.9623391}};

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        assert_nearly(clv_student_95(known[i].freedom), known[i].t,
                      2e-5 * known[i].t);
    }
    assert_nearly(clv_student_95(100000000), 1.9599640, 1e-5);
    assert_true(isinf(clv_student_95(0)));
}

/* Student (1908), the sleep of ten patients with one drug and the other. */
static void students_own_example(void **state)
{
    static const double more[] = {1.2, 2.4, 1.3, 1.3, 0.0,
                                  1.0, 1.8, 0.8, 4.6, 1.4};
    struct clv_interval i = clv_paired_means(more, 10);

    (void)state;
    assert_nearly(i.value, 1.58, 1e-12);
    assert_nearly(clv_deviation(more, 10), 1.2299955, 1e-7);
    assert_nearly(i.low, 0.7001142, 2e-5);
    assert_nearly(i.high, 2.4598858, 2e-5);
    assert_true(isinf(clv_half_width(clv_paired_means(more, 1))));
}

/* Agresti, Categorical Data Analysis, table 11.1: of 1600 asked twice, 150
   approved only the first time and 86 only the second; 0.04 +- 0.019. */
static void approval_asked_twice(void **state)
{
    struct clv_interval i = clv_paired_proportions(1600, 150, 86);

    (void)state;
    assert_nearly(i.value, 0.04, 1e-12);
    assert_nearly(i.low, 0.021, 5e-4);
    assert_nearly(i.high, 0.059, 5e-4);
}

static void nothing_changed_is_not_nothing_known(void **state)
{
    struct clv_interval few = clv_paired_proportions(10, 0, 0);
    struct clv_interval many = clv_paired_proportions(1000, 0, 0);
    struct clv_interval none = clv_paired_proportions(0, 0, 0);

    (void)state;
    assert_nearly(few.value, 0, 0);
    assert_nearly(few.high, 1.95996398 / 12, 1e-8);
    assert_nearly(few.low, -few.high, 1e-12);
    assert_true(clv_half_width(many) < 0.002);
    assert_nearly(none.low, -1, 0);
    assert_nearly(none.high, 1, 0);
}

static double log_choose(double n, double k)
{
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1);
}

/* How often the interval of `n` pairs covers the truth: a sum over all that
   can happen, each with its probability. */
static double coverage(uint64_t n, double gain, double loss)
{
    double covered = 0;

    for (uint64_t b = 0; b <= n; b++) {
        for (uint64_t c = 0; b + c <= n; c++) {
            struct clv_interval i = clv_paired_proportions(n, b, c);
            double rest = (double)(n - b - c);
            double chance = exp(log_choose((double)n, (double)b) +
                                log_choose((double)(n - b), (double)c) +
                                (double)b * log(gain) + (double)c * log(loss) +
                                rest * log(1 - gain - loss));
            if (i.low <= gain - loss && gain - loss <= i.high) {
                covered += chance;
            }
        }
    }
    return covered;
}

static void intervals_cover_what_they_promise(void **state)
{
    (void)state;
    assert_in_range((int)(1000 * coverage(60, 0.02, 0.04)), 940, 1000);
    assert_in_range((int)(1000 * coverage(60, 0.005, 0.01)), 940, 1000);
    assert_in_range((int)(1000 * coverage(200, 0.01, 0.05)), 940, 970);
    assert_in_range((int)(1000 * coverage(200, 0.05, 0.05)), 940, 970);
}

static void medians_and_means(void **state)
{
    double odd[] = {5, 1, 3};
    double even[] = {4, 1, 3, 2};

    (void)state;
    assert_nearly(clv_median(odd, 3), 3, 0);
    assert_nearly(clv_median(even, 4), 2.5, 0);
    assert_nearly(clv_median(NULL, 0), 0, 0);
    assert_nearly(clv_mean(even, 4), 2.5, 0);
    assert_nearly(clv_mean(NULL, 0), 0, 0);
    assert_nearly(clv_deviation(even, 1), 0, 0);
}

/* Of ten, one: 0.0179 to 0.4042 (Newcombe, Statistics in Medicine 17, 1998,
   has 81 of 263: 0.2553 to 0.3662). */
static void shares_by_wilson(void **state)
{
    struct clv_interval i = clv_share_interval(0.1, 10);

    (void)state;
    assert_nearly(i.value, 0.1, 0);
    assert_nearly(i.low, 0.0179, 5e-5);
    assert_nearly(i.high, 0.4042, 5e-5);
    i = clv_share_interval(81.0 / 263, 263);
    assert_nearly(i.low, 0.2553, 5e-5);
    assert_nearly(i.high, 0.3662, 5e-5);
    assert_nearly(clv_share_interval(0, 5).low, 0, 1e-12);
    assert_true(clv_share_interval(0, 5).high > 0.4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_those_of_the_tables),
        cmocka_unit_test(students_own_example),
        cmocka_unit_test(approval_asked_twice),
        cmocka_unit_test(nothing_changed_is_not_nothing_known),
        cmocka_unit_test(intervals_cover_what_they_promise),
        cmocka_unit_test(medians_and_means),
        cmocka_unit_test(shares_by_wilson),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
