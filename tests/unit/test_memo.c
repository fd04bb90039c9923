/*
 * test_memo.c - a verdict is found by its tensors, and by no others.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "profile/memo.h"

static void a_verdict_is_found_by_its_bytes(void **state)
{
    uint8_t a[] = {1, 2, 3, 4};
    uint8_t b[] = {1, 2, 3, 5};
    cleave_tensor ta = {{"a", CLEAVE_TYPE_U8, 1, {4}}, a, 4};
    cleave_tensor tb = {{"b", CLEAVE_TYPE_U8, 1, {4}}, b, 4};
    cleave_tensor both[] = {ta, tb};
    cleave_tensor swapped[] = {tb, ta};
    struct clv_memo m = {0};
    struct clv_verdict v = {.best = 3, .score = 0.5, .loss = 0.25};

    (void)state;
    assert_int_equal(clv_memo_init(&m, 2, NULL), CLEAVE_OK);
    clv_memo_add(&m, 0, clv_memo_key(both, 2), v);
    assert_non_null(clv_memo_find(&m, 0, clv_memo_key(both, 2)));
    assert_int_equal(clv_memo_find(&m, 0, clv_memo_key(both, 2))->best, 3);
    assert_null(clv_memo_find(&m, 1, clv_memo_key(both, 2)));
    assert_null(clv_memo_find(&m, 0, clv_memo_key(swapped, 2)));
    assert_null(clv_memo_find(&m, 0, clv_memo_key(&ta, 1)));
    assert_null(clv_memo_find(&m, 0, clv_memo_key(&tb, 1)));
    clv_memo_clear(&m);
    assert_null(clv_memo_find(&m, 0, clv_memo_key(both, 2)));
    clv_memo_fini(&m);
}

static void it_stops_growing(void **state)
{
    struct clv_memo m = {0};
    struct clv_verdict v = {0};

    (void)state;
    assert_int_equal(clv_memo_init(&m, 1, NULL), CLEAVE_OK);
    for (uint64_t i = 0; i < 2 * CLV_MEMO_MAX; i++) {
        clv_memo_add(&m, 0, (struct clv_memo_key){i, 0}, v);
    }
    assert_non_null(
        clv_memo_find(&m, 0, (struct clv_memo_key){CLV_MEMO_MAX - 1, 0}));
    assert_null(clv_memo_find(&m, 0, (struct clv_memo_key){CLV_MEMO_MAX, 0}));
    clv_memo_fini(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_verdict_is_found_by_its_bytes),
        cmocka_unit_test(it_stops_growing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
