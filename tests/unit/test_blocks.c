/*
 * test_blocks.c - every path of the processor gives the same bits, and squares
 * are those of the yardstick.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "nearly.h"
#include "plan/blocks.h"
#include "seeded.h"

#define N CLV_BLOCK_DESIGNS

struct world {
    double objectives[CLV_GOALS][N];
    double bounded[3][N];
    struct clv_constraint bounds[3];
    int maximize[CLV_GOALS];
    struct clv_rass_columns columns;
    int8_t is_in[N];
    struct clv_block block;
};

static void world_init(struct world *w, struct seeded *s, size_t objectives)
{
    memset(w, 0, sizeof *w);
    w->columns = (struct clv_rass_columns){
        .designs = N,
        .objective_count = objectives,
        .maximize = w->maximize,
        .bounds = w->bounds,
        .bound_count = 3,
    };
    for (size_t g = 0; g < objectives; g++) {
        w->block.objective[g] = w->objectives[g];
        w->maximize[g] = (int)seeded_below(s, 2);
        for (size_t i = 0; i < N; i++) {
            w->objectives[g][i] = 1e3 * (1 + seeded_unit(s));
        }
        w->objectives[g][seeded_below(s, N)] = g % 2 ? NAN : INFINITY;
    }
    for (size_t b = 0; b < 3; b++) {
        w->block.bounded[b] = w->bounded[b];
        w->bounds[b] = (struct clv_constraint){.at_least = (int)b % 2,
                                               .bound = b % 2 ? 0.2 : 0.8};
        for (size_t i = 0; i < N; i++) {
            w->bounded[b][i] = seeded_below(s, 20) ? seeded_unit(s) : NAN;
        }
    }
    w->block.is_in = w->is_in;
    for (size_t i = 0; i < N; i++) {
        w->is_in[i] = i < 100 ? -1 : 0;
    }
}

static void filters_are_what_they_say(void **state)
{
    struct seeded s = seeded_init("filter", 1);
    static struct world w;

    (void)state;
    SEEDED_EACH_PATH(path)
    {
        size_t feasible = 0;
        world_init(&w, &s, 5);
        clv_block_filter((enum clv_path)path, &w.columns, &w.block);
        for (size_t i = 0; i < N; i++) {
            int is_in = i < 100 && w.bounded[0][i] <= 0.8 &&
                        w.bounded[1][i] >= 0.2 && w.bounded[2][i] <= 0.8;
            for (size_t g = 0; g < 5; g++) {
                is_in = is_in && isfinite(w.objectives[g][i]);
            }
            assert_int_equal(w.block.is_in[i], -is_in);
            feasible += (size_t)is_in;
        }
        assert_int_equal(w.block.feasible, feasible);
        assert_true(feasible > 0 && feasible < 100);
    }
}

static void paths_sum_alike(void **state)
{
    struct seeded s = seeded_init("sums", 2);
    static struct world w;

    (void)state;
    for (size_t objectives = 1; objectives <= CLV_GOALS; objectives++) {
        struct clv_block_moments first = {.pivot = {0}};
        world_init(&w, &s, objectives);
        clv_block_filter(CLV_PATH_PORTABLE, &w.columns, &w.block);
        SEEDED_EACH_PATH(path)
        {
            struct clv_block_moments m = {.pivot = {0}};
            for (size_t g = 0; g < objectives; g++) {
                m.pivot[g] = m.low[g] = m.high[g] = 1500;
            }
            clv_block_add((enum clv_path)path, objectives, &w.block, &m);
            if (path == CLV_PATH_PORTABLE) {
                double sum = 0;
                double product = 0;
                for (size_t i = 0; i < N; i++) {
                    double x = w.block.is_in[i] ? w.objectives[0][i] : 1500;
                    sum += x - 1500;
                    product += (x - 1500) * (x - 1500);
                    assert_true(m.low[0] <= x && m.high[0] >= x);
                }
                assert_nearly(m.sum[0], sum, 1e-9);
                assert_nearly(m.product[0][0], product, 1e-6);
                first = m;
            }
            assert_memory_equal(&m, &first, sizeof m);
        }
    }
}

static void squares_are_the_yardsticks(void **state)
{
    struct seeded s = seeded_init("squares", 3);
    static struct world w;

    (void)state;
    for (size_t objectives = 0; objectives <= CLV_GOALS; objectives++) {
        const double *columns[CLV_GOALS];
        struct clv_yardstick y;
        world_init(&w, &s, objectives);
        for (size_t g = 0; g < objectives; g++) {
            columns[g] = w.objectives[g];
            for (size_t i = 0; i < N; i++) {
                w.objectives[g][i] = 7 + seeded_unit(&s);
            }
        }
        clv_yardstick_of(&y, columns, w.maximize, objectives, NULL, N);
        SEEDED_EACH_PATH(path)
        {
            double squares[N];
            double least = INFINITY;
            double told =
                clv_block_square((enum clv_path)path, &y, &w.block, squares);
            for (size_t i = 0; i < N; i++) {
                double values[CLV_GOALS];
                least = fmin(least, squares[i]);
                if (!w.is_in[i]) {
                    assert_true(isinf(squares[i]));
                    continue;
                }
                for (size_t g = 0; g < objectives; g++) {
                    values[g] = w.objectives[g][i];
                }
                assert_nearly(squares[i], clv_yardstick_square(&y, values), 0);
            }
            assert_nearly(told, least, 0);
        }
    }
}

/* Numbers of a few kinds, in eighths, so that many are the same. */
static double draw(struct seeded *s)
{
    switch (seeded_below(s, 12)) {
    case 0:
        return CLV_UNKNOWN;
    case 1:
        return NAN;
    case 2:
        return -INFINITY;
    default:
        return (double)seeded_below(s, 80) / 8;
    }
}

static void parts_are_what_they_say(void **state)
{
    struct seeded s = seeded_init("parts", 4);

    (void)state;
    for (unsigned round = 0; round < 20; round++) {
        double values[N];
        int8_t is_in[N];
        for (size_t i = 0; i < N; i++) {
            values[i] = draw(&s);
            is_in[i] = seeded_below(&s, 3) ? -1 : 0;
        }
        SEEDED_EACH_PATH(path)
        {
            double between[N + 1];
            struct clv_block_parts p = {
                .low = 2, .high = 2 + round / 4.0, .between = between};
            struct clv_block_parts wanted = p;
            clv_block_part((enum clv_path)path, values, is_in, &p);
            for (size_t i = 0; i < N; i++) {
                int is_one = is_in[i] && isfinite(values[i]) && values[i] >= 0;
                wanted.known += (size_t)is_one;
                wanted.below += (size_t)(is_one && values[i] < p.low);
                wanted.to_low += (size_t)(is_one && values[i] <= p.low);
                wanted.to_high += (size_t)(is_one && values[i] <= p.high);
                if (is_one && values[i] > p.low && values[i] < p.high) {
                    assert_true(wanted.count < p.count);
                    assert_nearly(between[wanted.count++], values[i], 0);
                }
            }
            assert_memory_equal(&p, &wanted, sizeof p);
        }
    }
}

static void lists_are_of_those_over_both(void **state)
{
    struct seeded s = seeded_init("lists", 5);

    (void)state;
    for (unsigned round = 0; round < 20; round++) {
        double x[N];
        double y[N];
        int8_t is_in[N];
        struct clv_block_hurdle hurdles[2] = {{x, 0, -1, round / -4.0},
                                              {y, 0, 1, 5}};
        for (size_t i = 0; i < N; i++) {
            x[i] = draw(&s);
            y[i] = draw(&s);
            is_in[i] = seeded_below(&s, 3) ? -1 : 0;
        }
        SEEDED_EACH_PATH(path)
        {
            uint32_t list[N + 1];
            size_t told =
                clv_block_list((enum clv_path)path, hurdles, is_in, 1000, list);
            size_t count = 0;
            for (size_t i = 0; i < N; i++) {
                if (is_in[i] && x[i] <= round / 4.0 && y[i] >= 5) {
                    assert_true(count < told);
                    assert_int_equal(list[count++], 1000 + i);
                }
            }
            assert_int_equal(told, count);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_are_what_they_say),
        cmocka_unit_test(paths_sum_alike),
        cmocka_unit_test(squares_are_the_yardsticks),
        cmocka_unit_test(parts_are_what_they_say),
        cmocka_unit_test(lists_are_of_those_over_both),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
