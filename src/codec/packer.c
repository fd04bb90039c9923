/*
 * packer.c - tensors to frames: numbers -> indices -> payload -> frame.
 *
 * Whatever cannot be quantised goes raw, and so does what would not become
 * smaller. The choice of a calibrated book is the nearest in step; a tensor
 * that the book was not made for (another shape, signs where none were) gets
 * a book of its own in the payload.
 */
#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "codec/book.h"
#include "codec/codec.h"
#include "codec/integers.h"
#include "codec/planes.h"
#include "codec/quantise.h"
#include "codec/workspace.h"
#include "tensor/element.h"

/* A book made at a step further away than this factor is no use. */
#define BOOK_REACH 2.0f

/* One tensor on its way into a frame. */
struct job {
    const struct clv_packing *packing;
    const cleave_tensor *tensor;
    const struct clv_calibrated *known; /* NULL: nothing, or another shape */
    size_t count;
    struct clv_extent extent;
};

static int same_form(const struct clv_calibrated *known,
                     const cleave_tensor_info *info)
{
    return known->type == info->type && known->rank == info->rank &&
           memcmp(known->shape, info->shape,
                  info->rank * sizeof info->shape[0]) == 0;
}

static void find_known(const struct clv_codec *codec, struct job *job)
{
    if (codec->calibration != NULL) {
        job->known =
            clv_calibration_find(codec->calibration, job->tensor->info.name);
    }
    if (job->known != NULL && !same_form(job->known, &job->tensor->info)) {
        job->known = NULL;
    }
}

/* The tensor's numbers as f32. */
static cleave_status widen(struct clv_codec *codec, const struct job *job,
                           const float **ret_values)
{
    cleave_status status = CLEAVE_OK;

    if (job->tensor->info.type == CLEAVE_TYPE_F32) {
        *ret_values = job->tensor->data;
        return CLEAVE_OK;
    }
    status = clv_codec_room_floats(codec, job->count);
    if (status == CLEAVE_OK) {
        clv_f16_to_f32(job->tensor->data, job->count, codec->floats);
        *ret_values = codec->floats;
    }
    return status;
}

/* Standard deviation of the tensor at hand; NaN for one with NaN. Counted
   from the first element, so that it is 0 if all are the same. */
static double spread_of(const float *values, size_t count)
{
    double sum = 0;
    double squares = 0;

    for (size_t i = 0; i < count; i++) {
        double x = (double)values[i] - (double)values[0];
        sum += x;
        squares += x * x;
    }
    sum /= (double)count;
    squares = squares / (double)count - sum * sum;
    return squares > 0 ? sqrt(squares) : squares == squares ? 0 : squares;
}

/* A step's upper 16 bits are enough where nobody gave all of it. */
static float shorten(float step)
{
    uint32_t bits;

    memcpy(&bits, &step, sizeof bits);
    bits = (bits + 0x8000) & 0xffff0000;
    memcpy(&step, &bits, sizeof bits);
    return step;
}

/* 0 if there is none: then the tensor goes raw. */
static float step_of(const struct job *job, const float *values)
{
    double spread;

    if (!job->packing->step_in_sd) {
        return (float)job->packing->step;
    }
    spread = job->known != NULL ? (double)job->known->sd : 0;
    if (spread == 0) { /* not known, or a tensor that was dead when learnt */
        spread = spread_of(values, job->count);
    }
    if (spread == 0) { /* all the same: one step away from zero */
        spread = fabs((double)values[0]);
    }
    return spread > 0 ? shorten((float)(job->packing->step * spread)) : 1;
}

static int quantise_step(struct clv_codec *codec, struct job *job,
                         const float *values, struct clv_frame *frame)
{
    frame->quantiser = CLV_QUANTISER_STEP;
    frame->step = step_of(job, values);
    return isfinite(frame->step) && frame->step > 0 &&
           clv_quantise_step(codec->path, values, job->count, frame->step,
                             codec->indices, &job->extent);
}

static int quantise_range(struct clv_codec *codec, struct job *job,
                          const float *values, struct clv_frame *frame)
{
    frame->quantiser = CLV_QUANTISER_RANGE;
    frame->bits = job->packing->bits;
    if (job->known != NULL) {
        frame->lo = job->known->lo;
        frame->hi = job->known->hi;
    } else if (!clv_values_extent(codec->path, values, job->count, &frame->lo,
                                  &frame->hi)) {
        return 0;
    }
    if (frame->lo == frame->hi && job->known == NULL) {
        memset(codec->indices, 0, job->count * sizeof *codec->indices);
        job->extent = (struct clv_extent){0, 0};
        return 1;
    }
    return frame->lo < frame->hi &&
           clv_quantise_range(codec->path, values, job->count, frame->lo,
                              frame->hi, frame->bits, codec->indices,
                              &job->extent);
}

static int quantise_integers(struct clv_codec *codec, struct job *job,
                             struct clv_frame *frame)
{
    if (job->known != NULL) {
        frame->base = job->known->base;
        if (clv_integers_to_indices(job->tensor, frame->base, codec->indices,
                                    &job->extent)) {
            return 1;
        }
    }
    frame->base = clv_integers_base(job->tensor);
    return clv_integers_to_indices(job->tensor, frame->base, codec->indices,
                                   &job->extent);
}

/* Numbers to indices. `ret_done` is 0 where the tensor must go raw. */
static cleave_status quantise(struct clv_codec *codec, struct job *job,
                              struct clv_frame *frame, int *ret_done)
{
    const float *values = NULL;
    cleave_status status = clv_codec_room_indices(codec, job->count);

    if (status == CLEAVE_OK && clv_codec_is_float(frame->info.type)) {
        status = widen(codec, job, &values);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    if (values == NULL) {
        *ret_done = quantise_integers(codec, job, frame);
    } else if (job->packing->step > 0) {
        *ret_done = quantise_step(codec, job, values, frame);
    } else {
        *ret_done = quantise_range(codec, job, values, frame);
    }
    return CLEAVE_OK;
}

/* The distance of steps, as a factor from 1 on. */
static float factor(float a, float b)
{
    return a > b ? a / b : b / a;
}

static const struct clv_calibrated_book *nearest_book(
    const struct clv_calibrated *known, float step)
{
    const struct clv_calibrated_book *best = NULL;

    for (size_t i = 0; i < known->book_count; i++) {
        const struct clv_calibrated_book *book = &known->books[i];
        if (step == 0 || book->step == 0) {
            if (step == book->step) {
                return book;
            }
        } else if (best == NULL ||
                   factor(book->step, step) < factor(best->step, step)) {
            best = book;
        }
    }
    return best != NULL && factor(best->step, step) <= BOOK_REACH ? best : NULL;
}

/* The calibrated book for the frame's indices, NULL if none suits. */
static const struct clv_calibrated_book *choose_book(
    const struct job *job, const struct clv_frame *frame)
{
    float step = frame->step;

    if (job->known == NULL) {
        return NULL;
    }
    if (frame->quantiser == CLV_QUANTISER_RANGE) {
        if (frame->lo != 0) {
            return NULL;
        }
        step = frame->hi / (float)((1u << frame->bits) - 1);
    }
    return nearest_book(job->known, step);
}

static cleave_status encode_dense(struct clv_codec *codec,
                                  const struct job *job,
                                  struct clv_frame *frame)
{
    const struct clv_calibrated_book *named = choose_book(job, frame);
    const struct clv_calibrated *owner = NULL;
    const struct clv_book *book = NULL;
    cleave_status status = CLEAVE_INVALID;
    int is_signed = frame->is_signed;

    if (named != NULL) { /* what the decoder will find under this name */
        book = clv_calibration_book(codec->calibration, named->hash, &owner);
    }
    if (book != NULL && (book->is_signed || !is_signed)) {
        frame->is_signed = book->is_signed;
        status = clv_dense_encode(codec->dense, codec->indices, &frame->info,
                                  frame->is_signed, book, &codec->payload);
    }
    if (status == CLEAVE_OK) {
        frame->names_book = 1;
        frame->hash = named->hash;
        frame->book = book;
        frame->tensor = owner;
        return status;
    }
    frame->is_signed = is_signed;
    clv_buffer_reset(&codec->payload);
    return clv_dense_encode(codec->dense, codec->indices, &frame->info,
                            is_signed, NULL, &codec->payload);
}

static cleave_status encode(struct clv_codec *codec, const struct job *job,
                            struct clv_frame *frame)
{
    cleave_status status;
    int is_lz = 0;

    clv_buffer_reset(&codec->payload);
    frame->is_signed = job->extent.least < 0;
    switch (frame->coder) {
    case CLV_CODER_LZ:
        return clv_lz_encode(codec->path, codec->indices, job->count,
                             frame->is_signed, &codec->scratch,
                             &codec->payload);
    case CLV_CODER_FAST:
        status = clv_shorter_encode(codec->path, codec->indices, job->count,
                                    job->extent, &codec->scratch,
                                    &codec->payload, &is_lz);
        frame->coder = is_lz ? CLV_CODER_LZ : CLV_CODER_FAST;
        return status;
    default:
        return encode_dense(codec, job, frame);
    }
}

static void make_raw(struct clv_frame *frame, const cleave_tensor *tensor)
{
    *frame = (struct clv_frame){
        .coder = CLV_CODER_RAW,
        .info = tensor->info,
        .payload = {tensor->data, tensor->bytes},
    };
}

/* Raw f32 as f16. */
static cleave_status make_half(struct clv_codec *codec, const struct job *job,
                               struct clv_frame *frame)
{
    size_t size = job->count * sizeof(uint16_t);
    cleave_status status;

    clv_buffer_reset(&codec->payload);
    status = clv_buffer_reserve(&codec->payload, size);
    if (status == CLEAVE_OK) {
        clv_f32_to_f16(job->tensor->data, job->count,
                       (void *)codec->payload.data);
        frame->quantiser = CLV_QUANTISER_HALF;
        frame->payload = (clv_bytes){codec->payload.data, size};
    }
    return status;
}

static cleave_status make_frame(struct clv_codec *codec, struct job *job,
                                struct clv_frame *frame)
{
    int done = 0;
    cleave_status status;

    make_raw(frame, job->tensor);
    if (job->packing->coder == CLV_CODER_RAW) {
        return job->packing->half && frame->info.type == CLEAVE_TYPE_F32
                   ? make_half(codec, job, frame)
                   : CLEAVE_OK;
    }
    if (frame->info.type == CLEAVE_TYPE_F64 || job->count == 0) {
        return CLEAVE_OK;
    }
    frame->coder = job->packing->coder;
    status = quantise(codec, job, frame, &done);
    if (status == CLEAVE_OK && done) {
        status = encode(codec, job, frame);
        frame->payload = clv_buffer_bytes(&codec->payload);
    }
    if (status == CLEAVE_OK &&
        (!done || frame->payload.size >= job->tensor->bytes)) {
        make_raw(frame, job->tensor);
    }
    return status;
}

/* True if a dimension is more than all elements may be: another is 0. */
static int has_huge(const cleave_tensor_info *info)
{
    for (size_t i = 0; i < info->rank; i++) {
        if (info->shape[i] > CLV_FRAME_ELEMENTS_MAX) {
            return 1;
        }
    }
    return 0;
}

static cleave_status check(const struct clv_packing *packing,
                           const cleave_tensor *tensor, uint64_t *ret_count,
                           cleave_error *err)
{
    uint64_t bytes;

    if (clv_packing_is_picture(packing)) {
        return clv_fail(err, CLEAVE_INVALID, clv_coder_name(packing->coder),
                        "Tensors are not packed as pictures; this is for a "
                        "picture at the cut 'input'.");
    }
    if (packing->coder != CLV_CODER_RAW &&
        clv_codec_is_float(tensor->info.type) && packing->step <= 0 &&
        packing->bits == 0) {
        return clv_fail(err, CLEAVE_INVALID, clv_coder_name(packing->coder),
                        "A tensor of %s needs a step or bits, as in "
                        "%s:step=0.9sd.",
                        cleave_type_name(tensor->info.type),
                        clv_coder_name(packing->coder));
    }
    if (cleave_tensor_count(&tensor->info, ret_count, &bytes) != CLEAVE_OK ||
        bytes != tensor->bytes) {
        return clv_fail(err, CLEAVE_INVALID, tensor->info.name,
                        "The tensor's shape and its %zu bytes do not go "
                        "together.",
                        tensor->bytes);
    }
    if (*ret_count > CLV_FRAME_ELEMENTS_MAX || has_huge(&tensor->info)) {
        return clv_fail(err, CLEAVE_LIMIT, tensor->info.name,
                        "A frame holds at most 2^31 - 1 elements; send the "
                        "tensor in parts.");
    }
    return CLEAVE_OK;
}

cleave_status clv_codec_pack(struct clv_codec *codec,
                             const struct clv_packing *packing,
                             const cleave_tensor *tensor, int last,
                             struct clv_buffer *into, cleave_error *err)
{
    struct job job = {
        .packing = packing, .tensor = tensor, .extent = {INT32_MAX, INT32_MIN}};
    struct clv_frame frame;
    uint64_t count;
    cleave_status status = check(packing, tensor, &count, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    job.count = (size_t)count;
    find_known(codec, &job);
    status = make_frame(codec, &job, &frame);
    if (status == CLEAVE_OK) {
        status = clv_frame_write(&frame, last, into);
    }
    if (status == CLEAVE_MEMORY) {
        return clv_fail_memory(err, tensor->info.name, tensor->bytes);
    }
    return status == CLEAVE_OK
               ? status
               : clv_fail(err, status, tensor->info.name,
                          "The packed tensor is larger than the message may "
                          "be.");
}
