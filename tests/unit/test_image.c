/*
 * test_image.c - the memory of a picture, and kinds by first bytes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "media/image.h"

static void sizes_are_bounded(void **state)
{
    struct clv_image image;
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    clv_image_init(&image);
    assert_int_equal(CLEAVE_OK, clv_image_shape(&image, 4, 5, 20, "p", &err));
    assert_int_equal(60, image.capacity);
    assert_int_equal(CLEAVE_OK, clv_image_shape(&image, 2, 2, 20, "p", &err));
    assert_int_equal(60, image.capacity); /* kept */
    assert_int_equal(CLEAVE_LIMIT,
                     clv_image_shape(&image, 7, 3, 20, "p", &err));
    assert_non_null(strstr(err.text, "7x3"));
    assert_int_equal(CLEAVE_LIMIT,
                     clv_image_shape(&image, 65536, 1, 0, "p", NULL));
    assert_int_equal(CLEAVE_LIMIT,
                     clv_image_shape(&image, UINT64_MAX, 2, 0, "p", NULL));
    assert_int_equal(CLEAVE_LIMIT,
                     clv_image_shape(&image, 65535, 65535, 0, "p", NULL));
    assert_int_equal(CLEAVE_CORRUPT,
                     clv_image_shape(&image, 0, 5, 0, "p", NULL));
    clv_image_fini(&image);
    assert_null(image.pixels);
}

static enum clv_image_kind kind_of(const char *bytes, size_t size)
{
    return clv_image_kind_of((clv_bytes){(const uint8_t *)bytes, size});
}

static void kinds_are_known_by_first_bytes(void **state)
{
    struct clv_image image;
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(CLV_IMAGE_JPEG, kind_of("\xff\xd8\xff\xe0", 4));
    assert_int_equal(CLV_IMAGE_PNG, kind_of("\x89PNG\r\n\x1a\n", 8));
    assert_int_equal(CLV_IMAGE_UNKNOWN, kind_of("\x89PNG\r\n\x1a\n", 7));
    assert_int_equal(CLV_IMAGE_PPM, kind_of("P6\n", 3));
    assert_int_equal(CLV_IMAGE_UNKNOWN, kind_of("P5\n", 3));
    assert_int_equal(CLV_IMAGE_UNKNOWN, kind_of("", 0));
    assert_int_equal(CLV_IMAGE_WEBP, kind_of("RIFF????WEBP", 12));
    assert_int_equal(CLV_IMAGE_UNKNOWN, kind_of("RIFF????WEBP", 11));
    assert_int_equal(CLV_IMAGE_UNKNOWN, kind_of("RIFF????WAVE", 12));
    clv_image_init(&image);
    assert_int_equal(CLEAVE_UNSUPPORTED,
                     clv_image_decode((clv_bytes){(const uint8_t *)"GIF89a", 6},
                                      0, "a.jpg", &image, &err));
    assert_string_equal("a.jpg", err.where);
    clv_image_fini(&image);
}

static cleave_status measure(const char *bytes, size_t size, uint32_t *width,
                             uint32_t *height, cleave_error *err)
{
    return clv_image_measure((clv_bytes){(const uint8_t *)bytes, size}, "a",
                             width, height, err);
}

/* Only headers: of the pixels there is nothing. */
static void sizes_are_read_from_headers(void **state)
{
    static const char png[] = "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x0d\0\0"
                              "\0\x0a\x08\2\0\0\0\x4a\x57\x6b\xac";
    static const char webp[] = "RIFF\x18\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x0f\0"
                               "\0\x08\0\0\0\0";
    cleave_error err = CLEAVE_ERROR_INIT;
    uint32_t w = 7;
    uint32_t h = 7;

    (void)state;
    assert_int_equal(CLEAVE_OK, measure("P6 4 5 255 ", 11, &w, &h, NULL));
    assert_int_equal(4, w);
    assert_int_equal(5, h);
    assert_int_equal(CLEAVE_OK, measure(png, sizeof png - 1, &w, &h, NULL));
    assert_int_equal(13, w);
    assert_int_equal(10, h);
    assert_int_equal(CLEAVE_CORRUPT, measure(webp, 20, &w, &h, NULL));
    assert_int_equal(CLEAVE_UNSUPPORTED, measure("GIF89a", 6, &w, &h, NULL));
    assert_int_equal(CLEAVE_CORRUPT, measure("P6 0 5 255 ", 11, &w, &h, NULL));
    assert_int_equal(CLEAVE_CORRUPT, measure("\xff\xd8\xff", 3, &w, &h, NULL));
    assert_int_equal(CLEAVE_LIMIT,
                     measure("P6 65536 1 255 ", 15, &w, &h, &err));
    assert_non_null(strstr(err.text, "65536x1"));
    assert_int_equal(13, w); /* written on success only */
    assert_int_equal(10, h);
}

static void swapping_exchanges_all(void **state)
{
    struct clv_image a;
    struct clv_image b;

    (void)state;
    clv_image_init(&a);
    clv_image_init(&b);
    assert_int_equal(CLEAVE_OK, clv_image_shape(&a, 2, 3, 0, "a", NULL));
    clv_image_swap(&a, &b);
    assert_null(a.pixels);
    assert_int_equal(2, b.width);
    assert_int_equal(3, b.height);
    clv_image_fini(&a);
    clv_image_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_bounded),
        cmocka_unit_test(kinds_are_known_by_first_bytes),
        cmocka_unit_test(sizes_are_read_from_headers),
        cmocka_unit_test(swapping_exchanges_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
