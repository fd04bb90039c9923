/*
 * test_webp_encode.c - quality buys bytes; sizes are bounded.
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
    check_quality(CLV_IMAGE_WEBP);
}

static void methods_search_for_fewer_bytes(void **state)
{
    struct clv_picture_encoder encoder;
    struct clv_image image;
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_buffer out;
    size_t fast;
    double error;

    (void)state;
    clv_image_init(&image);
    clv_buffer_init(&out, 1000);
    clv_picture_encoder_init(&encoder);
    assert_int_equal(CLV_WEBP_METHOD, encoder.webp_method);
    draw_picture(&image, 224, 224);
    encoder.webp_method = 0;
    fast = there_and_back(&encoder, CLV_IMAGE_WEBP, &image, 20, &error);
    encoder.webp_method = CLV_WEBP_METHOD_MAX;
    assert_true(there_and_back(&encoder, CLV_IMAGE_WEBP, &image, 20, &error) <
                fast);
    for (int i = 0; i < 2; i++) {
        encoder.webp_method = i == 0 ? -1 : CLV_WEBP_METHOD_MAX + 1;
        assert_int_equal(CLEAVE_INVALID,
                         clv_picture_encode(&encoder, &image, CLV_IMAGE_WEBP,
                                            50, "p", &out, &err));
        assert_non_null(strstr(err.text, "0 to 6"));
    }
    clv_picture_encoder_fini(&encoder);
    clv_image_fini(&image);
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
    draw_picture(&image, 16383, 1);
    assert_int_equal(CLEAVE_OK,
                     clv_picture_encode(&encoder, &image, CLV_IMAGE_WEBP, 50,
                                        "p", &out, &err));
    draw_picture(&image, 1, 16384);
    assert_int_equal(CLEAVE_LIMIT,
                     clv_picture_encode(&encoder, &image, CLV_IMAGE_WEBP, 50,
                                        "p", &out, &err));
    assert_non_null(strstr(err.text, "1x16384"));
    clv_picture_encoder_fini(&encoder);
    clv_buffer_fini(&out);
    clv_image_fini(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quality_buys_bytes),
        cmocka_unit_test(methods_search_for_fewer_bytes),
        cmocka_unit_test(the_formats_longest_side_is_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
