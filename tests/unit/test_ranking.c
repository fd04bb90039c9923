/*
 * test_ranking.c - orders against a plain sort, where numbers are alike, the
 * same, or not there.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <string.h>

#include "nearly.h"
#include "plan/ranking.h"
#include "seeded.h"

#define COUNT 5000

/* Numbers of several kinds: spread, rounded, alike to the seventh digit, the
   same, very small, as far apart as can be, infinite. */
static double draw(struct seeded *s, unsigned kind)
{
    double unit = seeded_unit(s);

    switch (kind) {
    case 0:
        return exp(80 * (unit - 0.5));
    case 1:
        return floor(10 * unit);
    case 2:
        return 3 + 1e-9 * unit;
    case 3:
        return 3;
    case 4:
        return 1e-310 * unit;
    case 5:
        return seeded_below(s, 50) != 0  ? 3 + 1e-6 * unit
               : seeded_below(s, 2) != 0 ? INFINITY
                                         : floor(unit * 2) * 1e300;
    case 6: /* some a rounding apart, which no word has room for */
        return seeded_below(s, 9) == 0
                   ? exp(1400 * (unit - 0.5))
                   : 1 + 0x1p-52 * (double)seeded_below(s, 9);
    default:
        return seeded_below(s, 3) == 0 ? INFINITY : 1e39 * unit;
    }
}

static void orders_equal_those_by_insertion(void **state)
{
    struct seeded s = seeded_init("order", 1);
    static double keys[COUNT];
    static uint32_t order[COUNT];
    static uint64_t work[2 * COUNT];

    (void)state;
    for (unsigned kind = 0; kind < 8; kind++) {
        size_t finite = 0;
        uint8_t seen[COUNT] = {0};
        for (size_t i = 0; i < COUNT; i++) {
            keys[i] = draw(&s, kind);
            finite += keys[i] < INFINITY;
        }
        assert_int_equal(clv_ranking_sort(keys, COUNT, order, work), finite);
        for (size_t i = 0; i < finite; i++) {
            assert_true(keys[order[i]] < INFINITY);
            assert_int_equal(seen[order[i]], 0);
            seen[order[i]] = 1;
            assert_true(i == 0 || keys[order[i - 1]] < keys[order[i]] ||
                        (keys[order[i - 1]] == keys[order[i]] &&
                         order[i - 1] < order[i]));
        }
    }
    assert_int_equal(clv_ranking_sort(keys, 0, order, work), 0);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static void values_have_their_rank(void **state)
{
    struct seeded s = seeded_init("value", 2);
    static double values[COUNT];
    static double sorted[COUNT];
    static double work[COUNT];

    (void)state;
    for (unsigned kind = 0; kind < 5; kind++) {
        for (size_t i = 0; i < COUNT; i++) {
            values[i] = draw(&s, kind) * (kind == 1 ? -1 : 1);
        }
        values[0] = kind == 1 ? -DBL_MAX : values[0];
        values[1] = kind == 1 ? DBL_MAX : values[1];
        memcpy(sorted, values, sizeof values);
        qsort(sorted, COUNT, sizeof *sorted, compare);
        for (size_t rank = 1; rank <= COUNT;
             rank += 1 + seeded_below(&s, 400)) {
            memcpy(work, values, sizeof values);
            assert_nearly(clv_ranking_value(work, COUNT, rank),
                          sorted[rank - 1], 0);
        }
    }
    work[0] = 7;
    assert_nearly(clv_ranking_value(work, 1, 1), 7, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_equal_those_by_insertion),
        cmocka_unit_test(values_have_their_rank),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
