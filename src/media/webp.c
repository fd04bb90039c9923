/*
 * webp.c - WebP through libwebp, lossy and lossless.
 *
 * The library is asked for plain RGB into memory that is there already, so
 * transparency falls away and a hostile size never allocates. A file that
 * lacks bytes is refused by the library; bytes after the picture are ignored,
 * as RIFF wants it. An animation is refused: which of its pictures was meant
 * is not ours to guess.
 */
#include "media/image.h"

#include <webp/decode.h>

#include "base/fail.h"

static cleave_status refuse(VP8StatusCode code, const char *where,
                            cleave_error *err)
{
    switch (code) {
    case VP8_STATUS_OUT_OF_MEMORY:
        return clv_fail(err, CLEAVE_MEMORY, where,
                        "No memory to decode the WebP.");
    case VP8_STATUS_NOT_ENOUGH_DATA:
        return clv_fail(err, CLEAVE_CORRUPT, where,
                        "The WebP is cut short; get it again.");
    case VP8_STATUS_UNSUPPORTED_FEATURE:
        return clv_fail(err, CLEAVE_UNSUPPORTED, where,
                        "The WebP uses what libwebp does not read; convert it "
                        "to JPEG or PNG.");
    default:
        return clv_fail(err, CLEAVE_CORRUPT, where,
                        "The WebP is damaged; get it again.");
    }
}

cleave_status clv_webp_measure(clv_bytes bytes, const char *where,
                               uint32_t *ret_width, uint32_t *ret_height,
                               cleave_error *err)
{
    WebPBitstreamFeatures features;
    VP8StatusCode code = WebPGetFeatures(bytes.data, bytes.size, &features);

    if (code != VP8_STATUS_OK || features.width < 0 || features.height < 0) {
        return refuse(code, where, err);
    }
    if (features.has_animation) {
        return clv_fail(err, CLEAVE_UNSUPPORTED, where,
                        "This WebP is an animation; save one picture of it "
                        "alone.");
    }
    *ret_width = (uint32_t)features.width;
    *ret_height = (uint32_t)features.height;
    return CLEAVE_OK;
}

/*
 * The advanced interface does what WebPDecodeRGBInto does and also says why
 * it failed. Nothing of `config` is allocated: its memory is the image's.
 */
cleave_status clv_webp_decode(clv_bytes bytes, uint64_t max_pixels,
                              const char *where, struct clv_image *into,
                              cleave_error *err)
{
    WebPDecoderConfig config;
    VP8StatusCode code;
    uint32_t width;
    uint32_t height;
    cleave_status status = clv_webp_measure(bytes, where, &width, &height, err);

    if (status == CLEAVE_OK) {
        status = clv_image_shape(into, width, height, max_pixels, where, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    if (!WebPInitDecoderConfig(&config)) {
        return clv_fail(err, CLEAVE_UNSUPPORTED, where,
                        "The libwebp that is installed is not the version "
                        "this program was built with; install that one.");
    }
    config.output.colorspace = MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = into->pixels;
    config.output.u.RGBA.stride = (int)(width * CLV_IMAGE_CHANNELS);
    config.output.u.RGBA.size = (size_t)width * height * CLV_IMAGE_CHANNELS;
    code = WebPDecode(bytes.data, bytes.size, &config);
    return code == VP8_STATUS_OK ? CLEAVE_OK : refuse(code, where, err);
}
