/*
 * test_evidence.c - what a few inputs say together, by hand.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "nearly.h"
#include "profile/evidence.h"
#include "profile/statistics.h"

static const struct clv_passage passages[] = {
    {.bytes = 100, .elements = 400, .encode_ns = 5000, .decode_ns = 1000},
    {.bytes = 300, .elements = 400, .encode_ns = 1000, .decode_ns = 4000},
    {.bytes = 200, .elements = 400, .encode_ns = 3000, .decode_ns = 2000},
};

static const struct clv_verdict right = {.best = 1, .score = 1, .loss = 0};
static const struct clv_verdict wrong = {.best = 2, .score = 0, .loss = 1};

static void costs_are_means_medians_and_spreads(void **state)
{
    struct clv_evidence e;
    struct clv_rate rate;
    struct clv_rater_spreads spreads;

    (void)state;
    assert_int_equal(clv_evidence_init(&e, 3, NULL), CLEAVE_OK);
    for (int round = 0; round < 2; round++) { /* nothing is left of the first */
        clv_evidence_clear(&e);
        for (size_t i = 0; i < 3; i++) {
            clv_evidence_cost(&e, &passages[i]);
            clv_evidence_answer(&e, &right, &right);
        }
        rate = clv_evidence_rate(&e, CLV_JUDGED_BY_TOP1, 1);
        spreads = clv_evidence_spreads(&e);
    }
    assert_int_equal(rate.inputs, 3);
    assert_nearly(rate.bytes, 200, 0);
    assert_nearly(rate.bits_per_element, 4, 0);
    assert_nearly(rate.encode_us, 3, 0);
    assert_nearly(rate.decode_us, 2, 0);
    assert_nearly(rate.change_pp, 0, 0);
    assert_nearly(spreads.encode_ns.mean, 3000, 1e-9);
    assert_nearly(spreads.bytes.max, 300, 0);
    assert_nearly(spreads.decode_ns.min, 1000, 0);
    clv_evidence_fini(&e);
}

static void answers_gained_and_lost_are_paired(void **state)
{
    struct clv_interval want = clv_paired_proportions(3, 1, 2);
    struct clv_evidence e;
    struct clv_rate rate;

    (void)state;
    assert_int_equal(clv_evidence_init(&e, 3, NULL), CLEAVE_OK);
    for (size_t i = 0; i < 3; i++) {
        clv_evidence_cost(&e, &passages[i]);
        clv_evidence_answer(&e, i == 0 ? &wrong : &right,
                            i == 0 ? &right : &wrong);
    }
    rate = clv_evidence_rate(&e, CLV_JUDGED_BY_TOPK, 2.0 / 3);
    assert_nearly(rate.score, 1.0 / 3, 1e-12);
    assert_nearly(rate.unpacked, 2.0 / 3, 0);
    assert_nearly(rate.agreement, 0, 0);
    assert_nearly(rate.change_pp, -100.0 / 3, 1e-12);
    assert_nearly(rate.ci_low_pp, 100 * want.low, 1e-12);
    assert_nearly(rate.ci_high_pp, 100 * want.high, 1e-12);
    assert_true(clv_rate_is_within(&rate, 34));
    assert_false(clv_rate_is_within(&rate, 33));
    assert_false(clv_rate_is_beyond(&rate, 33)); /* three prove little */
    assert_nearly(clv_rate_ci_pp(&rate), 50 * (want.high - want.low), 1e-9);
    clv_evidence_fini(&e);
}

static void what_is_more_or_less_right_changes_by_means(void **state)
{
    static const double losses[] = {0.1, 0.3, 0.2};
    static const double changes[] = {-0.1, -0.3, -0.2};
    struct clv_interval want = clv_paired_means(changes, 3);
    struct clv_evidence e;
    struct clv_rate rate;

    (void)state;
    assert_int_equal(clv_evidence_init(&e, 3, NULL), CLEAVE_OK);
    for (size_t i = 0; i < 3; i++) {
        struct clv_verdict now = {
            .best = 1, .score = 1 - losses[i], .loss = losses[i]};
        clv_evidence_cost(&e, &passages[i]);
        clv_evidence_answer(&e, &right, &now);
    }
    rate = clv_evidence_rate(&e, CLV_JUDGED_BY_COSINE, 1);
    assert_nearly(rate.score, 0.8, 1e-12);
    assert_nearly(rate.agreement, 1, 0);
    assert_nearly(rate.change_pp, -20, 1e-9);
    assert_nearly(rate.ci_low_pp, 100 * want.low, 1e-9);
    clv_evidence_fini(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(costs_are_means_medians_and_spreads),
        cmocka_unit_test(answers_gained_and_lost_are_paired),
        cmocka_unit_test(what_is_more_or_less_right_changes_by_means),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
