/*
 * webp_encode.c - WebP through libwebp: fewer bytes for more time.
 *
 * Plain lossy WebP.
 */
#include "media/picture.h"

#include <webp/encode.h>

#include "base/fail.h"

#define METHOD 2

static int append(const uint8_t *data, size_t size, const WebPPicture *picture)
{
    return clv_buffer_append(picture->custom_ptr, data, size) == CLEAVE_OK;
}

static cleave_status refuse(WebPEncodingError code, const char *where,
                            cleave_error *err)
{
    if (code == VP8_ENC_ERROR_OUT_OF_MEMORY ||
        code == VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY) {
        return clv_fail(err, CLEAVE_MEMORY, where,
                        "No memory to encode a WebP.");
    }
    return clv_fail(err, CLEAVE_LIMIT, where,
                    "The picture cannot be a WebP (libwebp's error %d); send "
                    "it as JPEG.",
                    (int)code);
}

static cleave_status configure(WebPConfig *config, WebPPicture *picture,
                               int quality, const char *where,
                               cleave_error *err)
{
    if (!WebPConfigInit(config) || !WebPPictureInit(picture)) {
        return clv_fail(err, CLEAVE_UNSUPPORTED, where,
                        "The libwebp that is installed is not the version "
                        "this program was built with; install that one.");
    }
    config->quality = (float)quality;
    config->method = METHOD;
    return CLEAVE_OK;
}

cleave_status clv_webp_encode(const struct clv_image *image, int quality,
                              const char *where, struct clv_buffer *into,
                              cleave_error *err)
{
    WebPConfig config;
    WebPPicture picture;
    cleave_status status = configure(&config, &picture, quality, where, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    if (image->width > WEBP_MAX_DIMENSION ||
        image->height > WEBP_MAX_DIMENSION) {
        return clv_fail(err, CLEAVE_LIMIT, where,
                        "A WebP has %d pixels a side at most, this picture "
                        "has %ux%u; send it as JPEG.",
                        WEBP_MAX_DIMENSION, image->width, image->height);
    }
    picture.width = (int)image->width;
    picture.height = (int)image->height;
    picture.writer = append;
    picture.custom_ptr = into;
    if (!WebPPictureImportRGB(&picture, image->pixels,
                              (int)(image->width * CLV_IMAGE_CHANNELS)) ||
        !WebPEncode(&config, &picture)) {
        status = clv_buffer_status(into);
        if (status == CLEAVE_OK) {
            status = refuse(picture.error_code, where, err);
        }
    }
    WebPPictureFree(&picture);
    return status;
}
