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
    clv_image_init(&image);
    assert_int_equal(CLEAVE_UNSUPPORTED,
                     clv_image_decode((clv_bytes){(const uint8_t *)"GIF89a", 6},
                                      0, "a.jpg", &image, &err));
    assert_string_equal("a.jpg", err.where);
    clv_image_fini(&image);
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
        cmocka_unit_test(swapping_exchanges_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
