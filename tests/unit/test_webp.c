/*
 * test_webp.c - lossy and lossless; damaged, animated and hostile files.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <stdlib.h>
#include <webp/encode.h>

#include "media/image.h"

#define WIDTH 16
#define HEIGHT 9

/* A flat picture of this red, green, blue and opacity. */
static clv_bytes encode(const uint8_t *pixel, int is_lossless)
{
    uint8_t pixels[WIDTH * HEIGHT * 4];
    uint8_t *webp = NULL;
    size_t size;

    for (size_t i = 0; i < WIDTH * HEIGHT; i++) {
        memcpy(pixels + i * 4, pixel, 4);
    }
    size = is_lossless
               ? WebPEncodeLosslessRGBA(pixels, WIDTH, HEIGHT, WIDTH * 4, &webp)
               : WebPEncodeRGBA(pixels, WIDTH, HEIGHT, WIDTH * 4, 95, &webp);
    assert_true(size > 0);
    return (clv_bytes){webp, size};
}

static void drop(clv_bytes webp)
{
    WebPFree((void *)(uintptr_t)webp.data);
}

static void assert_pixel(clv_bytes webp, const uint8_t *rgb, int most)
{
    struct clv_image image;
    cleave_error err = CLEAVE_ERROR_INIT;

    clv_image_init(&image);
    if (clv_image_decode(webp, 0, "a.webp", &image, &err) != CLEAVE_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(WIDTH, image.width);
    assert_int_equal(HEIGHT, image.height);
    for (int i = 0; i < WIDTH * HEIGHT * 3; i++) {
        assert_in_range(abs(image.pixels[i] - rgb[i % 3]), 0, most);
    }
    clv_image_fini(&image);
}

static void opacity_is_dropped(void **state)
{
    const uint8_t solid[] = {200, 100, 50, 255};
    const uint8_t glass[] = {200, 100, 50, 128};

    (void)state;
    for (int lossless = 0; lossless < 2; lossless++) {
        clv_bytes a = encode(solid, lossless);
        clv_bytes b = encode(glass, lossless);

        assert_pixel(a, solid, lossless ? 0 : 3);
        assert_pixel(b, glass, lossless ? 0 : 3);
        drop(a);
        drop(b);
    }
}

static void assert_refused(clv_bytes webp, uint64_t max_pixels,
                           cleave_status want, const char *word)
{
    struct clv_image image;
    cleave_error err = CLEAVE_ERROR_INIT;

    clv_image_init(&image);
    assert_int_equal(
        want, clv_image_decode(webp, max_pixels, "a.webp", &image, &err));
    assert_string_equal("a.webp", err.where);
    assert_non_null(strstr(err.text, word));
    clv_image_fini(&image);
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    const uint8_t glass[] = {1, 2, 3, 4};

    (void)state;
    for (int lossless = 0; lossless < 2; lossless++) {
        clv_bytes webp = encode(glass, lossless);

        for (size_t size = 12; size < webp.size; size++) {
            uint8_t *exact = malloc(size);

            assert_non_null(exact);
            memcpy(exact, webp.data, size);
            assert_refused((clv_bytes){exact, size}, 0, CLEAVE_CORRUPT, "WebP");
            free(exact);
        }
        drop(webp);
    }
}

/* The size stands in the first bytes of the VP8 chunk; 14 bits a side. */
static void large_pictures_are_refused_by_their_header(void **state)
{
    const uint8_t solid[] = {1, 2, 3, 255};
    clv_bytes webp = encode(solid, 0);
    uint8_t *bytes = (uint8_t *)(uintptr_t)webp.data;

    (void)state;
    assert_refused(webp, WIDTH * HEIGHT - 1, CLEAVE_LIMIT, "16x9");
    assert_memory_equal("VP8 ", bytes + 12, 4);
    memcpy(bytes + 26, "\xff\x3f\xff\x3f", 4);
    assert_refused(webp, 0, CLEAVE_LIMIT, "16383x16383");
    drop(webp);
}

static void an_animation_is_refused(void **state)
{
    static const char file[] = "RIFF\x18\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0"
                               "\x0f\0\0\x08\0\0\0\0";

    (void)state;
    assert_refused((clv_bytes){(const uint8_t *)file, 32}, 0,
                   CLEAVE_UNSUPPORTED, "animation");
}

/* Every byte changed a few ways: an answer, whichever, and an error's text. */
static void damage_is_survived(void **state)
{
    const uint8_t glass[] = {200, 100, 50, 128};
    struct clv_image image;

    (void)state;
    clv_image_init(&image);
    for (int lossless = 0; lossless < 2; lossless++) {
        clv_bytes webp = encode(glass, lossless);
        uint8_t *bytes = (uint8_t *)(uintptr_t)webp.data;

        for (size_t at = 0; at < webp.size * 8; at++) {
            cleave_error err = CLEAVE_ERROR_INIT;
            cleave_status status;

            bytes[at / 8] ^= (uint8_t)(1u << at % 8);
            status = clv_image_decode(webp, 4096, "a.webp", &image, &err);
            assert_int_equal(status, err.code);
            assert_int_equal(status != CLEAVE_OK, strlen(err.text) > 0);
            bytes[at / 8] ^= (uint8_t)(1u << at % 8);
        }
        assert_pixel(webp, glass, 3);
        drop(webp);
    }
    clv_image_fini(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opacity_is_dropped),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(large_pictures_are_refused_by_their_header),
        cmocka_unit_test(an_animation_is_refused),
        cmocka_unit_test(damage_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
