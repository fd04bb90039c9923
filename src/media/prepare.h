/*
 * prepare.h - from a picture to the tensor that a model takes.
 *
 * There are two halves. The geometry: the card's steps are done in order,
 * which makes a picture of the model's size. The values: each element becomes
 * (x * scale - mean[c]) / std[c] in the model's layout, channel order and
 * element type: f32, f16, or u8 (rounded, and kept within 0 and 255).
 * clv_prepare does both. Where the picture itself travels, the device does
 * the geometry and the server the values; the steps are never done twice.
 *
 * A clv_preparer is working memory, to be kept from picture to picture; it
 * belongs to one thread.
 */
#ifndef CLV_PREPARE_H
#define CLV_PREPARE_H

#include <stdint.h>

#include "cleave/status.h"
#include "cleave/tensor.h"
#include "media/card.h"
#include "media/image.h"
#include "media/resize.h"

struct clv_preparer {
    struct clv_resizer resizer;
    struct clv_image other; /* the picture after a resize, or as it came */
    uint64_t max_pixels;    /* 0: the default of image.h */
};

/* Allocates nothing. */
void clv_preparer_init(struct clv_preparer *preparer, uint64_t max_pixels);

/* Gives the memory back. */
void clv_preparer_fini(struct clv_preparer *preparer);

/*
 * The tensor that a picture of this size becomes: name and element type are
 * those of `want`, as is the rank if it is 3 (no batch), else it is 4 with a
 * batch of 1. CLEAVE_MISMATCH if a crop is larger than the picture at that
 * step, or if the result does not fit `want`, the model's input; the error
 * names both shapes. CLEAVE_UNSUPPORTED for other element types. `where`
 * names the picture. `ret_info` borrows the name.
 */
cleave_status clv_prepare_form(const struct clv_card_input *input,
                               uint32_t width, uint32_t height,
                               const cleave_tensor_info *want,
                               const char *where, cleave_tensor_info *ret_info,
                               cleave_error *err);

/*
 * The first half alone: does the steps, and the picture is then what they
 * made of it. CLEAVE_MISMATCH, CLEAVE_LIMIT, CLEAVE_MEMORY.
 */
cleave_status clv_prepare_geometry(struct clv_preparer *preparer,
                                   const struct clv_card_input *input,
                                   struct clv_image *image, const char *where,
                                   cleave_error *err);

/*
 * The size of the pictures that the geometry makes for this model. A side is
 * the model's where that is fixed, else what the steps come to whatever the
 * picture, else 0: it depends on the picture.
 */
void clv_prepare_size(const struct clv_card_input *input,
                      const cleave_tensor_info *want, uint64_t *ret_width,
                      uint64_t *ret_height);

/*
 * As clv_prepare_form, of a picture whose geometry is done already.
 * CLEAVE_MISMATCH, naming both sizes, if it is not clv_prepare_size's.
 */
cleave_status clv_prepare_values_form(const struct clv_card_input *input,
                                      uint32_t width, uint32_t height,
                                      const cleave_tensor_info *want,
                                      const char *where,
                                      cleave_tensor_info *ret_info,
                                      cleave_error *err);

/*
 * The second half alone: fills `into`, whose info must be what
 * clv_prepare_values_form gave for this picture and whose memory is the
 * caller's. Thread-safe.
 */
cleave_status clv_prepare_values(const struct clv_card_input *input,
                                 const struct clv_image *image,
                                 const char *where, const cleave_tensor *into,
                                 cleave_error *err);

/*
 * Both: does the steps and fills `into`, whose info must be what
 * clv_prepare_form gave for this picture and whose memory is the caller's. The
 * picture is consumed: afterwards it is what the steps made of it.
 */
cleave_status clv_prepare(struct clv_preparer *preparer,
                          const struct clv_card_input *input,
                          struct clv_image *image, const char *where,
                          const cleave_tensor *into, cleave_error *err);

#endif
