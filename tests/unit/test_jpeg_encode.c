/*
 * test_jpeg_encode.c - quality buys bytes; sizes are bounded.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "picture_round_trip.h"

static void quality_buys_bytes(void **state)
{
    (void)state;
    check_quality(CLV_IMAGE_JPEG);
}

static void the_formats_longest_side_is_the_limit(void **state)
{
    struct clv_picture_encoder encoder;
    struct clv_image image;
    struct clv_buffer out;
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    clv_image_init(&image);
    clv_buffer_init(&out, (size_t)1 << 20);
    clv_picture_encoder_init(&encoder);
    draw_picture(&image, 65500, 1);
    assert_int_equal(CLEAVE_OK,
                     clv_picture_encode(&encoder, &image, CLV_IMAGE_JPEG, 50,
                                        "p", &out, &err));
    draw_picture(&image, 1, 65501);
    assert_int_equal(CLEAVE_LIMIT,
                     clv_picture_encode(&encoder, &image, CLV_IMAGE_JPEG, 50,
                                        "p", &out, &err));
    assert_non_null(strstr(err.text, "1x65501"));
    clv_picture_encoder_fini(&encoder);
    clv_buffer_fini(&out);
    clv_image_fini(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quality_buys_bytes),
        cmocka_unit_test(the_formats_longest_side_is_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
