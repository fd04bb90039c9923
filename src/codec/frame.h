/*
 * frame.h - the outside of a packed tensor: what docs/format.md calls a frame
 * without its payload.
 *
 * Reading checks everything that can be checked before decoding: version,
 * sizes, the checksum. A clv_frame borrows the bytes it was read from and
 * the code book; it is a plain value.
 */
#ifndef CLV_FRAME_H
#define CLV_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "cleave/status.h"
#include "cleave/tensor.h"
#include "codec/packing.h"

struct clv_book;
struct clv_calibrated;
struct clv_calibration;

#define CLV_FRAME_VERSION 1
#define CLV_FRAME_MAGIC 0xC0 /* the upper half of the first byte */

/* The most elements a frame may have. */
#define CLV_FRAME_ELEMENTS_MAX INT32_MAX

/* Bytes around a payload, at most: header and checksum. */
#define CLV_FRAME_OVERHEAD 128

/* The greatest index: they run from minus this to this. */
#define CLV_INDEX_MAX 32767

enum clv_quantiser {
    CLV_QUANTISER_NONE,
    CLV_QUANTISER_STEP,
    CLV_QUANTISER_RANGE,
    CLV_QUANTISER_HALF
};

struct clv_frame {
    enum clv_coder coder;
    enum clv_quantiser quantiser;
    cleave_tensor_info info; /* type and shape of the decoded tensor; no name */
    uint64_t elements;
    uint64_t bytes; /* of the decoded tensor */
    int is_signed;
    float step;
    float lo, hi; /* range */
    unsigned bits;
    int64_t base;                        /* integers */
    int names_book;                      /* the book is in the calibration */
    uint32_t hash;                       /* of the named book */
    const struct clv_book *book;         /* the named book, found */
    const struct clv_calibrated *tensor; /* whose book it is */
    clv_bytes payload;
    size_t size; /* of the whole frame */
};

/*
 * Reads the frame at the beginning of `bytes`, which go to the message's
 * end. `calibration` may be NULL. CLEAVE_CORRUPT for what breaks the format
 * or the checksum; CLEAVE_UNSUPPORTED for a later version; CLEAVE_MISMATCH
 * for a book that the calibration has not, naming its hash.
 */
cleave_status clv_frame_read(clv_bytes bytes,
                             const struct clv_calibration *calibration,
                             struct clv_frame *ret_frame, cleave_error *err);

/*
 * Appends a frame: its header, payload and checksum. `last`: no other frame
 * follows in the message. `size` and `bytes` are not looked at.
 */
cleave_status clv_frame_write(const struct clv_frame *frame, int last,
                              struct clv_buffer *into);

/* In plain words: "dense, step 0.5, calibrated, f32 1x48x13x13". */
const char *clv_frame_describe(const struct clv_frame *frame, char *into,
                               size_t size);

#endif
