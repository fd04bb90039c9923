/*
 * test_screen.c - bounds are never above the cost and hardly below it, on
 * every path, for every measure.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "plan/screen.h"
#include "seeded.h"

#define COUNT 64

static double between(struct seeded *s, double low, double high)
{
    return low * pow(high / low, seeded_unit(s));
}

static struct clv_conditions any_conditions(struct seeded *s)
{
    struct clv_conditions c = clv_conditions_reference(1);

    c.slowdown = between(s, 0.1, 100);
    c.reach[0].up_bps = between(s, 1e2, 1e11);
    c.reach[0].down_bps = between(s, 1e2, 1e11);
    c.reach[0].rtt_ns = between(s, 1e3, 1e10);
    c.reach[0].rate_std = seeded_unit(s);
    c.reach[0].slowdown = between(s, 0.1, 100);
    return c;
}

static int may_be_below_mean(const struct clv_formula *f)
{
    return f->measure.statistic == CLV_STATISTIC_MIN ||
           f->measure.statistic == CLV_STATISTIC_P50;
}

/* Stakes of any size; excursions none greater than its mean. */
static void any_stakes(struct seeded *s, const struct clv_formula *f,
                       double stakes[CLV_STAKES])
{
    for (int i = 0; i < CLV_STAKES; i++) {
        stakes[i] = seeded_below(s, 8) == 0 ? 0 : between(s, 1, 1e10);
    }
    for (int i = 0; f->has_root && i < 3; i++) {
        double e = stakes[i] * seeded_unit(s);
        if (may_be_below_mean(f) && seeded_below(s, 2) == 0) {
            e = -e;
        }
        stakes[CLV_STAKE_DEVICE_SQUARE + i] = e * fabs(e);
    }
}

static void check(struct seeded *s, struct clv_measure m)
{
    struct clv_power power = {4, 2, 1};
    struct clv_formula f = clv_formula_of(m, 0);
    struct clv_conditions now = any_conditions(s);
    uint32_t server = seeded_below(s, 4) == 0 ? CLV_NO_SERVER : 0;
    struct clv_factors k = clv_formula_factors(&f, &power, &now, server);
    struct clv_screen screen = clv_screen_of(&f, &k);
    float columns[CLV_STAKES * COUNT];
    float bounds[COUNT];
    float others[COUNT];
    double costs[COUNT];

    for (size_t i = 0; i < COUNT; i++) {
        double stakes[CLV_STAKES];
        any_stakes(s, &f, stakes);
        costs[i] = clv_formula_cost(&f, &k, stakes);
        for (int c = 0; c < CLV_STAKES; c++) {
            columns[(size_t)c * COUNT + i] = clv_screen_stake(&f, c, stakes[c]);
        }
    }
    SEEDED_EACH_PATH(path)
    {
        float least = clv_screen_bounds((enum clv_path)path, &screen, columns,
                                        COUNT, COUNT, bounds);
        if (path == CLV_PATH_PORTABLE) {
            memcpy(others, bounds, sizeof bounds);
        }
        assert_memory_equal(bounds, others, sizeof bounds);
        for (size_t i = 0; i < COUNT; i++) {
            assert_true(least <= bounds[i]);
            assert_true(bounds[i] <= clv_screen_limit(costs[i]));
            if (!may_be_below_mean(&f)) {
                assert_true(bounds[i] >=
                            clv_screen_limit(costs[i] * (1 - 1e-3)));
            }
        }
    }
}

static void bounds_are_below_and_near(void **state)
{
    struct seeded s = seeded_init("bounds", 21);

    (void)state;
    for (int m = 0; m < CLV_METRIC_COUNT; m++) {
        for (int t = 0; t < CLV_STATISTIC_COUNT; t++) {
            struct clv_measure measure = {(enum clv_metric)m,
                                          (enum clv_statistic)t};
            for (int i = 0; clv_measure_exists(measure) && i < 50; i++) {
                check(&s, measure);
            }
        }
    }
}

static void limits_are_above(void **state)
{
    (void)state;
    assert_true(clv_screen_limit(1e9) > clv_screen_limit(1e9 * (1 - 1e-6)));
    assert_true(isinf(clv_screen_limit(INFINITY)));
    assert_true(isinf(clv_screen_limit(1e300)));
    assert_true(clv_screen_limit(0) >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_are_below_and_near),
        cmocka_unit_test(limits_are_above),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
