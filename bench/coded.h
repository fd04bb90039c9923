/*
 * coded.h - one tensor as dense sends it, opened up again.
 *
 * What benchmarks ask of a frame: its bytes, its book, and the symbols that
 * are in it. Ends the program with a message on failure. One thread.
 */
#ifndef CLV_CODED_H
#define CLV_CODED_H

#include <stdint.h>

#include "base/buffer.h"
#include "codec/codec.h"
#include "codec/dense.h"
#include "codec/frame.h"

struct coded {
    const struct clv_calibration *calibration;
    struct clv_codec *codec;
    struct clv_dense *dense;
    struct clv_buffer message;
    struct clv_frame frame; /* of the message */
    int16_t *indices;       /* frame.elements of them */
    uint8_t *symbols;       /* the same, a byte each; NULL if one is too big */
    uint8_t *symbol_memory;
    size_t capacity;
};

/* The calibration is borrowed. */
void coded_init(struct coded *coded, const struct clv_calibration *calibration);
void coded_fini(struct coded *coded);

/*
 * Packs the tensor with a step in standard deviations, and opens the frame.
 * Returns 0 if it went raw: then there are no indices.
 */
int coded_make(struct coded *coded, const cleave_tensor *tensor,
               double step_sd);

/*
 * The ideal length of the frame's elements: for each token -log2 of its
 * frequency in its context, and the extra bits. Nothing of tables, headers
 * or states.
 */
struct coded_ideal {
    /* A token whose frequency is 0 is an escape, and no other. */
    double bits;
    /* Escapes as the encoder chooses them: in its tables a token of frequency
       0 makes escapes of all tokens above it. */
    double escaping_bits;
};

struct coded_ideal coded_find_ideal(const struct coded *coded);

#endif
