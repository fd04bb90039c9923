/*
 * test_quantified.c - two networks side by side: one against itself, one
 * against its reverse, and two that do not compare.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "graph_maker.h"
#include "profile/quantified.h"
#include "rating_bed.h"

/* y = op(relu(x) + 1), with the ends of tiny_chain or other ones. */
static struct clv_network *open_other(struct rating_bed *b, const char *op,
                                      const char *output)
{
    const char *path = scratch_path(b->scratch, "other.onnx");
    struct maker *m = maker_new();
    struct clv_network *network = NULL;
    char described[64];

    snprintf(described, sizeof described, "%s f32 1x8", output);
    maker_input(m, "x f32 1x8");
    maker_node(m, op, "x", output);
    maker_output(m, described);
    maker_write(m, path);
    maker_free(m);
    assert_int_equal(
        clv_network_open(path, b->engine, b->store, &network, NULL), CLEAVE_OK);
    return network;
}

static cleave_status compare(struct rating_bed *b, struct clv_network *variant,
                             int with_labels, size_t count,
                             struct clv_quantified *ret, cleave_error *err)
{
    struct clv_quantified_options options = {
        .original = b->network,
        .variant = variant,
        .source = b->source,
        .labels = with_labels ? b->labels : NULL,
        .samples = b->samples,
        .sample_count = count,
        .clock = clv_clock_machine(),
    };

    return clv_quantified_run(&options, ret, err);
}

static void a_network_against_itself_changes_nothing(void **state)
{
    struct rating_bed *b = *state;
    struct clv_quantified f;

    assert_int_equal(compare(b, b->network, 1, BED_ROWS, &f, NULL), CLEAVE_OK);
    assert_int_equal(f.by, CLV_JUDGED_BY_TOP1);
    assert_float_equal(f.before, 0.9, 1e-9); /* every tenth label is wrong */
    assert_true(f.before == f.after);
    assert_true(f.change_pp.value == 0);
    assert_true(f.change_pp.low < 0 && f.change_pp.high > 0);
    assert_true(f.agreement == 1);
    assert_int_equal(f.inputs, BED_ROWS);
    assert_true(f.rounds >= 15);
    assert_true(f.before_ms > 0 && f.after_ms > 0);
    assert_true(f.ratio_low <= f.ratio && f.ratio <= f.ratio_high);
}

static void a_reversed_network_loses_nearly_all(void **state)
{
    struct rating_bed *b = *state;
    struct clv_network *reverse = open_other(b, "Neg", "y");
    struct clv_quantified f;

    assert_int_equal(compare(b, reverse, 1, BED_ROWS, &f, NULL), CLEAVE_OK);
    assert_float_equal(f.before, 0.9, 1e-9);
    assert_true(f.after < 0.2 && f.agreement < 0.1);
    assert_true(fabs(f.change_pp.value - 100 * (f.after - f.before)) < 1e-6);
    assert_true(f.change_pp.high < -50);
    /* without labels it is the outputs that are compared */
    assert_int_equal(compare(b, reverse, 0, BED_ROWS, &f, NULL), CLEAVE_OK);
    assert_int_equal(f.by, CLV_JUDGED_BY_COSINE);
    assert_true(f.before > 0.999999 && f.after < 0);
    clv_network_close(reverse);
}

static void networks_with_other_ends_do_not_compare(void **state)
{
    struct rating_bed *b = *state;
    struct clv_network *other = open_other(b, "Neg", "z");
    struct clv_quantified f;
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_int_equal(compare(b, other, 1, BED_ROWS, &f, &err), CLEAVE_MISMATCH);
    assert_string_equal(err.where, "y");
    clv_network_close(other);
    err = (cleave_error)CLEAVE_ERROR_INIT;
    assert_int_equal(compare(b, b->network, 1, 1, &f, &err), CLEAVE_INVALID);
    assert_non_null(strstr(err.text, "2 are the least"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, bed_begin, bed_end)
        TEST(a_network_against_itself_changes_nothing),
        TEST(a_reversed_network_loses_nearly_all),
        TEST(networks_with_other_ends_do_not_compare),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
