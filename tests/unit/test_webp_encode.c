/*
 * test_webp_encode.c - quality buys bytes; sizes are bounded.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "media/picture.h"
#include "scratch_picture.h"

/* Encodes, decodes; the bytes, and the error in ret_error. */
static size_t there_and_back(struct clv_picture_encoder *encoder,
                             const struct clv_image *image, int quality,
                             double *ret_error)
{
    struct clv_image back;
    struct clv_buffer out;
    size_t size;

    clv_buffer_init(&out, (size_t)1 << 20);
    clv_image_init(&back);
    assert_int_equal(CLEAVE_OK,
                     clv_picture_encode(encoder, image, CLV_IMAGE_WEBP, quality,
                                        "p", &out, NULL));
    assert_int_equal(CLV_IMAGE_WEBP, clv_image_kind_of(clv_buffer_bytes(&out)));
    assert_int_equal(CLEAVE_OK, clv_image_decode(clv_buffer_bytes(&out), 0, "p",
                                                 &back, NULL));
    *ret_error = picture_error(image, &back);
    size = out.size;
    clv_image_fini(&back);
    clv_buffer_fini(&out);
    return size;
}

static void quality_buys_bytes(void **state)
{
    static const int qualities[] = {1, 20, 50, 75, 90, 100};
    struct clv_picture_encoder encoder;
    struct clv_image image;
    size_t before = 0;
    double first = 0;
    double error = 0;

    (void)state;
    clv_image_init(&image);
    clv_picture_encoder_init(&encoder);
    draw_picture(&image, 224, 224);
    for (size_t i = 0; i < sizeof qualities / sizeof qualities[0]; i++) {
        size_t size = there_and_back(&encoder, &image, qualities[i], &error);

        assert_true(size > before);
        first = i == 0 ? error : first;
        before = size;
    }
    assert_true(error < 5); /* the noise alone has more */
    assert_true(first > 2 * error);
    assert_true(before < 224 * 224 * 3);
    clv_picture_encoder_fini(&encoder);
    clv_image_fini(&image);
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
    fast = there_and_back(&encoder, &image, 20, &error);
    encoder.webp_method = CLV_WEBP_METHOD_MAX;
    assert_true(there_and_back(&encoder, &image, 20, &error) < fast);
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
