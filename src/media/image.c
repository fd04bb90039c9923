/*
 * image.c - the memory of a picture, and which decoder a file goes to.
 *
 * The formats themselves are in jpeg.c, png.c, ppm.c and webp.c. All ask
 * clv_image_shape for memory once they know the size, so there is one place
 * where a hostile size is refused.
 */
#include "media/image.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

void clv_image_init(struct clv_image *image)
{
    *image = (struct clv_image){.channels = CLV_IMAGE_CHANNELS};
}

void clv_image_fini(struct clv_image *image)
{
    free(image->pixels);
    clv_image_init(image);
}

void clv_image_swap(struct clv_image *a, struct clv_image *b)
{
    struct clv_image c = *a;

    *a = *b;
    *b = c;
}

static cleave_status make_room(struct clv_image *image, size_t need,
                               const char *where, cleave_error *err)
{
    uint8_t *pixels;

    if (need <= image->capacity) {
        return CLEAVE_OK;
    }
    pixels = malloc(need);
    if (pixels == NULL) {
        return clv_fail_memory(err, where, need);
    }
    free(image->pixels);
    image->pixels = pixels;
    image->capacity = need;
    return CLEAVE_OK;
}

cleave_status clv_image_shape(struct clv_image *image, uint64_t width,
                              uint64_t height, uint64_t max_pixels,
                              const char *where, cleave_error *err)
{
    cleave_status status;
    uint64_t most = max_pixels > 0 ? max_pixels : CLV_IMAGE_PIXELS_DEFAULT;

    if (width == 0 || height == 0) {
        return clv_fail(err, CLEAVE_CORRUPT, where, "The picture is empty.");
    }
    if (width > CLV_IMAGE_SIDE_MAX || height > CLV_IMAGE_SIDE_MAX ||
        width * height > most) {
        return clv_fail(err, CLEAVE_LIMIT, where,
                        "The picture would have %llux%llu pixels; %llu in all "
                        "and %d a side are the most. Use a smaller one.",
                        (unsigned long long)width, (unsigned long long)height,
                        (unsigned long long)most, CLV_IMAGE_SIDE_MAX);
    }
    status = make_room(image, (size_t)(width * height) * CLV_IMAGE_CHANNELS,
                       where, err);
    if (status == CLEAVE_OK) {
        image->width = (uint32_t)width;
        image->height = (uint32_t)height;
        image->channels = CLV_IMAGE_CHANNELS;
    }
    return status;
}

static int begins_with(clv_bytes bytes, const char *magic, size_t length)
{
    return bytes.size >= length && memcmp(bytes.data, magic, length) == 0;
}

enum clv_image_kind clv_image_kind_of(clv_bytes bytes)
{
    if (begins_with(bytes, "\xff\xd8\xff", 3)) {
        return CLV_IMAGE_JPEG;
    }
    if (begins_with(bytes, "\x89PNG\r\n\x1a\n", 8)) {
        return CLV_IMAGE_PNG;
    }
    if (begins_with(bytes, "P6", 2)) {
        return CLV_IMAGE_PPM;
    }
    if (begins_with(bytes, "RIFF", 4) && bytes.size >= 12 &&
        memcmp(bytes.data + 8, "WEBP", 4) == 0) {
        return CLV_IMAGE_WEBP;
    }
    return CLV_IMAGE_UNKNOWN;
}

static cleave_status refuse_kind(const char *where, cleave_error *err)
{
    return clv_fail(err, CLEAVE_UNSUPPORTED, where,
                    "This is not a JPEG, PNG, binary PPM (P6) or WebP "
                    "picture; convert it to one of these.");
}

static cleave_status measure(clv_bytes bytes, const char *where,
                             uint32_t *ret_width, uint32_t *ret_height,
                             cleave_error *err)
{
    switch (clv_image_kind_of(bytes)) {
    case CLV_IMAGE_JPEG:
        return clv_jpeg_measure(bytes, where, ret_width, ret_height, err);
    case CLV_IMAGE_PNG:
        return clv_png_measure(bytes, where, ret_width, ret_height, err);
    case CLV_IMAGE_PPM:
        return clv_ppm_measure(bytes, where, ret_width, ret_height, err);
    case CLV_IMAGE_WEBP:
        return clv_webp_measure(bytes, where, ret_width, ret_height, err);
    default:
        return refuse_kind(where, err);
    }
}

cleave_status clv_image_measure(clv_bytes bytes, const char *where,
                                uint32_t *ret_width, uint32_t *ret_height,
                                cleave_error *err)
{
    uint32_t width = 0;
    uint32_t height = 0;
    cleave_status status = measure(bytes, where, &width, &height, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    if (width == 0 || height == 0) {
        return clv_fail(err, CLEAVE_CORRUPT, where, "The picture is empty.");
    }
    if (width > CLV_IMAGE_SIDE_MAX || height > CLV_IMAGE_SIDE_MAX) {
        return clv_fail(err, CLEAVE_LIMIT, where,
                        "The picture would have %ux%u pixels; %d a side are "
                        "the most. Use a smaller one.",
                        width, height, CLV_IMAGE_SIDE_MAX);
    }
    *ret_width = width;
    *ret_height = height;
    return CLEAVE_OK;
}

cleave_status clv_image_decode(clv_bytes bytes, uint64_t max_pixels,
                               const char *where, struct clv_image *into,
                               cleave_error *err)
{
    switch (clv_image_kind_of(bytes)) {
    case CLV_IMAGE_JPEG:
        return clv_jpeg_decode(bytes, max_pixels, where, into, err);
    case CLV_IMAGE_PNG:
        return clv_png_decode(bytes, max_pixels, where, into, err);
    case CLV_IMAGE_PPM:
        return clv_ppm_decode(bytes, max_pixels, where, into, err);
    case CLV_IMAGE_WEBP:
        return clv_webp_decode(bytes, max_pixels, where, into, err);
    default:
        return refuse_kind(where, err);
    }
}
