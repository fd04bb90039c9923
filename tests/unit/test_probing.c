/*
 * test_probing.c - probes when they are due, and of what size.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "plan/probing.h"

#define MS ((int64_t)1000000)
#define S ((int64_t)1000000000)

static struct clv_link_view view_of(double up_bps, int64_t age_ns)
{
    return (struct clv_link_view){
        .up_bps = up_bps, .rtt_ns = 50e6, .age_ns = age_ns};
}

static void the_first_is_due_at_once(void **state)
{
    struct clv_probing p;
    struct clv_link_view unheard = view_of(1e6, INT64_MAX);

    (void)state;
    clv_probing_init(&p);
    assert_true(clv_probing_due(&p, 1, &unheard, 7 * S) == 7 * S);
    assert_true(clv_probing_due(&p, 0, &unheard, 7 * S) == 7 * S);
}

static void a_server_away_is_asked_each_quarter_second(void **state)
{
    struct clv_probing p;
    struct clv_link_view fresh = view_of(1e6, 0);

    (void)state;
    clv_probing_init(&p);
    for (int i = 0; i < 20; i++) {
        clv_probing_note(&p, 0, i * S);
        assert_true(clv_probing_due(&p, 0, &fresh, i * S) == i * S + 250 * MS);
    }
}

static void a_link_in_use_is_not_probed(void **state)
{
    struct clv_probing p;
    struct clv_link_view fresh = view_of(1e6, 10 * MS);

    (void)state;
    clv_probing_init(&p);
    assert_true(clv_probing_due(&p, 1, &fresh, 100 * S) ==
                100 * S - 10 * MS + 250 * MS);
}

static void a_silent_link_is_probed_ever_rarer_until_woken(void **state)
{
    struct clv_probing p;
    struct clv_link_view old = view_of(1e6, 50 * S);

    (void)state;
    clv_probing_init(&p);
    clv_probing_note(&p, 1, 100 * S);
    assert_true(clv_probing_due(&p, 1, &old, 100 * S) == 100 * S + 500 * MS);
    clv_probing_note(&p, 1, 101 * S);
    assert_true(clv_probing_due(&p, 1, &old, 101 * S) == 102 * S);
    clv_probing_note(&p, 1, 102 * S);
    clv_probing_note(&p, 1, 104 * S);
    assert_true(clv_probing_due(&p, 1, &old, 104 * S) == 106 * S);
    clv_probing_wake(&p);
    assert_true(clv_probing_due(&p, 1, &old, 105 * S) == 104 * S + 250 * MS);
}

static void with_hope_it_is_probed_once_an_inference(void **state)
{
    struct clv_probing p;
    struct clv_link_view old = view_of(1e6, 50 * S);

    (void)state;
    clv_probing_init(&p);
    for (int64_t i = 90; i <= 100; i++) {
        clv_probing_note(&p, 1, i * S);
    }
    clv_probing_hope(&p, 1, 20e6);
    assert_true(clv_probing_due(&p, 1, &old, 101 * S) == 100 * S + 250 * MS);
    clv_probing_hope(&p, 1, 700e6);
    assert_true(clv_probing_due(&p, 1, &old, 101 * S) == 100 * S + 700 * MS);
    clv_probing_hope(&p, 1, 1e15);
    assert_true(clv_probing_due(&p, 1, &old, 101 * S) == 110 * S);
}

static void what_would_change_nothing_is_hardly_asked(void **state)
{
    struct clv_probing p;
    struct clv_link_view old = view_of(1e6, 50 * S);

    (void)state;
    clv_probing_init(&p);
    clv_probing_note(&p, 1, 100 * S);
    clv_probing_hope(&p, 0, 1e6);
    assert_true(clv_probing_due(&p, 1, &old, 101 * S) == 110 * S);
    /* A server that is away is looked for all the same. */
    assert_true(clv_probing_due(&p, 0, &old, 101 * S) == 100 * S + 250 * MS);
    clv_probing_hope(&p, 1, 1e6);
    assert_true(clv_probing_due(&p, 1, &old, 101 * S) == 100 * S + 250 * MS);
}

static void size_follows_the_rate_within_bounds(void **state)
{
    struct clv_link_view slow = view_of(1e4, 0);
    struct clv_link_view middle = view_of(0.8e6, 0);
    struct clv_link_view fast = view_of(1e9, 0);

    (void)state;
    assert_int_equal(CLV_SMALL_BYTES, clv_probing_bytes(1, &slow));
    assert_int_equal(2500, clv_probing_bytes(1, &middle)); /* 25 ms */
    assert_int_equal(CLV_PROBE_MOST_BYTES, clv_probing_bytes(1, &fast));
    assert_int_equal(CLV_PROBE_LEAST_BYTES, clv_probing_bytes(0, &fast));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_is_due_at_once),
        cmocka_unit_test(a_server_away_is_asked_each_quarter_second),
        cmocka_unit_test(a_link_in_use_is_not_probed),
        cmocka_unit_test(a_silent_link_is_probed_ever_rarer_until_woken),
        cmocka_unit_test(with_hope_it_is_probed_once_an_inference),
        cmocka_unit_test(what_would_change_nothing_is_hardly_asked),
        cmocka_unit_test(size_follows_the_rate_within_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
