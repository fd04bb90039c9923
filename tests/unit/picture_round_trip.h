/*
 * picture_round_trip.h - pictures encoded and decoded again: what it costs,
 * and what is lost.
 */
#ifndef PICTURE_ROUND_TRIP_H
#define PICTURE_ROUND_TRIP_H

#include "media/picture.h"
#include "scratch_picture.h"

/* Encodes, decodes; the bytes, and the error in ret_error. */
static inline size_t there_and_back(struct clv_picture_encoder *encoder,
                                    enum clv_image_kind kind,
                                    const struct clv_image *image, int quality,
                                    double *ret_error)
{
    struct clv_image back;
    struct clv_buffer out;
    size_t size;

    clv_buffer_init(&out, (size_t)1 << 20);
    clv_image_init(&back);
    assert_int_equal(CLEAVE_OK, clv_picture_encode(encoder, image, kind,
                                                   quality, "p", &out, NULL));
    assert_int_equal(kind, clv_image_kind_of(clv_buffer_bytes(&out)));
    assert_int_equal(CLEAVE_OK, clv_image_decode(clv_buffer_bytes(&out), 0, "p",
                                                 &back, NULL));
    *ret_error = picture_error(image, &back);
    size = out.size;
    clv_image_fini(&back);
    clv_buffer_fini(&out);
    return size;
}

/* More of the one for more of the other, all the way. */
static inline void check_quality(enum clv_image_kind kind)
{
    static const int qualities[] = {1, 20, 50, 75, 90, 100};
    struct clv_picture_encoder encoder;
    struct clv_image image;
    size_t before = 0;
    double first = 0;
    double error = 0;

    clv_image_init(&image);
    clv_picture_encoder_init(&encoder);
    draw_picture(&image, 224, 224);
    for (size_t i = 0; i < sizeof qualities / sizeof qualities[0]; i++) {
        size_t size =
            there_and_back(&encoder, kind, &image, qualities[i], &error);

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

#endif
