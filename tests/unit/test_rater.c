/*
 * test_rater.c - what a packing costs, beside the same reckoned by hand.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "nearly.h"
#include "profile/rater.h"
#include "rating_bed.h"

static struct clv_rater *open_rater(struct rating_bed *b, int with_labels,
                                    uint64_t memory)
{
    struct clv_rater_options o = {
        .network = b->network,
        .source = b->source,
        .labels = with_labels ? b->labels : NULL,
        .samples = b->samples,
        .sample_count = BED_ROWS,
        .memory_bytes = memory,
        .clock = clv_clock_machine(),
    };
    struct clv_rater *r = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    if (clv_rater_open(&o, &r, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    return r;
}

static struct clv_rate measure(struct clv_rater *r, const char *cut,
                               const char *pack)
{
    struct clv_packing packing;
    struct clv_rate rate;
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_int_equal(clv_packing_parse(pack, &packing, NULL), CLEAVE_OK);
    if (clv_rater_measure(r, cut, &packing, NULL, &rate, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    return rate;
}

/* The network by hand, with `a` rounded to a step; the first of equals. */
static int answer(const float *x, float step)
{
    float y[BED_WIDTH];

    for (int i = 0; i < BED_WIDTH; i++) {
        float a = x[i] > 0 ? x[i] : 0;
        y[i] = step > 0 ? nearbyintf(a / step) * step : a;
    }
    return bed_argmax(y);
}

static void packing_costs_what_it_costs_by_hand(void **state)
{
    struct rating_bed *b = *state;
    struct clv_rater *r = open_rater(b, 1, 0);
    struct clv_rate rate = measure(r, "a", "dense:step=0.75");
    int lost = 0;
    int gained = 0;
    int agree = 0;
    int right = 0;

    for (int i = 0; i < BED_ROWS; i++) {
        int before = answer(b->x[i], 0);
        int after = answer(b->x[i], 0.75f);
        agree += before == after;
        right += before == b->right[i];
        lost += before == b->right[i] && after != b->right[i];
        gained += before != b->right[i] && after == b->right[i];
    }
    assert_true(lost > 0 && right == BED_ROWS - BED_ROWS / 10);
    assert_int_equal(rate.by, CLV_JUDGED_BY_TOP1);
    assert_int_equal(rate.inputs, BED_ROWS);
    assert_nearly(rate.unpacked, (double)right / BED_ROWS, 1e-12);
    assert_nearly(rate.change_pp, 100.0 * (gained - lost) / BED_ROWS, 1e-9);
    assert_nearly(rate.score, rate.unpacked + rate.change_pp / 100, 1e-9);
    assert_nearly(rate.agreement, (double)agree / BED_ROWS, 1e-12);
    assert_true(rate.ci_low_pp < rate.change_pp);
    assert_true(rate.ci_high_pp > rate.change_pp);
    clv_rater_close(r);
}

static void nothing_lost_changes_nothing(void **state)
{
    struct clv_rater *r = open_rater(*state, 1, 0);
    static const char *const cuts[] = {"input", "a", "b"};

    for (size_t i = 0; i < 3; i++) {
        struct clv_rate rate = measure(r, cuts[i], "f32");
        assert_nearly(rate.change_pp, 0, 0);
        assert_nearly(rate.agreement, 1, 0);
        assert_in_range((int)rate.bytes, 4 * BED_WIDTH + 5, 4 * BED_WIDTH + 20);
        assert_nearly(rate.bits_per_element, rate.bytes, 1e-9);
        assert_true(clv_rate_is_within(&rate, 0));
        assert_false(clv_rate_is_beyond(&rate, 0));
        assert_true(rate.encode_us >= 0 && rate.decode_us >= 0);
    }
    clv_rater_close(r);
}

static void a_step_above_all_loses_all(void **state)
{
    struct clv_rater *r = open_rater(*state, 1, 0);
    struct clv_rate rate = measure(r, "a", "lz:step=100");

    assert_true(rate.change_pp < -50);
    assert_false(clv_rate_is_within(&rate, 1));
    assert_true(clv_rate_is_beyond(&rate, 1));
    /* Bytes of all messages, and nothing learnt from the one before. */
    assert_true(rate.bytes < measure(r, "a", "f32").bytes);
    clv_rater_close(r);
}

/* With no room to keep anything the numbers are the same. */
static void memory_changes_no_number(void **state)
{
    static const char *const packs[] = {"dense:step=0.75", "lz:bits=2",
                                        "lz:step=0.75", "f16"};
    struct clv_rater *much[2];
    struct clv_rater *none[2];

    for (int labels = 0; labels < 2; labels++) {
        much[labels] = open_rater(*state, labels, 0);
        none[labels] = open_rater(*state, labels, 1);
        for (size_t i = 0; i < 4; i++) {
            struct clv_rate x = measure(much[labels], "a", packs[i]);
            struct clv_rate y = measure(none[labels], "a", packs[i]);
            assert_nearly(x.change_pp, y.change_pp, 0);
            assert_nearly(x.score, y.score, 0);
            assert_nearly(x.bytes, y.bytes, 0);
            assert_nearly(x.agreement, y.agreement, 0);
        }
        clv_rater_close(much[labels]);
        clv_rater_close(none[labels]);
    }
}

static void without_labels_outputs_are_compared(void **state)
{
    struct clv_rater *r = open_rater(*state, 0, 0);
    struct clv_rate fine = measure(r, "a", "dense:step=0.2");
    struct clv_rate coarse = measure(r, "a", "dense:step=0.9");

    assert_int_equal(fine.by, CLV_JUDGED_BY_COSINE);
    assert_nearly(fine.unpacked, 1, 1e-12);
    assert_true(fine.score > 0.99 && fine.score < 1);
    assert_true(coarse.score < fine.score);
    assert_nearly(coarse.change_pp, 100 * (coarse.score - 1), 1e-9);
    assert_true(coarse.ci_high_pp < 0);
    clv_rater_close(r);
}

static void what_cannot_be_measured_is_told(void **state)
{
    struct rating_bed *b = *state;
    struct clv_rater *r = open_rater(b, 1, 0);
    struct clv_packing jpeg = {.coder = CLV_CODER_JPEG, .quality = 80};
    struct clv_packing vague = {.coder = CLV_CODER_DENSE};
    struct clv_packing raw = {.coder = CLV_CODER_RAW};
    struct clv_rate rate = {.bytes = -1};
    struct clv_rater *none = NULL;
    struct clv_rater_options o = {
        .network = b->network, .source = b->source, .samples = b->samples};

    assert_int_equal(clv_rater_measure(r, "input", &jpeg, NULL, &rate, NULL),
                     CLEAVE_UNSUPPORTED);
    assert_int_equal(clv_rater_measure(r, "a", &vague, NULL, &rate, NULL),
                     CLEAVE_INVALID);
    assert_int_equal(clv_rater_measure(r, "none", &raw, NULL, &rate, NULL),
                     CLEAVE_NOT_FOUND);
    assert_nearly(rate.bytes, -1, 0);
    assert_nearly(measure(r, "a", "f32").agreement, 1, 0);
    clv_rater_close(r);
    o.sample_count = 1;
    assert_int_equal(clv_rater_open(&o, &none, NULL), CLEAVE_INVALID);
    clv_rater_close(none);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_begin, bed_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(packing_costs_what_it_costs_by_hand),
        TEST(nothing_lost_changes_nothing),
        TEST(a_step_above_all_loses_all),
        TEST(memory_changes_no_number),
        TEST(without_labels_outputs_are_compared),
        TEST(what_cannot_be_measured_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
