/*
 * image.h - a picture in memory, and how files become one.
 *
 * A clv_image is rows of red, green, blue bytes without padding, whatever
 * the file had: gray is spread over the three, CMYK is converted, 16 bits
 * lose their lower half, transparency is dropped and what lay under it
 * shows. Colour profiles, gamma and EXIF orientation are ignored, as the
 * training programs of most models do.
 *
 * The kind of a file is found by its first bytes, not by its name. Sizes are
 * checked against the caller's limit before anything is allocated for them.
 * An image belongs to one thread.
 */
#ifndef CLV_IMAGE_H
#define CLV_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "cleave/status.h"

#define CLV_IMAGE_CHANNELS 3

/* No side of a picture is longer, whatever the limit on pixels. */
#define CLV_IMAGE_SIDE_MAX 65535

/* A limit on pixels that fits most machines: 192 MiB decoded. */
#define CLV_IMAGE_PIXELS_DEFAULT ((uint64_t)64 << 20)

/*
 * `pixels` holds width * height * channels bytes. `capacity` is what is
 * allocated, so that an image can take one picture after the other.
 */
struct clv_image {
    uint32_t width;
    uint32_t height;
    uint32_t channels;
    uint8_t *pixels;
    size_t capacity;
};

enum clv_image_kind {
    CLV_IMAGE_UNKNOWN,
    CLV_IMAGE_JPEG,
    CLV_IMAGE_PNG,
    CLV_IMAGE_PPM,
    CLV_IMAGE_WEBP
};

/* An empty image. Allocates nothing. */
void clv_image_init(struct clv_image *image);

/* Gives the memory back; the image is empty and usable again. */
void clv_image_fini(struct clv_image *image);

/* Exchanges two images. */
void clv_image_swap(struct clv_image *a, struct clv_image *b);

/*
 * Gives the image this size, with room for its pixels but no particular
 * content. `max_pixels` of 0 means the default. CLEAVE_LIMIT above a limit,
 * naming the sizes; CLEAVE_CORRUPT for an empty picture; CLEAVE_MEMORY.
 */
cleave_status clv_image_shape(struct clv_image *image, uint64_t width,
                              uint64_t height, uint64_t max_pixels,
                              const char *where, cleave_error *err);

/* The kind of file that begins with these bytes. */
enum clv_image_kind clv_image_kind_of(clv_bytes bytes);

/*
 * The size of a picture by its header alone: nothing is allocated for its
 * pixels, and whether they are all there is not looked at. CLEAVE_CORRUPT,
 * CLEAVE_UNSUPPORTED, CLEAVE_LIMIT for a side above CLV_IMAGE_SIDE_MAX.
 */
cleave_status clv_image_measure(clv_bytes bytes, const char *where,
                                uint32_t *ret_width, uint32_t *ret_height,
                                cleave_error *err);

/*
 * Decodes a JPEG, PNG, binary PPM or WebP (no animation) file. `where` names it
 * in errors. CLEAVE_CORRUPT for bytes that do not follow their format or end
 * too early, CLEAVE_UNSUPPORTED for another kind of file, CLEAVE_LIMIT above
 * `max_pixels` (0 means the default). After a failure the image's content
 * means nothing, but it can be used again.
 */
cleave_status clv_image_decode(clv_bytes bytes, uint64_t max_pixels,
                               const char *where, struct clv_image *into,
                               cleave_error *err);

/* What is behind clv_image_measure and clv_image_decode, one a format. */
cleave_status clv_jpeg_measure(clv_bytes bytes, const char *where,
                               uint32_t *ret_width, uint32_t *ret_height,
                               cleave_error *err);
cleave_status clv_png_measure(clv_bytes bytes, const char *where,
                              uint32_t *ret_width, uint32_t *ret_height,
                              cleave_error *err);
cleave_status clv_ppm_measure(clv_bytes bytes, const char *where,
                              uint32_t *ret_width, uint32_t *ret_height,
                              cleave_error *err);
cleave_status clv_webp_measure(clv_bytes bytes, const char *where,
                               uint32_t *ret_width, uint32_t *ret_height,
                               cleave_error *err);
cleave_status clv_jpeg_decode(clv_bytes bytes, uint64_t max_pixels,
                              const char *where, struct clv_image *into,
                              cleave_error *err);
cleave_status clv_png_decode(clv_bytes bytes, uint64_t max_pixels,
                             const char *where, struct clv_image *into,
                             cleave_error *err);
cleave_status clv_ppm_decode(clv_bytes bytes, uint64_t max_pixels,
                             const char *where, struct clv_image *into,
                             cleave_error *err);
cleave_status clv_webp_decode(clv_bytes bytes, uint64_t max_pixels,
                              const char *where, struct clv_image *into,
                              cleave_error *err);

#endif
