/*
 * test_png.c - all colour types and depths; hostile headers.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <spng.h>

#include "media/image.h"

/* A 2x2 PNG with these raw bytes of pixels. */
static clv_bytes encode(uint8_t type, uint8_t depth, const void *pixels,
                        size_t size, const struct spng_plte *palette)
{
    struct spng_ihdr head = {
        .width = 2, .height = 2, .bit_depth = depth, .color_type = type};
    struct spng_plte copy;
    clv_bytes png = {NULL, 0};
    int error = 0;
    spng_ctx *ctx = spng_ctx_new(SPNG_CTX_ENCODER);

    assert_int_equal(0, spng_set_option(ctx, SPNG_ENCODE_TO_BUFFER, 1));
    assert_int_equal(0, spng_set_ihdr(ctx, &head));
    if (palette != NULL) {
        copy = *palette;
        assert_int_equal(0, spng_set_plte(ctx, &copy));
    }
    assert_int_equal(0, spng_encode_image(ctx, pixels, size, SPNG_FMT_PNG,
                                          SPNG_ENCODE_FINALIZE));
    png.data = spng_get_png_buffer(ctx, &png.size, &error);
    spng_ctx_free(ctx);
    assert_non_null(png.data);
    return png;
}

static void assert_pixels(clv_bytes png, const uint8_t want[12])
{
    struct clv_image image;
    cleave_error err = CLEAVE_ERROR_INIT;

    clv_image_init(&image);
    assert_int_equal(CLEAVE_OK,
                     clv_image_decode(png, 0, "a.png", &image, &err));
    assert_int_equal(2, image.width);
    assert_int_equal(2, image.height);
    assert_memory_equal(want, image.pixels, 12);
    clv_image_fini(&image);
    free((void *)(uintptr_t)png.data);
}

static void colour_types_become_rgb(void **state)
{
    const uint8_t rgb[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 255, 0, 128};
    const uint8_t rgba[16] = {1, 2, 3, 0,   4,   5, 6,   9,
                              7, 8, 9, 255, 255, 0, 128, 1};
    const uint8_t gray[4] = {0, 7, 128, 255};
    const uint8_t gray_alpha[8] = {0, 0, 7, 9, 128, 0, 255, 255};
    const uint8_t gray_rgb[12] = {0,   0,   0,   7,   7,   7,
                                  128, 128, 128, 255, 255, 255};
    const struct spng_plte palette = {.n_entries = 2,
                                      .entries = {{1, 2, 3, 0}, {4, 5, 6, 0}}};
    const uint8_t indices[4] = {0, 1, 1, 0};
    const uint8_t indices_rgb[12] = {1, 2, 3, 4, 5, 6, 4, 5, 6, 1, 2, 3};

    (void)state;
    assert_pixels(encode(SPNG_COLOR_TYPE_TRUECOLOR, 8, rgb, 12, NULL), rgb);
    assert_pixels(encode(SPNG_COLOR_TYPE_TRUECOLOR_ALPHA, 8, rgba, 16, NULL),
                  rgb);
    assert_pixels(encode(SPNG_COLOR_TYPE_GRAYSCALE, 8, gray, 4, NULL),
                  gray_rgb);
    assert_pixels(
        encode(SPNG_COLOR_TYPE_GRAYSCALE_ALPHA, 8, gray_alpha, 8, NULL),
        gray_rgb);
    assert_pixels(encode(SPNG_COLOR_TYPE_INDEXED, 8, indices, 4, &palette),
                  indices_rgb);
}

static void depths_become_8_bits(void **state)
{
    const uint16_t gray16[4] = {0x00ff, 0x12ff, 0x8000, 0xffff};
    const uint8_t gray16_rgb[12] = {0,    0,    0,    0x12, 0x12, 0x12,
                                    0x80, 0x80, 0x80, 0xff, 0xff, 0xff};
    const uint16_t rgb16[12] = {0x0100, 0x0200, 0x0300, 0x0401, 0x05ff, 0x0680,
                                0x0700, 0x0800, 0x0900, 0xffff, 0x00ff, 0x8000};
    const uint8_t rgb16_rgb[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 255, 0, 128};
    const uint8_t bits[2] = {0x40, 0x80}; /* 01 and 10 */
    const uint8_t bits_rgb[12] = {0,   0,   0,   255, 255, 255,
                                  255, 255, 255, 0,   0,   0};

    (void)state;
    assert_pixels(encode(SPNG_COLOR_TYPE_GRAYSCALE, 16, gray16, 8, NULL),
                  gray16_rgb);
    assert_pixels(encode(SPNG_COLOR_TYPE_TRUECOLOR, 16, rgb16, 24, NULL),
                  rgb16_rgb);
    assert_pixels(encode(SPNG_COLOR_TYPE_GRAYSCALE, 1, bits, 2, NULL),
                  bits_rgb);
}

static void assert_refused(clv_bytes png, uint64_t max_pixels,
                           cleave_status want)
{
    struct clv_image image;
    cleave_error err = CLEAVE_ERROR_INIT;

    clv_image_init(&image);
    assert_int_equal(want,
                     clv_image_decode(png, max_pixels, "a.png", &image, &err));
    assert_string_equal("a.png", err.where);
    clv_image_fini(&image);
}

/* Where only checksums are missing, the pixels are right and taken. */
static void a_cut_file_gives_no_wrong_pixel(void **state)
{
    const uint8_t gray[4] = {1, 2, 3, 4};
    const uint8_t want[12] = {1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4};
    clv_bytes png = encode(SPNG_COLOR_TYPE_GRAYSCALE, 8, gray, 4, NULL);
    struct clv_image image;
    size_t refused = 0;

    (void)state;
    clv_image_init(&image);
    for (size_t size = 8; size < png.size; size++) {
        cleave_status status = clv_image_decode((clv_bytes){png.data, size}, 0,
                                                "a.png", &image, NULL);
        if (status == CLEAVE_OK) {
            assert_memory_equal(want, image.pixels, 12);
        } else {
            assert_int_equal(CLEAVE_CORRUPT, status);
            refused++;
        }
    }
    assert_true(refused >= png.size - 8 - 20 - 1);
    clv_image_fini(&image);
    free((void *)(uintptr_t)png.data);
}

/* As zlib's, to make a hostile header whose checksum is right. */
static uint32_t crc_of(const uint8_t *bytes, size_t size)
{
    uint32_t crc = 0xffffffffu;

    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int k = 0; k < 8; k++) {
            crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1)));
        }
    }
    return ~crc;
}

static void hostile_headers_are_refused(void **state)
{
    const uint8_t gray[4] = {1, 2, 3, 4};
    clv_bytes png = encode(SPNG_COLOR_TYPE_GRAYSCALE, 8, gray, 4, NULL);
    uint8_t *bytes = (uint8_t *)(uintptr_t)png.data;
    uint32_t crc;

    (void)state;
    assert_refused(png, 3, CLEAVE_LIMIT);
    bytes[29] ^= 1;
    assert_refused(png, 0, CLEAVE_CORRUPT); /* the checksum is wrong */
    memcpy(bytes + 16, "\x7f\xff\xff\xff\x7f\xff\xff\xff", 8);
    crc = crc_of(bytes + 12, 17);
    for (int i = 0; i < 4; i++) {
        bytes[29 + i] = (uint8_t)(crc >> (24 - 8 * i));
    }
    assert_refused(png, 0, CLEAVE_LIMIT);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colour_types_become_rgb),
        cmocka_unit_test(depths_become_8_bits),
        cmocka_unit_test(a_cut_file_gives_no_wrong_pixel),
        cmocka_unit_test(hostile_headers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
