/*
 * workspace.h - what is inside of a clv_codec, for packing and unpacking.
 *
 * The working memory grows to the largest tensor and is kept. Belongs to one
 * thread, as the codec does.
 */
#ifndef CLV_WORKSPACE_H
#define CLV_WORKSPACE_H

#include "codec/codec.h"
#include "codec/dense.h"

struct clv_codec {
    enum clv_path path;
    const struct clv_calibration *calibration;
    struct clv_dense *dense;
    struct clv_buffer payload;
    struct clv_buffer scratch;
    int16_t *indices;
    float *floats; /* an f16 tensor, widened */
    size_t index_capacity;
    size_t float_capacity;
};

/* Room for so many indices, or f32 numbers; what was there is lost.
   CLEAVE_MEMORY. */
cleave_status clv_codec_room_indices(struct clv_codec *codec, size_t count);
cleave_status clv_codec_room_floats(struct clv_codec *codec, size_t count);

/* True for what goes through a quantiser. */
int clv_codec_is_float(cleave_type type);

#endif
