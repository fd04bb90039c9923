/*
 * test_shuffle.c - planes are what the format says, bit by bit, on all paths.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "codec/shuffle.h"
#include "codec/symbol.h"
#include "seeded.h"

#define MOST 400
#define ROOM (CLV_SHUFFLE_WIDTH_MAX * (MOST / 8 + 1))

static void sample_indices(struct seeded *s, unsigned width, int is_signed,
                           int16_t *indices, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t symbol = seeded_below(s, 1u << width);
        int16_t index = clv_symbol_index((uint16_t)symbol, is_signed);
        int fits = index >= (is_signed ? -INT16_MAX : 0);
        indices[i] = fits ? index : 0;
    }
}

/* The format's sentence, taken literally. */
static int plane_bit(const uint8_t *planes, size_t count, unsigned k, size_t j)
{
    return planes[k * clv_plane_bytes(count) + j / 8] >> (j % 8) & 1;
}

static void check(const int16_t *indices, size_t count, int is_signed,
                  unsigned width)
{
    SEEDED_EACH_PATH(path)
    {
        uint8_t planes[ROOM + 1];
        int16_t back[MOST];
        size_t size = width * clv_plane_bytes(count);
        unsigned bits = 0;
        memset(planes, 0xA5, sizeof planes);
        clv_shuffle((enum clv_path)path, indices, count, is_signed, width,
                    planes);
        for (size_t j = 0; j < count; j++) {
            unsigned symbol = clv_symbol(indices[j], is_signed);
            bits |= symbol;
            for (unsigned k = 0; k < width; k++) {
                assert_int_equal(plane_bit(planes, count, k, j),
                                 symbol >> k & 1);
            }
        }
        for (size_t j = count; j < 8 * clv_plane_bytes(count); j++) {
            for (unsigned k = 0; k < width; k++) {
                assert_int_equal(plane_bit(planes, count, k, j), 0);
            }
        }
        assert_int_equal(planes[size], 0xA5);
        assert_int_equal(
            clv_shuffle_bits((enum clv_path)path, indices, count, is_signed),
            bits);
        assert_true(clv_unshuffle((enum clv_path)path, planes, count, is_signed,
                                  width, back));
        assert_memory_equal(back, indices, count * sizeof *back);
    }
}

static void planes_are_as_the_format_says(void **state)
{
    struct seeded s = seeded_init("planes", 1);
    int16_t indices[MOST];

    (void)state;
    for (unsigned width = 0; width <= 16; width++) {
        for (int round = 0; round < 60; round++) {
            int is_signed = round % 2;
            size_t count = seeded_below(&s, MOST);
            sample_indices(&s, is_signed || width < 16 ? width : 15, is_signed,
                           indices, count);
            check(indices, count, is_signed, width);
        }
    }
}

static void symbols_that_are_no_index_are_refused(void **state)
{
    struct seeded s = seeded_init("no index", 2);
    int16_t indices[MOST];
    uint8_t planes[ROOM];

    (void)state;
    for (int round = 0; round < 200; round++) {
        size_t count = 1 + seeded_below(&s, MOST - 1);
        size_t at = seeded_below(&s, (uint32_t)count);
        int is_signed = round % 2;
        memset(indices, 0, sizeof indices);
        clv_shuffle(CLV_PATH_PORTABLE, indices, count, 0, 16, planes);
        for (unsigned k = is_signed ? 0 : 15; k < 16; k++) {
            planes[k * clv_plane_bytes(count) + at / 8] |=
                (uint8_t)(1u << at % 8);
        }
        SEEDED_EACH_PATH(path)
        {
            assert_false(clv_unshuffle((enum clv_path)path, planes, count,
                                       is_signed, 16, indices));
        }
    }
}

static void a_set_bit_after_the_last_is_refused(void **state)
{
    int16_t indices[MOST] = {0};
    uint8_t planes[ROOM];

    (void)state;
    for (size_t count = 1; count < 200; count++) {
        for (unsigned bit = count % 8; bit < 8 && count % 8 != 0; bit++) {
            memset(planes, 0, sizeof planes);
            planes[3 * clv_plane_bytes(count) - 1] = (uint8_t)(1u << bit);
            SEEDED_EACH_PATH(path)
            {
                assert_false(clv_unshuffle((enum clv_path)path, planes, count,
                                           1, 5, indices));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planes_are_as_the_format_says),
        cmocka_unit_test(symbols_that_are_no_index_are_refused),
        cmocka_unit_test(a_set_bit_after_the_last_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
