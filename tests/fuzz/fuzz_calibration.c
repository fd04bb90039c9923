/*
 * fuzz_calibration.c - any bytes as a calibration file, with its beginning
 * and its checksum mended; what is read then packs and unpacks tensors.
 *
 * Whatever a calibration says, a tensor comes back: with each of its books
 * that suits without loss, and packed by it within half a step.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "codec/book.h"
#include "codec/codec.h"
#include "codec/dense.h"

#define MOST_ELEMENTS 3000
#define MOST_TENSORS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

/* Numbers of all sizes, the same for the same seed. */
static uint32_t next(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 16;
}

static void make_indices(uint32_t seed, int is_signed, int16_t *indices,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int x = (int)(next(&seed) >> (1 + next(&seed) % 16));
        indices[i] = (int16_t)(is_signed && next(&seed) % 2 ? -x : x);
    }
}

/* Every book codes every tensor, or says that it does not suit. */
static void code_with(struct clv_dense *dense, const struct clv_book *book,
                      const cleave_tensor_info *info, size_t count)
{
    int16_t indices[MOST_ELEMENTS];
    int16_t back[MOST_ELEMENTS];
    struct clv_buffer payload;
    cleave_status status;

    make_indices((uint32_t)count, book->is_signed, indices, count);
    clv_buffer_init(&payload, (size_t)1 << 20);
    status =
        clv_dense_encode(dense, indices, info, book->is_signed, book, &payload);
    require(status == CLEAVE_OK || status == CLEAVE_INVALID);
    if (status == CLEAVE_OK) {
        require(clv_dense_decode(dense, clv_buffer_bytes(&payload), info,
                                 book->is_signed, book, back) == CLEAVE_OK);
        require(memcmp(back, indices, count * sizeof *back) == 0);
    }
    clv_buffer_fini(&payload);
}

static void compare(const struct clv_frame *frame, const void *got,
                    const void *want)
{
    if (frame->info.type != CLEAVE_TYPE_F32 || frame->coder == CLV_CODER_RAW) {
        if (frame->info.type != CLEAVE_TYPE_F16 ||
            frame->coder == CLV_CODER_RAW) {
            require(memcmp(got, want, (size_t)frame->bytes) == 0);
        }
        return;
    }
    for (size_t i = 0; i < frame->elements; i++) {
        double x = (double)((const float *)want)[i];
        double off = fabs((double)((const float *)got)[i] - x);
        require(off <= 0.5 * (double)frame->step + 3e-7 * fabs(x));
    }
}

static void pack_and_unpack(struct clv_codec *codec,
                            const struct clv_calibration *calibration,
                            const cleave_tensor *tensor)
{
    const struct clv_packing packing = {
        .coder = CLV_CODER_DENSE, .step = 0.5, .step_in_sd = 1};
    uint64_t back[MOST_ELEMENTS];
    struct clv_buffer message;
    struct clv_frame frame;

    clv_buffer_init(&message, (size_t)1 << 20);
    require(clv_codec_pack(codec, &packing, tensor, 1, &message, NULL) ==
            CLEAVE_OK);
    require(clv_frame_read(clv_buffer_bytes(&message), calibration, &frame,
                           NULL) == CLEAVE_OK);
    require(frame.bytes == tensor->bytes);
    require(clv_codec_unpack(codec, &frame, back, tensor->bytes, NULL) ==
            CLEAVE_OK);
    compare(&frame, back, tensor->data);
    clv_buffer_fini(&message);
}

static void use_tensor(struct clv_codec *codec, struct clv_dense *dense,
                       const struct clv_calibration *calibration,
                       const struct clv_calibrated *known)
{
    cleave_tensor tensor = {
        {known->name, known->type, known->rank, {0}}, NULL, 0};
    uint64_t room[MOST_ELEMENTS];
    uint64_t count = 0;
    uint64_t bytes = 0;
    uint32_t seed = known->rank;

    require(clv_calibration_find(calibration, known->name) == known);
    memcpy(tensor.info.shape, known->shape, sizeof known->shape);
    if (cleave_tensor_count(&tensor.info, &count, &bytes) != CLEAVE_OK ||
        count == 0 || count > MOST_ELEMENTS) {
        return;
    }
    for (size_t i = 0; i < known->book_count; i++) {
        code_with(dense, known->books[i].book, &tensor.info, (size_t)count);
    }
    for (size_t i = 0; i < count; i++) {
        double x = (next(&seed) % 1000 / 500.0 - 1) * (double)known->sd;
        ((float *)room)[i] = (float)(x + (double)known->mean);
    }
    for (size_t i = 0; i < bytes && known->type != CLEAVE_TYPE_F32; i++) {
        ((uint8_t *)room)[i] = (uint8_t)(next(&seed) & 1);
    }
    tensor.data = room;
    tensor.bytes = (size_t)bytes;
    pack_and_unpack(codec, calibration, &tensor);
}

static void use(const struct clv_calibration *calibration)
{
    struct clv_codec *codec = NULL;
    struct clv_dense *dense = clv_dense_new(clv_processor_best());
    size_t count;
    const struct clv_calibrated *all =
        clv_calibration_tensors(calibration, &count);

    require(dense != NULL);
    require(clv_codec_new(calibration, &codec) == CLEAVE_OK);
    for (size_t i = 0; i < count && i < MOST_TENSORS; i++) {
        use_tensor(codec, dense, calibration, &all[i]);
    }
    clv_codec_free(codec);
    clv_dense_free(dense);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct clv_calibration *calibration = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;
    uint8_t *file = malloc(size + 8);
    uint32_t sum;

    require(file != NULL);
    memcpy(file, "CLC\1", 4);
    if (size > 0) {
        memcpy(file + 4, data, size);
    }
    sum = XXH32(file, size + 4, 0);
    memcpy(file + size + 4, &sum, 4);
    if (clv_calibration_new((clv_bytes){file, size + 8}, "file", &calibration,
                            &err) == CLEAVE_OK) {
        use(calibration);
    } else {
        require(err.code != CLEAVE_OK && err.text[0] != '\0');
    }
    clv_calibration_free(calibration);
    free(file);
    return 0;
}
