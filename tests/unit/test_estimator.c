/*
 * test_estimator.c - links and loads that are known, and what is learnt.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "nearly.h"
#include "plan/estimator.h"
#include "seeded.h"

#define MS ((int64_t)1000000)
#define S ((int64_t)1000000000)

/* A link and what happens on it. */
struct world {
    struct clv_link_estimator e;
    int64_t now_ns;
    double up_bps;
    double rtt_ns;
    double jitter; /* each time is off by up to this share */
    struct seeded chance;
};

static struct world world_of(enum clv_learns_by by, double up_bps,
                             double rtt_ns)
{
    struct world w = {.up_bps = up_bps, .rtt_ns = rtt_ns};

    clv_link_estimator_init(&w.e, by, 5e6, 20e6, 30e6);
    return w;
}

static void exchange(struct world *w, uint64_t up, uint64_t down)
{
    double off =
        w->jitter > 0 ? w->jitter * (2 * seeded_unit(&w->chance) - 1) : 0;
    double time = w->rtt_ns + (double)up * 8e9 / w->up_bps +
                  (double)down * 2e9 / w->up_bps;
    struct clv_transfer t = {.duration_ns = (int64_t)(time * (1 + off)),
                             .bytes_up = up,
                             .bytes_down = down,
                             .tcp_rtt_ns = CLV_UNKNOWN,
                             .tcp_rate_bps = CLV_UNKNOWN};

    w->now_ns += t.duration_ns;
    t.at_ns = w->now_ns;
    clv_link_estimator_note(&w->e, &t);
    w->now_ns += 10 * MS;
}

static struct clv_link_view look(const struct world *w)
{
    return clv_link_estimator_look(&w->e, w->now_ns);
}

/* Off by which share for an exchange of so many bytes. */
static double error_for(const struct world *w, double up, double down)
{
    struct clv_link_view v = look(w);
    double foreseen = v.rtt_ns + up * 8e9 / v.up_bps + down * 8e9 / v.down_bps;
    double truth = w->rtt_ns + up * 8e9 / w->up_bps + down * 2e9 / w->up_bps;

    return foreseen / truth - 1;
}

static void begins_from_the_guess(void **state)
{
    struct world w = world_of(CLV_LEARNS_BY_REGRESSION, 1e6, 80e6);

    (void)state;
    assert_nearly(look(&w).up_bps, 5e6, 1);
    assert_nearly(look(&w).down_bps, 20e6, 1);
    assert_nearly(look(&w).rtt_ns, 30e6, 1);
    assert_nearly(look(&w).confidence, 0, 0);
    assert_true(look(&w).age_ns == INT64_MAX);
}

static void tells_rate_from_round_trip_by_two_sizes(void **state)
{
    static const double rates[] = {0.2e6, 1.6e6, 12.4e6, 200e6};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct world w = world_of(CLV_LEARNS_BY_REGRESSION, rates[i], 64e6);
        /* Sizes whose difference is seen: up to 40 ms on the link. */
        uint64_t large = (uint64_t)(rates[i] * 0.04 / 8);
        for (int k = 0; k < 20; k++) {
            exchange(&w, k % 2 ? 200 : large, 300);
        }
        assert_nearly(look(&w).up_bps / rates[i], 1, 0.05);
        assert_nearly(look(&w).rtt_ns / 64e6, 1, 0.05);
        assert_true(look(&w).confidence > 0.5);
    }
}

static void one_size_is_foreseen_whatever_it_is_made_of(void **state)
{
    struct world w = world_of(CLV_LEARNS_BY_REGRESSION, 0.4e6, 90e6);

    (void)state;
    for (int k = 0; k < 5; k++) {
        exchange(&w, 4000, 300);
    }
    assert_nearly(error_for(&w, 4000, 300), 0, 0.01);
}

static void follows_a_tenfold_step_within_three_exchanges(void **state)
{
    static const double factors[] = {10, 0.1};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct world w = world_of(CLV_LEARNS_BY_REGRESSION, 3e6, 50e6);
        for (int k = 0; k < 30; k++) {
            exchange(&w, k % 5 ? 6000 : 150, 300);
        }
        w.up_bps *= factors[i];
        exchange(&w, 6000, 300);
        exchange(&w, 6000, 300);
        exchange(&w, 6000, 300);
        assert_nearly(error_for(&w, 6000, 300), 0, 0.02);
        assert_nearly(error_for(&w, 20000, 300), 0, 0.10);
        assert_true(w.e.steps > 0);
    }
}

/* The same where everything jitters, so that a calm fit is believed. */
static void follows_a_step_of_a_jittery_link(void **state)
{
    struct world w = world_of(CLV_LEARNS_BY_REGRESSION, 3e6, 50e6);

    (void)state;
    w.chance = seeded_init("estimator", 9);
    w.jitter = 0.1;
    for (int round = 0; round < 6; round++) {
        for (int k = 0; k < 40; k++) {
            exchange(&w, k % 5 ? 6000 : 150, 300);
        }
        w.up_bps *= round % 2 ? 0.1 : 10;
        for (int k = 0; k < 4; k++) {
            exchange(&w, 6000, 300);
        }
        assert_nearly(error_for(&w, 6000, 300), 0, 0.15);
    }
}

/* A long steady time makes nobody slow. */
static void follows_a_step_after_a_steady_hour(void **state)
{
    struct world w = world_of(CLV_LEARNS_BY_REGRESSION, 80e6, 40e6);

    (void)state;
    for (int k = 0; k < 3000; k++) {
        exchange(&w, k % 50 ? 100000 : 200, 100);
    }
    w.up_bps = 8e6;
    exchange(&w, 100000, 100);
    assert_nearly(error_for(&w, 100000, 100), 0, 0.05);
    assert_nearly(error_for(&w, 10000, 100), 0, 0.1);
}

/* After a step, exchanges say that the rate changed, not the round trip. */
static void a_step_leaves_the_round_trip(void **state)
{
    struct world w = world_of(CLV_LEARNS_BY_REGRESSION, 2e6, 50e6);

    (void)state;
    for (int k = 0; k < 30; k++) {
        exchange(&w, k % 3 ? 6000 : 150, 300);
    }
    w.up_bps = 0.5e6;
    for (int k = 0; k < 3; k++) {
        exchange(&w, 6000, 300);
    }
    assert_nearly(look(&w).rtt_ns / 50e6, 1, 0.1);
    assert_nearly(look(&w).up_bps / 0.5e6, 1, 0.1);
}

/* What jitters is averaged: the error is well below that of believing the
   last exchange, whose mean is a third of twice the jitter. */
static void averages_what_only_jitters(void **state)
{
    struct world w = world_of(CLV_LEARNS_BY_REGRESSION, 4e6, 20e6);
    double sum = 0;

    (void)state;
    w.chance = seeded_init("estimator", 7);
    w.jitter = 0.2;
    for (int k = 0; k < 400; k++) {
        exchange(&w, k % 4 ? 30000 : 3000, 300);
        sum += k >= 100 ? fabs(error_for(&w, 30000, 300)) : 0;
    }
    assert_true(sum / 300 < 0.08);
}

static void moving_averages_are_the_published_way(void **state)
{
    struct world w = world_of(CLV_LEARNS_BY_AVERAGE, 8e6, 40e6);

    (void)state;
    exchange(&w, 100, 100);
    for (int k = 0; k < CLV_AVERAGED; k++) {
        exchange(&w, 20000, 300);
    }
    assert_nearly(look(&w).up_bps / 8e6, 1, 0.02);
    w.up_bps = 0.8e6;
    exchange(&w, 20000, 300);
    /* One of eight: (7 * 8 + 0.8) / 8. */
    assert_nearly(look(&w).up_bps / 7.1e6, 1, 0.02);
}

static void who_learns_nothing_keeps_the_guess(void **state)
{
    struct world w = world_of(CLV_LEARNS_NOTHING, 1e6, 90e6);

    (void)state;
    exchange(&w, 20000, 300);
    clv_link_estimator_note_timeout(&w.e, w.now_ns, S, 1000);
    assert_nearly(look(&w).up_bps, 5e6, 1);
    assert_nearly(look(&w).rtt_ns, 30e6, 1);
}

static void a_timeout_bounds_the_rate(void **state)
{
    struct world w = world_of(CLV_LEARNS_BY_REGRESSION, 10e6, 50e6);
    struct clv_link_view before;

    (void)state;
    for (int k = 0; k < 10; k++) {
        exchange(&w, k % 2 ? 200 : 20000, 300);
    }
    before = look(&w);
    /* Says nothing: nobody would expect it to be through by then. */
    clv_link_estimator_note_timeout(&w.e, w.now_ns, 10 * MS, 20000);
    assert_nearly(look(&w).up_bps, before.up_bps, 1);
    clv_link_estimator_note_timeout(&w.e, w.now_ns, S, 20000);
    assert_true(look(&w).up_bps <= 161e3);
    assert_true(look(&w).confidence < before.confidence);
    /* And the link is found again at once. */
    exchange(&w, 4000, 300);
    exchange(&w, 4000, 300);
    assert_nearly(error_for(&w, 4000, 300), 0, 0.05);
}

static void confidence_fades_with_silence(void **state)
{
    struct world w = world_of(CLV_LEARNS_BY_REGRESSION, 10e6, 50e6);
    double fresh;

    (void)state;
    for (int k = 0; k < 10; k++) {
        exchange(&w, 20000, 300);
    }
    fresh = look(&w).confidence;
    w.now_ns += 60 * S;
    assert_true(look(&w).confidence < fresh / 4);
    assert_true(look(&w).age_ns >= 60 * S);
}

static void takes_tcp_at_its_word_only_at_first(void **state)
{
    struct clv_link_estimator e;
    struct clv_transfer t = {.at_ns = S,
                             .duration_ns = 100 * MS,
                             .bytes_up = 10000,
                             .tcp_rtt_ns = 60e6,
                             .tcp_rate_bps = 2e6};

    (void)state;
    clv_link_estimator_init(&e, CLV_LEARNS_BY_REGRESSION, 1e9, 1e9, 1e6);
    clv_link_estimator_note(&e, &t);
    assert_nearly(clv_link_estimator_look(&e, S).rtt_ns / 60e6, 1, 0.05);
    assert_nearly(clv_link_estimator_look(&e, S).up_bps / 2e6, 1, 0.1);
    t.at_ns = 2 * S;
    t.tcp_rtt_ns = 1e3; /* a relay's */
    clv_link_estimator_note(&e, &t);
    assert_nearly(clv_link_estimator_look(&e, S).rtt_ns / 60e6, 1, 0.05);
}

/* Whatever comes, what is told stays a number that can be computed with. */
static void odd_exchanges_leave_sane_numbers(void **state)
{
    struct clv_link_estimator e;
    struct seeded chance = seeded_init("odd", 3);

    (void)state;
    for (int by = 0; by < 2; by++) {
        clv_link_estimator_init(&e, (enum clv_learns_by)by, 0, 1e12, 0);
        for (int i = 0; i < 20000; i++) {
            int64_t at = (int64_t)((double)S * 100 * seeded_unit(&chance));
            struct clv_transfer t = {
                .at_ns = at, /* also goes back */
                .duration_ns = (int64_t)pow(10, 12 * seeded_unit(&chance)) - 1,
                .bytes_up = (uint64_t)pow(10, 9 * seeded_unit(&chance)) - 1,
                .bytes_down = (uint64_t)pow(10, 9 * seeded_unit(&chance)) - 1,
                .tcp_rtt_ns = CLV_UNKNOWN,
                .tcp_rate_bps = CLV_UNKNOWN};
            struct clv_link_view v;
            if (seeded_below(&chance, 10) == 0) {
                clv_link_estimator_note_timeout(&e, at, t.duration_ns,
                                                t.bytes_up);
            } else {
                clv_link_estimator_note(&e, &t);
            }
            v = clv_link_estimator_look(&e, at);
            assert_true(v.up_bps > 0 && isfinite(v.up_bps));
            assert_true(v.down_bps > 0 && isfinite(v.down_bps));
            assert_true(v.rtt_ns >= 0 && isfinite(v.rtt_ns));
            assert_true(v.rate_std >= 0 && v.rate_std <= 1);
            assert_true(v.confidence >= 0 && v.confidence <= 1);
            assert_true(v.age_ns >= 0);
        }
    }
}

static void a_load_follows_what_stays_and_no_outlier(void **state)
{
    struct clv_load_estimator e;

    (void)state;
    clv_load_estimator_init(&e);
    assert_nearly(clv_load_estimator_look(&e, S), 1, 0);
    for (int i = 0; i < 10; i++) {
        clv_load_estimator_note(&e, S + i, 20e6, 10e6);
    }
    assert_nearly(clv_load_estimator_look(&e, S), 2, 1e-9);
    clv_load_estimator_note(&e, S + 20, 900e6, 10e6);
    assert_nearly(clv_load_estimator_look(&e, S), 2, 1e-9);
    for (int i = 0; i < 4; i++) {
        clv_load_estimator_note(&e, S + 30 + i, 60e6, 10e6);
    }
    assert_nearly(clv_load_estimator_look(&e, S + 40), 6, 1e-9);
    clv_load_estimator_note(&e, S + 50, -1, 10e6);
    clv_load_estimator_note(&e, S + 50, 1, 0);
    assert_nearly(clv_load_estimator_look(&e, S + 60), 6, 1e-9);
}

static void a_small_part_tells_nothing(void **state)
{
    (void)state;
    assert_true(clv_load_is_told(5e6, 2e6, 20e6));
    assert_false(clv_load_is_told(50e6, 1e6, 20e6)); /* however slow */
    assert_false(clv_load_is_told(1e6, 0.5e6, 20e6));
    assert_false(clv_load_is_told(1e5, 0.9e5, 1e5)); /* 0.1 ms */
    assert_false(clv_load_is_told(5e6, 0, 20e6));
}

static void a_load_is_forgotten_in_silence(void **state)
{
    struct clv_load_estimator e;

    (void)state;
    clv_load_estimator_init(&e);
    clv_load_estimator_note(&e, S, 40e6, 10e6);
    assert_nearly(clv_load_estimator_look(&e, 5 * S), 4, 1e-9);
    assert_nearly(clv_load_estimator_look(&e, 31 * S), 4, 1e-9);
    assert_nearly(clv_load_estimator_look(&e, 151 * S), 2, 1e-6);
    assert_nearly(clv_load_estimator_look(&e, 0), 4, 1e-9);
    assert_true(clv_load_estimator_look(&e, 3600 * S) < 1.01);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begins_from_the_guess),
        cmocka_unit_test(tells_rate_from_round_trip_by_two_sizes),
        cmocka_unit_test(one_size_is_foreseen_whatever_it_is_made_of),
        cmocka_unit_test(follows_a_tenfold_step_within_three_exchanges),
        cmocka_unit_test(follows_a_step_of_a_jittery_link),
        cmocka_unit_test(follows_a_step_after_a_steady_hour),
        cmocka_unit_test(a_step_leaves_the_round_trip),
        cmocka_unit_test(averages_what_only_jitters),
        cmocka_unit_test(moving_averages_are_the_published_way),
        cmocka_unit_test(who_learns_nothing_keeps_the_guess),
        cmocka_unit_test(a_timeout_bounds_the_rate),
        cmocka_unit_test(confidence_fades_with_silence),
        cmocka_unit_test(takes_tcp_at_its_word_only_at_first),
        cmocka_unit_test(odd_exchanges_leave_sane_numbers),
        cmocka_unit_test(a_load_follows_what_stays_and_no_outlier),
        cmocka_unit_test(a_small_part_tells_nothing),
        cmocka_unit_test(a_load_is_forgotten_in_silence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
