/*
 * test_shelf.c - tensors come back as they were put, within the bound.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "profile/shelf.h"

static cleave_tensor tensor(void *data, size_t count)
{
    return (cleave_tensor){
        {"t", CLEAVE_TYPE_U8, 1, {(int64_t)count}}, data, count};
}

static void tensors_come_back(void **state)
{
    struct clv_shelf s = {0};
    uint8_t a[100];
    uint8_t b[3] = {1, 2, 3};
    cleave_tensor two[] = {tensor(a, sizeof a), tensor(b, sizeof b)};
    const cleave_tensor *back;
    size_t count;

    (void)state;
    memset(a, 7, sizeof a);
    assert_int_equal(clv_shelf_init(&s, 2, 10000, NULL), CLEAVE_OK);
    assert_null(clv_shelf_get(&s, 1, &count));
    assert_non_null(clv_shelf_put(&s, 1, two, 2));
    memset(a, 0, sizeof a);
    back = clv_shelf_get(&s, 1, &count);
    assert_int_equal(count, 2);
    assert_int_equal(back[0].bytes, 100);
    assert_int_equal(((uint8_t *)back[0].data)[99], 7);
    assert_memory_equal(back[1].data, b, 3);
    assert_int_equal((uintptr_t)back[1].data % 64, 0);
    assert_null(clv_shelf_get(&s, 0, &count));
    clv_shelf_clear(&s);
    assert_null(clv_shelf_get(&s, 1, &count));
    assert_int_equal(s.used_bytes, 0);
    clv_shelf_fini(&s);
}

static void no_more_than_the_bound(void **state)
{
    struct clv_shelf s = {0};
    uint8_t a[1000] = {0};
    cleave_tensor one = tensor(a, sizeof a);
    int kept = 0;

    (void)state;
    assert_int_equal(clv_shelf_init(&s, 10, 4000, NULL), CLEAVE_OK);
    for (size_t i = 0; i < 10; i++) {
        kept += clv_shelf_put(&s, i, &one, 1) != NULL;
        assert_true(s.used_bytes <= 4000);
    }
    assert_in_range(kept, 2, 3);
    clv_shelf_fini(&s);
    clv_shelf_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_come_back),
        cmocka_unit_test(no_more_than_the_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
