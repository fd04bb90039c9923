/*
 * packing.h - how a tensor at a cut is to become bytes, as people say it.
 *
 *     f32                  as it is (any element type)
 *     f16                  f32 elements as f16
 *     lz:bits=4            DynO as published: 4 bits over the range, bit
 *                          planes, LZ4
 *     fast:step=0.25       a uniform quantiser, coded for speed
 *     dense:step=0.9sd     the same, coded for size; the step in standard
 *                          deviations of the tensor
 *     dense                integer tensors, without loss
 *     jpeg:quality=85      a picture at the cut `input`; also webp
 *
 * `lz`, `fast` and `dense` take step or bits. Integer tensors are always
 * coded without loss: then step and bits are not looked at. A step in sd is
 * one of the calibrated tensor, or without calibration of the tensor at hand.
 */
#ifndef CLV_PACKING_H
#define CLV_PACKING_H

#include <stddef.h>

#include "cleave/status.h"

/* The numbers of the first four are those of frames. */
enum clv_coder {
    CLV_CODER_RAW,
    CLV_CODER_LZ,
    CLV_CODER_FAST,
    CLV_CODER_DENSE,
    CLV_CODER_JPEG, /* pictures: media's, not codec's */
    CLV_CODER_WEBP
};

struct clv_packing {
    enum clv_coder coder;
    double step;      /* > 0, or 0: not given */
    unsigned bits;    /* 2 to 8, or 0: not given */
    unsigned quality; /* 1 to 100, pictures only */
    int step_in_sd;
    int half; /* raw: f32 as f16 */
};

/* Room for any packing's text. */
#define CLV_PACKING_TEXT 64

/*
 * Reads a packing; NULL is "f32". CLEAVE_INVALID for a text that is none,
 * telling which word is wrong and what is known.
 */
cleave_status clv_packing_parse(const char *text,
                                struct clv_packing *ret_packing,
                                cleave_error *err);

/* Writes it as clv_packing_parse reads it. Returns `into`. */
const char *clv_packing_text(const struct clv_packing *packing,
                             char into[CLV_PACKING_TEXT]);

/* "raw", "lz", "fast", "dense", "jpeg" or "webp". */
const char *clv_coder_name(enum clv_coder coder);

/* True for jpeg and webp, which pack the picture and not the tensor. */
int clv_packing_is_picture(const struct clv_packing *packing);

#endif
