/*
 * test_columnwise.c - RASS by columns against RASS as one would write it
 * down, design by design.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "nearly.h"
#include "plan/rass.h"
#include "seeded.h"

#define DESIGNS 3000
#define OBJECTIVES 4
#define BOUNDS 3

struct world {
    size_t designs;
    double objectives[OBJECTIVES][DESIGNS];
    double bounded[BOUNDS][DESIGNS];
    double memory[DESIGNS];
    double workload[DESIGNS];
    uint32_t processors[DESIGNS];
    const double *objective_columns[OBJECTIVES];
    const double *bounded_columns[BOUNDS];
    int maximize[OBJECTIVES];
    struct clv_constraint bounds[BOUNDS];
    struct clv_rass_columns columns;
};

static void world_draw(struct world *w, struct seeded *s, int is_coarse)
{
    for (size_t i = 0; i < w->designs; i++) {
        double effort = seeded_unit(s);
        for (size_t g = 0; g < OBJECTIVES; g++) {
            double share = g % 2 ? effort : 1 - effort;
            double value = 10 * (share + seeded_unit(s));
            w->objectives[g][i] = is_coarse ? floor(value / 4) : value;
        }
        for (size_t b = 0; b < BOUNDS; b++) {
            w->bounded[b][i] = seeded_unit(s);
        }
        w->memory[i] = is_coarse ? floor(5 * effort) : 1e6 * seeded_unit(s);
        w->workload[i] = 1e9 * effort;
        w->processors[i] = seeded_below(s, 8);
    }
}

static void world_init(struct world *w, struct seeded *s, size_t designs,
                       int is_coarse)
{
    memset(w, 0, sizeof *w);
    w->designs = designs;
    world_draw(w, s, is_coarse);
    for (size_t g = 0; g < OBJECTIVES; g++) {
        w->objective_columns[g] = w->objectives[g];
        w->maximize[g] = (int)seeded_below(s, 2);
    }
    for (size_t b = 0; b < BOUNDS; b++) {
        w->bounded_columns[b] = w->bounded[b];
        w->bounds[b].at_least = (int)seeded_below(s, 2);
        w->bounds[b].bound = w->bounds[b].at_least ? 0.2 : 0.8;
    }
    w->columns = (struct clv_rass_columns){
        .designs = designs,
        .objectives = w->objective_columns,
        .maximize = w->maximize,
        .objective_count = OBJECTIVES,
        .bounded = w->bounded_columns,
        .bounds = w->bounds,
        .bound_count = BOUNDS,
        .memory = w->memory,
        .workload = w->workload,
        .processors = w->processors,
    };
}

/* -- As one would write it down -- */

struct naive {
    struct clv_yardstick yardstick;
    uint32_t feasible[DESIGNS];
    size_t count;
    double square[DESIGNS];
    double memory_tenth;
    double workload_tenth;
};

static int is_feasible(const struct world *w, size_t i)
{
    for (size_t b = 0; b < w->columns.bound_count; b++) {
        double value = w->bounded[b][i];
        if (!(w->bounds[b].at_least ? value >= w->bounds[b].bound
                                    : value <= w->bounds[b].bound)) {
            return 0;
        }
    }
    for (size_t g = 0; g < OBJECTIVES; g++) {
        if (!isfinite(w->objectives[g][i])) {
            return 0;
        }
    }
    return 1;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double tenth_of(const struct naive *n, const double *column)
{
    static double sorted[DESIGNS];

    for (size_t i = 0; i < n->count; i++) {
        sorted[i] = column[n->feasible[i]];
    }
    qsort(sorted, n->count, sizeof *sorted, compare);
    return sorted[(n->count + 9) / 10 - 1];
}

static void naive_init(struct naive *n, const struct world *w)
{
    *n = (struct naive){.count = 0};
    for (uint32_t i = 0; i < w->designs; i++) {
        if (is_feasible(w, i)) {
            n->feasible[n->count++] = i;
        }
    }
    clv_yardstick_of(&n->yardstick, w->objective_columns, w->maximize,
                     OBJECTIVES, n->feasible, n->count);
    if (n->count > 0) {
        n->memory_tenth = tenth_of(n, w->memory);
        n->workload_tenth = tenth_of(n, w->workload);
    }
}

/* By the solution's own yardstick, so that ties are ties in both. */
static void naive_measure(struct naive *n, const struct world *w,
                          const struct clv_yardstick *y)
{
    for (size_t i = 0; i < w->designs; i++) {
        double values[OBJECTIVES];
        for (size_t g = 0; g < OBJECTIVES; g++) {
            values[g] = w->objectives[g][i];
        }
        n->square[i] = clv_yardstick_square(y, values);
    }
}

static int beats(const struct world *w, size_t a, size_t b)
{
    int is_better = 0;

    for (size_t g = 0; g < OBJECTIVES; g++) {
        double sign = w->maximize[g] ? 1 : -1;
        double gain = sign * (w->objectives[g][a] - w->objectives[g][b]);
        if (gain < 0) {
            return 0;
        }
        is_better |= gain > 0;
    }
    return is_better;
}

static int is_in(const struct naive *n, const struct world *w, size_t i,
                 unsigned role)
{
    if (role >= CLV_ROLE_AVOIDS) {
        return (w->processors[i] & (role / CLV_ROLE_AVOIDS)) == 0;
    }
    return role == CLV_ROLE_MEMORY     ? w->memory[i] <= n->memory_tenth
           : role == CLV_ROLE_WORKLOAD ? w->workload[i] <= n->workload_tenth
                                       : 1;
}

/* The best of a role that beats `than`, if that is one. */
static size_t naive_best(const struct naive *n, const struct world *w,
                         unsigned role, size_t than)
{
    size_t best = SIZE_MAX;

    for (size_t k = 0; k < n->count; k++) {
        size_t i = n->feasible[k];
        if (is_in(n, w, i, role) && (than == SIZE_MAX || beats(w, i, than)) &&
            (best == SIZE_MAX || n->square[i] < n->square[best])) {
            best = i;
        }
    }
    return best;
}

static void naive_keep(const struct naive *n, const struct world *w,
                       unsigned role, struct clv_rass *rass)
{
    size_t best = naive_best(n, w, role, SIZE_MAX);
    struct clv_rass_design design = {.roles = role};

    if (best == SIZE_MAX) {
        return;
    }
    design.optimality = 1 / (1 + sqrt(n->square[best]));
    for (size_t at = best; at != SIZE_MAX; at = naive_best(n, w, role, best)) {
        best = at;
    }
    design.design = best;
    clv_rass_keep(rass, &design);
}

static void naive_solve(struct naive *n, const struct world *w,
                        struct clv_rass *rass)
{
    uint32_t used;

    naive_keep(n, w, CLV_ROLE_BEST, rass);
    used = w->processors[rass->kept[0].design];
    n->memory_tenth += CLV_RASS_SLIGHT * w->memory[rass->kept[0].design];
    n->workload_tenth += CLV_RASS_SLIGHT * w->workload[rass->kept[0].design];
    for (unsigned bit = 0; bit < 3; bit++) {
        if (used >> bit & 1) {
            naive_keep(n, w, CLV_ROLE_AVOIDS << bit, rass);
        }
    }
    naive_keep(n, w, CLV_ROLE_MEMORY, rass);
    naive_keep(n, w, CLV_ROLE_WORKLOAD, rass);
}

/* -- Comparing -- */

static void compare_yardsticks(const struct clv_yardstick *a,
                               const struct clv_yardstick *b)
{
    for (size_t g = 0; g < OBJECTIVES; g++) {
        assert_nearly(a->low[g], b->low[g], 0);
        assert_nearly(a->high[g], b->high[g], 0);
        assert_nearly(a->mean[g], b->mean[g], 1e-9);
        for (size_t h = 0; h < OBJECTIVES; h++) {
            assert_nearly(a->covariance[g * CLV_GOALS + h],
                          b->covariance[g * CLV_GOALS + h], 1e-9);
        }
    }
    assert_nearly(a->shrinkage, b->shrinkage, 1e-9);
}

static void check_order(const struct naive *n, const uint32_t *order)
{
    for (size_t i = 1; i < n->count; i++) {
        double before = n->square[order[i - 1]];
        double here = n->square[order[i]];
        assert_true(before < here ||
                    (before == here && order[i - 1] < order[i]));
    }
}

static void check(const struct world *w)
{
    static uint32_t order[DESIGNS];
    static struct naive n;
    struct clv_rass rass;
    struct clv_rass wanted = {.kept_count = 0};
    cleave_status status =
        clv_rass_columns_solve(&w->columns, &rass, order, NULL);

    naive_init(&n, w);
    assert_int_equal(status, n.count > 0 ? CLEAVE_OK : CLEAVE_NOT_FOUND);
    if (n.count == 0) {
        return;
    }
    assert_int_equal(rass.feasible, n.count);
    compare_yardsticks(&rass.yardstick, &n.yardstick);
    naive_measure(&n, w, &rass.yardstick);
    check_order(&n, order);
    naive_solve(&n, w, &wanted);
    assert_nearly(rass.memory_tenth, n.memory_tenth, 0);
    assert_nearly(rass.workload_tenth, n.workload_tenth, 0);
    assert_int_equal(rass.kept_count, wanted.kept_count);
    for (size_t i = 0; i < wanted.kept_count; i++) {
        assert_int_equal(rass.kept[i].design, wanted.kept[i].design);
        assert_int_equal(rass.kept[i].roles, wanted.kept[i].roles);
        assert_nearly(rass.kept[i].optimality, wanted.kept[i].optimality, 0);
    }
}

/* -- Tests -- */

static void solutions_equal_naive_ones(void **state)
{
    struct seeded s = seeded_init("naive", 1);
    static struct world w;

    (void)state;
    for (int round = 0; round < 60; round++) {
        size_t designs = 1 + seeded_below(&s, round % 2 ? DESIGNS - 1 : 40);
        world_init(&w, &s, designs, round % 3 == 0);
        check(&w);
    }
}

static void objectives_that_say_the_same_are_no_trouble(void **state)
{
    struct seeded s = seeded_init("singular", 2);
    static struct world w;

    (void)state;
    world_init(&w, &s, 500, 0);
    memcpy(w.objectives[2], w.objectives[0], sizeof w.objectives[0]);
    w.maximize[2] = w.maximize[0];
    check(&w);
    for (size_t i = 0; i < w.designs; i++) {
        w.objectives[3][i] = 5;
    }
    check(&w);
}

static void one_feasible_design_is_everything(void **state)
{
    struct seeded s = seeded_init("one", 3);
    static struct world w;
    struct clv_rass rass;

    (void)state;
    world_init(&w, &s, 300, 0);
    for (size_t i = 0; i < w.designs; i++) {
        w.bounded[0][i] = w.bounds[0].at_least ? 0 : 1;
    }
    check(&w);
    for (size_t b = 0; b < BOUNDS; b++) {
        w.bounded[b][123] = 0.5;
    }
    check(&w);
    assert_int_equal(clv_rass_columns_solve(&w.columns, &rass, NULL, NULL),
                     CLEAVE_OK);
    assert_int_equal(rass.kept_count, 1);
    assert_int_equal(rass.kept[0].design, 123);
    assert_nearly(rass.kept[0].optimality, 1, 0);
}

static void designs_all_alike_go_by_number(void **state)
{
    struct seeded s = seeded_init("alike", 4);
    static struct world w;
    static uint64_t numbers[DESIGNS];
    struct clv_rass rass;

    (void)state;
    world_init(&w, &s, 400, 0);
    w.columns.bound_count = 0;
    for (size_t i = 0; i < w.designs; i++) {
        numbers[i] = 1000 - i;
        w.processors[i] = 1;
        for (size_t g = 0; g < OBJECTIVES; g++) {
            w.objectives[g][i] = 3;
        }
    }
    check(&w);
    w.columns.numbers = numbers;
    assert_int_equal(clv_rass_columns_solve(&w.columns, &rass, NULL, NULL),
                     CLEAVE_OK);
    assert_int_equal(rass.kept[0].design, 1000 - 399);
}

static void what_nobody_knows_is_not_feasible(void **state)
{
    struct seeded s = seeded_init("unknown", 5);
    static struct world w;
    struct clv_rass rass;

    (void)state;
    world_init(&w, &s, 600, 0);
    for (size_t i = 0; i < w.designs; i++) {
        size_t g = seeded_below(&s, 2 * OBJECTIVES);
        if (g < OBJECTIVES) {
            w.objectives[g][i] = i % 2 ? NAN : -INFINITY;
        }
        w.bounded[0][i] = seeded_below(&s, 5) ? w.bounded[0][i] : NAN;
    }
    check(&w);
    /* memory that nobody knows is in no tenth */
    for (size_t i = 0; i < w.designs; i++) {
        w.memory[i] = i % 2 ? NAN : CLV_UNKNOWN;
    }
    w.columns.workload = NULL;
    w.columns.processors = NULL;
    assert_int_equal(clv_rass_columns_solve(&w.columns, &rass, NULL, NULL),
                     CLEAVE_OK);
    assert_int_equal(rass.kept_count, 1);
    assert_int_equal(rass.kept[0].roles, CLV_ROLE_BEST);
    assert_true(isinf(rass.memory_tenth) && isinf(rass.workload_tenth));
}

/* Of 20 designs two have less memory and work than d0, by so many hundredths
   of it; what is d_m and d_w then? */
static unsigned roles_of_best(struct world *w, size_t best, double saved)
{
    struct clv_rass rass;

    for (size_t i = 0; i < 20; i++) {
        int is_little = i == (best + 1) % 20 || i == (best + 2) % 20;
        w->memory[i] = is_little ? 100 - saved : 100 + (double)i;
        w->workload[i] = w->memory[i];
    }
    w->memory[best] = 100;
    w->workload[best] = 100;
    check(w);
    assert_int_equal(clv_rass_columns_solve(&w->columns, &rass, NULL, NULL),
                     CLEAVE_OK);
    assert_int_equal(rass.kept[0].design, best);
    return rass.kept[0].roles;
}

static void a_sliver_less_is_no_reason(void **state)
{
    const unsigned little = CLV_ROLE_MEMORY | CLV_ROLE_WORKLOAD;
    struct seeded s = seeded_init("sliver", 7);
    static struct world w;
    struct clv_rass rass;
    size_t best;

    (void)state;
    world_init(&w, &s, 20, 0);
    w.columns.bound_count = 0;
    assert_int_equal(clv_rass_columns_solve(&w.columns, &rass, NULL, NULL),
                     CLEAVE_OK);
    best = (size_t)rass.kept[0].design;
    assert_int_equal(roles_of_best(&w, best, 0.4) & little, little);
    assert_int_equal(roles_of_best(&w, best, 4.9) & little, little);
    assert_int_equal(roles_of_best(&w, best, 5.1) & little, 0);
    assert_int_equal(roles_of_best(&w, best, 40) & little, 0);
}

static void nothing_wanted_and_nothing_there(void **state)
{
    struct seeded s = seeded_init("nothing", 6);
    static struct world w;
    struct clv_rass rass;
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    world_init(&w, &s, 50, 0);
    w.columns.objective_count = 0;
    w.columns.bound_count = 0;
    assert_int_equal(clv_rass_columns_solve(&w.columns, &rass, NULL, NULL),
                     CLEAVE_OK);
    assert_int_equal(rass.kept[0].design, 0);
    w.columns.designs = 0;
    assert_int_equal(clv_rass_columns_solve(&w.columns, &rass, NULL, &err),
                     CLEAVE_NOT_FOUND);
    w.columns.objective_count = CLV_GOALS + 1;
    assert_int_equal(clv_rass_columns_solve(&w.columns, &rass, NULL, NULL),
                     CLEAVE_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(solutions_equal_naive_ones),
        cmocka_unit_test(objectives_that_say_the_same_are_no_trouble),
        cmocka_unit_test(one_feasible_design_is_everything),
        cmocka_unit_test(designs_all_alike_go_by_number),
        cmocka_unit_test(what_nobody_knows_is_not_feasible),
        cmocka_unit_test(a_sliver_less_is_no_reason),
        cmocka_unit_test(nothing_wanted_and_nothing_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
