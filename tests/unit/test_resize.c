/*
 * test_resize.c - equal to Pillow, whose results stand here.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "media/resize.h"

/* A picture with edges and slopes; the golden values are of this one. */
static void draw(struct clv_image *image)
{
    clv_image_init(image);
    assert_int_equal(CLEAVE_OK, clv_image_shape(image, 8, 6, 0, "p", NULL));
    for (unsigned y = 0; y < 6; y++) {
        for (unsigned x = 0; x < 8; x++) {
            for (unsigned c = 0; c < 3; c++) {
                image->pixels[(y * 8 + x) * 3 + c] =
                    (uint8_t)(x * 37 + y * 59 + c * 83 + x * y * 11);
            }
        }
    }
}

static void assert_golden(uint32_t width, uint32_t height,
                          const uint8_t first[36], int sum)
{
    struct clv_resizer resizer;
    struct clv_image in;
    struct clv_image out;
    int total = 0;

    draw(&in);
    clv_image_init(&out);
    clv_resizer_init(&resizer);
    assert_int_equal(CLEAVE_OK, clv_resize(&resizer, &in, width, height, 0, "p",
                                           &out, NULL));
    assert_int_equal(width, out.width);
    assert_int_equal(height, out.height);
    assert_memory_equal(first, out.pixels, 36);
    for (uint32_t i = 0; i < width * height * 3; i++) {
        total += out.pixels[i];
    }
    assert_int_equal(sum, total);
    clv_resizer_fini(&resizer);
    clv_image_fini(&in);
    clv_image_fini(&out);
}

static void shrinking_and_growing_equal_pillow(void **state)
{
    const uint8_t small[36] = {68,  143, 153, 148, 141, 104, 130, 104, 109,
                               147, 114, 100, 138, 128, 117, 122, 140, 111,
                               163, 98,  142, 127, 128, 125, 112, 139, 152,
                               129, 139, 136, 144, 141, 139, 141, 149, 150};
    const uint8_t large[36] = {0,   83,  166, 22,  105, 188, 49,  132, 215,
                               76,  159, 230, 103, 186, 71,  130, 213, 40,
                               156, 181, 66,  183, 22,  93,  210, 37,  120,
                               132, 64,  147, 3,   86,  169, 30,  113, 196};

    (void)state;
    assert_golden(3, 4, small, 4671);
    assert_golden(11, 9, large, 38423);
}

static void the_same_size_changes_nothing(void **state)
{
    struct clv_resizer resizer;
    struct clv_image in;
    struct clv_image out;

    (void)state;
    draw(&in);
    clv_image_init(&out);
    clv_resizer_init(&resizer);
    assert_int_equal(CLEAVE_OK,
                     clv_resize(&resizer, &in, 8, 6, 0, "p", &out, NULL));
    assert_memory_equal(in.pixels, out.pixels, 8 * 6 * 3);
    clv_resizer_fini(&resizer);
    clv_image_fini(&in);
    clv_image_fini(&out);
}

static void a_flat_picture_stays_flat(void **state)
{
    struct clv_resizer resizer;
    struct clv_image in;
    struct clv_image out;

    (void)state;
    clv_image_init(&in);
    clv_image_init(&out);
    clv_resizer_init(&resizer);
    assert_int_equal(CLEAVE_OK, clv_image_shape(&in, 1000, 3, 0, "p", NULL));
    memset(in.pixels, 255, 9000);
    assert_int_equal(CLEAVE_OK,
                     clv_resize(&resizer, &in, 7, 50, 0, "p", &out, NULL));
    for (int i = 0; i < 7 * 50 * 3; i++) {
        assert_int_equal(255, out.pixels[i]);
    }
    assert_int_equal(CLEAVE_LIMIT,
                     clv_resize(&resizer, &in, 7, 50, 349, "p", &out, NULL));
    clv_resizer_fini(&resizer);
    clv_image_fini(&in);
    clv_image_fini(&out);
}

static void assert_shorter(uint32_t w, uint32_t h, uint32_t shorter,
                           uint64_t want_w, uint64_t want_h)
{
    uint64_t width;
    uint64_t height;

    clv_resize_shorter(w, h, shorter, &width, &height);
    assert_int_equal(want_w, width);
    assert_int_equal(want_h, height);
}

static void the_longer_side_is_rounded_down(void **state)
{
    (void)state;
    assert_shorter(500, 375, 256, 341, 256);
    assert_shorter(375, 500, 256, 256, 341);
    assert_shorter(256, 256, 256, 256, 256);
    assert_shorter(1, 65535, 16384, 16384, 1073725440);
}

static void crops_are_centred(void **state)
{
    struct clv_image image;
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    draw(&image);
    assert_int_equal(CLEAVE_OK, clv_crop_centre(&image, 5, 3, "p", &err));
    assert_int_equal(5, image.width);
    assert_int_equal(3, image.height);
    /* margins of 3 and 3: 1.5 rounds to 2 */
    assert_int_equal((uint8_t)(2 * 37 + 2 * 59 + 4 * 11), image.pixels[0]);
    assert_int_equal((uint8_t)(6 * 37 + 4 * 59 + 2 * 83 + 24 * 11),
                     image.pixels[5 * 3 * 3 - 1]);
    assert_int_equal(CLEAVE_OK, clv_crop_centre(&image, 4, 3, "p", &err));
    /* a margin of 1: 0.5 rounds to 0 */
    assert_int_equal((uint8_t)(2 * 37 + 2 * 59 + 4 * 11), image.pixels[0]);
    assert_int_equal(CLEAVE_MISMATCH, clv_crop_centre(&image, 5, 3, "p", &err));
    assert_non_null(strstr(err.text, "5x3"));
    assert_non_null(strstr(err.text, "4x3"));
    clv_image_fini(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shrinking_and_growing_equal_pillow),
        cmocka_unit_test(the_same_size_changes_nothing),
        cmocka_unit_test(a_flat_picture_stays_flat),
        cmocka_unit_test(the_longer_side_is_rounded_down),
        cmocka_unit_test(crops_are_centred),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
