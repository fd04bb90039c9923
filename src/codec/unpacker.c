/*
 * unpacker.c - frames to tensors: frame -> payload -> indices -> numbers.
 *
 * The frame's header was checked when it was read (frame.c); here the payload
 * is, as each step asks for it.
 */
#include <string.h>

#include "base/fail.h"
#include "codec/codec.h"
#include "codec/integers.h"
#include "codec/planes.h"
#include "codec/quantise.h"
#include "codec/workspace.h"
#include "tensor/element.h"

static cleave_status decode_indices(struct clv_codec *codec,
                                    const struct clv_frame *frame, size_t count)
{
    clv_bytes payload = frame->payload;
    cleave_status status;

    switch (frame->coder) {
    case CLV_CODER_LZ:
        return clv_lz_decode(codec->path, payload, count, frame->is_signed,
                             &codec->scratch, codec->indices);
    case CLV_CODER_FAST:
        status = clv_fast_decode(codec->path, &payload, count, frame->is_signed,
                                 codec->indices);
        return status == CLEAVE_OK && payload.size > 0 ? CLEAVE_CORRUPT
                                                       : status;
    default:
        return clv_dense_decode(codec->dense, payload, &frame->info,
                                frame->is_signed, frame->book, codec->indices);
    }
}

/* True if all indices are levels of the range. */
static int are_levels(const int16_t *indices, size_t count, unsigned bits)
{
    uint16_t all = 0;

    for (size_t i = 0; i < count; i++) {
        all |= (uint16_t)indices[i];
    }
    return all >> bits == 0;
}

static cleave_status dequantise(struct clv_codec *codec,
                                const struct clv_frame *frame, size_t count,
                                float *values)
{
    if (frame->quantiser == CLV_QUANTISER_STEP) {
        clv_dequantise_step(codec->path, codec->indices, count, frame->step,
                            values);
        return CLEAVE_OK;
    }
    if (!are_levels(codec->indices, count, frame->bits)) {
        return CLEAVE_CORRUPT;
    }
    clv_dequantise_range(codec->path, codec->indices, count, frame->lo,
                         frame->hi, frame->bits, values);
    return CLEAVE_OK;
}

/* Indices to the tensor's own numbers. */
static cleave_status to_numbers(struct clv_codec *codec,
                                const struct clv_frame *frame, size_t count,
                                void *data)
{
    cleave_status status;

    if (!clv_codec_is_float(frame->info.type)) {
        return clv_integers_from_indices(codec->indices, count, frame->base,
                                         frame->info.type, data)
                   ? CLEAVE_OK
                   : CLEAVE_CORRUPT;
    }
    if (frame->info.type == CLEAVE_TYPE_F32) {
        return dequantise(codec, frame, count, data);
    }
    status = clv_codec_room_floats(codec, count);
    if (status == CLEAVE_OK) {
        status = dequantise(codec, frame, count, codec->floats);
    }
    if (status == CLEAVE_OK) {
        clv_f32_to_f16(codec->floats, count, data);
    }
    return status;
}

/* f16 from wherever in a message, where they are seldom aligned. */
static void widen_payload(const uint8_t *payload, size_t count, float *values)
{
    uint16_t run[512];
    size_t some = sizeof run / sizeof *run;

    for (size_t i = 0; i < count; i += some) {
        some = count - i < some ? count - i : some;
        memcpy(run, payload + i * sizeof *run, some * sizeof *run);
        clv_f16_to_f32(run, some, values + i);
    }
}

static cleave_status unpack(struct clv_codec *codec,
                            const struct clv_frame *frame, void *data)
{
    size_t count = (size_t)frame->elements;
    cleave_status status;

    if (count == 0) {
        return CLEAVE_OK;
    }
    if (frame->quantiser == CLV_QUANTISER_HALF) {
        widen_payload(frame->payload.data, count, data);
        return CLEAVE_OK;
    }
    if (frame->coder == CLV_CODER_RAW) {
        memcpy(data, frame->payload.data, frame->payload.size);
        return CLEAVE_OK;
    }
    status = clv_codec_room_indices(codec, count);
    if (status == CLEAVE_OK) {
        status = decode_indices(codec, frame, count);
    }
    return status == CLEAVE_OK ? to_numbers(codec, frame, count, data) : status;
}

cleave_status clv_codec_unpack(struct clv_codec *codec,
                               const struct clv_frame *frame, void *data,
                               size_t size, cleave_error *err)
{
    cleave_status status;

    if (size != frame->bytes) {
        return clv_fail(err, CLEAVE_INVALID, "frame",
                        "The tensor has %llu bytes; there is room for %zu.",
                        (unsigned long long)frame->bytes, size);
    }
    status = unpack(codec, frame, data);
    if (status == CLEAVE_MEMORY) {
        return clv_fail_memory(err, "frame", 8 * (size_t)frame->elements);
    }
    return status == CLEAVE_OK
               ? status
               : clv_fail(err, status, "frame",
                          "The payload does not follow its format: it was "
                          "made by a faulty encoder, or with another "
                          "calibration file.");
}
