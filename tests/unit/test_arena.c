/*
 * test_arena.c - pieces are aligned, apart from each other, and bounded.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/arena.h"

static void pieces_are_aligned_and_do_not_overlap(void **state)
{
    enum { PIECES = 3000 };
    struct clv_arena arena;
    uint8_t *piece[PIECES];

    (void)state;
    clv_arena_init(&arena, (size_t)64 << 20);
    for (size_t i = 0; i < PIECES; i++) {
        piece[i] = clv_arena_alloc(&arena, i);
        assert_non_null(piece[i]);
        assert_int_equal((uintptr_t)piece[i] % 16, 0);
        memset(piece[i], (int)(i & 0xff), i);
    }
    for (size_t i = 0; i < PIECES; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_int_equal(piece[i][j], i & 0xff);
        }
    }
    clv_arena_fini(&arena);
}

static void the_maximum_holds(void **state)
{
    struct clv_arena arena;
    size_t got = 0;

    (void)state;
    clv_arena_init(&arena, 100000);
    assert_null(clv_arena_alloc(&arena, 100001));
    while (clv_arena_alloc(&arena, 1000) != NULL) {
        got += 1000;
        assert_in_range(got, 1000, 100000);
    }
    assert_in_range(got, 50000, 100000);
    assert_true(arena.used <= arena.max);
    clv_arena_fini(&arena);
    assert_non_null(clv_arena_alloc(&arena, 90000)); /* usable again */
    clv_arena_fini(&arena);
}

static void sizes_that_overflow_are_refused(void **state)
{
    struct clv_arena arena;

    (void)state;
    clv_arena_init(&arena, SIZE_MAX);
    assert_null(clv_arena_alloc(&arena, SIZE_MAX));
    assert_null(clv_arena_alloc(&arena, SIZE_MAX - 14));
    assert_null(clv_arena_calloc(&arena, SIZE_MAX / 8, 16));
    assert_null(clv_arena_calloc(&arena, (size_t)1 << 33, (size_t)1 << 33));
    clv_arena_fini(&arena);
}

static void calloc_zeroes_and_strdup_copies(void **state)
{
    struct clv_arena arena;
    char text[] = "name";
    char *copy;
    uint64_t *numbers;

    (void)state;
    clv_arena_init(&arena, 1 << 20);
    memset(clv_arena_alloc(&arena, 8000), 0xff, 8000);
    numbers = clv_arena_calloc(&arena, 100, sizeof *numbers);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(numbers[i], 0);
    }
    assert_non_null(clv_arena_calloc(&arena, 0, 8));
    copy = clv_arena_strdup(&arena, text);
    text[0] = 'g';
    assert_string_equal(copy, "name");
    clv_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_do_not_overlap),
        cmocka_unit_test(the_maximum_holds),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(calloc_zeroes_and_strdup_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
