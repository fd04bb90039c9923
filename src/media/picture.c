/*
 * picture.c - which encoder a picture goes to, and PPM, which needs none.
 *
 * PPM is there for whoever wants the picture unchanged at a quarter of an f32
 * tensor's bytes, and as the yardstick of the others. PNG is not: as small as
 * the pictures are, a lossless one never pays against its tensor packed.
 */
#include "media/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <turbojpeg.h>

#include "base/fail.h"

#define PPM_HEADER 32

void clv_picture_encoder_init(struct clv_picture_encoder *encoder)
{
    *encoder = (struct clv_picture_encoder){.webp_method = CLV_WEBP_METHOD};
}

void clv_picture_encoder_fini(struct clv_picture_encoder *encoder)
{
    if (encoder->jpeg != NULL) {
        tjDestroy(encoder->jpeg);
    }
    free(encoder->memory);
    clv_picture_encoder_init(encoder);
}

static cleave_status refuse_append(const struct clv_image *image,
                                   const char *where, struct clv_buffer *into,
                                   cleave_error *err)
{
    return clv_fail(err, clv_buffer_status(into), where,
                    "The picture of %ux%u pixels does not fit the %zu bytes "
                    "that it may have; lower the quality or raise the limit.",
                    image->width, image->height, into->max);
}

static cleave_status encode_ppm(const struct clv_image *image,
                                struct clv_buffer *into)
{
    char header[PPM_HEADER];
    size_t pixels = (size_t)image->width * image->height * CLV_IMAGE_CHANNELS;
    int length = snprintf(header, sizeof header, "P6\n%u %u\n255\n",
                          image->width, image->height);
    cleave_status status = clv_buffer_reserve(into, (size_t)length + pixels);

    if (status == CLEAVE_OK) {
        clv_buffer_append(into, header, (size_t)length);
        clv_buffer_append(into, image->pixels, pixels);
    }
    return status;
}

static cleave_status encode(struct clv_picture_encoder *encoder,
                            const struct clv_image *image,
                            enum clv_image_kind kind, int quality,
                            const char *where, struct clv_buffer *into,
                            cleave_error *err)
{
    switch (kind) {
    case CLV_IMAGE_JPEG:
        return clv_jpeg_encode(encoder, image, quality, where, into, err);
    case CLV_IMAGE_WEBP:
        return clv_webp_encode(encoder, image, quality, where, into, err);
    case CLV_IMAGE_PPM:
        return encode_ppm(image, into);
    default:
        return clv_fail(err, CLEAVE_UNSUPPORTED, where,
                        "Pictures are sent as JPEG, WebP or PPM; choose one "
                        "of these.");
    }
}

cleave_status clv_picture_encode(struct clv_picture_encoder *encoder,
                                 const struct clv_image *image,
                                 enum clv_image_kind kind, int quality,
                                 const char *where, struct clv_buffer *into,
                                 cleave_error *err)
{
    size_t before = into->size;
    cleave_status status;

    if (kind != CLV_IMAGE_PPM &&
        (quality < CLV_QUALITY_MIN || quality > CLV_QUALITY_MAX)) {
        return clv_fail(err, CLEAVE_INVALID, where,
                        "A picture's quality is from %d to %d, not %d.",
                        CLV_QUALITY_MIN, CLV_QUALITY_MAX, quality);
    }
    if (image->pixels == NULL || image->width == 0 || image->height == 0) {
        return clv_fail(err, CLEAVE_INVALID, where,
                        "There is no picture to encode; load one first.");
    }
    status = encode(encoder, image, kind, quality, where, into, err);
    if (status != CLEAVE_OK) {
        into->size = before;
    }
    if (status != CLEAVE_OK && clv_buffer_status(into) != CLEAVE_OK) {
        return refuse_append(image, where, into, err);
    }
    return status;
}
