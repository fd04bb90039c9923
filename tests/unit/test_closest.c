/*
 * test_closest.c - least sums against all sums: drawn lists, lists around
 * nothing, grids full of ties, with sides and with a loose part.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "nearly.h"
#include "plan/closest.h"
#include "seeded.h"

#define LISTS 4
#define MOST 40
#define DIMENSIONS 6
#define SIDES 3

/* How vectors are drawn. */
enum shape { APART, AROUND, GRID, CURVED, SHAPES };

struct world {
    struct clv_closest c;
    double vectors[LISTS][MOST * DIMENSIONS];
    double sides[LISTS][MOST * SIDES];
    double ratios[LISTS][MOST];
    double loose[DIMENSIONS];
    double best;
    uint32_t best_at[LISTS];
};

/* Exactly; and NaN for what exceeds a limit. */
static double square_of(const struct world *w, const uint32_t *at)
{
    const struct clv_closest *c = &w->c;
    double sum[DIMENSIONS];
    double square = 0;
    double least = INFINITY;
    double greatest = 0;

    memcpy(sum, c->offset, sizeof sum);
    for (size_t i = 0; i < c->lists; i++) {
        for (size_t d = 0; d < c->dimensions; d++) {
            sum[d] += w->vectors[i][at[i] * c->dimensions + d];
        }
        least = fmin(least, w->ratios[i][at[i]]);
        greatest = fmax(greatest, w->ratios[i][at[i]]);
    }
    for (size_t j = 0; j < c->sides; j++) {
        double side = 0;
        for (size_t i = 0; i < c->lists; i++) {
            side += w->sides[i][at[i] * c->sides + j];
        }
        if (side > c->limits[j]) {
            return NAN;
        }
    }
    for (size_t d = 0; d < c->dimensions; d++) {
        sum[d] += c->loose != NULL ? w->loose[d] * least / greatest : 0;
        square += sum[d] * sum[d];
    }
    return square;
}

static int goes_first(const uint32_t *a, const uint32_t *b, size_t lists)
{
    for (size_t i = 0; i < lists; i++) {
        if (a[i] != b[i]) {
            return a[i] < b[i];
        }
    }
    return 0;
}

static double judge(void *self, const uint32_t *at)
{
    struct world *w = self;
    double square = square_of(w, at);

    if (square < w->best ||
        (square == w->best && goes_first(at, w->best_at, w->c.lists))) {
        w->best = square;
        memcpy(w->best_at, at, w->c.lists * sizeof *at);
    }
    return w->best;
}

static void by_force(struct world *w)
{
    uint32_t at[LISTS] = {0};
    size_t i;

    do {
        judge(w, at);
        for (i = w->c.lists; i > 0 && ++at[i - 1] == w->c.list[i - 1].count;
             i--) {
            at[i - 1] = 0;
        }
    } while (i > 0);
}

static double draw(struct seeded *s, enum shape shape, size_t d, double effort)
{
    switch (shape) {
    case AROUND:
        return seeded_unit(s) - 0.5;
    case GRID:
        return floor(4 * seeded_unit(s));
    case CURVED:
        return d % 2 ? exp(-3 * effort) + 0.1 * seeded_unit(s)
                     : effort * effort + 0.1 * seeded_unit(s);
    default:
        return seeded_unit(s);
    }
}

static void world_init(struct world *w, struct seeded *s, enum shape shape)
{
    memset(w, 0, sizeof *w);
    w->best = INFINITY;
    w->c = (struct clv_closest){
        .lists = 1 + seeded_below(s, LISTS),
        .dimensions = 1 + seeded_below(s, DIMENSIONS),
        .sides = seeded_below(s, 2) ? seeded_below(s, SIDES + 1) : 0,
        .loose = seeded_below(s, 4) == 0 ? w->loose : NULL,
        .bound = INFINITY,
        .effort_most = UINT64_MAX,
        .offer = judge,
        .self = w,
    };
    for (size_t d = 0; d < DIMENSIONS; d++) {
        w->c.offset[d] = shape == APART ? 0.3 : 0;
        w->loose[d] = seeded_unit(s) - 0.5;
    }
    for (size_t i = 0; i < w->c.lists; i++) {
        size_t count = 1 + seeded_below(s, MOST);
        for (size_t k = 0; k < count; k++) {
            double effort = seeded_unit(s);
            for (size_t d = 0; d < w->c.dimensions; d++) {
                w->vectors[i][k * w->c.dimensions + d] =
                    draw(s, shape, d, effort);
            }
            for (size_t j = 0; j < w->c.sides; j++) {
                w->sides[i][k * w->c.sides + j] =
                    shape == GRID ? floor(5 * seeded_unit(s))
                                  : 1 - effort + seeded_unit(s) - 0.3;
            }
            w->ratios[i][k] = 1 + seeded_unit(s);
        }
        w->c.list[i] = (struct clv_closest_list){count, w->vectors[i],
                                                 w->sides[i], w->ratios[i]};
    }
    for (size_t j = 0; j < SIDES; j++) {
        w->c.limits[j] = (double)w->c.lists * (0.2 + 0.8 * seeded_unit(s));
    }
}

static void the_least_sum_is_found(void **state)
{
    struct seeded s = seeded_init("least", 1);
    static struct world w;
    int none = 0;

    (void)state;
    for (int round = 0; round < 120; round++) {
        uint32_t found_at[LISTS];
        double found;
        world_init(&w, &s, (enum shape)(round % SHAPES));
        assert_int_equal(clv_closest_search(&w.c, NULL), CLEAVE_OK);
        found = w.best;
        memcpy(found_at, w.best_at, sizeof found_at);
        w.best = INFINITY;
        by_force(&w);
        none += isinf(w.best) ? 1 : 0;
        if (isinf(w.best)) {
            assert_true(isinf(found));
            continue;
        }
        assert_nearly(found, w.best, 0);
        assert_memory_equal(found_at, w.best_at,
                            w.c.lists * sizeof found_at[0]);
        assert_nearly(w.c.below, found, 0);
    }
    assert_true(none < 60);
}

/* The bound of a look is one, and what it offers is allowed. */
static void looks_bound_from_below(void **state)
{
    struct seeded s = seeded_init("look", 2);
    static struct world w;

    (void)state;
    for (int round = 0; round < 80; round++) {
        double below;
        world_init(&w, &s, (enum shape)(round % SHAPES));
        assert_int_equal(clv_closest_look(&w.c, NULL), CLEAVE_OK);
        below = w.c.below;
        by_force(&w);
        assert_true(below <= w.best * (1 + 1e-9) + 1e-12);
    }
}

static void nothing_beyond_the_bound_is_offered(void **state)
{
    struct seeded s = seeded_init("bound", 3);
    static struct world w;
    double least;

    (void)state;
    do {
        world_init(&w, &s, APART);
        by_force(&w);
    } while (isinf(w.best) || w.c.loose != NULL || w.c.lists < 2);
    least = w.best;
    w.best = least * 0.99;
    w.c.bound = w.best;
    w.best_at[0] = 12345;
    assert_int_equal(clv_closest_search(&w.c, NULL), CLEAVE_OK);
    assert_nearly(w.best, least * 0.99, 0);
    assert_int_equal(w.best_at[0], 12345);
}

static void it_gives_up_when_told_to(void **state)
{
    struct seeded s = seeded_init("give up", 4);
    static struct world w;
    double found;

    (void)state;
    do {
        world_init(&w, &s, AROUND);
    } while (w.c.lists < LISTS || w.c.dimensions < 4 || w.c.sides > 0 ||
             w.c.list[0].count < 20 || w.c.list[1].count < 20);
    w.c.effort_most = 5000;
    assert_int_equal(clv_closest_search(&w.c, NULL), CLEAVE_OK);
    found = w.best;
    assert_true(isfinite(found)); /* something, at least */
    assert_true(w.c.effort > 5000 && w.c.effort < 200000);
    by_force(&w);
    assert_true(w.c.below <= w.best * (1 + 1e-9) + 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_sum_is_found),
        cmocka_unit_test(looks_bound_from_below),
        cmocka_unit_test(nothing_beyond_the_bound_is_offered),
        cmocka_unit_test(it_gives_up_when_told_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
