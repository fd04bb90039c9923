/*
 * test_huffman.c - lengths of Huffman codes, beside those made by hand and
 * beside the entropy that bounds them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "nearly.h"
#include "profile/huffman.h"
#include "seeded.h"

static void known_codes_have_their_length(void **state)
{
    const uint64_t none[4] = {0};
    const uint64_t one[4] = {0, 7};
    const uint64_t two[4] = {5, 0, 0, 2};
    /* a 1 bit, b 2, c 3, d 3: 8 + 2 * 4 + 3 * 2 + 3 * 1 */
    const uint64_t four[4] = {8, 4, 2, 1};

    (void)state;
    assert_int_equal(clv_huffman_bits(none, 4), 0);
    assert_int_equal(clv_huffman_bits(one, 4), 7);
    assert_int_equal(clv_huffman_bits(two, 4), 7);
    assert_int_equal(clv_huffman_bits(four, 4), 25);
}

static void the_entropy_bounds_it(void **state)
{
    struct seeded s = seeded_init(__func__, 3);

    (void)state;
    for (int round = 0; round < 50; round++) {
        uint64_t counts[256];
        double total = 0;
        double entropy = 0;
        for (int i = 0; i < 256; i++) {
            counts[i] = seeded_below(&s, 4) ? 0 : seeded_below(&s, 5000);
            total += (double)counts[i];
        }
        for (int i = 0; i < 256; i++) {
            if (counts[i] > 0) {
                entropy += (double)counts[i] * log2(total / (double)counts[i]);
            }
        }
        double bits = (double)clv_huffman_bits(counts, 256);
        assert_true(bits >= entropy - 1e-6 && bits <= entropy + total);
    }
}

static void tensors_are_quantised_first(void **state)
{
    /* At 2 bits over 0 to 3: 0 four times, 1 twice, 2 and 3 once: 1 bit each
       for four, 2 for two, 3 for two others: 14 bits; the table is 16. */
    float values[8] = {0, 0, 0.1f, -5, 1, 1.2f, 2, 9};
    const cleave_tensor t = {
        {"t", CLEAVE_TYPE_F32, 1, {8}}, values, sizeof values};
    const struct clv_calibrated known = {.lo = 0, .hi = 3};
    double bytes = 0;

    (void)state;
    assert_int_equal(clv_huffman_bytes(&t, &known, 2, &bytes, NULL), CLEAVE_OK);
    assert_nearly(bytes, 4, 0);
    assert_int_equal(clv_huffman_bytes(&t, NULL, 8, &bytes, NULL), CLEAVE_OK);
    assert_true(bytes > 128);
}

static void what_has_no_levels_is_refused(void **state)
{
    float values[2] = {0, NAN};
    int64_t integers[1] = {3};
    const cleave_tensor a = {
        {"a", CLEAVE_TYPE_F32, 1, {2}}, values, sizeof values};
    const cleave_tensor b = {
        {"b", CLEAVE_TYPE_I64, 1, {1}}, integers, sizeof integers};
    double bytes;

    (void)state;
    assert_int_equal(clv_huffman_bytes(&a, NULL, 4, &bytes, NULL),
                     CLEAVE_UNSUPPORTED);
    assert_int_equal(clv_huffman_bytes(&b, NULL, 4, &bytes, NULL),
                     CLEAVE_UNSUPPORTED);
    assert_int_equal(clv_huffman_bytes(&a, NULL, 9, &bytes, NULL),
                     CLEAVE_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_codes_have_their_length),
        cmocka_unit_test(the_entropy_bounds_it),
        cmocka_unit_test(tensors_are_quantised_first),
        cmocka_unit_test(what_has_no_levels_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
