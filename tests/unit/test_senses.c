/*
 * test_senses.c - exchanges teach what the link and the machines are like;
 * those that overlap do not make the link seem slow.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "run/senses.h"

#define MS 1000000
#define RATE_BPS 8e6 /* a byte a microsecond */
#define TRIP_NS (10 * MS)

static struct clv_exchange exchange_of(uint64_t bytes, int64_t link_ns)
{
    return (struct clv_exchange){
        .http = 200,
        .total_ns = link_ns + 6 * MS + 5 * MS,
        .connect_ns = 5 * MS,
        .bytes_up = bytes,
        .bytes_down = 100,
        .has_timing = true,
        .timing = {.queue_ns = 1 * MS, .unpack_ns = 2 * MS, .tail_ns = 3 * MS},
        .tcp = {.rtt_ns = -1, .rate_bps = -1},
    };
}

static int64_t link_ns(uint64_t bytes)
{
    return TRIP_NS + (int64_t)(8e9 * (double)bytes / RATE_BPS);
}

static void the_servers_time_and_connecting_are_not_the_links(void **state)
{
    struct clv_senses s;
    struct clv_conditions c;
    int64_t at = 0;

    (void)state;
    clv_senses_init(&s, CLV_LEARNS_BY_REGRESSION, 2);
    for (int i = 0; i < 40; i++) {
        uint64_t bytes = i % 2 == 0 ? 1000 : 50000;
        struct clv_exchange x = exchange_of(bytes, link_ns(bytes));
        struct clv_sensing sensing = clv_senses_begin(&s, 1, at);
        assert_int_equal(clv_senses_under_way(&s, 1), 1);
        assert_int_equal(clv_senses_under_way(&s, 0), 0);
        at += x.total_ns;
        clv_senses_end(&s, 1, sensing, at, &x, 0);
    }
    clv_senses_look(&s, at, &c);
    assert_true(c.reach[1].up_bps > 0.9 * RATE_BPS);
    assert_true(c.reach[1].up_bps < 1.1 * RATE_BPS);
    assert_true(c.reach[1].rtt_ns > 0.8 * TRIP_NS);
    assert_true(c.reach[1].rtt_ns < 1.2 * TRIP_NS);
    assert_true(c.reach[1].queue_ns > 0.9 * MS);
    clv_senses_look(&s, at + 60 * (int64_t)1000000000, &c);
    assert_true(c.reach[1].queue_ns < 1); /* nobody waits there any more */
    clv_senses_fini(&s);
}

/* A queue of two: each waits for the one before it, too. */
static void who_shares_a_link_does_not_slow_it(void **state)
{
    struct clv_senses s;
    struct clv_conditions c;
    struct clv_sensing before = {0};
    int64_t at = 0;

    (void)state;
    clv_senses_init(&s, CLV_LEARNS_BY_REGRESSION, 1);
    for (int i = 0; i < 60; i++) {
        uint64_t bytes = i % 3 == 0 ? 20000 : 90000;
        uint64_t ahead = i % 3 == 1 ? 20000 : 90000;
        struct clv_exchange x = exchange_of(bytes, link_ns(bytes + ahead));
        struct clv_sensing next = clv_senses_begin(&s, 0, at);
        at += x.total_ns / 2;
        if (i > 0) { /* the one that began before ends while this one waits */
            clv_senses_end(&s, 0, before, at, &x, 0);
        }
        before = next;
    }
    clv_senses_look(&s, at, &c);
    assert_true(c.reach[0].up_bps > 0.8 * RATE_BPS);
    assert_true(c.reach[0].up_bps < 1.25 * RATE_BPS);
    clv_senses_fini(&s);
}

static void what_does_not_come_through_bounds_the_rate(void **state)
{
    struct clv_senses s;
    struct clv_conditions before;
    struct clv_conditions after;
    struct clv_sensing sensing;

    (void)state;
    clv_senses_init(&s, CLV_LEARNS_BY_REGRESSION, 1);
    clv_senses_look(&s, 0, &before);
    sensing = clv_senses_begin(&s, 0, 0);
    clv_senses_end(&s, 0, sensing, 1000 * MS, NULL, 12500);
    clv_senses_look(&s, 1000 * MS, &after);
    assert_true(before.reach[0].up_bps > 1e6);
    assert_true(after.reach[0].up_bps <= 1.1e5);  /* 100,000 bits in a second */
    sensing = clv_senses_begin(&s, 0, 1000 * MS); /* refused: says nothing */
    clv_senses_end(&s, 0, sensing, 1001 * MS, NULL, 0);
    clv_senses_look(&s, 1001 * MS, &before);
    assert_true(before.reach[0].up_bps <= 1.1e5);
    clv_senses_fini(&s);
}

static void loads_are_told_apart(void **state)
{
    struct clv_senses s;
    struct clv_conditions c;

    (void)state;
    clv_senses_init(&s, CLV_LEARNS_BY_REGRESSION, 2);
    for (int i = 1; i <= 8; i++) {
        clv_senses_device_took(&s, i, 30 * MS, 10 * MS);
        clv_senses_server_took(&s, 1, i, 5 * MS, 10 * MS);
        clv_senses_server_took(&s, 0, i, 5 * MS, 0); /* not profiled */
    }
    clv_senses_look(&s, 9, &c);
    assert_true(c.slowdown > 2.9 && c.slowdown < 3.1);
    assert_true(c.reach[1].slowdown > 0.45 && c.reach[1].slowdown < 0.55);
    assert_true(c.reach[0].slowdown > 0.99 && c.reach[0].slowdown < 1.01);
    clv_senses_fini(&s);
}

#define SECOND ((int64_t)1000 * MS)

/* Nothing but small parts for ten minutes. */
static double slowdown_after(struct clv_senses *s, int64_t from, double ratio)
{
    struct clv_conditions c;

    for (int64_t i = from; i < from + 600; i++) {
        clv_senses_device_hinted(s, i * SECOND, ratio * 1e5, 1e5);
    }
    clv_senses_look(s, (from + 600) * SECOND, &c);
    return c.slowdown;
}

static void small_parts_keep_a_slowdown_alive(void **state)
{
    struct clv_senses s;

    (void)state;
    clv_senses_init(&s, CLV_LEARNS_BY_REGRESSION, 0);
    for (int64_t i = 0; i < 8; i++) {
        clv_senses_device_took(&s, i, 40 * MS, 1 * MS);
    }
    clv_senses_device_hinted(&s, 9, 2e5, 1e5);
    assert_true(slowdown_after(&s, 1, 2.1) > 39);
    assert_true(slowdown_after(&s, 601, 0.5) < 2); /* they are quicker by now */
    clv_senses_fini(&s);
}

static void servers_are_down_until_somebody_says_otherwise(void **state)
{
    struct clv_senses s;
    struct clv_conditions c;

    (void)state;
    clv_senses_init(&s, CLV_LEARNS_BY_REGRESSION, 2);
    clv_senses_look(&s, 0, &c);
    assert_int_equal(c.reach[0].is_up, 0);
    assert_int_equal(clv_senses_set_up(&s, 0, 1), 0);
    assert_int_equal(clv_senses_set_up(&s, 0, 1), 1);
    clv_senses_look(&s, 0, &c);
    assert_int_equal(c.reach[0].is_up, 1);
    assert_int_equal(c.reach[1].is_up, 0);
    clv_senses_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_servers_time_and_connecting_are_not_the_links),
        cmocka_unit_test(who_shares_a_link_does_not_slow_it),
        cmocka_unit_test(what_does_not_come_through_bounds_the_rate),
        cmocka_unit_test(loads_are_told_apart),
        cmocka_unit_test(small_parts_keep_a_slowdown_alive),
        cmocka_unit_test(servers_are_down_until_somebody_says_otherwise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
