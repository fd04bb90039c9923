/*
 * test_rank.c - scores of every type, and the best of them in order.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "tensor/element.h"
#include "tensor/rank.h"

static double score(cleave_type type, const void *data, size_t i)
{
    cleave_tensor t = {.info = {.type = type}, .data = (void *)(uintptr_t)data};

    return clv_rank_score(&t, i);
}

static void every_type_is_read_as_a_number(void **state)
{
    const int8_t i8[] = {1, -128};
    const uint8_t u8[] = {1, 255};
    const int16_t i16[] = {1, -32768};
    const uint16_t u16[] = {1, 65535};
    const int32_t i32[] = {1, INT32_MIN};
    const uint32_t u32[] = {1, UINT32_MAX};
    const int64_t i64[] = {1, -5};
    const uint64_t u64[] = {1, (uint64_t)1 << 63};
    const float f32[] = {1, -0.5f};
    const double f64[] = {1, 1e300};
    const uint16_t f16[] = {0x3c00, 0xc000};

    (void)state;
    assert_true(score(CLEAVE_TYPE_I8, i8, 1) == -128);
    assert_true(score(CLEAVE_TYPE_U8, u8, 1) == 255);
    assert_true(score(CLEAVE_TYPE_BOOL, u8, 0) == 1);
    assert_true(score(CLEAVE_TYPE_I16, i16, 1) == -32768);
    assert_true(score(CLEAVE_TYPE_U16, u16, 1) == 65535);
    assert_true(score(CLEAVE_TYPE_I32, i32, 1) == INT32_MIN);
    assert_true(score(CLEAVE_TYPE_U32, u32, 1) == UINT32_MAX);
    assert_true(score(CLEAVE_TYPE_I64, i64, 1) == -5);
    assert_true(score(CLEAVE_TYPE_U64, u64, 1) == 0x1p63);
    assert_true(score(CLEAVE_TYPE_F32, f32, 1) == -0.5);
    assert_true(score(CLEAVE_TYPE_F64, f64, 1) == 1e300);
    assert_true(score(CLEAVE_TYPE_F16, f16, 1) == -2);
}

static void assert_top(const float *scores, size_t first, size_t count,
                       size_t k, const size_t *want)
{
    cleave_tensor t = {.info = {.type = CLEAVE_TYPE_F32},
                       .data = (void *)(uintptr_t)scores};
    size_t best[16] = {0};

    best[k] = 4711;
    clv_rank_top(&t, first, count, k, best);
    for (size_t i = 0; i < k; i++) {
        assert_int_equal(best[i], want[i]);
    }
    assert_int_equal(best[k], 4711);
}

static void the_best_come_first_and_equals_keep_their_order(void **state)
{
    const float scores[] = {9, 1, 3, 3, -2, 3, 7, 0};

    (void)state;
    assert_top(scores, 1, 7, 4, (size_t[]){6, 2, 3, 5});
    assert_top(scores, 0, 8, 1, (size_t[]){0});
    assert_top(scores, 0, 8, 8, (size_t[]){0, 6, 2, 3, 5, 1, 7, 4});
    assert_top(scores, 0, 8, 0, NULL);
}

static void what_is_no_number_comes_last(void **state)
{
    const float scores[] = {NAN, 1, NAN, -INFINITY, INFINITY};

    (void)state;
    assert_top(scores, 0, 5, 5, (size_t[]){4, 1, 3, 0, 2});
    assert_top(scores, 0, 3, 1, (size_t[]){1});
}

static const float *sorted_scores; /* for qsort; this test has one thread */

static int by_score(const void *a, const void *b)
{
    size_t x = *(const size_t *)a;
    size_t y = *(const size_t *)b;

    if (sorted_scores[x] != sorted_scores[y]) {
        return sorted_scores[x] > sorted_scores[y] ? -1 : 1;
    }
    return x < y ? -1 : 1;
}

static void it_agrees_with_a_full_sort(void **state)
{
    float scores[200];
    size_t order[200];
    uint32_t seed = 5;

    (void)state;
    for (int round = 0; round < 100; round++) {
        for (size_t i = 0; i < 200; i++) {
            seed = seed * 1664525u + 1013904223u;
            scores[i] = (float)(seed >> 26); /* many are equal */
            order[i] = i;
        }
        sorted_scores = scores;
        qsort(order, 200, sizeof order[0], by_score);
        assert_top(scores, 0, 200, (size_t)round % 15, order);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_read_as_a_number),
        cmocka_unit_test(the_best_come_first_and_equals_keep_their_order),
        cmocka_unit_test(what_is_no_number_comes_last),
        cmocka_unit_test(it_agrees_with_a_full_sort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
