/*
 * test_picture.c - the encoders' contract: kinds, quality, buffers.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "media/picture.h"
#include "scratch_picture.h"

#define MAX ((size_t)1 << 20)

struct desk {
    struct clv_picture_encoder encoder;
    struct clv_image image;
    struct clv_buffer out;
};

static int desk_begin(void **state)
{
    struct desk *d = calloc(1, sizeof *d);

    if (d == NULL) {
        return -1;
    }
    clv_picture_encoder_init(&d->encoder);
    clv_image_init(&d->image);
    clv_buffer_init(&d->out, MAX);
    *state = d;
    return 0;
}

static int desk_end(void **state)
{
    struct desk *d = *state;

    clv_picture_encoder_fini(&d->encoder);
    clv_image_fini(&d->image);
    clv_buffer_fini(&d->out);
    free(d);
    return 0;
}

static cleave_status encode(struct desk *d, enum clv_image_kind kind,
                            int quality, cleave_error *err)
{
    return clv_picture_encode(&d->encoder, &d->image, kind, quality, "p",
                              &d->out, err);
}

static void assert_refused(struct desk *d, enum clv_image_kind kind,
                           int quality, cleave_status want, const char *word)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    size_t before = d->out.size;

    assert_int_equal(want, encode(d, kind, quality, &err));
    assert_int_equal(want, err.code);
    assert_string_equal("p", err.where);
    assert_non_null(strstr(err.text, word));
    assert_int_equal(before, d->out.size);
}

static void a_ppm_is_the_picture_itself(void **state)
{
    struct desk *d = *state;
    struct clv_image back;

    draw_picture(&d->image, 13, 7);
    clv_buffer_append(&d->out, "xyz", 3); /* it appends */
    assert_int_equal(CLEAVE_OK, encode(d, CLV_IMAGE_PPM, 0, NULL));
    assert_memory_equal("xyzP6\n13 7\n255\n", d->out.data, 15);
    assert_int_equal(15 + 13 * 7 * 3, d->out.size);
    clv_image_init(&back);
    assert_int_equal(CLEAVE_OK, clv_image_decode((clv_bytes){d->out.data + 3,
                                                             d->out.size - 3},
                                                 0, "p", &back, NULL));
    assert_memory_equal(d->image.pixels, back.pixels, 13 * 7 * 3);
    clv_image_fini(&back);
}

static void what_makes_no_sense_is_refused(void **state)
{
    struct desk *d = *state;

    assert_refused(d, CLV_IMAGE_JPEG, 50, CLEAVE_INVALID, "no picture");
    draw_picture(&d->image, 8, 8);
    assert_refused(d, CLV_IMAGE_JPEG, 0, CLEAVE_INVALID, "1 to 100");
    assert_refused(d, CLV_IMAGE_JPEG, 101, CLEAVE_INVALID, "not 101");
    assert_refused(d, CLV_IMAGE_WEBP, 0, CLEAVE_INVALID, "1 to 100");
    assert_refused(d, CLV_IMAGE_WEBP, -5, CLEAVE_INVALID, "not -5");
    assert_refused(d, CLV_IMAGE_PNG, 50, CLEAVE_UNSUPPORTED, "WebP");
    assert_refused(d, CLV_IMAGE_UNKNOWN, 50, CLEAVE_UNSUPPORTED, "WebP");
    assert_int_equal(CLEAVE_OK, clv_buffer_status(&d->out));
}

static void the_buffers_maximum_holds(void **state)
{
    static const enum clv_image_kind kinds[] = {CLV_IMAGE_JPEG, CLV_IMAGE_WEBP,
                                                CLV_IMAGE_PPM};
    struct desk *d = *state;

    draw_picture(&d->image, 64, 64);
    for (size_t i = 0; i < 3; i++) {
        size_t need;

        clv_buffer_fini(&d->out);
        clv_buffer_init(&d->out, MAX);
        assert_int_equal(CLEAVE_OK, encode(d, kinds[i], 80, NULL));
        need = d->out.size;
        clv_buffer_fini(&d->out);
        clv_buffer_init(&d->out, need - 1);
        assert_refused(d, kinds[i], 80, CLEAVE_LIMIT, "64x64");
        clv_buffer_fini(&d->out);
        clv_buffer_init(&d->out, need);
        assert_int_equal(CLEAVE_OK, encode(d, kinds[i], 80, NULL));
        assert_int_equal(need, d->out.size);
    }
}

static void one_encoder_takes_all_sizes_and_kinds(void **state)
{
    static const uint32_t sides[] = {1, 300, 40, 17, 224};
    struct desk *d = *state;
    struct clv_image back;

    clv_image_init(&back);
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        draw_picture(&d->image, sides[i], sides[i] / 2 + 1);
        for (int k = 0; k < 2; k++) {
            clv_buffer_reset(&d->out);
            assert_int_equal(
                CLEAVE_OK,
                encode(d, k > 0 ? CLV_IMAGE_WEBP : CLV_IMAGE_JPEG, 95, NULL));
            assert_int_equal(CLEAVE_OK,
                             clv_image_decode(clv_buffer_bytes(&d->out), 0, "p",
                                              &back, NULL));
            assert_true(picture_error(&d->image, &back) < 30);
        }
    }
    clv_image_fini(&back);
    clv_picture_encoder_fini(&d->encoder); /* and again after fini */
    clv_buffer_reset(&d->out);
    assert_int_equal(CLEAVE_OK, encode(d, CLV_IMAGE_JPEG, 95, NULL));
}

#define DESK(test) cmocka_unit_test_setup_teardown(test, desk_begin, desk_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK(a_ppm_is_the_picture_itself),
        DESK(what_makes_no_sense_is_refused),
        DESK(the_buffers_maximum_holds),
        DESK(one_encoder_takes_all_sizes_and_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
