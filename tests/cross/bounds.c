/*
 * bounds.c - that the bounds of plan/screen.h hold on another processor.
 *
 * A compiler may join a product and a sum where the processor can, and round
 * once instead of twice; so bounds of two machines are not the same bits, and
 * are not compared. What must hold everywhere is that none is above its cost,
 * and that they are near enough to be of use. Prints how many were looked at.
 *
 *     bounds portable      four lanes
 *     bounds best          what this processor has
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "plan/screen.h"

#define COUNT 64
#define ROUNDS 40

static uint64_t random_state = 1;

static double random_unit(void)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (double)(random_state >> 11) * 0x1p-53;
}

static double between(double low, double high)
{
    return low * pow(high / low, random_unit());
}

static struct clv_conditions any_conditions(void)
{
    struct clv_conditions c = clv_conditions_reference(1);

    c.slowdown = between(0.1, 100);
    c.reach[0].up_bps = between(1e3, 1e10);
    c.reach[0].down_bps = between(1e3, 1e10);
    c.reach[0].rtt_ns = between(1e4, 1e9);
    c.reach[0].rate_std = random_unit();
    return c;
}

/* Excursions upwards, none greater than its mean. */
static void any_stakes(const struct clv_formula *f, double stakes[CLV_STAKES])
{
    for (int i = 0; i < CLV_STAKES; i++) {
        stakes[i] = random_unit() < 0.1 ? 0 : between(1, 1e10);
    }
    for (int i = 0; f->has_root && i < 3; i++) {
        double e = stakes[i] * random_unit();
        stakes[CLV_STAKE_DEVICE_SQUARE + i] = e * e;
    }
}

/* How many of the bounds of one measure do not hold. */
static int count_wrong(enum clv_path path, struct clv_measure measure)
{
    struct clv_power power = {4, 2, 1};
    struct clv_formula f = clv_formula_of(measure, 0);
    struct clv_conditions now = any_conditions();
    struct clv_factors k = clv_formula_factors(&f, &power, &now, 0);
    struct clv_screen screen = clv_screen_of(&f, &k);
    float columns[CLV_STAKES * COUNT];
    float bounds[COUNT];
    double costs[COUNT];
    float least;
    int wrong = 0;

    for (size_t i = 0; i < COUNT; i++) {
        double stakes[CLV_STAKES];
        any_stakes(&f, stakes);
        costs[i] = clv_formula_cost(&f, &k, stakes);
        for (int c = 0; c < CLV_STAKES; c++) {
            columns[(size_t)c * COUNT + i] = clv_screen_stake(&f, c, stakes[c]);
        }
    }
    least = clv_screen_bounds(path, &screen, columns, COUNT, COUNT, bounds);
    for (size_t i = 0; i < COUNT; i++) {
        wrong +=
            !(least <= bounds[i] && bounds[i] <= clv_screen_limit(costs[i]) &&
              bounds[i] >= clv_screen_limit(costs[i] * (1 - 1e-3)));
    }
    return wrong;
}

int main(int argc, char **argv)
{
    int portable = argc > 1 && strcmp(argv[1], "portable") == 0;
    enum clv_path path = portable ? CLV_PATH_PORTABLE : clv_processor_best();
    long looked_at = 0;
    long wrong = 0;

    for (int m = 0; m < CLV_METRIC_COUNT; m++) {
        for (int s = 0; s < CLV_STATISTIC_COUNT; s++) {
            struct clv_measure measure = {(enum clv_metric)m,
                                          (enum clv_statistic)s};
            for (int i = 0; clv_measure_exists(measure) && i < ROUNDS; i++) {
                wrong += count_wrong(path, measure);
                looked_at += COUNT;
            }
        }
    }
    printf("%ld bounds, %ld do not hold\n", looked_at, wrong);
    return wrong != 0;
}
