/*
 * test_ppm.c - the plain format, and what its reader refuses.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "media/image.h"

static cleave_status decode(const char *text, size_t size,
                            struct clv_image *image, cleave_error *err)
{
    return clv_image_decode((clv_bytes){(const uint8_t *)text, size}, 1000,
                            "a.ppm", image, err);
}

static void reads_pixels_and_comments(void **state)
{
    struct clv_image image;

    (void)state;
    clv_image_init(&image);
    assert_int_equal(CLEAVE_OK, decode("P6 2 1 255\nabcdef", 17, &image, NULL));
    assert_int_equal(2, image.width);
    assert_int_equal(1, image.height);
    assert_memory_equal("abcdef", image.pixels, 6);
    assert_int_equal(CLEAVE_OK, decode("P6#x\n1\t# y\r2\n\n255 123456 more", 30,
                                       &image, NULL));
    assert_int_equal(2, image.height);
    assert_memory_equal("123456", image.pixels, 6);
    clv_image_fini(&image);
}

static void assert_refused(const char *text, cleave_status want)
{
    struct clv_image image;
    cleave_error err = CLEAVE_ERROR_INIT;

    clv_image_init(&image);
    assert_int_equal(want, decode(text, strlen(text), &image, &err));
    assert_string_equal("a.ppm", err.where);
    clv_image_fini(&image);
}

static void refuses_bad_headers(void **state)
{
    (void)state;
    assert_refused("P6 2 1 255\nabcde", CLEAVE_CORRUPT);
    assert_refused("P6 2 1 255", CLEAVE_CORRUPT);
    assert_refused("P6 2 1", CLEAVE_CORRUPT);
    assert_refused("P62 1 255\nabcdef", CLEAVE_CORRUPT);
    assert_refused("P6 -2 1 255\nabcdef", CLEAVE_CORRUPT);
    assert_refused("P6 0 1 255\n", CLEAVE_CORRUPT);
    assert_refused("P6 99999999999999999999 1 255\n", CLEAVE_CORRUPT);
    assert_refused("P6 # no end", CLEAVE_CORRUPT);
    assert_refused("P6 2 1 65535\nabcdef", CLEAVE_UNSUPPORTED);
    assert_refused("P6 1001 1 255\n", CLEAVE_LIMIT);
    assert_refused("P6 9999999 9999999 255\n", CLEAVE_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_pixels_and_comments),
        cmocka_unit_test(refuses_bad_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
