/*
 * test_offer.c - the cuts offered are those that no other beats, and each of
 * them, head then tail, gives the whole.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "network_bed.h"

static const struct clv_cut *cuts_of(struct clv_network *n, int all,
                                     size_t *count)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    const struct clv_cut *cuts = NULL;

    if ((all ? clv_network_all_cuts : clv_network_cuts)(n, &cuts, count,
                                                        &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    return cuts;
}

static void every_cut_of_every_sample_gives_the_whole(void **state)
{
    struct bed *b = *state;
    size_t checked = 0;

    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        struct clv_network *n = bed_make(b, samples[i].make);
        size_t count;
        const struct clv_cut *cuts = cuts_of(n, 1, &count);
        for (size_t j = 0; j < count; j++) {
            assert_true(cuts[j].name[0] != '\0');
            if (samples[i].make != sample_random) {
                assert_int_equal(bed_check_cut(n, cuts[j].name), 0);
                checked++;
            }
        }
        assert_int_equal(clv_network_bytes(n), 0);
    }
    assert_in_range(checked, 15, 100);
}

static void no_offered_cut_is_beaten(void **state)
{
    struct bed *b = *state;

    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        struct clv_network *n = bed_make(b, samples[i].make);
        size_t count;
        size_t all_count;
        const struct clv_cut *cuts = cuts_of(n, 0, &count);
        const struct clv_cut *all = cuts_of(n, 1, &all_count);
        assert_true(count <= all_count);
        for (size_t j = 0; j < count; j++) {
            for (size_t k = 0; k < all_count; k++) {
                assert_false(all[k].bytes <= cuts[j].bytes &&
                             all[k].head_macs <= cuts[j].head_macs &&
                             (all[k].bytes < cuts[j].bytes ||
                              all[k].head_macs < cuts[j].head_macs));
            }
        }
        for (size_t k = 0; k < all_count; k++) { /* and all others are */
            int kept_or_beaten = 0;
            for (size_t j = 0; j < count; j++) {
                kept_or_beaten |= cuts[j].bytes <= all[k].bytes &&
                                  cuts[j].head_macs <= all[k].head_macs;
            }
            assert_true(kept_or_beaten);
        }
    }
}

static void bytes_and_work_are_counted(void **state)
{
    struct clv_network *n = bed_make(*state, sample_residual);
    uint64_t parameters;
    uint64_t macs;
    size_t count;
    const struct clv_cut *cuts = cuts_of(n, 1, &count);

    assert_int_equal(clv_network_work(n, &parameters, &macs, NULL), CLEAVE_OK);
    /* 4x4x4 of 27, 4x4x4 of 4, 5 of 64 */
    assert_int_equal(macs, 64 * 27 + 64 * 4 + 5 * 64);
    assert_int_equal(parameters, 108 + 4 + 16 + 320);
    for (size_t i = 0; i < count; i++) {
        uint64_t bytes = 0;
        for (size_t j = 0; j < cuts[i].tensor_count; j++) {
            uint64_t elements;
            uint64_t some = 0;
            assert_int_equal(
                cleave_tensor_count(&cuts[i].tensors[j], &elements, &some), 0);
            bytes += some;
        }
        assert_int_equal(cuts[i].bytes, bytes);
        assert_true(cuts[i].head_macs <= macs);
        assert_true(cuts[i].head_share >= 0 && cuts[i].head_share <= 1);
        if (strcmp(cuts[i].name, "r2") == 0) {
            assert_int_equal(cuts[i].head_macs, 64 * 27 + 64 * 4);
            assert_int_equal(cuts[i].bytes, 256);
        }
    }
    assert_in_range(count, 1, 8);
}

/* Old files list weights as inputs; they are optimised like any other. */
static void old_files_have_cuts_of_the_optimised_graph(void **state)
{
    size_t count;
    const struct clv_cut *cuts =
        cuts_of(bed_make(*state, sample_old), 1, &count);

    for (size_t i = 0; i < count; i++) {
        assert_int_equal(cuts[i].tensor_count, 1);
        assert_int_equal(bed_check_cut(((struct bed *)*state)->n, cuts[i].name),
                         0);
    }
}

static void what_does_not_separate_names_cuts_that_do(void **state)
{
    struct clv_network *n = bed_make(*state, sample_mask);
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_part *part;

    assert_int_equal(clv_network_load(n, CLV_PART_HEAD, "deep", &part, &err),
                     CLEAVE_NOT_FOUND);
    assert_non_null(strstr(err.text, "also depends on 'mask'"));
    assert_non_null(strstr(err.text, "'mask+deep'"));
}

/* The bundled network begins with tensors larger than its input. */
static void the_ends_beat_cuts_too(void **state)
{
    struct bed *b = *state;
    const uint64_t input_bytes = 4 * 3 * 224 * 224;
    struct clv_network *n;
    size_t count;
    size_t all_count;
    size_t larger = 0;
    const struct clv_cut *cuts;
    const struct clv_cut *all;

    snprintf(b->path, sizeof b->path, "%s/zoo/shapes.onnx", TEST_SOURCE_DIR);
    n = bed_open(b);
    cuts = cuts_of(n, 0, &count);
    all = cuts_of(n, 1, &all_count);
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        assert_true(cuts[i].bytes < input_bytes);
        assert_true(cuts[i].head_share < 1);
    }
    for (size_t i = 0; i < all_count; i++) {
        larger += all[i].bytes >= input_bytes;
    }
    assert_true(larger > 0);
}

static int is_marked(struct clv_network *n, const char *name)
{
    size_t count;
    const struct clv_cut *cuts = cuts_of(n, 1, &count);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(cuts[i].name, name) == 0) {
            return cuts[i].is_activation;
        }
    }
    return -1;
}

/* Behind Relu, but not behind Add; where there is no activation, all. */
static void activations_are_marked(void **state)
{
    struct clv_network *n = bed_make(*state, sample_chain);

    assert_int_equal(is_marked(n, "a"), 1);
    assert_int_equal(is_marked(n, "b"), 0);
    n = bed_make(*state, sample_residual);
    assert_int_equal(is_marked(n, "r2"), 1);
    n = bed_make(*state, sample_quantised);
    assert_int_equal(is_marked(n, "q"), 1);
    assert_int_equal(is_marked(n, "qc"), 1);
}

int main(void)
{
#define IN_BED(test) cmocka_unit_test_setup_teardown(test, bed_begin, bed_end)
    const struct CMUnitTest tests[] = {
        IN_BED(every_cut_of_every_sample_gives_the_whole),
        IN_BED(no_offered_cut_is_beaten),
        IN_BED(the_ends_beat_cuts_too),
        IN_BED(activations_are_marked),
        IN_BED(bytes_and_work_are_counted),
        IN_BED(old_files_have_cuts_of_the_optimised_graph),
        IN_BED(what_does_not_separate_names_cuts_that_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
