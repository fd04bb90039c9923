/*
 * picture.h - pictures that travel instead of a model's input tensor.
 *
 * Where the whole network runs on the server, the device does the geometry
 * (prepare.h), encodes the small picture that is left, and sends that; the
 * server decodes it, does the values and has the tensor. The quality, 1 to
 * 100, is how the bytes are bought; PPM changes nothing and costs the most.
 */
#ifndef CLV_PICTURE_H
#define CLV_PICTURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "cleave/status.h"
#include "cleave/tensor.h"
#include "media/card.h"
#include "media/image.h"
#include "media/prepare.h"

#define CLV_QUALITY_MIN 1
#define CLV_QUALITY_MAX 100

/* How long WebP may search, 0 (fast) to 6 (small); webp_encode.c says why. */
#define CLV_WEBP_METHOD 2
#define CLV_WEBP_METHOD_MAX 6

/*
 * What encoding needs, to be kept from picture to picture: after the first
 * of a size nothing is allocated here, only what the libraries allocate for
 * themselves. `webp_method` may be set after init. Belongs to one thread.
 */
struct clv_picture_encoder {
    int webp_method;
    void *jpeg; /* TurboJPEG's handle, once there was a JPEG */
    uint8_t *memory;
    size_t capacity;
};

/* Allocates nothing. */
void clv_picture_encoder_init(struct clv_picture_encoder *encoder);

/* Gives the memory back; the encoder is usable again. */
void clv_picture_encoder_fini(struct clv_picture_encoder *encoder);

/*
 * Appends the encoded picture to `into`. JPEG and WebP look at `quality`,
 * PPM does not; PNG is CLEAVE_UNSUPPORTED. CLEAVE_INVALID for a quality
 * outside 1..100, a method outside 0..6 or an empty picture, CLEAVE_LIMIT for a
 * side that the format cannot have (JPEG 65500, WebP 16383) or above the
 * maximum of `into`, CLEAVE_MEMORY. After a failure `into` is as it was, but
 * for the error that sticks to a buffer; reset it. `where` names the picture.
 */
cleave_status clv_picture_encode(struct clv_picture_encoder *encoder,
                                 const struct clv_image *image,
                                 enum clv_image_kind kind, int quality,
                                 const char *where, struct clv_buffer *into,
                                 cleave_error *err);

/* The encoders behind it. They take quality and picture as checked. */
cleave_status clv_jpeg_encode(struct clv_picture_encoder *encoder,
                              const struct clv_image *image, int quality,
                              const char *where, struct clv_buffer *into,
                              cleave_error *err);
cleave_status clv_webp_encode(const struct clv_picture_encoder *encoder,
                              const struct clv_image *image, int quality,
                              const char *where, struct clv_buffer *into,
                              cleave_error *err);

/*
 * The server's half: encoded bytes of a prepared picture to the tensor that
 * `input` of the card makes of it for `want`, the model's input. Only the
 * values are done, the card's steps are not.
 *
 * The size is checked by the picture's header before anything is decoded:
 * CLEAVE_MISMATCH, naming both sizes, if it is not exactly the model's;
 * where the model leaves it free, CLEAVE_LIMIT above the preparer's
 * max_pixels. CLEAVE_CORRUPT, CLEAVE_UNSUPPORTED, CLEAVE_MEMORY as decoding
 * has them. CLEAVE_LIMIT if the tensor is above the maximum of `into`.
 *
 * The tensor's bytes replace the content of `into`; `ret_tensor` borrows
 * them, and its name from `want`. Nothing is allocated here once preparer
 * and buffer have seen a picture of the size, only in the libraries. `where`
 * names the request.
 */
cleave_status clv_prepare_encoded(struct clv_preparer *preparer,
                                  const struct clv_card_input *input,
                                  clv_bytes bytes,
                                  const cleave_tensor_info *want,
                                  const char *where, struct clv_buffer *into,
                                  cleave_tensor *ret_tensor, cleave_error *err);

#endif
