/*
 * test_yardstick.c - distances by hand, against an inverse computed another
 * way, and where the covariance has none.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "nearly.h"
#include "plan/yardstick.h"
#include "seeded.h"

#define DESIGNS 200

struct table {
    double values[CLV_GOALS][DESIGNS];
    const double *columns[CLV_GOALS];
    int maximize[CLV_GOALS];
};

static void of_design(const struct table *t, size_t goals, size_t i,
                      double *ret_values)
{
    for (size_t g = 0; g < goals; g++) {
        ret_values[g] = t->values[g][i];
    }
}

static void fill(struct table *t, struct seeded *s, size_t goals)
{
    for (size_t g = 0; g < goals; g++) {
        t->columns[g] = t->values[g];
        t->maximize[g] = (int)seeded_below(s, 2);
        for (size_t i = 0; i < DESIGNS; i++) {
            double before = g > 0 ? t->values[g - 1][i] / 1e3 : 0;
            t->values[g][i] = 1e3 * (before * seeded_unit(s) + seeded_unit(s));
        }
    }
}

/* Solves (cov) x = z by elimination, in long doubles; z'x is the square. */
static double square_by_elimination(const struct clv_yardstick *y,
                                    const double *values)
{
    long double a[CLV_GOALS][CLV_GOALS + 1];
    long double z[CLV_GOALS];
    long double square = 0;
    size_t n = y->count;

    for (size_t i = 0; i < n; i++) {
        long double range = (long double)y->high[i] - y->low[i];
        z[i] =
            (y->maximize[i] ? y->high[i] - values[i] : values[i] - y->low[i]) /
            range;
        for (size_t j = 0; j < n; j++) {
            a[i][j] = y->covariance[i * CLV_GOALS + j];
            a[i][j] *= i == j ? 1 : 1 - y->shrinkage;
        }
        a[i][n] = z[i];
    }
    for (size_t k = 0; k < n; k++) {
        for (size_t i = 0; i < n; i++) {
            long double factor = i == k ? 0 : a[i][k] / a[k][k];
            for (size_t j = k; j <= n; j++) {
                a[i][j] -= factor * a[k][j];
            }
        }
    }
    for (size_t i = 0; i < n; i++) {
        square += z[i] * a[i][n] / a[i][i];
    }
    return (double)square;
}

static void squares_equal_those_by_elimination(void **state)
{
    struct seeded s = seeded_init("squares", 1);
    static struct table t;

    (void)state;
    for (size_t goals = 1; goals <= CLV_GOALS; goals++) {
        struct clv_yardstick y;
        fill(&t, &s, goals);
        clv_yardstick_of(&y, t.columns, t.maximize, goals, NULL, DESIGNS);
        for (size_t i = 0; i < DESIGNS; i++) {
            double values[CLV_GOALS];
            double wanted;
            of_design(&t, goals, i, values);
            wanted = square_by_elimination(&y, values);
            assert_nearly(clv_yardstick_square(&y, values), wanted,
                          1e-9 * (1 + wanted));
            assert_nearly(clv_yardstick_distance(&y, values), sqrt(wanted),
                          1e-8 * (1 + wanted));
            assert_nearly(clv_yardstick_optimality(&y, values),
                          1 / (1 + sqrt(wanted)), 1e-8);
        }
    }
}

static void two_objectives_by_hand(void **state)
{
    /* scaled: (1, 0), (0, 1), (0.5, 0.5), (0.5, 0.5): deviations are
       sqrt(1/8), and the correlation is -1 */
    static const double fast[] = {10, 20, 15, 15};
    static const double right[] = {0.5, 0.9, 0.7, 0.7};
    const double *columns[] = {fast, right};
    static const int maximize[] = {0, 1};
    double utopia[] = {10, 0.9};
    struct clv_yardstick y;

    (void)state;
    clv_yardstick_of(&y, columns, maximize, 2, NULL, 4);
    assert_nearly(y.mean[0], 0.5, 1e-12);
    assert_nearly(y.covariance[0], 0.125, 1e-12);
    assert_nearly(y.covariance[1], -0.125, 1e-12);
    assert_nearly(y.shrinkage, 0.01, 1e-9); /* (0.01 - 0) / (1 - 0) */
    assert_nearly(clv_yardstick_optimality(&y, utopia), 1, 0);
    /* (1, 1) away along the eigenvector of eigenvalue 0.01 * 0.125 */
    utopia[0] = 20;
    utopia[1] = 0.5;
    assert_nearly(clv_yardstick_square(&y, utopia), 2 / (0.01 * 0.125), 1e-6);
}

static void an_objective_twice_counts_about_once(void **state)
{
    struct seeded s = seeded_init("twice", 2);
    static struct table t;
    struct clv_yardstick once;
    struct clv_yardstick twice;

    (void)state;
    fill(&t, &s, 2);
    memcpy(t.values[2], t.values[0], sizeof t.values[0]);
    t.columns[2] = t.values[2];
    t.maximize[2] = t.maximize[0];
    clv_yardstick_of(&once, t.columns, t.maximize, 2, NULL, DESIGNS);
    clv_yardstick_of(&twice, t.columns, t.maximize, 3, NULL, DESIGNS);
    assert_nearly(once.shrinkage, 0, 0);
    assert_true(twice.shrinkage > 0 && twice.shrinkage < 0.02);
    for (size_t i = 0; i < DESIGNS; i++) {
        double values[CLV_GOALS];
        double single;
        of_design(&t, 3, i, values);
        single = clv_yardstick_square(&once, values);
        assert_nearly(clv_yardstick_square(&twice, values), single,
                      0.03 * single + 1e-9);
    }
}

static void what_is_the_same_in_all_counts_nothing(void **state)
{
    struct seeded s = seeded_init("same", 3);
    static struct table t;
    struct clv_yardstick with;
    struct clv_yardstick without;

    (void)state;
    fill(&t, &s, 3);
    clv_yardstick_of(&without, t.columns, t.maximize, 2, NULL, DESIGNS);
    for (size_t i = 0; i < DESIGNS; i++) {
        t.values[2][i] = 7;
    }
    clv_yardstick_of(&with, t.columns, t.maximize, 3, NULL, DESIGNS);
    for (size_t i = 0; i < DESIGNS; i++) {
        double values[CLV_GOALS];
        of_design(&t, 3, i, values);
        assert_nearly(clv_yardstick_square(&with, values),
                      clv_yardstick_square(&without, values), 1e-9);
    }
    /* all of them the same, or one design only: nothing is far from it */
    clv_yardstick_of(&with, t.columns, t.maximize, 3, NULL, 1);
    for (size_t i = 0; i < DESIGNS; i++) {
        double values[CLV_GOALS];
        of_design(&t, 3, i, values);
        assert_nearly(clv_yardstick_optimality(&with, values), 1, 0);
    }
}

static void a_set_is_measured_as_if_it_were_all(void **state)
{
    struct seeded s = seeded_init("set", 4);
    static struct table t;
    static struct table closed;
    uint32_t set[DESIGNS];
    size_t count = 0;
    struct clv_yardstick a;
    struct clv_yardstick b;

    (void)state;
    fill(&t, &s, 4);
    closed = t;
    for (uint32_t i = 0; i < DESIGNS; i++) {
        if (seeded_below(&s, 3) == 0) {
            for (size_t g = 0; g < 4; g++) {
                closed.values[g][count] = t.values[g][i];
                closed.columns[g] = closed.values[g];
            }
            set[count++] = i;
        }
    }
    clv_yardstick_of(&a, t.columns, t.maximize, 4, set, count);
    clv_yardstick_of(&b, closed.columns, t.maximize, 4, NULL, count);
    assert_memory_equal(&a, &b, sizeof a);
}

static void outside_the_range_it_counts_on(void **state)
{
    static const double fast[] = {10, 20, 14};
    const double *columns[] = {fast};
    static const int maximize[] = {0};
    double ten = 20;
    double twenty = 30;
    struct clv_yardstick y;

    (void)state;
    clv_yardstick_of(&y, columns, maximize, 1, NULL, 3);
    assert_nearly(clv_yardstick_distance(&y, &twenty),
                  2 * clv_yardstick_distance(&y, &ten), 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(squares_equal_those_by_elimination),
        cmocka_unit_test(two_objectives_by_hand),
        cmocka_unit_test(an_objective_twice_counts_about_once),
        cmocka_unit_test(what_is_the_same_in_all_counts_nothing),
        cmocka_unit_test(a_set_is_measured_as_if_it_were_all),
        cmocka_unit_test(outside_the_range_it_counts_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
