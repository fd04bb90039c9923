/*
 * test_suggest.c - names near to a wrong one, nearest first.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/suggest.h"

static const char *name_at(const void *list, size_t index)
{
    return ((const char *const *)list)[index];
}

static const char *const tensors[] = {"conv1_relu", "conv2_relu", "conv3_relu",
                                      "conv4_relu", "pool5",      "logits"};

static void assert_near(const char *wanted, const char *near)
{
    char into[200];

    assert_string_equal(
        clv_suggest(wanted, tensors, 6, name_at, into, sizeof into), near);
}

static void the_nearest_come_first(void **state)
{
    (void)state;
    assert_near("pol5", "'pool5'");
    assert_near("LOGITS", "'logits'");
    assert_near("conv3relu", "'conv3_relu', 'conv1_relu' and 'conv2_relu'");
    assert_near("conv4_relu_", "'conv4_relu', 'conv1_relu' and 'conv2_relu'");
}

static void what_contains_the_name_is_near(void **state)
{
    (void)state;
    assert_near("git", "'logits'");
    assert_near("conv2", "'conv2_relu'");
}

static void far_names_are_not_named(void **state)
{
    (void)state;
    assert_near("embedding", "");
    assert_near("", "");
    assert_string_equal(clv_suggest("x", NULL, 0, name_at, (char[8]){""}, 8),
                        "");
}

static void small_room_is_not_overrun(void **state)
{
    char into[12];

    (void)state;
    memset(into, '#', sizeof into);
    clv_suggest("conv1_relu", tensors, 6, name_at, into, 8);
    assert_int_equal(into[7], '\0');
    assert_int_equal(into[8], '#');
    clv_suggest("conv1_relu", tensors, 6, name_at, into, 1);
    assert_string_equal(into, "");
}

static void long_names_are_compared_by_their_beginning(void **state)
{
    char a[300];
    char b[300];
    const char *const list[] = {a};
    char into[400];

    (void)state;
    memset(a, 'a', sizeof a - 1);
    a[sizeof a - 1] = '\0';
    memcpy(b, a, sizeof b);
    b[299 - 1] = 'b';
    assert_non_null(
        strstr(clv_suggest(b, list, 1, name_at, into, sizeof into), a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_come_first),
        cmocka_unit_test(what_contains_the_name_is_near),
        cmocka_unit_test(far_names_are_not_named),
        cmocka_unit_test(small_room_is_not_overrun),
        cmocka_unit_test(long_names_are_compared_by_their_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
