/*
 * frame.c - the outside of a packed tensor; docs/format.md, "Frame".
 *
 * The reader trusts nothing: it first finds where the frame ends and checks
 * the checksum, then reads the header within these bounds, then asks whether
 * the fields make sense together.
 */
#include "codec/frame.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "base/fail.h"
#include "codec/bits.h"
#include "codec/calibration.h"
#include "codec/layout.h"
#include "tensor/element.h"

#define CHECKSUM_BYTES 4

/* The bits of kind and flags. */
#define KIND_MORE 0x80u
#define FLAG_LONG_STEP 0x04u
#define FLAG_NAMED_BOOK 0x08u
#define FLAG_SHAPE_OF_BOOK 0x10u
#define FLAG_SIGNED 0x20u
#define FLAGS_UNKNOWN 0xc0u

static int is_float(cleave_type type)
{
    return type == CLEAVE_TYPE_F32 || type == CLEAVE_TYPE_F16;
}

static cleave_status corrupt(cleave_error *err, const char *text)
{
    return clv_fail(err, CLEAVE_CORRUPT, "frame", "%s", text);
}

/* Magic, version, and the bytes of this frame without its checksum. */
static cleave_status find_end(clv_bytes bytes, struct clv_reader *body,
                              struct clv_frame *frame, cleave_error *err)
{
    struct clv_reader r;
    uint64_t length;
    uint32_t first;

    clv_reader_init(&r, bytes);
    first = clv_read_u8(&r);
    if (r.failed || (first & 0xf0) != CLV_FRAME_MAGIC || first == 0xc0) {
        return corrupt(err, "These bytes are not a cleave frame: the first is "
                            "not 0xC1.");
    }
    if (first != (CLV_FRAME_MAGIC | CLV_FRAME_VERSION)) {
        return clv_fail(err, CLEAVE_UNSUPPORTED, "frame",
                        "The frame has version %u; this cleave reads version "
                        "%d. Update the receiving side.",
                        first & 0x0f, CLV_FRAME_VERSION);
    }
    frame->size = bytes.size;
    if ((clv_read_u8(&r) & KIND_MORE) != 0) {
        (void)clv_read_u8(&r);
        length = clv_read_varint(&r);
        if (r.failed || length > clv_reader_left(&r)) {
            return corrupt(err, "The frame is longer than the message.");
        }
        frame->size = (size_t)(r.at - bytes.data) + (size_t)length;
    }
    if (frame->size < 3 + CHECKSUM_BYTES) {
        return corrupt(err, "The frame is too short to be one.");
    }
    clv_reader_init(body,
                    (clv_bytes){bytes.data, frame->size - CHECKSUM_BYTES});
    return CLEAVE_OK;
}

static cleave_status check_sum(clv_bytes bytes, size_t size, cleave_error *err)
{
    struct clv_reader r;

    clv_reader_init(
        &r, (clv_bytes){bytes.data + size - CHECKSUM_BYTES, CHECKSUM_BYTES});
    return XXH32(bytes.data, size - CHECKSUM_BYTES, 0) == clv_read_u32(&r)
               ? CLEAVE_OK
               : corrupt(err, "The checksum is wrong: the frame was changed "
                              "or cut off on its way.");
}

static cleave_status read_book(struct clv_reader *r,
                               const struct clv_calibration *calibration,
                               int shape_too, struct clv_frame *frame,
                               cleave_error *err)
{
    frame->names_book = 1;
    frame->hash = clv_read_u32(r);
    if (r->failed) {
        return corrupt(err, "The frame ends within its header.");
    }
    if (calibration != NULL) {
        frame->book =
            clv_calibration_book(calibration, frame->hash, &frame->tensor);
    }
    if (frame->book == NULL) {
        return clv_fail(err, CLEAVE_MISMATCH, "frame",
                        "The frame needs the code book %08x, which %s. Give "
                        "both sides the same calibration file, or pack "
                        "without one.",
                        frame->hash,
                        calibration != NULL ? "this calibration has not"
                                            : "is in a calibration file, and "
                                              "there is none here");
    }
    if (shape_too) {
        frame->info.rank = frame->tensor->rank;
        memcpy(frame->info.shape, frame->tensor->shape,
               sizeof frame->info.shape);
    }
    return CLEAVE_OK;
}

static cleave_status read_shape(struct clv_reader *r, struct clv_frame *frame,
                                cleave_error *err)
{
    uint64_t rank = clv_read_varint(r);

    if (r->failed || rank > CLEAVE_MAX_RANK) {
        return corrupt(err, "The frame's rank is above 8.");
    }
    frame->info.rank = (uint32_t)rank;
    for (size_t i = 0; i < rank; i++) {
        uint64_t size = clv_read_varint(r);
        if (r->failed || size > INT32_MAX) {
            return corrupt(err, "A dimension of the frame is too large.");
        }
        frame->info.shape[i] = (int64_t)size;
    }
    return CLEAVE_OK;
}

static cleave_status count_elements(struct clv_frame *frame, cleave_error *err)
{
    if (cleave_tensor_count(&frame->info, &frame->elements, &frame->bytes) !=
            CLEAVE_OK ||
        frame->elements > CLV_FRAME_ELEMENTS_MAX) {
        return corrupt(err, "The frame says that it has more than 2^31 - 1 "
                            "elements.");
    }
    return CLEAVE_OK;
}

static float read_step(struct clv_reader *r, uint32_t flags)
{
    uint32_t bits;
    float step;

    if ((flags & FLAG_LONG_STEP) != 0) {
        return clv_read_f32(r);
    }
    bits = (uint32_t)clv_read_u16(r) << 16;
    memcpy(&step, &bits, sizeof step);
    return step;
}

static cleave_status read_quantiser(struct clv_reader *r, uint32_t flags,
                                    struct clv_frame *frame, cleave_error *err)
{
    int ok = 1;

    switch (frame->quantiser) {
    case CLV_QUANTISER_NONE:
        if (frame->coder != CLV_CODER_RAW) {
            frame->base = clv_unzigzag(clv_read_varint(r));
            ok = !is_float(frame->info.type) &&
                 frame->info.type != CLEAVE_TYPE_F64;
        }
        break;
    case CLV_QUANTISER_STEP:
        frame->step = read_step(r, flags);
        ok = isfinite(frame->step) && frame->step > 0;
        break;
    case CLV_QUANTISER_RANGE:
        frame->lo = clv_read_f32(r);
        frame->hi = clv_read_f32(r);
        frame->bits = clv_read_u8(r);
        ok = isfinite(frame->lo) && isfinite(frame->hi) &&
             frame->lo <= frame->hi && frame->bits >= 2 && frame->bits <= 8;
        break;
    case CLV_QUANTISER_HALF:
        ok = frame->coder == CLV_CODER_RAW &&
             frame->info.type == CLEAVE_TYPE_F32;
        break;
    }
    if (frame->quantiser == CLV_QUANTISER_STEP ||
        frame->quantiser == CLV_QUANTISER_RANGE) {
        ok = ok && is_float(frame->info.type) && frame->coder != CLV_CODER_RAW;
    }
    return ok && !r->failed
               ? CLEAVE_OK
               : corrupt(err, "The frame's quantiser is not a valid one for "
                              "its element type, or its step or range is "
                              "not finite.");
}

static cleave_status read_kind(struct clv_reader *r, uint32_t *ret_flags,
                               struct clv_frame *frame, cleave_error *err)
{
    uint32_t kind = clv_read_u8(r);
    uint32_t flags = clv_read_u8(r);
    uint32_t type = kind >> 3 & 0x0f;

    if ((kind & 7) > CLV_CODER_DENSE ||
        clv_layout_type(type) == CLEAVE_TYPE_NONE ||
        (flags & FLAGS_UNKNOWN) != 0) {
        return corrupt(err, "The frame's coder, element type or flags are "
                            "none that version 1 has.");
    }
    frame->coder = (enum clv_coder)(kind & 7);
    frame->info.type = clv_layout_type(type);
    frame->quantiser = (enum clv_quantiser)(flags & 3);
    frame->is_signed = (flags & FLAG_SIGNED) != 0;
    if ((flags & (FLAG_NAMED_BOOK | FLAG_SHAPE_OF_BOOK)) != 0 &&
        ((flags & FLAG_NAMED_BOOK) == 0 || frame->coder != CLV_CODER_DENSE)) {
        return corrupt(err, "Only the dense coder names code books.");
    }
    if ((kind & KIND_MORE) != 0) {
        (void)clv_read_varint(r);
    }
    *ret_flags = flags;
    return CLEAVE_OK;
}

static cleave_status read_header(struct clv_reader *r,
                                 const struct clv_calibration *calibration,
                                 struct clv_frame *frame, cleave_error *err)
{
    uint32_t flags = 0;
    cleave_status status;

    (void)clv_read_u8(r);
    status = read_kind(r, &flags, frame, err);
    if (status == CLEAVE_OK && (flags & FLAG_NAMED_BOOK) != 0) {
        status = read_book(r, calibration, (flags & FLAG_SHAPE_OF_BOOK) != 0,
                           frame, err);
    }
    if (status == CLEAVE_OK && (flags & FLAG_SHAPE_OF_BOOK) == 0) {
        status = read_shape(r, frame, err);
    }
    if (status == CLEAVE_OK) {
        status = count_elements(frame, err);
    }
    if (status == CLEAVE_OK) {
        status = read_quantiser(r, flags, frame, err);
    }
    return status;
}

/* What raw and empty payloads must be; the coders check their own. */
static cleave_status check_payload(const struct clv_frame *frame,
                                   cleave_error *err)
{
    uint64_t want = frame->quantiser == CLV_QUANTISER_HALF
                        ? frame->elements * sizeof(uint16_t)
                        : frame->bytes;

    if (frame->coder == CLV_CODER_RAW && frame->payload.size != want) {
        return corrupt(err, "The frame's payload has not the size of its "
                            "shape.");
    }
    if (frame->elements == 0 && frame->payload.size != 0) {
        return corrupt(err, "A frame without elements has a payload.");
    }
    return CLEAVE_OK;
}

cleave_status clv_frame_read(clv_bytes bytes,
                             const struct clv_calibration *calibration,
                             struct clv_frame *ret_frame, cleave_error *err)
{
    struct clv_frame frame = {.coder = CLV_CODER_RAW};
    struct clv_reader r;
    cleave_status status = find_end(bytes, &r, &frame, err);

    if (status == CLEAVE_OK) {
        status = check_sum(bytes, frame.size, err);
    }
    if (status == CLEAVE_OK) {
        status = read_header(&r, calibration, &frame, err);
    }
    if (status == CLEAVE_OK) {
        frame.payload = (clv_bytes){r.at, clv_reader_left(&r)};
        status = check_payload(&frame, err);
    }
    if (status == CLEAVE_OK) {
        *ret_frame = frame;
    }
    return status;
}

static uint32_t kind_of(const struct clv_frame *frame, int last)
{
    return (uint32_t)frame->coder | clv_layout_number(frame->info.type) << 3 |
           (last ? 0 : KIND_MORE);
}

static int is_short(float step)
{
    uint32_t bits;

    memcpy(&bits, &step, sizeof bits);
    return (bits & 0xffff) == 0;
}

/* The book's tensor if its shape is the frame's. */
static int has_shape_of_book(const struct clv_frame *frame,
                             const struct clv_calibrated *tensor)
{
    return tensor != NULL && tensor->rank == frame->info.rank &&
           memcmp(tensor->shape, frame->info.shape,
                  tensor->rank * sizeof tensor->shape[0]) == 0;
}

static uint32_t flags_of(const struct clv_frame *frame)
{
    uint32_t flags = (uint32_t)frame->quantiser;

    if (frame->quantiser == CLV_QUANTISER_STEP && !is_short(frame->step)) {
        flags |= FLAG_LONG_STEP;
    }
    if (frame->names_book) {
        flags |= FLAG_NAMED_BOOK;
    }
    if (frame->names_book && has_shape_of_book(frame, frame->tensor)) {
        flags |= FLAG_SHAPE_OF_BOOK;
    }
    return frame->is_signed ? flags | FLAG_SIGNED : flags;
}

static void put_quantiser(const struct clv_frame *frame, struct clv_buffer *b)
{
    uint32_t bits;

    if (frame->quantiser == CLV_QUANTISER_NONE &&
        frame->coder != CLV_CODER_RAW) {
        clv_put_varint(b, clv_zigzag(frame->base));
    } else if (frame->quantiser == CLV_QUANTISER_STEP) {
        memcpy(&bits, &frame->step, sizeof bits);
        if (is_short(frame->step)) {
            clv_put_u16(b, (uint16_t)(bits >> 16));
        } else {
            clv_put_u32(b, bits);
        }
    } else if (frame->quantiser == CLV_QUANTISER_RANGE) {
        clv_put_f32(b, frame->lo);
        clv_put_f32(b, frame->hi);
        clv_put_u8(b, (uint8_t)frame->bits);
    }
}

/* What stands between the length and the payload. */
static void put_header(const struct clv_frame *frame, uint32_t flags,
                       struct clv_buffer *b)
{
    if (frame->names_book) {
        clv_put_u32(b, frame->hash);
    }
    if ((flags & FLAG_SHAPE_OF_BOOK) == 0) {
        clv_put_varint(b, frame->info.rank);
        for (size_t i = 0; i < frame->info.rank; i++) {
            clv_put_varint(b, (uint64_t)frame->info.shape[i]);
        }
    }
    put_quantiser(frame, b);
}

cleave_status clv_frame_write(const struct clv_frame *frame, int last,
                              struct clv_buffer *into)
{
    uint32_t flags = flags_of(frame);
    size_t start = into->size;
    struct clv_buffer header;
    cleave_status status;

    clv_buffer_init(&header, CLV_FRAME_OVERHEAD);
    put_header(frame, flags, &header);
    status = clv_buffer_status(&header);
    if (status == CLEAVE_OK) {
        clv_put_u8(into, CLV_FRAME_MAGIC | CLV_FRAME_VERSION);
        clv_put_u8(into, (uint8_t)kind_of(frame, last));
        clv_put_u8(into, (uint8_t)flags);
        if (!last) {
            clv_put_varint(into,
                           header.size + frame->payload.size + CHECKSUM_BYTES);
        }
        (void)clv_buffer_append(into, header.data, header.size);
        (void)clv_buffer_append(into, frame->payload.data, frame->payload.size);
        status = clv_buffer_status(into);
    }
    if (status == CLEAVE_OK) {
        clv_put_u32(into, XXH32(into->data + start, into->size - start, 0));
        status = clv_buffer_status(into);
    }
    clv_buffer_fini(&header);
    return status;
}

static void describe_quantiser(const struct clv_frame *frame, char *into,
                               size_t size)
{
    if (frame->quantiser == CLV_QUANTISER_STEP) {
        snprintf(into, size, ", step %.6g", (double)frame->step);
    } else if (frame->quantiser == CLV_QUANTISER_RANGE) {
        snprintf(into, size, ", %u bits from %.6g to %.6g", frame->bits,
                 (double)frame->lo, (double)frame->hi);
    } else if (frame->quantiser == CLV_QUANTISER_HALF) {
        snprintf(into, size, ", as f16");
    } else {
        snprintf(into, size, ", without loss");
    }
}

const char *clv_frame_describe(const struct clv_frame *frame, char *into,
                               size_t size)
{
    char quantiser[80];
    char form[128];

    describe_quantiser(frame, quantiser, sizeof quantiser);
    snprintf(into, size, "%s%s%s, %s", clv_coder_name(frame->coder), quantiser,
             frame->names_book ? ", calibrated" : "",
             clv_tensor_describe(&frame->info, form, sizeof form));
    return into;
}
