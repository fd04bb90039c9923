/*
 * resize.h - pictures at the size that a model was trained on.
 *
 * Results are those of Pillow's BILINEAR, which is what most training
 * programs used: a triangle filter that widens as the picture shrinks
 * (antialiasing), pixel centres at half, a horizontal pass rounded to bytes
 * and then a vertical one. Crops and the shorter-side rule are torchvision's.
 *
 * A clv_resizer is working memory, to be kept from picture to picture; it
 * belongs to one thread.
 */
#ifndef CLV_RESIZE_H
#define CLV_RESIZE_H

#include <stddef.h>
#include <stdint.h>

#include "cleave/status.h"
#include "media/image.h"

/* Grows to what the largest picture needed and stays. */
struct clv_resizer {
    uint8_t *memory;
    size_t capacity;
    struct clv_image half; /* between the two passes */
};

/* Allocates nothing. */
void clv_resizer_init(struct clv_resizer *resizer);

/* Gives the memory back. */
void clv_resizer_fini(struct clv_resizer *resizer);

/*
 * Makes `into` the picture `in` at width x height. If it has that size
 * already, a plain copy. `in` and `into` differ. `max_pixels` bounds the
 * result (0: the default of image.h). CLEAVE_LIMIT, CLEAVE_MEMORY.
 */
cleave_status clv_resize(struct clv_resizer *resizer,
                         const struct clv_image *in, uint32_t width,
                         uint32_t height, uint64_t max_pixels,
                         const char *where, struct clv_image *into,
                         cleave_error *err);

/*
 * The size after making the shorter side `shorter` pixels long: the longer
 * one is its length times shorter / short side, rounded down (at least 1).
 */
void clv_resize_shorter(uint32_t width, uint32_t height, uint32_t shorter,
                        uint64_t *ret_width, uint64_t *ret_height);

/*
 * Cuts the picture down to its centre, in place. An odd margin is halved to
 * the even neighbour, as Python's round() does. CLEAVE_MISMATCH if the
 * picture is smaller than the crop.
 */
cleave_status clv_crop_centre(struct clv_image *image, uint32_t width,
                              uint32_t height, const char *where,
                              cleave_error *err);

#endif
