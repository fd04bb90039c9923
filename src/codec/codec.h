/*
 * codec.h - tensors to frames and back.
 *
 *     clv_codec_pack(codec, &packing, &tensor, 1, &message, err);
 *
 *     clv_frame_read(message, calibration, &frame, err);
 *     ... compare frame.info with what is wanted, find frame.bytes of room
 *     clv_codec_unpack(codec, &frame, room, frame.bytes, err);
 *
 * A clv_codec is working memory, to be kept from tensor to tensor; it
 * belongs to one thread. The calibration is shared and read-only.
 *
 * Exactness: without loss are raw (but half) and every integer tensor. With a
 * step, each element comes back as the nearest multiple of it, so within
 * half a step (and the rounding of f32); with bits, as the nearest of 2^bits
 * values over the range, which clips what lies outside of a calibrated one.
 * A tensor that cannot be quantised (NaN, infinity, more than 32,767 steps
 * from zero, integers too far apart) is sent raw, without loss.
 *
 * All paths, SIMD or not, on every machine, write the same bytes and read
 * the same tensors.
 */
#ifndef CLV_CODEC_H
#define CLV_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "cleave/status.h"
#include "cleave/tensor.h"
#include "codec/calibration.h"
#include "codec/frame.h"
#include "codec/packing.h"
#include "codec/processor.h"

struct clv_codec;

/*
 * `calibration` may be NULL (tables then travel in the frames); it must
 * outlive the codec. CLEAVE_MEMORY.
 */
cleave_status clv_codec_new(const struct clv_calibration *calibration,
                            struct clv_codec **ret_codec);

/* For tests: takes this path, which the processor must have. */
void clv_codec_take(struct clv_codec *codec, enum clv_path path);

/* Takes NULL. */
void clv_codec_free(struct clv_codec *codec);

/*
 * Appends the tensor's frame. `last`: no other frame follows in the message.
 * The tensor's name finds its calibration. CLEAVE_INVALID for a packing that
 * says nothing about a float tensor (no step, no bits) or is for pictures;
 * CLEAVE_LIMIT above CLV_FRAME_ELEMENTS_MAX; CLEAVE_MEMORY.
 */
cleave_status clv_codec_pack(struct clv_codec *codec,
                             const struct clv_packing *packing,
                             const cleave_tensor *tensor, int last,
                             struct clv_buffer *into, cleave_error *err);

/*
 * Decodes the frame's payload into `data`, of exactly frame->bytes bytes.
 * After an error, CLEAVE_CORRUPT or CLEAVE_MEMORY, what is in `data` means
 * nothing. Uses about 9 bytes of memory an element besides (13 for f16), up to
 * 22 (26) for shapes that fill the lanes badly, and keeps them for the next
 * tensor. Time is bounded by the elements, not by the size of the frame.
 */
cleave_status clv_codec_unpack(struct clv_codec *codec,
                               const struct clv_frame *frame, void *data,
                               size_t size, cleave_error *err);

#endif
